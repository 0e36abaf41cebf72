//! The only room that starts other programs. A child gets its own process group, no standard input and a deadline;
//! when it is ended, its children end with it.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::interrupt;

/// How often the flag of Ctrl-C is looked at.
const TICK: Duration = Duration::from_millis(25);
/// What a child gets between SIGTERM and SIGKILL: rclone may be saving a token that exists nowhere else.
const GRACE: Duration = Duration::from_secs(3);
/// How long output may still come from children that outlive the child: this many ticks without any. The clock says
/// nothing here, since a busy machine may hold up those who read as well.
const LINGER: u32 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Finished(ExitStatus),
    TimedOut,
    Interrupted,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Outcome {
    pub(crate) fn success(&self) -> bool {
        matches!(self.ending, Ending::Finished(status) if status.success())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

enum Event {
    Line(Stream, String),
    Exited(io::Result<ExitStatus>),
}

/// Runs `command` to its end or to the deadline. `on_stderr` sees each line of standard error as it comes.
pub(crate) fn run(command: &mut Command, limit: Duration, on_stderr: &mut dyn FnMut(&str)) -> io::Result<Outcome> {
    let started = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = in_own_group(without_answers(command)).spawn()?;
    let group = Group::of(&child);
    let (sender, events) = mpsc::channel();
    read_lines(Stream::Out, child.stdout.take(), &sender);
    read_lines(Stream::Err, child.stderr.take(), &sender);
    thread::spawn(move || sender.send(Event::Exited(child.wait())));

    let mut outcome =
        Outcome { ending: Ending::TimedOut, stdout: String::new(), stderr: String::new(), took: Duration::ZERO };
    let mut asked_to_end: Option<(Ending, Instant)> = None;
    let mut exited: Option<ExitStatus> = None;
    let mut quiet = 0;
    loop {
        match events.recv_timeout(TICK) {
            Ok(Event::Line(Stream::Out, line)) => {
                quiet = 0;
                outcome.stdout.push_str(&line);
            }
            Ok(Event::Line(Stream::Err, line)) => {
                quiet = 0;
                on_stderr(line.trim_end());
                outcome.stderr.push_str(&line);
            }
            Ok(Event::Exited(status)) => exited = Some(status?),
            Err(RecvTimeoutError::Timeout) => quiet += u32::from(exited.is_some()),
            // Both streams are closed and the child is waited for.
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if quiet > LINGER || (exited.is_some() && started.elapsed() >= limit) {
            break;
        }
        match asked_to_end {
            None if exited.is_some() => {}
            None if interrupt::seen() => asked_to_end = Some((Ending::Interrupted, group.end())),
            None if started.elapsed() >= limit => asked_to_end = Some((Ending::TimedOut, group.end())),
            Some((_, since)) if since.elapsed() >= GRACE => group.kill(),
            _ => {}
        }
    }
    if let Some((ending, _)) = asked_to_end {
        group.kill();
        outcome.ending = ending;
    } else if let Some(status) = exited {
        outcome.ending = Ending::Finished(status);
    }
    outcome.took = started.elapsed();
    Ok(outcome)
}

/// Runs the user's command with this program's own streams; signals go to it. `started` is called once it runs.
pub(crate) fn supervise(command: &mut Command, started: impl FnOnce()) -> io::Result<ExitStatus> {
    let mut child = without_answers(command).spawn()?;
    interrupt::hand_to(child.id())?;
    started();
    child.wait()
}

/// Runs a program of the user's own, which may talk to the terminal, and returns whether it succeeded and what it printed.
pub(crate) fn capture(command: &mut Command) -> io::Result<(bool, Vec<u8>)> {
    let output = without_answers(command).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output()?;
    Ok((output.status.success(), output.stdout))
}

/// Opens a link in the user's browser, which then lives on by itself. True if some program took it.
pub(crate) fn open_in_browser(url: &str) -> bool {
    open::commands(url).into_iter().any(|mut command| {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(mut child) = in_own_group(without_answers(&mut command)).spawn() else { return false };
        // An opener that fails, fails at once; one that is still there is showing the page.
        for _ in 0..20 {
            match child.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) => thread::sleep(TICK),
                Err(_) => return false,
            }
        }
        thread::spawn(move || child.wait());
        true
    })
}

/// What the user answers by `PLUTON_BOX_*`, secrets among it, is for this program alone.
fn without_answers(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_ascii_uppercase().starts_with("PLUTON_BOX_") {
            command.env_remove(name);
        }
    }
    command
}

fn read_lines(stream: Stream, pipe: Option<impl Read + Send + 'static>, events: &Sender<Event>) {
    let Some(pipe) = pipe else { return };
    let events = events.clone();
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).into_owned();
            if events.send(Event::Line(stream, text)).is_err() {
                break;
            }
            line.clear();
        }
    });
}

#[cfg(unix)]
fn in_own_group(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0)
}

#[cfg(not(unix))]
fn in_own_group(command: &mut Command) -> &mut Command {
    command
}

/// The process group a child leads.
#[cfg(unix)]
struct Group(Option<rustix::process::Pid>);

#[cfg(unix)]
impl Group {
    fn of(child: &Child) -> Self {
        Self(i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw))
    }

    fn end(&self) -> Instant {
        self.signal(rustix::process::Signal::TERM);
        Instant::now()
    }

    fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(pid) = self.0 {
            // It may be gone already, which is what was wanted.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }
}

/// Without process groups the system's own tool ends a child and its children.
#[cfg(not(unix))]
struct Group(u32);

#[cfg(not(unix))]
impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id())
    }

    fn end(&self) -> Instant {
        self.kill();
        Instant::now()
    }

    fn kill(&self) {
        let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &self.0.to_string()]).output();
    }
}
