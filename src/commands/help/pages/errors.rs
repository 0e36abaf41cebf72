//! `pluton help CODE`: what the code of an error means, who acts and what to do.

use std::fmt::Write as _;

use crate::diagnosis::samples;
use crate::error::{Code, Who};

/// Each code: what it means, and what to do where that does not depend on what Box or rclone said.
pub(crate) const CODES: &[(Code, &str, &[&str])] = &[
    (Code::Unknown, "a failure of no other kind", &[]),
    (Code::StorageFull, "the account has no space left", &[]),
    (Code::FileTooLarge, "the file is larger than Box takes", &[]),
    (
        Code::InvalidValue,
        "a flag, an answer or a line of a file has a value that cannot be used",
        &["correct what the message names", "see what it takes: pluton help COMMAND"],
    ),
    (
        Code::InputRequired,
        "something is missing, and there is nobody to ask",
        &["give the flag that the message names", "or run it at a terminal, without --no-input and CI=true"],
    ),
    (
        Code::RcloneMissing,
        "rclone is not there, or cannot be started",
        &["install it: https://rclone.org/install/", "or name the program with --rclone PATH"],
    ),
    (Code::RcloneTooOld, "this rclone is too old for what was asked", &[]),
    (Code::StorageNotFound, "there is no storage of this name", &["see which there are: pluton storage list"]),
    (
        Code::NotBox,
        "the storage is in rclone.conf, but is no Box storage",
        &["see which are: pluton storage list", "for others use rclone itself: rclone config"],
    ),
    (
        Code::StorageExists,
        "there is a storage of this name already",
        &["choose another name", "or replace it, once the new one is proven: --force"],
    ),
    (Code::TokenExpired, "the token has expired, and cannot be renewed", &[]),
    (Code::TokenInvalid, "the token is missing or incomplete, or is no token", &[]),
    (Code::RefreshTokenInvalid, "Box does not renew the sign-in", &[]),
    (Code::ClientInvalid, "Box does not accept the app: its client ID, secret or type", &[]),
    (Code::AppNotAuthorized, "the app lacks the permission of a Box admin", &[]),
    (Code::RedirectUriMismatch, "the app lacks the address that the browser has to return to", &[]),
    (Code::JwtInvalid, "the service account's config.json or its key is wrong", &[]),
    (Code::AccessDenied, "Box or the person at the browser refused the sign-in", &[]),
    (Code::ClockSkew, "the clock of this machine is wrong", &[]),
    (Code::PortInUse, "another program has the port that the browser has to return to", &[]),
    (Code::AuthorizeTimeout, "nobody signed in through the browser in time", &[]),
    (Code::InsufficientScope, "the app's scopes are too narrow", &[]),
    (Code::FolderNotFound, "the root folder is not there for this account", &[]),
    (Code::PermissionDenied, "this account may not do that", &[]),
    (Code::Network, "Box cannot be reached", &[]),
    (Code::Tls, "the connection to Box cannot be trusted", &[]),
    (Code::Timeout, "there was no answer in time", &[]),
    (Code::RateLimited, "Box was asked too often", &[]),
    (Code::BoxUnavailable, "Box itself has a problem", &[]),
    (
        Code::ConfigUnreadable,
        "rclone.conf, or the directory that it is in, cannot be read",
        &["see who may: pluton doctor", "or name another file with --rclone-config FILE"],
    ),
    (
        Code::ConfigEncrypted,
        "rclone.conf is encrypted, and its password is missing or wrong",
        &["set RCLONE_CONFIG_PASS, or give --password-command COMMAND", "or run it at a terminal, which asks for it"],
    ),
    (
        Code::ConfigConflict,
        "another program changed rclone.conf at the same time",
        &["run it again", "if it happens often, see which program that is: pluton doctor"],
    ),
    (
        Code::ConfigUnwritable,
        "rclone.conf, or the directory that it is in, cannot be written",
        &["see why: pluton doctor", "or name another file with --rclone-config FILE"],
    ),
    (Code::Interrupted, "Ctrl-C or a signal ended it; nothing half done is left in rclone.conf", &["run it again"]),
];

/// The page of one code.
pub(super) fn of(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let (code, meaning, remedies) = CODES.iter().find(|(code, ..)| code.name() == name)?;
    let mut page = format!("{name} (exit code {}): {meaning}", code.exit());
    if !remedies.is_empty() {
        page += "\n";
        put(&mut page, Some(Who::You), remedies);
    }
    let mut cases: Vec<_> = samples().filter(|error| error.code == *code).collect();
    cases.dedup_by(|one, other| one.message == other.message && one.remedy == other.remedy);
    if !cases.is_empty() {
        page += "\n\nWhat is said, of a storage called \"NAME\", and what helps, likeliest first:";
    }
    for error in cases {
        let _ = write!(page, "\n\n{}", error.message);
        put(&mut page, error.who, &error.remedy);
    }
    Some(page)
}

fn put(page: &mut String, who: Option<Who>, remedies: &[impl std::fmt::Display]) {
    if let Some(who) = who {
        let _ = write!(page, "\n  who:  {}", who.name());
    }
    for remedy in remedies {
        let _ = write!(page, "\n  next: {remedy}");
    }
}

/// All codes by their exit codes.
pub(super) fn all() -> String {
    let mut page = String::from(
        "A failure has an exit code and, with --json, an error.code. `pluton help CODE` says what to do about one.",
    );
    let mut last = None;
    for (code, meaning, _) in CODES {
        if last.replace(code.exit()) != Some(code.exit()) {
            let _ = write!(page, "\n\nExit code {}", code.exit());
        }
        let _ = write!(page, "\n  {:<21}  {meaning}", code.name());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::{CODES, of};
    use crate::diagnosis::samples;

    #[test]
    fn every_code_is_explained_with_what_to_do() {
        let schema = serde_json::to_value(schemars::schema_for!(crate::error::Code)).expect("JSON");
        let all: Vec<_> =
            schema["enum"].as_array().expect("codes").iter().map(|code| code.as_str().expect("a word")).collect();
        assert!(all.len() > 30);
        assert_eq!(CODES.iter().map(|(code, ..)| code.name()).collect::<Vec<_>>(), all);
        for name in all {
            assert!(of(name).expect("a page").contains("\n  next: "), "{name}");
        }
        for error in samples() {
            assert!(of(&error.code.name()).expect("a page").contains(&error.message), "{error:?}");
        }
    }
}
