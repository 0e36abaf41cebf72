//! One change of rclone.conf, made on its newest content however often others write in between.

use std::path::PathBuf;

use super::swap::{self, Displaced, Swap};
use super::{ConfigFile, Verified, foreign_writes, put, taken, token_merge};
use crate::config::document::Document;
use crate::error::{Code, Error, Result, Who};

/// How often an edit is redone on what others wrote meanwhile.
const TRIES: usize = 50;

type Edit<'a> = &'a dyn Fn(&mut Document) -> Result<()>;

/// A content that the file has lost: what changed in it since an earlier one belongs in the file.
struct Owed {
    content: Document,
    since: Document,
}

impl ConfigFile {
    /// Puts a proven section in. Where `replace` is false, a section of that name that came meanwhile is a conflict.
    pub(crate) fn commit(&self, verified: &Verified, replace: bool) -> Result<()> {
        let name = verified.section.name();
        self.edit(name, &|document| {
            if !replace && document.has(name) && !verified.section.is_in(document) {
                return Err(taken(name).hint("replace it with --force"));
            }
            put(document, &verified.section)
        })
    }

    /// Applies `edit`, which concerns `section` alone, to the newest content, and stays until it stands.
    pub(super) fn edit(&self, section: &str, edit: Edit<'_>) -> Result<()> {
        let _lock = self.lock()?;
        let left = self.left_behind();
        let mut owed: Vec<Owed> = Vec::new();
        // What came out of the file's place stays on disk until it is in the file again.
        let mut displaced = Vec::new();
        let result = self.edit_until_it_stands(section, edit, &left, &mut owed, &mut displaced);
        match &result {
            Ok(()) => left.iter().for_each(|(path, _)| remove(path)),
            Err(_) => displaced.into_iter().for_each(Displaced::leave),
        }
        result
    }

    fn edit_until_it_stands(
        &self,
        section: &str,
        edit: Edit<'_>,
        left: &[(PathBuf, Document)],
        owed: &mut Vec<Owed>,
        displaced: &mut Vec<Displaced>,
    ) -> Result<()> {
        // The section before the edit and after it, once it was written.
        let mut written: Option<(Document, Document)> = None;
        for _ in 0..TRIES {
            let seen = self.bytes()?;
            let now = self.parse(seen.as_deref().map_or(&[], Vec::as_slice))?;
            let mut after = now.clone();
            for (_, other) in left {
                token_merge::take_newer_tokens(&mut after, other);
                after.take_missing(other, |_| true);
            }
            for Owed { content, since } in owed.iter() {
                after.carry(content, since);
            }
            let mut refused = None;
            if written.as_ref().is_none_or(|(before, after)| !token_merge::knows(&now, section, before, after)) {
                let mut edited = after.clone();
                refused = edit(&mut edited).err();
                if refused.is_none() {
                    after = edited;
                } else if owed.is_empty() {
                    after = now.clone();
                }
            }
            if after != now || (seen.is_none() && refused.is_none()) {
                let new = self.render(&after, seen.as_deref().map(Vec::as_slice))?;
                match swap::put(&self.real, &new, seen.as_deref().map(Vec::as_slice))
                    .map_err(|cause| self.unwritable(&cause))?
                {
                    Swap::Done => {}
                    Swap::Moved => continue,
                    Swap::Displaced(out) => {
                        let content = self.parse(&out.bytes);
                        displaced.push(out);
                        owed.push(Owed { content: content?, since: now });
                        continue;
                    }
                }
                if refused.is_none() && foreign_writes::may_be_overwritten(&self.real) {
                    foreign_writes::settle(&self.real);
                    written = Some((now, after));
                    continue;
                }
            }
            return refused.map_or(Ok(()), Err);
        }
        Err(Error::new(Code::ConfigConflict, format!("{} changes faster than it can be edited", self.path.display()))
            .responsible(Who::You)
            .hint("let the running rclones end, and run this again"))
    }

    /// What another program wrote, and a pluton that was killed in the middle left in a file beside rclone.conf.
    fn left_behind(&self) -> Vec<(PathBuf, Document)> {
        let found = swap::leftovers(&self.real).into_iter().filter_map(|(path, content)| match content {
            // Unreadable here, it would be unreadable to rclone too; its owner may still want it.
            Some(content) => Some((path, self.parse(&content).ok()?)),
            None => Some((path, Document::default())),
        });
        found.collect()
    }
}

fn remove(left: &std::path::Path) {
    let _ = std::fs::remove_file(left);
}
