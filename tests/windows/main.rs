//! pluton.exe beside the real rclone.exe, under Wine, against the loopback Box. `.ci/platforms` makes what it needs and
//! names the directory in `PLUTON_WINDOWS`: `pluton.exe`, `rclone.exe`, `hold.exe`, and Wine's `prefix`.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod machine;
mod smoke;
