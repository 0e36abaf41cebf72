//! A shell in a terminal, in its own home with pluton on the PATH and its completions installed.

use std::fs::{self, File};
use std::io::Write as _;
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::kinds::Kind;
pub(crate) use crate::support::PLUTON;
use crate::support::session::chunks;
use crate::support::skip;

/// Far longer than anything here takes; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);
const SIDES: (u16, u16) = (50, 160);

/// To the end of the line, and away with all of it.
const CLEAR: &str = "\u{5}\u{15}";
/// Bound in each shell: the line goes to a file.
const TELL: &str = "\u{7}";

/// What a user's directory holds.
pub(crate) struct Home {
    dir: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary home");
        let home = Self { dir };
        fs::create_dir(home.path("bin")).expect("a directory");
        std::os::unix::fs::symlink(PLUTON, home.path("bin/pluton")).expect("a link");
        // Whoever starts it is told on.
        home.file("bin/rclone", "#!/bin/sh\n: > \"$HOME/rclone-was-started\"\n");
        fs::set_permissions(home.path("bin/rclone"), fs::Permissions::from_mode(0o755)).expect("a program");
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
        self
    }

    pub(crate) fn config(&self, text: &str) -> &Self {
        self.file(".config/rclone/rclone.conf", text)
    }

    /// A program in this home, with no other environment.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().envs(self.env()).current_dir(self.dir.path());
        command
    }

    fn env(&self) -> [(&'static str, String); 4] {
        [
            ("HOME", self.dir.path().display().to_string()),
            ("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display())),
            ("TERM", "xterm-256color".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
        ]
    }

    /// What `pluton completions SHELL` prints.
    pub(crate) fn script(&self, shell: &str) -> String {
        let output = self.command(PLUTON).args(["completions", shell]).output().expect("pluton runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    pub(crate) fn rclone_was_started(&self) -> bool {
        self.path("rclone-was-started").exists()
    }
}

pub(crate) struct Session<'a> {
    home: &'a Home,
    child: Child,
    terminal: File,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
}

impl<'a> Session<'a> {
    /// The shell at its first prompt; nothing if it is not installed here.
    pub(crate) fn start(home: &'a Home, kind: Kind) -> Option<Self> {
        if let Some(missing) = kind.lacks() {
            skip(&format!("there is no {missing}"));
            return None;
        }
        let command = kind.install(home);
        let (pty, pts) = pty_process::blocking::open().expect("a pseudo-terminal");
        pty.resize(pty_process::Size::new(SIDES.0, SIDES.1)).expect("a size");
        let child = pty_process::blocking::Command::from(command).spawn(pts).expect("the shell starts");
        let terminal = File::from(OwnedFd::from(pty));
        let output = chunks(terminal.try_clone().expect("a second handle"));
        let side = |length| NonZeroU16::new(length).expect("a side");
        let screen = vt100::Parser::new(side(SIDES.0), side(SIDES.1), 0);
        let mut session = Self { home, child, terminal, output, screen };
        session.shows(&["READY> "]);
        Some(session)
    }

    pub(crate) fn types(&mut self, keys: &str) -> &mut Self {
        self.terminal.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self
    }

    /// The line after these keys and TAB.
    #[track_caller]
    pub(crate) fn completes(&mut self, keys: &str) -> String {
        self.types(keys).types("\t").line()
    }

    /// The line as it stands; then it is cleared.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let told = self.home.path("line");
        self.types(TELL);
        let since = Instant::now();
        while !told.exists() {
            assert!(since.elapsed() < PATIENCE, "the shell tells no line:\n{}", self.contents());
            self.look(Duration::from_millis(10));
        }
        let line = fs::read_to_string(&told).expect("the line");
        fs::remove_file(&told).expect("it is told once");
        self.types(CLEAR);
        line.trim_end_matches('\n').to_owned()
    }

    /// Waits until all of this is on the screen.
    #[track_caller]
    pub(crate) fn shows(&mut self, words: &[&str]) -> String {
        let since = Instant::now();
        loop {
            let contents = self.contents();
            if words.iter().all(|word| contents.contains(word)) {
                return contents;
            }
            assert!(since.elapsed() < PATIENCE, "not all of {words:?} on the screen:\n{contents}");
            self.look(Duration::from_millis(50));
        }
    }

    fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    fn look(&mut self, wait: Duration) {
        if let Ok(chunk) = self.output.recv_timeout(wait) {
            self.screen.process(&chunk);
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the program prints and how it ends, without a terminal.
pub(crate) fn run(command: &mut Command) -> (bool, String) {
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
