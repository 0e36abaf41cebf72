//! The handle that a test uses to arrange faults and accounts, and to inspect what was asked.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::{NamedTempFile, TempDir};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::state::{ACCOUNT_ID, State, lock};
use crate::{Account, App, AppKind, AppSpec, Fault, Request, Settings, certificates, server};

/// A running Box on 127.0.0.1. It stops, and its files go, when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
    directory: TempDir,
    ca_file: PathBuf,
    key_pin: String,
    /// The server runs in it.
    _runtime: Runtime,
}

impl Sandbox {
    /// The usual Box: one person, three folders in the root, tokens that live an hour.
    pub fn start() -> Self {
        Self::with(Settings::default())
    }

    /// One whose access tokens live this long.
    pub fn with_lifetime(access_token_lifetime: Duration) -> Self {
        Self::with(Settings { access_token_lifetime, ..Settings::default() })
    }

    pub fn with(settings: Settings) -> Self {
        Self::try_with(settings).expect("a Box starts on 127.0.0.1")
    }

    fn try_with(settings: Settings) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("box-sandbox-").tempdir()?;
        let ca_file = directory.path().join("ca.pem");
        let (tls, key_pin) = certificates::issue(&ca_file, settings.certificate_expired).context("its certificates")?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", settings.port))).context("its port")?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::new(settings)));
        runtime.spawn(server::run(listener, tls, Arc::clone(&state)));
        Ok(Self { state, address, directory, ca_file, key_pin, _runtime: runtime })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Changes how this Box is, from here on.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    pub fn proxy_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The certificate authority to trust, PEM.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The key of Box's certificate here, as Chromium's `--ignore-certificate-errors-spki-list` takes it: base64 of the
    /// SHA-256 of its public part.
    pub fn key_pin(&self) -> &str {
        &self.key_pin
    }

    /// The variables that make rclone, or any Go program, find this Box.
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        let proxy = OsString::from(self.proxy_url());
        let ca = self.ca_file.clone().into_os_string();
        vec![
            ("HTTPS_PROXY", proxy.clone()),
            ("https_proxy", proxy),
            ("NO_PROXY", OsString::new()),
            ("no_proxy", OsString::new()),
            ("RCLONE_CA_CERT", ca.clone()),
            ("SSL_CERT_FILE", ca),
        ]
    }

    /// A new OAuth app that reads and writes, with rclone's redirect URI registered.
    pub fn own_app(&self) -> App {
        self.app(AppSpec::default())
    }

    /// A new app for the client-credentials grant.
    pub fn client_credentials_app(&self) -> App {
        self.app(AppSpec { kind: AppKind::ClientCredentials, ..AppSpec::default() })
    }

    /// A new JWT app.
    pub fn jwt_app(&self) -> App {
        self.jwt_app_with(AppSpec::default())
    }

    /// The same with something missing; the kind of `spec` does not matter.
    pub fn jwt_app_with(&self, spec: AppSpec) -> App {
        self.app(AppSpec { kind: AppKind::Jwt, ..spec })
    }

    /// A new app; the config.json of a JWT app is written.
    pub fn app(&self, spec: AppSpec) -> App {
        let app = App::new(spec, self.directory.path());
        if app.spec.kind == AppKind::Jwt {
            let file = NamedTempFile::new_in(&self.directory).expect("a file in the sandbox's directory");
            writeln!(&file, "{:#}", app.config).expect("write the config.json");
            file.persist(&app.config_file).expect("name the config.json");
        }
        self.state().register(app.clone());
        app
    }

    /// All requests so far, in the order they were answered; refused proxy requests included.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    pub fn clear_requests(&self) {
        self.state().requests.clear();
    }

    /// Makes a folder of the person's, below `parent` (`0` is the root); returns its ID.
    pub fn create_folder(&self, parent: &str, name: &str) -> String {
        let mut state = self.state();
        let parent = state.tree.find(ACCOUNT_ID, parent).expect("a folder of the person's").id;
        state.tree.add(Some(parent), ACCOUNT_ID, name, None).to_string()
    }

    /// Shares a folder of the person's with another user, a service account for one.
    pub fn share(&self, folder: &str, user_id: &str) {
        let mut state = self.state();
        let folder = state.tree.find(ACCOUNT_ID, folder).expect("a folder of the person's").id;
        state.tree.get_mut(folder).shared_with.push(user_id.to_owned());
    }

    /// Moves a file or folder of the person's to the trash.
    pub fn trash(&self, id: &str) {
        let mut state = self.state();
        let id = state.tree.find(ACCOUNT_ID, id).expect("an item of the person's").id;
        state.tree.trash(id);
    }

    /// Path and size in bytes of each of the person's files, sorted by path.
    pub fn files(&self) -> Vec<(String, usize)> {
        self.files_of(ACCOUNT_ID)
    }

    /// The same for another user.
    pub fn files_of(&self, user_id: &str) -> Vec<(String, usize)> {
        self.state().tree.files(user_id)
    }

    /// Adds a fault; where several hit, the one added first does.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Sets the person's account: name, quota, limits.
    pub fn set_account(&self, account: Account) {
        self.state().users.insert(ACCOUNT_ID.to_owned(), account);
    }

    /// The person's account as it is, to be changed and set again.
    pub fn account(&self) -> Account {
        self.state().users[ACCOUNT_ID].clone()
    }
}
