//! What people see and type: only `terminal` prints, only `prompt` and `hidden` ask. Nothing here decides
//! what a command does.

mod hidden;
pub(crate) mod prompt;
pub(crate) mod report;
pub(crate) mod terminal;
mod text;
mod wrap;
