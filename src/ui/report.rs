//! The result of a command: its types, which are the JSON documents too, and its exit code. [`text`] formats it for people
//! and [`terminal`] prints it; this runs nothing and asks nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::box_api::Account;
use crate::config::Proof;
use crate::error::{Code, Error, Remedy, Result};
use crate::secret::{for_screen, is_unseen};
use crate::storage::sign_in::{Kind, Renewer};
pub(crate) use crate::ui::text::{duration, failure_text, size};
use crate::ui::{terminal, text, wrap};

/// The exit code of `apply --check` where something would change.
const WOULD_CHANGE: u8 = 10;

#[derive(Debug, Clone, JsonSchema, Serialize)]
pub(crate) struct Warning {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Storage {
    pub(crate) name: String,
    pub(crate) provider: &'static str,
    pub(crate) sign_in: Kind,
    pub(crate) rclone_config: PathBuf,
    /// Every option by its key in rclone.conf. Secrets are left out, or say that they are hidden.
    pub(crate) options: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<TokenState>,
    /// Whose it is, where Box was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Account>,
    /// The name of the folder in `root_folder_id`, where Box was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root_folder: Option<String>,
}

/// What the token in a section says of itself. Times in UTC.
#[derive(Debug, Clone, JsonSchema, Serialize)]
pub(crate) struct TokenState {
    /// Whether rclone can renew the sign-in by itself.
    pub(crate) renewable: bool,
    /// When the access token ends.
    #[schemars(with = "Option<String>")]
    pub(crate) access_token_expires: Option<Timestamp>,
    /// When the sign-in ends if nobody uses it until then: 60 days after the last renewal.
    #[schemars(with = "Option<String>")]
    pub(crate) sign_in_expires: Option<Timestamp>,
}

/// The one result of a command.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(untagged)]
pub(crate) enum Report {
    Saved(Box<Saved>),
    List {
        rclone_config: PathBuf,
        storages: Vec<Storage>,
    },
    Show {
        storage: Box<Storage>,
        warnings: Vec<Warning>,
    },
    /// One outcome for each of several storages.
    Results {
        storages: Vec<StorageResult>,
    },
    /// A storage was renamed or removed.
    Removed(Removed),
    /// What `apply` did, or would do.
    Applied {
        #[serde(skip)]
        check: bool,
        #[serde(rename = "storages")]
        steps: Vec<Step>,
    },
    /// What was looked at, and what is wrong.
    Doctor {
        findings: Vec<Finding>,
        /// Whether warnings are failures.
        #[serde(skip)]
        strict: bool,
    },
    /// Something to read, in paragraphs.
    #[serde(serialize_with = "json_page")]
    #[schemars(with = "Text")]
    Page(String),
    /// Text for another program, printed unchanged.
    #[serde(serialize_with = "json_text")]
    #[schemars(with = "Text")]
    Raw(Vec<u8>),
    /// Another program has printed all there is, and ended with this code.
    #[serde(skip)]
    Exit(u8),
}

#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Saved {
    pub(crate) outcome: Outcome,
    pub(crate) storage: Storage,
    pub(crate) verified: Proof,
    #[serde(skip)]
    pub(crate) renewer: Renewer,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timer: Option<Timer>,
    pub(crate) warnings: Vec<Warning>,
    /// Whether rclone finds this rclone.conf by itself.
    #[serde(skip)]
    pub(crate) is_default_config: bool,
}

impl Saved {
    fn is_change(&self) -> bool {
        !matches!(self.outcome, Outcome::Unchanged | Outcome::DryRun)
    }
}

/// What renews a storage that rclone cannot renew.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Timer {
    pub(crate) place: String,
    /// Whether this run installed it.
    pub(crate) installed: bool,
    #[serde(skip)]
    pub(crate) remove: Option<&'static str>,
}

/// What was done, in a word for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Added,
    Replaced,
    Authorized,
    Edited,
    Unchanged,
    DryRun,
    Renamed,
    Removed,
    /// The user said no.
    NotRemoved,
    Verified,
    Renewed,
    /// By another process meanwhile, or by one that was killed after that.
    RenewedByAnother,
    /// Its token lives longer than was asked for.
    StillGood,
    NotRenewable,
}

#[derive(Debug, Default, JsonSchema, Serialize)]
pub(crate) struct StorageResult {
    pub(crate) name: String,
    pub(crate) ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verified: Option<Proof>,
    /// What was left out although a later night depends on it: `renewal`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_tested: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<TokenState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Account>,
    /// Whether its sign-in was ended at Box, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revoked: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Add,
    Change,
    Same,
    Remove,
    /// What it takes could not even be found out.
    Failed,
}

#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) action: Action,
    /// The keys that differ. Values are left out: they may be secrets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) keys: Vec<String>,
    /// The keys whose commands a check does not run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_compared: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Error>,
}

impl Step {
    pub(crate) fn new(name: &str, action: Action, keys: Vec<String>) -> Self {
        Self { name: name.to_owned(), action, keys, not_compared: Vec::new(), error: None }
    }

    fn changes(&self) -> bool {
        matches!(self.action, Action::Add | Action::Change | Action::Remove)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Ok,
    NotTested,
    Warning,
    Error,
}

impl Level {
    /// Whether the command fails for it.
    fn fails(self, strict: bool) -> bool {
        self == Self::Error || strict && self == Self::Warning
    }
}

#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// The part that was looked at: a storage's name, or a word such as `rclone`.
    pub(crate) about: String,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub(crate) remedy: Vec<Remedy>,
}

