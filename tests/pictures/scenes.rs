//! The scene of each picture: a home, what is typed there, and what the terminal then shows.

use std::time::{Duration, UNIX_EPOCH};

use box_sandbox::Token;

use crate::support::Machine;
use crate::support::session::{ADVANCED, CTRL_C, NAME, OPTIONS};
use crate::{COLUMNS, draw};

const DAY: u64 = 24 * 3600;

pub(crate) fn connecting() -> String {
    let m = Machine::new();
    let mut session = m.session_in(COLUMNS, "storage add box");
    session.answers(NAME, "Box Backups").comes_to_the_paste().types(&whole(m.mint()).block()).answers(ADVANCED, "");
    typed("pluton storage add box", &session.ends().with(0).raw)
}

/// What can be set for a storage, before anything is chosen.
pub(crate) fn the_menu() -> String {
    let m = Machine::new();
    let keys = "upload_cutoff = 200M\ndescription = nightly, by restic\n";
    save(&m, &[quick(&m, "Box Backups", 1) + keys], 0o600);
    let args = r#"storage edit "Box Backups""#;
    let mut session = m.session_in(COLUMNS, args);
    session.sees(OPTIONS).sees("nightly, by restic").sees("Back");
    let screen = typed(&format!("pluton {args}"), session.raw());
    session.types(CTRL_C).ends();
    screen
}

/// The refresh token was used up by another machine.
pub(crate) fn a_failure() -> String {
    let m = Machine::new();
    save(&m, &[quick(&m, "Box Backups", 1)], 0o600);
    m.sandbox.revoke_all();
    told(&m, r#"run "Box Backups" -- restic -r "rclone:Box Backups:restic" backup ."#, 6)
}

pub(crate) fn the_list() -> String {
    let m = Machine::new();
    let developer = format!("[trial]\ntype = box\naccess_token = {}\n", m.mint().access);
    save(&m, &[quick(&m, "Box Backups", 1), office(&m), server(&m), developer, laptop(&m)], 0o600);
    told(&m, "storage list", 0)
}

/// Other users can read rclone.conf, a token that rclone cannot renew has expired, and a sign-in has not been used.
pub(crate) fn the_doctor() -> String {
    let _port = box_sandbox::authorize_port();
    let mut m = Machine::new();
    // How the sandbox is reached is no part of anybody's machine.
    for (name, _) in m.sandbox.env() {
        m.unset(name);
    }
    save(&m, &[quick(&m, "Box Backups", 1), office(&m), server(&m), laptop(&m)], 0o644);
    m.script("crontab", "echo 'no crontab for you' >&2; exit 1");
    told(&m, "doctor --offline", 1)
}

pub(crate) fn all_verified() -> String {
    let m = Machine::new();
    let app = m.sandbox.client_credentials_app();
    let (id, secret, user) = (&app.client_id, &app.client_secret, &app.user_id);
    let subject = format!("box_subject_type = user\nbox_subject_id = {user}");
    let archive = format!("[archive]\ntype = box\nclient_id = {id}\nclient_secret = {secret}\n{subject}\n");
    save(&m, &[quick(&m, "Box Backups", 1), office(&m), archive, laptop(&m)], 0o600);
    told(&m, "storage verify --all", 6)
}

/// `pluton` with these arguments, in a terminal.
fn told(m: &Machine, args: &str, code: i32) -> String {
    typed(&format!("pluton {args}"), &m.session_in(COLUMNS, args).ends().with(code).raw)
}

/// The screen, with what was typed above what came of it.
fn typed(words: &str, told: &[u8]) -> String {
    draw::screen(&[format!("$ {words}\r\n").as_bytes(), told].concat())
}

fn save(m: &Machine, sections: &[String], mode: u32) {
    m.write_config(&sections.join("\n"));
    m.chmod(m.config(), mode);
}

/// The same token, so many days and half a day more after it ended: no run takes long enough to make it one more.
fn ended(token: Token, days: u64) -> Token {
    let ago = Duration::from_secs(DAY * days + DAY / 2);
    whole(Token { expires_at: token.expires_at - ago, ..token })
}

/// A date with a fraction of a second is a character shorter now and then.
fn whole(token: Token) -> Token {
    let seconds = token.expires_at.duration_since(UNIX_EPOCH).expect("a date after 1970").as_secs();
    Token { expires_at: UNIX_EPOCH + Duration::from_secs(seconds), ..token }
}

fn quick(m: &Machine, name: &str, days: u64) -> String {
    format!("[{name}]\ntype = box\ntoken = {}\n", ended(m.mint(), days).blob())
}

fn office(m: &Machine) -> String {
    let app = m.sandbox.own_app();
    let token = ended(m.sandbox.mint(&app.client_id), 3).blob();
    format!(
        "[office]\ntype = box\nclient_id = {}\nclient_secret = {}\ntoken = {token}\n",
        app.client_id, app.client_secret
    )
}

/// A service account, whose token has no refresh token.
fn server(m: &Machine) -> String {
    let file = m.sandbox.jwt_app().config_file;
    let token = ended(Token { refresh: String::new(), ..m.mint() }, 0).blob();
    format!("[server]\ntype = box\nbox_config_file = {}\nbox_sub_type = enterprise\ntoken = {token}\n", file.display())
}

/// A sign-in that nobody used for 60 days.
fn laptop(m: &Machine) -> String {
    let token = m.mint();
    m.sandbox.expire_refresh(&token.refresh);
    format!("[laptop]\ntype = box\ntoken = {}\n", ended(token, 63).blob())
}
