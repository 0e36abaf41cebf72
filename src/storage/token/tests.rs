use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use crate::secret::Secret;

use super::{NotAToken, Token, app_in, is_whole};

const BLOB: &str =
    r#"{"access_token":"A1","token_type":"bearer","refresh_token":"R1","expiry":"2026-11-23T13:28:07.41426421Z"}"#;

fn token(access: &str, refresh: &str) -> String {
    format!(
        r#"{{"access_token":"{access}","token_type":"bearer","refresh_token":"{refresh}","expiry":"2026-11-23T13:28:07Z"}}"#
    )
}

#[test]
fn a_sentence_is_no_access_token() {
    assert_eq!(Token::find("hello what do I paste").map(drop), Err(NotAToken::Unknown));
    assert_eq!(Token::find("hellowhatdoIpaste123").map(drop), Err(NotAToken::Bare));
}

#[test]
fn a_blob_is_kept_as_rclone_wrote_it() {
    let found = Token::find(BLOB).expect("a token");
    assert_eq!(found.blob().expose(), BLOB);
    assert_eq!(found.refresh_token().expect("has one").expose(), "R1");
    assert!(found.expiry().is_some());
}

#[test]
fn a_lifetime_without_end_is_cut_to_a_day() {
    let token = Token::minted(&Secret::new("A"), Duration::from_secs(u64::MAX));
    let left = token.expiry().expect("an end").as_second() - jiff::Timestamp::now().as_second();
    assert!((86000..=86400).contains(&left), "{left}");
}

#[test]
fn what_is_no_token_is_called_by_its_name() {
    for (paste, name) in [
        ("", NotAToken::Empty),
        ("  \r\n", NotAToken::Empty),
        ("Paste the following into your remote machine --->\n", NotAToken::Half),
        (&BLOB[..40], NotAToken::Half),
        (&BLOB[40..], NotAToken::Half),
        ("http://127.0.0.1:53682/auth?state=x", NotAToken::Link),
        (r#"{"access_token": A1}"#, NotAToken::Malformed),
        (r#"{"token_type":"bearer"}"#, NotAToken::NoAccessToken),
        (r#"{"access_token":7}"#, NotAToken::NoAccessToken),
        (r#"{"access_token":"A","expiry":"yesterday"}"#, NotAToken::BadExpiry),
        (r#"{"error":"invalid_grant"}"#, NotAToken::BoxRefused),
        (r#"{"boxAppSettings":{"clientID":"x"}}"#, NotAToken::JwtFile),
        (r#"{"access_token":"ya29.abc"}"#, NotAToken::Google),
        ("nbVx93kfQpl2mnbVx93kfQpl2m", NotAToken::Bare),
        ("hello there", NotAToken::Unknown),
    ] {
        assert_eq!(Token::find(paste).expect_err(paste), name, "{paste:?}");
    }
}

#[test]
fn a_refresh_token_alone_never_gets_an_empty_access_token() {
    let found = Token::find(r#"{"access_token":"","refresh_token":"R1"}"#).expect("a token");
    assert!(!found.access_token().is_empty());
    assert_eq!(found.refresh_token().expect("has one").expose(), "R1");
    assert!(found.blob().expose().contains("2000-01-01"));
}

#[test]
fn the_zero_expiry_counts_as_none() {
    let found = Token::find(r#"{"access_token":"A","expiry":"0001-01-01T00:00:00Z"}"#).expect("a token");
    assert_eq!(found.expiry(), None);
    assert_eq!(found.refresh_token(), None);
}

#[test]
fn an_overdue_token_keeps_both_tokens() {
    let overdue = Token::find(BLOB).expect("a token").with_past_expiry();
    assert_eq!(overdue.access_token().expose(), "A1");
    assert_eq!(overdue.refresh_token().expect("kept").expose(), "R1");
    assert!(overdue.expiry().expect("set") < jiff::Timestamp::now());
}

/// One of the ways in which a token reaches a prompt.
fn wrapped(way: usize, blob: &str, width: usize) -> String {
    let folded = |text: &str| {
        text.as_bytes().chunks(width).map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>().join("\n")
    };
    let section_keys = serde_json::json!({ "token": blob }).to_string();
    match way {
        0 => blob.to_owned(),
        1 => format!("Paste the following into your remote machine --->\n{blob}\n<---End paste\n"),
        2 => format!("Paste the following into your remote machine --->\r\n{blob}\r\n<---End paste\r\n"),
        3 => folded(blob),
        4 => folded(blob).replace('\n', "\r\n  "),
        5 => format!("'{blob}'"),
        6 => format!("token = {blob}"),
        7 => format!("[My Box]\ntype = box\nclient_id = x\ntoken = {blob}\nroot_folder_id = 0\n"),
        8 => URL_SAFE_NO_PAD.encode(&section_keys),
        9 => format!("Paste the following --->\n{}\n<---End paste", folded(&STANDARD.encode(&section_keys))),
        10 => serde_json::Value::from(blob).to_string(),
        _ => {
            serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(blob).expect("JSON")).expect("JSON")
        }
    }
}

#[test]
fn an_app_comes_with_its_token_in_one_object_only() {
    let both = r#"{"client_id":"id","client_secret":"s","token":"{\"access_token\":\"a\"}"}"#;
    let (id, secret) = app_in(both).expect("an app");
    assert_eq!((id.as_str(), secret.expose()), ("id", "s"));
    assert_eq!(Token::find(both).expect("a token").access_token().expose(), "a");
    for none in [BLOB, r#"{"client_id":"id","client_secret":"s"}"#, r#"{"client_id":"id","token":"{}"}"#, ""] {
        assert!(app_in(none).is_none(), "{none}");
    }
}

proptest! {
    #[test]
    fn the_token_is_found_in_every_wrapping(
        access in "[A-Za-z0-9_-]{1,60}", refresh in "[A-Za-z0-9_-]{1,60}", way in 0..12usize, width in 20..100usize,
    ) {
        prop_assume!(!access.starts_with("ya29."));
        let paste = wrapped(way, &token(&access, &refresh), width);
        let found = Token::find(&paste);
        prop_assert!(found.is_ok(), "{way}: {paste:?}: {found:?}");
        let found = found.expect("checked");
        prop_assert_eq!(found.access_token().expose().to_owned(), access);
        prop_assert_eq!(found.refresh_token().expect("has one").expose().to_owned(), refresh);
        prop_assert!(is_whole(&paste));
    }

    #[test]
    fn half_a_paste_is_never_taken_for_a_whole_one(cut in 1..BLOB.len() - 1) {
        prop_assert!(!is_whole(&BLOB[..cut]));
        prop_assert!(Token::find(&BLOB[..cut]).is_err());
    }

    #[test]
    fn nothing_pasted_makes_it_panic(text in any::<String>(), json in r#"[{}"a-z_:,\\ \n]{0,40}"#) {
        let _ = (Token::find(&text), Token::find(&json), is_whole(&json));
    }
}
