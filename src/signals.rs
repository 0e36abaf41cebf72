//! Ctrl-C, SIGTERM and SIGHUP set a flag that everything that waits checks, so that every exit runs its own clean-up.
//! Also runs what may block, such as reading a pipe, on a thread, so that the flag is noticed meanwhile. Ends the
//! program itself only from an open prompt.
#![expect(clippy::disallowed_methods, reason = "what is piped is read here, so that Ctrl-C ends the wait for it")]
#![cfg_attr(windows, allow(clippy::missing_const_for_thread_local, reason = "it is one, and is not seen as one here"))]

use std::cell::Cell;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;
use std::process::Child;
#[cfg(unix)]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::process::Pid;
#[cfg(unix)]
use signal_hook::low_level::siginfo::{Cause, Origin};

use crate::error::{Error, Result};
use crate::secret::Secret;

static SEEN: AtomicBool = AtomicBool::new(false);
/// Ctrl-C was pressed a second time.
static FORCED: AtomicBool = AtomicBool::new(false);
/// The command of `pluton run` has ended, and so must the threads beside it.
static LEAVING: AtomicBool = AtomicBool::new(false);
/// The process that gets the signals, while there is one. Locked while one is sent, so that its process ID is still its own.
#[cfg(unix)]
static CHILD: Mutex<Option<Pid>> = Mutex::new(None);

thread_local! {
    static UNINTERRUPTED: Cell<bool> = const { Cell::new(false) };
    /// Whether another thread waits for this one, and sees the signals.
    static IS_AWAITED: Cell<bool> = const { Cell::new(false) };
}

/// Restores the terminal for the open prompt, if there is one that only this can leave.
static OPEN_PROMPT: Mutex<Option<fn()>> = Mutex::new(None);

/// How long an open prompt has to notice the signal by itself.
const GRACE: Duration = Duration::from_millis(250);
/// Some programs forward a Ctrl-C that the terminal has sent to all of them: one that follows sooner is the same one.
#[cfg(unix)]
const ECHO: Duration = Duration::from_millis(500);
/// How often what waits checks for a signal.
pub(crate) const TICK: Duration = Duration::from_millis(25);
/// In bytes: more than any file that is asked for needs. A device may have no end.
const LONGEST_TEXT: u64 = 4 << 20;

/// From now on SIGINT, SIGTERM and SIGHUP set the flag instead of ending the program.
#[cfg(unix)]
pub(crate) fn watch() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    // Once this is caught, the write itself fails with an error that can be reported.
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
                FORCED.fetch_or(first.elapsed() > ECHO, Ordering::SeqCst);
            }
        }
    });
    started.map(drop)
}

/// From now on Ctrl-C sets the flag instead of ending the program.
#[cfg(windows)]
pub(crate) fn watch() -> io::Result<()> {
    let handler = || {
        FORCED.fetch_or(SEEN.swap(true, Ordering::SeqCst), Ordering::SeqCst);
        leave_open_prompt();
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)
}

/// A prompt that blocks in a read cannot be woken, so the program ends here; nothing else is running while it waits.
#[expect(clippy::exit, reason = "the main thread is blocked in a read that a signal does not end")]
fn leave_open_prompt() {
    if open_prompt().is_none() {
        return;
    }
    std::thread::sleep(GRACE);
    // Locked until the end, so that an answer that comes now changes nothing. No other prompt opens after a signal.
    if let Some(leave) = *open_prompt() {
        leave();
        std::process::exit(130);
    }
}

fn open_prompt() -> MutexGuard<'static, Option<fn()>> {
    OPEN_PROMPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forwards every signal to the child that `spawn` starts, until [`stop_forwarding`].
#[cfg(unix)]
pub(crate) fn forward_to(spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
    use rustix::process::{Signal, kill_process};
    use signal_hook::consts::{SIGQUIT, SIGUSR1, SIGUSR2};
    // Locked until the child runs, so that no signal is lost meanwhile.
    let mut known = CHILD.lock().unwrap_or_else(PoisonError::into_inner);
    for_each_signal("more signals", &[SIGQUIT, SIGUSR1, SIGUSR2], |origin| {
        pass_on(origin);
    })?;
    let child = spawn()?;
    let pid = Pid::from_child(&child);
    *known = Some(pid);
    // One that came a moment before was meant for the child too.
    if SEEN.swap(false, Ordering::SeqCst) {
        let _ = kill_process(pid, Signal::TERM);
    }
    drop(known);
    Ok(child)
}

