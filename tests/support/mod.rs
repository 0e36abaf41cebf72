//! What all tests of the built program share. A `Machine` is one person's computer: a home directory, a PATH with one rclone,
//! the loopback Box, and nothing else; pluton runs in it (`Ran`) or talks to a person at a terminal (`Session`). A test that
//! cannot run here says so through `skip`.
//!
//! Texts that people read, and files made from the program's own types, are checked in and compared. After a change,
//! `PLUTON_REGENERATE=1 cargo test --test diagnosis --test generated --test pictures` writes them anew: read the difference.
#![allow(dead_code, unused_imports, reason = "each test program uses its part")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "arguments and words are written where they are used, without a & before them"
)]

mod children;
mod machine;
mod ran;
pub(crate) mod session;
mod storages;

pub(crate) use box_sandbox::skip;
pub(crate) use children::{Waiting, hang_up, interrupt, is_alive, terminate, until, wait_for, wait_until_gone};
pub(crate) use machine::{Machine, names_in, read, with_each, with_each_of};
pub(crate) use ran::{Args, Ran, Words, keys, warnings};
pub(crate) use storages::{aged, hasty, refresh_token, section};

/// The program of this build.
pub(crate) const PLUTON: &str = env!("CARGO_BIN_EXE_pluton");

/// Whether a program is on this machine; where it is not, that is said.
pub(crate) fn has(program: &str) -> bool {
    let found = std::path::Path::new(program).exists();
    if !found {
        skip(&format!("there is no {program}"));
    }
    found
}

/// Whether this run writes the texts that it would compare.
pub(crate) fn regenerates() -> bool {
    std::env::var_os("PLUTON_REGENERATE").is_some()
}
