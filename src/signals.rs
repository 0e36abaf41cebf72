//! Ctrl-C, SIGTERM and SIGHUP: a flag that whatever waits checks, so that every way out runs its own clean-up. Also does what
//! may block, such as reading a pipe, so that the flag is seen meanwhile.
#![expect(clippy::disallowed_methods, reason = "what is piped is read here, so that Ctrl-C ends the wait for it")]
#![cfg_attr(windows, allow(clippy::missing_const_for_thread_local, reason = "it is one, and is not seen as one here"))]

use std::cell::Cell;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;
use std::process::Child;
#[cfg(unix)]
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::process::Pid;
#[cfg(unix)]
use signal_hook::low_level::siginfo::{Cause, Origin};

use crate::error::{Error, Result};

static SEEN: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
/// Ctrl-C was pressed once more.
static INSISTED: AtomicBool = AtomicBool::new(false);
/// The command of `pluton run` has ended, and so must all that was done beside it.
static LEAVING: AtomicBool = AtomicBool::new(false);
/// The process that signals are for, while there is one. Locked while it is sent one, so that it is not gone by then.
#[cfg(unix)]
static CHILD: Mutex<Option<Pid>> = Mutex::new(None);

thread_local! {
    static SHIELDED: Cell<bool> = const { Cell::new(false) };
}

/// Counts prompts; odd while one is open.
static PROMPTS: AtomicUsize = AtomicUsize::new(0);
/// Puts the terminal right for a prompt that cannot be left in the ordinary way.
static LEAVE: Mutex<fn()> = Mutex::new(|| {});

/// Whether this program has more to do than to ask, and goes on without an answer.
static OPTIONAL: AtomicBool = AtomicBool::new(false);

/// How long an open prompt has to see the signal by itself.
const GRACE: Duration = Duration::from_millis(250);
/// Some programs pass on a Ctrl-C that the terminal has sent to all of them: what follows sooner is the same one.
#[cfg(unix)]
const ECHO: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(25);
/// In bytes: more than any file that is asked for. A device may have no end.
const LONGEST_TEXT: u64 = 4 << 20;

/// From here on SIGINT, SIGTERM and SIGHUP set the flag instead of ending the program.
#[cfg(unix)]
pub(crate) fn watch() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    // Caught, it lets the write fail with an error that can be told.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    for_each_signal("signals", &[SIGINT, SIGTERM, SIGHUP], |origin| {
        if pass_on(origin) {
            return;
        }
        SEEN.store(true, Ordering::SeqCst);
        leave_open_prompt();
    })
}

#[cfg(unix)]
fn for_each_signal(name: &str, signals: &[i32], act: impl Fn(&Origin) + Send + 'static) -> io::Result<()> {
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;
    let mut signals = SignalsInfo::<WithOrigin>::new(signals)?;
    let started = std::thread::Builder::new().name(name.into()).spawn(move || {
        let mut first = None;
        for origin in signals.forever() {
            act(&origin);
            if origin.signal == signal_hook::consts::SIGINT && seen() {
                let first = *first.get_or_insert_with(Instant::now);
                INSISTED.fetch_or(first.elapsed() > ECHO, Ordering::SeqCst);
            }
        }
    });
    started.map(drop)
}

/// From here on Ctrl-C sets the flag instead of ending the program.
#[cfg(windows)]
pub(crate) fn watch() -> io::Result<()> {
    let handler = || {
        INSISTED.fetch_or(SEEN.swap(true, Ordering::SeqCst), Ordering::SeqCst);
        leave_open_prompt();
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)
}

/// A prompt that blocks in the terminal's driver cannot be woken; nothing else is under way while it waits.
#[expect(clippy::exit, reason = "the main thread is blocked in a read that a signal does not end")]
fn leave_open_prompt() {
    let prompt = PROMPTS.load(Ordering::SeqCst);
    if prompt % 2 == 0 || OPTIONAL.load(Ordering::SeqCst) {
        return;
    }
    std::thread::sleep(GRACE);
    if PROMPTS.load(Ordering::SeqCst) == prompt {
        if let Ok(leave) = LEAVE.lock() {
            leave();
        }
        std::process::exit(130);
    }
}

/// Hands every signal to the child that `spawn` starts, until [`take_back`].
#[cfg(unix)]
pub(crate) fn hand_to(spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
    use rustix::process::{Signal, kill_process};
    use signal_hook::consts::{SIGQUIT, SIGUSR1, SIGUSR2};
    // Held until the child is there, so that none is lost which comes meanwhile.
    let mut known = CHILD.lock().unwrap_or_else(PoisonError::into_inner);
    for_each_signal("more signals", &[SIGQUIT, SIGUSR1, SIGUSR2], |origin| {
        pass_on(origin);
    })?;
    let child = spawn()?;
    let pid = Pid::from_child(&child);
    *known = Some(pid);
    // One that came a moment before was for the child too.
    if SEEN.swap(false, Ordering::SeqCst) {
        let _ = kill_process(pid, Signal::TERM);
    }
    drop(known);
    Ok(child)
}

#[cfg(not(unix))]
pub(crate) fn hand_to(spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
    spawn()
}

