//! A sandbox, an rclone, and a config file with one remote called `bx`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::UNIX_EPOCH;

use box_sandbox::{App, RCLONE_CLIENT_ID, Sandbox, Settings, Token, rclone};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const USERS_ME: &str = "https://api.box.com/2.0/users/me";

/// Runs a test with each version of rclone, side by side.
pub(crate) fn with_each(test: impl Fn(Bench) + Sync) {
    std::thread::scope(|scope| {
        for binary in rclone::both() {
            let test = &test;
            scope.spawn(move || test(Bench::new(&binary, Settings::default())));
        }
    });
}

/// The same one after the other, for what only one rclone can do at a time.
pub(crate) fn with_each_in_turn(test: impl Fn(Bench)) {
    for binary in rclone::both() {
        test(Bench::new(&binary, Settings::default()));
    }
}

pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    directory: TempDir,
    binary: PathBuf,
}

impl Bench {
    pub(crate) fn new(binary: &Path, settings: Settings) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self { sandbox: Sandbox::with(settings), directory, binary: binary.to_owned() }
    }

    /// With the newest rclone alone.
    pub(crate) fn newest() -> Self {
        Self::new(&rclone::newest(), Settings::default())
    }

    /// Writes the section; `keys` are whole lines.
    pub(crate) fn configure(&self, keys: &str) {
        fs::write(self.config(), format!("[bx]\ntype = box\n{keys}\n")).expect("write the config");
    }

    /// Signs `bx` in through rclone's own app.
    pub(crate) fn sign_in(&self) -> Token {
        let token = self.sandbox.mint(RCLONE_CLIENT_ID);
        self.configure(&format!("token = {}", token.blob()));
        token
    }

    /// The same with an access token that has expired.
    pub(crate) fn sign_in_an_hour_ago(&self) -> Token {
        let token = Token { expires_at: UNIX_EPOCH, ..self.sandbox.mint(RCLONE_CLIENT_ID) };
        self.configure(&format!("token = {}", token.blob()));
        token
    }

    fn config(&self) -> PathBuf {
        self.directory.path().join("rclone.conf")
    }

    /// Writes a file that runs find by its name.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("make the directory");
        fs::write(path, content).expect("write a file");
    }

    /// The token of the section as rclone left it.
    pub(crate) fn token(&self) -> Value {
        let text = fs::read_to_string(self.config()).expect("read the config");
        let token = text.lines().find_map(|line| line.strip_prefix("token = ")).expect("a token in the section");
        serde_json::from_str(token).expect("a token is JSON")
    }

    /// rclone with nothing of this machine's environment but the sandbox's.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.directory.path())
            .env("RCLONE_CONFIG", self.config())
            .envs(self.sandbox.env())
            .stdin(Stdio::null())
            .current_dir(self.directory.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(["--retries", "1"]).args(arguments).output().expect("run rclone")
    }

    /// Standard output of a run that has to succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {arguments:?}: {errors}", self.binary.display());
        output.stdout
    }

    /// A run that has to fail, at the first try, and to say this on standard error.
    pub(crate) fn fails(&self, arguments: &[&str], words: &str) {
        let output = self.run(&[arguments, &["--low-level-retries", "1"]].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        let binary = self.binary.display();
        assert!(!output.status.success(), "{binary} {arguments:?} passed");
        assert!(errors.contains(words), "{binary} {arguments:?}: {errors}");
    }

    /// The names of the folders in the root.
    pub(crate) fn folders(&self) -> Vec<String> {
        let text = String::from_utf8(self.ok(&["lsf", "--dirs-only", "bx:"])).expect("UTF-8");
        text.lines().map(|line| line.trim_end_matches('/').to_owned()).collect()
    }

    /// Token requests that were granted.
    pub(crate) fn grants(&self) -> usize {
        let requests = self.sandbox.requests();
        requests.iter().filter(|request| request.path.ends_with("/token") && request.status == 200).count()
    }
}

/// Asks the token endpoint for a grant to this app; status and body of the answer.
pub(crate) fn grant(sandbox: &Sandbox, app: &App, kind: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let app = [("grant_type", kind), ("client_id", &app.client_id), ("client_secret", &app.client_secret)];
    let page = sandbox.post_form("https://api.box.com/oauth2/token", &[&app, fields].concat());
    (page.status, serde_json::from_str(&page.body).expect("Box answers with JSON"))
}

/// What an address of Box's API shows to whoever has this access token.
pub(crate) fn get(sandbox: &Sandbox, url: &str, access: &str) -> Value {
    serde_json::from_str(&sandbox.get_as(url, access).body).expect("Box answers with JSON")
}
