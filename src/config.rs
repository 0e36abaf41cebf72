//! rclone.conf on disk. Only this module writes it. A section gets in by [`ConfigFile::commit`] or [`ConfigFile::save_keys`], which
//! take a [`Verified`] one; what else changes the file says why it needs no proof.
//!
//! Locks, always taken in this order: the [`RefreshLock`] of one storage, from before Box is asked for a token until that token
//! is saved; then the file lock, while rclone.conf is read, changed and put in place. No thread holds two refresh locks. The file lock is the lock of rclone.conf's directory; a refresh lock is a file in `claims`, which the
//! rclone that renews shares, so that it outlives a pluton that is killed.
//!
//! Files in the state directory, all private:
//! - `claims/ID`: empty; ID is a hash of rclone.conf's path and the section that holds the token.
//! - `staged/box-X/`: one section while rclone verifies it. `rclone.conf` is the section; `given` has the fingerprints of the
//!   refresh token that it began with and of those that one came from, one a line; `alive` is locked as long as the run
//!   or its rclone lives. A token in `rclone.conf` whose fingerprint is not in `given` is the newest one of its sign-in.
//! - `copies/box-X/`: a whole `rclone.conf` for one command, with `alive` as above. `origin` is the path it was copied from;
//!   `tokens` has a fingerprint and a storage's name a line, as they were when it was made.
//! - `applied.json`: see [`crate::commands::apply::state`].
//!
//! Beside rclone.conf, for the moment of a save: `.NAME.pluton-draft-X` is being written; `.NAME.pluton-OLD-NEW-X` is to change
//! places with it or just has, and is of no use to anyone once its content hashes to OLD or NEW.
#![expect(clippy::disallowed_methods, reason = "this module writes files")]

mod access;
mod change;
pub(crate) mod crypt;
pub(crate) mod document;
mod foreign_writes;
mod locks;
pub(crate) mod password;
mod paths;
mod private_copy;
mod recovery;
mod staging;
mod swap;
mod token_merge;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

pub(crate) use access::{give_to_owner_of_directory, is_open_to_others, make_private_dir, private};
pub(crate) use change::{Reference, TokenSave, check_inheritance, put, taken};
pub(crate) use locks::{RefreshLock, lock_file};
pub(crate) use paths::{check_owner, find, foreign, give_back, others, shown, state_dir};
pub(crate) use private_copy::{PrivateCopy, left_copies};
pub(crate) use recovery::{OrphanedSignIn, discard, kept, orphans, orphans_now, successors};
pub(crate) use staging::{Batch, Proof, Proven, Rehearsal, Staged, Unverified, Verified};

use crate::config::document::Document;
use crate::config::password::PasswordSource;
use crate::error::{Code, Error, Result, Who};
use crate::secret::Secret;
use crate::storage::section::Section;
use crypt::Undecryptable;

/// How long other plutons may hold the lock.
const LOCK_LIMIT: Duration = Duration::from_secs(60);

