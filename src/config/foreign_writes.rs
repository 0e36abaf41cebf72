//! What other programs write into rclone.conf. rclone takes no lock, and for a moment during each save rclone.conf does not exist:
//! this detects it and waits, and says which of two versions of a storage is newer. Only reads and waits; writes nothing.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io};

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::files;
use super::paths::{directory, file_name};
use crate::config::document::{Document, Value};
use crate::signals;
use crate::storage::token::Token;

const TICK: Duration = Duration::from_millis(1);
/// rclone.conf is missing for at most some 65 µs (measured); a busy machine stretches that.
const AWAY: Duration = Duration::from_millis(10);
/// After this time an rclone that left its files behind is dead, not slow.
const DEAD: Duration = Duration::from_secs(2);
/// How long an rclone that read the file before the exchange may take to move its own into place.
const QUIET: Duration = Duration::from_millis(60);
/// A slow disk may delay a save this long.
const SLOW: Duration = Duration::from_secs(10);
/// A temporary file of this age was left behind by an rclone that was killed.
const STALE: Duration = Duration::from_secs(30);
/// How long to wait before checking again if no rclone was running.
const RECHECK: Duration = Duration::from_millis(3);

pub(super) enum ReadError {
    /// Only this file is left of a save by another program that never finished.
    Unfinished(PathBuf),
    Io(io::Error),
}

/// A file that rclone makes beside its config while it saves: `NAME123` is the new one, `NAME.old123` the old one,
/// moved away.
struct Save {
    path: PathBuf,
    is_old: bool,
    modified: SystemTime,
}

/// The file's bytes; `None` if it does not exist and nobody is saving it.
///
/// # Errors
/// If it cannot be read, or only the temporary file of an unfinished save is there.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
    let started = Instant::now();
    loop {
        match read_file(path) {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(ReadError::Io(error)),
        }
        let saves = saves(path);
        let waited = started.elapsed();
        if saves.is_empty() && waited > AWAY {
            return Ok(None);
        }
        if waited > DEAD {
            // If the old file has been moved away, the new one is complete; without an old one it may be half written.
            let whole = if saves.iter().any(|save| save.is_old) { saves } else { Vec::new() };
            let latest = whole.into_iter().max_by_key(|save| save.modified);
            return latest.map_or(Ok(None), |save| Err(ReadError::Unfinished(save.path)));
        }
        if signals::seen() {
            return Err(ReadError::Io(io::ErrorKind::Interrupted.into()));
        }
        sleep(TICK);
    }
}

/// Reading a pipe or a device might never end.
fn read_file(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let data = fs::metadata(path)?;
    if data.is_file() || data.is_dir() { files::read(path) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Whether an rclone could still replace the file with older content.
pub(super) fn may_be_overwritten(path: &Path) -> bool {
    let placed = fs::metadata(path).and_then(|now| now.modified()).ok();
    // An rclone that is not in the process list (in another container) is recognized by its temporary file, or because
    // the file was replaced.
    let quiet = || !is_being_saved(path) && fs::metadata(path).and_then(|now| now.modified()).ok() == placed;
    if rclone_is_running() || !quiet() {
        return true;
    }
    sleep(RECHECK);
    !quiet()
}

/// Waits until every save that may have started before now has ended.
pub(super) fn wait_for_writers(path: &Path) {
    let started = Instant::now();
    let mut calm = Duration::ZERO;
    while (calm < QUIET || is_being_saved(path)) && started.elapsed() < SLOW {
        let tick = Instant::now();
        sleep(TICK * 4);
        // If this process is delayed, an rclone may be too: only ticks that end in time count.
        if tick.elapsed() < TICK * 8 {
            calm += TICK * 4;
        }
    }
}

/// Files of unfinished saves, and whether everything in each is also in `now`. An old one may be the user's own backup,
/// so it is never reported as safe to delete.
pub(super) fn leftovers(path: &Path, now: &[u8]) -> Vec<(PathBuf, bool)> {
    let is_stale = |save: &Save| save.modified.elapsed().is_ok_and(|age| age > STALE);
    let is_in = |save: &Save| files::read(&save.path).is_ok_and(|bytes| now.starts_with(&bytes));
    let is_spare = |save: &Save| !save.is_old && is_stale(save) && is_in(save);
    saves(path).into_iter().map(|save| (save.path.clone(), is_spare(&save))).collect()
}

/// The new file exists until it is renamed, and was written a moment ago. The old one proves nothing: it remains a
/// little longer, and many people keep a backup of that name.
fn is_being_saved(path: &Path) -> bool {
    let age = |save: &Save| save.modified.elapsed().unwrap_or_else(|ahead| ahead.duration());
    saves(path).iter().any(|save| !save.is_old && age(save) < STALE)
}

fn saves(path: &Path) -> Vec<Save> {
    let name = file_name(path);
    let entries = fs::read_dir(directory(path)).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let other = entry.file_name();
            let rest = other.to_str()?.strip_prefix(&*name)?;
            let (is_old, digits) = rest.strip_prefix(".old").map_or((false, rest), |digits| (true, digits));
            let is_save = digits.bytes().all(|byte| byte.is_ascii_digit()) && (is_old || !digits.is_empty());
            let data = entry.metadata().ok().filter(|data| is_save && data.is_file())?;
            Some(Save { path: entry.path(), is_old, modified: data.modified().ok()? })
        })
        .collect()
}

