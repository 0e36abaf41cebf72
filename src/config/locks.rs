//! The refresh lock and the file lock. The system releases each when the last process that has its file open ends.
//! [`crate::config`] says in which order they are taken. Nothing here reads or writes a file's content.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fs4::{FileExt, TryLockError};

use super::access;
use super::paths::{directory, file_name};
use crate::signals;

const TICK: Duration = Duration::from_millis(5);

/// Held while one storage's token is renewed. A refresh token works once, so only one process may use it. The rclone
/// that renews it shares the lock, so the lock survives when pluton is killed.
#[derive(Debug)]
pub(crate) struct RefreshLock(File);

impl RefreshLock {
    /// Waits for the lock; `None` at the deadline. Ctrl-C ends the wait with an error of kind `Interrupted`.
    pub(super) fn at(path: &Path, deadline: Instant) -> io::Result<Option<Self>> {
        let Some(file) = locked(open(path)?, deadline)? else { return Ok(None) };
        share_with_children(&file)?;
        Ok(Some(Self(file)))
    }
}

impl Drop for RefreshLock {
    fn drop(&mut self) {
        // This unlocks it for every process that shares it. If an rclone was left running, it must keep the lock.
        if !signals::is_leaving() {
            let _ = FileExt::unlock(&self.0);
        }
    }
}

/// The file lock: held by one pluton at a time for every rclone.conf in a directory. It locks the directory itself,
/// because a lock file would belong to the first user who made it, and nobody else could open it. Waits like
/// [`RefreshLock::at`].
pub(super) fn lock_beside(path: &Path, deadline: Instant) -> io::Result<Option<File>> {
    let dir = directory(path);
    access::make_private_dir(dir)?;
    #[cfg(unix)]
    match File::open(dir).and_then(|dir| locked(dir, deadline)) {
        // Network file systems cannot lock directories, and some directories cannot be read.
        Err(error) if error.kind() != io::ErrorKind::Interrupted => {}
        done => return done,
    }
    let file = open(&dir.join(format!(".{}.lock-pluton", file_name(path))))?;
    if let Ok(config) = fs::metadata(path) {
        access::keep_owner_and_mode(&file, &config)?;
    }
    locked(file, deadline)
}

/// Waits for the lock.
pub(crate) fn lock_file(file: &File) -> io::Result<()> {
    FileExt::lock(file)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = access::private(&mut options).open(path)?;
    access::give_to_owner_of_directory(path);
    Ok(file)
}

fn locked(file: File, deadline: Instant) -> io::Result<Option<File>> {
    loop {
        match FileExt::try_lock(&file) {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if signals::seen() => return Err(io::ErrorKind::Interrupted.into()),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(None),
            Err(TryLockError::WouldBlock) => sleep(TICK),
            // Some network file systems have no locks; exchanging the two files still protects rclone.conf.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Child processes have the file open too, and so share the lock.
#[cfg(unix)]
pub(super) fn share_with_children(file: &File) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(file, rustix::io::FdFlags::empty())?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
pub(super) fn share_with_children(_file: &File) -> io::Result<()> {
    Ok(())
}
