//! A sandbox, an rclone, and a config file with one remote called `bx`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, Token, rclone};
use tempfile::TempDir;

/// Runs a test with each version of rclone, side by side.
pub(crate) fn with_each(test: impl Fn(Bench) + Sync) {
    std::thread::scope(|scope| {
        for binary in rclone::both() {
            let test = &test;
            scope.spawn(move || test(Bench::new(&binary, Sandbox::start())));
        }
    });
}

/// The same one after the other, for what only one rclone can do at a time.
pub(crate) fn with_each_in_turn(test: impl Fn(Bench)) {
    for binary in rclone::both() {
        test(Bench::new(&binary, Sandbox::start()));
    }
}

pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) directory: TempDir,
    binary: PathBuf,
}

impl Bench {
    pub(crate) fn new(binary: &Path, sandbox: Sandbox) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let binary = binary.to_owned();
        Self { sandbox, directory, binary }
    }

    /// Writes the section; `keys` are whole lines.
    pub(crate) fn configure(&self, keys: &str) {
        let text = format!("[bx]\ntype = box\n{keys}\n");
        fs::write(self.config(), text).expect("write the config");
    }

    /// Signs `bx` in through rclone's own app.
    pub(crate) fn sign_in(&self) -> Token {
        let token = self.sandbox.mint(RCLONE_CLIENT_ID);
        self.configure(&format!("token = {}", token.blob()));
        token
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.directory.path().join("rclone.conf")
    }

    /// A key of the section as rclone left it.
    pub(crate) fn key(&self, name: &str) -> Option<String> {
        let text = fs::read_to_string(self.config()).expect("read the config");
        let mut lines = text.lines().filter_map(|line| line.split_once(" = "));
        let found = lines.find(|(key, _)| *key == name);
        found.map(|(_, value)| value.to_owned())
    }

    pub(crate) fn token(&self) -> serde_json::Value {
        let token = self.key("token").expect("a token in the section");
        serde_json::from_str(&token).expect("a token is JSON")
    }

    /// rclone with nothing of this machine's environment but the sandbox's.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.directory.path())
            .envs(self.sandbox.env())
            .stdin(Stdio::null())
            .current_dir(self.directory.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let config = self.config();
        let mut command = self.command();
        command.args(["--retries", "1", "--config"]).arg(config);
        command.args(arguments).output().expect("run rclone")
    }

    /// Standard output of a run that has to succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {arguments:?}: {errors}", self.binary.display());
        output.stdout
    }

    /// Standard error of a run that has to fail.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let binary = self.binary.display();
        assert!(!output.status.success(), "{binary} {arguments:?} passed");
        errors
    }

    /// The names `lsd bx:` shows.
    pub(crate) fn folders(&self) -> Vec<String> {
        let text = String::from_utf8(self.ok(&["lsf", "--dirs-only", "bx:"])).expect("UTF-8");
        text.lines().map(|line| line.trim_end_matches('/').to_owned()).collect()
    }

    /// Token requests that were granted.
    pub(crate) fn grants(&self) -> usize {
        let requests = self.sandbox.requests();
        let granted = |r: &&box_sandbox::Request| r.path.ends_with("/token") && r.status == 200;
        requests.iter().filter(granted).count()
    }
}
