//! Several sections alone in one private file, for one rclone that lists them all.

use std::fs::File;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{access, recovery, state};
use crate::config::document::Document;
use crate::error::{Code, Error, Result};
use crate::storage::section::Section;

/// Only for tokens that need no renewal: what rclone saved here would go with it.
#[derive(Debug)]
pub(crate) struct Batch {
    #[expect(dead_code, reason = "held until the file may go")]
    dir: TempDir,
    file: PathBuf,
    /// Locked as in a staged section, so that one left behind is known for what it is.
    _alive: File,
}

impl Batch {
    pub(crate) fn new<'a>(sections: impl IntoIterator<Item = &'a Section>) -> Result<Self> {
        let parent = state::copies();
        let failed = |cause| Error::disk(Code::Unknown, "make a private file in", &parent, &cause);
        let dir = state::private_dir_in(&parent)?;
        let alive = recovery::mark_alive(dir.path()).map_err(failed)?;
        let file = dir.path().join("rclone.conf");
        let mut document = Document::default();
        for section in sections {
            document.put_section(section.name(), &section.entries());
        }
        access::write_private(&file, &document.render()).map_err(failed)?;
        Ok(Self { dir, file, _alive: alive })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}
