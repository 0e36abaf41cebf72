//! Whatever an rclone says, pluton shows no secret and no control character.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use box_sandbox::Fault;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::support::{Args, Machine, with_each};

const RUNS: usize = 40;

fn is_fit_to_be_shown(c: char) -> bool {
    let reorders = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c == '\n' || !(c.is_control() || reorders)
}

#[test]
fn an_rclone_that_says_all_it_knows_gives_nothing_away() {
    let m = Machine::new();
    let (token, app) = (m.mint(), m.sandbox.own_app());
    let words = m.at("words");
    m.script_rclone(&format!(
        "[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0\ncat '{}' >&2\nexit 1",
        words.display()
    ));
    let secret = m.file("secret", &app.client_secret);
    m.file("token", &token.blob());
    let secrets = vec![app.client_secret.clone(), token.access.clone(), token.refresh.clone()];

    let pieces = vec![
        "{}",
        "\"{}\"",
        "\\\"access_token\\\":\\\"{}\\\"",
        "Bearer {}\n",
        "refresh_token={}&",
        "Error \"{}\" (404): {}\n",
        "\u{1b}[31m{}\u{1b}[0m",
        "\u{202e}{}",
        "2026/11/23 12:28:07 NOTICE: Failed to lsd: {}\n",
        "panic: {}\ngoroutine 1",
        "{\"error_description\":\"{}\"}",
        "\u{1b}]0;{}\u{7}",
        "invalid_grant {}",
        "x509: {}",
        "\r\n",
        "\0",
        "\u{9b}1m{}",
        "couldn't parse config item \"{}\"",
    ];
    let piece = (prop::sample::select(pieces), prop::sample::select(secrets.clone()))
        .prop_map(|(piece, secret)| piece.replace("{}", &secret));
    let said =
        prop::collection::vec(prop_oneof![4 => piece, 1 => any::<String>()], 1..9).prop_map(|pieces| pieces.concat());
    let mut runner = TestRunner::deterministic();
    for run in 0..RUNS {
        let said = said.new_tree(&mut runner).expect("words").current();
        std::fs::write(&words, &said).expect("the words");
        let args = ["storage", "add", "box", "work", "--client-id", &app.client_id, "--client-secret-file", &secret];
        let how = ["--json", "--verbose", ""][run % 3];
        let ran = m.pluton(args.and("--token-file token").and(how));
        assert_ne!(ran.code, 0, "{said:?}: {ran:?}");
        for text in [&ran.stdout, &ran.stderr] {
            assert!(text.chars().all(is_fit_to_be_shown), "{said:?}: {text:?}");
        }
        ran.omits(&secrets);
    }
}

/// The passphrase and the secret of a config.json, as they are, in an address, and in base64.
#[test]
fn what_box_echoes_of_a_config_json_is_not_shown() {
    with_each(|m| {
        let app = m.sandbox.jwt_app();
        let passphrase = app.config["boxAppSettings"]["appAuth"]["passphrase"].as_str().expect("a passphrase");
        let both = format!("{passphrase}:{}", app.client_secret);
        let said = [both.clone(), STANDARD.encode(&both), URL_SAFE_NO_PAD.encode(&both)].join(" ");
        let body = serde_json::json!({"error": "invalid_grant", "error_description": format!("not with {said}")});
        m.sandbox.fault(Fault::on("POST", "/").status(400).body(&body.to_string()));
        let secrets =
            [passphrase, &app.client_secret, &STANDARD.encode(&both)[..24], &URL_SAFE_NO_PAD.encode(&both)[..24]];
        m.add_jwt(&app, "work").fails(6).omits(secrets);
        m.jwt_with("work", &app, "");
        for args in ["storage verify work", "storage refresh work"] {
            let ran = m.pluton(args).fails(6).omits(secrets);
            assert!(ran.stderr.contains("not with [hidden]") || ran.stdout.contains("not with [hidden]"), "{ran:?}");
        }
    });
}
