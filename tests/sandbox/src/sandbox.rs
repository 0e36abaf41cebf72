//! The handle that a test uses to arrange faults and accounts, and to inspect what was asked.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::account::ACCOUNT_ID;
use crate::state::World;
use crate::tokens::random_id;
use crate::{Account, App, AppKind, AppSpec, Fault, JwtApp, Request, Settings, Token, certificates, server};

/// A running Box on 127.0.0.1. It stops, and its files go, when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    address: SocketAddr,
    directory: TempDir,
    ca_file: std::path::PathBuf,
    key_pin: String,
    runtime: Option<Runtime>,
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
        let directory = tempfile::Builder::new().prefix("box-sandbox-").tempdir();
        let directory = directory.expect("a temporary directory");
        let ca_file = directory.path().join("ca.pem");
        let (tls, key_pin) = certificates::issue(&ca_file, settings.certificate_expired);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind(("127.0.0.1", settings.port)))
            .expect("a free port on 127.0.0.1");
        let address = listener.local_addr().expect("the port that was bound");
        let world = Arc::new(World::new(settings));
        runtime.spawn(server::run(listener, tls, Arc::clone(&world)));
        Self { world, address, directory, ca_file, key_pin, runtime: Some(runtime) }
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

    pub fn app(&self, spec: AppSpec) -> App {
        self.world.state().register(spec, None)
    }

    /// A new app for the client-credentials grant.
    pub fn client_credentials_app(&self) -> App {
        self.app(AppSpec { kind: AppKind::ClientCredentials, ..AppSpec::default() })
    }

    /// A new service account, its config.json written.
    pub fn jwt_app(&self) -> JwtApp {
        self.jwt_app_with(AppSpec::default())
    }

    /// The same with something missing; the kind of `spec` does not matter.
    pub fn jwt_app_with(&self, spec: AppSpec) -> JwtApp {
        let key_id = random_id(8);
        let kind = AppKind::Jwt;
        let spec = AppSpec { kind, ..spec };
        let app = self.world.state().register(spec, Some(key_id.clone()));
        let file = format!("{}_config.json", app.client_id);
        let jwt = JwtApp::new(app, key_id, self.directory.path().join(file));
        write_private(&jwt.config_file, &format!("{:#}\n", jwt.config));
        jwt
    }

    /// A token as if the person had just signed in through this OAuth app.
    pub fn mint(&self, client_id: &str) -> Token {
        let lifetime = self.world.settings.access_token_lifetime;
        let mut state = self.world.state();
        let grant = state.personal_grant(client_id);
        state.tokens.sign_in(&grant, lifetime)
    }

    pub fn is_live_refresh(&self, refresh: &str) -> bool {
        self.world.state().tokens.is_live_refresh(refresh)
    }

    /// Whether Box has given another pair for this refresh token, which is dead then or, under the grace rule, soon.
    pub fn is_renewed(&self, refresh: &str) -> bool {
        self.world.state().tokens.is_renewed(refresh)
    }

    pub fn is_live_access(&self, access: &str) -> bool {
        self.world.state().tokens.bearer(access).is_some()
    }

    /// Whether the grace rule of refresh tokens is in force.
    pub fn has_grace(&self) -> bool {
        self.world.settings.grace
    }

    /// Expires all access tokens, as after an hour.
    pub fn expire_access_tokens(&self) {
        self.world.state().tokens.expire_access();
    }

    /// Expires this refresh token, as after sixty days.
    pub fn expire_refresh(&self, refresh: &str) {
        self.world.state().tokens.expire_refresh(refresh);
    }

    /// The person removes every app's access.
    pub fn revoke_all(&self) {
        self.world.state().tokens.revoke_all();
    }

    /// All requests so far, in the order they were answered; refused proxy requests included.
    pub fn requests(&self) -> Vec<Request> {
        self.world.state().requests.clone()
    }

    pub fn clear_requests(&self) {
        self.world.state().requests.clear();
    }

    /// Makes a folder of the person's, below `parent` (`0` is the root); returns its ID.
    pub fn create_folder(&self, parent: &str, name: &str) -> String {
        let mut state = self.world.state();
        let parent = state.tree.find(ACCOUNT_ID, parent);
        let parent = parent.expect("a folder of the person's").id;
        let id = state.tree.add(Some(parent), ACCOUNT_ID, name, None);
        id.to_string()
    }

    /// Shares a folder of the person's with another user, a service account for one.
    pub fn share(&self, folder: &str, user_id: &str) {
        let mut state = self.world.state();
        let folder = state.tree.find(ACCOUNT_ID, folder);
        let folder = folder.expect("a folder of the person's").id;
        state.tree.share(folder, user_id);
    }

    /// Moves a file or folder of the person's to the trash.
    pub fn trash(&self, item: &str) {
        let mut state = self.world.state();
        let item = state.tree.find(ACCOUNT_ID, item).expect("an item of the person's").id;
        state.tree.trash(item);
    }

    /// Path and size in bytes of each of the person's files, sorted by path.
    pub fn files(&self) -> Vec<(String, usize)> {
        self.files_of(ACCOUNT_ID)
    }

    /// The same for another user.
    pub fn files_of(&self, user_id: &str) -> Vec<(String, usize)> {
        self.world.state().tree.files(user_id)
    }

    /// Adds a fault; where several hit, the one added first does.
    pub fn fault(&self, fault: Fault) {
        self.world.state().faults.push(fault);
    }

    pub fn clear_faults(&self) {
        self.world.state().faults.clear();
    }

    /// Whether the person says no when asked to let an app in.
    pub fn refuse_consent(&self, refuse: bool) {
        self.world.state().refuse_consent = refuse;
    }

    /// Whether the browser shows a page with two buttons instead of going straight back.
    pub fn consent_page(&self, show: bool) {
        self.world.state().consent_page = show;
    }

    /// Changes the person's account: name, quota, limits.
    pub fn set_account(&self, account: Account) {
        let mut state = self.world.state();
        state.users.insert(ACCOUNT_ID.to_owned(), account);
    }

    /// The person's account as it is, to be changed and set again.
    pub fn account(&self) -> Account {
        self.world.state().users[ACCOUNT_ID].clone()
    }

    /// Makes the proxy ask for a user and a password from now on.
    pub fn proxy_login(&self, user: &str, password: &str) {
        self.world.state().proxy_login = Some(format!("{user}:{password}"));
    }

    /// From here on the proxy refuses every host with this status.
    pub fn proxy_refuses(&self, status: u16) {
        self.world.state().proxy_refuses = Some(status);
    }

    /// From here on the proxy refuses this host with 403, as a firewall that knows only some of Box's hosts.
    pub fn block_host(&self, host: &str) {
        self.world.state().blocked_hosts.insert(host.to_owned());
    }

    /// Whether Box writes every size and quota as a float; it always does so from fifteen digits on.
    pub fn float_sizes(&self, floats: bool) {
        self.world.state().float_sizes = floats;
    }

    /// How often the download of a file that is uploaded from here on is answered with 202 and `Retry-After: 1`.
    pub fn fresh_files_wait(&self, times: u32) {
        self.world.state().fresh_waits = times;
    }

    /// Moves Box's clock this many seconds ahead of the machine's, or behind.
    pub fn set_clock_skew(&self, seconds: i64) {
        self.world.state().clock_skew = seconds;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn write_private(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.expect("write in the sandbox's directory");
}
