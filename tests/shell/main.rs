//! Completion in real shells: a line is typed in a terminal, TAB is pressed, and the resulting line is read.

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod kinds;
mod offline;
mod scripts;
mod session;
