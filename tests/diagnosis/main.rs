//! The error messages: each cause is produced for real, with each available rclone, and the text is compared with the
//! one in `golden/`. `tests/support` says how to write the texts anew.

#[path = "../support/mod.rs"]
mod support;

mod access;
mod apps;
mod box_errors;
mod browser;
mod case;
mod client_credentials;
mod config;
mod network;
mod program;
mod scene;
mod secrets;
mod service_accounts;
mod tokens;
