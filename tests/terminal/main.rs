//! pluton in a terminal: prompts, keys, pastes and corrections.

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod changes;
mod correction;
mod doctor;
mod interrupt;
mod narrow;
mod paste;
mod picking;
mod plain;
mod questions;
mod run;
mod sign_ins;

use support::session;