/// The child has ended, and its process ID may soon be another's.
pub(crate) fn take_back() {
    #[cfg(unix)]
    CHILD.lock().unwrap_or_else(PoisonError::into_inner).take();
}

/// True if there is a child that has to deal with the signal. One that the terminal sent has reached it already.
#[cfg(unix)]
fn pass_on(origin: &Origin) -> bool {
    use rustix::process::{Signal, kill_process};
    let child = CHILD.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(pid) = *child else { return false };
    if let (false, Some(signal)) = (is_for_all(origin), Signal::from_named_raw(origin.signal)) {
        let _ = kill_process(pid, signal);
    }
    true
}

/// Whether the kernel sent it to every process in front of the terminal.
#[cfg(unix)]
fn is_for_all(origin: &Origin) -> bool {
    use rustix::process::{getpid, getsid};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT};
    let from_kernel = matches!(origin.cause, Cause::Kernel | Cause::Unknown) && origin.process.is_none();
    from_kernel
        && match origin.signal {
            SIGINT | SIGQUIT => true,
            // A terminal that goes away tells the leader of its session alone.
            SIGHUP => getsid(None).is_ok_and(|leader| leader != getpid()),
            _ => false,
        }
}

/// Has whatever waits in other threads end soon, as Ctrl-C does, while `work` runs.
pub(crate) fn while_leaving(work: impl FnOnce()) {
    LEAVING.store(true, Ordering::SeqCst);
    work();
    LEAVING.store(false, Ordering::SeqCst);
}

/// Whether this program is about to end without having been told to.
pub(crate) fn is_leaving() -> bool {
    LEAVING.load(Ordering::SeqCst)
}

/// Whether Ctrl-C was pressed a second time.
pub(crate) fn is_insisted() -> bool {
    INSISTED.load(Ordering::SeqCst)
}

/// Does what may block on a thread of its own, so that Ctrl-C is seen at once. `None` where it takes longer than `limit`.
pub(crate) fn watched<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>> {
    let (sender, done) = mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    let mut waited = Duration::ZERO;
    loop {
        match done.recv_timeout(TICK) {
            Ok(done) => return Ok(Some(done)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if waited > limit => return Ok(None),
            Err(RecvTimeoutError::Timeout) => waited += TICK,
        }
        check()?;
    }
}

/// A file, or what else the user names as one.
pub(crate) fn read_file(path: &Path) -> Result<io::Result<String>> {
    let path = path.to_owned();
    read(move || File::open(path))
}

pub(crate) fn read_stdin() -> Result<io::Result<String>> {
    read(|| Ok(io::stdin()))
}

pub(crate) fn is_stdin_typed() -> bool {
    io::stdin().is_terminal()
}

fn read<R: Read>(open: impl FnOnce() -> io::Result<R> + Send + 'static) -> Result<io::Result<String>> {
    let text = watched(Duration::MAX, move || {
        let mut text = String::new();
        let length = open()?.take(LONGEST_TEXT + 1).read_to_string(&mut text)?;
        if length as u64 > LONGEST_TEXT { Err(io::Error::other("it is too large")) } else { Ok(text) }
    })?;
    Ok(text.unwrap_or_else(|| Err(io::ErrorKind::Other.into())))
}

/// Runs `work` to its end whatever was pressed; for what must be cleaned up.
pub(crate) fn shielded<T>(work: impl FnOnce() -> T) -> T {
    SHIELDED.set(true);
    let done = work();
    SHIELDED.set(false);
    done
}

pub(crate) fn seen() -> bool {
    (SEEN.load(Ordering::SeqCst) || is_leaving()) && !SHIELDED.get()
}

/// For Ctrl-C that came as a key, where the terminal makes no signal of it.
pub(crate) fn now() -> Error {
    SEEN.store(true, Ordering::SeqCst);
    Error::interrupted()
}

/// Stops here if the user asked to.
pub(crate) fn check() -> Result<()> {
    if seen() { Err(Error::interrupted()) } else { Ok(()) }
}

/// Waits, unless the user asks to stop.
///
/// # Errors
/// Once that is asked.
pub(crate) fn pause(length: Duration) -> Result<()> {
    let end = Instant::now() + length;
    loop {
        check()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(TICK.min(left));
    }
}

/// Runs a prompt that need not be answered. `None` where a signal came that it does not see: it is then left as it is.
pub(crate) fn optional_prompt<T: Send + 'static>(prompt: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    OPTIONAL.store(true, Ordering::SeqCst);
    watched(Duration::MAX, prompt).ok().flatten()
}

/// Runs a prompt; `leave` puts the terminal right if the prompt cannot be left in the ordinary way.
pub(crate) fn during_prompt<T>(leave: fn(), prompt: impl FnOnce() -> T) -> Result<T> {
    if let Ok(mut slot) = LEAVE.lock() {
        *slot = leave;
    }
    PROMPTS.fetch_add(1, Ordering::SeqCst);
    // A signal of a moment ago did not know of this prompt.
    let answer = check().map(|()| prompt());
    PROMPTS.fetch_add(1, Ordering::SeqCst);
    answer
}
