//! What people see and type: the only modules that print, and the only one that asks.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "these modules ask and print")]

mod hidden;
mod json;
pub(crate) mod prompt;
pub(crate) mod report;
pub(crate) mod terminal;
mod text;
mod wrap;
