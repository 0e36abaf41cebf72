//! A token as rclone keeps it: one JSON object with an access token and usually a refresh token. Pure.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::config::document::Document;
use crate::secret::Secret;
use crate::storage::paste::{self, NotAToken};

/// rclone takes a token with any past expiry for expired.
const LONG_AGO: &str = "2000-01-01T00:00:00Z";

/// Box's access tokens live about an hour; one that claims to live for centuries would never be renewed.
const LONGEST: Duration = Duration::from_secs(86400);

/// rclone treats an empty access token as an older format and drops the refresh token, so the field is never left empty.
const SPENT: &str = "spent";

/// An OAuth token as rclone stores it. Unknown fields stay, in order.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(Map<String, Json>);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// Finds the token in a paste: bare JSON, the block with the arrows, wrapped lines, quotes, a `token = …` line, a
    /// whole section, or the base64 form.
    pub(crate) fn find(text: &str) -> Result<Self, NotAToken> {
        Self::checked(paste::json_in(text)?)
    }

    /// What rclone reads for a section, inherited or not.
    pub(crate) fn in_section(document: &Document, section: &str) -> Option<Self> {
        Self::find(document.get(section, "token")?.expose()).ok()
    }

    /// A token without a refresh token, as Box gives for client credentials.
    pub(crate) fn minted(access_token: &Secret, lifetime: Duration) -> Self {
        let expiry = Timestamp::try_from(SystemTime::now() + lifetime.min(LONGEST)).unwrap_or_default();
        let mut map = Map::new();
        map.insert("access_token".into(), access_token.expose().into());
        map.insert("token_type".into(), "bearer".into());
        map.insert("expiry".into(), expiry.to_string().into());
        Self(map)
    }

    fn checked(map: Map<String, Json>) -> Result<Self, NotAToken> {
        for (key, wrong) in [("access_token", NotAToken::NoAccessToken), ("refresh_token", NotAToken::Malformed)] {
            if map.get(key).is_some_and(|field| !field.is_string() && !field.is_null()) {
                return Err(wrong);
            }
        }
        let expiry = map.get("expiry").and_then(Json::as_str);
        if expiry.is_some_and(|expiry| expiry.parse::<Timestamp>().is_err()) {
            return Err(NotAToken::BadExpiry);
        }
        let mut token = Self(map);
        if token.text("access_token").is_none() {
            token.text("refresh_token").ok_or(NotAToken::NoAccessToken)?;
            token.0.insert("access_token".into(), SPENT.into());
            token.0.insert("expiry".into(), LONG_AGO.into());
        }
        Ok(token)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Json::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn access_token(&self) -> Secret {
        Secret::new(self.text("access_token").unwrap_or_default())
    }

    pub(crate) fn refresh_token(&self) -> Option<Secret> {
        self.text("refresh_token").map(Secret::new)
    }

    /// A hash that tells two refresh tokens apart and reveals neither.
    pub(crate) fn fingerprint(&self) -> Option<String> {
        let hash = Sha256::digest(self.text("refresh_token")?.as_bytes());
        Some(URL_SAFE_NO_PAD.encode(&hash[..16]))
    }

    /// Whether rclone can renew it.
    pub(crate) fn is_renewable(&self) -> bool {
        self.text("refresh_token").is_some()
    }

    /// When the access token expires; `None` if the blob does not say or has rclone's zero time.
    pub(crate) fn expiry(&self) -> Option<Timestamp> {
        self.text("expiry")?.parse::<Timestamp>().ok().filter(|time| time.as_second() > 0)
    }

    /// How long the access token is still valid; `None` if it has expired or does not say.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let seconds = self.expiry()?.as_second() - Timestamp::now().as_second();
        u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }

    /// When Box forgets the sign-in unless it is used before: 60 days after it issued this token, whose access token
    /// lives for an hour.
    pub(crate) fn sign_in_expiry(&self) -> Option<Timestamp> {
        const AFTER_ACCESS_TOKEN: i64 = (60 * 24 - 1) * 3600;
        let expiry = self.expiry().filter(|_| self.is_renewable())?;
        Timestamp::from_second(expiry.as_second() + AFTER_ACCESS_TOKEN).ok()
    }

    /// The same token with its access token expired, so that rclone renews it at its first call.
    pub(crate) fn with_past_expiry(&self) -> Self {
        let mut map = self.0.clone();
        map.insert("expiry".into(), LONG_AGO.into());
        map.shift_remove("expires_in");
        Self(map)
    }

    /// One line of JSON, as in rclone.conf.
    pub(crate) fn blob(&self) -> Secret {
        Secret::new(Json::Object(self.0.clone()).to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::Token;
    use crate::secret::Secret;
    use crate::storage::paste::{app_in, is_whole};

    const BLOB: &str =
        r#"{"access_token":"A1","token_type":"bearer","refresh_token":"R1","expiry":"2026-11-23T13:28:07.41426421Z"}"#;

    fn token(access: &str, refresh: &str) -> String {
        format!(
            r#"{{"access_token":"{access}","token_type":"bearer","refresh_token":"{refresh}","expiry":"2026-11-23T13:28:07Z"}}"#
        )
    }

    #[test]
    fn a_lifetime_without_end_is_cut_to_a_day() {
        let token = Token::minted(&Secret::new("A"), Duration::from_secs(u64::MAX));
        let left = token.expiry().expect("an end").as_second() - jiff::Timestamp::now().as_second();
        assert!((86000..=86400).contains(&left), "{left}");
    }

    #[test]
    fn the_zero_expiry_counts_as_none() {
        let found = Token::find(r#"{"access_token":"A","expiry":"0001-01-01T00:00:00Z"}"#).expect("a token");
        assert_eq!(found.expiry(), None);
        assert_eq!(found.refresh_token(), None);
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
            _ => serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(blob).expect("JSON"))
                .expect("JSON"),
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
}
