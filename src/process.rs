//! Starts other programs; no other module may. A child without a terminal gets its own process group, no standard input
//! and a deadline; when it is ended, its children end with it. The output it keeps is limited. An `io::Error` says that a
//! program could not be started.
#![expect(clippy::disallowed_methods, reason = "this module starts programs")]

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Seek as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::secret::Secret;
use crate::signals::{self, TICK};

/// How long a child has between SIGTERM and SIGKILL: rclone may be saving a token that exists nowhere else.
const GRACE: Duration = Duration::from_secs(3);
/// How long to wait for a child that must not be ended yet.
const RENEWAL_WAIT: Duration = Duration::from_secs(15);
/// After this many ticks without output, stop reading from processes that outlive the child. Not a duration, because a
/// busy machine delays the readers as well.
const LINGER: u32 = 20;
/// How many lines may wait to be read before the child is made to wait.
const BACKLOG: usize = 16;
/// The deadline for small system programs.
const TOOL_LIMIT: Duration = Duration::from_secs(20);
/// More than any secret that a command prints.
const LONGEST_SECRET: usize = 1 << 20;
/// In bytes: more than any listing that is read here, and enough for the last lines of a program that fails.
const MOST_OUTPUT: usize = 8 << 20;
const LONGEST_LINE: u64 = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Finished(ExitStatus),
    TimedOut,
    Interrupted,
}

/// How a program ended and what it printed. Has no `Debug`: a token or a password may be in it.
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    pub(crate) stdout: String,
    /// How many lines it printed; the text may lack some.
    pub(crate) lines: usize,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Outcome {
    pub(crate) fn success(&self) -> bool {
        self.code() == Some(0)
    }

    /// `None` if it was ended, by a signal or at the deadline.
    pub(crate) fn code(&self) -> Option<i32> {
        if let Ending::Finished(status) = self.ending { status.code() } else { None }
    }
}

/// How a child is treated while it runs.
pub(crate) struct Supervision<'a> {
    pub(crate) limit: Duration,
    most_output: usize,
    in_group: bool,
    /// Sees each line of standard error as it comes.
    pub(crate) on_stderr: Box<dyn FnMut(&str) + 'a>,
    /// Whether ending it now could lose a token that exists nowhere else. It is then given some time, or left running if
    /// this program is about to end.
    pub(crate) must_finish: Box<dyn Fn() -> bool + 'a>,
    /// Called when it is given that time, with the reason to end it.
    pub(crate) on_wait: Box<dyn Fn(Ending) + 'a>,
}

impl Supervision<'_> {
    pub(crate) fn within(limit: Duration) -> Self {
        Self {
            limit,
            most_output: usize::MAX,
            in_group: true,
            on_stderr: Box::new(|_| {}),
            must_finish: Box::new(|| false),
            on_wait: Box::new(|_| {}),
        }
    }
}

/// A program to run, without standard input. It does not get the secrets in this program's environment: `PLUTON_BOX_*`
/// and what is withheld.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    without_answers(command.stdin(Stdio::null()));
    command
}

fn without_answers(command: &mut Command) {
    for name in WITHHELD.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_ascii_uppercase().starts_with("PLUTON_BOX_") {
            command.env_remove(name);
        }
    }
}

/// Variables that hold secrets for `pluton apply`.
static WITHHELD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Withholds variables from every program that is started from now on.
pub(crate) fn withhold(names: impl IntoIterator<Item = String>) {
    WITHHELD.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
}

/// Finds a program by its path, or by its name on the PATH.
pub(crate) fn find(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    which::which_in(program, Some(search_path()), std::env::current_dir().unwrap_or_default()).ok()
}

/// PATH without empty and relative entries, which would mean the current directory.
fn search_path() -> OsString {
    let entries = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&entries).filter(|entry| entry.is_absolute())).unwrap_or_default()
}

/// Runs `command` to its end or to the deadline.
pub(crate) fn run(command: &mut Command, how: Supervision<'_>) -> io::Result<Outcome> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    watch_over(in_own_group(command).spawn()?, how)
}

/// Runs a small program of the system, such as crontab or a shell, with `input` as its standard input.
pub(crate) fn tool(program: &str, arguments: &[&str], input: &[u8]) -> io::Result<Outcome> {
    let mut file = tempfile::tempfile()?;
    file.write_all(input)?;
    file.rewind()?;
    let mut command = command(program);
    run(command.args(arguments).env("PATH", search_path()).stdin(file), Supervision::within(TOOL_LIMIT))
}

