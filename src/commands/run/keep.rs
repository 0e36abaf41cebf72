//! One storage of a running command: its token is renewed ahead of its end.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use crate::commands::patience::Patience;
use crate::commands::renew::{Fresh, How, is_renewable, left, renew};
use crate::config::ConfigFile;
use crate::error::{Code, Error, Result};
use crate::rclone::Rclone;
use crate::secret::Secret;
use crate::signals;
use crate::storage::section::Section;
use crate::ui::report::failure_text;
use crate::ui::terminal::Terminal;

/// rclone takes a token for over in its last 10 seconds, and a renewal may take a few.
const LEAST_AHEAD: Duration = Duration::from_secs(20);
const MOST_AHEAD: Duration = Duration::from_secs(20 * 60);
/// How long after a failure it is tried again.
const LEAST_PAUSE: Duration = Duration::from_secs(5);
const MOST_PAUSE: Duration = Duration::from_secs(60);
/// A machine that slept has its clock moved on, so the clock is looked at often.
const TICK: Duration = Duration::from_secs(1);
/// With a token that lives this long a command can be started although Box does not answer now.
const ENOUGH: Duration = Duration::from_secs(60);

/// A storage whose token is renewed when `due` comes, `ahead` of its end.
pub(super) struct Kept<'a> {
    file: &'a ConfigFile,
    rclone: &'a Rclone,
    terminal: Terminal,
    name: &'a str,
    ahead: Duration,
    due: SystemTime,
    trouble: Option<Trouble>,
}

/// Why it is not kept signed in at the moment, as the user was told.
struct Trouble {
    code: Code,
    /// Box has refused this token for good: only another one is worth a try.
    refused: Option<Secret>,
}

impl<'a> Kept<'a> {
    /// Makes sure of a token now. `None` for a sign-in that cannot be renewed at all.
    pub(super) fn begin(
        file: &'a ConfigFile,
        rclone: &'a Rclone,
        name: &'a str,
        terminal: Terminal,
        patience: &Patience,
    ) -> Result<Option<Self>> {
        let section = Section::read(&file.read()?, name)?;
        if !is_renewable(&section) {
            terminal.warn(&format!("the sign-in of {name:?} cannot be renewed; it ends with its token"));
            return Ok(None);
        }
        let mut storage =
            Self { file, rclone, terminal, name, ahead: MOST_AHEAD, due: SystemTime::now(), trouble: None };
        patience.with(|| {
            match renew(file, rclone, name, Some(MOST_AHEAD)) {
                Ok(fresh) => storage.plan(&fresh),
                Err(error) if may_pass(&error) && storage.left() > ENOUGH => storage.failed(&error),
                Err(error) => return Err(error),
            }
            Ok(())
        })?;
        Ok(Some(storage))
    }

    /// Renews it whenever it is due, until the other end of `end` is dropped. No failure ends the command.
    pub(super) fn keep(mut self, end: &Receiver<()>) {
        while end.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            if SystemTime::now() < self.due || self.is_refused_still() {
                continue;
            }
            match renew(self.file, self.rclone, self.name, Some(self.ahead)) {
                Ok(fresh) => {
                    if self.trouble.take().is_some() {
                        self.terminal.done(&format!("{:?} is kept signed in again", self.name));
                    }
                    self.plan(&fresh);
                }
                // The command has ended meanwhile.
                Err(_) if signals::is_leaving() => return,
                Err(error) => self.failed(&error),
            }
        }
    }

    /// A third of a new token's life ahead of its end, within bounds.
    fn plan(&mut self, fresh: &Fresh) {
        let left = left(&fresh.token).unwrap_or_default();
        if fresh.how != How::StillGood {
            self.ahead = (left / 3).clamp(LEAST_AHEAD, MOST_AHEAD);
        }
        self.due = SystemTime::now() + left.saturating_sub(self.ahead).max(TICK);
    }

    /// Says so once for each kind of failure, and when to try again.
    fn failed(&mut self, error: &Error) {
        let is_told = self.trouble.as_ref().is_some_and(|trouble| trouble.code == error.code);
        let text = || format!("{:?} could not be kept signed in: {}", self.name, failure_text(error));
        match (is_told, may_pass(error)) {
            (true, _) => {}
            (false, true) => self.terminal.warn(&format!("{}\n  the command goes on, and this is tried again", text())),
            (false, false) => self.terminal.error(&format!("{}\n  the command goes on meanwhile", text())),
        }
        let is_over = matches!(error.code, Code::RefreshTokenInvalid | Code::TokenExpired);
        let refused = is_over.then(|| self.access_token()).flatten();
        self.trouble = Some(Trouble { code: error.code, refused });
        self.due = SystemTime::now() + (self.left() / 4).clamp(LEAST_PAUSE, MOST_PAUSE);
    }

    /// Whether rclone.conf still holds the very token that Box has refused.
    fn is_refused_still(&self) -> bool {
        let refused = self.trouble.as_ref().and_then(|trouble| trouble.refused.as_ref());
        refused.is_some() && refused == self.access_token().as_ref()
    }

    fn access_token(&self) -> Option<Secret> {
        let section = Section::read(&self.file.read().ok()?, self.name).ok()?;
        section.token().map(|token| token.access_token())
    }

    fn left(&self) -> Duration {
        let section = self.file.read().and_then(|document| Section::read(&document, self.name)).ok();
        section.and_then(|section| left(&section.token()?)).unwrap_or_default()
    }
}

/// The network, or Box itself.
fn may_pass(error: &Error) -> bool {
    error.code.exit() == Code::Network.exit()
}
