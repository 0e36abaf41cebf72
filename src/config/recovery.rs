//! Finds staged sections of runs that ended too early: those with the only live token are recovered, the others
//! deleted. Works in the state directory only; what it finds goes into rclone.conf through [`super::ConfigFile`].
#![expect(clippy::disallowed_methods, reason = "deletes staged sections that nobody needs any more")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fs4::{FileExt, TryLockError};

use super::files;
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
    dir: PathBuf,
    fingerprint: String,
    /// The fingerprints of the token's ancestors.
    given: Vec<String>,
}

impl OrphanedSignIn {
    /// Reads what a run has left in `dir`, if Box has renewed its token.
    fn in_dir(dir: PathBuf) -> Option<Self> {
        let (section, file) = latest(&dir)?;
        let name = (*section.sections().first()?).to_owned();
        let token = Token::in_section(&section, &name)?;
        let fingerprint = token.fingerprint()?;
        let given = given(&dir);
        let is_new = !given.is_empty() && !given.contains(&fingerprint);
        is_new.then_some(Self { name, section, token, file, dir, fingerprint, given })
    }

    /// The one in a staged file that was kept for recovery.
    pub(crate) fn kept_in(file: &Path) -> Option<Self> {
        Self::in_dir(file.parent()?.to_owned())
    }

    /// Whether its token is `token` or a successor of it.
    pub(crate) fn continues(&self, token: &Token) -> bool {
        token.fingerprint().is_some_and(|fingerprint| self.continues_from(&fingerprint))
    }

    pub(super) fn continues_from(&self, fingerprint: &str) -> bool {
        self.fingerprint == fingerprint || self.succeeds(fingerprint)
    }

    fn succeeds(&self, fingerprint: &str) -> bool {
        self.given.iter().any(|given| given == fingerprint)
    }

    fn is_too_old(&self) -> bool {
        age(&self.file).is_some_and(|age| age > LIFETIME)
    }

    /// Deletes it, once its token is in rclone.conf or known to be dead.
    pub(crate) fn discard(self) {
        delete(&self.dir);
    }
}

/// Finds the newest sign-ins that can still be used, and deletes those that are saved, expired, or were never the only
/// copy. Waits if another run is using `wanted`.
///
/// # Errors
/// If Ctrl-C ends the wait.
pub(crate) fn orphans(present: &Document, wanted: Option<&Token>) -> Result<Vec<OrphanedSignIn>> {
    let (orphans, useless) = survey(present, wanted);
    signals::check()?;
    for dir in useless {
        delete(&dir);
    }
    Ok(orphans)
}

/// Like [`orphans`], without waiting or deleting anything.
pub(crate) fn orphans_now(present: &Document) -> Vec<OrphanedSignIn> {
    survey(present, None).0
}

/// The sign-ins that can still be used, and the directories of runs that have ended without leaving one.
fn survey(present: &Document, wanted: Option<&Token>) -> (Vec<OrphanedSignIn>, Vec<PathBuf>) {
    let wanted = wanted.and_then(Token::fingerprint);
    let tokens = present.sections().into_iter().filter_map(|section| Token::in_section(present, section));
    let committed: Vec<_> = tokens.filter_map(|token| token.fingerprint()).collect();
    let mut dirs: Vec<_> = ended(wanted.as_deref()).filter(|dir| unreadable(dir).is_none()).collect();
    let found = dirs.iter().cloned().filter_map(OrphanedSignIn::in_dir);
    let mut found: Vec<_> =
        found.filter(|found| !committed.contains(&found.fingerprint) && !found.is_too_old()).collect();
    // A later run may have started with the token that an earlier one ended with.
    let given: Vec<_> = found.iter().flat_map(|found| found.given.clone()).collect();
    found.retain(|found| !given.contains(&found.fingerprint));
    dirs.retain(|dir| found.iter().all(|found| found.dir != *dir));
    (found, dirs)
}