/// Runs a program of the user's own that prints a secret, and may ask for another at the terminal. `None` if it fails.
///
/// # Errors
/// On Ctrl-C.
pub(crate) fn secret_from(program: &str, arguments: &[String]) -> Result<io::Result<Option<Secret>>> {
    let ended = at_terminal(command(program).args(arguments), None, false)?;
    Ok(ended.map(|outcome| outcome.success().then(|| Secret::new(outcome.stdout))))
}

/// Runs a program that may talk to the terminal, or else reads `input`. What it prints is shown, or else returned.
///
/// # Errors
/// On Ctrl-C.
pub(crate) fn at_terminal(command: &mut Command, input: Option<&Secret>, shows: bool) -> Result<io::Result<Outcome>> {
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::inherit() });
    command.stdout(if shows { Stdio::inherit() } else { Stdio::piped() }).stderr(Stdio::inherit());
    // In its own group it could not read from the terminal; in ours, Ctrl-C reaches it too.
    let in_group = !has_terminal();
    let spawned = if in_group { in_own_group(command).spawn() } else { command.spawn() };
    let ended = spawned.and_then(|mut child| {
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            // It may end without reading this; its exit status says why.
            let _ = pipe.write_all(input.expose().as_bytes());
        }
        watch_over(child, Supervision { most_output: LONGEST_SECRET, in_group, ..Supervision::within(Duration::MAX) })
    });
    signals::check()?;
    match ended {
        // It may have ended before the signal reached this program.
        Ok(Outcome { ending: Ending::Finished(status), .. }) if is_of_ctrl_c(status) => Err(signals::interrupt()),
        Ok(Outcome { ending: Ending::TimedOut, .. }) => Ok(Err(io::Error::other("it prints far more than a secret"))),
        ended => Ok(ended),
    }
}

/// Whether Ctrl-C ended the program.
fn is_of_ctrl_c(status: ExitStatus) -> bool {
    #[cfg(unix)]
    if std::os::unix::process::ExitStatusExt::signal(&status) == Some(signal_hook::consts::SIGINT) {
        return true;
    }
    status.code() == Some(130)
}

/// Runs the user's command with this program's own streams; signals go to it. `started` is called once it runs.
pub(crate) fn supervise(command: &mut Command, started: impl FnOnce()) -> io::Result<ExitStatus> {
    let mut child = signals::forward_to(|| command.stdin(Stdio::inherit()).spawn())?;
    started();
    has_exited(&mut child, true)?;
    signals::stop_forwarding();
    child.wait()
}

