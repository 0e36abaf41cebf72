//! A token as rclone keeps it, one JSON object with an access token and usually a refresh token, and how it is found in
//! whatever a person pastes. Pure.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::config::document::Document;
use crate::secret::Secret;

/// rclone takes a token with any past expiry for expired.
const LONG_AGO: &str = "2000-01-01T00:00:00Z";

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
        Self::checked(json_in(text)?)
    }

    /// What rclone reads for a section, inherited or not.
    pub(crate) fn in_section(document: &Document, section: &str) -> Option<Self> {
        Self::find(document.get(section, "token")?.expose()).ok()
    }

    /// A token without a refresh token, as Box gives for client credentials.
    pub(crate) fn minted(access_token: &Secret, lifetime: Duration) -> Self {
        let expiry = Timestamp::try_from(SystemTime::now() + lifetime).unwrap_or_default();
        let mut map = Map::new();
        map.insert("access_token".into(), access_token.expose().into());
        map.insert("token_type".into(), "bearer".into());
        map.insert("expiry".into(), expiry.to_string().into());
        Self(map)
    }

    fn checked(map: Map<String, Json>) -> Result<Self, NotAToken> {
        for (key, wrong) in [("access_token", NO_ACCESS_TOKEN), ("refresh_token", MALFORMED)] {
            if map.get(key).is_some_and(|field| !field.is_string() && !field.is_null()) {
                return Err(wrong);
            }
        }
        let expiry = map.get("expiry").and_then(Json::as_str);
        if expiry.is_some_and(|expiry| expiry.parse::<Timestamp>().is_err()) {
            return Err(NotAToken::Wrong("the token's expiry is not a date that rclone can read"));
        }
        let mut token = Self(map);
        if token.text("access_token").is_none() {
            token.text("refresh_token").ok_or(NO_ACCESS_TOKEN)?;
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

/// Why a paste is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAToken {
    /// More of it may come.
    Partial(&'static str),
    Wrong(&'static str),
}

const EMPTY: NotAToken = NotAToken::Partial("it is empty");
const HALF: NotAToken =
    NotAToken::Partial("only part of the token is here; copy everything between the two lines with arrows");
const MALFORMED: NotAToken =
    NotAToken::Wrong("this is not the JSON that rclone printed; part of it was changed or lost");
const NO_ACCESS_TOKEN: NotAToken =
    NotAToken::Wrong("this JSON has no access_token; it is not what `rclone authorize` prints");

impl fmt::Display for NotAToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Partial(why) | Self::Wrong(why)) = self;
        f.write_str(why)
    }
}

/// The app's ID and secret, where the token comes in an object of section keys together with them.
pub(crate) fn app_in(text: &str) -> Option<(String, Secret)> {
    let map = whole(text).ok().filter(|map| map.get("token").is_some_and(Json::is_string))?;
    let get = |key: &str| map.get(key).and_then(Json::as_str).filter(|value| !value.is_empty());
    Some((get("client_id")?.to_owned(), Secret::new(get("client_secret")?)))
}

fn whole(text: &str) -> Result<Map<String, Json>, NotAToken> {
    match text.find('{') {
        Some(open) => object(&text[open..]),
        None => encoded(text),
    }
}

fn json_in(text: &str) -> Result<Map<String, Json>, NotAToken> {
    let map = whole(text)?;
    // `rclone authorize box BLOB` wraps the token in an object of section keys.
    let map = match map.get("token").and_then(Json::as_str) {
        Some(inner) => object(inner)?,
        None => map,
    };
    if map.contains_key("boxAppSettings") {
        Err(NotAToken::Wrong("this is a Box app's config.json; give its path to --box-config-file instead"))
    } else if map.contains_key("error") && !map.contains_key("access_token") {
        Err(NotAToken::Wrong("this is an error that Box sent, not a token; sign in again"))
    } else if map.get("access_token").and_then(Json::as_str).is_some_and(|token| token.starts_with("ya29.")) {
        Err(NotAToken::Wrong("this token is Google's; run `rclone authorize \"box\"`, not `drive`"))
    } else {
        Ok(map)
    }
}

/// Reads one object at the start of `text`: unchanged, then without the line breaks that a terminal added, then
/// unescaped.
fn object<'a>(text: &'a str) -> Result<Map<String, Json>, NotAToken> {
    let unspaced = || text.split_whitespace().collect::<String>();
    let forms: [&dyn Fn() -> Cow<'a, str>; 4] = [
        &|| text.into(),
        &|| text.split(['\r', '\n']).map(str::trim).collect::<String>().into(),
        &|| unspaced().into(),
        &|| unspaced().replace("\\\"", "\"").into(),
    ];
    for form in forms {
        match serde_json::Deserializer::from_str(&form()).into_iter::<Json>().next() {
            Some(Ok(Json::Object(map))) => return Ok(map),
            Some(Err(error)) if error.is_eof() && !text.contains('}') => return Err(HALF),
            _ => {}
        }
    }
    let closed = text.matches('{').count() <= text.matches('}').count();
    Err(if closed { MALFORMED } else { HALF })
}

fn encoded(text: &str) -> Result<Map<String, Json>, NotAToken> {
    let body: String = text.lines().filter(|line| !is_arrow(line)).flat_map(str::split_whitespace).collect();
    let body = body.trim_matches(['"', '\'', '`']);
    if body.is_empty() {
        return Err(if text.contains("--->") || text.contains("<---") { HALF } else { EMPTY });
    }
    if body.starts_with("http://") || body.starts_with("https://") {
        return Err(NotAToken::Wrong(
            "this is the link to open in the browser; the token is what rclone prints after you sign in",
        ));
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let blob = body.replace('-', "+").replace('_', "/");
    let decoded = GeneralPurpose::new(&alphabet::STANDARD, config).decode(blob).ok();
    match decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(json) if json.starts_with('{') => object(&json),
        _ if body.starts_with("eyJ") => Err(HALF),
        _ if body.contains("\"refresh_token\"") || body.ends_with('}') => Err(HALF),
        // A sentence is not a token.
        _ if body.len() >= 16
            && text.trim().lines().all(|line| is_arrow(line) || !line.trim().contains(' '))
            && body.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            Err(NotAToken::Wrong(
                "this is a bare access token, not what `rclone authorize` prints; for a developer token use --access-token",
            ))
        }
        _ => Err(NotAToken::Wrong("this is not a token; paste what `rclone authorize` printed, from `{` to `}`")),
    }
}

fn is_arrow(line: &str) -> bool {
    line.contains("--->") || line.contains("<---")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::{Token, app_in};

    const BLOB: &str =
        r#"{"access_token":"A1","token_type":"bearer","refresh_token":"R1","expiry":"2026-11-23T13:28:07.41426421Z"}"#;

    fn token(access: &str, refresh: &str) -> String {
        format!(
            r#"{{"access_token":"{access}","token_type":"bearer","refresh_token":"{refresh}","expiry":"2026-11-23T13:28:07Z"}}"#
        )
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
        }

        #[test]
        fn half_a_paste_is_never_taken_for_a_whole_one(cut in 1..BLOB.len() - 1) {
            prop_assert!(Token::find(&BLOB[..cut]).is_err());
        }

        #[test]
        fn nothing_pasted_makes_it_panic(text in any::<String>(), json in r#"[{}"a-z_:,\\ \n]{0,40}"#) {
            let _ = (Token::find(&text), Token::find(&json));
        }
    }
}
