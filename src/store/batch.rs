//! Several sections alone in one private file, for one rclone that lists them all.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{access, state};
use crate::conf::Document;
use crate::error::{Code, Error, Result};
use crate::section::Section;

/// Only for tokens that need no renewal: what rclone saved here would go with it.
#[derive(Debug)]
pub(crate) struct Batch {
    #[expect(dead_code, reason = "held until the file may go")]
    dir: TempDir,
    file: PathBuf,
}

impl Batch {
    pub(crate) fn new<'a>(sections: impl IntoIterator<Item = &'a Section>) -> Result<Self> {
        let parent = state::copies();
        let failed = |cause| Error::disk(Code::Unknown, "make a private file in", &parent, &cause);
        state::make(&parent)?;
        let dir = tempfile::Builder::new().prefix("box-").tempdir_in(&parent).map_err(failed)?;
        let file = dir.path().join("rclone.conf");
        let mut document = Document::default();
        for section in sections {
            document.put_section(section.name(), &section.entries());
        }
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        access::private(&mut options)
            .open(&file)
            .and_then(|mut out| out.write_all(&document.render()))
            .map_err(failed)?;
        Ok(Self { dir, file })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}
