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
mod chance;
mod disk;
mod encrypted;
mod killed;
mod mounts;
mod odd;
mod oracle;
mod owners;
mod places;
mod steps;
mod world;
