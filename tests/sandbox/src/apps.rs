//! The Box apps the sandbox knows, and how a test describes one with something missing.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::state::ACCOUNT_ID;
use crate::tokens::random_id;

/// The client ID built into rclone. The sandbox accepts any secret with it.
pub const RCLONE_CLIENT_ID: &str = "d0374ba6pgmaguie02ge15sv1mllndho";
/// Where rclone waits for the browser; an app has to have it registered.
pub const REDIRECT_URI: &str = "http://127.0.0.1:53682/";

/// The one enterprise of the sandbox.
pub(crate) const ENTERPRISE_ID: &str = "900000001";

/// How an app signs in; Box refuses every grant that is not of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    OAuth,
    ClientCredentials,
    Jwt,
}

/// What an app is like. The default is an OAuth app with nothing wrong.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a tick in the developer console, or a missing one")]
pub struct AppSpec {
    pub kind: AppKind,
    /// Reading only: every change is refused with `insufficient_scope`.
    pub read_only: bool,
    /// May look up the enterprise's users.
    pub manage_users: bool,
    /// The registered redirect URI; `None` is an app whose owner forgot it.
    pub redirect_uri: Option<String>,
    /// False: the enterprise's admin has not allowed the app.
    pub authorized: bool,
    /// On a wrong redirect URI, send the browser back with an error instead of showing a page.
    pub mismatch_redirects: bool,
}

impl Default for AppSpec {
    fn default() -> Self {
        Self {
            kind: AppKind::OAuth,
            read_only: false,
            manage_users: false,
            redirect_uri: Some(REDIRECT_URI.to_owned()),
            authorized: true,
            mismatch_redirects: false,
        }
    }
}

/// An app as its owner sees it in the developer console.
#[derive(Clone, Debug)]
pub struct App {
    pub spec: AppSpec,
    pub client_id: String,
    pub client_secret: String,
    /// A subject for server apps: acts as the app's service account.
    pub enterprise_id: String,
    /// A subject for server apps: the person with the three folders.
    pub user_id: String,
    /// The app's own service account, with its own empty tree; empty for OAuth apps.
    pub service_user_id: String,
    /// The config.json of a JWT app, as the developer console hands it out.
    pub config: Value,
    /// The same on disk, mode 0600; gone when the sandbox is.
    pub config_file: PathBuf,
}

impl App {
    /// Fresh credentials; a config.json would go below `directory`.
    pub(crate) fn new(spec: AppSpec, directory: &Path) -> Self {
        let (client_id, client_secret) = (random_id(32), random_id(32));
        let config = json!({
            "boxAppSettings": {
                "clientID": client_id,
                "clientSecret": client_secret,
                "appAuth": {
                    "publicKeyID": random_id(8),
                    "privateKey": include_str!("../data/worthless-private-key.pem"),
                    "passphrase": "worthless",
                },
            },
            "enterpriseID": ENTERPRISE_ID,
        });
        Self {
            enterprise_id: ENTERPRISE_ID.to_owned(),
            user_id: ACCOUNT_ID.to_owned(),
            service_user_id: match spec.kind {
                AppKind::OAuth => String::new(),
                AppKind::ClientCredentials | AppKind::Jwt => {
                    let number = u64::from_str_radix(&random_id(8), 16).expect("eight hex digits");
                    (30_000_000_000 + number).to_string()
                }
            },
            config,
            config_file: directory.join(format!("{client_id}_config.json")),
            spec,
            client_id,
            client_secret,
        }
    }

    /// rclone's own app.
    pub(crate) fn rclone() -> Self {
        let fresh = Self::new(AppSpec::default(), Path::new(""));
        Self { client_id: RCLONE_CLIENT_ID.to_owned(), client_secret: String::new(), ..fresh }
    }
}
