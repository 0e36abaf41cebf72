//! What is in a Box app's config.json, as downloaded from the Developer Console. Pure. Whether the passphrase opens the key
//! is for rclone to say.

use std::fmt;

use serde_json::Value as Json;

use crate::secret::Secret;

/// What is needed from the file. The private key stays in it.
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

const SECRETS: [&str; 3] =
    ["boxAppSettings.clientSecret", "boxAppSettings.appAuth.privateKey", "boxAppSettings.appAuth.passphrase"];

impl JwtFile {
    pub(crate) fn parse(text: &Secret) -> Result<Self, BadJwtFile> {
        let file: Json = serde_json::from_str(text.expose()).map_err(|_| BadJwtFile::NotJson)?;
        let present = |path| get(&file, path).filter(|text| !text.is_empty()).ok_or(BadJwtFile::Missing(path));
        let client_id = present("boxAppSettings.clientID")?.to_owned();
        let [client_secret, private_key, _] = SECRETS.map(present);
        for needed in ["boxAppSettings.appAuth.publicKeyID", "boxAppSettings.appAuth.passphrase", "enterpriseID"] {
            present(needed)?;
        }
        if !private_key?.trim_start().starts_with("-----BEGIN ") {
            return Err(BadJwtFile::NoPem);
        }
        Ok(Self { client_id, client_secret: Secret::new(client_secret?) })
    }
}

/// All in such a file that must not be shown.
pub(crate) fn secrets(text: &Secret) -> Vec<Secret> {
    let file: Json = serde_json::from_str(text.expose()).unwrap_or_default();
    SECRETS.iter().filter_map(|path| get(&file, path)).map(Secret::new).collect()
}

fn get<'a>(file: &'a Json, path: &str) -> Option<&'a str> {
    path.split('.').try_fold(file, |value, key| value.get(key))?.as_str()
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
