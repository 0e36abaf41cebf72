//! All that the sandbox remembers, behind one lock; requests are short enough to take turns.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use hyper::body::Bytes;

use crate::api::sessions::Session;
use crate::tokens::{Grant, Tokens};
use crate::tree::Tree;
use crate::{Account, App, AppKind, Fault, Request, Token};

/// The ID of the person who signs in through the browser.
pub(crate) const ACCOUNT_ID: &str = "20000000001";

/// How a sandbox is. All but the port and the certificate can change while it runs.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that a test may turn")]
pub struct Settings {
    /// The port on 127.0.0.1; any free one if it is 0.
    pub port: u16,
    /// Box's certificate expired in 2020.
    pub certificate_expired: bool,
    /// How long an access token lives, in whole seconds.
    pub access_token_lifetime: Duration,
    /// Whether a used refresh token stays good, for the same pair, until the new access token is used; otherwise it works
    /// once. The variable `BOX_SANDBOX_GRACE` turns it on for a whole run of tests.
    pub grace: bool,
    /// Whether the person says no when asked to let an app in.
    pub refuse_consent: bool,
    /// Whether the browser shows a page with two buttons instead of going straight back.
    pub consent_page: bool,
    /// How long every answer of Box waits, with the work already done.
    pub delay: Duration,
    /// Seconds that Box's clock is ahead of the machine's.
    pub clock_skew: i64,
    /// The most items on a page of a listing, whatever the client asks for.
    pub page_size: usize,
    /// Whether Box writes every size and quota as a float; it always does so from fifteen digits on.
    pub float_sizes: bool,
    /// How often the download of a file that is uploaded from here on is answered with 202 and `Retry-After: 1`.
    pub fresh_files_wait: u32,
    /// `user:password`, where the proxy asks for them.
    pub proxy_login: Option<String>,
    /// The status with which the proxy refuses every host.
    pub proxy_refuses: Option<u16>,
    /// The host that the proxy refuses with 403, as a firewall that knows only some of Box's hosts.
    pub blocked_host: Option<&'static str>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            certificate_expired: false,
            access_token_lifetime: Duration::from_secs(3600),
            grace: std::env::var_os("BOX_SANDBOX_GRACE").is_some(),
            refuse_consent: false,
            consent_page: false,
            delay: Duration::ZERO,
            clock_skew: 0,
            page_size: 1000,
            float_sizes: false,
            fresh_files_wait: 0,
            proxy_login: None,
            proxy_refuses: None,
            blocked_host: None,
        }
    }
}

/// An authorization code on its way from the browser to rclone.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) expires: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) apps: HashMap<String, App>,
    pub(crate) users: BTreeMap<String, Account>,
    pub(crate) tokens: Tokens,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) tree: Tree,
    pub(crate) faults: Vec<Fault>,
    pub(crate) requests: Vec<Request>,
    pub(crate) used_jwts: HashSet<String>,
    /// Uploads in parts.
    pub(crate) sessions: HashMap<String, Session>,
    /// Content behind each address of dl.boxcloud.com.
    pub(crate) downloads: HashMap<String, Bytes>,
}

pub(crate) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    pub(crate) fn new(settings: Settings) -> Self {
        let mut state = Self { settings, ..Self::default() };
        state.register(App::rclone());
        let root = state.add_user(ACCOUNT_ID, Account::default());
        for name in ["Backups", "Documents", "Photos"] {
            state.tree.add(Some(root), ACCOUNT_ID, name, None);
        }
        state
    }

    /// Adds a user, whose root folder this returns.
    fn add_user(&mut self, id: &str, account: Account) -> u64 {
        self.users.insert(id.to_owned(), account);
        self.tree.add(None, id, "All Files", None)
    }

    pub(crate) fn register(&mut self, app: App) {
        if !app.service_user_id.is_empty() {
            self.add_user(&app.service_user_id, Account::service(&app.service_user_id));
        }
        self.apps.insert(app.client_id.clone(), app);
    }

    /// The first token of a new sign-in through this app.
    pub(crate) fn sign_in(&mut self, client_id: &str, user_id: &str) -> Token {
        let server = self.apps[client_id].spec.kind != AppKind::OAuth;
        let grant = Grant { client_id: client_id.to_owned(), user_id: user_id.to_owned(), server };
        self.tokens.sign_in(&self.settings, &grant)
    }

    /// Box's idea of the time.
    pub(crate) fn now(&self) -> SystemTime {
        let skew = Duration::from_secs(self.settings.clock_skew.unsigned_abs());
        if self.settings.clock_skew < 0 { SystemTime::now() - skew } else { SystemTime::now() + skew }
    }
}
