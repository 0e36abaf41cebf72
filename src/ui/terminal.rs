//! Prints: the result and nothing else on standard output; steps, warnings, errors and the spinner on standard error.
//! Decides no words.
#![expect(clippy::disallowed_methods, reason = "only this module prints")]

use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};

use crate::error::{Code, Error, Result};
use crate::secret::{clean, for_screen};
use crate::ui::text::{BAD, ODD, good, marked};
use crate::ui::wrap::wrap;

/// The active spinner: it is hidden while a line is printed.
static TURNING: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// How much to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Volume {
    Quiet,
    Normal,
    Verbose,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) volume: Volume,
    /// Whether a person can be asked.
    pub(crate) asks: bool,
    /// Whether the cursor may be moved.
    animates: bool,
}

/// A spinner while it lives, where there is a terminal for it.
pub(crate) struct Spinner(Option<ProgressBar>);

impl Terminal {
    /// `no_input` also holds when `CI` is set to anything but false.
    pub(crate) fn new(volume: Volume, no_input: bool, json: bool) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let env = |name| std::env::var(name).unwrap_or_default();
        let ci = !["", "false", "0"].contains(&env("CI").as_str());
        let plain = is_dumb() || !env("NO_COLOR").is_empty();
        Self {
            volume,
            asks: io::stdin().is_terminal() && is_terminal && !ci && !no_input,
            animates: is_terminal && !plain && !json && volume != Volume::Quiet,
        }
    }

    /// Without a spinner, where several things are done at once.
    pub(crate) fn without_animation(self) -> Self {
        Self {
            animates: false,
            volume: if self.volume == Volume::Normal { Volume::Quiet } else { self.volume },
            ..self
        }
    }

    /// Plain text that a person at a prompt needs.
    pub(crate) fn say(self, text: &str) {
        if self.volume != Volume::Quiet {
            print_line(text);
        }
    }

    pub(crate) fn done(self, text: &str) {
        self.say(&good(text));
    }

    pub(crate) fn warn(self, text: &str) {
        self.warn_lines(&clean(text));
    }

    /// For several lines whose parts are clean, as those of an error are.
    pub(crate) fn warn_lines(self, text: &str) {
        self.say(&marked(ODD, "warning:", text));
    }

    pub(crate) fn trace(self, text: &str) {
        if self.volume == Volume::Verbose {
            show(&format!("+ {text}\n"));
        }
    }

    /// Shows what is waited for: a spinner on a terminal, one plain line where the cursor must not move.
    pub(crate) fn wait(self, text: &str) -> Spinner {
        if !self.animates {
            if io::stderr().is_terminal() {
                self.say(&format!("{text} …"));
            }
            return Spinner(None);
        }
        let bar = ProgressBar::new_spinner().with_message(clean(&format!("{text} …")));
        // Cut to the window: a row that wraps cannot be taken back.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(80));
        *turning() = Some(bar.clone());
        Spinner(Some(bar))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            *turning() = None;
            bar.finish_and_clear();
        }
    }
}

/// Whether its cursor stays where it is, and color is noise.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|kind| kind == "dumb")
}

/// The width of the window, where there is one.
fn columns(of: &Term) -> Option<usize> {
    of.size_checked().map(|(_, columns)| usize::from(columns)).filter(|&columns| columns > 0)
}

/// The width of the window that results are printed in.
pub(super) fn page_columns() -> Option<usize> {
    columns(&Term::stdout())
}

/// The width of the window that people are asked in.
pub(super) fn window() -> usize {
    columns(&Term::stderr()).unwrap_or(80)
}

/// Says what failed, whatever the volume.
pub(crate) fn error(text: &str) {
    print_line(&marked(BAD, "error:", text));
}

/// Prints a line whatever the volume, wrapped between words if there is a window.
pub(crate) fn print_line(text: &str) {
    show(&(wrap(&for_screen(text), columns(&Term::stderr())) + "\n"));
}

/// Prints text unchanged. No spinner is shown meanwhile.
pub(crate) fn show(text: &str) {
    let write = || {
        let mut out = anstream::stderr().lock();
        // Nothing can be reported if standard error is closed.
        let _ = out.write_all(for_screen(text).as_bytes()).and_then(|()| out.flush());
    };
    match &*turning() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

fn turning() -> MutexGuard<'static, Option<ProgressBar>> {
    TURNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints a result, without its colors where nothing shows them.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn print(text: &[u8]) -> Result<()> {
    const ESCAPE: u8 = 0x1b;
    if !text.contains(&ESCAPE) {
        return print_bytes(text);
    }
    told(put(&mut anstream::stdout().lock(), text))
}

/// Prints bytes for another program, unchanged.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<()> {
    told(put(&mut io::stdout().lock(), bytes))
}

/// A reader that went away (`| head`) is no failure of the command.
fn told(printed: io::Result<()>) -> Result<()> {
    match printed {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(Code::Unknown, format!("the result could not be written to standard output: {cause}"))
                .hint("free some space there, or redirect the output elsewhere"))
        }
        _ => Ok(()),
    }
}

/// Prints what is about to be deleted: a reader that went away is a failure, and so is a device that keeps nothing.
///
/// # Errors
/// If it is not certain that the output is kept.
pub(crate) fn hand_over(bytes: &[u8]) -> io::Result<()> {
    #[cfg(unix)]
    let out = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
    #[cfg(windows)]
    let out = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
    let out = std::fs::File::from(out);
    let data = out.metadata()?;
    // A closed standard output is `/dev/null` by now, since Rust opens that in its place.
    #[cfg(unix)]
    if std::os::unix::fs::FileTypeExt::is_char_device(&data.file_type()) && !out.is_terminal() {
        return Err(io::Error::other("standard output is closed, or discards what is written to it"));
    }
    put(&mut io::stdout().lock(), bytes)?;
    // A file is on the disk before this returns.
    if data.is_file() { out.sync_all() } else { Ok(()) }
}

fn put(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes).and_then(|()| out.flush())
}
