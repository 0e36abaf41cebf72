//! Finds the token in whatever a person pastes, and says what a paste is if it is not a token. Pure.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value as Json};

use crate::secret::Secret;
use crate::storage::token::Token;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAToken {
    Empty,
    Half,
    Link,
    Malformed,
    NoAccessToken,
    BadExpiry,
    BoxRefused,
    JwtFile,
    Google,
    Bare,
    Unknown,
}

impl fmt::Display for NotAToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::Half => "only part of the token is here; copy everything between the two lines with arrows",
            Self::Link => "this is the link to open in the browser; the token is what rclone prints after you sign in",
            Self::Malformed => "this is not the JSON that rclone printed; part of it was changed or lost",
            Self::NoAccessToken => "this JSON has no access_token; it is not what `rclone authorize` prints",
            Self::BadExpiry => "the token's expiry is not a date that rclone can read",
            Self::BoxRefused => "this is an error that Box sent, not a token; sign in again",
            Self::JwtFile => "this is a Box app's config.json; give its path to --box-config-file instead",
            Self::Google => "this token is Google's; run `rclone authorize \"box\"`, not `drive`",
            Self::Bare => {
                "this is a bare access token, not what `rclone authorize` prints; for a developer token use --access-token"
            }
            Self::Unknown => "this is not a token; paste what `rclone authorize` printed, from `{` to `}`",
        })
    }
}

impl std::error::Error for NotAToken {}

/// Whether a paste needs nothing more: its token is complete, or the line with the closing arrow is there.
pub(crate) fn is_whole(text: &str) -> bool {
    text.contains("<---End paste") || Token::find(text).is_ok()
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

pub(super) fn json_in(text: &str) -> Result<Map<String, Json>, NotAToken> {
    let map = whole(text)?;
    // `rclone authorize box BLOB` wraps the token in an object of section keys.
    let map = match map.get("token").and_then(Json::as_str) {
        Some(inner) => object(inner)?,
        None => map,
    };
    if map.contains_key("boxAppSettings") {
        Err(NotAToken::JwtFile)
    } else if map.contains_key("error") && !map.contains_key("access_token") {
        Err(NotAToken::BoxRefused)
    } else if map.get("access_token").and_then(Json::as_str).is_some_and(|token| token.starts_with("ya29.")) {
        Err(NotAToken::Google)
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
            Some(Err(error)) if error.is_eof() && !text.contains('}') => return Err(NotAToken::Half),
            _ => {}
        }
    }
    let closed = text.matches('{').count() <= text.matches('}').count();
    Err(if closed { NotAToken::Malformed } else { NotAToken::Half })
}

fn encoded(text: &str) -> Result<Map<String, Json>, NotAToken> {
    let body: String = text.lines().filter(|line| !is_arrow(line)).flat_map(str::split_whitespace).collect();
    let body = body.trim_matches(['"', '\'', '`']);
    if body.is_empty() {
        return Err(if text.contains("--->") || text.contains("<---") { NotAToken::Half } else { NotAToken::Empty });
    }
    if body.starts_with("http://") || body.starts_with("https://") {
        return Err(NotAToken::Link);
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let blob = body.replace('-', "+").replace('_', "/");
    let decoded = GeneralPurpose::new(&alphabet::STANDARD, config).decode(blob).ok();
    match decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(json) if json.starts_with('{') => object(&json),
        _ if body.starts_with("eyJ") => Err(NotAToken::Half),
        _ if body.contains("\"refresh_token\"") || body.ends_with('}') => Err(NotAToken::Half),
        // A sentence is not a token.
        _ if body.len() >= 16
            && text.trim().lines().all(|line| is_arrow(line) || !line.trim().contains(' '))
            && body.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            Err(NotAToken::Bare)
        }
        _ => Err(NotAToken::Unknown),
    }
}

fn is_arrow(line: &str) -> bool {
    line.contains("--->") || line.contains("<---")
}
