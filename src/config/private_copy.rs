//! Private copies of an rclone.conf that cannot be written, each for one command and its children. Tokens renewed in a
//! copy are kept for recovery, by its own run or by the next one. Never writes the original.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::staging::PrivateDir;
use super::{ConfigFile, Staged, access, paths, recovery};
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
    dir: PathBuf,
    /// Locked while the command or a child of it lives.
    in_use: Option<PrivateDir>,
}

impl PrivateCopy {
    /// # Errors
    /// If the original cannot be read, or the copy not be made.
    pub(crate) fn of(original: &ConfigFile) -> Result<Self> {
        collect(original);
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
        let copy = Self { file, dir: dir.path().to_owned(), in_use: Some(dir) };
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
        keep_renewed(&self.dir, &self.file);
        // A child of this process may still be using it; then it stays for that child, and the next run removes it.
        self.in_use = None;
        if recovery::is_abandoned(&self.dir, None) {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// Keeps tokens renewed in private copies of `file` for recovery, and removes copies that are no longer in use.
pub(super) fn collect(file: &ConfigFile) {
    let origin = file.original.as_ref().unwrap_or(&file.real);
    for dir in paths::entries(&paths::copies()) {
        // Without `origin`, nothing has been renewed in it. What cannot be decrypted now may be decrypted by a later
        // run.
        let may_go = match fs::read(dir.join(ORIGIN)) {
            Ok(of) => of == origin.as_os_str().as_encoded_bytes() && keep_renewed(&dir, file),
            Err(cause) => cause.kind() == ErrorKind::NotFound,
        };
        if may_go && recovery::is_abandoned(&dir, None) {
            let _ = fs::remove_dir_all(dir);
        }
    }
}

/// Private copies and lists that no run uses any more.
pub(crate) fn left_copies() -> Vec<PathBuf> {
    paths::entries(&paths::copies()).filter(|dir| recovery::is_abandoned(dir, None)).collect()
}

/// Keeps every section whose refresh token differs from the one that the copy started with. False if the copy could not
/// be read.
fn keep_renewed(dir: &Path, file: &ConfigFile) -> bool {
    let read = access::read(&dir.join(recovery::SECTION)).ok().and_then(|bytes| file.parse(&bytes).ok());
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

/// The Box storages with a single-use refresh token of their own.
fn fingerprints(document: &Document) -> BTreeMap<String, String> {
    let own_token = |name| document.entries(name).into_iter().find(|(key, _)| key == "token").map(|(_, token)| token);
    let fingerprint = |name| Token::find(own_token(name)?.expose()).ok()?.fingerprint();
    let boxes = document.sections_of_type("box").into_iter();
    boxes.filter_map(|name| Some((name.to_owned(), fingerprint(name)?))).collect()
}
