//! A section alone in a private file, where rclone verifies it and may renew its token before it goes into rclone.conf.
//! Writes only in the state directory.
//!
//! Only this module makes a section [`Verified`]: by [`Staged::proven`], which takes a listing by rclone, or by
//! [`Staged::unverified`], for a user who wants no proof.
#![expect(clippy::disallowed_methods, reason = "makes the private directories and replaces what is in them")]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use fs4::FileExt;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use tempfile::TempDir;

use super::{files, paths, recovery};
use crate::config::document::{Document, Value};
use crate::error::{Code, Error, Result};
use crate::rclone::Listed;
use crate::signals;
use crate::storage::section::Section;
use crate::storage::token::Token;

/// rclone renews a token that expires within 10 seconds; it may need some time before it checks.
const AHEAD: i64 = 15;

/// What rclone has shown about a staged section.
#[derive(Debug, Clone, Copy, Default, JsonSchema, Serialize)]
pub(crate) struct Proof {
    pub(crate) listed: bool,
    pub(crate) refreshed: bool,
    pub(crate) written: bool,
    pub(crate) folders: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rehearsal: Option<Rehearsal>,
}

/// Files that were uploaded, listed, downloaded, compared and deleted.
#[derive(Debug, Clone, Copy, JsonSchema, Serialize)]
pub(crate) struct Rehearsal {
    pub(crate) bytes: u64,
    /// How long rclone took, including its start.
    pub(crate) upload_ms: u64,
    pub(crate) download_ms: u64,
    /// The number of HTTP requests that rclone made for all of it.
    pub(crate) requests: usize,
}

impl Rehearsal {
    /// This result and the next one, combined.
    pub(crate) fn and(self, next: Self) -> Self {
        Self {
            bytes: self.bytes + next.bytes,
            upload_ms: self.upload_ms + next.upload_ms,
            download_ms: self.download_ms + next.download_ms,
            requests: self.requests + next.requests,
        }
    }
}

/// Proof that rclone has listed a section, and what else it did with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proven(Proof);

impl Proven {
    pub(crate) fn by(listed: Listed) -> Self {
        Self(Proof { listed: true, folders: Some(listed.folders()), ..Proof::default() })
    }

    /// Files were also written and read back.
    #[must_use]
    pub(crate) fn and_written(self, rehearsal: Option<Rehearsal>) -> Self {
        Self(Proof { written: true, rehearsal, ..self.0 })
    }
}

/// A section that may go into rclone.conf.
#[derive(Debug)]
pub(crate) struct Verified {
    section: Section,
    proof: Proof,
    staged: Staged,
}

impl Verified {
    /// With the token that it contains after rclone ran.
    pub(crate) fn section(&self) -> &Section {
        &self.section
    }

    pub(crate) fn proof(&self) -> Proof {
        self.proof
    }

    /// See [`Staged::keep_for_recovery`].
    pub(crate) fn keep_for_recovery(self, error: Error) -> Error {
        self.staged.keep_for_recovery(error)
    }
}

/// A private directory, deleted when this value is dropped.
#[derive(Debug)]
pub(super) struct PrivateDir {
    /// Locked while this process or a child of it lives, so that others can tell a directory in use from an abandoned
    /// one. Closed before the directory is deleted, since some systems cannot delete an open file.
    _alive: File,
    dir: TempDir,
}

impl PrivateDir {
    /// Creates and locks it.
    ///
    /// # Errors
    /// If this user cannot write in the state directory, or the disk is full.
    pub(super) fn new_in(parent: &Path) -> Result<Self> {
        paths::make(parent)?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let made = builder.prefix("box-").tempdir_in(parent).and_then(|dir| {
            // The lock gets its name only once it is locked: an unlocked one means that its owner is gone.
            let unnamed = dir.path().join("locking");
            let alive = File::create(&unnamed)?;
            let _ = FileExt::try_lock(&alive);
            files::share_with_children(&alive)?;
            fs::rename(unnamed, dir.path().join(recovery::ALIVE))?;
            Ok(Self { _alive: alive, dir })
        });
        made.map_err(|cause| paths::unusable(parent, &cause))
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Creates a file in it.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.path().join(name);
        let parent = self.path().parent().unwrap_or(self.path());
        files::write_private(&path, bytes).map_err(|cause| paths::unusable(parent, &cause))?;
        Ok(path)
    }

