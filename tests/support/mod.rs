//! What all tests of the built program share: a hermetic home with its own HOME, a PATH with one rclone, the loopback Box and
//! nothing else; a person at a terminal; and `skip`, through which each test that cannot run here says so.
//!
//! Texts that people read, and files made from the program's own types, are checked in and compared. After a change,
//! `PLUTON_REGENERATE=1 cargo test --test diagnosis --test generated --test pictures` writes them anew: read the difference.
#![allow(dead_code, unused_imports, reason = "each test program uses its part")]

mod children;
pub(crate) mod desk;
pub(crate) mod session;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use box_sandbox::Sandbox;
pub(crate) use box_sandbox::skip;
use serde_json::Value as Json;
use tempfile::TempDir;

pub(crate) use children::{hang_up, interrupt, is_alive, terminate, wait_for, wait_until_gone};

/// The program of this build.
pub(crate) const PLUTON: &str = env!("CARGO_BIN_EXE_pluton");

/// One user's machine: a home directory and one rclone.
pub(crate) struct Home {
    dir: TempDir,
    rclone: PathBuf,
    env: Vec<(OsString, OsString)>,
}

/// What a run of pluton left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    /// A home whose rclone reaches `sandbox` and no one else.
    pub(crate) fn new(sandbox: &Sandbox, rclone: &Path) -> Self {
        let dir = tempfile::tempdir().expect("a temporary home");
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).expect("a bin directory");
        std::os::unix::fs::symlink(rclone, bin.join("rclone")).expect("a link to rclone");
        // This machine's own timers are none of a test's.
        for name in ["systemctl", "crontab"] {
            use std::os::unix::fs::PermissionsExt as _;
            fs::write(bin.join(name), "#!/bin/sh\necho 'not in a test' >&2\nexit 1\n").expect("a script");
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        let mut env: Vec<(OsString, OsString)> =
            sandbox.env().into_iter().map(|(name, value)| (name.into(), value)).collect();
        // Halves the time in which an rclone starts: no garbage collection, no tables for a terminal of its own.
        env.extend([("GOGC", "off"), ("TCELL_MINIMIZE", "1")].map(|(name, value)| (name.into(), value.into())));
        env.push(("HOME".into(), dir.path().into()));
        let mut path = bin.into_os_string();
        path.push(":/usr/bin:/bin");
        env.push(("PATH".into(), path));
        Self { dir, rclone: rclone.to_owned(), env }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Sets a variable for every later run.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Takes a variable away from every later run.
    pub(crate) fn unset(&mut self, name: &str) -> &mut Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn env(&self) -> &[(OsString, OsString)] {
        &self.env
    }

    /// Where rclone and pluton keep rclone.conf in this home.
    pub(crate) fn config(&self) -> PathBuf {
        self.path().join(".config/rclone/rclone.conf")
    }

    pub(crate) fn config_text(&self) -> String {
        fs::read_to_string(self.config()).unwrap_or_default()
    }

    pub(crate) fn write_config(&self, text: &str) {
        let config = self.config();
        fs::create_dir_all(config.parent().expect("a directory")).expect("the directory");
        fs::write(config, text).expect("rclone.conf");
    }

    /// Writes a file into the home and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// A command in this home with no other environment. `PLUTON_UNDER_TEST` names a pluton that was built for another system.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let program = program.as_ref();
        let other = std::env::var_os("PLUTON_UNDER_TEST").filter(|_| program == PLUTON);
        let mut command = Command::new(other.as_deref().unwrap_or(program));
        command.env_clear().envs(self.env.iter().map(|(name, value)| (name, value))).current_dir(self.path());
        command
    }

    pub(crate) fn pluton(&self, args: &[&str]) -> Ran {
        self.pluton_with_stdin(args, "")
    }

    pub(crate) fn pluton_with_stdin(&self, args: &[&str], stdin: &str) -> Ran {
        let mut command = self.command(PLUTON);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("pluton starts");
        // pluton may end without reading it.
        let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
        child.wait_with_output().expect("pluton ends").into()
    }

    /// Runs pluton with `--json` and returns its exit code and the document.
    pub(crate) fn json(&self, args: &[&str]) -> (i32, Json) {
        let ran = self.pluton(&[args, &["--json"]].concat());
        (ran.code, ran.document())
    }

    /// The rclone of this home, reading this home's rclone.conf.
    pub(crate) fn rclone(&self, args: &[&str]) -> Ran {
        self.command(&self.rclone).args(args).stdin(Stdio::null()).output().expect("rclone runs").into()
    }

    /// What rclone reads in rclone.conf.
    pub(crate) fn dump(&self) -> Json {
        let ran = self.rclone(&["config", "dump"]);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("config dump ({error}): {ran:?}"))
    }

    /// The token that rclone reads for `storage`.
    pub(crate) fn token(&self, storage: &str) -> Json {
        let dump = self.dump();
        let text = dump[storage]["token"].as_str().unwrap_or_else(|| panic!("{storage} has a token: {dump}"));
        serde_json::from_str(text).expect("the token is JSON")
    }

    /// As rclone.conf is once the access token of `storage` has ended.
    pub(crate) fn after_an_hour(&self, storage: &str) {
        let old = self.token(storage);
        let mut new = old.clone();
        new["expiry"] = "2020-01-01T00:00:00Z".into();
        let text = self.config_text();
        let line = |token: &Json| {
            let refresh = token["refresh_token"].as_str().unwrap_or_default().to_owned();
            text.lines().find(|line| line.starts_with("token") && line.contains(&refresh)).map(str::to_owned)
        };
        let line = line(&old).expect("the token's line");
        self.write_config(&text.replace(&line, &format!("token = {new}")));
    }

    /// The permission bits of a file or directory in this home.
    pub(crate) fn mode(&self, path: impl AsRef<Path>) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path().join(path);
        fs::metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o7777
    }

    /// Every file below the home that pluton or rclone made, relative to it.
    pub(crate) fn files(&self) -> Vec<String> {
        fn walk(dir: &Path, into: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    walk(&entry.path(), into);
                } else {
                    into.push(entry.path());
                }
            }
        }
        let mut found = Vec::new();
        walk(self.path(), &mut found);
        let mut names: Vec<String> = found
            .iter()
            .filter_map(|path| path.strip_prefix(self.path()).ok())
            .map(|path| path.to_string_lossy().into_owned())
            .filter(|path| !path.starts_with("bin/"))
            .collect();
        names.sort();
        names
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Standard output, which is one JSON document and nothing else.
    #[track_caller]
    pub(crate) fn document(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not one JSON document ({error}): {self:?}"))
    }

    /// Nothing that was shown holds any of these.
    #[track_caller]
    pub(crate) fn keeps<S: AsRef<str>>(self, secrets: &[S]) -> Self {
        for secret in secrets.iter().map(AsRef::as_ref) {
            assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "{secret} was shown: {self:?}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// Whether this run writes the texts that it would compare.
pub(crate) fn regenerates() -> bool {
    std::env::var_os("PLUTON_REGENERATE").is_some()
}
