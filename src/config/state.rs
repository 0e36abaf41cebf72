//! Pluton's own directories: private, and of the user who runs it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::paths::state_dir;
use super::{access, paths};
use crate::error::{Code, Error, Remedy, Result};

/// Where staged sections live while rclone proves them: private, and on a disk, since a renewed token may have to be found again.
pub(super) fn staging() -> PathBuf {
    state_dir().join("staged")
}

/// Where the refresh locks live, one for each storage.
pub(super) fn locks() -> PathBuf {
    state_dir().join("claims")
}

/// Where private copies of whole rclone.confs live.
pub(super) fn copies() -> PathBuf {
    state_dir().join("copies")
}

/// Makes one of these, and fails where this user cannot work in it.
pub(super) fn make(dir: &Path) -> Result<()> {
    access::make_private_dir(dir).and_then(|()| access::may_write_in(dir)).map_err(|cause| unusable(dir, &cause))
}

/// A new directory in one of these, gone with the value.
pub(super) fn private_dir_in(parent: &Path) -> Result<TempDir> {
    make(parent)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.prefix("box-").tempdir_in(parent).map_err(|cause| unusable(parent, &cause))
}

/// What to do where Pluton's own files cannot be used: another user, most often root, has made them.
pub(super) fn unusable(path: &Path, cause: &io::Error) -> Error {
    let error = Error::disk(Code::Unknown, "make a private file in", path, cause);
    match foreign().first() {
        Some(_) => error.hint(give_back()),
        None => error.hint(format!("make room and let this user write in {}", path.display())),
    }
}

pub(crate) fn give_back() -> Remedy {
    let command = format!("sudo chown -R \"$(id -un)\" '{}'", state_dir().display());
    Remedy::with_command("make Pluton's own files yours again", command)
}

/// What belongs to another user in the state directory, and may stand in the way of a renewal.
pub(crate) fn foreign() -> Vec<PathBuf> {
    let entries = |dir: PathBuf| fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let own = [staging(), locks(), copies()];
    let inside: Vec<_> = own.iter().cloned().flat_map(entries).collect();
    let staged = inside.iter().filter(|path| path.is_dir()).cloned().flat_map(entries).collect::<Vec<_>>();
    let all = [state_dir()].into_iter().chain(own).chain(inside).chain(staged);
    all.filter(|path| access::foreign_owner(path).is_some()).collect()
}

/// Without a home directory the state is kept where everybody can make directories. One that somebody else has made is
/// neither read nor written.
///
/// # Errors
/// Where it is another user's.
pub(crate) fn check_owner() -> Result<()> {
    if directories::BaseDirs::new().is_some() {
        return Ok(());
    }
    let dir = paths::state_dir();
    let failed = |cause: &dyn std::fmt::Display| {
        Error::disk(Code::Unknown, "use", &dir, &cause.to_string())
            .hint("set HOME to a directory of this user's, for Pluton's own files")
    };
    access::make_private_dir(&dir).map_err(|cause| failed(&cause))?;
    let is_own = fs::symlink_metadata(&dir).is_ok_and(|data| data.is_dir()) && access::is_own(&dir);
    if is_own { Ok(()) } else { Err(failed(&"it belongs to another user")) }
}
