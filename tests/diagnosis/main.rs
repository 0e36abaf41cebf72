//! What a person reads when something fails: each cause is brought about for real, with each rclone there is, and the text is
//! compared with the one in `golden/`.
//! After a change of the words they are written anew, as `tests/support` says.

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