    /// Leaves it for later runs to find.
    pub(super) fn leave(&mut self) {
        self.dir.disable_cleanup(true);
        self.give_to_user();
    }

    /// What root stages in a user's state directory is given to that user, who may have to recover it.
    fn give_to_user(&self) {
        files::give_to_owner_of_directory(self.path());
        paths::entries(self.path()).for_each(|path| files::give_to_owner_of_directory(&path));
    }
}

/// Several sections in one private file, for one rclone that lists them all. Only for tokens that need no renewal:
/// whatever rclone saved here would be deleted with it.
#[derive(Debug)]
pub(crate) struct Batch {
    _dir: PrivateDir,
    file: PathBuf,
}

impl Batch {
    pub(crate) fn new<'a>(sections: impl IntoIterator<Item = &'a Section>) -> Result<Self> {
        let mut document = Document::default();
        for section in sections {
            document.put_section(section.name(), &section.entries());
        }
        let dir = PrivateDir::new_in(&paths::copies())?;
        let file = dir.write(recovery::SECTION, &document.render())?;
        Ok(Self { _dir: dir, file })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

#[derive(Debug)]
pub(crate) struct Staged {
    section: Section,
    dir: PrivateDir,
    file: PathBuf,
    /// Whether rclone has to renew the token at its first request.
    has_past_expiry: bool,
}

impl Staged {
    /// Writes the section to the file. With `past_expiry`, its token gets an expiry in the past, so that rclone must
    /// renew it.
    ///
    /// # Errors
    /// If there is no space for it and for a renewed token: then Box is not asked.
    pub(crate) fn new(section: Section, past_expiry: bool) -> Result<Self> {
        let dir = PrivateDir::new_in(&paths::staging())?;
        let token = section.token();
        let due = token.as_ref().filter(|token| past_expiry && token.is_renewable());
        let written = due.map(|token| section.clone().with_token(&token.with_past_expiry())).transpose()?;
        let file = dir.write(recovery::SECTION, &written.as_ref().unwrap_or(&section).alone().render())?;
        if let Some(fingerprint) = token.as_ref().and_then(Token::fingerprint) {
            dir.write(recovery::GIVEN, recovery::with_ancestors(&fingerprint).join("\n").as_bytes())?;
        }
        dir.give_to_user();
        recovery::check_space(dir.path()).map_err(|cause| paths::unusable(dir.path(), &cause))?;
        let has_past_expiry = written.is_some();
        Ok(Self { section, dir, file, has_past_expiry })
    }

    /// As it was given, before rclone ran.
    pub(crate) fn section(&self) -> &Section {
        &self.section
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Its directory, which no one else can read and which is deleted when this value is dropped.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The token that rclone put in the staged file, if it differs from the one staged.
    pub(crate) fn new_token(&self) -> Option<Token> {
        let (document, _) = recovery::latest(self.dir())?;
        let token = Token::in_section(&document, self.section.name())?;
        let same = self.section.token().is_some_and(|old| old.access_token() == token.access_token());
        (!same).then_some(token)
    }

    /// The same section with another option, and with the token that rclone may have put in the staged file since.
    ///
    /// # Errors
    /// If the staged file cannot be read or replaced; the old one then stays.
    pub(crate) fn with_option(mut self, key: &str, value: &str) -> Result<Self> {
        let value = Value::as_read(value);
        let mut document = Document::parse(&files::read(&self.file).map_err(|cause| self.unusable(&cause))?)
            .map_err(|why| Error::disk(Code::Unknown, "read", &self.file, &why))?;
        document.set(self.section.name(), key, &value);
        // Written beside the old one until it is complete: the old one may contain the only live token.
        let new = self.dir.write(&format!("{}.new", recovery::SECTION), &document.render())?;
        fs::rename(&new, &self.file).map_err(|cause| self.unusable(&cause))?;
        self.section.set(key, Some(value));
        self.dir.give_to_user();
        Ok(self)
    }

    fn unusable(&self, cause: &io::Error) -> Error {
        paths::unusable(&self.file, cause)
    }

    /// Whether rclone should have renewed the token but the file has no new one.
    pub(crate) fn lacks_renewal(&self) -> bool {
        self.has_past_expiry && !self.has_rotated()
    }

    /// Whether rclone may be waiting for Box to renew the token: until the answer is in the staged file, there may be
    /// no live token on this machine.
    pub(crate) fn awaits_renewal(&self) -> bool {
        let is_due = |token: &Token| {
            let ends = token.expiry().map(Timestamp::as_second);
            token.is_renewable() && ends.is_some_and(|ends| ends - Timestamp::now().as_second() < AHEAD)
        };
        (self.has_past_expiry || self.section.token().is_some_and(|token| is_due(&token))) && !self.has_rotated()
    }

    /// Whether Box has replaced the user's refresh token, so that the only live one is in the staged file.
    pub(crate) fn has_rotated(&self) -> bool {
        self.new_token().is_some_and(|token| token.is_renewable())
    }

    /// A failure after Box replaced the user's token: the staged file stays, and the error says where it is.
    pub(crate) fn keep_for_recovery(mut self, mut error: Error) -> Error {
        if self.has_rotated() {
            let note = "Box has replaced the token you gave. The new one is saved, and the next try will use it";
            self.leave_and_say(note, &mut error);
        }
        error
    }

    /// Keeps a token that Box does not know, marked so that no later run takes it for the successor of the one in
    /// rclone.conf.
    pub(crate) fn set_aside(mut self, mut error: Error) -> Error {
        if fs::write(self.dir().join(recovery::GIVEN), "").is_ok() {
            self.leave_and_say("The token that was received is saved", &mut error);
        }
        error
    }

    fn leave_and_say(&mut self, note: &str, error: &mut Error) {
        self.dir.leave();
        error.notes.push(format!("{note}: {}", self.file.display()));
        error.recoverable = Some(self.file.clone());
    }

    /// Deletes what earlier runs that were killed left of the tokens before this one: Box has replaced them.
    pub(crate) fn discard_ancestors(&self) {
        recovery::discard_ancestors(self.dir());
    }

    /// Leaves the staged file for later runs to find: this one has nowhere else to save its token.
    pub(crate) fn keep(mut self) {
        self.discard_ancestors();
        self.dir.leave();
    }

    /// Keeps a section for recovery whose token was renewed elsewhere, starting from the token with this fingerprint.
    pub(super) fn keep_renewed(section: Section, given: &str) -> Result<()> {
        let staged = Self::new(section, false)?;
        fs::write(staged.dir().join(recovery::GIVEN), recovery::with_successors(given).join("\n"))
            .map_err(|cause| staged.unusable(&cause))?;
        staged.keep();
        Ok(())
    }

    /// If this run ends before its rclone does, the renewed token is left for later runs to find.
    pub(crate) fn leave_to_rclone(mut self) {
        if signals::is_leaving() && self.awaits_renewal() {
            self.dir.leave();
        }
    }

    /// Makes the section [`Verified`], with the token that rclone renewed.
    ///
    /// # Errors
    /// If rclone.conf cannot hold the renewed token.
    pub(crate) fn proven(self, proven: Proven) -> Result<Verified> {
        let refreshed = self.has_rotated();
        self.verified(Proof { refreshed, ..proven.0 })
    }

    /// Makes the section [`Verified`] without a proof, as asked with `--no-verify`.
    ///
    /// # Errors
    /// If rclone.conf cannot hold the renewed token.
    pub(crate) fn unverified(self) -> Result<Verified> {
        self.verified(Proof::default())
    }

    fn verified(self, proof: Proof) -> Result<Verified> {
        if self.has_rotated() {
            self.discard_ancestors();
        }
        let section = match self.new_token() {
            Some(token) => self.section.clone().with_token(&token)?,
            None => self.section.clone(),
        };
        Ok(Verified { section, proof, staged: self })
    }
}
