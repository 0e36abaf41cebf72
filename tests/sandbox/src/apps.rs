//! The Box apps the sandbox knows, and how a test describes one with something missing.

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
    pub client_id: String,
    pub client_secret: String,
    /// A subject for server apps: acts as the app's service account.
    pub enterprise_id: String,
    /// A subject for server apps: the person with the three folders.
    pub user_id: String,
    /// The app's own service account; empty for OAuth apps.
    pub service_user_id: String,
}

/// What the sandbox itself keeps of an app.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    /// `None`: any secret will do.
    pub(crate) secret: Option<String>,
    pub(crate) spec: AppSpec,
    pub(crate) service_user_id: String,
    /// The `kid` of its key, for JWT apps.
    pub(crate) key_id: Option<String>,
}

impl Registered {
    /// rclone's own app.
    pub(crate) fn rclone() -> Self {
        Self { secret: None, spec: AppSpec::default(), service_user_id: String::new(), key_id: None }
    }
}

/// Fresh credentials for an app of this kind.
pub(crate) fn new_app(kind: AppKind) -> App {
    App {
        client_id: random_id(32),
        client_secret: random_id(32),
        enterprise_id: ENTERPRISE_ID.to_owned(),
        user_id: crate::account::ACCOUNT_ID.to_owned(),
        service_user_id: match kind {
            AppKind::OAuth => String::new(),
            AppKind::ClientCredentials | AppKind::Jwt => random_number(),
        },
    }
}

fn random_number() -> String {
    let hex = random_id(10);
    let number = u64::from_str_radix(&hex, 16).expect("ten hex digits");
    (30_000_000_000 + number % 10_000_000_000).to_string()
}
