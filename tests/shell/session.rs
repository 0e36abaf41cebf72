//! A shell in a terminal, with pluton on its PATH and its completions installed.

use std::fs;
use std::time::{Duration, Instant};

use crate::kinds::Kind;
use crate::support::Machine;
use crate::support::session::Session;

/// Far longer than anything here takes; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// To the end of the line, and away with all of it.
const CLEAR: &str = "\u{5}\u{15}";
/// Bound in each shell: the line goes to a file.
const TELL: &str = "\u{7}";

/// Whoever starts an rclone on this machine is told on.
pub(crate) fn machine() -> Machine {
    let mut m = Machine::new();
    m.set("LC_ALL", "C.UTF-8").link_pluton().script_rclone(": > \"$HOME/rclone-was-started\"");
    m
}

#[track_caller]
pub(crate) fn started_no_rclone(m: &Machine) {
    assert!(!m.exists("rclone-was-started"));
}

pub(crate) struct Shell<'a> {
    m: &'a Machine,
    session: Session,
}

impl<'a> Shell<'a> {
    /// The shell at its first prompt; nothing if it is not installed here.
    pub(crate) fn start(m: &'a Machine, kind: Kind) -> Option<Self> {
        if !kind.is_here() {
            return None;
        }
        let mut shell = Self { m, session: Session::start(kind.install(m).into(), 160) };
        shell.shows(&["READY> "]);
        Some(shell)
    }

    pub(crate) fn types(&mut self, keys: &str) -> &mut Self {
        self.session.types(keys);
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
        self.types(TELL);
        let since = Instant::now();
        while !self.m.exists("line") {
            let screen = self.session.screen();
            assert!(since.elapsed() < PATIENCE, "the shell tells no line:\n{screen}");
        }
        let line = self.m.read("line");
        fs::remove_file(self.m.at("line")).expect("it is told once");
        self.types(CLEAR);
        line.trim_end_matches('\n').to_owned()
    }

    /// Waits until all of this is on the screen.
    #[track_caller]
    pub(crate) fn shows(&mut self, words: &[&str]) -> String {
        let since = Instant::now();
        loop {
            let screen = self.session.screen();
            if words.iter().all(|word| screen.contains(word)) {
                return screen;
            }
            assert!(since.elapsed() < PATIENCE, "not all of {words:?} on the screen:\n{screen}");
        }
    }
}