/// Checking the process list costs far less than waiting for an rclone that is not running.
#[cfg(target_os = "linux")]
fn rclone_is_running() -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return true };
    processes
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit))
        .any(|entry| fs::read(entry.path().join("comm")).is_ok_and(|comm| comm.starts_with(b"rclone")))
}

#[cfg(not(target_os = "linux"))]
fn rclone_is_running() -> bool {
    true
}

/// Takes from `other` the tokens that expire later than the ones here, for storages that are otherwise equal.
pub(super) fn take_newer_tokens(document: &mut Document, other: &Document) {
    for name in other.sections() {
        if document.has(name) && without_token(document, name) == without_token(other, name) {
            let expiry = |document: &Document| Token::in_section(document, name).and_then(|token| token.expiry());
            if let Some(newer) = other.get(name, "token").filter(|_| expiry(other) > expiry(document)) {
                document.set(name, "token", &newer);
            }
        }
    }
}

/// True if the edit that turned `section` from `before` into `written` survived in `now`, or if the program that wrote
/// `now` had read it. If the old section is back, it had not: an rclone with the old content may even have renewed its
/// old token.
pub(super) fn survived(now: &Document, section: &str, before: &Document, written: &Document) -> bool {
    let is_like = |other: &Document| {
        now.has(section) == other.has(section) && without_token(now, section) == without_token(other, section)
    };
    if !is_like(before) || !is_like(written) {
        return !is_like(before);
    }
    let token = |document: &Document| Token::in_section(document, section);
    let access_token = |document: &Document| token(document).map(|token| token.access_token());
    // Nobody renews a token that has not expired, so a different one is the successor of the old one.
    access_token(now) == access_token(written)
        || (access_token(now) != access_token(before) && token(written).is_none_or(|token| has_expired(&token)))
}

fn without_token(document: &Document, section: &str) -> Vec<(String, Value)> {
    document.entries(section).into_iter().filter(|(key, _)| key != "token").collect()
}

/// Same rule as rclone, which renews a token with less than ten seconds left, plus some time for it to be saved.
fn has_expired(token: &Token) -> bool {
    const MARGIN: i64 = 30;
    token.expiry().is_none_or(|expiry| expiry.as_second() < Timestamp::now().as_second() + MARGIN)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "makes the files of others")]
mod tests {
    use std::fs::{self, File};
    use std::time::SystemTime;

    use super::{STALE, is_being_saved, leftovers, survived};
    use crate::config::document::Document;

    #[test]
    fn only_a_new_file_of_this_moment_is_a_save() {
        let dir = tempfile::tempdir().expect("a directory");
        let conf = dir.path().join("rclone.conf");
        for name in ["rclone.conf", "rclone.conf.old", "rclone.conf.old1234567890", "rclone.conf.bak", "rclone.confs"] {
            fs::write(dir.path().join(name), "[a]\n").expect("a file");
            assert!(!is_being_saved(&conf), "{name}");
        }
        let new = dir.path().join("rclone.conf1234567890");
        fs::write(&new, "").expect("a file");
        assert!(is_being_saved(&conf));
        assert!(leftovers(&conf, b"[a]\n").iter().all(|(_, is_spare)| !is_spare));
        for time in [SystemTime::now() - STALE * 2, SystemTime::now() + STALE * 2] {
            File::options().write(true).open(&new).and_then(|file| file.set_modified(time)).expect("its time is set");
            assert!(!is_being_saved(&conf), "{time:?}");
        }
    }

    fn document(year: &str, client: &str) -> Document {
        let text = format!(
            "[a]\ntype = box\nclient_id = {client}\ntoken = {{\"access_token\":\"{year}\",\"expiry\":\"{year}-01-01T00:00:00Z\"}}\n"
        );
        Document::parse(text.as_bytes()).expect("readable")
    }

    #[test]
    fn an_old_section_put_back_with_a_renewed_token_is_told_from_a_renewed_new_one() {
        let (old, renewed, new) = (document("2026", "x"), document("2027", "x"), document("2990", "x"));
        assert!(!survived(&old, "a", &old, &new));
        assert!(survived(&new, "a", &old, &new));
        // The new token needs no renewal for a thousand years, so this is the successor of the old one.
        assert!(!survived(&renewed, "a", &old, &new));
        // This token was renewed.
        assert!(survived(&renewed, "a", &document("2025", "x"), &old));
        // Different options show it directly.
        assert!(!survived(&renewed, "a", &old, &document("2990", "y")));
        assert!(survived(&document("2991", "y"), "a", &old, &document("2990", "y")));
        assert!(survived(&renewed, "a", &Document::default(), &old));
    }
}
