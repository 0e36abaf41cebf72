//! Staged sections of runs that ended too early: those with the only live token are found again, the others cleared away.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use super::lock::{self, TryLockError};
use super::state;
use crate::config::document::{Document, Value};
use crate::error::Result;
use crate::signals;
use crate::storage::token::Token;

/// Locked by the run that owns the directory, and by the rclone it started, as long as either lives.
const ALIVE: &str = "alive";
/// The fingerprints of the refresh token that the run began with and of those it came from, one a line.
pub(super) const GIVEN: &str = "given";
pub(super) const SECTION: &str = "rclone.conf";

/// A refresh token that nobody used for this long is dead at Box.
const LIFETIME: Duration = Duration::from_secs(60 * 24 * 3600);
/// How long an rclone that outlived its pluton may still be at work on the token that is wanted now.
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(20);
/// More than rclone needs to save one section.
const ROOM: usize = 64 * 1024;

/// A sign-in that Box renewed, and that never reached rclone.conf.
#[derive(Debug)]
pub(crate) struct OrphanedSignIn {
    pub(crate) name: String,
    pub(crate) section: Document,
    pub(crate) token: Token,
    pub(crate) file: PathBuf,
    given: Vec<String>,
}

impl OrphanedSignIn {
    /// Whether this is what became of `token`.
    pub(crate) fn succeeds(&self, token: &Token) -> bool {
        token.fingerprint().is_some_and(|fingerprint| self.given.contains(&fingerprint))
    }
}

/// Finds what can still be used. What is committed, dead, or never was the only copy is removed.
/// Where another run is at work on `wanted`, this waits for its end, or for Ctrl-C.
pub(crate) fn orphans(present: &Document, wanted: Option<&Token>) -> Result<Vec<OrphanedSignIn>> {
    let keep = |(dir, found): (PathBuf, Option<OrphanedSignIn>)| {
        if found.is_none() {
            let _ = fs::remove_dir_all(dir);
        }
        found
    };
    let found = survey(present, wanted);
    signals::check()?;
    Ok(found.into_iter().filter_map(keep).collect())
}

/// The same, for those who only look.
pub(crate) fn orphans_now(present: &Document) -> Vec<OrphanedSignIn> {
    survey(present, None).into_iter().filter_map(|(_, found)| found).collect()
}

/// Every directory of a run that is gone, with what can still be used of it.
fn survey(present: &Document, wanted: Option<&Token>) -> Vec<(PathBuf, Option<OrphanedSignIn>)> {
    let wanted = wanted.and_then(Token::fingerprint);
    let mut found: Vec<_> = dirs()
        .filter(|dir| is_dead(dir, wanted.as_deref()) && unreadable(dir).is_none())
        .map(|dir| {
            let found = rotated(&dir);
            (dir, found.filter(|found| !is_committed(present, &found.token) && !is_too_old(&found.file)))
        })
        .collect();
    let given: Vec<String> =
        found.iter().filter_map(|(_, found)| found.as_ref()).flat_map(|f| f.given.clone()).collect();
    for (_, found) in &mut found {
        // A later run began where this one ended.
        found.take_if(|found| found.token.fingerprint().is_some_and(|token| given.contains(&token)));
    }
    found
}

/// What became of `token` in runs that ended too early, or had nowhere to save it; the newest last. Where another run is at
/// work on it, this waits for its end, or for Ctrl-C.
pub(crate) fn successors(token: &Token) -> Result<Vec<OrphanedSignIn>> {
    let Some(fingerprint) = token.fingerprint() else { return Ok(Vec::new()) };
    let dead: Vec<_> = dirs().filter(|dir| is_dead(dir, Some(&fingerprint))).collect();
    let is_of_it = |dir: &PathBuf| !dir.join(GIVEN).exists() || given(dir).contains(&fingerprint);
    if let Some(cause) = dead.iter().filter(|dir| is_of_it(dir)).find_map(|dir| unreadable(dir)) {
        return Err(state::unusable(&state::staging(), &cause));
    }
    let dead = dead.into_iter();
    let mut left: Vec<_> = dead.filter_map(|dir| rotated(&dir)).filter(|found| !is_too_old(&found.file)).collect();
    signals::check()?;
    let mut chain: Vec<OrphanedSignIn> = Vec::new();
    let newest = |chain: &[OrphanedSignIn]| chain.last().map_or_else(|| token.clone(), |found| found.token.clone());
    while let Some(at) = left.iter().position(|found| found.succeeds(&newest(&chain))) {
        chain.push(left.swap_remove(at));
    }
    Ok(chain)
}

/// Takes a staged section away, once its token is in rclone.conf or known to be dead.
pub(crate) fn discard(file: &Path) {
    if let Some(dir) = file.parent().filter(|dir| dir.starts_with(state::staging())) {
        let _ = fs::remove_dir_all(dir);
    }
}

/// The section in a staged file that was kept.
pub(crate) fn kept(file: &Path) -> Option<OrphanedSignIn> {
    rotated(file.parent()?)
}

/// This token's fingerprint and those of the tokens it came from, as an earlier run left them.
pub(super) fn ancestors(fingerprint: &str) -> String {
    let earlier = dirs().filter_map(|dir| rotated(&dir));
    let earlier = earlier.filter(|found| found.token.fingerprint().is_some_and(|token| token == fingerprint));
    std::iter::once(fingerprint.to_owned()).chain(earlier.flat_map(|found| found.given)).collect::<Vec<_>>().join("\n")
}

