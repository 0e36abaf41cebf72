//! The scene of each picture: a home, what is typed there, and what the terminal then shows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, UNIX_EPOCH};

use box_sandbox::Token;

use crate::support::PLUTON;
use crate::support::desk::{ADVANCED, BROWSER, Desk, NAME, OPTIONS, PASTE, SIGN_IN};
use crate::support::session::{CTRL_C, Session};
use crate::{COLUMNS, draw};

const DAY: u64 = 24 * 3600;

pub(crate) fn connecting() -> String {
    let desk = Desk::new();
    let mut session = desk.add_in(&[], COLUMNS);
    session.answers(NAME, "Box Backups").chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "No");
    session.sees(PASTE).types(&whole(desk.token()).block()).answers(ADVANCED, "");
    typed("pluton storage add box", &session.ends().with(0).raw)
}

/// What can be set for a storage, before anything is chosen.
pub(crate) fn the_menu() -> String {
    let desk = Desk::new();
    let keys = "upload_cutoff = 200M\ndescription = nightly, by restic\n";
    save(&desk, &[quick(&desk, "Box Backups", 1) + keys], 0o600);
    let args = ["storage", "edit", "Box Backups"];
    let mut command = desk.home.command(PLUTON);
    command.args(args);
    let mut session = Session::start(command.into(), COLUMNS);
    session.sees(OPTIONS).sees("nightly, by restic").sees("Back");
    let screen = typed(&words(&args), session.raw());
    session.types(CTRL_C).ends();
    screen
}

/// The refresh token was used up by another machine.
pub(crate) fn a_failure() -> String {
    let desk = Desk::new();
    save(&desk, &[quick(&desk, "Box Backups", 1)], 0o600);
    desk.sandbox.revoke_all();
    told(&desk, &["run", "Box Backups", "--", "restic", "-r", "rclone:Box Backups:restic", "backup", "."], 6)
}

pub(crate) fn the_list() -> String {
    let desk = Desk::new();
    let developer = format!("[trial]\ntype = box\naccess_token = {}\n", desk.token().access);
    save(&desk, &[quick(&desk, "Box Backups", 1), office(&desk), server(&desk), developer, laptop(&desk)], 0o600);
    told(&desk, &["storage", "list"], 0)
}

/// Other users can read rclone.conf, a token that rclone cannot renew has expired, and a sign-in has not been used.
pub(crate) fn the_doctor() -> String {
    let _port = box_sandbox::authorize_port();
    let mut desk = Desk::new();
    // How the sandbox is reached is no part of anybody's machine.
    for (name, _) in desk.sandbox.env() {
        desk.home.unset(name);
    }
    save(&desk, &[quick(&desk, "Box Backups", 1), office(&desk), server(&desk), laptop(&desk)], 0o644);
    desk.home.script("crontab", "echo 'no crontab for you' >&2; exit 1");
    told(&desk, &["doctor", "--offline"], 1)
}

pub(crate) fn all_verified() -> String {
    let desk = Desk::new();
    let app = desk.sandbox.client_credentials_app();
    let (id, secret, user) = (&app.client_id, &app.client_secret, &app.user_id);
    let subject = format!("box_subject_type = user\nbox_subject_id = {user}");
    let archive = format!("[archive]\ntype = box\nclient_id = {id}\nclient_secret = {secret}\n{subject}\n");
    save(&desk, &[quick(&desk, "Box Backups", 1), office(&desk), archive, laptop(&desk)], 0o600);
    told(&desk, &["storage", "verify", "--all"], 6)
}

/// `pluton` with these arguments, in a terminal.
fn told(desk: &Desk, args: &[&str], code: i32) -> String {
    let mut command = desk.home.command(PLUTON);
    command.args(args);
    typed(&words(args), &Session::start(command.into(), COLUMNS).ends().with(code).raw)
}

fn words(args: &[&str]) -> String {
    let word = |word: &&str| if word.contains(' ') { format!("{word:?}") } else { (*word).to_owned() };
    format!("pluton {}", args.iter().map(word).collect::<Vec<_>>().join(" "))
}

/// The screen, with what was typed above what came of it.
fn typed(words: &str, told: &[u8]) -> String {
    draw::screen(&[format!("$ {words}\r\n").as_bytes(), told].concat())
}

fn save(desk: &Desk, sections: &[String], mode: u32) {
    desk.home.write_config(&sections.join("\n"));
    fs::set_permissions(desk.home.config(), fs::Permissions::from_mode(mode)).expect("a mode");
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

fn quick(desk: &Desk, name: &str, days: u64) -> String {
    format!("[{name}]\ntype = box\ntoken = {}\n", ended(desk.token(), days).blob())
}

fn office(desk: &Desk) -> String {
    let app = desk.sandbox.own_app();
    let token = ended(desk.sandbox.mint(&app.client_id), 3).blob();
    format!(
        "[office]\ntype = box\nclient_id = {}\nclient_secret = {}\ntoken = {token}\n",
        app.client_id, app.client_secret
    )
}

/// A service account, whose token has no refresh token.
fn server(desk: &Desk) -> String {
    let file = desk.sandbox.jwt_app().config_file;
    let token = ended(Token { refresh: String::new(), ..desk.token() }, 0).blob();
    format!("[server]\ntype = box\nbox_config_file = {}\nbox_sub_type = enterprise\ntoken = {token}\n", file.display())
}

/// A sign-in that nobody used for 60 days.
fn laptop(desk: &Desk) -> String {
    let token = desk.token();
    desk.sandbox.expire_refresh(&token.refresh);
    format!("[laptop]\ntype = box\ntoken = {}\n", ended(token, 63).blob())
}
