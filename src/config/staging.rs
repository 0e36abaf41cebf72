//! A section alone in a private file, where rclone proves it and may renew its token, before rclone.conf hears of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use tempfile::TempDir;

use super::{access, recovery, state};
use crate::config::document::{Document, Value};
use crate::error::{Code, Error, Result};
use crate::signals;
use crate::storage::section::Section;
use crate::storage::token::Token;

/// rclone renews a token that ends within 10 seconds, and may need some to come to that.
const AHEAD: i64 = 15;

/// What rclone showed of a staged section.
#[derive(Debug, Clone, Copy, Default, JsonSchema, Serialize)]
pub(crate) struct Proof {
    pub(crate) listed: bool,
    pub(crate) refreshed: bool,
    pub(crate) written: bool,
    pub(crate) folders: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rehearsal: Option<Rehearsal>,
}

/// Files that were uploaded, listed, downloaded, found to be the same, and deleted.
#[derive(Debug, Clone, Copy, JsonSchema, Serialize)]
pub(crate) struct Rehearsal {
    pub(crate) bytes: u64,
    /// How long rclone took, its start included.
    pub(crate) upload_ms: u64,
    pub(crate) download_ms: u64,
    /// HTTP requests that rclone made for all of it.
    pub(crate) requests: usize,
}

