//! Everything on standard error: steps, warnings, errors, the spinner. The result is never printed here; that is for
//! `report`.
#![expect(clippy::disallowed_methods, reason = "this module prints to standard error")]

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};

use crate::secret::{clean, for_screen};
use crate::ui::text::{BAD, GOOD, ODD};
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
        let is_terminal = std::io::stderr().is_terminal();
        let env = |name| std::env::var(name).unwrap_or_default();
        let ci = !["", "false", "0"].contains(&env("CI").as_str());
        let plain = is_dumb() || !env("NO_COLOR").is_empty();
        Self {
            volume,
            asks: std::io::stdin().is_terminal() && is_terminal && !ci && !no_input,
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
            write_line(text);
        }
    }

    pub(crate) fn done(self, text: &str) {
        self.say(&format!("{GOOD}✓{GOOD:#} {text}"));
    }

    pub(crate) fn warn(self, text: &str) {
        self.warn_lines(&clean(text));
    }

    /// For several lines whose parts are clean, as those of an error are.
    pub(crate) fn warn_lines(self, text: &str) {
        self.say(&format!("{ODD}warning:{ODD:#} {text}"));
    }

    pub(crate) fn trace(self, text: &str) {
        if self.volume == Volume::Verbose {
            write_raw(&format!("+ {text}"));
        }
    }

    /// Shows what is waited for: a spinner on a terminal, one plain line where the cursor must not move.
    pub(crate) fn wait(self, text: &str) -> Spinner {
        if !self.animates {
            if std::io::stderr().is_terminal() {
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

/// What is printed whatever the verbosity.
#[expect(clippy::unused_self, reason = "printed whatever the volume")]
impl Terminal {
    /// What must be read for anything to go on.
    pub(crate) fn always_print(self, text: &str) {
        write_line(text);
    }

    pub(crate) fn error(self, text: &str) {
        write_line(&format!("{BAD}error:{BAD:#} {text}"));
    }

    /// What clap says of wrong usage, folded by itself.
    pub(crate) fn usage(self, text: &str) {
        write_raw(text.trim_end());
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
pub(crate) fn columns(of: &Term) -> Option<usize> {
    of.size_checked().map(|(_, columns)| usize::from(columns)).filter(|&columns| columns > 0)
}

/// The width of the window that people are asked in.
pub(super) fn window() -> usize {
    columns(&Term::stderr()).unwrap_or(80)
}

/// Prints text unchanged for a person at a prompt. No spinner is shown meanwhile.
pub(super) fn show(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = out.write_all(for_screen(text).as_bytes()).and_then(|()| out.flush());
}

/// Wraps between words at the window's width; without a window, leaves the text unchanged.
fn write_line(text: &str) {
    write_raw(&wrap(&for_screen(text), columns(&Term::stderr())));
}

fn write_raw(text: &str) {
    // Nothing can be reported if standard error is closed.
    let write = || drop(writeln!(anstream::stderr().lock(), "{}", for_screen(text)));
    match &*turning() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

fn turning() -> MutexGuard<'static, Option<ProgressBar>> {
    TURNING.lock().unwrap_or_else(PoisonError::into_inner)
}
