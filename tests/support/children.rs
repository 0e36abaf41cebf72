//! The programs that pluton starts: a logged rclone, a scripted one, signals, and whether a process is still running
//! afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Home, PLUTON};

/// Generous: a busy machine must not fail a test.
const PATIENCE: Duration = Duration::from_secs(30);

impl Home {
    /// From here on each rclone that pluton starts is written down: its process ID and its arguments.
    pub(crate) fn log_children(&self) -> &Self {
        let log = self.children_log();
        let text = format!(
            "echo \"$$ $0 $(printf '%s' \"$*\" | tr '\\n' ' ')\" >> '{}'\nexec '{}' \"$@\"",
            log.display(),
            self.rclone.display()
        );
        self.script_rclone(&text)
    }

    /// The children so far, as `PID PROGRAM ARGUMENTS`.
    pub(crate) fn children(&self) -> Vec<String> {
        fs::read_to_string(self.children_log()).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Puts a shell script in rclone's place, for what a real one cannot do. `rclone` here still runs the real one.
    pub(crate) fn script_rclone(&self, text: &str) -> &Self {
        self.script("rclone", text)
    }

    /// A program in this home's first PATH directory.
    pub(crate) fn script(&self, name: &str, text: &str) -> &Self {
        let bin = self.path().join("bin");
        let source = bin.join(format!("{name}.sh"));
        fs::write(&source, format!("#!/bin/sh\n{text}\n")).expect("a script");
        let _ = fs::remove_file(bin.join(name));
        // Copied by another process: a program that this one holds open for writing cannot be started.
        let status = Command::new("install").args(["-m", "755"]).arg(&source).arg(bin.join(name)).status();
        assert!(status.expect("install runs").success());
        self
    }

    /// A file beside the programs, which `files` leaves out.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.path().join("bin").join(name)
    }

    /// Starts pluton with all its streams piped, and returns at once.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        let mut command = self.command(PLUTON);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("pluton starts")
    }

    fn children_log(&self) -> PathBuf {
        self.beside("children.log")
    }
}

/// Ctrl-C, as a terminal would send it to this process.
pub(crate) fn interrupt(child: &Child) {
    signal(child, rustix::process::Signal::INT);
}

pub(crate) fn terminate(child: &Child) {
    signal(child, rustix::process::Signal::TERM);
}

/// What a terminal's end sends.
pub(crate) fn hang_up(child: &Child) {
    signal(child, rustix::process::Signal::HUP);
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process ID");
    // One that has ended stays a process until it is waited for.
    rustix::process::kill_process(pid, signal).expect("it is still there");
}

/// Waits until `look` finds something.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "never came: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A killed process may take a moment to disappear; one that stays fails the test.
#[track_caller]
pub(crate) fn wait_until_gone(pid: &str) {
    wait_for(&format!("the end of process {pid}"), || (!is_alive(pid)).then_some(()));
}

/// A zombie does not count as running: in a container nobody may reap it.
pub(crate) fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
