//! Private copies of an rclone.conf that cannot be written, each for one command and its children. Tokens renewed in a
//! copy are kept for recovery, by its own run or by the next one. Never writes the original.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::staging::PrivateDir;
use super::{ConfigFile, Staged, files, paths, recovery};
use crate::config::document::Document;
use crate::error::Result;
use crate::storage::section::Section;
use crate::storage::token::Token;

/// The file that contains the path of the original.
const ORIGIN: &str = "origin";
/// The refresh tokens it started with: a fingerprint and the storage's name, one a line.
const BEGAN_WITH: &str = "tokens";

#[derive(Debug)]
pub(crate) struct PrivateCopy {
    file: ConfigFile,
    /// Locked while the command or a child of it lives.
    in_use: Option<PrivateDir>,
}

impl PrivateCopy {
    /// # Errors
    /// If the original cannot be read, or the copy not be made.
    pub(crate) fn of(original: &ConfigFile) -> Result<Self> {
        original.collect_copies();
        let document = original.read()?;
        let tokens = fingerprints(&document);
        let mut dir = PrivateDir::new_in(&paths::copies())?;
        dir.write(ORIGIN, original.real.as_os_str().as_encoded_bytes())?;
        let began_with: Vec<_> = tokens.iter().map(|(name, token)| format!("{token} {name}\n")).collect();
        dir.write(BEGAN_WITH, began_with.concat().as_bytes())?;
        let path = dir.write(recovery::SECTION, &original.bytes()?.unwrap_or_default())?;
        // A token renewed in it must survive if the run is killed.
        dir.leave();
        let file = ConfigFile {
            path: path.clone(),
            real: path,
            original: Some(original.real.clone()),
            source: original.source.clone(),
            password: Mutex::new(original.password.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        };
        let copy = Self { file, in_use: Some(dir) };
        // The command may use any storage, so each gets the newest token that earlier runs have kept.
        for name in tokens.into_keys() {
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
        // A child of this process may still be using it; then it stays for that child, and the next run removes it.
        self.in_use = None;
        self.file.collect_copies();
    }
}

impl ConfigFile {
    /// Keeps tokens renewed in private copies of this file for recovery, and removes the copies that are no longer in
    /// use.
    pub(crate) fn collect_copies(&self) {
        let origin = self.original.as_ref().unwrap_or(&self.real);
        for dir in paths::entries(&paths::copies()) {
            // Asked first: what its last program wrote is then complete.
            let is_over = recovery::is_abandoned(&dir, None);
            // Without `origin`, nothing has been renewed in it. What cannot be decrypted now may be decrypted by a later
            // run.
            let may_go = match fs::read(dir.join(ORIGIN)) {
                Ok(of) => of == origin.as_os_str().as_encoded_bytes() && keep_renewed(&dir, self),
                Err(cause) => cause.kind() == ErrorKind::NotFound,
            };
            if may_go && is_over {
                recovery::delete(&dir);
            }
        }
    }
}

/// Private copies and lists that no run uses any more.
pub(crate) fn abandoned_copies() -> Vec<PathBuf> {
    paths::entries(&paths::copies()).filter(|dir| recovery::is_abandoned(dir, None)).collect()
}

/// Keeps every section whose refresh token differs from the one that the copy started with. False if the copy could not
/// be read.
fn keep_renewed(dir: &Path, file: &ConfigFile) -> bool {
    let read = files::read(&dir.join(recovery::SECTION)).ok().and_then(|bytes| file.parse(&bytes).ok());
    let Some(document) = read else { return false };
    let began_with = fs::read_to_string(dir.join(BEGAN_WITH)).unwrap_or_default();
    let began_with: BTreeMap<&str, &str> =
        began_with.lines().filter_map(|line| line.split_once(' ')).map(|(token, name)| (name, token)).collect();
    let mut all_kept = true;
    for (name, now) in fingerprints(&document) {
        let Some(&given) = began_with.get(name.as_str()) else { continue };
        if given != now && !recovery::all().any(|found| found.continues_from(&now)) {
            let kept = Section::read(&document, &name).and_then(|section| Staged::keep_renewed(section, given));
            all_kept &= kept.is_ok();
        }
    }
    all_kept
}

/// The Box storages with a single-use refresh token of their own.
fn fingerprints(document: &Document) -> BTreeMap<String, String> {
    let boxes = document.sections_of_type("box").into_iter();
    let with_own = boxes.filter(|name| document.source(name, "token") == Some(name));
    with_own.filter_map(|name| Some((name.to_owned(), Token::in_section(document, name)?.fingerprint()?))).collect()
}
