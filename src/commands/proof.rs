//! Has rclone verify a staged section: fetch a token if needed, list the root folder, and on request write files.
//! Starts rclone, and writes rclone.conf only to save a token that was renewed.
#![expect(clippy::disallowed_methods, reason = "the file that is sent to Box and back lies in the staged directory")]

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::explain;
use crate::box_api::{Caller, Refused};
use crate::config::{ConfigFile, Proven, Rehearsal, Staged, TokenSave, Verified};
use crate::diagnosis::{Doing, Failure};
use crate::error::{Code, Error, Result, Who};
use crate::process::Outcome;
use crate::rclone::{Listed, Rclone, Transfer};
use crate::signals;
use crate::storage::options;
use crate::storage::section::Section;
use crate::storage::sign_in::{Kind, Renewer};
use crate::storage::token::Token;
use crate::ui::report::{Warning, duration};

/// For asking Box about a token after a failure.
const LIMIT: Duration = Duration::from_secs(10);

/// Lists, and if `check` says so also writes files and deletes them again. A token that is renewed on the way is saved
/// in `saved_in` if the storage exists already, else kept for recovery if something fails.
pub(super) fn verify(
    rclone: &Rclone,
    staged: Staged,
    check: WriteCheck,
    saved_in: Option<&ConfigFile>,
) -> Result<Verified> {
    let proven = run(rclone, &staged, check);
    let staged = match saved_in {
        Some(file) => save(file, staged, proven.as_ref().err())?,
        None => staged,
    };
    match proven {
        Ok(proven) => staged.proven(proven),
        Err(error) if saved_in.is_some() => Err(error),
        Err(error) => Err(staged.keep_for_recovery(error)),
    }
}

/// Saves the token that rclone renewed, if it did, even if the rest `failed`, unless Box does not know that token. A
/// token without a place in rclone.conf is kept for recovery.
pub(super) fn save(file: &ConfigFile, staged: Staged, failed: Option<&Error>) -> Result<Staged> {
    let Some(token) = staged.new_token() else { return Ok(staged) };
    let section = staged.section();
    if failed.is_some_and(|error| error.code.exit() == Code::TokenExpired.exit()) && is_foreign(&token) {
        let name = section.name();
        let error = Error::new(
            Code::TokenInvalid,
            format!("renewing {name:?} returned a token that Box does not know; it was not saved"),
        )
        .responsible(Who::Network)
        .hint_command("find out what answers instead of Box, such as a proxy or token_url", "pluton doctor")
        .hint_command("if it still fails later, sign in again", format!("pluton storage authorize {name:?}"));
        return Err(staged.set_aside(error));
    }
    let name = section.name();
    match file.save_token(name, section.token().as_ref(), &token) {
        Ok(TokenSave::Saved) => {
            staged.discard_ancestors();
            Ok(staged)
        }
        Ok(TokenSave::NoPlace) => {
            let error = Error::new(
                Code::ConfigConflict,
                format!("{name:?} was renewed, but another program has removed it or signed it in again meanwhile"),
            )
            .hint_command(
                "to use the renewed sign-in under another name",
                format!("pluton storage add box NAME --token-file '{}'", staged.file().display()),
            );
            Err(staged.keep_for_recovery(error))
        }
        Err(error) => Err(staged.keep_for_recovery(error)),
    }
}

/// Whether Box itself refuses a token that was just issued. If Box cannot be asked, the token is not called foreign.
fn is_foreign(token: &Token) -> bool {
    let caller = Caller { access_token: token.access_token(), as_user: None, limit: LIMIT };
    let is_unknown = |refused: &Refused| refused.0.starts_with("401") && !refused.0.contains("Cannot authorize");
    matches!(caller.me(), Ok(Err(refused)) if is_unknown(&refused))
}

fn run(rclone: &Rclone, staged: &Staged, check: WriteCheck) -> Result<Proven> {
    // An older rclone would list another folder than the one that backups go to.
    rclone.require_for_option(staged.section().needs())?;
    if staged.section().kind() == Kind::Jwt && staged.section().token().or(staged.new_token()).is_none() {
        mint(rclone, staged)?;
    }
    let proven = Proven::by(list(rclone, staged)?);
    let rehearsal = check.run(rclone, staged)?;
    Ok(if check == WriteCheck::Nothing { proven } else { proven.and_written(rehearsal) })
}

/// Has rclone fetch a token for a service account into the staged file.
pub(super) fn mint(rclone: &Rclone, staged: &Staged) -> Result<()> {
    let minted = rclone.mint(staged.file(), staged.section().name())?;
    if minted.success() && staged.new_token().is_some() {
        return Ok(());
    }
    Err(why(rclone, staged, Doing::Minting, &minted))
}

