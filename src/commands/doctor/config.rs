//! rclone.conf itself: which one and why, who can read it, whether it can be written, what was left beside it.

use crate::config::document::Document;
use crate::config::{self, ConfigFile};
use crate::context::Context;
use crate::error::Remedy;
use crate::ui::report::Finding;

const ABOUT: &str = "rclone.conf";

pub(super) fn look(context: &Context) -> (Option<Document>, Vec<Finding>) {
    let file = match context.config_file() {
        Ok(file) => file,
        Err(error) => return (None, vec![Finding::from_error(ABOUT, error)]),
    };
    let place = config::shown(file.path());
    let why = context.why_this_config();
    if !file.exists() {
        let message = format!("there is none yet; {place} would be made ({why})");
        return (Some(Document::default()), vec![Finding::good(ABOUT, message)]);
    }
    let document = match file.read() {
        Ok(document) => document,
        Err(error) => return (None, vec![Finding::from_error(ABOUT, error)]),
    };
    let encrypted = if file.is_encrypted() { ", encrypted" } else { "" };
    let mut findings = vec![Finding::good(ABOUT, format!("{place} ({why}{encrypted})"))];
    findings.extend(rights(&file, &place));
    findings.extend(foreign());
    findings.extend(copies());
    findings.extend(left_behind(&file, &document));
    (Some(document), findings)
}

fn rights(file: &ConfigFile, place: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if file.is_open_to_others() {
        findings.push(
            Finding::odd(ABOUT, "other users of this machine can read the secrets in it")
                .hint_run(format!("chmod 600 {place}"))
                .hint_run("pluton doctor --fix"),
        );
    }
    if let Some(owner) = file.foreign_owner() {
        findings.push(
            Finding::odd(ABOUT, format!("it belongs to another user (number {owner}), so new tokens may not be saved"))
                .hint_run(format!("sudo chown \"$(id -u)\" {place}")),
        );
    }
    if let Err(error) = file.try_replacing() {
        let message = "it cannot be replaced here, so rclone cannot save a renewed token and the sign-in dies";
        let finding = error.remedy.into_iter().fold(Finding::bad(ABOUT, message), Finding::hint);
        findings.push(finding.hint("or run backups through `pluton run`, with a service account"));
    }
    findings
}

/// What another user, most often root, has left where Pluton keeps its own files.
fn foreign() -> Option<Finding> {
    let foreign = config::foreign();
    let first = config::shown(foreign.first()?);
    let message = format!("{first} belongs to another user, so that sign-ins may not be renewed");
    Some(Finding::bad("pluton", message).hint(config::give_back()))
}

/// They hold the secrets of a whole rclone.conf.
fn copies() -> Vec<Finding> {
    let left = config::left_copies();
    let found = left.iter().map(|copy| {
        let message =
            format!("{} is a private copy of an rclone.conf, left by a run that was killed", config::shown(copy));
        Finding::odd("pluton", message).hint_run("pluton doctor --fix").hint_run("pluton storage refresh --all").hint(
            "or where rclone.conf cannot be written, `pluton run`: it keeps what was renewed in the copy, and removes it",
        )
    });
    found.collect()
}

fn left_behind(file: &ConfigFile, document: &Document) -> Vec<Finding> {
    let spare = file.spare_leftovers();
    let mut findings: Vec<Finding> = file
        .leftovers()
        .iter()
        .map(|left| {
            Finding::odd(ABOUT, format!("{} was left by a run that was ended while it saved", config::shown(left)))
                .hint(if spare.contains(left) {
                    Remedy::run("pluton doctor --fix")
                } else {
                    Remedy::with_command(
                        "if no rclone runs now, compare it with rclone.conf, then remove it",
                        format!("rm '{}'", left.display()),
                    )
                })
        })
        .collect();
    findings.extend(config::orphans_now(document).iter().map(|found| {
        Finding::odd(ABOUT, format!("an interrupted sign-in for {:?} is still good", found.name)).hint_run(format!(
            "pluton storage add box {:?} --token-file '{}'",
            found.name,
            found.file.display()
        ))
    }));
    findings
}
