//! A refresh token works once: of two sections that share one, one dies.

use std::collections::HashMap;

use super::storages::again;
use crate::command::several;
use crate::report::Finding;
use crate::section::Section;
use crate::store::{self, ConfigFile};

/// The refresh tokens in other files, and where each is. A file that asks for a password is left alone.
pub(super) fn elsewhere(others: &[ConfigFile]) -> HashMap<String, String> {
    let mut seen = HashMap::new();
    for file in others.iter().filter(|file| !file.is_encrypted()) {
        let Ok(document) = file.read() else { continue };
        let sections = several::boxes(&document);
        for section in sections.iter().filter_map(|name| Section::read(&document, name).ok()) {
            if let Some(fingerprint) = section.token().and_then(|token| token.fingerprint()) {
                seen.insert(fingerprint, format!("{:?} in {}", section.name(), store::shown(file.path())));
            }
        }
    }
    seen
}

pub(super) fn look(section: &Section, seen: &mut HashMap<String, String>) -> Option<Finding> {
    let fingerprint = section.token()?.fingerprint()?;
    let other = seen.insert(fingerprint, format!("{:?}", section.name()))?;
    Some(
        Finding::bad(
            section.name(),
            format!("it shares its refresh token with {other}; the first to renew it ends the other"),
        )
        .next(again(section.name())),
    )
}