pub(super) fn list(rclone: &Rclone, staged: &Staged) -> Result<Listed> {
    let listed = rclone.list(staged.file(), staged.section().name(), &|| staged.awaits_renewal())?;
    let listed = listed.map_err(|outcome| why(rclone, staged, Doing::Listing, &outcome))?;
    if staged.lacks_renewal() {
        // Either the disk is full, or this is not rclone.
        rclone.version()?;
        return Err(Error::new(Code::Unknown, "rclone listed the folder, but did not save a renewed token"));
    }
    Ok(listed)
}

fn why(rclone: &Rclone, staged: &Staged, doing: Doing, outcome: &Outcome) -> Error {
    let mut section = staged.section().clone();
    let mut secrets = section.secrets();
    if let Some(token) = staged.new_token() {
        secrets.push(token.access_token());
        secrets.extend(token.refresh_token());
        section = section.clone().with_token(&token).unwrap_or(section);
    }
    explain::failed(rclone, Failure::of(&section, doing), outcome, &secrets, Some(&section))
}

/// What will expire before tomorrow night's backup, and what prevents that.
pub(super) fn short_lived(section: &Section) -> Option<Warning> {
    let name = section.name();
    let (code, message) = match (section.renewer(), section.kind()) {
        (Renewer::Rclone, _) => return None,
        (Renewer::Pluton, _) => (
            "needs_renewal",
            format!(
                "rclone alone cannot renew this sign-in, which lasts 60 minutes: start every backup with \
                 `pluton run {name:?} -- …`, or have a timer call `pluton storage refresh {name:?}`"
            ),
        ),
        (Renewer::Nobody, Kind::AccessToken) => (
            "access_token_expires",
            format!(
                "an access token expires 60 minutes after it was created and cannot be renewed: backups will fail after that. \
                 For backups, sign in another way: `pluton storage authorize {name:?}`"
            ),
        ),
        (Renewer::Nobody, _) => {
            let end = section.token().and_then(|token| token.expiry());
            let when = match end.map(|end| end.as_second() - Timestamp::now().as_second()) {
                Some(left) if left <= 0 => format!("expired {} ago", duration(-left)),
                Some(left) => format!("expires in {}", duration(left)),
                None => "expires within 60 minutes".to_owned(),
            };
            let message = format!(
                "this token has no refresh token: it {when} and cannot be renewed; backups will fail after that. \
                 Sign in again, with everything that `rclone authorize \"box\"` prints: `pluton storage authorize {name:?}`"
            );
            ("no_refresh_token", message)
        }
    };
    Some(Warning { code, message })
}

/// The host that Box serves downloads from.
const DOWNLOADS: &str = "boxcloud.com";
/// Seconds to wait before a new file is asked for again; rclone does not pass on Box's own Retry-After.
const NOT_YET: [u64; 4] = [1, 2, 4, 8];
const MEBIBYTE: u64 = 1 << 20;
/// Large enough to measure a speed, and small enough for every plan.
const ORDINARY: u64 = 8 * MEBIBYTE;

/// What is written to prove a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteCheck {
    Nothing,
    Small,
    /// Some megabytes, and if `large` also a file that is uploaded in parts.
    Restore {
        large: bool,
    },
}

impl WriteCheck {
    pub(super) fn small_if(wanted: bool) -> Self {
        if wanted { Self::Small } else { Self::Nothing }
    }

    fn run(self, rclone: &Rclone, staged: &Staged) -> Result<Option<Rehearsal>> {
        let round_trip = |size| RoundTrip::new(rclone, staged).run(size);
        match self {
            Self::Nothing => Ok(None),
            Self::Small => round_trip(0).map(|_| None),
            Self::Restore { large } => {
                let mut rehearsal = round_trip(ORDINARY)?;
                if large {
                    let cutoff = options::upload_cutoff(staged.section().get("upload_cutoff"));
                    rehearsal = rehearsal.and(round_trip(cutoff + MEBIBYTE)?);
                }
                Ok(Some(rehearsal))
            }
        }
    }
}

/// A file that is written to the root folder, listed, read back, compared and deleted.
struct RoundTrip<'a> {
    rclone: &'a Rclone,
    staged: &'a Staged,
    /// The storage's root, and the file's name in it.
    root: String,
    file: String,
    /// Its copy here.
    local: PathBuf,
    /// How many requests rclone has made.
    requests: usize,
}

impl<'a> RoundTrip<'a> {
    fn new(rclone: &'a Rclone, staged: &'a Staged) -> Self {
        let unique = staged.dir().file_name().unwrap_or_default().to_string_lossy();
        Self {
            rclone,
            staged,
            root: format!("{}:", staged.section().name()),
            file: format!("pluton-write-check-{unique}.txt"),
            local: staged.dir().join("check"),
            requests: 0,
        }
    }

