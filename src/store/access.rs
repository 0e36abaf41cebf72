//! Who may read and write: private files and directories, and the owner and mode a replaced file keeps.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use super::swap::directory;

/// Creates what is missing of a directory, for its owner alone.
pub(crate) fn make_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(unix)]
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(unix)]
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

/// Elsewhere the home directory's own access list decides.
#[cfg(not(unix))]
pub(crate) fn is_open_to_others(_path: &Path) -> bool {
    false
}

#[cfg(not(unix))]
pub(super) fn make_private(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub(super) fn keep_owner_and_mode(file: &File, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.metadata()?;
    if new.uid() != old.uid() || new.gid() != old.gid() {
        // Only root may give a file away; the group alone often can be kept.
        if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
            let _ = fchown(file, None, Some(old.gid()));
        }
    }
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
pub(super) fn keep_owner_and_mode(_file: &File, _old: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub(super) fn foreign_owner(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = fs::metadata(path).ok()?.uid();
    (owner != rustix::process::geteuid().as_raw()).then_some(owner)
}

#[cfg(not(unix))]
pub(super) fn foreign_owner(_path: &Path) -> Option<u32> {
    None
}

/// Whether a file can be put beside this one, and so in its place.
pub(super) fn is_writable(path: &Path) -> bool {
    try_writing(path).is_ok()
}

/// The same, with what stands against it. Creates no directory that is missing.
pub(super) fn try_writing(path: &Path) -> io::Result<()> {
    if is_mount_point(path) {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    may_write_in(directory(path).ancestors().find(|dir| dir.exists()).unwrap_or(Path::new(".")))
}

#[cfg(unix)]
fn may_write_in(dir: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(dir, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn may_write_in(dir: &Path) -> io::Result<()> {
    tempfile::tempfile_in(dir).map(drop)
}

/// "Operation not permitted", not "permission denied": nobody may, whatever the mode.
pub(super) fn is_immutable(cause: &io::Error) -> bool {
    const EPERM: i32 = 1;
    cfg!(unix) && cause.raw_os_error() == Some(EPERM)
}

/// A file that is mounted by itself can be neither renamed nor exchanged.
#[cfg(unix)]
fn is_mount_point(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| fs::metadata(path).map(|data| data.dev()).ok();
    if device(path).is_some_and(|here| Some(here) != device(directory(path))) {
        return true;
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let path = path.to_string_lossy().replace(' ', "\\040");
    mounts.lines().any(|line| line.split(' ').nth(4) == Some(&path))
}

#[cfg(not(unix))]
fn is_mount_point(_path: &Path) -> bool {
    false
}
