//! All that the sandbox remembers, behind one lock; requests are short enough to take turns.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use hyper::body::Bytes;

use crate::account::{ACCOUNT_ID, Account};
use crate::api::sessions::Session;
use crate::apps::{App, AppSpec, RCLONE_CLIENT_ID, Registered, new_app};
use crate::faults::Fault;
use crate::requests::Request;
use crate::tokens::{Grant, Tokens};
use crate::tree::Tree;

/// How a sandbox is from its start to its end.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long an access token lives, in whole seconds.
    pub access_token_lifetime: Duration,
    /// How long every answer of Box waits, with the work already done.
    pub delay: Duration,
    /// The most items on a page of a listing, whatever the client asks for.
    pub page_size: usize,
    /// Whether a used refresh token stays good, for the same pair, until the new access token is used; otherwise it works
    /// once. The variable `BOX_SANDBOX_GRACE` turns it on for a whole run of tests.
    pub grace: bool,
    /// The port on 127.0.0.1; any free one if it is 0.
    pub port: u16,
    /// Box's certificate expired in 2020.
    pub certificate_expired: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_secs(3600),
            delay: Duration::ZERO,
            page_size: 1000,
            grace: std::env::var_os("BOX_SANDBOX_GRACE").is_some(),
            port: 0,
            certificate_expired: false,
        }
    }
}

/// An authorization code on its way from the browser to rclone.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) ends: Instant,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) apps: HashMap<String, Registered>,
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
    /// How often a file uploaded from here on says that it is not ready yet.
    pub(crate) fresh_waits: u32,
    /// Every size is a float.
    pub(crate) float_sizes: bool,
    pub(crate) refuse_consent: bool,
    pub(crate) consent_page: bool,
    /// Seconds that Box's clock is ahead of this machine's.
    pub(crate) clock_skew: i64,
    /// `user:password`, where the proxy wants them.
    pub(crate) proxy_login: Option<String>,
    /// The status with which the proxy refuses every host.
    pub(crate) proxy_refuses: Option<u16>,
    /// What the proxy refuses with 403.
    pub(crate) blocked_hosts: HashSet<String>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    state: Mutex<State>,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        let mut state = State::new();
        state.tokens.grace = settings.grace;
        Self { settings, state: Mutex::new(state) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new() -> Self {
        let mut state = Self {
            apps: HashMap::from([(RCLONE_CLIENT_ID.to_owned(), Registered::rclone())]),
            users: BTreeMap::new(),
            tokens: Tokens::default(),
            codes: HashMap::new(),
            tree: Tree::default(),
            faults: Vec::new(),
            requests: Vec::new(),
            used_jwts: HashSet::new(),
            sessions: HashMap::new(),
            downloads: HashMap::new(),
            fresh_waits: 0,
            float_sizes: false,
            blocked_hosts: HashSet::new(),
            refuse_consent: false,
            consent_page: false,
            clock_skew: 0,
            proxy_login: None,
            proxy_refuses: None,
        };
        state.add_user(ACCOUNT_ID, Account::default());
        let root = state.tree.root(ACCOUNT_ID);
        for name in ["Backups", "Documents", "Photos"] {
            state.tree.add(Some(root), ACCOUNT_ID, name, None);
        }
        state
    }

    pub(crate) fn add_user(&mut self, id: &str, account: Account) {
        self.users.insert(id.to_owned(), account);
        self.tree.add_user(id);
    }

    pub(crate) fn register(&mut self, spec: AppSpec, key_id: Option<String>) -> App {
        let app = new_app(spec.kind);
        if !app.service_user_id.is_empty() {
            let account = Account::service(&app.service_user_id, "Service account");
            self.add_user(&app.service_user_id, account);
        }
        let registered = Registered {
            secret: Some(app.client_secret.clone()),
            spec,
            service_user_id: app.service_user_id.clone(),
            key_id,
        };
        self.apps.insert(app.client_id.clone(), registered);
        app
    }

    /// What a person's sign-in through this app is worth.
    pub(crate) fn personal_grant(&self, client_id: &str) -> Grant {
        let AppSpec { read_only, manage_users, .. } = self.apps[client_id].spec;
        Grant {
            client_id: client_id.to_owned(),
            user_id: ACCOUNT_ID.to_owned(),
            server: false,
            read_only,
            manage_users,
        }
    }

    /// Box's idea of the time.
    pub(crate) fn now(&self) -> SystemTime {
        let skew = Duration::from_secs(self.clock_skew.unsigned_abs());
        if self.clock_skew < 0 { SystemTime::now() - skew } else { SystemTime::now() + skew }
    }
}
