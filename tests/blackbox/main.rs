//! What users of `pluton storage add` may rely on: the built program, against the real rclone and a Box on this
//! machine.

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod browser;
mod child;
mod dry_run;
mod elsewhere;
mod environment;
mod existing_name;
mod listing;
mod names;
mod network;
mod options;
mod oracle;
mod output;
mod places;
mod recovery;
mod sign_ins;
mod token_formats;
