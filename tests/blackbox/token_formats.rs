//! The formats in which a person or a script passes a token are all understood, and anything else gets an error that
//! says what it is.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use box_sandbox::Token;

use crate::bench::{Bench, warnings};

type Wrapping = (&'static str, fn(&Token) -> String);

#[test]
fn a_token_is_found_in_every_wrapping() {
    let bench = Bench::new();
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
            let keys = serde_json::json!({ "token": token.blob() }).to_string();
            let blob = BASE64_URL_SAFE_NO_PAD.encode(keys);
            format!("Paste the following into your remote machine --->\n{blob}\n<---End paste\n")
        }),
        ("section", |token| format!("[old]\ntype = box\nclient_id =\ntoken = {}\n\n", token.blob())),
    ];
    for (name, wrap) in wrappings {
        let token = bench.token();
        bench.add_text(&wrap(&token), &[name]).ok();
        assert!(bench.sandbox.is_renewed(&token.refresh), "{name}");
        assert!(bench.sandbox.is_live_refresh(&bench.refresh_token(name)), "{name}");
        assert_eq!(bench.lists(name).len(), 3, "{name}");
    }
}

#[test]
fn a_token_may_come_by_file_environment_or_flag_and_only_the_flag_is_warned_about() {
    let mut bench = Bench::new();
    let token = bench.token();
    let file = bench.home.file("token.json", &token.block());
    let (code, document) = bench.home.json(&["storage", "add", "box", "file", "--token-file", &file]);
    assert_eq!((code, warnings(&document)), (0, vec![]), "{document}");

    let token = bench.token();
    let (code, document) = bench.home.json(&["storage", "add", "box", "flag", "--token", &token.blob()]);
    assert_eq!((code, warnings(&document)), (0, vec!["secret_in_arguments"]), "{document}");
    assert!(!document.to_string().contains(&token.refresh));

    let token = bench.token();
    bench.home.set("PLUTON_BOX_TOKEN", token.blob());
    let (code, document) = bench.home.json(&["storage", "add", "box", "env"]);
    assert_eq!((code, warnings(&document)), (0, vec![]), "{document}");
    for name in ["file", "flag", "env"] {
        assert_eq!(bench.lists(name).len(), 3);
    }
}

#[test]
fn every_secret_may_come_from_the_environment() {
    let mut bench = Bench::new();
    let app = bench.sandbox.own_app();
    let token = bench.sandbox.mint(&app.client_id);
    bench.home.set("PLUTON_BOX_CLIENT_ID", &app.client_id).set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
    bench.home.set("PLUTON_BOX_TOKEN", token.blob());
    bench.home.pluton(&["storage", "add", "box", "own"]).ok().keeps(&[&app.client_secret, &token.refresh]);
    assert_eq!(bench.home.dump()["own"]["client_secret"], app.client_secret.as_str());
    bench.home.unset("PLUTON_BOX_TOKEN").unset("PLUTON_BOX_CLIENT_ID").unset("PLUTON_BOX_CLIENT_SECRET");

    let token = bench.token();
    bench.home.set("PLUTON_BOX_ACCESS_TOKEN", &token.access);
    bench.home.pluton(&["storage", "add", "box", "dev"]).ok().keeps(&[&token.access]);
    assert_eq!(bench.home.dump()["dev"]["access_token"], token.access.as_str());
}

#[test]
fn standard_input_serves_one_secret_only() {
    let bench = Bench::new();
    let error = bench.refused(
        |bench| bench.add(&bench.token(), &["own", "--client-id", "abc", "--client-secret-file", "-", "--json"]),
        2,
        "invalid_value",
    );
    assert!(error["message"].as_str().is_some_and(|words| words.contains("standard input")), "{error}");
}

#[test]
fn what_is_no_token_is_refused_in_words_of_its_own_and_asks_no_one() {
    let bench = Bench::new();
    bench.home.log_children();
    let token = bench.token();
    let blob = token.blob();
    let jwt = bench.sandbox.jwt_app().config.to_string();
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
        let error = bench.refused(|bench| bench.add_text(paste, &["Box", "--json"]), 6, "token_invalid");
        assert!(error["message"].as_str().is_some_and(|said| said.contains(words)), "{paste}: {error}");
    }
    assert!(bench.home.children().is_empty());
    assert!(bench.sandbox.requests().is_empty());
    assert!(!bench.home.config().exists());
}

#[test]
fn a_token_without_a_refresh_token_is_saved_with_a_warning() {
    let bench = Bench::new();
    let token = bench.token();
    let short = Token { refresh: String::new(), ..token };
    let (code, document) = bench.add_json(&short, &["Box"]);
    assert_eq!((code, warnings(&document)), (0, vec!["no_refresh_token"]), "{document}");
    assert_eq!(document["verified"]["refreshed"], false);
    assert_eq!(bench.home.token("Box")["access_token"], short.access.as_str());

    let ran = bench.add(&short, &["Box2"]).ok();
    assert!(ran.stderr.contains("no refresh token"), "{ran:?}");
}

#[test]
fn a_refresh_token_alone_is_enough() {
    for refresh_check in [true, false] {
        let bench = Bench::new();
        let token = bench.token();
        let blob = format!(r#"{{"access_token":"","token_type":"bearer","refresh_token":"{}"}}"#, token.refresh);
        let args: &[&str] = if refresh_check { &["Box"] } else { &["Box", "--no-refresh-check"] };
        bench.add_text(&blob, args).ok();
        assert!(bench.sandbox.is_live_refresh(&bench.refresh_token("Box")));
        bench.works_after_an_hour("Box");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_flag_that_names_another() {
    let bench = Bench::new();
    for flag in ["--token-file", "--access-token-file"] {
        let ran = bench.home.pluton(&["storage", "add", "box", "Box", flag, "/nowhere/secret"]).fails(2);
        assert!(ran.stderr.contains("cannot read /nowhere/secret") && ran.stderr.contains("who:  you"), "{ran:?}");
        assert!(
            ran.stderr.contains(&format!("next: give the path of a file that you can read: {flag} PATH")),
            "{ran:?}"
        );
    }
}

#[test]
fn what_is_empty_is_named() {
    let mut bench = Bench::new();
    let empty = bench.home.file("empty", " \n");
    for (args, named) in [
        (&["--token-file", "-"][..], "standard input (-) is empty"),
        (&["--token-file", &empty], "/empty is empty"),
        (&["--token", ""], "--token is empty"),
        (&["--access-token-file", &empty], "/empty is empty"),
        (&["--client-id", "x", "--client-secret-file", "-"], "standard input (-) is empty"),
    ] {
        let ran = bench.home.pluton(&[&["storage", "add", "box", "Box"], args].concat()).fails(2);
        assert!(ran.stderr.contains(named), "{ran:?}");
    }
    bench.home.set("PLUTON_BOX_TOKEN", "");
    for args in [&[][..], &["--client-id", "x", "--client-secret", "y"]] {
        let ran = bench.home.pluton(&[&["storage", "add", "box", "Box"], args].concat()).fails(2);
        assert!(ran.stderr.contains("PLUTON_BOX_TOKEN is set, but empty"), "{ran:?}");
    }
    assert_eq!(bench.home.config_text(), "");
}
