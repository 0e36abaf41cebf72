//! One storage as keys and values: what is staged, verified and saved. Pure but for [`Section::secrets`], which reads the
//! file that a section names.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;

use crate::config::document::{Document, Value};
use crate::error::{Code, Error, Field, Result};
use crate::secret::Secret;
use crate::storage::options::{self, DESCRIPTION, Options, SPECS};
use crate::storage::sign_in::{App, Kind, Renewer, jwt_secrets};
use crate::storage::token::Token;

const TOKEN: &str = "token";
pub(crate) const GRANT_KEY: &str = "client_credentials";
const SECRET_KEYS: [&str; 4] = [TOKEN, "client_secret", "access_token", "config_credentials"];

/// A value that rclone.conf can hold.
pub(crate) fn value(field: Field, key: &str, text: &str) -> Result<Value> {
    Value::new(text).map_err(|why| Error::invalid(field, format!("{key} cannot be saved: {why}")))
}

pub(crate) fn token_value(token: &Token) -> Result<Value> {
    Ok(Value::new(token.blob().expose()).map_err(anyhow::Error::msg).context("cannot save the token")?)
}

#[derive(Debug, Clone)]
pub(crate) struct Section {
    name: String,
    entries: Vec<(String, Value)>,
    /// The app's client ID, if the section itself does not have it.
    app: Option<String>,
    /// Whether it was read from rclone.conf.
    is_saved: bool,
}

impl Section {
    /// A storage that is not yet in rclone.conf.
    pub(crate) fn new(name: &str) -> Self {
        let entries = vec![("type".to_owned(), Value::as_read("box"))];
        Self { name: name.to_owned(), entries, app: None, is_saved: false }
    }

    #[must_use]
    pub(crate) fn with_app(self, client_id: String) -> Self {
        Self { app: Some(client_id), ..self }
    }

    /// Everything that rclone reads for `name`, including what a dotted name inherits.
    ///
    /// # Errors
    /// If there is no such section.
    pub(crate) fn read(document: &Document, name: &str) -> Result<Self> {
        if !document.has(name) {
            return Err(Error::new(Code::StorageNotFound, format!("{name:?} was removed or renamed meanwhile"))
                .hint_command("list the storages", "pluton storage list"));
        }
        let mut pairs = document.entries(name);
        let inherited = document.inherited(name);
        for key in options::keys().into_iter().filter(|key| inherited.contains(key)) {
            pairs.extend(document.get(name, key).map(|value| (key.to_owned(), value)));
        }
        let entries = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Ok(Self { name: name.to_owned(), entries, app: None, is_saved: true })
    }

    pub(crate) fn renewer(&self) -> Renewer {
        match self.kind() {
            Kind::Quick | Kind::OwnApp if self.token().is_some_and(|token| token.is_renewable()) => Renewer::Rclone,
            Kind::Jwt | Kind::ClientCredentials => Renewer::Pluton,
            Kind::Quick | Kind::OwnApp | Kind::AccessToken => Renewer::Nobody,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// See [`options::needs`]. A description does not count: every rclone ignores one.
    pub(crate) fn needs(&self) -> Option<((u32, u32), &'static str)> {
        options::needs(|key| self.has(key) && key != DESCRIPTION)
    }

    pub(crate) fn is_saved(&self) -> bool {
        self.is_saved
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(k, _)| k == key)
    }

    /// The value of a key that may be shown; see [`Self::secret`] for the others.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        debug_assert!(!Self::is_secret(key), "{key} is a secret");
        self.value(key).filter(|_| !Self::is_secret(key)).map(Value::expose)
    }

