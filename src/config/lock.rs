//! Locks on whole files, as the system has them. They end with the last process that has the file open.

use std::fs::File;
use std::io;

use fs4::FileExt;
pub(super) use fs4::TryLockError;

/// Waits for its turn.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    FileExt::lock(file)
}

pub(super) fn try_lock(file: &File) -> Result<(), TryLockError> {
    FileExt::try_lock(file)
}

pub(super) fn try_lock_shared(file: &File) -> Result<(), TryLockError> {
    FileExt::try_lock_shared(file)
}

/// For every process that has the file from this one.
pub(super) fn unlock(file: &File) -> io::Result<()> {
    FileExt::unlock(file)
}
