//! What users of `pluton` may rely on: the built program, against the real rclone and a Box on this machine.

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod browser;
mod child;
mod elsewhere;
mod environment;
mod listing;
mod names;
mod network;
mod options;
mod oracle;
mod output;
mod places;
mod rehearsal;
mod salvage;
mod sign_ins;
mod taken;
mod wrappings;
