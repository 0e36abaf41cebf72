//! The formats in which a person or a script passes a token are all understood, and anything else gets an error that
//! says what it is.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use box_sandbox::Token;
use serde_json::json;

use crate::support::{Args, Machine, warnings};

type Wrapping = (&'static str, fn(&Token) -> String);

#[test]
fn a_token_is_found_in_every_wrapping() {
    let m = Machine::new();
    let wrappings: [Wrapping; 9] = [
        ("bare", |token| token.blob()),
        ("block", |token| token.block()),
        ("crlf", |token| token.block().replace('\n', "\r\n")),
        ("wrapped", |token| {
            let blob = token.blob();
            let (one, two) = blob.split_at(100);
            format!("\n  {one}\n  {two}\n")
        }),
        ("single quoted", |token| format!("'{}'\n", token.blob())),
        ("double quoted", |token| format!("\"{}\"", token.blob().replace('"', "\\\""))),
        ("line", |token| format!("token = {}\n", token.blob())),
        ("base64", |token| {
            let keys = json!({ "token": token.blob() }).to_string();
            let blob = BASE64_URL_SAFE_NO_PAD.encode(keys);
            format!("Paste the following into your remote machine --->\n{blob}\n<---End paste\n")
        }),
        ("section", |token| format!("[old]\ntype = box\nclient_id =\ntoken = {}\n\n", token.blob())),
    ];
    for (name, wrap) in wrappings {
        let token = m.mint();
        m.add_text(&wrap(&token), [name]).ok();
        assert!(m.sandbox.is_renewed(&token.refresh), "{name}");
        m.all_live(name);
        assert_eq!(m.lists(name).len(), 3, "{name}");
    }
}

#[test]
fn a_token_may_come_by_file_environment_or_flag_and_only_the_flag_is_warned_about() {
    let mut m = Machine::new();
    let token = m.mint();
    m.file("token.json", &token.block());
    let document = m.json("storage add box file --token-file token.json").done();
    assert_eq!(warnings(&document), [""; 0], "{document}");

    let token = m.mint();
    let document = m.json(["storage", "add", "box", "flag", "--token", &token.blob()]).done();
    assert_eq!(warnings(&document), ["secret_in_arguments"], "{document}");
    assert!(!document.to_string().contains(&token.refresh));

    let token = m.mint();
    m.set("PLUTON_BOX_TOKEN", token.blob());
    let document = m.json("storage add box env").done();
    assert_eq!(warnings(&document), [""; 0], "{document}");
    for name in ["file", "flag", "env"] {
        assert_eq!(m.lists(name).len(), 3);
    }
}

#[test]
fn every_secret_may_come_from_the_environment() {
    let mut m = Machine::new();
    let app = m.sandbox.own_app();
    let token = m.sandbox.mint(&app.client_id);
    m.set("PLUTON_BOX_CLIENT_ID", &app.client_id).set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
    m.set("PLUTON_BOX_TOKEN", token.blob());
    m.pluton("storage add box own").ok().omits([&app.client_secret, &token.refresh]);
    assert_eq!(m.dump()["own"]["client_secret"], app.client_secret.as_str());
    m.unset("PLUTON_BOX_TOKEN").unset("PLUTON_BOX_CLIENT_ID").unset("PLUTON_BOX_CLIENT_SECRET");

    let token = m.mint();
    m.set("PLUTON_BOX_ACCESS_TOKEN", &token.access);
    m.pluton("storage add box dev").ok().omits(&token.access);
    assert_eq!(m.dump()["dev"]["access_token"], token.access.as_str());
}

#[test]
fn standard_input_serves_one_secret_only() {
    let m = Machine::new();
    let error = m.refuses(|| m.add(&m.mint(), "own --client-id abc --client-secret-file - --json"), 2, "invalid_value");
    assert!(error["message"].as_str().is_some_and(|words| words.contains("standard input")), "{error}");
}

#[test]
fn what_is_no_token_is_refused_in_words_of_its_own_and_asks_no_one() {
    let m = Machine::new();
    m.log_children();
    let token = m.mint();
    let blob = token.blob();
    let jwt = m.sandbox.jwt_app().config.to_string();
    let google = blob.replace(&token.access, "ya29.a0AfH6SMBx");
    for (paste, words) in [
        (&blob[..blob.len() / 2], "only part of the token"),
        ("Paste the following into your remote machine --->\n", "only part of the token"),
        (&google, "Google"),
        (&jwt, "--box-config-file"),
        (&token.access, "--access-token"),
        ("hello what do I paste", "not a token"),
        ("http://127.0.0.1:53682/auth?state=abc", "link"),
        (r#"{"error":"invalid_grant"}"#, "error that Box sent"),
        (r#"{"refresh":"x"}"#, "no access_token"),
        (r#"{"access_token":"a","refresh_token":"b","expiry":"tomorrow"}"#, "expiry"),
        (r#"{"access_token":["a"]}"#, "no access_token"),
        ("hello there", "not a token"),
    ] {
        let error = m.refuses(|| m.add_text(paste, "Box --json"), 6, "token_invalid");
        assert!(error["message"].as_str().is_some_and(|said| said.contains(words)), "{paste}: {error}");
    }
    m.did_nothing();
    assert!(!m.config().exists());
}

#[test]
fn a_token_without_a_refresh_token_is_saved_with_a_warning() {
    let m = Machine::new();
    let short = Token { refresh: String::new(), ..m.mint() };
    let document = m.add_json(&short, "Box").holds(&json!({ "verified": { "refreshed": false } }));
    assert_eq!(warnings(&document), ["no_refresh_token"], "{document}");
    assert_eq!(m.access_token_of("Box"), short.access);
    m.add(&short, "Box2").ok().says("no refresh token");
}

#[test]
fn a_refresh_token_alone_is_enough() {
    for refresh_check in [true, false] {
        let m = Machine::new();
        let token = m.mint();
        let blob = format!(r#"{{"access_token":"","token_type":"bearer","refresh_token":"{}"}}"#, token.refresh);
        let args = if refresh_check { "Box" } else { "Box --no-refresh-check" };
        m.add_text(&blob, args).ok();
        m.all_live("Box");
        m.works_after_an_hour("Box");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_flag_that_names_another() {
    let m = Machine::new();
    for flag in ["--token-file", "--access-token-file"] {
        let ran = m.pluton(["storage", "add", "box", "Box", flag, "/nowhere/secret"]).fails(2);
        let ran = ran.says("cannot read /nowhere/secret").says("who:  you");
        ran.says(&format!("next: give the path of a file that you can read: {flag} PATH"));
    }
}

#[test]
fn what_is_empty_is_named() {
    let mut m = Machine::new();
    m.file("empty", " \n");
    for (args, named) in [
        ("--token-file -", "standard input (-) is empty"),
        ("--token-file empty", "error: empty is empty"),
        ("--token ''", "--token is empty"),
        ("--access-token-file empty", "error: empty is empty"),
        ("--client-id x --client-secret-file -", "standard input (-) is empty"),
    ] {
        m.pluton("storage add box Box".and(args)).fails(2).says(named);
    }
    m.set("PLUTON_BOX_TOKEN", "");
    for args in ["", "--client-id x --client-secret y"] {
        m.pluton("storage add box Box".and(args)).fails(2).says("PLUTON_BOX_TOKEN is set, but empty");
    }
    assert_eq!(m.config_text(), "");
}
