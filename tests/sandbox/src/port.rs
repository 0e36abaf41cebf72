//! `rclone authorize` always listens on port 53682, so only one may run on a machine at a time.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Nobody else runs `rclone authorize` while this is held.
#[derive(Debug)]
pub struct Guard {
    _lock: File,
}

/// Waits for the turn to use port 53682, across all test processes of this machine.
pub fn authorize_port() -> Guard {
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
    Guard { _lock: lock }
}
