//! What `pluton apply` has done before: which storages came from which file, and the hash of the declared token, so
//! that a token that rclone has renewed since is not replaced by a spent one. Reads and writes only applied.json.
//!
//! The file: `{"storages": {RCLONE_CONF: {NAME: {"file": MANIFEST, "token": BASE64_SHA256}}}, "is_partial": true}`. A
//! file in another format, such as that of another version, is ignored.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::{replace_locked, state_dir};
use crate::error::{Code, Error, Result};
use crate::secret::Secret;
use crate::storage::token::Token;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Applied {
    /// By rclone.conf, then by storage name.
    storages: BTreeMap<PathBuf, BTreeMap<String, Record>>,
    /// An earlier applied.json could not be read: that a storage is missing here then means nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_partial: bool,
    /// Why it could not be read, if that was found just now.
    #[serde(skip)]
    pub(crate) fault: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// The file that declares it.
    file: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

fn path() -> PathBuf {
    state_dir().join("applied.json")
}

impl Applied {
    pub(crate) fn load() -> Result<Self> {
        Self::read().map_err(|cause| Error::disk(Code::Unknown, "read", &path(), &cause))
    }

    fn read() -> io::Result<Self> {
        match fs::read(path()) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_else(|cause| Self {
                is_partial: true,
                fault: Some(format!("{}: {cause}", path().display())),
                ..Self::default()
            })),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(cause),
        }
    }

    /// Changes the state on disk, which another apply may have changed meanwhile, and saves it.
    fn update(&mut self, change: impl FnOnce(&mut Self)) -> Result<()> {
        let updated = replace_locked(&path(), || {
            *self = Self::read()?;
            change(self);
            Ok(serde_json::to_vec_pretty(self)?)
        });
        updated.map_err(|cause| Error::disk(Code::Unknown, "write", &path(), &cause))
    }

    /// Whether this token was declared when the storage was last applied, so that `present` is its successor. If that
    /// is unknown, the token that expires later is the newer one.
    pub(crate) fn knows_token(&self, config: &Path, name: &str, token: &Secret, present: Option<&Token>) -> bool {
        if let Some(record) = self.storages.get(config).and_then(|storages| storages.get(name)) {
            return record.token.as_ref() == Some(&hash(token));
        }
        let declared = Token::find(token.expose()).ok().and_then(|token| token.expiry());
        let ours = present.and_then(Token::expiry);
        self.is_partial && declared.zip(ours).is_some_and(|(declared, ours)| declared <= ours)
    }

    pub(crate) fn record(&mut self, config: &Path, name: &str, file: &Path, token: Option<&Secret>) -> Result<()> {
        let record = Record { file: file.to_owned(), token: token.map(hash) };
        self.update(|applied| {
            applied.storages.entry(config.to_owned()).or_default().insert(name.to_owned(), record);
        })
    }

    pub(crate) fn forget(&mut self, config: &Path, name: &str) -> Result<()> {
        self.update(|applied| {
            applied.storages.entry(config.to_owned()).or_default().remove(name);
        })
    }

    /// Storages in `config` that an earlier apply of `file` created.
    pub(crate) fn created_by(&self, config: &Path, file: &Path) -> Vec<String> {
        let storages = self.storages.get(config).into_iter().flatten();
        storages.filter(|(_, record)| record.file == file).map(|(name, _)| name.clone()).collect()
    }
}

/// A token is long and random, so its hash does not reveal it.
fn hash(token: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose()))
}
