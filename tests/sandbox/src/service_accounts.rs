//! JWT apps: a key pair, and the config.json that Box's developer console hands out.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::apps::App;

/// The public half of the test key, a PKCS#1 `RSAPublicKey`.
pub(crate) const PUBLIC_KEY: &[u8] = include_bytes!("../data/worthless-public-key.der");
const PRIVATE_KEY: &str = include_str!("../data/worthless-private-key.pem");
const PASSPHRASE: &str = "worthless";

/// A service account with its own empty tree, and its files.
#[derive(Clone, Debug)]
pub struct JwtApp {
    /// The config.json on disk, mode 0600; gone when the sandbox is.
    pub config_file: PathBuf,
    /// The same as a value, for tests that want to spoil it.
    pub config: Value,
    pub client_id: String,
    pub client_secret: String,
    pub enterprise_id: String,
    /// The `kid` of its key.
    pub key_id: String,
    /// The service account itself.
    pub service_user_id: String,
    /// The person with the three folders, for `impersonate`.
    pub user_id: String,
}

impl JwtApp {
    pub(crate) fn new(app: App, key_id: String, config_file: PathBuf) -> Self {
        let config = json!({
            "boxAppSettings": {
                "clientID": app.client_id,
                "clientSecret": app.client_secret,
                "appAuth": {
                    "publicKeyID": key_id,
                    "privateKey": PRIVATE_KEY,
                    "passphrase": PASSPHRASE,
                },
            },
            "enterpriseID": app.enterprise_id,
        });
        Self {
            config_file,
            config,
            client_id: app.client_id,
            client_secret: app.client_secret,
            enterprise_id: app.enterprise_id,
            key_id,
            service_user_id: app.service_user_id,
            user_id: app.user_id,
        }
    }
}
