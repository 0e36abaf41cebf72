//! What people see and type: the only modules that print, and the only one that asks.

mod fold;
pub(crate) mod prompt;
pub(crate) mod report;
pub(crate) mod terminal;
