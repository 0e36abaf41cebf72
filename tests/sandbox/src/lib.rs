//! A Box that lives on this machine, for tests that run the real rclone.
//!
//! rclone's Box addresses are fixed, but it honors `HTTPS_PROXY` and `RCLONE_CA_CERT`. So the
//! sandbox is a proxy on 127.0.0.1 that ends TLS itself, with a certificate of its own authority,
//! and plays `api.box.com`, `upload.box.com`, `dl.boxcloud.com` and the sign-in pages. It is strict where Box is:
//! refresh tokens work once, codes last 30 seconds, signatures, scopes and subjects are checked.
//!
//! ```no_run
//! let sandbox = box_sandbox::Sandbox::start();
//! let token = sandbox.mint(box_sandbox::RCLONE_CLIENT_ID);
//! std::process::Command::new(box_sandbox::rclone::newest())
//!     .args(["lsd", ":box:", "--box-token", &token.blob()])
//!     .envs(sandbox.env())
//!     .status()
//!     .unwrap();
//! ```
#![allow(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test crate: it panics where a test should stop, and results are for looking at"
)]

mod account;
mod api;
mod apps;
mod browser;
mod certificates;
mod faults;
mod oauth;
pub mod pip;
pub mod rclone;
mod request;
mod sandbox;
mod server;
mod state;
mod tokens;
mod tree;

/// Says why a test cannot run here, past the test's own output, which nobody would see.
pub fn skip(why: &str) {
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("skipped: {why}\n"));
}

pub use account::Account;
pub use apps::{App, AppKind, AppSpec, RCLONE_CLIENT_ID, REDIRECT_URI};
pub use browser::Page;
pub use faults::Fault;
pub use rclone::authorize_port;
pub use request::Request;
pub use sandbox::Sandbox;
pub use state::Settings;
pub use tokens::Token;