    /// With a file of `size` bytes or a few, which is always deleted afterwards.
    fn run(mut self, size: u64) -> Result<Rehearsal> {
        self.fill(size).map_err(|cause| Error::disk(Code::Unknown, "write", &self.local, &cause))?;
        let done = self.there_and_back(size > 0);
        // Box may have the file even if the upload was interrupted.
        let deleted = self.rclone.delete(self.staged.file(), &self.path());
        let done = done?;
        self.good(Doing::Writing, deleted?)?;
        Ok(Rehearsal { requests: self.requests, ..done })
    }

    fn there_and_back(&mut self, lists: bool) -> Result<Rehearsal> {
        let config = self.staged.file();
        let (bytes, sent) = self.digest()?;
        let up = self.good(Doing::Writing, self.rclone.upload(config, &self.local, &self.path(), bytes)?)?;
        // Avoids having two copies of a large file on the disk at once.
        let _ = fs::remove_file(&self.local);
        let name = self.staged.section().name();
        if lists {
            let listed = self.good(Doing::Listing, self.rclone.list_file(config, &self.root, &self.file)?)?;
            if listed.stdout.trim() != bytes.to_string() {
                let message =
                    format!("Box accepted a file of {bytes} bytes in {name:?}, but lists it with another size");
                return Err(Error::new(Code::Unknown, message).responsible(Who::Box).hint("run this again later"));
            }
        }
        let down = self.read_back(bytes)?;
        let (read, came) = self.digest()?;
        let _ = fs::remove_file(&self.local);
        if read == 0 {
            let message = format!("Box accepted a file in {name:?}, but it cannot be read back yet");
            return Err(Error::new(Code::BoxUnavailable, message).hint("run this again later"));
        }
        if came != sent {
            let message = format!("a file written to {name:?} was different when read back");
            return Err(Error::new(Code::Unknown, message).responsible(Who::Network).hint(
                "ask your network administrator whether a proxy or a virus scanner changes what *.boxcloud.com sends",
            ));
        }
        let milliseconds = |took: Duration| u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Ok(Rehearsal { bytes, upload_ms: milliseconds(up.took), download_ms: milliseconds(down.took), requests: 0 })
    }

    /// For a file that was just uploaded, Box may answer "not yet" (202), which rclone treats as an empty file and a
    /// success.
    fn read_back(&mut self, bytes: u64) -> Result<Outcome> {
        let mut waits = NOT_YET.iter();
        loop {
            let read = self.rclone.download(self.staged.file(), &self.path(), &self.local, bytes)?;
            let names_downloads = read.outcome.stderr.contains(DOWNLOADS);
            let why = |error| if names_downloads { no_downloads(error) } else { error };
            let read = self.good(Doing::Writing, read).map_err(why)?;
            let is_empty = fs::metadata(&self.local).is_ok_and(|data| data.len() == 0);
            match waits.next() {
                Some(seconds) if is_empty => signals::pause(Duration::from_secs(*seconds))?,
                _ => return Ok(read),
            }
        }
    }

    fn good(&mut self, doing: Doing, Transfer { outcome, requests }: Transfer) -> Result<Outcome> {
        self.requests += requests;
        if outcome.success() { Ok(outcome) } else { Err(why(self.rclone, self.staged, doing, &outcome)) }
    }

    fn path(&self) -> String {
        format!("{}{}", self.root, self.file)
    }

    /// A line that says what the file is, then random bytes, which cannot be compressed.
    fn fill(&self, size: u64) -> io::Result<()> {
        let mut local = File::create(&self.local)?;
        let text = format!("Pluton wrote this to check that it can. It is safe to delete. {}\n", self.file);
        local.write_all(text.as_bytes())?;
        let mut rest = size.saturating_sub(text.len() as u64);
        let mut block = vec![0; 1 << 20];
        while rest > 0 && !signals::seen() {
            let part = usize::try_from(rest).unwrap_or(usize::MAX).min(block.len());
            getrandom::fill(&mut block[..part]).map_err(io::Error::other)?;
            local.write_all(&block[..part])?;
            rest -= part as u64;
        }
        Ok(())
    }

    /// The size and the SHA-256 of the copy here.
    fn digest(&self) -> Result<(u64, [u8; 32])> {
        let mut hash = Sha256::new();
        let bytes = File::open(&self.local).and_then(|mut local| io::copy(&mut local, &mut hash));
        let bytes = bytes.map_err(|cause| Error::disk(Code::Unknown, "read", &self.local, &cause))?;
        Ok((bytes, hash.finalize().into()))
    }
}

/// Uploads and listings use other hosts than downloads, so backups work and restores fail.
fn no_downloads(error: Error) -> Error {
    let message =
        format!("files can be written but not read back: dl.{DOWNLOADS} cannot be reached ({})", error.message);
    let allow = format!("have *.{DOWNLOADS} allowed on port 443 by the firewall or proxy, as api.box.com is");
    Error { message, ..error }.first(allow)
}
