//! What `pluton apply` has done before: which storages came from which file, and a keyed fingerprint of the token that was
//! declared, so that a token rclone has renewed since is not rolled back.
#![expect(clippy::disallowed_methods, reason = "applied.json is written here, under a lock of its own")]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::{give_to_owner_of_directory, lock_file, make_private_dir, private, state_dir};
use crate::error::{Code, Error, Result};
use crate::secret::Secret;
use crate::storage::token::Token;

/// By rclone.conf and storage name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Applied {
    /// Random: without it a fingerprint says nothing.
    key: String,
    storages: BTreeMap<String, Record>,
    /// Once what was remembered could not be understood: that a storage is not in here then says nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_partial: bool,
    /// Why it could not, if that was found just now.
    #[serde(skip)]
    pub(crate) fault: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    name: String,
    /// The file it was declared in.
    file: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

fn path() -> PathBuf {
    state_dir().join("applied.json")
}

impl Applied {
    pub(crate) fn load() -> Result<Self> {
        let mut applied: Self = match fs::read(path()) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|cause| Self {
                is_partial: true,
                fault: Some(format!("{}: {cause}", path().display())),
                ..Self::default()
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(cause) => return Err(Error::disk(Code::Unknown, "read", &path(), &cause)),
        };
        if applied.key.is_empty() {
            let mut key = [0; 24];
            getrandom::fill(&mut key).map_err(|_| Error::new(Code::Unknown, "no random numbers to be had"))?;
            applied.key = URL_SAFE_NO_PAD.encode(key);
        }
        Ok(applied)
    }

    /// Changes what is on disk now, which another apply may have changed meanwhile, and saves it.
    fn update(&mut self, change: impl FnOnce(&mut Self)) -> Result<()> {
        let failed = |cause: &dyn std::fmt::Display| Error::disk(Code::Unknown, "write", &path(), &cause.to_string());
        let dir = state_dir();
        make_private_dir(&dir).map_err(|cause| failed(&cause))?;
        let lock = dir.join("applied.lock");
        let mut options = OpenOptions::new();
        private(options.create(true).truncate(false).write(true));
        let file = options.open(&lock).map_err(|cause| failed(&cause))?;
        give_to_owner_of_directory(&lock);
        lock_file(&file).map_err(|cause| failed(&cause))?;
        *self = Self::load()?;
        change(self);
        let mut file = tempfile::NamedTempFile::new_in(&dir).map_err(|cause| failed(&cause))?;
        let bytes = serde_json::to_vec_pretty(self).map_err(|cause| failed(&cause))?;
        file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(|cause| failed(&cause))?;
        file.persist(path()).map_err(|cause| failed(&cause))?;
        give_to_owner_of_directory(&path());
        if cfg!(unix) {
            File::open(&dir).and_then(|dir| dir.sync_all()).map_err(|cause| failed(&cause))
        } else {
            Ok(())
        }
    }

    /// Whether this very token was declared when the storage was last applied, so that `present` came of it. Where that
    /// is forgotten, the one that lives longer is the newer one.
    pub(crate) fn knows_token(&self, config: &Path, name: &str, token: &Secret, present: Option<&Token>) -> bool {
        if let Some(record) = self.storages.get(&id(config, name)) {
            return record.token.as_ref() == Some(&self.fingerprint(token));
        }
        let declared = Token::find(token.expose()).ok().and_then(|token| token.expiry());
        let ours = present.and_then(Token::expiry);
        self.is_partial && declared.zip(ours).is_some_and(|(declared, ours)| declared <= ours)
    }

    pub(crate) fn record(&mut self, config: &Path, name: &str, file: &Path, token: Option<&Secret>) -> Result<()> {
        self.update(|applied| {
            let token = token.map(|token| applied.fingerprint(token));
            applied.storages.insert(id(config, name), Record { name: name.to_owned(), file: file.to_owned(), token });
        })
    }

    pub(crate) fn forget(&mut self, config: &Path, name: &str) -> Result<()> {
        self.update(|applied| drop(applied.storages.remove(&id(config, name))))
    }

    /// Storages that an earlier apply of `file` made in `config`.
    pub(crate) fn made_by(&self, config: &Path, file: &Path) -> Vec<String> {
        let made =
            self.storages.iter().filter(|(key, record)| record.file == file && **key == id(config, &record.name));
        made.map(|(_, record)| record.name.clone()).collect()
    }

    fn fingerprint(&self, token: &Secret) -> String {
        let mut hash = Sha256::new();
        hash.update(self.key.as_bytes());
        hash.update([0]);
        hash.update(token.expose().as_bytes());
        // Hashed once more with the key, so that nothing can be appended to what was hashed.
        let inner = hash.finalize();
        let mut outer = Sha256::new();
        outer.update(self.key.as_bytes());
        outer.update([1]);
        outer.update(inner);
        URL_SAFE_NO_PAD.encode(outer.finalize())
    }
}

fn id(config: &Path, name: &str) -> String {
    format!("{}\n{name}", config.display())
}