#[cfg(not(unix))]
pub(crate) fn forward_to(spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
    spawn()
}

/// To be called when the child has ended, before its process ID can become another's.
pub(crate) fn stop_forwarding() {
    #[cfg(unix)]
    CHILD.lock().unwrap_or_else(PoisonError::into_inner).take();
}

/// True if there is a child to handle the signal. What the terminal sent has reached it already.
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

/// Whether the kernel sent it to the whole foreground of the terminal.
#[cfg(unix)]
fn is_for_all(origin: &Origin) -> bool {
    use rustix::process::{getpid, getsid};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT};
    let from_kernel = matches!(origin.cause, Cause::Kernel | Cause::Unknown) && origin.process.is_none();
    from_kernel
        && match origin.signal {
            SIGINT | SIGQUIT => true,
            // A terminal that closes signals only the leader of its session.
            SIGHUP => getsid(None).is_ok_and(|leader| leader != getpid()),
            _ => false,
        }
}

/// While `work` runs, every wait in other threads ends soon, as after Ctrl-C.
pub(crate) fn while_leaving(work: impl FnOnce()) {
    LEAVING.store(true, Ordering::SeqCst);
    work();
    LEAVING.store(false, Ordering::SeqCst);
}

/// Whether this program is about to end by itself.
pub(crate) fn is_leaving() -> bool {
    LEAVING.load(Ordering::SeqCst)
}

/// Whether Ctrl-C was pressed a second time.
pub(crate) fn is_forced() -> bool {
    FORCED.load(Ordering::SeqCst)
}

/// Runs what may block on its own thread, so that Ctrl-C is noticed at once. `None` if it takes longer than `limit`.
///
/// # Errors
/// On Ctrl-C.
pub(crate) fn interruptible<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>> {
    let (sender, done) = mpsc::channel();
    std::thread::spawn(move || {
        IS_AWAITED.set(true);
        sender.send(work())
    });
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

/// Reads a file, or a pipe or device that the user named.
///
/// # Errors
/// On Ctrl-C. The inner error says why it cannot be read.
pub(crate) fn read_file(path: &Path) -> Result<io::Result<Secret>> {
    let path = path.to_owned();
    read(move || File::open(path))
}

/// Reads standard input to its end.
///
/// # Errors
/// On Ctrl-C. The inner error says why it cannot be read.
pub(crate) fn read_stdin() -> Result<io::Result<Secret>> {
    read(|| Ok(io::stdin()))
}

pub(crate) fn is_stdin_typed() -> bool {
    io::stdin().is_terminal()
}

fn read<R: Read>(open: impl FnOnce() -> io::Result<R> + Send + 'static) -> Result<io::Result<Secret>> {
    let text = interruptible(Duration::MAX, move || {
        let mut text = String::new();
        let length = open()?.take(LONGEST_TEXT + 1).read_to_string(&mut text)?;
        if length as u64 > LONGEST_TEXT { Err(io::Error::other("it is too large")) } else { Ok(Secret::new(text)) }
    })?;
    Ok(text.unwrap_or_else(|| Err(io::ErrorKind::Other.into())))
}

/// Runs `work` to its end even after Ctrl-C; for cleaning up.
pub(crate) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    UNINTERRUPTED.set(true);
    let done = work();
    UNINTERRUPTED.set(false);
    done
}

pub(crate) fn seen() -> bool {
    (SEEN.load(Ordering::SeqCst) || is_leaving()) && !UNINTERRUPTED.get()
}

/// As if a signal had come: for a Ctrl-C that was read as a key, and for input that has ended.
pub(crate) fn interrupt() -> Error {
    SEEN.store(true, Ordering::SeqCst);
    Error::interrupted()
}

/// # Errors
/// If the user has asked to stop.
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

/// Runs a prompt; `leave` restores the terminal if the prompt cannot be left in the ordinary way. Where another thread
/// waits for the answer, it is that thread which goes on after a signal.
///
/// # Errors
/// If the user has asked to stop before.
pub(crate) fn during_prompt<T>(leave: fn(), prompt: impl FnOnce() -> T) -> Result<T> {
    *open_prompt() = (!IS_AWAITED.get()).then_some(leave);
    // A signal that came just before has not seen this prompt.
    let answer = check().map(|()| prompt());
    *open_prompt() = None;
    answer
}
