//! The five ways to sign in to Box, who renews each of them, and what is in a Box app's config.json. Pure.
//! Whether that file's passphrase opens its key is for rclone to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::config::document::Value;
use crate::error::{Error, Field, Result};
use crate::secret::Secret;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    #[default]
    Quick,
    OwnApp,
    Jwt,
    ClientCredentials,
    AccessToken,
}

/// What can renew a sign-in once its access token has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewer {
    Rclone,
    /// rclone cannot; `run` and `refresh` can.
    Pluton,
    Nobody,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Quick, Self::OwnApp, Self::Jwt, Self::ClientCredentials, Self::AccessToken];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick connect",
            Self::OwnApp => "own Box app",
            Self::Jwt => "service account (JWT)",
            Self::ClientCredentials => "client credentials",
            Self::AccessToken => "access token",
        }
    }

    /// Whether an app signs in by itself: a service account, or client credentials.
    pub(crate) fn is_unattended(self) -> bool {
        matches!(self, Self::Jwt | Self::ClientCredentials)
    }

    /// What a section signs in with, judged as rclone does: an access token wins, then a JWT file.
    pub(crate) fn of(get: impl Fn(&str) -> Option<Value>) -> Self {
        let is_true = |value: Value| ["1", "t", "true"].contains(&value.expose().to_lowercase().as_str());
        if get("access_token").is_some() {
            Self::AccessToken
        } else if get("box_config_file").or_else(|| get("config_credentials")).is_some() {
            Self::Jwt
        } else if get("client_credentials").is_some_and(is_true) || get("box_subject_id").is_some() {
            Self::ClientCredentials
        } else if get("client_id").is_some() {
            Self::OwnApp
        } else {
            Self::Quick
        }
    }
}

/// A Box app's own client ID and secret.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
}

/// Who client credentials act as: `enterprise:ID` or `user:ID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
}

impl Subject {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::invalid(Field::BoxSubject, format!("invalid subject {text:?}: {why}"))
                .hint("write enterprise:ID for the app's service account, or user:ID for one person")
        };
        let (kind, id) = text.trim().split_once(':').ok_or_else(|| wrong("there is no colon"))?;
        let kind = ["enterprise", "user"].into_iter().find(|known| *known == kind);
        let kind = kind.ok_or_else(|| wrong("it must start with enterprise: or user:"))?;
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("the ID must be a number"));
        }
        Ok(Self { kind, id: id.to_owned() })
    }
}

const SECRETS: [&str; 3] =
    ["boxAppSettings.clientSecret", "boxAppSettings.appAuth.privateKey", "boxAppSettings.appAuth.passphrase"];

impl App {
    /// The app whose config.json this is. The private key stays in the file.
    ///
    /// # Errors
    /// Why rclone could not sign in with it.
    pub(crate) fn in_jwt_file(text: &Secret) -> Result<Self, String> {
        let file: Json = serde_json::from_str(text.expose()).map_err(|_| "it is not JSON")?;
        let present = |path| get(&file, path).filter(|text| !text.is_empty()).ok_or(format!("it has no {path}"));
        let client_id = present("boxAppSettings.clientID")?.to_owned();
        let [client_secret, private_key, _] = SECRETS.map(present);
        for needed in ["boxAppSettings.appAuth.publicKeyID", "boxAppSettings.appAuth.passphrase", "enterpriseID"] {
            present(needed)?;
        }
        if !private_key?.trim_start().starts_with("-----BEGIN ") {
            return Err("its privateKey is not a PEM key".into());
        }
        Ok(Self { client_id, client_secret: Secret::new(client_secret?) })
    }
}

/// Everything in such a file that must not be shown.
pub(crate) fn jwt_secrets(text: &Secret) -> Vec<Secret> {
    let file: Json = serde_json::from_str(text.expose()).unwrap_or_default();
    SECRETS.iter().filter_map(|path| get(&file, path)).map(Secret::new).collect()
}

fn get<'a>(file: &'a Json, path: &str) -> Option<&'a str> {
    path.split('.').try_fold(file, |value, key| value.get(key))?.as_str()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{App, jwt_secrets};
    use crate::secret::Secret;

    fn file(secret: &str, key: &str, passphrase: &str) -> String {
        serde_json::json!({
            "boxAppSettings": {
                "clientID": "id",
                "clientSecret": secret,
                "appAuth": { "publicKeyID": "kid", "privateKey": key, "passphrase": passphrase },
            },
            "enterpriseID": "900000001",
        })
        .to_string()
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic_and_every_secret_in_it_is_known(
            secret in "[ -~é\"\\\\]{1,12}",
            key in "(-----BEGIN (ENCRYPTED |RSA )?PRIVATE KEY-----\n)?[A-Za-z0-9+/=\n]{0,80}(\n-----END ENCRYPTED PRIVATE KEY-----\n?)?",
            cut in any::<prop::sample::Index>(),
            other in any::<String>(),
        ) {
            let whole = file(&secret, &key, "a passphrase");
            let known = jwt_secrets(&Secret::new(whole.clone()));
            for hidden in [secret.as_str(), key.as_str(), "a passphrase"] {
                prop_assert!(known.iter().any(|known| known.expose() == hidden), "{:?}", hidden);
            }
            let half: String = whole.chars().take(cut.index(whole.chars().count())).collect();
            for text in [whole, half, other] {
                if let Err(why) = App::in_jwt_file(&Secret::new(text.clone())) {
                    prop_assert!(secret.len() < 4 || !why.contains(&secret), "{:?}", why);
                }
                let _ = jwt_secrets(&Secret::new(text));
            }
        }
    }
}
