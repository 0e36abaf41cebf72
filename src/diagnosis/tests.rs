//! Real output of rclone, Box and the network with the cause each must be recognized by, and laws that hold for all of
//! it.

use proptest::prelude::*;

use super::{AND, Cause, Doing, End, Failure, PATTERNS, diagnose, explain, recognize};
use crate::error::Error;
use crate::rclone::Version;
use crate::secret::{Secret, scrub};
use crate::storage::sign_in::Kind;
use crate::ui::report::failure_text;

const DOINGS: [Doing; 4] = [Doing::Authorizing, Doing::Minting, Doing::Listing, Doing::Writing];

fn failure(sign_in: Kind, said: &str) -> Failure<'_> {
    Failure {
        client_id: Some("abc"),
        said,
        shown: said,
        end: End::Exited,
        ..Failure::new(Doing::Listing, "work", sign_in)
    }
}

fn cause(said: &str) -> Cause {
    recognize(&failure(Kind::OwnApp, said))
}

/// Texts that cannot be produced on a machine without Box, a broken network or an hour of waiting.
#[test]
fn recorded_failures_have_their_cause() {
    for (said, known) in [
        // The system's resolver is asked only where there is a network.
        (
            r#"Get "https://api.box.com/2.0/folders/0/items": dial tcp: lookup api.box.com on 1.1.1.1:53: no such host"#,
            Cause::NoSuchHost,
        ),
        ("dial tcp: lookup api.box.com on 127.0.0.53:53: server misbehaving", Cause::NoSuchHost),
        ("io: failed to lookup address information: Temporary failure in name resolution", Cause::NoSuchHost),
        ("dial tcp 1.2.3.4:443: connect: network is unreachable", Cause::Unreachable),
        ("dial tcp 1.2.3.4:443: connect: no route to host", Cause::Unreachable),
        ("dial tcp 1.2.3.4:443: connect: connection refused", Cause::Unreachable),
        ("dial tcp 1.2.3.4:443: i/o timeout", Cause::TimedOut),
        ("net/http: TLS handshake timeout", Cause::TimedOut),
        ("read tcp 1.2.3.4:5->6.7.8.9:443: read: connection reset by peer", Cause::ConnectionLost),
        // Box's own servers speak HTTP/2.
        ("http2: server sent GOAWAY and closed the connection; LastStreamID=1", Cause::ConnectionLost),
        ("stream error: stream ID 3; INTERNAL_ERROR; received from peer", Cause::ConnectionLost),
        ("http2: client connection lost", Cause::ConnectionLost),
        ("http: server closed idle connection", Cause::ConnectionLost),
        ("proxyconnect tcp: EOF", Cause::ProxyScheme),
        // Of Box's page, by way of the redirect.
        ("No code returned by remote server: server_error: ?", Cause::PageError),
        ("No code returned by remote server: 107: ?", Cause::PageError),
        // A browser takes longer than 30 seconds, or is asked twice.
        (r#"failed to get token: oauth2: "invalid_grant" "The authorization code has expired""#, Cause::CodeExpired),
        ("Auth code doesn't exist or is invalid for the client", Cause::CodeExpired),
        ("Error: redirect_uri_missing", Cause::RedirectMismatch),
        // Only an rclone from before 2018 lacks what is asked of it.
        ("Error: unknown flag: --auth-no-open-browser", Cause::TooOld),
        ("Error: unknown command \"update\" for \"rclone config\"", Cause::TooOld),
        ("Failed to save config after 10 tries: write /x: no space left on device", Cause::DiskFull),
        // Box's answers about things that the loopback Box does not need to know.
        (
            r#"Response: {"error":"invalid_grant","error_description":"OAuth JWT signature is invalid."}"#,
            Cause::JwtKeyUnknown,
        ),
        (
            r#"{"error":"unauthorized_client","error_description":"The \"box_subject_type\" value is unauthorized for this client_id"}"#,
            Cause::UserTokensOff,
        ),
        ("Current date/time MUST be before the expiration date/time listed in the 'exp' claim", Cause::ClockSkew),
        ("panic: runtime error: invalid memory address\n\ngoroutine 1 [running]:\nmain.main()", Cause::Crashed),
        ("what nobody ever said", Cause::Unknown),
    ] {
        assert_eq!(cause(said), known, "{said}");
    }
}

#[test]
fn the_same_text_means_different_things_to_different_storages_and_rclones() {
    let refused = "jwtutil: failed making auth request: 400 Bad Request";
    for (version, known) in [(Version(1, 63, 0), Cause::JwtBroken), (Version(1, 63, 1), Cause::JwtRefused)] {
        assert_eq!(recognize(&Failure { version: Some(version), ..failure(Kind::Jwt, refused) }), known);
    }
    let old = Failure { version: Some(Version(1, 40, 0)), ..failure(Kind::Quick, "?") };
    assert_eq!(recognize(&old), Cause::TooOld);
    assert!(diagnose(&old).message.contains("1.40.0"));
    let new = Failure { version: Some(Version(1, 75, 2)), ..failure(Kind::Quick, "unknown flag: --contimeout") };
    assert_eq!(recognize(&new), Cause::Unknown);

    let forbidden = r#"Error "access_denied_insufficient_permissions" (403): Access denied"#;
    assert_eq!(cause(forbidden), Cause::RootRefused);
    let folder = Failure { root_folder: Some("4711"), ..failure(Kind::OwnApp, forbidden) };
    assert_eq!(recognize(&folder), Cause::PermissionDenied);
    let other = Failure { impersonate: Some("42"), ..failure(Kind::Jwt, forbidden) };
    assert_eq!(recognize(&other), Cause::ImpersonationDenied);

    for (kind, known) in [
        (Kind::Quick, Cause::RefreshRefused),
        (Kind::Jwt, Cause::JwtRefused),
        (Kind::ClientCredentials, Cause::SubjectRefused),
    ] {
        assert_eq!(recognize(&failure(kind, "invalid_grant")), known);
    }
}

fn causes() -> Vec<Cause> {
    let schema = serde_json::to_value(schemars::schema_for!(Cause)).expect("JSON");
    serde_json::from_value(schema["enum"].clone()).expect("causes")
}

/// Each cause, in each situation that changes what is said of it.
fn every_error() -> Vec<(Cause, Error)> {
    let mut errors = Vec::new();
    for cause in causes() {
        for (kind, doing) in Kind::ALL.into_iter().flat_map(|kind| DOINGS.map(|doing| (kind, doing))) {
            for (is_saved, client_id) in [(false, None), (false, Some("abc")), (true, None), (true, Some("abc"))] {
                errors.push((cause, explain(cause, &Failure { doing, is_saved, client_id, ..failure(kind, "?") })));
            }
        }
    }
    errors
}

#[test]
fn every_cause_says_who_must_act_and_what_to_do_likeliest_first() {
    for (cause, error) in every_error() {
        assert!(error.who.is_some() && !error.message.is_empty() && !error.remedy.is_empty(), "{cause:?}");
        assert_eq!(error.message.contains("for an unknown reason"), cause == Cause::Unknown, "{cause:?}: {error}");
        let mut remedies = error.remedy.clone();
        remedies.dedup();
        assert_eq!(remedies, error.remedy, "{cause:?}");
        assert_ne!(error.remedy[0].text, "then run this again", "{cause:?}");
        for text in error.remedy.iter().map(ToString::to_string).chain([error.message]) {
            assert!(!text.contains('\n') && !text.contains("  ") && !text.ends_with('.'), "{cause:?}: {text}");
            assert!(!text.starts_with(char::is_uppercase) || text.starts_with("Box"), "{cause:?}: {text}");
        }
    }
}

/// A suggested command names the storage and exists.
#[test]
fn commands_in_remedies_exist() {
    use clap::CommandFactory as _;
    let mut seen = 0;
    for (cause, error) in every_error() {
        for remedy in &error.remedy {
            let Some(command) = remedy.command.as_ref().filter(|command| command.starts_with("pluton ")) else {
                assert!(!remedy.text.replace("`pluton doctor`", "").contains("pluton "), "{cause:?}: {remedy}");
                continue;
            };
            let line = command.replace("\"work\"", "work");
            let words: Vec<&str> = line.split(' ').collect();
            let parsed = crate::cli::Cli::command().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "{cause:?}: {line}: {}", parsed.unwrap_err());
            assert!(words[1] != "storage" || words.contains(&"work"), "{cause:?}: {line}");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_text_leads_to_its_cause_and_every_cause_has_a_way_to_it() {
    let by_other_ways = [Cause::JwtBroken, Cause::NobodySignedIn, Cause::Killed, Cause::Unknown];
    for cause in causes() {
        let has_text = PATTERNS.iter().any(|pattern| pattern.cause == cause);
        assert!(has_text != by_other_ways.contains(&cause), "{cause:?}");
    }
    for (text, known) in texts() {
        assert_eq!(text, &text.to_lowercase());
        let listing = Failure { root_folder: Some("4711"), ..failure(Kind::Quick, text) };
        assert_eq!(recognize(&listing), known, "{text:?}");
    }
}

fn texts() -> impl Iterator<Item = (&'static String, Cause)> {
    PATTERNS.iter().flat_map(|pattern| pattern.texts.iter().map(|text| (text, pattern.cause)))
}

/// Secrets as they are in sections; the last two as a person may have chosen them.
const SECRETS: [&str; 5] =
    ["Zk3vQ9xT7wL2mN8p", "r7Y-secret_refresh", "c1ientS3cret/+=", "pass\"word\\1 &", "geheim\u{202e}nis-ohne-Zeichen"];

/// What a terminal obeys and nobody sees, and a line break.
const ODD: &str = "\u{1b}[31m|\u{1b}[|\u{1b}]0;title\u{7}|\u{1b}]|\u{1b}]8;;http://x\u{1b}\\|\u{1b}|\u{9b}31m|\u{202e}|\
    \u{2066}|\u{200f}|\u{61c}|\r|\0|\u{8}|\u{7f}|\u{85}|\n";

fn odd() -> impl Strategy<Value = String> {
    prop::sample::select(ODD.split('|').collect::<Vec<_>>()).prop_map(str::to_owned)
}

fn piece() -> impl Strategy<Value = String> {
    let known: Vec<String> = texts().flat_map(|(text, _)| text.split(AND).map(str::to_owned)).collect();
    let wrap = prop::sample::select(vec![
        ("", ""),
        ("\"access_token\":\"", "\""),
        ("\\\"refresh_token\\\":\\\"", "\\\""),
        ("&client_secret=", "&"),
        ("Authorization: Bearer ", "\n"),
        ("http://user:", "@proxy:3128/"),
        ("{\"error\":\"invalid_grant\",\"error_description\":\"", "\"}"),
        ("panic: ", "\ngoroutine 1 [running]:"),
        ("2026/11/23 12:28:07 CRITICAL: Failed to x: ", "\n"),
        ("Error: ", " (404)"),
    ]);
    let secret = (wrap, prop::sample::select(&SECRETS[..]))
        .prop_map(|((before, after), secret)| format!("{before}{secret}{after}"));
    prop_oneof![
        3 => prop::sample::select(known),
        3 => secret,
        2 => odd(),
        1 => any::<String>(),
    ]
}

fn is_fit_to_be_shown(c: char) -> bool {
    let reorders = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c == '\n' || !(c.is_control() || reorders)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_that_is_said_makes_a_secret_or_a_control_character_show(
        pieces in prop::collection::vec(piece(), 0..12),
        (kind, doing) in (prop::sample::select(&Kind::ALL[..]), prop::sample::select(&DOINGS[..])),
        (name, client_id, folder, path) in (any::<String>(), any::<String>(), odd(), any::<String>()),
        is_saved in any::<bool>(),
    ) {
        let secrets = SECRETS.map(Secret::new);
        let said = pieces.concat();
        let shown = scrub(&said, &secrets);
        for end in [End::Exited, End::Answered, End::TimedOut, End::Killed(9)] {
            let error = diagnose(&Failure {
                is_saved,
                client_id: Some(&client_id),
                root_folder: Some(&folder),
                impersonate: is_saved.then_some(folder.as_str()),
                config_file: Some(&path),
                said: &said,
                shown: &shown,
                end,
                ..Failure::new(doing, &name, kind)
            });
            for text in [failure_text(&error), serde_json::to_string(&error).unwrap()] {
                prop_assert!(text.chars().all(is_fit_to_be_shown), "{text:?}");
                for secret in SECRETS {
                    // Nor almost all of it: an escape code may have swallowed its ends.
                    let core: String = secret.chars().filter(|c| is_fit_to_be_shown(*c)).skip(1).collect();
                    prop_assert!(!text.contains(secret) && !text.contains(&core), "{secret:?} in {text:?}");
                }
            }
            prop_assert!(error.detail.is_none_or(|detail| !detail.contains('\n')));
        }
    }
}
