//! The real rclone binaries that tests run: the newest, pinned by hash, and Debian stable's; and the turn to run `rclone
//! authorize`.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::pip;

const NEWEST: &str = "1.75.2";
const DEBIAN: &str = "/usr/bin/rclone";

/// rclone 1.75.2, installed below the target directory on first use.
pub fn newest() -> PathBuf {
    static FOUND: LazyLock<PathBuf> = LazyLock::new(|| {
        let home = pip::installed("rclone", NEWEST, "rclone-requirements.txt");
        home.unwrap_or_else(|error| panic!("rclone {NEWEST} cannot be had: {error:#}")).join("bin/rclone")
    });
    FOUND.clone()
}

/// `/usr/bin/rclone`, where that is the 1.60 of Debian stable; where it is not, what needs it is skipped, and that is said.
pub fn debian() -> Option<PathBuf> {
    static FOUND: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let version = Command::new(DEBIAN).arg("version").output();
        if version.is_ok_and(|output| output.stdout.starts_with(b"rclone v1.60.")) {
            return Some(DEBIAN.into());
        }
        crate::skip("/usr/bin/rclone is not Debian's 1.60");
        None
    });
    FOUND.clone()
}

/// Every version there is here, the newest first.
pub fn both() -> Vec<PathBuf> {
    std::iter::once(newest()).chain(debian()).collect()
}

/// Waits for the turn to use port 53682, on which `rclone authorize` always listens. It lasts while the file is held,
/// across all test processes of this machine.
#[must_use]
pub fn authorize_port() -> File {
    let path = std::env::temp_dir().join("box-sandbox-port-53682.lock");
    let lock = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .or_else(|_| File::open(&path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    lock.lock().expect("a lock on a file of our own");
    let patience = Instant::now() + Duration::from_secs(20);
    while let Err(error) = TcpListener::bind("127.0.0.1:53682") {
        assert!(Instant::now() < patience, "port 53682 stays taken: {error}");
        std::thread::sleep(Duration::from_millis(50));
    }
    lock
}
