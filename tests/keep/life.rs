//! What each test here starts with: a Box, a home, and storages of every kind in its rclone.conf.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use box_sandbox::{App, RCLONE_CLIENT_ID, Sandbox, Token, rclone};

use crate::support::{Home, Ran};

/// rclone treats a token as expired in its last 10 seconds.
pub(crate) const SHORT: Duration = Duration::from_secs(30);

pub(crate) struct Life {
    pub(crate) sandbox: Sandbox,
    pub(crate) home: Home,
}

/// Runs a test with each rclone there is, side by side.
pub(crate) fn with_each(sandbox: impl Fn() -> Sandbox + Sync, test: impl Fn(Life) + Sync) {
    thread::scope(|scope| {
        for binary in rclone::both() {
            let (sandbox, test) = (&sandbox, &test);
            scope.spawn(move || test(Life::with(sandbox(), &binary)));
        }
    });
}

/// A Box whose access tokens live 30 seconds.
pub(crate) fn hasty() -> Sandbox {
    Sandbox::with_lifetime(SHORT)
}

impl Life {
    pub(crate) fn new() -> Self {
        Self::with(Sandbox::start(), &rclone::newest())
    }

    pub(crate) fn with(sandbox: Sandbox, rclone: &Path) -> Self {
        let home = Home::new(&sandbox, rclone);
        home.write_config("");
        fs::set_permissions(home.config(), fs::Permissions::from_mode(0o600)).expect("a mode");
        Self { sandbox, home }
    }

    /// Adds a section as it stands, without pluton.
    pub(crate) fn section(&self, name: &str, keys: &str) {
        let text = self.home.config_text();
        self.home.write_config(&format!("{text}[{name}]\ntype = box\n{keys}\n"));
    }

    /// A signed-in person, through rclone's own app.
    pub(crate) fn quick(&self, name: &str) -> Token {
        let token = self.sandbox.mint(RCLONE_CLIENT_ID);
        self.section(name, &format!("token = {}", token.blob()));
        token
    }

    /// The same, an hour or more ago.
    pub(crate) fn expired(&self, name: &str) -> Token {
        let mut token = self.sandbox.mint(RCLONE_CLIENT_ID);
        token.expires_at = SystemTime::now() - Duration::from_secs(3 * 3600);
        self.section(name, &format!("token = {}", token.blob()));
        token
    }

    pub(crate) fn own_app(&self, name: &str) -> (App, Token) {
        let app = self.sandbox.own_app();
        let token = self.sandbox.mint(&app.client_id);
        let (id, secret) = (&app.client_id, &app.client_secret);
        self.section(name, &format!("client_id = {id}\nclient_secret = {secret}\ntoken = {}", token.blob()));
        (app, token)
    }

    /// A service account that has no token yet.
    pub(crate) fn jwt(&self, name: &str) -> App {
        let app = self.sandbox.jwt_app();
        let file = app.config_file.display();
        self.section(name, &format!("box_config_file = {file}\nbox_sub_type = enterprise"));
        app
    }

    /// Client credentials that have no token yet.
    pub(crate) fn client_credentials(&self, name: &str) -> App {
        self.client_credentials_with(name, "")
    }

    /// The same with more keys.
    pub(crate) fn client_credentials_with(&self, name: &str, more: &str) -> App {
        let app = self.sandbox.client_credentials_app();
        let (id, secret, enterprise) = (&app.client_id, &app.client_secret, &app.enterprise_id);
        let subject = format!("box_subject_type = enterprise\nbox_subject_id = {enterprise}");
        self.section(name, &format!("client_id = {id}\nclient_secret = {secret}\n{subject}{more}"));
        app
    }

    pub(crate) fn access_token(&self, name: &str) -> Token {
        let token = self.sandbox.mint(RCLONE_CLIENT_ID);
        self.section(name, &format!("access_token = {}", token.access));
        token
    }

    /// The token in rclone.conf works, and where there is a refresh token, so does that.
    #[track_caller]
    pub(crate) fn is_signed_in(&self, name: &str) {
        let token = self.home.token(name);
        let text = |key: &str| token[key].as_str().unwrap_or_default().to_owned();
        assert!(self.sandbox.is_live_access(&text("access_token")), "{name}: {}", self.home.config_text());
        if token["refresh_token"].is_string() {
            assert!(self.sandbox.is_live_refresh(&text("refresh_token")), "{name}");
        }
    }

    #[track_caller]
    pub(crate) fn refresh_token(&self, name: &str) -> String {
        self.home.token(name)["refresh_token"].as_str().expect("a refresh token").to_owned()
    }

    /// Tokens that Box has given out.
    pub(crate) fn grants(&self) -> usize {
        self.sandbox.requests().iter().filter(|r| r.path.ends_with("/oauth2/token") && r.status == 200).count()
    }

    pub(crate) fn pluton(&self, args: &[&str]) -> Ran {
        self.home.pluton(args)
    }

    /// `pluton run NAMES -- sh -c SCRIPT`.
    pub(crate) fn run(&self, names: &[&str], script: &str) -> Ran {
        self.pluton(&[&["run"], names, &["--", "sh", "-c", script]].concat())
    }
}

/// What `--json` says of each storage: its name and its error's code, or "ok".
pub(crate) fn outcomes(document: &serde_json::Value) -> Vec<(String, String)> {
    let each = document["storages"].as_array().expect("storages");
    each.iter()
        .map(|each| {
            let code = if each["ok"] == true { "ok" } else { each["error"]["code"].as_str().expect("a code") };
            (each["name"].as_str().expect("a name").to_owned(), code.to_owned())
        })
        .collect()
}
