//! A refresh token works once: of two sections that share one, one dies.

use std::collections::HashMap;

use super::storages::again;
use crate::commands::for_each;
use crate::config::{self, ConfigFile};
use crate::storage::section::Section;
use crate::ui::report::Finding;

/// The refresh tokens in other files, and where each is. A file that asks for a password is left alone.
pub(super) fn elsewhere(others: &[ConfigFile]) -> HashMap<String, String> {
    let mut seen = HashMap::new();
    for file in others.iter().filter(|file| !file.is_encrypted()) {
        let Ok(document) = file.read() else { continue };
        let sections = for_each::boxes(&document);
        for section in sections.iter().filter_map(|name| Section::read(&document, name).ok()) {
            if let Some(fingerprint) = section.token().and_then(|token| token.fingerprint()) {
                seen.insert(fingerprint, format!("{:?} in {}", section.name(), config::shown(file.path())));
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
        .hint(again(section.name())),
    )
}
