//! Every change to rclone.conf. Each edit is applied to the newest content and repeated if another program writes in
//! between, until it is in the file. May take the file lock; never contacts Box.

use std::cell::Cell;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::swap::{self, Swap, SwappedOut};
use super::{ConfigFile, RefreshLock, Verified, foreign_writes, paths};
use crate::config::document::{Document, Value};
use crate::error::{Code, Error, Field, Result};
use crate::storage::options;
use crate::storage::section::{GRANT_KEY, Section, token_value};
use crate::storage::token::Token;

/// Longer than any renewal takes.
const RENEWAL_LIMIT: Duration = Duration::from_secs(180);

/// How many times an edit is repeated because others wrote meanwhile.
const TRIES: usize = 50;

/// What happened to a token that was to be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenSave {
    Saved,
    /// The section is gone or has another sign-in by now, so the token is not in rclone.conf.
    NoPlace,
}

/// A value elsewhere in rclone.conf that names the storage: the remote that contains it, its key, the new value.
pub(crate) type Reference = (String, &'static str, String);

type Edit<'a> = &'a dyn Fn(&mut Document) -> Result<()>;

/// Content that was swapped out of the file: its changes since the common base must be merged into the file.
struct PendingMerge {
    content: Document,
    since: Document,
    /// The swapped-out content stays on disk until it is in the file again.
    out: SwappedOut,
}

impl ConfigFile {
    /// Waits until no other process is renewing the token of `name`.
    ///
    /// # Errors
    /// If that takes longer than any renewal, or Ctrl-C ends the wait.
    pub(crate) fn lock_refresh(&self, name: &str) -> Result<RefreshLock> {
        // All private copies of a file share its sign-ins.
        let file = self.original.as_ref().unwrap_or(&self.real);
        let document = self.read()?;
        let section = document.source(name, "token").unwrap_or(name);
        let hash = Sha256::digest(format!("{}\n{section}", file.display()).as_bytes());
        let id: String = hash.iter().take(8).map(|byte| char::from(b'a' + byte % 26)).collect();
        let path = paths::refresh_locks().join(id);
        paths::make(&paths::refresh_locks())?;
        let lock = RefreshLock::at(&path, Instant::now() + RENEWAL_LIMIT).map_err(|cause| match cause.kind() {
            ErrorKind::Interrupted => Error::interrupted(),
            _ => paths::unusable(&path, &cause),
        })?;
        lock.ok_or_else(|| {
            let message =
                format!("{name:?} cannot be renewed: another pluton process has been renewing it for 3 minutes");
            Error::new(Code::Unknown, message)
        })
    }

    /// Saves a verified section. Unless `replace` is set, it is a conflict if a section of that name has appeared
    /// meanwhile.
    ///
    /// # Errors
    /// If the file cannot be written, a section of that name has appeared, or a dotted name would inherit unverified keys.
    pub(crate) fn commit(&self, verified: &Verified, replace: bool) -> Result<()> {
        let section = verified.section();
        let name = section.name();
        self.edit(name, &|document| {
            if !replace && document.has(name) && !section.differing(document).is_empty() {
                return Err(taken(name).hint("replace it with --force"));
            }
            put(document, section)
        })
    }

    /// Saves only `keys` of a verified section, since its token may have been renewed meanwhile.
    ///
    /// # Errors
    /// If the section was removed meanwhile, or the file cannot be written.
    pub(crate) fn save_keys(&self, verified: &Verified, keys: &[&str]) -> Result<()> {
        let name = verified.section().name();
        let entries = verified.section().entries();
        self.edit(name, &|document| {
            if !document.has(name) {
                return Err(Error::new(Code::StorageNotFound, format!("{name:?} was removed in the meantime")));
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

    /// Saves the token that replaced `given`, without verifying it first: the token in rclone.conf became invalid when
    /// Box issued this one, so waiting could only lose it. If rclone.conf has a third token by now, that one stays.
    ///
    /// # Errors
    /// If the file cannot be written: the caller must then keep the token for recovery.
    pub(crate) fn save_token(&self, name: &str, given: Option<&Token>, token: &Token) -> Result<TokenSave> {
        let value = token_value(token)?;
        let now = self.read()?;
        let section = now.source(name, "token").unwrap_or(name);
        let holds = |document: &Document, token: Option<&Token>| {
            let there = Token::in_section(document, section);
            document.has(section) && there.as_ref().map(Token::access_token) == token.map(Token::access_token)
        };
        let is_there = Cell::new(false);
        self.edit(section, &|document| {
            if holds(document, given) {
                document.set(section, "token", &value);
                if document.get(section, "box_subject_id").is_some() {
                    document.unset(section, GRANT_KEY);
                }
            }
            is_there.set(holds(document, Some(token)));
            Ok(())
        })?;
        Ok(if is_there.get() { TokenSave::Saved } else { TokenSave::NoPlace })
    }

    /// Removes a section. There is nothing to verify.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        self.edit(name, &|document| {
            document.remove_section(name);
            Ok(())
        })
    }

    /// Renames a section in its place and updates what refers to it, as `references` finds it in the newest content.
    /// The section itself does not change, so there is nothing to verify.
    ///
    /// # Errors
    /// See [`check_rename`]; or if the file cannot be written.
    pub(crate) fn rename(&self, old: &str, new: &str, references: &dyn Fn(&Document) -> Vec<Reference>) -> Result<()> {
        self.edit(old, &|document| {
            if !document.has(old) {
                return Ok(());
            }
            check_rename(document, old, new)?;
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

    /// Files that runs killed during a save have left beside it, and whether each can be removed: pluton's are first
    /// merged into rclone.conf, and rclone's only if rclone.conf contains everything in them.
    pub(crate) fn leftovers(&self) -> Vec<(PathBuf, bool)> {
        let now = self.bytes().ok().flatten().unwrap_or_default();
        let ours = self.own_leftovers().into_iter().map(|(path, content)| (path, content.is_some()));
        foreign_writes::leftovers(&self.real, &now).into_iter().chain(ours).collect()
    }

    /// Removes the leftover files that can be removed.
    ///
    /// # Errors
    /// If the file cannot be written, or a leftover not be deleted.
    pub(crate) fn clear_leftovers(&self) -> Result<()> {
        // Every edit merges and removes pluton's own.
        self.edit("", &|_| Ok(()))?;
        let now = self.bytes()?.unwrap_or_default();
        let spare = foreign_writes::leftovers(&self.real, &now).into_iter().filter(|(_, is_spare)| *is_spare);
        spare.map(|(left, _)| left).try_for_each(|left| {
            swap::remove_leftover(&left).map_err(|cause| Error::disk(Code::ConfigUnwritable, "remove", &left, &cause))
        })
    }

    /// Pluton's own, each with what must be merged from it. `None` if that cannot be read here: then rclone cannot read
    /// it either, and its owner may still want it.
    fn own_leftovers(&self) -> Vec<(PathBuf, Option<Document>)> {
        let read = |content: Option<Zeroizing<Vec<u8>>>| {
            content.map_or_else(|| Some(Document::default()), |bytes| self.parse(&bytes).ok())
        };
        swap::leftovers(&self.real).into_iter().map(|(path, content)| (path, read(content))).collect()
    }

    /// Applies `edit`, which changes only `section`, to the newest content, and repeats it until it is in the file.
    ///
    /// # Errors
    /// If `edit` fails, or the file cannot be read or written; what others wrote is then still in the file or beside it.
    pub(super) fn edit(&self, section: &str, edit: Edit<'_>) -> Result<()> {
        let _lock = self.lock()?;
        let leftovers: Vec<_> =
            self.own_leftovers().into_iter().filter_map(|(path, content)| Some((path, content?))).collect();
        let mut pending = Vec::new();
        let result = self.edit_until_it_stands(section, edit, &leftovers, &mut pending);
        for (path, _) in leftovers.iter().filter(|_| result.is_ok()) {
            let _ = swap::remove_leftover(path);
        }
        for merge in pending.into_iter().filter(|_| result.is_err()) {
            merge.out.leave();
        }
        result
    }

    fn edit_until_it_stands(
        &self,
        section: &str,
        edit: Edit<'_>,
        leftovers: &[(PathBuf, Document)],
        pending: &mut Vec<PendingMerge>,
    ) -> Result<()> {
        // The section before and after the edit, once it has been written.
        let mut written: Option<(Document, Document)> = None;
        for _ in 0..TRIES {
            let seen = self.bytes()?;
            let seen = seen.as_ref().map(|bytes| bytes.as_slice());
            let now = self.parse(seen.unwrap_or_default())?;
            let mut after = now.clone();
            for (_, other) in leftovers {
                foreign_writes::take_newer_tokens(&mut after, other);
                after.take_missing(other, |_| true);
            }
            for PendingMerge { content, since, .. } in pending.iter() {
                after.carry(content, since);
            }
            let mut refused = None;
            if written.as_ref().is_none_or(|(before, after)| !foreign_writes::survived(&now, section, before, after)) {
                let mut edited = after.clone();
                refused = edit(&mut edited).err();
                if refused.is_none() {
                    after = edited;
                } else if pending.is_empty() {
                    after = now.clone();
                }
            }
            if after != now || (seen.is_none() && refused.is_none()) {
                let new = self.render(&after, seen)?;
                match swap::put(&self.real, &new, seen).map_err(|cause| self.unwritable(&cause))? {
                    Swap::Done => {}
                    Swap::Moved => continue,
                    Swap::SwappedOut(out) => {
                        match self.parse(&out.bytes) {
                            Ok(content) => pending.push(PendingMerge { content, since: now, out }),
                            Err(error) => {
                                out.leave();
                                return Err(error);
                            }
                        }
                        continue;
                    }
                }
                if refused.is_none() && foreign_writes::may_be_overwritten(&self.real) {
                    foreign_writes::wait_for_writers(&self.real);
                    written = Some((now, after));
                    continue;
                }
            }
            return refused.map_or(Ok(()), Err);
        }
        let message = format!("{} keeps changing while it is edited", self.path.display());
        Err(Error::new(Code::ConfigConflict, message).hint("wait until no rclone is running, then run this again"))
    }
}

/// Adds a section, unless its dotted name would make rclone read something other than what was verified.
///
/// # Errors
/// If it would.
pub(crate) fn put(document: &mut Document, section: &Section) -> Result<()> {
    let before = document.clone();
    document.put_section(section.name(), &section.entries());
    check_inheritance(document, section.name(), &before, None)
}

/// Checks that a section can be renamed: the new name must be free, and a dotted name must read what it read before.
///
/// # Errors
/// If not; the error says which section stands in the way.
pub(crate) fn check_rename(document: &Document, old: &str, new: &str) -> Result<()> {
    if document.has(new) {
        return Err(taken(new));
    }
    if let Some(heir) = heirs(document, old).first() {
        let message = format!("[{heir}] inherits keys from {old:?}, and would lose them under another name");
        return Err(Error::new(Code::InvalidValue, message).hint("copy those keys into that section first"));
    }
    let mut after = document.clone();
    after.rename_section(old, new);
    let loses = |key: &&str| options::keys().contains(key) && after.get(new, key) != document.get(old, key);
    if let Some(key) = document.inherited(old).into_iter().find(loses) {
        let message = format!("{old:?} inherits {key}, and would not have it under another name");
        return Err(Error::new(Code::InvalidValue, message).hint("copy that key into its section first"));
    }
    check_inheritance(&after, new, document, Some(old))
}

/// Sections with a dotted name that inherit keys of `name`.
pub(crate) fn heirs(document: &Document, name: &str) -> Vec<String> {
    let mut without = document.clone();
    without.remove_section(name);
    document.heirs(name, &without).into_iter().map(|(heir, _)| heir.to_owned()).collect()
}

/// Checks that `name` inherits nothing from the section before its dot except what `old` inherited, and that no section
/// below it inherits anything from it that it did not have in `before`.
fn check_inheritance(document: &Document, name: &str, before: &Document, old: Option<&str>) -> Result<()> {
    let parent = name.rsplit_once('.').map_or(name, |(parent, _)| parent);
    let is_new = |key: &&str| old.is_none_or(|old| before.get(old, key).is_none()) && options::keys().contains(key);
    let message = if let Some(key) = document.inherited(name).into_iter().find(is_new) {
        format!("rclone would read {key} of {name:?} from [{parent}]: a dotted name inherits what it lacks")
    } else if let Some((child, key)) = document.heirs(name, before).first() {
        format!("[{child}] would then read {key} from {name:?}: a dotted name inherits what it lacks")
    } else {
        return Ok(());
    };
    Err(Error::invalid(Field::Name, message).hint("choose a name without a dot, or with another word before it"))
}

pub(crate) fn taken(name: &str) -> Error {
    Error::new(Code::StorageExists, format!("a storage named {name:?} already exists"))
        .hint("choose another name")
        .about(Field::Name)
}
