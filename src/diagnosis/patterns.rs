//! Recognises the cause of a failure by the texts of `patterns.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Cause, Doing, End, Evidence, Operation};
use crate::rclone::{OLDEST, Version};
use crate::storage::sign_in::Kind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    patterns: Vec<Pattern>,
}

/// Any of the texts tells the cause.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pattern {
    pub(super) cause: Cause,
    pub(super) texts: Vec<String>,
}

/// What joins the parts of a text that must all be there.
pub(super) const AND: &str = " … ";

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("patterns.toml")).expect("patterns.toml, which the tests read too"));

pub(super) fn all() -> &'static [Pattern] {
    &TABLE.patterns
}

/// What kind of failure it is.
pub(crate) fn recognise(operation: &Operation<'_>, evidence: &Evidence<'_>) -> Cause {
    match evidence.end {
        End::TimedOut if operation.doing == Doing::Authorizing => return Cause::NobodySignedIn,
        End::TimedOut => return Cause::TimedOut,
        End::Killed(_) => return Cause::Killed,
        End::Exited | End::Answered => {}
    }
    let said = evidence.said.to_lowercase().replace("\\\"", "\"");
    let is_said = |text: &String| text.split(AND).all(|part| said.contains(part));
    let found = all().iter().find(|pattern| pattern.texts.iter().any(is_said));
    narrowed(found.map_or(Cause::Unknown, |pattern| pattern.cause), operation, evidence)
}

/// The same text means different things to different storages and rclones.
fn narrowed(found: Cause, operation: &Operation<'_>, evidence: &Evidence<'_>) -> Cause {
    let is_older = evidence.version.is_some_and(|version| version < OLDEST);
    match found {
        Cause::JwtRefused if evidence.version == Some(Version(1, 63, 0)) => Cause::JwtBroken,
        Cause::RefreshRefused if operation.doing == Doing::Authorizing => Cause::CodeExpired,
        Cause::RefreshRefused if operation.sign_in == Kind::Jwt => Cause::JwtRefused,
        Cause::RefreshRefused if operation.sign_in == Kind::ClientCredentials => Cause::SubjectRefused,
        Cause::PermissionDenied if operation.impersonate.is_some() => Cause::ImpersonationDenied,
        // Everyone may use the root folder of their own.
        Cause::PermissionDenied if operation.root_folder.is_none_or(|id| id == "0") => Cause::RootRefused,
        // A flag that a new rclone does not know is no sign of its age.
        Cause::TooOld if evidence.version.is_some() && !is_older => Cause::Unknown,
        Cause::Unknown if is_older => Cause::TooOld,
        found => found,
    }
}
