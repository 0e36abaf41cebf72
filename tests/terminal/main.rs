//! pluton as a person meets it: in a terminal, with keys, pastes and second thoughts.

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod correction;
mod desk;
mod interrupt;
mod keeping;
mod narrow;
mod paste;
mod plain;
mod questions;
mod session;
mod sign_ins;
