//! Replaces a file that other programs rewrite without a lock: exchanges it with a new one, checks what came out, and
//! starts again if that is not what was read. Whatever anyone wrote is at every moment in the file or beside it. Knows
//! nothing of rclone.conf's content.
#![expect(clippy::disallowed_methods, reason = "replaces rclone.conf")]

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tempfile::TempPath;
use zeroize::Zeroizing;

use super::files;
use super::paths::{directory, file_name};
use crate::signals;

const TICK: Duration = Duration::from_millis(5);
/// How long to retry while another program has the file open and so prevents the exchange.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) enum Swap {
    Done,
    /// The file is not what was read, or does not exist: nothing was written.
    Moved,
    /// Nothing was written; because several programs wrote at once, the content of one of them is now only here.
    SwappedOut(SwappedOut),
}

/// The file that was swapped out. It stays beside the target until this is dropped.
#[derive(Debug)]
pub(super) struct SwappedOut {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    kept: TempPath,
}

impl SwappedOut {
    /// Leaves it for a later run to find.
    pub(super) fn leave(self) {
        let _ = self.kept.keep();
    }
}

/// Fails if there is no space for a file of `size` bytes beside this one.
pub(super) fn check_space(path: &Path, size: usize) -> io::Result<()> {
    let mut draft = tempfile::Builder::new().prefix(&draft_prefix(path)).tempfile_in(directory(path))?;
    draft.write_all(&vec![b'#'; size])
}

/// Writes `new` in place of `seen` (`None`: no file). The file and its directory are synced to disk before this
/// returns. The caller must hold the file lock.
pub(super) fn put(path: &Path, new: &[u8], seen: Option<&[u8]>) -> io::Result<Swap> {
    let dir = directory(path);
    let mut fresh = tempfile::Builder::new().prefix(&draft_prefix(path)).tempfile_in(dir)?;
    fresh.write_all(new)?;
    if let Some(old) = fs::metadata(path).ok().filter(|_| seen.is_some()) {
        files::keep_owner_and_mode(fresh.as_file(), &old)?;
    }
    fresh.as_file().sync_all()?;
    let swap = match seen {
        None => match fresh.persist_noclobber(path) {
            Ok(_) => Swap::Done,
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Swap::Moved,
            Err(error) => return Err(error.error),
        },
        Some(seen) => put_over(path, fresh.into_temp_path(), new, seen)?,
    };
    match (swap, files::sync_directory(dir)) {
        (Swap::Done, Err(error)) => Err(error),
        (swap, _) => Ok(swap),
    }
}

fn put_over(path: &Path, draft: TempPath, new: &[u8], seen: &[u8]) -> io::Result<Swap> {
    // From here on, the file beside it may contain what another program wrote. Its name tells which content is not
    // worth keeping.
    let draft_name = file_name(&draft).into_owned();
    let unique = draft_name.trim_start_matches(&*draft_prefix(path));
    let ready = path.with_file_name(format!("{}{}-{}-{unique}", prefix(path), digest(seen), digest(new)));
    draft.persist(&ready).map_err(|error| error.error)?;
    let ready = TempPath::try_from_path(ready)?;
    if !stands(path, seen)? {
        return Ok(Swap::Moved);
    }
    match exchange(&ready, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Swap::Moved),
        Err(error) if is_unsupported(&error) => {
            return while_held_open(|| {
                if !stands(path, seen)? {
                    return Ok(Swap::Moved);
                }
                fs::rename(&ready, path).map(|()| Swap::Done)
            });
        }
        Err(error) => return Err(error),
    }
    if fs::read(&ready).is_ok_and(|out| out == seen) {
        return Ok(Swap::Done);
    }
    // Another program saved in between. Its file goes back at once, before anyone reads ours; if there is no file to
    // exchange with, that program is saving again, over ours.
    let back = match exchange(&ready, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        back => back,
    };
    match back.and_then(|()| files::read(&ready)) {
        Ok(out) if *out == new => Ok(Swap::Moved),
        Ok(bytes) => Ok(Swap::SwappedOut(SwappedOut { bytes, kept: ready })),
        Err(error) => {
            // It may be the only copy of a token.
            let _ = ready.keep();
            Err(error)
        }
    }
}

/// Whether the file is what was read.
fn stands(path: &Path, seen: &[u8]) -> io::Result<bool> {
    match fs::read(path) {
        Ok(now) => Ok(now == seen),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Windows cannot replace a file that another program has open, but most programs close it soon.
fn while_held_open<T>(attempt: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Err(error) if files::is_held_open(&error) && Instant::now() < deadline && !signals::seen() => {
                sleep(TICK);
            }
            done => return done,
        }
    }
}

/// Files that killed plutons left beside the file, each with its content, which may exist nowhere else. The caller must
/// hold the file lock.
pub(super) fn leftovers(path: &Path) -> Vec<(PathBuf, Option<Zeroizing<Vec<u8>>>)> {
    let (prefix, draft) = (prefix(path), draft_prefix(path));
    let entries = fs::read_dir(directory(path)).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let known = name.strip_prefix(&prefix)?;
            if name.starts_with(&draft) {
                return Some((entry.path(), None));
            }
            let bytes = files::read(&entry.path()).ok()?;
            let digest = digest(&bytes);
            let is_known = known.split('-').any(|known| known == digest);
            Some((entry.path(), (!is_known).then_some(bytes)))
        })
        .collect()
}

/// Deletes one whose content is in the file.
pub(super) fn remove_leftover(left: &Path) -> io::Result<()> {
    fs::remove_file(left)
}

fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    format!("{:016x}", u64::from_be_bytes(std::array::from_fn(|index| hash[index])))
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(fresh: &Path, path: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, fresh, CWD, path, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_fresh: &Path, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The error if the file system cannot exchange two names.
fn is_unsupported(error: &io::Error) -> bool {
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NOTSUP) {
        return true;
    }
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

/// The prefix of files that were, or will be, exchanged with this one.
fn prefix(path: &Path) -> String {
    format!(".{}.pluton-", file_name(path))
}

/// The prefix of files that are still being written and were never in this one's place.
fn draft_prefix(path: &Path) -> String {
    format!("{}draft-", prefix(path))
}
