//! `storage list` and `storage show`: what rclone.conf says, with no rclone started and no secret shown.

use serde_json::{Value as Json, json};

use crate::support::{Args, Machine, keys};

/// A home with storages that rclone itself made, and an rclone that fails the test when it is started.
fn made_by_rclone() -> Machine {
    let mut m = Machine::new();
    let token = r#"{"access_token":"topsecretA","token_type":"bearer","refresh_token":"topsecretR","expiry":"2030-01-01T00:00:00Z"}"#;
    for args in [
        &["Quick One", "box", "token", token, "root_folder_id", "42"][..],
        &["own", "box", "client_id", "abc", "client_secret", "topsecretS", "token", token],
        &["dev", "box", "access_token", "topsecretD"],
        &["ccg", "box", "client_id", "abc", "client_secret", "topsecretS", "client_credentials", "true"],
        &["here", "local"],
    ] {
        m.rclone("config create --non-interactive --no-output".and(args));
    }
    let text = m.config_text();
    m.write_config(&format!("{text}\n[svc]\ntype = box\nbox_config_file = /x/app.json\nbox_sub_type = enterprise\n"));
    assert_eq!(keys(&m.dump()), ["Quick One", "ccg", "dev", "here", "own", "svc"]);
    m.script_rclone("echo started >> \"$0.mark\"");
    let program = m.beside("rclone");
    m.set("PLUTON_RCLONE", program);
    m.sandbox.clear_requests();
    m
}

#[track_caller]
fn started_nothing(m: &Machine) {
    assert!(!m.beside("rclone.mark").exists(), "rclone was started");
    assert!(m.sandbox.requests().is_empty());
}

#[test]
fn list_shows_each_box_storage_and_how_it_signs_in() {
    let m = made_by_rclone();
    let document = m.json("storage list").holds(&json!({ "ok": true }));
    let storages = document["storages"].as_array().expect("storages").iter();
    let mut found: Vec<_> = storages.map(|each| format!("{}: {}", each["name"], each["sign_in"])).collect();
    found.sort();
    let quick = r#""Quick One": "quick""#;
    let others =
        [r#""ccg": "client-credentials""#, r#""dev": "access-token""#, r#""own": "own-app""#, r#""svc": "jwt""#];
    assert_eq!(found, [&[quick], &others[..]].concat());
    assert!(!document.to_string().contains("topsecret"));

    let ran = m.pluton("storage list").ok().omits("topsecret");
    assert_eq!(ran.stdout.lines().filter(|line| line.starts_with("Quick One ")).count(), 1, "{ran:?}");
    assert!(!ran.stdout.contains("here"), "{ran:?}");
    started_nothing(&m);
}

#[test]
fn list_of_nothing_says_how_to_begin() {
    let m = Machine::new();
    m.pluton("storage list").ok().prints("pluton storage add box");
    m.json("storage list").holds(&json!({ "storages": [] }));
    assert_eq!(m.files(), Vec::<String>::new());
}

#[test]
fn show_hides_every_secret_until_it_is_asked_for() {
    let m = made_by_rclone();
    for name in ["Quick One", "own", "dev", "ccg"] {
        m.pluton(["storage", "show", name, "--offline"]).ok().omits("topsecret");
        m.pluton(["storage", "show", name, "--offline", "--json"]).ok().omits("topsecret");
        let ran = m.pluton(["storage", "show", name, "--offline", "--reveal"]).ok().prints("topsecret");
        assert!(!ran.stderr.contains("topsecret"), "{ran:?}");
    }
    started_nothing(&m);
}

#[test]
fn show_tells_what_rclone_conf_says() {
    let m = made_by_rclone();
    let shows = |name: &str, said: Json| m.json(["storage", "show", name]).holds(&json!({ "storage": said }));
    let token = json!({ "renewable": true, "access_token_expires": "2030-01-01T00:00:00Z" });
    let options = json!({ "root_folder_id": "42" });
    shows("Quick One", json!({ "name": "Quick One", "provider": "box", "options": options, "token": token }));
    shows("own", json!({ "options": { "client_id": "abc" } }));
    shows("svc", json!({ "options": { "box_config_file": "/x/app.json" }, "token": null }));
    m.pluton("storage show 'Quick One'").ok().prints(["quick connect", "root_folder_id", "42"]);
}

#[test]
fn show_names_the_account_where_box_answers_and_works_where_it_does_not() {
    let mut m = Machine::new();
    m.add(&m.mint(), "Box").ok();
    let before = m.config_text();
    m.pluton("storage show Box").ok().prints(&m.sandbox.account().login);
    m.sandbox.revoke_all();
    m.pluton("storage show Box").ok();
    m.set("HTTPS_PROXY", "http://127.0.0.1:9").set("https_proxy", "http://127.0.0.1:9");
    m.pluton("storage show Box").ok();
    assert_eq!(m.config_text(), before);
}

#[test]
fn what_is_not_there_and_what_is_no_box_are_exit_4() {
    let m = made_by_rclone();
    for (name, code) in [("nosuch", "storage_not_found"), ("OWN", "storage_not_found"), ("here", "not_box")] {
        m.json(["storage", "show", name]).refused(4, code);
    }
    m.pluton("storage show OWN").fails(4).says("\"own\"");
    started_nothing(&m);
}

#[test]
fn they_work_without_any_rclone() {
    let mut m = made_by_rclone();
    m.set("PLUTON_RCLONE", "/nowhere/rclone");
    m.pluton("storage list").ok();
    m.pluton("storage show own").ok();
}
