//! `pluton storage rename`: another name for a storage, also where other remotes refer to it: `remote = NAME:dir`, a list
//! in `upstreams`, or a dotted name below it.

use super::pick;
use crate::cli::Rename;
use crate::config::document::{Document, words};
use crate::config::{self, Reference};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::rclone::TAKES_ANY_NAME;
use crate::storage::name::RemoteName;
use crate::ui::prompt;
use crate::ui::report::{Outcome, Removed, Report};

pub(super) fn run(context: &Context, flags: &Rename) -> Result<Report> {
    let file = context.config_file()?;
    let given = flags.new.as_deref().map(RemoteName::new).transpose()?;
    let old = &pick::one(context, &file, flags.old.as_deref(), "pluton storage rename OLD NEW")?;
    let new = given.map_or_else(|| ask_new(context, &file.read()?, old), Ok)?;
    // A renewal that is under way would save its token under the old name.
    let _lock = file.lock_refresh(old)?;
    let document = file.read()?;
    pick::require_box(&document, old)?;
    config::check_rename(&document, old, new.as_str())?;
    if !new.is_plain() {
        context.rclone(None)?.require(TAKES_ANY_NAME, &format!("the name {:?}", new.as_str()))?;
    }
    let references = |document: &Document| references(document, old, new.as_str());
    let shown = references(&document);
    for (section, key, value) in &shown {
        context.terminal.say(&format!("Also changing: [{section}] {key} = {value}"));
    }
    file.rename(old, new.as_str(), &references)?;
    let mut sections: Vec<String> = shown.into_iter().map(|(section, ..)| section).collect();
    sections.dedup();
    Ok(Report::Removed(Removed {
        outcome: Outcome::Renamed,
        name: old.clone(),
        new_name: Some(new.to_string()),
        references: sections,
        revoked: None,
        warnings: Vec::new(),
    }))
}

fn ask_new(context: &Context, document: &Document, old: &str) -> Result<RemoteName> {
    if !context.terminal.asks {
        return Err(Error::new(Code::InputRequired, format!("no new name given for {old:?}"))
            .hint_run(format!("pluton storage rename {old:?} NEW")));
    }
    let check = |text: &str| match RemoteName::new(text)?.as_str() {
        new if document.has(new) => Err(config::taken(new)),
        _ => Ok(()),
    };
    let help = "Backup jobs that use this storage need its new name.";
    let new = prompt::must_answer(|| prompt::line(&format!("New name of {old:?}"), None, help, check))?;
    RemoteName::new(&new)
}

/// Keys of other remotes that name `old:`, with their values once it is called `new`.
pub(super) fn references(document: &Document, old: &str, new: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    for section in document.sections().into_iter().filter(|section| *section != old) {
        for (key, value) in document.entries(section) {
            let renamed = match key.as_str() {
                "remote" => path(value.expose(), old, new).map(|value| ("remote", value)),
                "upstreams" => list(value.expose(), old, new).map(|value| ("upstreams", value)),
                _ => None,
            };
            found.extend(renamed.map(|(key, value)| (section.to_owned(), key, value)));
        }
    }
    found
}

/// `old:dir` or `old,option=1:dir`. `None` if it is another remote's path.
fn path(value: &str, old: &str, new: &str) -> Option<String> {
    let rest = value.strip_prefix(old).filter(|rest| rest.starts_with([':', ',']))?;
    Some(format!("{new}{rest}"))
}

/// Fields separated by spaces, quoted if they contain one: paths (union), or `dir=path` (combine).
fn list(value: &str, old: &str, new: &str) -> Option<String> {
    let before = words(value);
    let rename = |field: &String| {
        let of_combine =
            || field.split_once('=').and_then(|(dir, rest)| Some(format!("{dir}={}", path(rest, old, new)?)));
        path(field, old, new).or_else(of_combine).unwrap_or_else(|| field.clone())
    };
    let after: Vec<String> = before.iter().map(rename).collect();
    (after != before).then(|| after.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(" "))
}

fn quoted(field: &str) -> String {
    if field.contains([' ', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}
