//! The token blob that `rclone authorize` prints, found in whatever a person pastes.

mod paste;

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

pub(crate) use paste::{NotAToken, app_in, is_whole};

use crate::secret::Secret;

/// What rclone takes for "long over"; any past time does.
const LONG_AGO: &str = "2000-01-01T00:00:00Z";

/// Box's access tokens live an hour or so; one that says it lives for centuries would never be renewed.
const LONGEST: Duration = Duration::from_secs(86400);

/// rclone treats an empty access token as an older format and drops the refresh token, so the field is never left empty.
const SPENT: &str = "spent";

/// An OAuth token as rclone keeps it. Fields that rclone may add are kept, in order.
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

    /// A token that carries an access token only, as Box answers to client credentials.
    pub(crate) fn minted(access_token: &Secret, lifetime: Duration) -> Self {
        let expiry = Timestamp::try_from(SystemTime::now() + lifetime.min(LONGEST)).unwrap_or_default();
        let mut map = Map::new();
        map.insert("access_token".into(), access_token.expose().into());
        map.insert("token_type".into(), "bearer".into());
        map.insert("expiry".into(), expiry.to_string().into());
        Self(map)
    }

    fn checked(mut map: Map<String, Json>) -> Result<Self, NotAToken> {
        for (key, wrong) in [("access_token", NotAToken::NoAccessToken), ("refresh_token", NotAToken::Malformed)] {
            if map.get(key).is_some_and(|field| !field.is_string() && !field.is_null()) {
                return Err(wrong);
            }
        }
        let expiry = map.get("expiry").and_then(Json::as_str);
        if expiry.is_some_and(|expiry| expiry.parse::<Timestamp>().is_err()) {
            return Err(NotAToken::BadExpiry);
        }
        let token = Self(map.clone());
        match (token.text("access_token"), token.refresh_token()) {
            (None, None) => Err(NotAToken::NoAccessToken),
            (None, Some(_)) => {
                map.insert("access_token".into(), SPENT.into());
                map.insert("expiry".into(), LONG_AGO.into());
                Ok(Self(map))
            }
            (Some(_), _) => Ok(token),
        }
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

    /// Tells two refresh tokens apart without giving either away.
    pub(crate) fn fingerprint(&self) -> Option<String> {
        let hash = Sha256::digest(self.text("refresh_token")?.as_bytes());
        Some(URL_SAFE_NO_PAD.encode(&hash[..16]))
    }

    /// When the access token ends; `None` where the blob says nothing or rclone's zero time.
    pub(crate) fn expiry(&self) -> Option<Timestamp> {
        self.text("expiry")?.parse::<Timestamp>().ok().filter(|time| time.as_second() > 0)
    }

    /// How long the access token still lives; `None` where it has expired, or does not say.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let seconds = self.expiry()?.as_second() - Timestamp::now().as_second();
        u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }

    /// When Box forgets the sign-in if nobody uses it until then: 60 days after it gave this token, which lives for an hour.
    pub(crate) fn idle_end(&self) -> Option<Timestamp> {
        const AFTER_EXPIRY: i64 = (60 * 24 - 1) * 3600;
        self.text("refresh_token")?;
        Timestamp::from_second(self.expiry()?.as_second() + AFTER_EXPIRY).ok()
    }

    /// The same token with its access token over, so that rclone renews it at its first call.
    pub(crate) fn with_past_expiry(&self) -> Self {
        let mut map = self.0.clone();
        map.insert("expiry".into(), LONG_AGO.into());
        map.shift_remove("expires_in");
        Self(map)
    }

    /// One line of JSON, as it stands in rclone.conf.
    pub(crate) fn blob(&self) -> Secret {
        Secret::new(Json::Object(self.0.clone()).to_string())
    }
}

#[cfg(test)]
mod tests;
