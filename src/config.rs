//! rclone.conf on disk, and Pluton's own files beside it. Only this module writes rclone.conf, and it never contacts
//! Box. A new or changed section goes in through [`ConfigFile::commit`] or [`ConfigFile::save_keys`], which take a
//! [`Verified`] one; every other change says why it needs no verification.
//!
//! Locks are always taken in this order: first the [`RefreshLock`] of one storage, from before Box is asked for a token
//! until that token is saved; then the file lock, while rclone.conf is read, changed and replaced. No thread holds two
//! refresh locks. The file lock is a lock on rclone.conf's directory. A refresh lock is a file in `locks`; the rclone
//! that renews the token shares it, so the lock survives when pluton is killed.
//!
//! *Leftovers* are files beside rclone.conf of a save that never finished. An *orphan* is a renewed sign-in in `staged`
//! whose run has ended before it was saved. A directory in `staged` or `copies` is *abandoned* if nobody locks its
//! `alive` any more.
//!
//! Files in the state directory, all private:
//! - `locks/ID`: empty; ID is a hash of rclone.conf's path and the section that holds the token.
//! - `staged/box-X/`: one section while rclone verifies it. `rclone.conf` is the section. `given` lists fingerprints,
//!   one a line: of the refresh token that the run started with, and of that token's ancestors. `alive` is locked while
//!   the run or its rclone lives. If the fingerprint of the token in `rclone.conf` is not in `given`, that token is the
//!   newest of its sign-in.
//! - `copies/box-X/`: a copy of a whole `rclone.conf` for one command, with `alive` as above. `origin` is the path it
//!   was copied from; each line of `tokens` is a fingerprint and a storage's name, as they were when the copy was made.
//! - `applied.json`: see `commands/apply.rs`.
//!
//! Beside rclone.conf, only during a save: `.NAME.pluton-draft-X` is being written. `.NAME.pluton-OLD-NEW-X` is about
//! to be exchanged with rclone.conf, or just was; it can be deleted once its content hashes to OLD or NEW.

mod change;
pub(crate) mod crypt;
pub(crate) mod document;
mod files;
mod foreign_writes;
mod paths;
mod private_copy;
mod recovery;
mod staging;
mod swap;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

pub(crate) use change::{Reference, TokenSave, check_rename, heirs, put, taken};
pub(crate) use files::{RefreshLock, foreign_owner, is_open_to_others, replace_locked};
pub(crate) use paths::{check_owner, find, foreign, give_back, others, shown, state_dir};
pub(crate) use private_copy::{PrivateCopy, abandoned_copies};
pub(crate) use recovery::{OrphanedSignIn, discard_unrenewed, orphans, orphans_now, successors};
pub(crate) use staging::{Batch, Proof, Proven, Rehearsal, Staged, Verified};

use crate::config::document::Document;
use crate::error::{Code, Error, Result};
use crate::secret::Secret;
use crate::storage::section::Section;
use crypt::PasswordSource;

/// How long to wait for another pluton that holds the lock.
const LOCK_LIMIT: Duration = Duration::from_secs(60);

/// The rclone.conf in use. `real` is its path with all symbolic links resolved.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    real: PathBuf,
    /// The file that this is a private copy of.
    original: Option<PathBuf>,
    source: PasswordSource,
    /// The password that last opened the file; new content is encrypted with it.
    password: Mutex<Option<Secret>>,
}

impl ConfigFile {
    pub(crate) fn at(path: &Path, source: PasswordSource) -> Self {
        Self { path: path.to_owned(), real: paths::resolve(path), original: None, source, password: Mutex::default() }
    }

    /// The path as the user knows it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path with all symbolic links resolved, for rclone: older versions replace a link with a file.
    pub(crate) fn real_path(&self) -> &Path {
        &self.real
    }

    pub(crate) fn exists(&self) -> bool {
        self.real.exists()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.bytes().ok().flatten().is_some_and(|bytes| crypt::is_encrypted(&bytes))
    }

    /// Checks that new tokens can be saved in it. Leaves no trace.
    ///
    /// # Errors
    /// Says what prevents it.
    pub(crate) fn try_replacing(&self) -> Result<()> {
        files::try_writing(&self.real).map_err(|cause| self.unwritable(&cause))
    }

    /// Whether it is deleted when the run ends.
    pub(crate) fn is_private_copy(&self) -> bool {
        self.original.is_some()
    }

    /// What rclone would read now. A missing file counts as empty once it is certain that no rclone is saving it.
    ///
    /// # Errors
    /// If it cannot be read or decrypted, or an rclone was killed while it saved it.
    pub(crate) fn read(&self) -> Result<Document> {
        self.parse(&self.bytes()?.unwrap_or_default())
    }

    /// One storage as rclone would read it now.
    ///
    /// # Errors
    /// If the storage is gone, or the file cannot be read.
    pub(crate) fn section(&self, name: &str) -> Result<Section> {
        Section::read(&self.read()?, name)
    }

