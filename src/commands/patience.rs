//! What fails because Box or the network does not answer is tried again, for as long as the user allows.

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::error::{Code, Error, Result};
use crate::signals;
use crate::ui::terminal::{Spinner, Terminal};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// More than anybody waits; a clock cannot count without end.
const LONGEST: Duration = Duration::from_secs(365 * 86400);

/// One allowance for everything that a command tries.
pub(super) struct Patience {
    terminal: Terminal,
    limit: Duration,
    /// When it is used up; it begins with the first failure.
    end: OnceLock<Instant>,
    spinner: Mutex<Option<Spinner>>,
}

impl Patience {
    pub(super) fn new(terminal: Terminal, limit: Duration, doing: Option<&str>) -> Self {
        let spinner = doing.map(|doing| terminal.wait(doing));
        Self { terminal, limit, end: OnceLock::new(), spinner: Mutex::new(spinner) }
    }

    /// Each attempt takes its own locks, so that nothing is held during the pauses.
    pub(super) fn with<T>(&self, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match attempt() {
                Err(error) if may_pass(&error) => error,
                done => return done,
            };
            let asked = error.retry_after.unwrap_or_default();
            let left = self.left(&error, asked);
            if left.is_zero() || asked > left {
                return Err(error);
            }
            signals::pause(pause.max(asked).min(left))?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What is left of it; the first failure is told.
    fn left(&self, error: &Error, asked: Duration) -> Duration {
        let end = *self.end.get_or_init(|| {
            if !self.limit.is_zero() && asked <= self.limit {
                self.tell(error);
            }
            Instant::now() + self.limit.min(LONGEST)
        });
        end.saturating_duration_since(Instant::now())
    }

    fn tell(&self, error: &Error) {
        let Ok(mut spinner) = self.spinner.lock() else { return };
        drop(spinner.take());
        let limit = humantime::format_duration(self.limit);
        self.terminal.warn(&format!("{error}; retrying for up to {limit}"));
        *spinner = Some(self.terminal.wait("waiting for Box"));
    }
}

/// A certificate that is not trusted today will not be in a minute.
fn may_pass(error: &Error) -> bool {
    matches!(error.code, Code::Network | Code::Timeout | Code::RateLimited | Code::BoxUnavailable)
}
