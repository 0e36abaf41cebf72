//! What `pluton apply` remembers about the storages of each file, however its path is written, and what happens if that
//! is lost.

use std::fs;
use std::os::unix::fs::symlink;

use box_sandbox::App;

use serde_json::json;

use crate::support::{Machine, PLUTON};

const REMEMBERED: &str = ".local/state/pluton/applied.json";

fn declare(m: &Machine, file: &str, name: &str, app: &App, token: &str) {
    let client = format!("client_id = \"{}\"\nclient_secret = {{ env = \"SECRET\" }}", app.client_id);
    let token = format!("token = {{ file = \"{token}\" }}");
    m.file(file, &format!("[storage.{name}]\nprovider = \"box\"\n{client}\n{token}\n"));
}

/// A home with an app's secret, and a file that declares one storage of it.
fn declared() -> (Machine, App) {
    let mut m = Machine::new();
    let app = m.sandbox.own_app();
    m.set("SECRET", &app.client_secret);
    m.file("one.token", &m.sandbox.mint(&app.client_id).blob());
    declare(&m, "one.toml", "one", &app, "one.token");
    (m, app)
}

/// rclone renews it, so that the declared token is spent.
fn spend(m: &Machine, name: &str) -> serde_json::Value {
    m.after_an_hour(name);
    m.rclone(["lsd", &format!("{name}:")]).ok();
    m.token(name)
}

#[test]
fn a_file_is_the_same_however_its_path_is_spelled() {
    let (m, _) = declared();
    m.pluton("apply one.toml").ok();
    let renewed = spend(&m, "one");
    let absolute = m.config().display().to_string();
    symlink(m.config().parent().expect("a directory"), m.at("way")).expect("a link");
    symlink(m.config(), m.at("link.conf")).expect("a link");
    m.sandbox.clear_requests();
    let inside = ".config/rclone/rclone.conf";
    for spelled in [inside, "./.config/rclone/rclone.conf", "way/../rclone/rclone.conf", "link.conf", &absolute] {
        for file in ["one.toml", "./one.toml", ".config/../one.toml"] {
            m.json(["apply", file, "--rclone-config", spelled]).holds(&json!({ "changed": false }));
        }
    }
    assert_eq!((m.asked(), m.token("one")), (0, renewed));
    m.file("one.toml", "");
    m.pluton("apply .config/../one.toml --prune --rclone-config link.conf").ok().prints("one: removed");
}

#[test]
fn what_cannot_be_understood_any_more_costs_no_sign_in_and_no_run() {
    let (m, app) = declared();
    m.file("two.token", &m.sandbox.mint(&app.client_id).blob());
    declare(&m, "two.toml", "two", &app, "two.token");
    for file in ["one.toml", "two.toml"] {
        m.pluton(["apply", file]).ok();
    }
    let renewed = [spend(&m, "one"), spend(&m, "two")];
    let whole = m.read(REMEMBERED);
    let of_another_version = r#"{"key": "random", "storages": {}}"#;
    for torn in [&whole[..whole.len() / 2], "", "\0\0\0\0", "[]", of_another_version] {
        m.file(REMEMBERED, torn);
        m.pluton("apply one.toml").ok().says("record of earlier applies").prints("unchanged");
        // Nor does the other file's storage, which is still not known.
        for file in ["two.toml", "one.toml"] {
            m.pluton(["apply", file]).ok().omits("record of earlier applies").prints("unchanged");
        }
        assert_eq!([m.token("one"), m.token("two")], renewed);
    }
    m.all_live(["one", "two"]);
}

#[test]
fn a_new_declared_token_is_taken_though_all_is_forgotten() {
    let (m, app) = declared();
    m.pluton("apply one.toml").ok();
    let old = spend(&m, "one");
    m.file(REMEMBERED, "{");
    let mut new = m.sandbox.mint(&app.client_id);
    new.expires_at += std::time::Duration::from_secs(60);
    m.file("one.token", &new.blob());
    m.pluton("apply one.toml").ok().prints("changed token");
    assert_ne!(m.refresh_token("one"), old["refresh_token"]);
    m.all_live("one");
}

#[test]
fn what_is_remembered_is_for_the_user_alone() {
    let (m, _) = declared();
    m.shell(&format!("umask 0; exec '{PLUTON}' apply one.toml")).ok();
    let mode = |name: &str| m.mode(format!(".local/state/pluton/{name}"));
    assert_eq!((mode("applied.json"), mode("applied.lock"), mode("")), (0o600, 0o600, 0o700));
}

#[test]
fn a_check_runs_no_command_and_says_what_it_could_not_compare() {
    let m = Machine::new();
    let app = m.sandbox.client_credentials_app();
    m.file("secret", &app.client_secret);
    let declare = |more: &str| {
        let subject = format!("box_subject_type = 'enterprise'\nbox_subject_id = '{}'", app.enterprise_id);
        let secret = "client_secret = { command = ['sh', '-c', 'echo >> ran; cat secret'] }";
        let client = format!("provider = 'box'\nclient_id = '{}'\n{secret}", app.client_id);
        m.file("ccg.toml", &format!("[storage.ccg]\n{client}\n{subject}\n{more}"));
    };
    let runs = || fs::read_to_string(m.at("ran")).unwrap_or_default().len();
    declare("");
    let ran = m.pluton("apply ccg.toml --check").fails(10);
    assert!(ran.stdout.contains("+ ccg") && runs() == 0, "{ran:?}");
    m.pluton("apply ccg.toml").ok();
    assert_eq!((runs(), m.dump()["ccg"]["client_secret"].as_str()), (1, Some(app.client_secret.as_str())));
    let document = m.json("apply ccg.toml --check").done();
    assert_eq!(document["storages"][0]["not_compared"], json!(["client_secret"]), "{document}");
    m.pluton("apply ccg.toml --check").ok().prints("= ccg (client_secret not compared: --check runs no commands)");
    declare("list_chunk = 7\n");
    m.pluton("apply ccg.toml --check").fails(10).prints("~ ccg: list_chunk (client_secret not compared");
    assert_eq!(runs(), 1);
}

#[test]
fn a_check_leaves_a_token_that_comes_from_a_command_alone() {
    let (m, app) = declared();
    let text = m.read("one.toml");
    m.file("one.toml", &text.replace("{ file = \"one.token\" }", "{ command = [\"cat\", \"one.token\"] }"));
    m.pluton("apply one.toml --check").fails(10);
    m.pluton("apply one.toml").ok();
    spend(&m, "one");
    m.file("one.token", &m.sandbox.mint(&app.client_id).blob());
    m.pluton("apply one.toml --check").ok().prints("= one (token not compared");
}
