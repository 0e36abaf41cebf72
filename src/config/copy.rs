//! Private copies of an rclone.conf that cannot be written: each for as long as one command and its children live. What
//! was renewed in one is kept for recovery, by its own run or by the next one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{ConfigFile, Staged, access, recovery, state};
use crate::config::document::Document;
use crate::error::{Code, Error, Result};
use crate::storage::section::Section;
use crate::storage::token::Token;

/// Of which file it is a copy.
const ORIGIN: &str = "origin";
/// Which refresh tokens it began with: a fingerprint and the storage's name, one a line.
const BEGAN_WITH: &str = "tokens";

#[derive(Debug)]
pub(crate) struct PrivateCopy {
    file: ConfigFile,
    dir: PathBuf,
    /// Locked while the command or a child of it lives, as in a staged section.
    alive: Option<File>,
}

impl PrivateCopy {
    pub(crate) fn of(original: &ConfigFile) -> Result<Self> {
        collect(original);
        let document = original.read()?;
        let parent = state::copies();
        let failed = |cause| Error::disk(Code::ConfigUnwritable, "make a private copy in", &parent, &cause);
        let dir = state::private_dir_in(&parent)?.keep();
        let alive = recovery::mark_alive(&dir).map_err(failed)?;
        let copy = Self { file: original.moved_to(&dir.join(recovery::SECTION)), dir, alive: Some(alive) };
        let path = |name| copy.dir.join(name);
        access::write_private(&path(ORIGIN), original.real.as_os_str().as_encoded_bytes()).map_err(failed)?;
        let tokens: Vec<_> = fingerprints(&document).iter().map(|(name, token)| format!("{token} {name}\n")).collect();
        access::write_private(&path(BEGAN_WITH), tokens.concat().as_bytes()).map_err(failed)?;
        let bytes = original.bytes()?.unwrap_or_default();
        access::write_private(&path(recovery::SECTION), &bytes).map_err(failed)?;
        // The command may use any storage: each gets the newest token that earlier runs have kept.
        for name in fingerprints(&document).into_keys() {
            let Some(token) = Section::read(&document, &name)?.token() else { continue };
            if let Some(newest) = recovery::successors(&token)?.last() {
                copy.file.save_token(&name, Some(&token), &newest.token)?;
            }
        }
        Ok(copy)
    }

    pub(crate) fn file(&self) -> &ConfigFile {
        &self.file
    }
}

impl Drop for PrivateCopy {
    fn drop(&mut self) {
        keep_renewed(&self.dir, &self.file);
        // Others may still have it from this process: then it stays for them, and for the next run to clear away.
        self.alive = None;
        if recovery::is_abandoned(&self.dir) {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// Looks into all private copies of `file`: what was renewed in them is kept for recovery, and those that nobody uses any
/// more are removed.
pub(super) fn collect(file: &ConfigFile) {
    let origin = file.original.as_ref().unwrap_or(&file.real);
    for dir in entries(&state::copies()) {
        // Where no origin is told, nothing is renewed. What cannot be decrypted now may be by a later run.
        let may_go = match fs::read(dir.join(ORIGIN)) {
            Ok(of) => of == origin.as_os_str().as_encoded_bytes() && keep_renewed(&dir, file),
            Err(cause) => cause.kind() == ErrorKind::NotFound,
        };
        if may_go && recovery::is_abandoned(&dir) {
            let _ = fs::remove_dir_all(dir);
        }
    }
}

/// Private copies and lists that no run uses any more.
pub(crate) fn left_copies() -> Vec<PathBuf> {
    entries(&state::copies()).filter(|dir| recovery::is_abandoned(dir)).collect()
}

/// Keeps every section whose refresh token is another than the copy began with. False where the copy could not be read.
fn keep_renewed(dir: &Path, file: &ConfigFile) -> bool {
    let read = fs::read(dir.join(recovery::SECTION)).ok().and_then(|bytes| file.parse(&bytes).ok());
    let Some(document) = read else { return false };
    let began_with = fs::read_to_string(dir.join(BEGAN_WITH)).unwrap_or_default();
    let began_with: BTreeMap<&str, &str> =
        began_with.lines().filter_map(|line| line.split_once(' ')).map(|(token, name)| (name, token)).collect();
    let mut all_kept = true;
    for (name, now) in fingerprints(&document) {
        let Some(&given) = began_with.get(name.as_str()) else { continue };
        if given != now && !recovery::knows(&now) {
            let kept = Section::read(&document, &name).and_then(|section| Staged::keep_renewed(section, given));
            all_kept &= kept.is_ok();
        }
    }
    all_kept
}

/// The Box storages with a token of their own that works once.
fn fingerprints(document: &Document) -> BTreeMap<String, String> {
    let boxes = document.sections_of_type("box").into_iter();
    let own = |name: &&str| document.entries(name).into_iter().find(|(key, _)| key == "token").map(|(_, token)| token);
    let found =
        boxes.filter_map(|name| Some((name.to_owned(), Token::find(own(&name)?.expose()).ok()?.fingerprint()?)));
    found.collect()
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}
