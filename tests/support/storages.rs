//! Storages on a machine: tokens and apps of its Box, sections in its rclone.conf, and whether they work.

use std::time::{Duration, SystemTime};

use box_sandbox::{App, AppSpec, Fault, RCLONE_CLIENT_ID, Sandbox, Token};
use serde_json::Value as Json;

use super::{Args, Machine, Ran, Words, names_in};

/// A Box whose access tokens live 30 seconds; rclone treats a token as expired in its last 10.
pub(crate) fn hasty() -> Sandbox {
    Sandbox::with_lifetime(Duration::from_secs(30))
}

/// A token whose access token ended `ago`.
pub(crate) fn aged(mut token: Token, ago: Duration) -> Token {
    token.expires_at = SystemTime::now() - ago;
    token
}

/// A section of rclone.conf.
pub(crate) fn section(name: &str, token: &Token) -> String {
    format!("[{name}]\ntype = box\ntoken = {}\n\n", token.blob())
}

impl Machine {
    /// A token of rclone's own app, as if just signed in.
    pub(crate) fn mint(&self) -> Token {
        self.sandbox.mint(RCLONE_CLIENT_ID)
    }

    /// `pluton storage add box ARGS`, the token on standard input.
    pub(crate) fn add(&self, token: &Token, args: impl Args) -> Ran {
        self.add_text(&token.block(), args)
    }

    pub(crate) fn add_text(&self, token: &str, args: impl Args) -> Ran {
        self.pluton_with_stdin(add("--token-file -").and(args), token)
    }

    /// The same without asking Box.
    pub(crate) fn put(&self, token: &Token, args: impl Args) -> Ran {
        self.add(token, "--no-verify".and(args))
    }

    pub(crate) fn add_json(&self, token: &Token, args: impl Args) -> Ran {
        self.add(token, "--json".and(args))
    }

    /// `pluton storage add box ARGS` with a service account.
    pub(crate) fn add_jwt(&self, app: &App, args: impl Args) -> Ran {
        let file = app.config_file.to_str().expect("UTF-8");
        self.pluton(add(["--box-config-file", file]).and(args))
    }

    /// The same with client credentials for this subject.
    pub(crate) fn add_client_credentials(&self, app: &App, subject: &str, args: impl Args) -> Ran {
        self.pluton(self.client_credentials_args(app, subject).and(args))
    }

    pub(crate) fn client_credentials_args(&self, app: &App, subject: &str) -> Vec<String> {
        add(["--client-credentials", "--box-subject", subject]).and(self.app_args(app))
    }

    /// The flags that name an app, its secret in a file.
    pub(crate) fn app_args(&self, app: &App) -> Vec<String> {
        let secret = self.file("secret", &app.client_secret);
        ["--client-id", &app.client_id, "--client-secret-file", &secret].list()
    }

    /// Adds a section as it stands, without pluton.
    pub(crate) fn section(&self, name: &str, keys: &str) {
        self.write_config(&format!("{}[{name}]\ntype = box\n{keys}\n", self.config_text()));
    }

    /// A signed-in person, through rclone's own app.
    pub(crate) fn quick(&self, name: &str) -> Token {
        let token = self.mint();
        self.section(name, &format!("token = {}", token.blob()));
        token
    }

    /// The same, three hours ago.
    pub(crate) fn expired(&self, name: &str) -> Token {
        let token = aged(self.mint(), Duration::from_secs(3 * 3600));
        self.section(name, &format!("token = {}", token.blob()));
        token
    }

    pub(crate) fn own_app(&self, name: &str) -> (App, Token) {
        self.own_app_with(name, AppSpec::default())
    }

    pub(crate) fn own_app_with(&self, name: &str, spec: AppSpec) -> (App, Token) {
        let app = self.sandbox.app(spec);
        let token = self.sandbox.mint(&app.client_id);
        let (id, secret) = (&app.client_id, &app.client_secret);
        self.section(name, &format!("client_id = {id}\nclient_secret = {secret}\ntoken = {}", token.blob()));
        (app, token)
    }