/// Clears away the runs that the owner of `dir` has gone on from: its token came from theirs, and it names all they began with.
pub(super) fn discard_ancestors(dir: &Path) {
    let given = given(dir);
    for other in dirs().filter(|other| other != dir && is_dead(other, None)) {
        let theirs = rotated(&other).and_then(|found| found.token.fingerprint());
        if theirs.is_some_and(|token| given.contains(&token)) {
            let _ = fs::remove_dir_all(other);
        }
    }
}

/// Marks a directory as in use for as long as the returned file is open, here or in a child.
pub(super) fn mark_alive(dir: &Path) -> io::Result<File> {
    // It has its name only once it is locked: an unlocked one means that its owner is gone.
    let unnamed = dir.join("locking");
    let alive = File::create(&unnamed)?;
    let _ = lock::try_lock(&alive);
    #[cfg(unix)]
    rustix::io::fcntl_setfd(&alive, rustix::io::FdFlags::empty())?;
    fs::rename(unnamed, dir.join(ALIVE))?;
    Ok(alive)
}

/// Fails where the disk is too full for rclone to save what it renews.
pub(super) fn try_room(dir: &Path) -> io::Result<()> {
    let ballast = dir.join("room");
    let tried = fs::write(&ballast, vec![b'#'; ROOM]);
    fs::remove_file(&ballast).and(tried)
}

/// The newest section that rclone left whole. Ended in the middle of a save, it leaves it under another name.
pub(super) fn latest(dir: &Path) -> Option<(Document, PathBuf)> {
    let read = |path: PathBuf| {
        let document = Document::parse(&fs::read(&path).ok()?).ok()?;
        let name = (*document.sections().first()?).to_owned();
        Token::find(document.get(&name, "token")?.expose()).ok()?;
        Some((document, path))
    };
    let is_section =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(SECTION.as_bytes()));
    let mut files: Vec<_> = fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path()).filter(is_section).collect();
    files.sort_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok());
    files.into_iter().rev().find_map(read)
}

fn dirs() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(state::staging()).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|dir| dir.is_dir())
}

/// The system has dropped the lock of a run that is gone.
fn is_dead(dir: &Path, wanted: Option<&str>) -> bool {
    let Ok(alive) = OpenOptions::new().write(true).open(dir.join(ALIVE)) else {
        // Begun a moment ago, or not one of these.
        return fs::metadata(dir).and_then(|data| data.modified()).is_ok_and(|at| age(at) > Duration::from_secs(60));
    };
    let is_wanted = wanted.is_some_and(|wanted| given(dir).iter().any(|given| given == wanted));
    let deadline = Instant::now() + if is_wanted { PATIENCE } else { Duration::ZERO };
    loop {
        match lock::try_lock_shared(&alive) {
            Err(TryLockError::WouldBlock) if Instant::now() < deadline && !signals::seen() => sleep(TICK),
            tried => return tried.is_ok(),
        }
    }
}

/// Whether the run that made this directory is gone, and all that it started there.
pub(super) fn is_abandoned(dir: &Path) -> bool {
    is_dead(dir, None)
}

/// Whether this token is kept, or one that came of it.
pub(super) fn knows(fingerprint: &str) -> bool {
    dirs().filter_map(|dir| rotated(&dir)).any(|found| {
        found.token.fingerprint().as_deref() == Some(fingerprint)
            || found.given.iter().any(|given| given == fingerprint)
    })
}

/// This token's fingerprint, and those of the tokens that came of it and are kept.
pub(super) fn lineage(fingerprint: &str) -> Vec<String> {
    let mut lineage = vec![fingerprint.to_owned()];
    let mut kept: Vec<_> = dirs().filter_map(|dir| rotated(&dir)).collect();
    while let Some(at) = kept.iter().position(|found| found.given.iter().any(|given| lineage.contains(given))) {
        lineage.extend(kept.swap_remove(at).token.fingerprint());
    }
    lineage
}

/// Why this user cannot tell what another, most often root, has left there.
fn unreadable(dir: &Path) -> Option<io::Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(cause) => return (cause.kind() == io::ErrorKind::PermissionDenied).then_some(cause),
    };
    let refused = |cause: &io::Error| cause.kind() == io::ErrorKind::PermissionDenied;
    entries.flatten().find_map(|entry| File::open(entry.path()).err().filter(refused))
}

fn given(dir: &Path) -> Vec<String> {
    fs::read_to_string(dir.join(GIVEN)).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn rotated(dir: &Path) -> Option<OrphanedSignIn> {
    let (section, file) = latest(dir)?;
    let name = section.sections().first().map(|name| (*name).to_owned())?;
    let token = Token::find(section.get(&name, "token")?.expose()).ok()?;
    let given = given(dir);
    let is_new = !given.is_empty() && !given.contains(&token.fingerprint()?);
    is_new.then_some(OrphanedSignIn { name, section, token, file, given })
}

fn is_committed(present: &Document, token: &Token) -> bool {
    let same = |text: Value| Token::find(text.expose()).is_ok_and(|there| there.fingerprint() == token.fingerprint());
    present.sections().into_iter().filter_map(|section| present.get(section, "token")).any(same)
}

fn is_too_old(file: &Path) -> bool {
    fs::metadata(file).and_then(|data| data.modified()).is_ok_and(|at| age(at) > LIFETIME)
}

fn age(at: SystemTime) -> Duration {
    at.elapsed().unwrap_or_default()
}
