//! From what rclone or Box said to what happened, who must act and what to type next. Pure: text in, text out.
//!
//! First a failure is recognised by its signs, which gives its cause. Then whoever asked may look up what makes the
//! explanation better (a clock, an account, a port). At last the cause is put into words.

mod cause;
mod evidence;
mod excerpt;
mod explain;
mod operation;
mod patterns;
mod samples;

pub(crate) use cause::{Cause, Look};
pub(crate) use evidence::{End, Evidence};
pub(crate) use explain::ADMIN_APPS;
pub(crate) use operation::{Doing, Operation};
pub(crate) use samples::samples;

use crate::box_api::Account;
use crate::error::Error;

/// What was looked up after a failure.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Seconds that Box's clock is ahead of this machine's.
    pub(crate) clock_behind: Option<i64>,
    /// Whose account it is, and what it can hold.
    pub(crate) account: Option<Account>,
    /// What is wrong with the Box app's config.json.
    pub(crate) config_file: Option<String>,
    /// The variable that names the proxy, where it is not `HTTPS_PROXY`.
    pub(crate) proxy: Option<&'static str>,
    /// Nobody used the sign-in for 60 days.
    pub(crate) is_idle: bool,
}

/// What kind of failure it is.
pub(crate) fn recognise(asked: &Operation<'_>, heard: &Evidence<'_>) -> Cause {
    patterns::cause(asked, heard)
}

/// The failure in words: what happened, who must act, what to do next, and the last words of the one who failed.
pub(crate) fn explain(cause: Cause, asked: &Operation<'_>, heard: &Evidence<'_>, facts: &Facts) -> Error {
    let error = explain::explain(cause, asked, heard, facts);
    error.quoting(heard.speaker(), excerpt::last(heard.shown))
}

/// Both at once, where there is nothing to look up.
pub(crate) fn diagnose(asked: &Operation<'_>, heard: &Evidence<'_>) -> Error {
    explain(recognise(asked, heard), asked, heard, &Facts::default())
}

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
