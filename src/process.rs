//! The only room that starts other programs. A child gets its own process group, no standard input and a deadline;
//! when it is ended, its children end with it.

#![expect(clippy::disallowed_methods, reason = "this module starts programs")]

mod output;
mod tool;

use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use output::{Output, for_each_line};
pub(crate) use tool::tool;

use crate::error::Result;
use crate::secret::Secret;
use crate::signals;

/// How often the flag of Ctrl-C is looked at.
const TICK: Duration = Duration::from_millis(25);
/// What a child gets between SIGTERM and SIGKILL: rclone may be saving a token that exists nowhere else.
const GRACE: Duration = Duration::from_secs(3);
/// How long a child that must not be ended yet is waited for.
const HOLD: Duration = Duration::from_secs(15);
/// How long output may still come from children that outlive the child: this many ticks without any. The clock says
/// nothing here, since a busy machine may hold up those who read as well.
const LINGER: u32 = 20;
/// How many lines may wait to be taken; more hold the child up.
const BACKLOG: usize = 16;
/// More than any secret that a command prints.
const LONGEST_SECRET: usize = 1 << 20;

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
    /// How many lines came, of which the text may leave some out.
    pub(crate) lines: usize,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Outcome {
    pub(crate) fn success(&self) -> bool {
        matches!(self.ending, Ending::Finished(status) if status.success())
    }
}

/// What is wanted of a child while it runs.
pub(crate) struct Care<'a> {
    pub(crate) limit: Duration,
    /// Sees each line of standard error as it comes.
    pub(crate) on_stderr: &'a mut dyn FnMut(&str),
    /// Whether ending it now could lose what exists nowhere else. It is then given some time, or left to itself where this
    /// program is about to end.
    pub(crate) holds: &'a dyn Fn() -> bool,
    /// Called when it is given that time, with why it was to end.
    pub(crate) on_hold: &'a dyn Fn(Ending),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

/// How a child ended and what it printed.
struct Ended {
    ending: Ending,
    stdout: Output,
    stderr: Output,
}

/// A program to run, without what only this one may know: the user's answers in `PLUTON_BOX_*`, and what is withheld.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    without_answers(&mut command);
    command
}

/// Runs `command` to its end or to the deadline.
pub(crate) fn run(command: &mut Command, care: &mut Care<'_>) -> io::Result<Outcome> {
    run_fed(command, Stdio::null(), care)
}

fn run_fed(command: &mut Command, input: Stdio, care: &mut Care<'_>) -> io::Result<Outcome> {
    let started = Instant::now();
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = in_own_group(command).spawn()?;
    let tree = Tree::group_of(&child);
    let Ended { ending, stdout, stderr } = watch_over(child, &tree, usize::MAX, care)?;
    let lines = stdout.lines;
    let (stdout, stderr) = (stdout.into_text(), stderr.into_text());
    Ok(Outcome { ending, stdout, lines, stderr, took: started.elapsed() })
}

/// Runs a program of the user's own, which may talk to the terminal, and returns whether it succeeded and what it printed.
pub(crate) fn capture(command: &mut Command) -> Result<io::Result<(bool, Vec<u8>)>> {
    command.stdin(Stdio::inherit()).stdout(Stdio::piped());
    Ok(at_terminal(command, None)?.map(|(status, printed)| (status.success(), printed)))
}

/// Runs a program that reads `input` and may talk to the terminal. What it prints is returned where its standard output
/// is piped, and shown where not.
pub(crate) fn feed(command: &mut Command, input: &Secret, shows: bool) -> Result<io::Result<(ExitStatus, Vec<u8>)>> {
    command.stdin(Stdio::piped()).stdout(if shows { Stdio::inherit() } else { Stdio::piped() });
    at_terminal(command, Some(input))
}

