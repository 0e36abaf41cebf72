//! Reads input that must not be shown, without the terminal driver's limit of one line and 4095 bytes, and sets and
//! restores the terminal's modes around a question. Prints nothing and keeps no input.
#![expect(
    clippy::disallowed_methods,
    reason = "it reads hidden input, and changes the modes of standard input's terminal"
)]

use crate::error::Result;
use crate::secret::Secret;
use crate::signals;
use crate::ui::terminal::show;

#[cfg(not(unix))]
pub(super) use other::read;
#[cfg(not(unix))]
pub(crate) use other::{echo_off, forget_typed, line_editing, restore};
#[cfg(unix)]
pub(super) use unix::read;
#[cfg(unix)]
pub(crate) use unix::{echo_off, forget_typed, line_editing, restore};

/// How complete a paste is, judged after each line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The input is complete.
    Whole,
    /// Complete, unless more input follows.
    Enough,
    /// More must come; the text says what is missing.
    Partial(&'static str),
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::termios::{
        LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
    };
    use zeroize::Zeroizing;

    use super::{Progress, Result, Secret, show, signals};
    use crate::ui::terminal::window;
    use crate::ui::wrap::wrap;

    /// The shell's modes, saved before the first change.
    static SHELL: OnceLock<Termios> = OnceLock::new();

    const TICK: Duration = Duration::from_millis(50);
    /// Keys arrive slower than this by hand, and faster in a paste.
    const BY_HAND: Duration = Duration::from_millis(60);
    /// How long to discard input that follows the last line of a paste.
    const TAIL: Duration = Duration::from_millis(300);
    /// After this long a paste that stopped at the end of a line has stopped for good.
    const SILENCE: Duration = Duration::from_secs(1);
    const LONGEST: usize = 1 << 20;

    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const CTRL_U: u8 = 0x15;
    const ESCAPE: u8 = 0x1b;
    const BACKSPACE: [u8; 2] = [0x08, 0x7f];

    /// While this exists, the terminal's modes are changed.
    #[derive(Debug)]
    pub(crate) struct Modes {
        outside: Termios,
    }

    impl Modes {
        fn change(change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
            let outside = tcgetattr(io::stdin())?;
            SHELL.get_or_init(|| outside.clone());
            let mut modes = outside.clone();
            change(&mut modes);
            set(&modes)?;
            Ok(Self { outside })
        }
    }

    impl Drop for Modes {
        fn drop(&mut self) {
            let _ = set(&self.outside);
        }
    }

    fn set(modes: &Termios) -> io::Result<()> {
        // At once: to wait until all output is read would hold up the way out.
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, modes)?)
    }

    /// Puts the shell's modes back. Safe from any thread.
    pub(crate) fn restore() {
        if let Some(modes) = SHELL.get() {
            let _ = set(modes);
        }
    }

    /// Input typed between two questions is not shown: it may be a token that was pasted too early.
    pub(crate) fn echo_off() -> Option<Modes> {
        Modes::change(|modes| modes.local_modes.remove(LocalModes::ECHO)).ok()
    }

    /// Reads and shows lines as any program does.
    pub(crate) fn line_editing() -> Option<Modes> {
        Modes::change(|modes| modes.local_modes.insert(LocalModes::ECHO | LocalModes::ICANON)).ok()
    }

    /// Every key arrives at once and none is shown. Ctrl-C is a key too.
    fn raw() -> io::Result<Modes> {
        Modes::change(|modes| {
            modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
            modes.special_codes[SpecialCodeIndex::VMIN] = 0;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        })
    }

    /// Discards keys that were pressed while no question was open, and the rest of a paste that is still arriving.
    pub(crate) fn forget_typed() {
        if let Ok(_raw) = raw() {
            // A signal is seen by the next question.
            let _ = drain(Duration::ZERO);
        }
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    }

    /// Discards input until none has come for a while; `first` is how long to wait for any.
    fn drain(first: Duration) -> Result<()> {
        let mut wait = first;
        while let Some(rest) = more(wait)? {
            if rest.contains(&CTRL_C) {
                return Err(signals::interrupt());
            }
            signals::check()?;
            wait = TAIL;
        }
        Ok(())
    }

    /// `None` for Esc alone.
    pub(in crate::ui) fn read(label: &str, progress: &dyn Fn(&str) -> Progress) -> Result<Option<Secret>> {
        signals::check()?;
        let answer = raw().map_err(|_| signals::interrupt()).and_then(|_raw| {
            show(&wrap(label, Some(window())));
            let answer = collect(progress);
            // The rest of the paste must not answer the next question.
            forget_typed();
            answer
        });
        show("\n");
        answer
    }

    fn collect(progress: &dyn Fn(&str) -> Progress) -> Result<Option<Secret>> {
        let mut typed = Zeroizing::new(Vec::<u8>::new());
        let mut last = Instant::now();
        let mut hinted = false;
        loop {
            signals::check()?;
            let Some(bytes) = more(TICK)? else {
                if !hinted && typed.ends_with(b"\n") && last.elapsed() >= SILENCE {
                    hinted = true;
                    match progress(text(&typed).expose()) {
                        Progress::Partial(hint) => show(&format!("\n{} ", wrap(hint, Some(window())))),
                        Progress::Enough | Progress::Whole => break,
                    }
                }
                continue;
            };
            // An arrow key sends more than the one byte of Esc.
            if typed.is_empty() && bytes[..] == [ESCAPE] {
                return Ok(None);
            }
            let by_hand = last.elapsed() > BY_HAND;
            last = Instant::now();
            if bytes.contains(&CTRL_C) {
                return Err(signals::interrupt());
            }
            let enter = bytes.iter().any(|&byte| byte == b'\n' || byte == b'\r');
            let empty_line = by_hand && enter && bytes.len() == 1 && (typed.is_empty() || typed.ends_with(b"\n"));
            type_in(&mut typed, &bytes);
            let ends = empty_line || bytes.contains(&CTRL_D) || typed.len() > LONGEST;
            if ends || (enter && matches!(progress(text(&typed).expose()), Progress::Whole)) {
                break;
            }
        }
        drain(TAIL)?;
        Ok(Some(text(&typed)))
    }

    /// The input that arrived within `wait`, if any.
    fn more(wait: Duration) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let input = io::stdin();
        let mut fds = [PollFd::new(&input, PollFlags::IN)];
        let wait = Timespec::try_from(wait).ok();
        match poll(&mut fds, wait.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(_) => return Err(signals::interrupt()),
        }
        let mut buffer = Zeroizing::new(vec![0; 4096]);
        match rustix::io::read(&input, &mut buffer[..]) {
            Ok(0) if fds[0].revents().contains(PollFlags::HUP) => Err(signals::interrupt()),
            Ok(0) | Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(None),
            Ok(read) => {
                buffer.truncate(read);
                Ok(Some(buffer))
            }
            Err(_) => Err(signals::interrupt()),
        }
    }

    /// Applies keys to the input so far: carriage returns become line breaks, and backspace deletes.
    fn type_in(typed: &mut Vec<u8>, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\r' => typed.push(b'\n'),
                CTRL_U => typed.clear(),
                byte if BACKSPACE.contains(&byte) => {
                    while typed.pop().is_some_and(|last| last & 0b1100_0000 == 0b1000_0000) {}
                }
                byte if byte >= b' ' || byte == b'\n' || byte == b'\t' || byte == ESCAPE => typed.push(byte),
                _ => {}
            }
        }
    }

    /// Without the escape codes of arrow keys, and of terminals that mark where a paste begins and ends.
    fn text(typed: &[u8]) -> Secret {
        let text = Zeroizing::new(String::from_utf8_lossy(typed).into_owned());
        Secret::new(anstream::adapter::strip_str(&text).to_string())
    }
}

/// Other systems' terminals keep their modes, and give hidden lines as the console does.
#[cfg(not(unix))]
mod other {
    use super::{Progress, Result, Secret, show, signals};

    #[derive(Debug)]
    pub(crate) struct Modes;

    pub(crate) fn echo_off() -> Option<Modes> {
        None
    }

    pub(crate) fn line_editing() -> Option<Modes> {
        None
    }

    pub(crate) fn restore() {}

    pub(crate) fn forget_typed() {}

    pub(in crate::ui) fn read(label: &str, progress: &dyn Fn(&str) -> Progress) -> Result<Option<Secret>> {
        let mut typed = String::new();
        show(label);
        loop {
            signals::check()?;
            let read = || console::Term::stderr().read_secure_line();
            let line = signals::during_prompt(|| show("\n"), read)?.map_err(|_| signals::interrupt())?;
            let empty = line.is_empty();
            typed.push_str(&line);
            typed.push('\n');
            if empty || matches!(progress(&typed), Progress::Whole | Progress::Enough) {
                return Ok(Some(Secret::new(typed)));
            }
        }
    }
}
