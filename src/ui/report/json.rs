//! The same report as one JSON document, and the schema of all such documents.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Finding, Outcome, Proof, Removed, Report, Step, Storage, StorageResult, Timer, WOULD_CHANGE, Warning};
use crate::error::{Code, Error, Remedy};
use crate::scrub::is_unseen;

/// The version of the documents' shape.
const SCHEMA: u32 = 1;

#[derive(JsonSchema, Serialize)]
struct Document<T: Serialize> {
    schema: u32,
    ok: bool,
    #[serde(flatten)]
    body: T,
}

#[derive(JsonSchema, Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Saved {
        outcome: Outcome,
        changed: bool,
        storage: &'a Storage,
        verified: Proof,
        #[serde(skip_serializing_if = "Option::is_none")]
        timer: Option<&'a Timer>,
        warnings: &'a [Warning],
    },
    List {
        rclone_config: &'a PathBuf,
        storages: &'a [Storage],
    },
    Show {
        storage: &'a Storage,
        warnings: &'a [Warning],
    },
    StorageResult {
        storages: &'a [StorageResult],
    },
    Removed(&'a Removed),
    Doctor {
        findings: &'a [Finding],
    },
    Applied {
        changed: bool,
        storages: &'a [Step],
    },
    /// What is printed as it is without `--json`.
    Text {
        text: Cow<'a, str>,
    },
    Failed {
        error: Failure<'a>,
    },
}

#[derive(JsonSchema, Serialize)]
pub(super) struct Failure<'a> {
    code: Code,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<&'static str>,
    #[schemars(with = "Vec<String>")]
    remedy: &'a [Remedy],
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

/// The document of a command that did its work, well or not.
pub(super) fn render(report: &Report) -> Vec<u8> {
    let body = match report {
        Report::Table { .. } | Report::Exit(_) => return Vec::new(),
        Report::Page(text) => Body::Text { text: text.into() },
        Report::Raw(bytes) => Body::Text { text: String::from_utf8_lossy(bytes) },
        Report::Saved(added) => Body::Saved {
            outcome: added.outcome,
            changed: !matches!(added.outcome, Outcome::Unchanged | Outcome::DryRun),
            storage: &added.storage,
            verified: added.verified,
            timer: added.timer.as_ref(),
            warnings: &added.warnings,
        },
        Report::List { rclone_config, storages } => Body::List { rclone_config, storages },
        Report::Show { storage, warnings } => Body::Show { storage, warnings },
        Report::Results(storages) => Body::StorageResult { storages },
        Report::Removed(gone) => Body::Removed(gone),
        Report::Doctor { findings, .. } => Body::Doctor { findings },
        Report::Applied { steps, .. } => {
            let changed = steps.iter().any(|step| step.changes() && step.error.is_none());
            Body::Applied { changed, storages: steps }
        }
    };
    line(matches!(report.exit(), 0 | WOULD_CHANGE), body)
}

pub(super) fn render_failure(error: &Error) -> Vec<u8> {
    line(false, Body::Failed { error: Failure::of(error) })
}

/// What `pluton help json` prints.
pub(crate) fn schema() -> String {
    let generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<Document<Body<'_>>>();
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

fn line(ok: bool, body: Body<'_>) -> Vec<u8> {
    let line = serde_json::to_string(&Document { schema: SCHEMA, ok, body }).unwrap_or_default();
    let mut out = String::with_capacity(line.len() + 1);
    for c in line.chars() {
        if is_unseen(c) {
            // It can stand in a text only, and is the same to whoever reads it; a terminal does not obey it.
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

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
pub(super) fn failure<S: serde::Serializer>(error: &Option<Error>, serializer: S) -> Result<S::Ok, S::Error> {
    error.as_ref().map(Failure::of).serialize(serializer)
}

impl<'a> Failure<'a> {
    fn of(error: &'a Error) -> Self {
        Self {
            code: error.code,
            message: &error.message,
            who: error.who.map(crate::error::Who::name),
            remedy: &error.remedy,
            detail: error.detail.as_deref(),
            notes: &error.notes,
        }
    }
}