    fn bytes(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        use foreign_writes::ReadError::{Io, Unfinished};
        foreign_writes::read(&self.real).map_err(|cause| match cause {
            Unfinished(left) => {
                let (path, left) = (self.path.display(), left.display());
                let message = format!("{path} is missing, but {left} is there: an rclone was stopped while it saved");
                Error::new(Code::ConfigConflict, message)
                    .hint_command("to finish that save", format!("mv '{left}' '{}'", self.real.display()))
                    .hint("to start with a new file, rename that one")
            }
            Io(cause) if cause.kind() == std::io::ErrorKind::Interrupted => Error::interrupted(),
            Io(cause) => {
                let is_forbidden = cause.kind() == std::io::ErrorKind::PermissionDenied;
                let permit = if is_forbidden { "let this user read it, or " } else { "" };
                Error::disk(Code::ConfigUnreadable, "read", &self.path, &cause)
                    .hint(format!("{permit}choose another file with --rclone-config"))
            }
        })
    }

    fn parse(&self, bytes: &[u8]) -> Result<Document> {
        let decrypted = crypt::is_encrypted(bytes).then(|| self.decrypt(bytes)).transpose()?;
        Document::parse(decrypted.as_ref().map_or(bytes, |plain| plain)).map_err(|cause| {
            Error::new(Code::ConfigUnreadable, format!("rclone cannot read {}: {cause}", self.path.display()))
                .hint(format!("fix line {} of that file", cause.line))
        })
    }

    fn decrypt(&self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let broken =
            |why| Error::new(Code::ConfigUnreadable, format!("{} cannot be decrypted: {why}", self.path.display()));
        let try_password = |password: &Secret| crypt::decrypt(bytes, password).transpose();
        let mut known = self.password.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = known.as_ref().and_then(try_password) {
            return opened.map_err(broken);
        }
        let (password, opened) = self.source.try_open(&self.path, try_password)?;
        let plain = opened.map_err(broken)?;
        *known = Some(password);
        Ok(plain)
    }

    /// The bytes to write in place of `seen`: encrypted if `seen` is.
    fn render(&self, document: &Document, seen: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>> {
        let plain = document.render();
        let known = self.password.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(password) = known.as_ref().filter(|_| seen.is_none_or(crypt::is_encrypted)) else { return Ok(plain) };
        crypt::encrypt(&plain, password).map(Zeroizing::new).ok_or_else(|| {
            Error::new(Code::ConfigUnwritable, "rclone.conf cannot be encrypted again: could not get random bytes")
        })
    }

    /// Takes the permissions of other users away.
    ///
    /// # Errors
    /// If this user may not change the mode.
    pub(crate) fn make_private(&self) -> Result<()> {
        files::make_private(&self.real).map_err(|cause| self.unwritable(&cause))
    }

    fn lock(&self) -> Result<std::fs::File> {
        let lock = files::lock_beside(&self.real, Instant::now() + LOCK_LIMIT);
        lock.map_err(|cause| self.unwritable(&cause))?.ok_or_else(|| {
            let message = format!("another pluton process has been writing {} for a minute", self.path.display());
            Error::new(Code::ConfigConflict, message).hint("wait for it to finish, or stop it, then run this again")
        })
    }

    /// Checks in advance what can be checked, so that Box is not asked for a token that then cannot be saved.
    ///
    /// # Errors
    /// If the file cannot be replaced, or its disk is full.
    pub(crate) fn require_writable(&self) -> Result<()> {
        /// More space than a token or an option adds.
        const MORE: usize = 2 * 1024;
        files::try_writing(&self.real)
            .and_then(|()| {
                // A directory that does not exist yet will be created by this user, on a disk with space.
                if !paths::directory(&self.real).exists() {
                    return Ok(());
                }
                let size = std::fs::metadata(&self.real).map_or(0, |data| data.len());
                swap::check_space(&self.real, usize::try_from(size).unwrap_or_default() + MORE)?;
                files::lock_beside(&self.real, Instant::now()).map(drop)
            })
            .map_err(|cause| self.unwritable(&cause))
    }

    fn unwritable(&self, cause: &std::io::Error) -> Error {
        use std::io::ErrorKind::{
            CrossesDevices, FileTooLarge, Interrupted, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem,
            ResourceBusy, StorageFull,
        };
        if cause.kind() == Interrupted {
            return Error::interrupted();
        }
        let dir = paths::directory(&self.real).display();
        let error = Error::disk(Code::ConfigUnwritable, "write", &self.path, cause);
        match cause.kind() {
            _ if files::is_held_open(cause) => error
                .hint("close the program that has rclone.conf open, then run this again")
                .hint(format!("let this user write in {dir}")),
            StorageFull | QuotaExceeded => error.hint(format!("free some space on the disk that holds {dir}")),
            FileTooLarge => error.hint_command("raise the limit on the size of files", "ulimit -f unlimited"),
            ResourceBusy | CrossesDevices => error
                .hint("mount the directory that holds rclone.conf, not the single file: rclone must replace it to save a token"),
            ReadOnlyFilesystem => error.hint("put rclone.conf on a writable disk: rclone saves new tokens in it"),
            PermissionDenied if files::is_immutable(cause) => {
                let fixed = files::fixed(&self.real).unwrap_or(&self.real);
                error.hint_command("allow the file to be replaced", format!("sudo chattr -i -a '{}'", fixed.display()))
            }
            PermissionDenied if files::foreign_owner(paths::directory(&self.real)).is_some() => error
                .hint_command("if that directory should be yours", format!("sudo chown -R \"$(id -un)\" '{dir}'"))
                .hint("choose another file with --rclone-config"),
            PermissionDenied => error.hint(format!("let this user write in {dir}, or choose another file with --rclone-config")),
            _ => error.hint("choose another file with --rclone-config"),
        }
    }
}
