//! Ctrl-C and its kin: a flag that the waiting rooms look at, so that every way out runs its own clean-up.

use std::cell::Cell;
#[cfg(unix)]
use std::sync::atomic::AtomicI32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
#[cfg(unix)]
use std::time::Duration;

use crate::error::{Error, Result};

static SEEN: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
/// The process that signals are for, while there is one.
#[cfg(unix)]
static CHILD: AtomicI32 = AtomicI32::new(0);

thread_local! {
    static SHIELDED: Cell<bool> = const { Cell::new(false) };
}

/// Counts prompts; odd while one is open.
static PROMPTS: AtomicUsize = AtomicUsize::new(0);
/// Puts the terminal right for a prompt that cannot be left in the ordinary way.
static LEAVE: Mutex<fn()> = Mutex::new(|| {});

/// How long an open prompt has to see the signal by itself.
#[cfg(unix)]
const GRACE: Duration = Duration::from_millis(250);

/// From here on SIGINT, SIGTERM and SIGHUP set the flag instead of ending the program.
#[cfg(unix)]
pub(crate) fn watch() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if pass_on(signal) {
                continue;
            }
            SEEN.store(true, Ordering::SeqCst);
            let prompt = PROMPTS.load(Ordering::SeqCst);
            if prompt % 2 == 1 {
                std::thread::sleep(GRACE);
                if PROMPTS.load(Ordering::SeqCst) == prompt {
                    leave_prompt();
                }
            }
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn watch() -> std::io::Result<()> {
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&SEEN)).map(drop)
}

/// A prompt that blocks in the terminal's driver cannot be woken; nothing else is under way while it waits.
#[cfg(unix)]
#[expect(clippy::exit, reason = "the main thread is blocked in a read that a signal does not end")]
fn leave_prompt() {
    if let Ok(leave) = LEAVE.lock() {
        leave();
    }
    std::process::exit(130);
}

/// Hands every signal to `child` from here on; this program ends when the child does.
#[cfg(unix)]
pub(crate) fn hand_to(child: u32) -> std::io::Result<()> {
    use signal_hook::consts::{SIGQUIT, SIGUSR1, SIGUSR2};
    CHILD.store(i32::try_from(child).unwrap_or_default(), Ordering::SeqCst);
    // One that came a moment before was for the child too.
    if SEEN.swap(false, Ordering::SeqCst) {
        pass_on(signal_hook::consts::SIGTERM);
    }
    let mut signals = signal_hook::iterator::Signals::new([SIGQUIT, SIGUSR1, SIGUSR2])?;
    std::thread::Builder::new().name("more signals".into()).spawn(move || {
        for signal in signals.forever() {
            pass_on(signal);
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn hand_to(_child: u32) -> std::io::Result<()> {
    Ok(())
}

/// True if there is a child that has to deal with the signal. A key pressed at the terminal has reached it already.
#[cfg(unix)]
fn pass_on(signal: i32) -> bool {
    use rustix::process::{Pid, Signal, getpgrp, kill_process};
    let Some(child) = Pid::from_raw(CHILD.load(Ordering::SeqCst)) else { return false };
    let from_keyboard = [signal_hook::consts::SIGINT, signal_hook::consts::SIGQUIT].contains(&signal)
        && rustix::termios::tcgetpgrp(std::io::stdin()).is_ok_and(|foreground| foreground == getpgrp());
    if let (false, Some(signal)) = (from_keyboard, Signal::from_named_raw(signal)) {
        let _ = kill_process(child, signal);
    }
    true
}

/// Runs `work` to its end whatever was pressed; for what must be cleaned up.
pub(crate) fn shielded<T>(work: impl FnOnce() -> T) -> T {
    SHIELDED.set(true);
    let done = work();
    SHIELDED.set(false);
    done
}

pub(crate) fn seen() -> bool {
    SEEN.load(Ordering::SeqCst) && !SHIELDED.get()
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