impl Rehearsal {
    /// This one and another after it.
    pub(crate) fn and(self, next: Self) -> Self {
        Self {
            bytes: self.bytes + next.bytes,
            upload_ms: self.upload_ms + next.upload_ms,
            download_ms: self.download_ms + next.download_ms,
            requests: self.requests + next.requests,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Staged {
    section: Section,
    /// Locked while this process lives, so that others can tell a staged section in use from one left behind. Closed before
    /// its directory goes, since not every system removes an open file.
    _alive: File,
    dir: TempDir,
    file: PathBuf,
    /// Whether rclone has to renew the token at its first call.
    overdue: bool,
}

impl Staged {
    /// Writes the section out. `overdue` puts its token's expiry in the past, so that rclone must renew it.
    pub(crate) fn new(section: Section, overdue: bool) -> Result<Self> {
        let parent = state::staging();
        let failed = |cause: io::Error| state::unusable(&parent, &cause);
        let dir = state::private_dir_in(&parent)?;
        let alive = recovery::mark_alive(dir.path()).map_err(failed)?;
        let token = section.token();
        let due = token.as_ref().filter(|token| overdue && token.is_renewable());
        let overdue = due.is_some();
        let written = match due {
            Some(token) => section.clone().with_token(&token.with_past_expiry())?,
            None => section.clone(),
        };
        let content = written.alone().render();
        let file = dir.path().join(recovery::SECTION);
        access::write_private(&file, &content).map_err(failed)?;
        if let Some(fingerprint) = token.as_ref().and_then(Token::fingerprint) {
            fs::write(dir.path().join(recovery::GIVEN), recovery::ancestors(&fingerprint)).map_err(failed)?;
        }
        own(dir.path());
        // Box is asked only once a renewed token is sure to have room.
        recovery::try_room(dir.path()).map_err(failed)?;
        Ok(Self { section, _alive: alive, dir, file, overdue })
    }

    /// As it was given, before rclone ran.
    pub(crate) fn section(&self) -> &Section {
        &self.section
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// A directory that no one else can read, gone with this value.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The token that rclone put in the staged file, if it is another than the one staged.
    pub(crate) fn new_token(&self) -> Option<Token> {
        let (document, _) = recovery::latest(self.dir.path())?;
        let token = Token::find(document.get(self.section.name(), "token")?.expose()).ok()?;
        let same = self.section.token().is_some_and(|old| old.access_token() == token.access_token());
        (!same).then_some(token)
    }

    /// The same with another option, and with the token that rclone may have put in the staged file since.
    pub(crate) fn with_option(mut self, key: &str, value: &str) -> Result<Self> {
        let value = Value::as_read(value);
        let failed = |cause: io::Error| state::unusable(&self.file, &cause);
        let mut document = Document::parse(&fs::read(&self.file).map_err(failed)?)
            .map_err(|why| Error::disk(Code::Unknown, "read", &self.file, &why))?;
        document.set(self.section.name(), key, &value);
        // Beside the old one until it is whole: that may hold the only live token.
        let new = self.dir.path().join(format!("{}.new", recovery::SECTION));
        access::write_private(&new, &document.render()).and_then(|()| fs::rename(&new, &self.file)).map_err(failed)?;
        self.section.set(key, Some(value));
        own(self.dir.path());
        Ok(self)
    }

    /// Whether rclone should have renewed the token and shows no new one.
    pub(crate) fn is_still_overdue(&self) -> bool {
        self.overdue && !self.has_rotated()
    }

    /// Whether rclone may be waiting for Box to renew the token: until its answer is in the staged file, no one has a live one.
    pub(crate) fn awaits_renewal(&self) -> bool {
        let is_due = |token: &Token| {
            let ends = token.expiry().map(Timestamp::as_second);
            token.is_renewable() && ends.is_some_and(|ends| ends - Timestamp::now().as_second() < AHEAD)
        };
        (self.overdue || self.section.token().is_some_and(|token| is_due(&token))) && !self.has_rotated()
    }

    /// Whether Box has replaced the user's refresh token, so that the staged file holds the only live one.
    pub(crate) fn has_rotated(&self) -> bool {
        self.new_token().is_some_and(|token| token.is_renewable())
    }

    /// A failure after Box has replaced the user's token: the staged file stays, and the error says where.
    pub(crate) fn keep_for_recovery(mut self, mut error: Error) -> Error {
        if self.has_rotated() {
            self.dir.disable_cleanup(true);
            own(self.dir.path());
            error.notes.push(format!(
                "Box has replaced the token you gave. The one that works now is kept, and the next try finds it: {}",
                self.file.display()
            ));
            error.kept = Some(self.file.clone());
        }
        error
    }

    /// Keeps a token that Box does not know, where no later run takes it for what became of the one in rclone.conf.
    pub(crate) fn set_aside(mut self, mut error: Error) -> Error {
        if fs::write(self.dir.path().join(recovery::GIVEN), "").is_ok() {
            self.dir.disable_cleanup(true);
            error.notes.push(format!("The token that came is kept: {}", self.file.display()));
            error.kept = Some(self.file.clone());
        }
        error
    }

    /// Leaves the staged file for later runs to find: this one has nowhere else to save its token.
    pub(crate) fn keep(mut self) {
        recovery::discard_ancestors(self.dir.path());
        self.dir.disable_cleanup(true);
        own(self.dir.path());
    }

    /// Keeps a section for recovery whose token was renewed elsewhere, from the one of this fingerprint on.
    pub(super) fn keep_renewed(section: Section, given: &str) -> Result<()> {
        let staged = Self::new(section, false)?;
        fs::write(staged.dir.path().join(recovery::GIVEN), recovery::lineage(given).join("\n"))
            .map_err(|cause| state::unusable(staged.dir.path(), &cause))?;
        staged.keep();
        Ok(())
    }

    /// Where this run ends before its rclone does, the renewed token is for later runs to find.
    pub(crate) fn leave_to_rclone(mut self) {
        if signals::is_leaving() && self.awaits_renewal() {
            self.dir.disable_cleanup(true);
        }
    }

    pub(crate) fn verified(self, proof: Proof) -> Result<Verified> {
        if self.has_rotated() {
            recovery::discard_ancestors(self.dir.path());
        }
        let section = match self.new_token() {
            Some(token) => self.section.clone().with_token(&token)?,
            None => self.section.clone(),
        };
        Ok(Verified { section, proof, staged: self })
    }
}

/// A section that may go into rclone.conf: proven, or expressly not to be.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) section: Section,
    pub(crate) proof: Proof,
    pub(crate) staged: Staged,
}

/// What root stages in a user's state directory is that user's, who may have to find it again.
fn own(dir: &Path) {
    access::give_to_owner_of_directory(dir);
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        access::give_to_owner_of_directory(&entry.path());
    }
}
