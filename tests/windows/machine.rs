//! A Windows machine with one user, emptied for each test.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox};

use crate::support::session::Session;
use crate::support::{Args, Ran, skip};

/// There is one Wine prefix.
static MACHINE: Mutex<()> = Mutex::new(());

pub(crate) struct Windows {
    pub(crate) sandbox: Sandbox,
    dir: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Windows {
    /// `None` where there is no Wine.
    pub(crate) fn new() -> Option<Self> {
        let Some(dir) = std::env::var_os("PLUTON_WINDOWS").map(PathBuf::from) else {
            skip("PLUTON_WINDOWS names no pluton.exe with a Wine prefix; .ci/platforms makes one");
            return None;
        };
        let turn = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
        let machine = Self { sandbox: Sandbox::start(), dir, _turn: turn };
        for made in ["Roaming/rclone", "Local/pluton"] {
            let _ = fs::remove_dir_all(machine.app_data().join(made));
        }
        Some(machine)
    }

    fn app_data(&self) -> PathBuf {
        let users = self.dir.join("prefix/drive_c/users");
        let mut users = fs::read_dir(users).expect("a Wine prefix").flatten().map(|user| user.path());
        users.find(|user| !user.ends_with("Public")).expect("a user").join("AppData")
    }

    /// `%APPDATA%\rclone\rclone.conf`.
    pub(crate) fn config(&self) -> PathBuf {
        self.app_data().join("Roaming/rclone/rclone.conf")
    }

    pub(crate) fn config_text(&self) -> String {
        fs::read_to_string(self.config()).expect("rclone.conf")
    }

    /// Staged sections of unfinished runs.
    pub(crate) fn staged(&self) -> Vec<PathBuf> {
        let staged = fs::read_dir(self.app_data().join("Local/pluton/data/staged"));
        staged.into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    }

    pub(crate) fn mint(&self) -> box_sandbox::Token {
        self.sandbox.mint(RCLONE_CLIENT_ID)
    }

    fn command(&self, program: &str, args: impl Args) -> Command {
        let mut command = Command::new("wine64");
        command.arg(self.dir.join(program)).args(args.list()).env_clear();
        for name in ["PATH", "WINESERVER"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        for (name, value) in self.sandbox.env() {
            let is_file = ["RCLONE_CA_CERT", "SSL_CERT_FILE"].contains(&name);
            command.env(name, if is_file { windows_path(Path::new(&value)).into() } else { value });
        }
        command
            .env("HOME", &self.dir)
            .env("TERM", "xterm-256color")
            .env("WINEPREFIX", self.dir.join("prefix"))
            .env("WINEDEBUG", "-all")
            .env("WINEPATH", windows_path(&self.dir));
        command
    }

    pub(crate) fn pluton(&self, args: impl Args) -> Ran {
        self.pluton_with_stdin(args, "")
    }

    pub(crate) fn pluton_with_stdin(&self, args: impl Args, stdin: &str) -> Ran {
        let mut child = self.start(args);
        let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
        Ran::from(child)
    }

    pub(crate) fn start(&self, args: impl Args) -> Child {
        let mut command = self.command("pluton.exe", args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("wine64 starts")
    }

    /// pluton in a console.
    pub(crate) fn session(&self, args: impl Args) -> Session {
        Session::start(self.command("pluton.exe", args).into(), 100)
    }

    /// Another program that has rclone.conf open and so prevents its replacement, until its input ends.
    pub(crate) fn hold(&self) -> Child {
        let mut command = self.command("hold.exe", [windows_path(&self.config())]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("hold.exe starts");
        let mut first = [0];
        let out = child.stdout.as_mut().expect("piped");
        std::io::Read::read_exact(out, &mut first).expect("it has the file open");
        child
    }

    pub(crate) fn adds(&self, name: &str) {
        let args = "storage add box --token-file - --no-input".and([name]);
        self.pluton_with_stdin(args, &self.mint().block()).ok();
    }
}

/// Wine's drive Z is the root directory.
fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}
