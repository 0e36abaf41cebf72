//! Changes of a storage that is there: a newer token, other options, another name, none at all.

use std::cell::Cell;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::{ConfigFile, Verified, state, swap};
use crate::config::document::{Document, Value};
use crate::error::{Code, Error, Result, Who};
use crate::storage::section::GRANT_KEY;
use crate::storage::token::Token;

/// Longer than any one renewal takes.
const CLAIM_LIMIT: Duration = Duration::from_secs(180);

/// The right to renew one storage's token. A refresh token works once, so only one process may hold it.
#[derive(Debug)]
pub(crate) struct RefreshLock(#[expect(dead_code, reason = "held for its lock")] swap::Shared);

/// What became of a token that was to be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenSave {
    Saved,
    /// The section is gone, or holds another sign-in by now: the token is not in rclone.conf.
    NoPlace,
}

/// A value elsewhere in rclone.conf that names the storage: the remote it stands in, its key, the new value.
pub(crate) type Reference = (String, &'static str, String);

impl ConfigFile {
    pub(crate) fn lock_refresh(&self, name: &str) -> Result<RefreshLock> {
        let failed = |cause: &dyn std::fmt::Display| {
            Error::new(Code::Unknown, format!("cannot lock {name:?} for its renewal: {cause}")).responsible(Who::You)
        };
        // All private copies of one file share its sign-ins.
        let file = self.original.as_ref().unwrap_or(&self.real);
        let hash = Sha256::digest(format!("{}\n{}", file.display(), holder(&self.read()?, name)).as_bytes());
        let id: String = hash.iter().take(8).map(|byte| char::from(b'a' + byte % 26)).collect();
        let path = state::locks().join(id);
        state::make(&state::locks())?;
        let lock = swap::lock_file(&path, Instant::now() + CLAIM_LIMIT).map_err(|cause| match cause.kind() {
            ErrorKind::Interrupted => Error::interrupted(),
            _ => state::unusable(&path, &cause),
        })?;
        let lock = lock.ok_or_else(|| failed(&"another pluton has been renewing it for long"))?;
        swap::Shared::new(lock).map(RefreshLock).map_err(|cause| failed(&cause))
    }

    /// Saves the token that came of `given`. Where another has come in its place meanwhile, that one stays.
    pub(crate) fn save_token(&self, name: &str, given: Option<&Token>, token: &Token) -> Result<TokenSave> {
        let value = blob(token)?;
        let holder = holder(&self.read()?, name);
        let outcome = Cell::new(TokenSave::NoPlace);
        self.edit(&holder, &|document| {
            let has_place = holds(document, &holder, given);
            if has_place {
                document.set(&holder, "token", &value);
                if document.get(&holder, "box_subject_id").is_some() {
                    document.unset(&holder, GRANT_KEY);
                }
            }
            let is_there = has_place || holds(document, &holder, Some(token));
            outcome.set(if is_there { TokenSave::Saved } else { TokenSave::NoPlace });
            Ok(())
        })?;
        Ok(outcome.get())
    }

    /// Saves `keys` of a proven section, and no other key: its token may have been renewed meanwhile.
    pub(crate) fn save_keys(&self, verified: &Verified, keys: &[&str]) -> Result<()> {
        let name = verified.section.name();
        let entries = verified.section.entries();
        self.edit(name, &|document| {
            if !document.has(name) {
                return Err(Error::new(Code::StorageNotFound, format!("{name:?} was taken away meanwhile")));
            }
            for key in keys {
                match entries.iter().find(|(k, _)| k == key) {
                    Some((_, value)) => document.set(name, key, value),
                    None => document.unset(name, key),
                }
            }
            Ok(())
        })
    }

    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        self.edit(name, &|document| {
            document.remove_section(name);
            Ok(())
        })
    }

    /// Renames a section in its place, and what refers to it, as `references` finds it in the newest content.
    pub(crate) fn rename(&self, old: &str, new: &str, references: &dyn Fn(&Document) -> Vec<Reference>) -> Result<()> {
        self.edit(old, &|document| {
            if !document.has(old) {
                return Ok(());
            }
            if document.has(new) {
                return Err(super::taken(new));
            }
            for (section, key, value) in references(document) {
                let value = Value::new(&value).map_err(|why| {
                    Error::new(Code::InvalidValue, format!("{key} of {section:?} cannot be saved: {why}"))
                })?;
                document.set(&section, key, &value);
            }
            document.rename_section(old, new);
            Ok(())
        })
    }
}

fn blob(token: &Token) -> Result<Value> {
    Value::new(token.blob().expose())
        .map_err(|why| Error::new(Code::Unknown, format!("the token cannot be saved: {why}")))
}

fn holds(document: &Document, name: &str, given: Option<&Token>) -> bool {
    let there = document.get(name, "token").and_then(|text| Token::find(text.expose()).ok());
    let access = |token: Option<&Token>| token.map(Token::access_token);
    document.has(name) && access(there.as_ref()) == access(given)
}

/// The section that the token of `name` stands in: a dotted name takes what it lacks from the one before the dot.
fn holder(document: &Document, name: &str) -> String {
    let mut at = name;
    loop {
        if document.entries(at).iter().any(|(key, _)| key == "token") {
            return at.to_owned();
        }
        match at.rsplit_once('.') {
            Some((parent, _)) if document.has(parent) => at = parent,
            _ => return name.to_owned(),
        }
    }
}
