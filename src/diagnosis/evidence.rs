//! What a failed rclone, or Box itself, left to read.

use crate::rclone::Version;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// An rclone that ended by itself.
    Exited,
    /// An rclone that a signal ended.
    Killed(i32),
    /// An rclone that was ended at its deadline.
    TimedOut,
    /// No rclone: Box or the network answered Pluton itself.
    Answered,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// All of it, as it came.
    pub(crate) said: &'a str,
    /// The part that may be shown: scrubbed.
    pub(crate) shown: &'a str,
    pub(crate) end: End,
    pub(crate) version: Option<Version>,
}

impl<'a> Evidence<'a> {
    /// What Box or the network answered to a request of Pluton's own.
    pub(crate) fn answer(said: &'a str, shown: &'a str) -> Self {
        Self { said, shown, end: End::Answered, version: None }
    }

    pub(crate) fn speaker(&self) -> &'static str {
        if self.end == End::Answered { "the answer was" } else { "rclone said" }
    }
}
