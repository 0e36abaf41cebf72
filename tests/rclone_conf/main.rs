//! rclone.conf never loses a byte: with rclones and other plutons writing it, killed programs, full disks, and unusual
//! files.

#[path = "../support/mod.rs"]
mod support;

// The pure module itself, so that thousands of files need no process each.
#[path = "../../src/config"]
mod pure {
    #[allow(dead_code, unreachable_pub, unused_imports, reason = "the oracle uses its part")]
    pub(crate) mod document;
}

mod beside_plutons;
mod beside_rclone;
mod disk;
mod encrypted;
mod killed;
mod mounts;
mod odd;
mod oracle;
mod owners;
mod places;
mod steps;
mod stress;

use std::fs;

use support::{Machine, names_in};

/// Another program's section as its owner wrote it; every line of it survives rclone's own saves.
const ODD: &str = "# kept by hand\n[odd one]\ntype = alias\n; about nothing\nremote = /tmp:=# not a comment\n";

impl Machine {
    fn bytes(&self) -> Vec<u8> {
        fs::read(self.config()).expect("rclone.conf")
    }

    /// There is nothing beside rclone.conf.
    #[track_caller]
    fn nothing_beside(&self) {
        assert_eq!(names_in(self.config_dir()), ["rclone.conf"]);
    }
}
