//! TAB in real shells: a line is typed in a terminal, and what the shell made of it is read.

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod kinds;
mod offline;
mod scripts;
mod session;