/// Deletes what runs have left that ended before anything was renewed. A token that was set aside stays for its user.
pub(crate) fn discard_unrenewed() {
    let is_set_aside = |dir: &Path| fs::read(dir.join(GIVEN)).is_ok_and(|given| given.is_empty());
    let dirs = ended(None).filter(|dir| unreadable(dir).is_none() && !is_set_aside(dir));
    dirs.filter(|dir| OrphanedSignIn::in_dir(dir.clone()).is_none()).for_each(|dir| delete(&dir));
}

/// The successors of `token` in runs that ended too early or had nowhere to save them, the newest last. Waits if
/// another run is using the token.
///
/// # Errors
/// If Ctrl-C ends the wait, or another user's files cannot be read.
pub(crate) fn successors(token: &Token) -> Result<Vec<OrphanedSignIn>> {
    let Some(fingerprint) = token.fingerprint() else { return Ok(Vec::new()) };
    let dirs: Vec<_> = ended(Some(&fingerprint)).collect();
    let is_of_it = |dir: &&PathBuf| !dir.join(GIVEN).exists() || given(dir).contains(&fingerprint);
    if let Some(cause) = dirs.iter().filter(is_of_it).find_map(|dir| unreadable(dir)) {
        return Err(paths::unusable(&paths::staging(), &cause));
    }
    let found = dirs.into_iter().filter_map(OrphanedSignIn::in_dir).filter(|found| !found.is_too_old());
    let successors = chain(&fingerprint, found.collect());
    signals::check()?;
    Ok(successors)
}

/// The successors of the token with this fingerprint, the newest last.
fn chain(fingerprint: &str, mut found: Vec<OrphanedSignIn>) -> Vec<OrphanedSignIn> {
    let mut chain: Vec<OrphanedSignIn> = Vec::new();
    let newest = |chain: &[OrphanedSignIn]| chain.last().map_or(fingerprint, |last| &last.fingerprint).to_owned();
    while let Some(at) = found.iter().position(|found| found.succeeds(&newest(&chain))) {
        chain.push(found.swap_remove(at));
    }
    chain
}

/// The fingerprints of this token and its ancestors, as earlier runs left them.
pub(super) fn with_ancestors(fingerprint: &str) -> Vec<String> {
    let earlier = all().filter(|found| found.fingerprint == fingerprint).flat_map(|found| found.given);
    std::iter::once(fingerprint.to_owned()).chain(earlier).collect()
}

/// The fingerprints of this token and its successors.
pub(super) fn with_successors(fingerprint: &str) -> Vec<String> {
    let later = chain(fingerprint, all().collect()).into_iter().map(|found| found.fingerprint);
    std::iter::once(fingerprint.to_owned()).chain(later).collect()
}

/// Deletes staged directories whose token is an ancestor of the one in `dir`.
pub(super) fn discard_ancestors(dir: &Path) {
    let given = given(dir);
    let others = ended(None).filter(|other| other != dir).filter_map(OrphanedSignIn::in_dir);
    others.filter(|other| given.contains(&other.fingerprint)).for_each(OrphanedSignIn::discard);
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
        let document = Document::parse(&files::read(&path).ok()?).ok()?;
        Token::in_section(&document, document.sections().first()?)?;
        Some((document, path))
    };
    let is_section =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(SECTION.as_bytes()));
    let mut files: Vec<_> = entries(dir).filter(is_section).collect();
    files.sort_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok());
    files.into_iter().rev().find_map(read)
}

/// Deletes a directory of a run. If that fails, a later run tries again.
pub(super) fn delete(dir: &Path) {
    let _ = fs::remove_dir_all(dir);
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

/// The renewed sign-ins of all runs, also of those that have not ended.
pub(super) fn all() -> impl Iterator<Item = OrphanedSignIn> {
    staged_dirs().filter_map(OrphanedSignIn::in_dir)
}

/// The directories of runs that have ended; see [`is_abandoned`].
fn ended(wanted: Option<&str>) -> impl Iterator<Item = PathBuf> {
    staged_dirs().filter(move |dir| is_abandoned(dir, wanted))
}

fn staged_dirs() -> impl Iterator<Item = PathBuf> {
    entries(&paths::staging()).filter(|dir| dir.is_dir())
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
