//! A private copy of an rclone.conf that cannot be written, for as long as one command runs.

use std::fs;

use tempfile::TempDir;

use super::{ConfigFile, access, state};
use crate::error::{Code, Error, Result};

#[derive(Debug)]
pub(crate) struct PrivateCopy {
    file: ConfigFile,
    #[expect(dead_code, reason = "held until the copy may go")]
    dir: TempDir,
}

impl PrivateCopy {
    pub(crate) fn of(original: &ConfigFile) -> Result<Self> {
        let parent = state::copies();
        let failed = |cause| Error::disk(Code::ConfigUnwritable, "make a private copy in", &parent, &cause);
        state::make(&parent)?;
        let dir = tempfile::Builder::new().prefix("box-").tempdir_in(&parent).map_err(failed)?;
        let path = dir.path().join("rclone.conf");
        fs::copy(&original.real, &path).map_err(failed)?;
        access::make_private(&path).map_err(failed)?;
        Ok(Self { file: original.moved_to(&path), dir })
    }

    pub(crate) fn file(&self) -> &ConfigFile {
        &self.file
    }
}
