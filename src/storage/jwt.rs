//! A Box app's config.json, as the Developer Console hands it out: what is in it. Pure. rclone says whether the passphrase
//! opens the key.

use std::fmt;

use serde::Deserialize;

use crate::secret::Secret;

/// What signing in needs to know of the file. The key stays in it.
#[derive(Debug, Clone)]
pub(crate) struct JwtFile {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadJwtFile {
    NotJson,
    Missing(&'static str),
    NoPem,
}

impl fmt::Display for BadJwtFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("it is not JSON"),
            Self::Missing(key) => write!(f, "it has no {key}"),
            Self::NoPem => f.write_str("its privateKey is not a PEM key"),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    box_app_settings: Option<Settings>,
    #[serde(rename = "enterpriseID")]
    enterprise_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    #[serde(rename = "clientID")]
    client_id: Option<String>,
    client_secret: Option<String>,
    app_auth: Option<AppAuth>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppAuth {
    #[serde(rename = "publicKeyID")]
    public_key_id: Option<String>,
    private_key: Option<String>,
    passphrase: Option<String>,
}

impl JwtFile {
    pub(crate) fn parse(text: &Secret) -> Result<Self, BadJwtFile> {
        let raw: Raw = serde_json::from_str(text.expose()).map_err(|_| BadJwtFile::NotJson)?;
        let settings = raw.box_app_settings.ok_or(BadJwtFile::Missing("boxAppSettings"))?;
        let auth = settings.app_auth.ok_or(BadJwtFile::Missing("boxAppSettings.appAuth"))?;
        let present = |text: Option<String>, key| text.filter(|t| !t.is_empty()).ok_or(BadJwtFile::Missing(key));
        let client_id = present(settings.client_id, "boxAppSettings.clientID")?;
        let client_secret = Secret::new(present(settings.client_secret, "boxAppSettings.clientSecret")?);
        present(auth.public_key_id, "boxAppSettings.appAuth.publicKeyID")?;
        let key = Secret::new(present(auth.private_key, "boxAppSettings.appAuth.privateKey")?);
        present(auth.passphrase, "boxAppSettings.appAuth.passphrase").map(Secret::new)?;
        present(raw.enterprise_id, "enterpriseID")?;
        if !key.expose().trim_start().starts_with("-----BEGIN ") {
            return Err(BadJwtFile::NoPem);
        }
        Ok(Self { client_id, client_secret })
    }
}

/// All in such a file, or in half of one, that must not be shown.
pub(crate) fn secrets(text: &Secret) -> Vec<Secret> {
    let settings = serde_json::from_str::<Raw>(text.expose()).ok().and_then(|raw| raw.box_app_settings);
    let Some(Settings { client_secret, app_auth, .. }) = settings else { return Vec::new() };
    let (key, passphrase) = app_auth.map_or((None, None), |auth| (auth.private_key, auth.passphrase));
    [client_secret, key, passphrase].into_iter().flatten().map(Secret::new).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{JwtFile, secrets};
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
            let known = secrets(&Secret::new(whole.clone()));
            for hidden in [secret.as_str(), key.as_str(), "a passphrase"] {
                prop_assert!(known.iter().any(|known| known.expose() == hidden), "{:?}", hidden);
            }
            let half: String = whole.chars().take(cut.index(whole.chars().count())).collect();
            for text in [whole, half, other] {
                if let Err(why) = JwtFile::parse(&Secret::new(text.clone())) {
                    prop_assert!(secret.len() < 4 || !why.to_string().contains(&secret), "{:?}", why);
                }
                let _ = secrets(&Secret::new(text));
            }
        }
    }
}
