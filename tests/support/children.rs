//! The programs that pluton starts: a logged rclone, a scripted one, signals, and whether a process is still running
//! afterwards.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Args, Machine, PLUTON, Ran};

/// Generous: a busy machine must not fail a test.
const PATIENCE: Duration = Duration::from_secs(30);

impl Machine {
    /// From here on each rclone that pluton starts is written down: its process ID and its arguments.
    pub(crate) fn log_children(&self) -> &Self {
        let (log, rclone) = (self.children_log(), self.rclone.display());
        self.script_rclone(&format!(
            "echo \"$$ $0 $(printf '%s' \"$*\" | tr '\\n' ' ')\" >> '{}'\nexec '{rclone}' \"$@\"",
            log.display()
        ))
    }

    /// The children so far, as `PID PROGRAM ARGUMENTS`.
    pub(crate) fn children(&self) -> Vec<String> {
        fs::read_to_string(self.children_log()).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Waits until none of them is left.
    #[track_caller]
    pub(crate) fn wait_for_children(&self) {
        for child in self.children() {
            wait_until_gone(child.split(' ').next().expect("a process ID"));
        }
    }

    /// Puts a shell script in rclone's place, for what a real one cannot do. `rclone` here still runs the real one.
    pub(crate) fn script_rclone(&self, text: &str) -> &Self {
        self.script("rclone", text)
    }

    /// A program in this machine's first PATH directory.
    pub(crate) fn script(&self, name: &str, text: &str) -> &Self {
        let source = self.file(&format!("bin/{name}.sh"), &format!("#!/bin/sh\n{text}\n"));
        self.install(source, name)
    }

    /// Puts pluton on this machine's PATH.
    pub(crate) fn link_pluton(&self) -> &Self {
        std::os::unix::fs::symlink(PLUTON, self.beside("pluton")).expect("a link to pluton");
        self
    }

    /// Copied by another process: a program that this one holds open for writing cannot be started.
    pub(crate) fn install(&self, from: impl AsRef<OsStr>, name: &str) -> &Self {
        let to = self.beside(name);
        let _ = fs::remove_file(&to);
        let status = Command::new("install").args(["-m", "755"]).arg(from).arg(to).status();
        assert!(status.expect("install runs").success());
        self
    }

    /// A file beside the programs, which `files` leaves out.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.at("bin").join(name)
    }

    /// A program with its output piped and nothing to read.
    pub(crate) fn piped(&self, program: impl AsRef<OsStr>, args: impl Args) -> Command {
        let mut command = self.command(program);
        command.args(args.list()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts pluton with its output piped, and returns at once.
    pub(crate) fn start(&self, args: impl Args) -> Child {
        self.piped(PLUTON, args).spawn().expect("pluton starts")
    }

    /// Waits until the command that pluton runs has made this file.
    #[track_caller]
    pub(crate) fn wait_for_file(&self, name: &str) {
        until(name, || self.exists(name));
    }

    fn children_log(&self) -> PathBuf {
        self.beside("children.log")
    }
}

/// Waits for a child's end.
impl From<Child> for Ran {
    fn from(child: Child) -> Self {
        child.wait_with_output().expect("it ends").into()
    }
}

/// Runs a program to its end.
impl From<Command> for Ran {
    fn from(mut command: Command) -> Self {
        command.output().expect("it starts").into()
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

/// Waits until `is_so`.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(what, || is_so().then_some(()));
}

/// A killed process may take a moment to disappear; one that stays fails the test.
#[track_caller]
pub(crate) fn wait_until_gone(pid: &str) {
    until(&format!("the end of process {pid}"), || !is_alive(pid));
}

/// A zombie does not count as running: in a container nobody may reap it.
pub(crate) fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// pluton, waiting for somebody to sign in at `link` in a browser.
pub(crate) struct Waiting {
    pub(crate) child: Child,
    pub(crate) link: String,
    errors: BufReader<ChildStderr>,
    said: String,
}

impl Waiting {
    pub(crate) fn start(m: &Machine, args: impl Args) -> Self {
        let mut child = m.start(args);
        let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = String::new();
        let link = loop {
            let read = errors.read_line(&mut said).expect("pluton's words");
            assert!(read > 0, "pluton ended before it gave a link: {said}");
            if let Some(at) = said.find("http://127.0.0.1:53682/auth?") {
                break said[at..].trim().to_owned();
            }
        };
        Self { child, link, errors, said }
    }

    pub(crate) fn end(mut self) -> Ran {
        let (mut stdout, mut stderr) = (String::new(), std::mem::take(&mut self.said));
        self.child.stdout.take().expect("a pipe").read_to_string(&mut stdout).expect("text");
        self.errors.read_to_string(&mut stderr).expect("text");
        Ran { code: self.child.wait().expect("pluton ends").code().unwrap_or(-1), stdout, stderr }
    }
}

/// A test that fails must leave nobody on the browser's port.
impl Drop for Waiting {
    fn drop(&mut self) {
        // Asked to end, since pluton takes its own child with it.
        if matches!(self.child.try_wait(), Ok(None)) {
            interrupt(&self.child);
        }
        let _ = self.child.wait();
    }
}