fn at_terminal(command: &mut Command, input: Option<&Secret>) -> Result<io::Result<(ExitStatus, Vec<u8>)>> {
    command.stderr(Stdio::inherit());
    // In a group of its own it could not read from the terminal, whose Ctrl-C reaches all of it in ours.
    let is_alone = !has_terminal();
    let spawned = if is_alone { in_own_group(command).spawn() } else { command.spawn() };
    let ended = spawned.and_then(|mut child| {
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            // It may end without reading it, and says why.
            let _ = pipe.write_all(input.expose().as_bytes());
        }
        let tree = if is_alone { Tree::group_of(&child) } else { Tree::alone(&child) };
        let mut care = Care { limit: Duration::MAX, on_stderr: &mut |_| {}, holds: &|| false, on_hold: &|_| {} };
        watch_over(child, &tree, LONGEST_SECRET, &mut care)
    });
    signals::check()?;
    match ended.map(|ended| (ended.ending, ended.stdout)) {
        // It may have ended before this program has heard of the key.
        Ok((Ending::Finished(status), _)) if is_of_ctrl_c(status) => Err(signals::now()),
        Ok((Ending::Finished(status), stdout)) => Ok(Ok((status, stdout.into_bytes()))),
        Ok(_) => Ok(Err(io::Error::other("it prints far more than a secret"))),
        Err(cause) => Ok(Err(cause)),
    }
}

/// Whether a program ended as those do that Ctrl-C ends.
fn is_of_ctrl_c(status: ExitStatus) -> bool {
    #[cfg(unix)]
    if std::os::unix::process::ExitStatusExt::signal(&status) == Some(signal_hook::consts::SIGINT) {
        return true;
    }
    status.code() == Some(130)
}

fn watch_over(mut child: Child, tree: &Tree, most_output: usize, care: &mut Care<'_>) -> io::Result<Ended> {
    let started = Instant::now();
    let (sender, lines) = mpsc::sync_channel(BACKLOG);
    read_lines(Stream::Out, child.stdout.take(), &sender);
    read_lines(Stream::Err, child.stderr.take(), &sender);
    drop(sender);

    let (mut stdout, mut stderr) = (Output::default(), Output::default());
    // Why it is to end before its time, since when that is put off, and since when it is told.
    let mut reason: Option<Ending> = None;
    let mut held: Option<Instant> = None;
    let mut told: Option<Instant> = None;
    let mut exited = false;
    let mut quiet = 0;
    loop {
        match lines.recv_timeout(TICK) {
            Ok((Stream::Out, line)) => {
                quiet = 0;
                stdout.push(line);
            }
            Ok((Stream::Err, line)) => {
                quiet = 0;
                (care.on_stderr)(String::from_utf8_lossy(&line).trim_end());
                stderr.push(line);
            }
            Err(RecvTimeoutError::Timeout) => quiet += u32::from(exited),
            Err(RecvTimeoutError::Disconnected) if exited => break,
            // It ends in a moment, or has closed its streams.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(1)),
        }
        exited = exited || has_exited(&mut child)?;
        if exited {
            if quiet > LINGER || started.elapsed() >= care.limit {
                break;
            }
            continue;
        }
        let because = match reason {
            _ if signals::seen() => Some(Ending::Interrupted),
            None if started.elapsed() >= care.limit || stdout.bytes > most_output => Some(Ending::TimedOut),
            reason => reason,
        };
        let Some(ending) = because else { continue };
        let is_news = because != reason;
        reason = because;
        if let Some(since) = told {
            if since.elapsed() >= GRACE {
                tree.kill();
            }
            continue;
        }
        if (care.holds)() {
            if signals::is_leaving() {
                return Ok(Ended { ending, stdout, stderr });
            }
            if is_news {
                (care.on_hold)(ending);
            }
            let since = *held.get_or_insert_with(Instant::now);
            if since.elapsed() < HOLD && !signals::is_insisted() {
                continue;
            }
        }
        told = Some(tree.end());
    }
    if told.is_some() {
        tree.kill();
    }
    // Only now may its process ID become another's.
    let status = child.wait()?;
    let ending = match reason {
        Some(Ending::Interrupted) => Ending::Interrupted,
        Some(ending) if told.is_some() => ending,
        _ => Ending::Finished(status),
    };
    Ok(Ended { ending, stdout, stderr })
}

