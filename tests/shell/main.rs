//! TAB in real shells: a line is typed in a terminal, and what the shell made of it is read.

mod cases;
mod kinds;
mod offline;
mod scripts;
mod session;