#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Removed {
    pub(crate) outcome: Outcome,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new_name: Option<String>,
    /// Other remotes that were changed with it, or that point at nothing now.
    pub(crate) references: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revoked: Option<bool>,
    pub(crate) warnings: Vec<Warning>,
}

impl Report {
    /// Prints the result on standard output.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(crate) fn print(&self, json: bool, quiet: bool) -> Result<()> {
        let print = if matches!(self, Self::Raw(_)) { terminal::print_bytes } else { terminal::print };
        print(&self.rendered(json, quiet)).map_err(|error| match self {
            Self::Saved(saved) if saved.is_change() => error.note("The storage was saved."),
            _ => error,
        })
    }

    /// What is printed after the result, so that it stays in sight.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let messages = |warnings: &[Warning]| warnings.iter().map(|warning| warning.message.clone()).collect();
        match self {
            Self::Saved(saved) => messages(&saved.warnings),
            Self::Show { warnings, .. } => messages(warnings),
            Self::Removed(removed) => messages(&removed.warnings),
            Self::Results { storages } => {
                let named =
                    |storage: &StorageResult, warning: &Warning| format!("{:?}: {}", storage.name, warning.message);
                storages
                    .iter()
                    .flat_map(|storage| storage.warnings.iter().map(|warning| named(storage, warning)))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// What goes to standard output.
    pub(crate) fn rendered(&self, json: bool, quiet: bool) -> Vec<u8> {
        let columns = terminal::page_columns();
        let text = match self {
            Self::Exit(_) => return Vec::new(),
            _ if json => return document(self),
            // Every byte is kept for another program; a terminal gets only printable text.
            Self::Raw(bytes) if columns.is_none() => return bytes.clone(),
            Self::Raw(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                return text.split('\t').map(for_screen).collect::<Vec<_>>().join("\t").into_bytes();
            }
            Self::Page(text) => return (wrap::page(text.trim_end(), columns) + "\n").into_bytes(),
            Self::Saved(_) | Self::Removed(_) if quiet => String::new(),
            Self::List { storages, .. } if quiet => text::expired(storages),
            Self::Results { storages } if quiet => text::failures(storages),
            Self::Applied { check, steps } if quiet => {
                text::steps(steps.iter().filter(|step| step.error.is_some()), *check)
            }
            Self::Doctor { findings, strict } if quiet => {
                text::findings(findings.iter().filter(|finding| finding.level.fails(*strict)))
            }
            _ => text::render(self),
        };
        wrap::wrap(&for_screen(&text), columns).into_bytes()
    }

    pub(crate) fn exit(&self) -> u8 {
        match self {
            Self::Results { storages } => worst(storages.iter().filter_map(|each| each.error.as_ref())).unwrap_or(0),
            Self::Doctor { findings, strict } => u8::from(findings.iter().any(|finding| finding.level.fails(*strict))),
            Self::Applied { check, steps } => {
                let worst = worst(steps.iter().filter_map(|step| step.error.as_ref()));
                let pending = *check && steps.iter().any(Step::changes);
                worst.unwrap_or(if pending { WOULD_CHANGE } else { 0 })
            }
            Self::Exit(code) => *code,
            _ => 0,
        }
    }
}

/// The highest exit code of several, but that of the network only where nothing else failed: it may pass by itself.
fn worst<'a>(errors: impl Iterator<Item = &'a Error>) -> Option<u8> {
    let network = Code::Network.exit();
    errors.map(|error| error.code.exit()).max_by_key(|&exit| if exit == network { 0 } else { exit })
}

/// The failure as JSON on standard output. As text it goes to standard error.
pub(crate) fn print_failure(error: &Error) {
    // The exit code tells it too.
    let body = Body::Failed { error };
    let _ = terminal::print(&json_line(&Document { schema: SCHEMA, ok: false, changed: None, body }));
}

/// The version of the documents' shape.
const SCHEMA: u32 = 1;

#[derive(JsonSchema, Serialize)]
struct Document<'a> {
    schema: u32,
    ok: bool,
    /// Whether anything in rclone.conf is different now, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
    #[serde(flatten)]
    body: Body<'a>,
}

#[derive(JsonSchema, Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Done(&'a Report),
    Failed { error: &'a Error },
}

/// The document of a command that did its work, well or not.
fn document(report: &Report) -> Vec<u8> {
    let changed = match report {
        Report::Saved(saved) => Some(saved.is_change()),
        Report::Applied { steps, .. } => Some(steps.iter().any(|step| step.changes() && step.error.is_none())),
        _ => None,
    };
    let ok = matches!(report.exit(), 0 | WOULD_CHANGE);
    json_line(&Document { schema: SCHEMA, ok, changed, body: Body::Done(report) })
}

/// What `pluton help json` prints.
pub(crate) fn schema() -> String {
    let generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    serde_json::to_string_pretty(&generator.into_root_schema_for::<Document<'_>>()).unwrap_or_default()
}

/// Text that is printed unchanged without `--json`.
#[derive(JsonSchema, Serialize)]
struct Text {
    text: String,
}

fn json_text<S: Serializer>(text: &impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    Text { text: String::from_utf8_lossy(text.as_ref()).into_owned() }.serialize(serializer)
}

/// A page without the marks that keep its commands on one line.
fn json_page<S: Serializer>(page: &str, serializer: S) -> Result<S::Ok, S::Error> {
    json_text(&wrap::wrap(page, None), serializer)
}

fn json_line(document: &Document<'_>) -> Vec<u8> {
    let mut out = String::new();
    for c in serde_json::to_string(document).unwrap_or_default().chars() {
        if is_unseen(c) {
            // It can only be in a string, where a parser reads the escape as the same character and a terminal does nothing.
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out.into_bytes()
}
