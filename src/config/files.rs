//! Private files and directories, the owner and mode that a replaced file must keep, and locks. Knows nothing of what is
//! in a file.
//!
//! The system releases a lock when the last process that has its file open ends. [`crate::config`] says in which order
//! locks are taken.
#![expect(clippy::disallowed_methods, reason = "makes private files, and decides who may read a file")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fs4::{FileExt, TryLockError};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::paths::{directory, file_name};
use crate::signals;

const TICK: Duration = Duration::from_millis(5);

/// A file's owner and mode, and who is asking; other systems have neither.
struct Unix {
    owner: u32,
    mode: u32,
    device: u64,
    user: u32,
}

#[cfg(unix)]
fn unix(data: io::Result<fs::Metadata>) -> Option<Unix> {
    use std::os::unix::fs::MetadataExt as _;
    let data = data.ok()?;
    let user = rustix::process::geteuid().as_raw();
    Some(Unix { owner: data.uid(), mode: data.mode(), device: data.dev(), user })
}

#[cfg(not(unix))]
fn unix(_data: io::Result<fs::Metadata>) -> Option<Unix> {
    None
}

/// Creates the missing part of a directory path, private to the owner of the directory that it is made in.
pub(super) fn make_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let missing: Vec<_> = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    builder.create(dir)?;
    missing.into_iter().rev().for_each(give_to_owner_of_directory);
    Ok(())
}

/// What root makes in a user's directory is given to that user, who could not open it otherwise. Other users cannot
/// give files away, and a file of root's with several hard links is never given away.
#[cfg(unix)]
pub(super) fn give_to_owner_of_directory(path: &Path) {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let Ok(dir) = fs::metadata(directory(path)) else { return };
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let Ok(file) = OpenOptions::new().read(true).custom_flags(flags).open(path) else { return };
    if file.metadata().is_ok_and(|data| data.uid() == 0 && (data.is_dir() || data.nlink() == 1)) {
        let _ = fchown(&file, Some(dir.uid()), Some(dir.gid()));
    }
}

#[cfg(not(unix))]
pub(super) fn give_to_owner_of_directory(_path: &Path) {}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Creates a file that only its owner can read.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    private(&mut options).open(path)?.write_all(bytes)
}

/// Reads a file that may hold secrets.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    fs::read(path).map(Zeroizing::new)
}

/// Creates a file whose content does not matter, for others to lock.
fn open_lock(path: &Path) -> io::Result<File> {
    let file = private(OpenOptions::new().create(true).truncate(false).write(true)).open(path)?;
    give_to_owner_of_directory(path);
    Ok(file)
}

/// Replaces a file of the state directory with what `change` returns, under a lock of its own. At every moment the file
/// is the old one or the new one.
///
/// # Errors
/// If `change` fails, or the file cannot be written.
pub(crate) fn replace_locked(path: &Path, change: impl FnOnce() -> io::Result<Vec<u8>>) -> io::Result<()> {
    let dir = directory(path);
    make_private_dir(dir)?;
    let lock = open_lock(&path.with_extension("lock"))?;
    FileExt::lock(&lock)?;
    let new = change()?;
    let mut file = NamedTempFile::new_in(dir)?;
    file.write_all(&new)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    give_to_owner_of_directory(path);
    sync_directory(dir)
}

/// A new name in a directory survives a crash only after this.
pub(super) fn sync_directory(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// On Windows, the access list of the home directory applies.
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    unix(fs::metadata(path)).is_some_and(|file| file.mode & 0o077 != 0)
}

#[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, unused_variables, reason = "it can fail on Unix"))]
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

#[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, unused_variables, reason = "it can fail on Unix"))]
pub(super) fn keep_owner_and_mode(file: &File, old: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let new = file.metadata()?;
        // Only root may change the owner; the group alone can often be kept.
        if (new.uid() != old.uid() || new.gid() != old.gid()) && fchown(file, Some(old.uid()), Some(old.gid())).is_err()
        {
            let _ = fchown(file, None, Some(old.gid()));
        }
        file.set_permissions(old.permissions())?;
    }
    Ok(())
}

/// The owner, if that is another user. Root may use everybody's files.
pub(crate) fn foreign_owner(path: &Path) -> Option<u32> {
    let file = unix(fs::symlink_metadata(path))?;
    (file.owner != file.user && file.user != 0).then_some(file.owner)
}

