//! What a person reads when something fails: each cause is brought about for real, with each rclone there is, and the text is
//! compared with the one in `golden/`.
//!
//! After a change of the words: `PLUTON_REGENERATE=1 cargo test --test diagnosis`, and read the difference.

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
mod normal;
mod program;
mod secrets;
mod service_accounts;
mod tokens;
mod world;
