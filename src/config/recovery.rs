//! Finds staged sections of runs that ended too early: those with the only live token are recovered, the others
//! deleted. Works in the state directory only; what it finds goes into rclone.conf through [`super::ConfigFile`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fs4::{FileExt, TryLockError};

use super::access;
use super::paths::{self, entries};
use crate::config::document::Document;
use crate::error::Result;
use crate::signals;
use crate::storage::token::Token;

/// Locked while the run that owns the directory, or an rclone it started, lives.
pub(super) const ALIVE: &str = "alive";
/// The fingerprints of the refresh token that the run started with and of that token's ancestors, one a line.
pub(super) const GIVEN: &str = "given";
pub(super) const SECTION: &str = "rclone.conf";

/// Box rejects a refresh token that has not been used for this long.
const LIFETIME: Duration = Duration::from_secs(60 * 24 * 3600);
/// How old a directory without a lock must be to count as abandoned.
const BEGINNING: Duration = Duration::from_secs(60);
/// How long to wait for an rclone that outlived its pluton and is still renewing the wanted token.
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(20);
/// More bytes than rclone needs to save one section.
const SPARE: usize = 64 * 1024;

/// A sign-in that Box renewed and whose new token never reached rclone.conf.
#[derive(Debug)]
pub(crate) struct OrphanedSignIn {
    pub(crate) name: String,
    pub(crate) section: Document,
    pub(crate) token: Token,
    pub(crate) file: PathBuf,
    fingerprint: String,
    given: Vec<String>,
}

impl OrphanedSignIn {
    /// Whether this is a successor of `token`.
    pub(crate) fn succeeds(&self, token: &Token) -> bool {
        token.fingerprint().is_some_and(|fingerprint| self.given.contains(&fingerprint))
    }

    /// Reads what a run has left in `dir`, if Box has renewed its token.
    fn in_dir(dir: &Path) -> Option<Self> {
        let (section, file) = latest(dir)?;
        let name = (*section.sections().first()?).to_owned();
        let token = Token::in_section(&section, &name)?;
        let fingerprint = token.fingerprint()?;
        let given = given(dir);
        let is_new = !given.is_empty() && !given.contains(&fingerprint);
        is_new.then_some(Self { name, section, token, file, fingerprint, given })
    }

    fn is_too_old(&self) -> bool {
        age(&self.file).is_some_and(|age| age > LIFETIME)
    }
}

/// Finds the sign-ins that can still be used, and deletes those that are saved, expired, or were never the only copy.
/// Waits if another run is using `wanted`.
///
/// # Errors
/// If Ctrl-C ends the wait.
pub(crate) fn orphans(present: &Document, wanted: Option<&Token>) -> Result<Vec<OrphanedSignIn>> {
    let survey = survey(present, wanted);
    signals::check()?;
    let mut found = Vec::new();
    for (dir, orphan) in survey {
        match orphan {
            Some(orphan) => found.push(orphan),
            None => drop(fs::remove_dir_all(dir)),
        }
    }
    Ok(found)
}

/// Like [`orphans`], without waiting or deleting anything.
pub(crate) fn orphans_now(present: &Document) -> Vec<OrphanedSignIn> {
    survey(present, None).into_iter().filter_map(|(_, found)| found).collect()
}

/// Every directory of a run that has ended, with the sign-in in it if it can still be used.
fn survey(present: &Document, wanted: Option<&Token>) -> Vec<(PathBuf, Option<OrphanedSignIn>)> {
    let wanted = wanted.and_then(Token::fingerprint);
    let tokens = present.sections().into_iter().filter_map(|section| Token::in_section(present, section));
    let committed: Vec<_> = tokens.filter_map(|token| token.fingerprint()).collect();
    let dirs = staged_dirs().filter(|dir| is_abandoned(dir, wanted.as_deref()) && unreadable(dir).is_none());
    let mut found: Vec<_> = dirs
        .map(|dir| {
            let found = OrphanedSignIn::in_dir(&dir);
            (dir, found.filter(|found| !committed.contains(&found.fingerprint) && !found.is_too_old()))
        })
        .collect();
    let given: Vec<String> = found.iter().flat_map(|(_, found)| found).flat_map(|found| found.given.clone()).collect();
    for (_, found) in &mut found {
        // A later run started with the token that this one ended with.
        found.take_if(|found| given.contains(&found.fingerprint));
    }
    found
}

/// The successors of `token` in runs that ended too early or had nowhere to save them, the newest last. Waits if
/// another run is using the token.
///
/// # Errors
/// If Ctrl-C ends the wait, or another user's files cannot be read.
pub(crate) fn successors(token: &Token) -> Result<Vec<OrphanedSignIn>> {
    let Some(fingerprint) = token.fingerprint() else { return Ok(Vec::new()) };
    let dirs: Vec<_> = staged_dirs().filter(|dir| is_abandoned(dir, Some(&fingerprint))).collect();
    let is_of_it = |dir: &&PathBuf| !dir.join(GIVEN).exists() || given(dir).contains(&fingerprint);
    if let Some(cause) = dirs.iter().filter(is_of_it).find_map(|dir| unreadable(dir)) {
        return Err(paths::unusable(&paths::staging(), &cause));
    }
    let found = dirs.iter().filter_map(|dir| OrphanedSignIn::in_dir(dir)).filter(|found| !found.is_too_old());
    let chain = chain(fingerprint, found.collect());
    signals::check()?;
    Ok(chain)
}