/// Whether it belongs to exactly this user: for root, too, another user's file does not.
pub(super) fn is_own(path: &Path) -> bool {
    unix(fs::symlink_metadata(path)).is_none_or(|file| file.owner == file.user)
}

/// Whether a file can be created beside this one and renamed over it. Creates no missing directory.
pub(super) fn try_writing(path: &Path) -> io::Result<()> {
    if is_mount_point(path) {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    may_write_in(directory(path).ancestors().find(|dir| dir.exists()).unwrap_or(Path::new(".")))?;
    if fixed(path).is_some() {
        return Err(io::Error::from_raw_os_error(EPERM));
    }
    if is_kept_by_sticky_bit(path) { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
}

/// The file or its directory, if `chattr` has made it immutable or append-only.
#[cfg(target_os = "linux")]
pub(super) fn fixed(path: &Path) -> Option<&Path> {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let fixed = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
    let is_fixed = |path: &&Path| {
        let data = statx(CWD, *path, AtFlags::empty(), StatxFlags::empty());
        data.is_ok_and(|data| data.stx_attributes.intersects(fixed))
    };
    [path, directory(path)].into_iter().find(is_fixed)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn fixed(_path: &Path) -> Option<&Path> {
    None
}

/// In a directory like `/tmp` (sticky bit), only the owner of the file or of the directory, or root, may replace a
/// file.
fn is_kept_by_sticky_bit(path: &Path) -> bool {
    const STICKY: u32 = 0o1000;
    let is_sticky = unix(fs::metadata(directory(path))).is_some_and(|dir| dir.mode & STICKY != 0);
    is_sticky && foreign_owner(path).is_some() && foreign_owner(directory(path)).is_some()
}

pub(super) fn may_write_in(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return Ok(rustix::fs::access(dir, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?);
    #[cfg(not(unix))]
    tempfile::tempfile_in(dir).map(drop)
}

const EPERM: i32 = 1;

/// "Operation not permitted" differs from "permission denied": no user may do it, whatever the mode.
pub(super) fn is_immutable(cause: &io::Error) -> bool {
    cfg!(unix) && cause.raw_os_error() == Some(EPERM)
}

/// Windows reports "access is denied" for a file that another program has open.
pub(super) fn is_held_open(cause: &io::Error) -> bool {
    const ACCESS_DENIED: i32 = 5;
    const SHARING_VIOLATION: i32 = 32;
    cfg!(windows) && [Some(ACCESS_DENIED), Some(SHARING_VIOLATION)].contains(&cause.raw_os_error())
}

/// A file that is itself a mount point can be neither renamed nor exchanged.
fn is_mount_point(path: &Path) -> bool {
    let device = |path: &Path| unix(fs::metadata(path)).map(|file| file.device);
    if device(path).is_some_and(|here| Some(here) != device(directory(path))) {
        return true;
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let path = path.to_string_lossy().replace(' ', "\\040");
    mounts.lines().any(|line| line.split(' ').nth(4) == Some(&path))
}

/// Held while one storage's token is renewed. A refresh token works once, so only one process may use it. The rclone
/// that renews it shares the lock, so the lock survives when pluton is killed.
#[derive(Debug)]
pub(crate) struct RefreshLock(File);

impl RefreshLock {
    /// Waits for the lock; `None` at the deadline. Ctrl-C ends the wait with an error of kind `Interrupted`.
    pub(super) fn at(path: &Path, deadline: Instant) -> io::Result<Option<Self>> {
        let Some(file) = locked(open_lock(path)?, deadline)? else { return Ok(None) };
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
    make_private_dir(dir)?;
    #[cfg(unix)]
    match File::open(dir).and_then(|dir| locked(dir, deadline)) {
        // Network file systems cannot lock directories, and some directories cannot be read.
        Err(error) if error.kind() != io::ErrorKind::Interrupted => {}
        done => return done,
    }
    let file = open_lock(&dir.join(format!(".{}.lock-pluton", file_name(path))))?;
    if let Ok(config) = fs::metadata(path) {
        keep_owner_and_mode(&file, &config)?;
    }
    locked(file, deadline)
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