/// The rclone.conf in use. `real` is where it is after every symbolic link.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    real: PathBuf,
    /// Of what this is a private copy, gone when its run ends.
    original: Option<PathBuf>,
    source: PasswordSource,
    /// The one that opened the file last; what is written is then encrypted with it.
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

    /// The path after every symbolic link, for rclone: older ones replace a link by a file.
    pub(crate) fn real_path(&self) -> &Path {
        &self.real
    }

    pub(crate) fn exists(&self) -> bool {
        self.real.exists()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.bytes().ok().flatten().is_some_and(|bytes| crypt::is_encrypted(&bytes))
    }

    /// The user it belongs to, if that is not who runs this.
    pub(crate) fn foreign_owner(&self) -> Option<u32> {
        access::foreign_owner(&self.real)
    }

    /// What runs that were killed while they saved have left beside it, and whether it can be removed: of pluton's, the content
    /// is taken into the file; of rclone's, the file holds all of it.
    pub(crate) fn leftovers(&self) -> Vec<(PathBuf, bool)> {
        let now = self.bytes().ok().flatten().unwrap_or_default();
        let ours = swap::leftovers(&self.real).into_iter();
        let ours = ours.map(|(path, content)| (path, content.is_none_or(|bytes| self.parse(&bytes).is_ok())));
        foreign_writes::left_behind(&self.real, &now).into_iter().chain(ours).collect()
    }

    /// Removes those that can be.
    pub(crate) fn clear_leftovers(&self) -> Result<()> {
        // Every edit takes in and removes pluton's own.
        self.edit("", &|_| Ok(()))?;
        let now = self.bytes()?.unwrap_or_default();
        foreign_writes::left_behind(&self.real, &now).iter().filter(|(_, is_spare)| *is_spare).try_for_each(
            |(left, _)| {
                std::fs::remove_file(left).map_err(|cause| Error::disk(Code::ConfigUnwritable, "remove", left, &cause))
            },
        )
    }

    /// Whether new tokens can be saved in it. Tries nothing that leaves a trace.
    ///
    /// # Errors
    /// Says what stands against it.
    pub(crate) fn try_replacing(&self) -> Result<()> {
        access::try_writing(&self.real).map_err(|cause| self.unwritable(&cause))
    }

    /// Whether it is gone when the run ends.
    pub(crate) fn is_private_copy(&self) -> bool {
        self.original.is_some()
    }

    /// Keeps what was renewed in private copies of this file, and removes those that nobody uses any more.
    pub(crate) fn collect_copies(&self) {
        private_copy::collect(self);
    }

    /// What rclone would read now. A missing file is an empty one, once it is sure that no rclone is saving it.
    ///
    /// # Errors
    /// Where it cannot be read or decrypted, or an rclone was killed while it saved.
    pub(crate) fn read(&self) -> Result<Document> {
        self.parse(&self.bytes()?.unwrap_or_default())
    }

    /// One storage as rclone would read it now.
    ///
    /// # Errors
    /// Where it is gone, or the file cannot be read.
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
                    .responsible(Who::You)
                    .hint_command("to finish that save", format!("mv '{left}' '{}'", self.real.display()))
                    .hint("to start with a new file, rename that one")
            }
            Io(cause) if cause.kind() == std::io::ErrorKind::Interrupted => Error::interrupted(),
            Io(cause) => Error::disk(Code::ConfigUnreadable, "read", &self.path, &cause)
                .hint("let this user read it, or choose another file with --rclone-config"),
        })
    }

    fn parse(&self, bytes: &[u8]) -> Result<Document> {
        let decrypted = crypt::is_encrypted(bytes).then(|| self.decrypt(bytes)).transpose()?;
        Document::parse(decrypted.as_ref().map_or(bytes, |plain| plain)).map_err(|cause| {
            Error::new(Code::ConfigUnreadable, format!("rclone cannot read {}: {cause}", self.path.display()))
                .responsible(Who::You)
                .hint(format!("fix line {} of that file", cause.line))
        })
    }

    fn decrypt(&self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let broken = |why: &Undecryptable| {
            Error::new(Code::ConfigUnreadable, format!("{} cannot be decrypted: {why}", self.path.display()))
                .responsible(Who::You)
        };
        let try_password = |password: &Secret| match crypt::decrypt(bytes, password) {
            Err(Undecryptable::WrongPassword) => None,
            opened => Some(opened),
        };
        let mut known = self.password.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = known.as_ref().and_then(try_password) {
            return opened.map_err(|why| broken(&why));
        }
        let (password, opened) = self.source.try_open(&self.path, try_password)?;
        let plain = opened.map_err(|why| broken(&why))?;
        *known = Some(password);
        Ok(plain)
    }

    /// The bytes to write over `seen`: encrypted if those are.
    fn render(&self, document: &Document, seen: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>> {
        let plain = document.render();
        let known = self.password.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(password) = known.as_ref().filter(|_| seen.is_none_or(crypt::is_encrypted)) else { return Ok(plain) };
        let failed =
            || Error::new(Code::ConfigUnwritable, "rclone.conf cannot be encrypted again: could not get random bytes");
        let mut nonce = [0; crypt::NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|_| failed())?;
        crypt::encrypt(&plain, password, nonce).map(Zeroizing::new).ok_or_else(failed)
    }

    /// Whether other users of this machine can read the secrets in it.
    pub(crate) fn is_open_to_others(&self) -> bool {
        access::is_open_to_others(&self.real)
    }

    pub(crate) fn make_private(&self) -> Result<()> {
        access::make_private(&self.real).map_err(|cause| self.unwritable(&cause))
    }

    fn lock(&self) -> Result<std::fs::File> {
        let lock = locks::lock_beside(&self.real, Instant::now() + LOCK_LIMIT);
        lock.map_err(|cause| self.unwritable(&cause))?.ok_or_else(|| {
            let message = format!("another pluton has been writing {} for a minute", self.path.display());
            Error::new(Code::ConfigConflict, message)
                .responsible(Who::You)
                .hint("wait for it, or stop it, and run this again")
        })
    }

    /// Finds out what can be known beforehand, so that Box is not asked for a token that then cannot be saved.
    ///
    /// # Errors
    /// Where the file cannot be replaced, or its disk is full.
    pub(crate) fn require_writable(&self) -> Result<()> {
        /// More than a token or an option adds.
        const MORE: usize = 2 * 1024;
        access::try_writing(&self.real)
            .and_then(|()| {
                // A directory that is still to be made has room and belongs to this user.
                if !paths::directory(&self.real).exists() {
                    return Ok(());
                }
                let size = std::fs::metadata(&self.real).map_or(0, |data| data.len());
                swap::try_room(&self.real, usize::try_from(size).unwrap_or_default() + MORE)?;
                locks::lock_beside(&self.real, Instant::now()).map(drop)
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
            _ if access::is_held_open(cause) => error
                .hint("close the program that has rclone.conf open, then run this again")
                .hint(format!("or let this user write in {dir}")),
            StorageFull | QuotaExceeded => error.hint(format!("make room on the disk that holds {dir}")),
            FileTooLarge => error.hint_command("raise the limit on the size of files", "ulimit -f unlimited"),
            ResourceBusy | CrossesDevices => error
                .hint("mount the directory that holds rclone.conf, not the single file: rclone must replace it to save a token"),
            ReadOnlyFilesystem => error.hint("put rclone.conf on a writable disk: rclone saves new tokens in it"),
            PermissionDenied if access::is_immutable(cause) => {
                let fixed = access::fixed(&self.real).unwrap_or(&self.real);
                error.hint_command("allow the file to be replaced", format!("sudo chattr -i -a '{}'", fixed.display()))
            }
            PermissionDenied if access::foreign_owner(paths::directory(&self.real)).is_some() => error
                .hint_command("if that directory should be yours", format!("sudo chown -R \"$(id -un)\" '{dir}'"))
                .hint("otherwise choose another file with --rclone-config"),
            PermissionDenied => error.hint(format!("let this user write in {dir}, or choose another file with --rclone-config")),
            _ => error.hint("choose another file with --rclone-config"),
        }
    }
}
