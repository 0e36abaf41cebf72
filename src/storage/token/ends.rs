//! When a token ends, for those who want to know nothing else of it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use super::{NotAToken, Token};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    /// Whether rclone can renew it.
    pub(crate) renewable: bool,
    pub(crate) access_token: Option<Timestamp>,
}

/// A token as rclone writes it, without a copy of any secret.
#[derive(Deserialize)]
struct Plain<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow, default)]
    refresh_token: Cow<'a, str>,
    #[serde(borrow)]
    expiry: Cow<'a, str>,
}

impl Ends {
    /// The same as of [`Token::find`], and sooner where the token stands as rclone writes it.
    pub(crate) fn of(text: &str) -> Result<Self, NotAToken> {
        match serde_json::from_str::<Plain<'_>>(text) {
            Ok(plain) if !plain.access_token.is_empty() && plain.expiry.parse::<Timestamp>().is_ok() => {
                Ok(Self { renewable: !plain.refresh_token.is_empty(), access_token: date(&plain.expiry) })
            }
            _ => Token::find(text).map(|token| token.ends()),
        }
    }

    /// When Box forgets the sign-in if nobody uses it until then: 60 days after it gave this token, which lives for an hour.
    pub(crate) fn idle_sign_in(self) -> Option<Timestamp> {
        const AFTER_EXPIRY: i64 = (60 * 24 - 1) * 3600;
        let end = self.access_token.filter(|_| self.renewable)?;
        Timestamp::from_second(end.as_second() + AFTER_EXPIRY).ok()
    }
}

/// `None` for rclone's zero time.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().filter(|time| time.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use super::{Ends, Token};

    #[test]
    fn the_short_way_says_what_the_long_way_says() {
        for text in [
            r#"{"access_token":"a","refresh_token":"r","expiry":"2030-01-01T00:00:00Z"}"#,
            r#"{"access_token":"a","refresh_token":"","expiry":"2030-01-01T00:00:00.5+01:00","more":1}"#,
            r#"{"access_token":"a","expiry":"0001-01-01T00:00:00Z"}"#,
            r#"{"access_token":"","refresh_token":"r","expiry":"2030-01-01T00:00:00Z"}"#,
            r#"{"access_token":"a","refresh_token":"r","expiry":"soon"}"#,
            r#"{"access_token":"a","refresh_token":null}"#,
            r#"{"access_token":"a","refresh_token":"r","expiry":"2030-01-01T00:00:00Z"} and more"#,
            r#"{"access_token":"\u0061","refresh_token":7,"expiry":"2030-01-01T00:00:00Z"}"#,
            "{",
            "",
            "nothing",
        ] {
            assert_eq!(Ends::of(text), Token::find(text).map(|token| token.ends()), "{text}");
        }
    }
}
