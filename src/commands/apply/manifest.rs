//! The file of `pluton apply`: storages as they are meant to be, secrets only by reference. Pure but for [`Source::read`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{Code, Error, Remedy, Result, Who};
use crate::process;
use crate::reading;
use crate::secret::Secret;

/// Storages by their names.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    #[serde(default)]
    pub(crate) storage: BTreeMap<String, DeclaredStorage>,
}

/// One storage: the keys of its section in rclone.conf, by rclone's own names.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclaredStorage {
    pub(crate) provider: Provider,
    /// The client ID of your own Box app.
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Source>,
    /// What `rclone authorize box` printed. It is used once; what rclone makes of it later is kept.
    pub(crate) token: Option<Source>,
    pub(crate) access_token: Option<Source>,
    /// The config.json of a JWT app; relative to this file.
    pub(crate) box_config_file: Option<PathBuf>,
    /// Not needed beside a subject.
    pub(crate) client_credentials: Option<bool>,
    /// Whom client credentials act for: `enterprise` or `user`.
    pub(crate) box_subject_type: Option<String>,
    pub(crate) box_subject_id: Option<Text>,
    pub(crate) root_folder_id: Option<Text>,
    pub(crate) upload_cutoff: Option<Text>,
    pub(crate) commit_retries: Option<Text>,
    pub(crate) list_chunk: Option<Text>,
    pub(crate) owned_by: Option<Text>,
    pub(crate) impersonate: Option<Text>,
    pub(crate) box_sub_type: Option<Text>,
    pub(crate) auth_url: Option<Text>,
    pub(crate) token_url: Option<Text>,
    pub(crate) encoding: Option<Text>,
    pub(crate) description: Option<Text>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    Box,
}

/// A value that may be written as a number.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Text {
    Text(String),
    Number(u64),
}

/// Where a secret comes from. It never stands in the file itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum Source {
    /// An environment variable.
    Env(String),
    /// A file, relative to this one.
    File(PathBuf),
    /// A program and its arguments; what it prints.
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
            // Neither the parser's excerpt nor a value in its words: either may be a secret that does not belong there.
            let harmless = ["unknown field", "missing field", "unclosed", "expected", "duplicate key"];
            let why = match error.message() {
                why if harmless.iter().any(|begin| why.starts_with(begin)) => why,
                _ => "this is not what belongs here",
            };
            let key = place.and_then(|line| text.lines().nth(line - 1)?.split('=').next()).unwrap_or_default();
            let remedy = if !is_toml {
                "correct that line: a table is [storage.\"NAME\"], a value is KEY = \"TEXT\"".into()
            } else if ["client_secret", "token", "access_token"].contains(&key.trim()) {
                "secrets are given by reference: { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"…\"] }".into()
            } else {
                Remedy::with_command("see what may stand in the file", "pluton apply --print-schema")
            };
            Error::new(Code::InvalidValue, format!("{}{line}: {why}", path.display()))
                .responsible(Who::You)
                .hint(remedy)
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

    /// The options that are set, as text.
    pub(crate) fn options(&self) -> Vec<(&'static str, String)> {
        [
            ("root_folder_id", &self.root_folder_id),
            ("upload_cutoff", &self.upload_cutoff),
            ("commit_retries", &self.commit_retries),
            ("list_chunk", &self.list_chunk),
            ("owned_by", &self.owned_by),
            ("impersonate", &self.impersonate),
            ("box_sub_type", &self.box_sub_type),
            ("auth_url", &self.auth_url),
            ("token_url", &self.token_url),
            ("encoding", &self.encoding),
            ("description", &self.description),
        ]
        .into_iter()
        .filter_map(|(key, text)| Some((key, text.as_ref()?.to_string())))
        .collect()
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Source {
    /// Fetches the secret. `base` is the directory of the file that names it.
    pub(crate) fn read(&self, base: &Path) -> Result<Secret> {
        let failed = |why: String| Error::new(Code::InputRequired, why).responsible(Who::You);
        let from_file = |path: &Path| {
            reading::file(path)?.map_err(|cause| failed(format!("cannot read {}: {cause}", path.display())))
        };
        let text = match self {
            Self::Env(name) => std::env::var(name).map_err(|_| failed(format!("the variable {name} is not set")))?,
            Self::File(path) => from_file(&base.join(path))?,
            Self::Command(words) => {
                let (program, args) =
                    words.split_first().ok_or_else(|| failed("an empty command gives no secret".into()))?;
                match process::capture(process::command(program).args(args))? {
                    Ok((true, printed)) => String::from_utf8_lossy(&printed).into_owned(),
                    Ok((false, _)) => return Err(failed(format!("{program} failed, and gave no secret"))),
                    Err(cause) => return Err(failed(format!("{program} gave no secret: {cause}"))),
                }
            }
            Self::Credential(name) => {
                let dir = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    failed("CREDENTIALS_DIRECTORY is not set: systemd sets it for units with LoadCredential=".into())
                })?;
                from_file(&Path::new(&dir).join(name))?
            }
        };
        let secret = Secret::new(text.trim());
        if secret.is_empty() { Err(failed("a secret is empty".into())) } else { Ok(secret) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::{Declared, Source};

    #[test]
    fn a_declared_storage_is_read() {
        let text = "[storage.\"Team Box\"]\nprovider = 'box'\nclient_id = 'x'\nclient_secret = { env = 'S' }\nlist_chunk = 500\n";
        let declared = Declared::parse(text, Path::new("a.toml")).expect("good");
        let storage = &declared.storage["Team Box"];
        assert_eq!(storage.options(), [("list_chunk", "500".to_owned())]);
        assert!(matches!(storage.client_secret, Some(Source::Env(_))));
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated() {
        for text in [
            "[storage.x]\nprovider = 'box'\nclient_secret = 'hunter2'\n",
            "[storage.x]\nprovider = 'box'\nunknown = 'hunter2'\n",
            "[storage.x]\nprovider = 'hunter2'\n",
            "[storage.x\nclient_secret = 'hunter2'\n",
        ] {
            let error = Declared::parse(text, Path::new("a.toml")).expect_err(text);
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
            assert!(error.message.contains("line"), "{error:?}");
        }
    }

    /// Lines of a file that declares storages, or nearly.
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
                    Ok(declared) => declared.storage.values().for_each(|storage| drop(storage.options())),
                    Err(error) => {
                        prop_assert!(!format!("{error:?}").contains("hunter2"), "{:?}: {:?}", text, error);
                        prop_assert!(error.message.starts_with("a.toml"), "{:?}", error);
                    }
                }
            }
        }
    }

    #[test]
    fn the_remedy_fits_the_fault() {
        for (text, remedy) in [
            ("[storage.x]\nprovider = 'box'\nclient_secret = 'hunter2'\n", "by reference"),
            ("[storage.x\nprovider = 'box'\n", "correct that line"),
            ("[storage.x]\nprovider = box\n", "correct that line"),
            ("[storage.x]\nprovider = 'box'\nroot = '1'\n", "--print-schema"),
            ("[storage.x]\nprovider = 'drive'\n", "--print-schema"),
        ] {
            let error = Declared::parse(text, Path::new("a.toml")).expect_err(text);
            assert!(error.remedy.len() == 1 && error.remedy[0].to_string().contains(remedy), "{text}: {error:?}");
        }
    }
}