    /// A service account that has no token yet.
    pub(crate) fn jwt(&self, name: &str) -> App {
        let app = self.sandbox.jwt_app();
        self.jwt_with(name, &app, "");
        app
    }

    /// The same with more keys.
    pub(crate) fn jwt_with(&self, name: &str, app: &App, more: &str) {
        let file = app.config_file.display();
        self.section(name, &format!("box_config_file = {file}\nbox_sub_type = enterprise{more}"));
    }

    /// Client credentials that have no token yet.
    pub(crate) fn client_credentials(&self, name: &str) -> App {
        self.client_credentials_with(name, "")
    }

    pub(crate) fn client_credentials_with(&self, name: &str, more: &str) -> App {
        let app = self.sandbox.client_credentials_app();
        let (id, secret, enterprise) = (&app.client_id, &app.client_secret, &app.enterprise_id);
        let subject = format!("box_subject_type = enterprise\nbox_subject_id = {enterprise}");
        self.section(name, &format!("client_id = {id}\nclient_secret = {secret}\n{subject}{more}"));
        app
    }

    pub(crate) fn access_token(&self, name: &str) -> Token {
        let token = self.mint();
        self.section(name, &format!("access_token = {}", token.access));
        token
    }

    /// The token that rclone reads for `storage`.
    #[track_caller]
    pub(crate) fn token(&self, storage: &str) -> Json {
        token(&self.dump(), storage)
    }

    #[track_caller]
    pub(crate) fn refresh_token(&self, storage: &str) -> String {
        refresh_token(&self.dump(), storage)
    }

    #[track_caller]
    pub(crate) fn access_token_of(&self, storage: &str) -> String {
        self.token(storage)["access_token"].as_str().expect("an access token").to_owned()
    }

    /// The token in rclone.conf works, and where there is a refresh token, so does that.
    #[track_caller]
    pub(crate) fn is_signed_in(&self, storage: &str) {
        let token = self.token(storage);
        let text = |key: &str| token[key].as_str().unwrap_or_default().to_owned();
        assert!(self.sandbox.is_live_access(&text("access_token")), "{storage}: {}", self.config_text());
        if token["refresh_token"].is_string() {
            assert!(self.sandbox.is_live_refresh(&text("refresh_token")), "{storage}: the saved token is spent");
        }
    }

    /// Every refresh token that rclone reads for these storages is the live one.
    #[track_caller]
    pub(crate) fn all_live(&self, storages: impl Words) {
        let dump = self.dump();
        for name in storages.each() {
            let refresh = refresh_token(&dump, name);
            assert!(self.sandbox.is_live_refresh(&refresh), "{name}'s newest token was lost: {}", dump[name]);
        }
    }

    /// rclone lists the storage's root; the names it shows.
    #[track_caller]
    pub(crate) fn lists(&self, storage: &str) -> Vec<String> {
        let ran = self.rclone(["lsf", "--dirs-only", &format!("{storage}:")]).ok();
        ran.stdout.lines().map(|line| line.trim_end_matches('/').to_owned()).collect()
    }

    /// An hour passes, and rclone still lists: the refresh token in rclone.conf is the live one.
    #[track_caller]
    pub(crate) fn works_after_an_hour(&self, storage: &str) {
        for _ in 0..2 {
            self.sandbox.expire_access_tokens();
            self.after_an_hour(storage);
            assert_eq!(self.lists(storage).len(), 3);
            self.all_live(storage);
        }
    }

    /// As rclone.conf is once the access token of `storage` has ended.
    #[track_caller]
    pub(crate) fn after_an_hour(&self, storage: &str) {
        let dump = self.dump();
        let mut token = token(&dump, storage);
        token["expiry"] = "2020-01-01T00:00:00Z".into();
        let (before, now) = (dump[storage]["token"].as_str().unwrap_or_default(), token.to_string());
        let text = self.config_text();
        assert!(text.contains(before), "{before} is not in {text}");
        self.write_config(&text.replace(before, &now));
    }