/// Runs the user's command with this program's own streams; signals go to it. `started` is called once it runs.
pub(crate) fn supervise(command: &mut Command, started: impl FnOnce()) -> io::Result<ExitStatus> {
    let mut child = signals::hand_to(|| command.spawn())?;
    started();
    wait_for_exit(&child)?;
    signals::take_back();
    child.wait()
}

/// Opens a link in the user's browser, which then lives on by itself. True if some program took it.
pub(crate) fn open_in_browser(url: &str) -> bool {
    open::commands(url).into_iter().any(|mut command| {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).env("PATH", search_path());
        without_answers(&mut command);
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

/// Where programs are looked for: not where the user happens to be, which is what an empty or relative entry means.
pub(crate) fn search_path() -> OsString {
    let entries = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&entries).filter(|entry| entry.is_absolute())).unwrap_or_default()
}

/// Variables with secrets that a file declares.
static WITHHELD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps variables from every program that is started from now on.
pub(crate) fn withhold(names: impl IntoIterator<Item = String>) {
    WITHHELD.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
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

fn read_lines(stream: Stream, pipe: Option<impl Read + Send + 'static>, lines: &SyncSender<(Stream, Vec<u8>)>) {
    let Some(pipe) = pipe else { return };
    let lines = lines.clone();
    thread::spawn(move || for_each_line(BufReader::new(pipe), |line| lines.send((stream, line)).is_ok()));
}

/// Leaves an exited child as it is, so that its process ID and its group stay its own.
#[cfg(unix)]
fn has_exited(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(Pid::from_child(child)), options)?.is_some())
}

#[cfg(not(unix))]
fn has_exited(child: &mut Child) -> io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

/// The same, waited for.
#[cfg(unix)]
fn wait_for_exit(child: &Child) -> io::Result<()> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let (pid, options) = (Pid::from_child(child), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
    Ok(rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options)).map(drop)?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn wait_for_exit(_child: &Child) -> io::Result<()> {
    Ok(())
}

/// Whether a child could ask at a terminal.
#[cfg(unix)]
fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

#[cfg(not(unix))]
fn has_terminal() -> bool {
    false
}

#[cfg(unix)]
fn in_own_group(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0)
}

/// Ctrl-C reaches no other group than the one that has the console.
#[cfg(windows)]
fn in_own_group(command: &mut Command) -> &mut Command {
    use std::os::windows::process::CommandExt as _;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP)
}

/// What is ended with a child: all of the group that it leads, or where it leads none, itself.
#[cfg(unix)]
struct Tree {
    pid: rustix::process::Pid,
    is_group: bool,
}

#[cfg(unix)]
impl Tree {
    fn group_of(child: &Child) -> Self {
        Self { pid: rustix::process::Pid::from_child(child), is_group: true }
    }

    fn alone(child: &Child) -> Self {
        Self { pid: rustix::process::Pid::from_child(child), is_group: false }
    }

    fn end(&self) -> Instant {
        self.signal(rustix::process::Signal::TERM);
        Instant::now()
    }

    fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        use rustix::process::{kill_process, kill_process_group};
        let kill = if self.is_group { kill_process_group } else { kill_process };
        // It may be gone already, which is what was wanted.
        let _ = kill(self.pid, signal);
    }
}

/// Without process groups the system's own tool ends a child and its children.
#[cfg(not(unix))]
struct Tree(u32);

#[cfg(not(unix))]
impl Tree {
    fn group_of(child: &Child) -> Self {
        Self(child.id())
    }

    fn alone(child: &Child) -> Self {
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
