//! `pluton storage rename`: another name for a storage, also where other remotes refer to it.

use super::pick;
use super::references::{heirs, references};
use super::show::require_box;
use crate::cli::Rename;
use crate::config;
use crate::config::document::Document;
use crate::context::Context;
use crate::error::{Code, Error, Result, Who};
use crate::storage::name::RemoteName;
use crate::storage::options;
use crate::ui::prompt;
use crate::ui::report::{Removed, Report};

pub(super) fn run(context: &Context, flags: &Rename) -> Result<Report> {
    let file = context.config_file()?;
    let given = flags.new.as_deref().map(RemoteName::new).transpose()?;
    let old = &pick::one(context, &file, flags.old.as_deref(), "pluton storage rename OLD NEW")?;
    let new = given.map_or_else(|| ask_new(context, &file.read()?, old), Ok)?;
    // A renewal that is under way would look for the old name.
    let _claim = file.lock_refresh(old)?;
    let document = file.read()?;
    require_box(&document, old)?;
    if document.has(new.as_str()) {
        return Err(config::taken(new.as_str()));
    }
    if !new.is_plain() {
        context.rclone(None)?.require((1, 62), &format!("the name {:?}", new.as_str()))?;
    }
    check_inheritance(&document, old, new.as_str())?;
    let references = |document: &Document| references(document, old, new.as_str());
    let shown = references(&document);
    for (section, key, value) in &shown {
        context.terminal.say(&format!("Changing with it: [{section}] {key} = {value}"));
    }
    file.rename(old, new.as_str(), &references)?;
    let mut sections: Vec<String> = shown.into_iter().map(|(section, ..)| section).collect();
    sections.dedup();
    Ok(Report::Removed(Removed {
        outcome: "renamed",
        name: old.clone(),
        new_name: Some(new.to_string()),
        references: sections,
        revoked: None,
        warnings: Vec::new(),
    }))
}

/// Asks for the new name.
fn ask_new(context: &Context, document: &Document, old: &str) -> Result<RemoteName> {
    if !context.terminal.asks {
        return Err(Error::new(Code::InputRequired, format!("what is {old:?} to be called? No NEW name was given"))
            .responsible(Who::You)
            .hint_run(format!("pluton storage rename {old:?} NEW")));
    }
    let check = |text: &str| match RemoteName::new(text)?.as_str() {
        new if document.has(new) => Err(config::taken(new)),
        _ => Ok(()),
    };
    let help = "Backups that name this storage have to be told its new name.";
    let new = prompt::must_answer(|| prompt::line(&format!("New name of {old:?}"), None, help, check))?;
    RemoteName::new(&new)
}

/// A dotted name takes what it lacks from the name before the dot; a new name must neither begin nor end that.
fn check_inheritance(document: &Document, old: &str, new: &str) -> Result<()> {
    let refused = |message: String| Err(Error::new(Code::InvalidValue, message).responsible(Who::You));
    let mut after = document.clone();
    after.rename_section(old, new);
    if let Some(heir) = heirs(document, old).first() {
        return refused(format!(
            "[{heir}] takes keys that it lacks from {old:?}, and would find none under another name"
        ))
        .map_err(|error| error.hint("write those keys into that section first"));
    }
    let gained = after.inherited(new, &options::keys()).into_iter().find(|key| document.get(old, key).is_none());
    if let Some(key) = gained {
        return refused(format!("as {new:?} it would read {key} from the section before the dot"))
            .map_err(|error| error.hint("choose a name without a dot"));
    }
    if let Some((child, key)) = after.disturbed(new, document) {
        return refused(format!("[{child}] would then read {key} from {new:?}"))
            .map_err(|error| error.hint("choose another name"));
    }
    Ok(())
}