    /// The directories in which pluton keeps sections that it has not saved yet.
    pub(crate) fn staged(&self) -> Vec<String> {
        let dir = ".local/state/pluton/staged";
        names_in(self.at(dir)).into_iter().map(|name| format!("{dir}/{name}")).collect()
    }

    /// Whether one of them holds a token that Box still renews.
    pub(crate) fn keeps_a_live_token(&self) -> bool {
        let kept = self.staged().into_iter().map(|dir| self.at(dir).join("rclone.conf"));
        kept.filter_map(|file| std::fs::read_to_string(file).ok()).any(|text| {
            let refresh = text.split("\"refresh_token\":\"").nth(1).and_then(|rest| rest.split('"').next());
            refresh.is_some_and(|refresh| self.sandbox.is_live_refresh(refresh))
        })
    }

    /// The staged section itself.
    #[track_caller]
    pub(crate) fn kept(&self) -> String {
        let staged = self.staged();
        let kept = staged.iter().map(|dir| format!("{dir}/rclone.conf")).find(|file| self.exists(file));
        kept.unwrap_or_else(|| panic!("no kept section: {staged:?}"))
    }

    /// What is left of private copies.
    pub(crate) fn copies(&self) -> Vec<String> {
        self.files().into_iter().filter(|path| path.contains("/copies/")).collect()
    }

    /// The only file on disk is rclone.conf, private, in private directories.
    #[track_caller]
    pub(crate) fn leaves_only_rclone_conf(&self) {
        assert_eq!(self.files(), [".config/rclone/rclone.conf"]);
        assert_eq!(self.mode(self.config()), 0o600);
        assert_eq!(self.mode(self.config_dir()), 0o700);
        assert_eq!(self.mode(".local/state/pluton/staged"), 0o700);
    }

    /// A run that must fail this way, leave rclone.conf unchanged and nothing staged; its error.
    #[track_caller]
    pub(crate) fn refuses(&self, run: impl FnOnce() -> Ran, exit: i32, code: &str) -> Json {
        let before = self.config_text();
        let error = run().refused(exit, code);
        assert_eq!(self.config_text(), before);
        assert!(self.staged().is_empty(), "{:?}", self.staged());
        error
    }

    /// Box replaces the next token that rclone renews at once, and answers after this.
    pub(crate) fn delay_renewal(&self, delay: Duration) {
        // rclone asks twice: Box refuses the first way in which it names its app.
        self.sandbox.fault(Fault::on("POST", "/api/oauth2/token").times(1));
        self.sandbox.fault(Fault::on("POST", "/api/oauth2/token").delay(delay));
    }

    /// Since `log_children` no program was started, and nobody sent a request.
    #[track_caller]
    pub(crate) fn did_nothing(&self) {
        assert_eq!((self.children(), self.sandbox.requests().len()), (vec![], 0));
    }

    /// Requests for a token, answered or not.
    pub(crate) fn asked(&self) -> usize {
        self.sandbox.requests().iter().filter(|request| request.path.ends_with("/oauth2/token")).count()
    }

    /// Tokens that Box has given out.
    pub(crate) fn grants(&self) -> usize {
        let requests = self.sandbox.requests();
        requests.iter().filter(|request| request.path.ends_with("/oauth2/token") && request.status == 200).count()
    }
}

fn add(args: impl Args) -> Vec<String> {
    "storage add box".and(args)
}

#[track_caller]
fn token(dump: &Json, storage: &str) -> Json {
    let text = dump[storage]["token"].as_str().unwrap_or_else(|| panic!("{storage} has no token: {dump}"));
    serde_json::from_str(text).expect("the token is JSON")
}

/// The refresh token of a storage in what rclone reads.
#[track_caller]
pub(crate) fn refresh_token(dump: &Json, storage: &str) -> String {
    let token = token(dump, storage);
    token["refresh_token"].as_str().unwrap_or_else(|| panic!("{storage} has no refresh token: {token}")).to_owned()
}
