//! rclone.conf never loses a byte: against rclones and other plutons, killed programs, full disks, and odd files.

#[path = "../support/mod.rs"]
mod support;

// The pure module itself, so that thousands of files need no process each.
#[path = "../../src/config"]
mod pure {
    #[allow(dead_code, unreachable_pub, reason = "the oracle uses its part")]
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
