//! What people see and type. Only `terminal` and `report` print, only `prompt` and `hidden` ask.

mod hidden;
mod json;
pub(crate) mod prompt;
pub(crate) mod report;
pub(crate) mod terminal;
mod text;
mod wrap;
