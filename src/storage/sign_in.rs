//! The five ways to sign in to Box, and the keys each of them needs in a section. Pure.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::document::Value;
use crate::error::{Error, Field, Result};
use crate::secret::Secret;
use crate::storage::jwt::JwtFile;
use crate::storage::token::Token;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Quick,
    OwnApp,
    Jwt,
    ClientCredentials,
    AccessToken,
}

/// What keeps a sign-in going once its access token has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    ByRclone,
    /// rclone cannot; `run` and `refresh` can.
    ByPluton,
    Ends,
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

#[derive(Debug, Clone)]
pub(crate) enum SignIn {
    /// A person signed in, through rclone's own app or another one.
    OAuth {
        app: Option<App>,
        token: Token,
    },
    Jwt {
        config_file: PathBuf,
        app: JwtFile,
    },
    ClientCredentials {
        app: App,
        subject: Subject,
        token: Option<Token>,
    },
    AccessToken {
        access_token: Secret,
    },
}

impl SignIn {
    pub(crate) fn client_id(&self) -> Option<&str> {
        match self {
            Self::OAuth { app, .. } => app.as_ref().map(|app| app.client_id.as_str()),
            Self::ClientCredentials { app, .. } => Some(&app.client_id),
            Self::Jwt { app, .. } => Some(&app.client_id),
            Self::AccessToken { .. } => None,
        }
    }

    /// Key, the answer it came from, value.
    pub(crate) fn entries(&self) -> Vec<(&'static str, Field, Secret)> {
        let app_keys = |app: &App| {
            vec![
                ("client_id", Field::ClientId, Secret::new(app.client_id.as_str())),
                ("client_secret", Field::ClientSecret, app.client_secret.clone()),
            ]
        };
        let token_key = |token: &Token| ("token", Field::Token, token.blob());
        match self {
            Self::OAuth { app, token } => {
                let mut keys = app.as_ref().map(app_keys).unwrap_or_default();
                keys.push(token_key(token));
                keys
            }
            Self::Jwt { config_file, .. } => {
                vec![("box_config_file", Field::BoxConfigFile, Secret::new(config_file.to_string_lossy()))]
            }
            Self::ClientCredentials { app, subject, token } => {
                let mut keys = app_keys(app);
                // No client_credentials: with that key rclone asks Box for a token itself, without the subject, and is refused.
                keys.push(("box_subject_type", Field::BoxSubject, Secret::new(subject.kind)));
                keys.push(("box_subject_id", Field::BoxSubject, Secret::new(subject.id.as_str())));
                keys.extend(token.as_ref().map(token_key));
                keys
            }
            Self::AccessToken { access_token } => {
                vec![("access_token", Field::AccessToken, access_token.clone())]
            }
        }
    }
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
            Error::invalid(Field::BoxSubject, format!("{text:?} is not someone to act as: {why}"))
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
