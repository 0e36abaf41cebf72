//! Parses the file of `pluton apply`: storages as declared, with secrets by reference only. Pure except for
//! [`Source::read`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::error::{Code, Error, Remedy, Result};
use crate::process;
use crate::secret::Secret;
use crate::signals;
use crate::storage::options::{Options, SPECS, spec};

/// Storages by name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    #[serde(default)]
    pub(crate) storage: BTreeMap<String, DeclaredStorage>,
}

/// One storage: the keys of its section in rclone.conf, by rclone's own names.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false))]
pub(crate) struct DeclaredStorage {
    pub(crate) provider: Provider,
    /// Client ID of your own Box app.
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Source>,
    /// Output of `rclone authorize box`. It is used once; afterwards the token that rclone renews is kept.
    pub(crate) token: Option<Source>,
    pub(crate) access_token: Option<Source>,
    /// The Box app's config.json (JWT), relative to this file.
    pub(crate) box_config_file: Option<PathBuf>,
    pub(crate) client_credentials: Option<bool>,
    /// Who to act as with client credentials: enterprise or user.
    pub(crate) box_subject_type: Option<String>,
    #[serde(default, deserialize_with = "text_or_number")]
    #[schemars(schema_with = "text_schema")]
    pub(crate) box_subject_id: Option<String>,
    #[serde(flatten, deserialize_with = "options")]
    #[schemars(schema_with = "options_schema")]
    pub(crate) options: Options,
}

/// From text or whole numbers.
fn options<'de, D: Deserializer<'de>>(values: D) -> Result<Options, D::Error> {
    let option = |(key, value): (String, toml::Value)| {
        let spec = spec(&key).ok_or_else(|| D::Error::custom(format!("unknown field `{key}`")))?;
        let wrong = || D::Error::custom(format!("expected text or a whole number for `{key}`"));
        Ok((spec.key, text(value).ok_or_else(wrong)?))
    };
    BTreeMap::deserialize(values)?.into_iter().map(option).collect()
}

fn text(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

fn text_or_number<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let text = text(toml::Value::deserialize(value)?);
    text.map(Some).ok_or_else(|| D::Error::custom("expected text or a whole number"))
}

fn text_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "integer"] })
}

fn options_schema(_: &mut SchemaGenerator) -> Schema {
    let option = |help: &str| json!({ "description": help, "type": ["string", "integer"] });
    let properties: BTreeMap<_, _> = SPECS.iter().map(|spec| (spec.key, option(spec.help))).collect();
    json_schema!({ "type": "object", "properties": properties })
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    Box,
}

/// Where a secret comes from. The file itself never holds one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum Source {
    /// An environment variable.
    Env(String),
    /// A file, relative to this one.
    File(PathBuf),
    /// A program and its arguments, which prints the secret.
    Command(Vec<String>),
    /// A file in systemd's `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

impl Declared {
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let is_toml = text.parse::<toml::Table>().is_ok();
            let place = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let line = place.map(|line| format!(", line {line}")).unwrap_or_default();
            // The parser's excerpt is left out, and so are messages that repeat a value: it may be a secret.
            let harmless = ["unknown field", "missing field", "unclosed", "expected", "duplicate key"];
            let why = match error.message() {
                why if harmless.iter().any(|begin| why.starts_with(begin)) => why,
                _ => "this is not valid here",
            };
            let key = place.and_then(|line| text.lines().nth(line - 1)?.split('=').next()).unwrap_or_default();
            let remedy = if !is_toml {
                "correct that line: a table is [storage.\"NAME\"], a value is KEY = \"TEXT\"".into()
            } else if ["client_secret", "token", "access_token"].contains(&key.trim()) {
                "secrets are given by reference: { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"…\"] }".into()
            } else {
                Remedy::with_command("see which keys the file can have", "pluton apply --print-schema")
            };
            Error::new(Code::InvalidValue, format!("{}{line}: {why}", path.display())).hint(remedy)
        })
    }

    /// For editors.
    pub(crate) fn schema() -> String {
        let schema = schemars::schema_for!(Self);
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    }
}

impl DeclaredStorage {
    /// The variables that hold its secrets.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &String> {
        [&self.client_secret, &self.token, &self.access_token].into_iter().filter_map(|source| match source {
            // No program starts without it.
            Some(Source::Env(name)) if name != "PATH" => Some(name),
            _ => None,
        })
    }
}

impl Source {
    /// Fetches the secret. `base` is the directory of the file that names it.
    ///
    /// # Errors
    /// If there is none; the error never repeats any output.
    pub(crate) fn read(&self, base: &Path) -> Result<Secret> {
        let failed = |why: String| Error::new(Code::InputRequired, why);
        let from_file = |path: &Path| {
            signals::read_file(path)?.map_err(|cause| failed(format!("cannot read {}: {cause}", path.display())))
        };
        let text = match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(text) => Secret::new(text),
                Err(_) => return Err(failed(format!("the variable {name} is not set"))),
            },
            Self::File(path) => from_file(&base.join(path))?,
            Self::Command(words) => {
                let (program, args) =
                    words.split_first().ok_or_else(|| failed("the command for a secret is empty".into()))?;
                match process::secret_from(program, args)? {
                    Ok(Some(text)) => text,
                    Ok(None) => return Err(failed(format!("{program} failed, so there is no secret"))),
                    Err(cause) => return Err(failed(format!("cannot get a secret from {program}: {cause}"))),
                }
            }
            Self::Credential(name) => {
                let dir = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    failed("CREDENTIALS_DIRECTORY is not set; systemd sets it for units with LoadCredential=".into())
                })?;
                from_file(&Path::new(&dir).join(name))?
            }
        };
        let secret = Secret::new(text.expose().trim());
        if secret.is_empty() { Err(failed("a secret is empty".into())) } else { Ok(secret) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::Declared;

    /// Lines of a file that declares storages, valid or nearly.
    fn lines() -> impl Strategy<Value = String> {
        let key = "(provider|client_id|client_secret|token|list_chunk|root_folder_id|description|[a-z_]{1,6})";
        let value = "('box'|'hunter2'|hunter2|\"hunter2|[0-9]{1,3}|-?[0-9]\\.5|\\{ (env|file|command|credential) = ('S'|\\['a', 'b'\\]|7) \\}|\\[\\]|true|.{0,8})";
        let line = format!("(\\[storage\\.(x|\"Team Box\"|'é'|)\\]|{key} ?= ?{value}|#.{{0,4}}|)");
        let line = proptest::string::string_regex(&line).expect("a pattern");
        proptest::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic_and_no_value_is_repeated(text in lines(), other in any::<String>()) {
            for text in [&text, &other] {
                match Declared::parse(text, Path::new("a.toml")) {
                    Ok(_) => {}
                    Err(error) => {
                        prop_assert!(!format!("{error:?}").contains("hunter2"), "{:?}: {:?}", text, error);
                        prop_assert!(error.message.starts_with("a.toml"), "{:?}", error);
                    }
                }
            }
        }
    }
}