/// Of the runs in `found`, the one that ended with `token` itself, and after it those that renewed it, in order.
pub(crate) fn runs_with(token: &Token, mut found: Vec<OrphanedSignIn>) -> Vec<OrphanedSignIn> {
    let Some(fingerprint) = token.fingerprint() else { return Vec::new() };
    let holder = found.iter().position(|found| found.fingerprint == fingerprint).map(|at| found.swap_remove(at));
    holder.into_iter().chain(chain(fingerprint, found)).collect()
}

/// The successors of the token with this fingerprint, oldest first.
fn chain(fingerprint: String, mut found: Vec<OrphanedSignIn>) -> Vec<OrphanedSignIn> {
    let mut chain: Vec<OrphanedSignIn> = Vec::new();
    let mut newest = fingerprint;
    while let Some(at) = found.iter().position(|found| found.given.contains(&newest)) {
        let next = found.swap_remove(at);
        newest.clone_from(&next.fingerprint);
        chain.push(next);
    }
    chain
}

/// Removes a staged section whose token is in rclone.conf or known to be dead.
pub(crate) fn discard(file: &Path) {
    if let Some(dir) = file.parent().filter(|dir| dir.starts_with(paths::staging())) {
        let _ = fs::remove_dir_all(dir);
    }
}

/// The sign-in in a staged file that was kept for recovery.
pub(crate) fn kept(file: &Path) -> Option<OrphanedSignIn> {
    OrphanedSignIn::in_dir(file.parent()?)
}

/// The fingerprints of this token and its ancestors, as earlier runs left them.
pub(super) fn with_ancestors(fingerprint: &str) -> Vec<String> {
    let earlier = all().filter(|found| found.fingerprint == fingerprint).flat_map(|found| found.given);
    std::iter::once(fingerprint.to_owned()).chain(earlier).collect()
}

/// The fingerprints of this token and its successors.
pub(super) fn with_successors(fingerprint: &str) -> Vec<String> {
    let later = chain(fingerprint.to_owned(), all().collect()).into_iter().map(|found| found.fingerprint);
    std::iter::once(fingerprint.to_owned()).chain(later).collect()
}

/// Whether this token or a successor of it is kept for recovery.
pub(super) fn knows(fingerprint: &str) -> bool {
    all().any(|found| found.fingerprint == fingerprint || found.given.iter().any(|given| given == fingerprint))
}

/// Deletes staged directories whose token is an ancestor of the one in `dir`.
pub(super) fn discard_ancestors(dir: &Path) {
    let given = given(dir);
    for other in staged_dirs().filter(|other| other != dir && is_abandoned(other, None)) {
        if OrphanedSignIn::in_dir(&other).is_some_and(|found| given.contains(&found.fingerprint)) {
            let _ = fs::remove_dir_all(other);
        }
    }
}

/// Fails if the disk is too full for rclone to save a renewed token.
pub(super) fn check_space(dir: &Path) -> io::Result<()> {
    let ballast = dir.join("space");
    let tried = fs::write(&ballast, vec![b'#'; SPARE]);
    fs::remove_file(&ballast).and(tried)
}

/// The newest complete section that rclone left. If rclone was killed during a save, it is under another name.
pub(super) fn latest(dir: &Path) -> Option<(Document, PathBuf)> {
    let read = |path: PathBuf| {
        let document = Document::parse(&access::read(&path).ok()?).ok()?;
        Token::in_section(&document, document.sections().first()?)?;
        Some((document, path))
    };
    let is_section =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(SECTION.as_bytes()));
    let mut files: Vec<_> = entries(dir).filter(is_section).collect();
    files.sort_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok());
    files.into_iter().rev().find_map(read)
}

/// Whether the run that made this directory and everything it started have ended, so that the system has released its
/// lock. If a running one uses the token with the `wanted` fingerprint, this waits for it.
pub(super) fn is_abandoned(dir: &Path, wanted: Option<&str>) -> bool {
    let Ok(alive) = OpenOptions::new().write(true).open(dir.join(ALIVE)) else {
        // Created a moment ago, or not a staged directory.
        return age(dir).is_some_and(|age| age > BEGINNING);
    };
    let is_wanted = wanted.is_some_and(|wanted| given(dir).iter().any(|given| given == wanted));
    let deadline = Instant::now() + if is_wanted { PATIENCE } else { Duration::ZERO };
    loop {
        match FileExt::try_lock_shared(&alive) {
            Err(TryLockError::WouldBlock) if Instant::now() < deadline && !signals::seen() => sleep(TICK),
            tried => return tried.is_ok(),
        }
    }
}

fn staged_dirs() -> impl Iterator<Item = PathBuf> {
    entries(&paths::staging()).filter(|dir| dir.is_dir())
}

fn all() -> impl Iterator<Item = OrphanedSignIn> {
    staged_dirs().filter_map(|dir| OrphanedSignIn::in_dir(&dir))
}

/// The error if this user cannot read what another user, usually root, has left there.
fn unreadable(dir: &Path) -> Option<io::Error> {
    let refused = |cause: &io::Error| cause.kind() == ErrorKind::PermissionDenied;
    match fs::read_dir(dir) {
        Ok(entries) => entries.flatten().find_map(|entry| File::open(entry.path()).err().filter(refused)),
        Err(cause) => Some(cause).filter(refused),
    }
}

fn given(dir: &Path) -> Vec<String> {
    fs::read_to_string(dir.join(GIVEN)).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn age(path: &Path) -> Option<Duration> {
    let modified = fs::metadata(path).and_then(|data| data.modified()).ok()?;
    Some(modified.elapsed().unwrap_or_default())
}