    pub(crate) fn secret(&self, key: &str) -> Option<Secret> {
        self.value(key).map(|value| Secret::new(value.expose()))
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    pub(crate) fn entries(&self) -> Vec<(&str, Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value.clone())).collect()
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind::of(|key| self.value(key).cloned())
    }

    pub(crate) fn client_id(&self) -> Option<&str> {
        self.get("client_id").or(self.app.as_deref())
    }

    /// The Box app whose ID and secret are in it.
    pub(crate) fn own_app(&self) -> Option<App> {
        Some(App { client_id: self.get("client_id")?.to_owned(), client_secret: self.secret("client_secret")? })
    }

    /// The text of the app's config.json that it names.
    pub(crate) fn app_file(&self) -> Option<Secret> {
        std::fs::read_to_string(self.get("box_config_file")?).ok().map(Secret::new)
    }

    pub(crate) fn token(&self) -> Option<Token> {
        Token::find(self.secret(TOKEN)?.expose()).ok()
    }

    #[must_use]
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.set(key, None);
        self
    }

    pub(crate) fn with_token(mut self, token: &Token) -> Result<Self> {
        self.set(TOKEN, Some(token_value(token)?));
        Ok(self)
    }

    /// Removes the key with which rclone asks Box for a token itself, without the subject, and is refused. Where the
    /// section has a subject, that says the same.
    #[must_use]
    pub(crate) fn without_grant_key(mut self) -> Self {
        if self.has("box_subject_id") {
            self.set(GRANT_KEY, None);
        }
        self
    }

    /// Adds the keys of `old` that Pluton does not know.
    #[must_use]
    pub(crate) fn with_foreign_keys(mut self, old: &Self) -> Self {
        let is_known = |key: &str| ["type", DESCRIPTION].contains(&key) || options::keys().contains(&key);
        self.entries.extend(old.entries.iter().filter(|(key, _)| !is_known(key)).cloned());
        self
    }

    /// Sets the key that an answer is about.
    ///
    /// # Errors
    /// If rclone.conf cannot hold the value.
    pub(crate) fn put(&mut self, field: Field, text: &str) -> Result<()> {
        let key = field.names().key;
        self.set(key, Some(value(field, key, text)?));
        Ok(())
    }

    /// Sets options, each as rclone wants it.
    ///
    /// # Errors
    /// If rclone, Box or rclone.conf would not accept one of them.
    pub(crate) fn put_options(&mut self, options: &Options) -> Result<()> {
        for spec in &SPECS {
            if let Some(text) = options.get(spec.key) {
                self.put(Field::Option(spec.key), &spec.check(text)?)?;
            }
        }
        Ok(())
    }

    /// Sets one key, or removes it.
    pub(crate) fn set(&mut self, key: &str, value: Option<Value>) {
        match (self.entries.iter_mut().find(|(k, _)| k == key), value) {
            (Some(entry), Some(value)) => entry.1 = value,
            (None, value) => self.entries.extend(value.map(|value| (key.to_owned(), value))),
            (Some(_), None) => self.entries.retain(|(k, _)| k != key),
        }
    }

    /// The keys whose values differ from those in `document`, sorted. An empty value is none.
    pub(crate) fn differing(&self, document: &Document) -> Vec<String> {
        let set = |entries: Vec<_>| entries.into_iter().filter(|(_, value): &(_, Value)| !value.is_empty()).collect();
        let (there, here): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (set(document.entries(&self.name)), set(self.entries.clone()));
        let keys: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
        keys.into_iter().filter(|key| there.get(*key) != here.get(*key)).cloned().collect()
    }

    /// A file with this section alone.
    pub(crate) fn alone(&self) -> Document {
        let mut document = Document::default();
        document.put_section(&self.name, &self.entries());
        document
    }

    /// Everything in it that must not be shown, and in the file that it names.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let mut secrets: Vec<_> = SECRET_KEYS.iter().filter_map(|key| self.secret(key)).collect();
        if let Some(token) = self.token() {
            secrets.push(token.access_token());
            secrets.extend(token.refresh_token());
        }
        let app_files = self.app_file().into_iter().chain(self.secret("config_credentials"));
        secrets.extend(app_files.flat_map(|text| jwt_secrets(&text)));
        secrets
    }

    pub(crate) fn is_secret(key: &str) -> bool {
        SECRET_KEYS.contains(&key)
    }
}