/// Opens a link in the user's browser, which then lives on by itself. True if some program took it.
pub(crate) fn open_in_browser(url: &str) -> bool {
    open::commands(url).into_iter().any(|mut command| {
        without_answers(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).env("PATH", search_path());
        let Ok(mut child) = in_own_group(&mut command).spawn() else { return false };
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

fn watch_over(mut child: Child, mut how: Supervision<'_>) -> io::Result<Outcome> {
    let started = Instant::now();
    let (sender, lines) = mpsc::sync_channel(BACKLOG);
    read_lines(false, child.stdout.take(), &sender);
    read_lines(true, child.stderr.take(), &sender);
    drop(sender);

    let (mut stdout, mut stderr) = (Output::default(), Output::default());
    // Why it must end early, since when that is postponed, and since when it has its SIGTERM.
    let mut reason: Option<Ending> = None;
    let mut waiting: Option<Instant> = None;
    let mut told: Option<Instant> = None;
    let (mut exited, mut quiet) = (false, 0);
    loop {
        match lines.recv_timeout(TICK) {
            Ok((is_error, line)) => {
                quiet = 0;
                if is_error {
                    (how.on_stderr)(String::from_utf8_lossy(&line).trim_end());
                }
                if is_error { &mut stderr } else { &mut stdout }.push(&line);
            }
            Err(RecvTimeoutError::Timeout) => quiet += u32::from(exited),
            Err(RecvTimeoutError::Disconnected) if exited => break,
            // It is about to end, or has closed its streams.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(1)),
        }
        let is_late = started.elapsed() >= how.limit;
        exited = exited || has_exited(&mut child, false)?;
        if exited {
            if quiet > LINGER || is_late {
                break;
            }
            continue;
        }
        let before = reason;
        if signals::seen() {
            reason = Some(Ending::Interrupted);
        } else if is_late || stdout.bytes > how.most_output {
            reason = reason.or(Some(Ending::TimedOut));
        }
        let Some(ending) = reason else { continue };
        if let Some(since) = told {
            if since.elapsed() >= GRACE {
                end(&child, how.in_group, true);
            }
            continue;
        }
        if (how.must_finish)() {
            if signals::is_leaving() {
                return Ok(outcome(ending, stdout, stderr, started));
            }
            if reason != before {
                (how.on_wait)(ending);
            }
            let since = *waiting.get_or_insert_with(Instant::now);
            if since.elapsed() < RENEWAL_WAIT && !signals::is_forced() {
                continue;
            }
        }
        end(&child, how.in_group, false);
        told = Some(Instant::now());
    }
    if told.is_some() {
        end(&child, how.in_group, true);
    }
    // Only now may its process ID become another's.
    let status = child.wait()?;
    let ending = match reason {
        Some(Ending::Interrupted) => Ending::Interrupted,
        Some(ending) if told.is_some() => ending,
        _ => Ending::Finished(status),
    };
    Ok(outcome(ending, stdout, stderr, started))
}

fn outcome(ending: Ending, stdout: Output, stderr: Output, started: Instant) -> Outcome {
    let (lines, took) = (stdout.lines, started.elapsed());
    Outcome { ending, stdout: stdout.into_text(), lines, stderr: stderr.into_text(), took }
}

/// Sends each line, cut where it is too long.
fn read_lines(is_error: bool, pipe: Option<impl Read + Send + 'static>, lines: &SyncSender<(bool, Vec<u8>)>) {
    let Some(pipe) = pipe else { return };
    let lines = lines.clone();
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        loop {
            let mut line = Vec::new();
            let length = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).unwrap_or_default();
            if length as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
                line.push(b'\n');
                let _ = reader.skip_until(b'\n');
            }
            if length == 0 || lines.send((is_error, line)).is_err() {
                return;
            }
        }
    });
}

/// The beginning and the end of what a child prints, however much there is.
#[derive(Default)]
struct Output {
    text: Vec<u8>,
    lines: usize,
    bytes: usize,
}

impl Output {
    fn push(&mut self, line: &[u8]) {
        self.lines += 1;
        self.bytes += line.len();
        self.text.extend(line);
        if self.text.len() > MOST_OUTPUT {
            self.text.drain(MOST_OUTPUT / 2..MOST_OUTPUT / 4 * 3);
        }
    }

    fn into_text(self) -> String {
        String::from_utf8(self.text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// Whether the child has exited; if `waits`, once it has. It is not reaped yet, so that its process ID and group stay its own.
#[cfg(unix)]
fn has_exited(child: &mut Child, waits: bool) -> io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let mut options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    options.set(WaitIdOptions::NOHANG, !waits);
    let status = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(Pid::from_child(child)), options))?;
    Ok(status.is_some())
}

#[cfg(not(unix))]
fn has_exited(child: &mut Child, waits: bool) -> io::Result<bool> {
    Ok(waits || child.try_wait()?.is_some())
}

/// Whether a child could ask questions at a terminal.
fn has_terminal() -> bool {
    cfg!(unix) && std::fs::File::open("/dev/tty").is_ok()
}

#[cfg(unix)]
fn in_own_group(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0)
}

/// Ctrl-C reaches only the group that has the console.
#[cfg(windows)]
fn in_own_group(command: &mut Command) -> &mut Command {
    use std::os::windows::process::CommandExt as _;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP)
}

/// Ends a child that has not been waited for, with all of the group that it leads.
#[cfg(unix)]
fn end(child: &Child, in_group: bool, forcibly: bool) {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group};
    let signal = if forcibly { Signal::KILL } else { Signal::TERM };
    let send = if in_group { kill_process_group } else { kill_process };
    // It may be gone already, which is fine.
    let _ = send(Pid::from_child(child), signal);
}

/// Windows has no process groups to signal: its own tool ends a child and its children.
#[cfg(not(unix))]
fn end(child: &Child, _in_group: bool, _forcibly: bool) {
    let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &child.id().to_string()]).output();
}
