//! pluton as a person meets it: in a terminal, with keys, pastes and second thoughts.

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod correction;
mod doctor;
mod interrupt;
mod keeping;
mod narrow;
mod paste;
mod picking;
mod plain;
mod questions;
mod run;
mod sign_ins;

use support::{desk, session};
