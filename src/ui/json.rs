//! A report or a failure as one JSON document, and the schema of all such documents. Pure: prints nothing.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::report::{Outcome, Report, WOULD_CHANGE};
use super::wrap::wrap;
use crate::error::Error;
use crate::secret::is_unseen;

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
pub(super) fn render(report: &Report) -> Vec<u8> {
    let changed = match report {
        Report::Saved(saved) => Some(!matches!(saved.outcome, Outcome::Unchanged | Outcome::DryRun)),
        Report::Applied { steps, .. } => Some(steps.iter().any(|step| step.changes() && step.error.is_none())),
        _ => None,
    };
    let ok = matches!(report.exit(), 0 | WOULD_CHANGE);
    line(&Document { schema: SCHEMA, ok, changed, body: Body::Done(report) })
}

pub(super) fn render_failure(error: &Error) -> Vec<u8> {
    line(&Document { schema: SCHEMA, ok: false, changed: None, body: Body::Failed { error } })
}

/// What `pluton help json` prints.
pub(crate) fn schema() -> String {
    let generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    serde_json::to_string_pretty(&generator.into_root_schema_for::<Document<'_>>()).unwrap_or_default()
}

/// Text that is printed unchanged without `--json`.
#[derive(JsonSchema, Serialize)]
pub(super) struct Text {
    text: String,
}

pub(super) fn text<S: Serializer>(text: &impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    Text { text: String::from_utf8_lossy(text.as_ref()).into_owned() }.serialize(serializer)
}

/// A page without the marks that keep its commands on one line.
pub(super) fn page<S: Serializer>(page: &str, serializer: S) -> Result<S::Ok, S::Error> {
    text(&wrap(page, None), serializer)
}

fn line(document: &Document<'_>) -> Vec<u8> {
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
