//! Which storage a command is about: the one that was named, the only one, or one that a person chooses.

use super::for_each::boxes;
use super::show::require_box;
use crate::config::document::Document;
use crate::config::{ConfigFile, shown};
use crate::context::Context;
use crate::error::{Code, Error, Result, Who};
use crate::storage::sign_in::Kind;
use crate::ui::prompt::{self, Item};

/// How much of a name may be mistyped for another to be meant.
const ALIKE: f64 = 0.8;

/// The storage called `name`; without one, the only storage or the one that is chosen. `usage` says how it is named.
pub(super) fn one(context: &Context, file: &ConfigFile, name: Option<&str>, usage: &str) -> Result<String> {
    let document = file.read()?;
    if let Some(name) = name {
        require_box(&document, name)?;
        return Ok(name.to_owned());
    }
    let names = asked(context, file, &document, usage)?;
    if let [only] = names.as_slice() {
        context.terminal.say(&format!("Storage: {only} (the only one)"));
        return Ok(only.clone());
    }
    let chosen = choose(&document, &names, &[])?;
    Ok(names[chosen].clone())
}

/// The same where all of them may be meant.
pub(super) fn some(context: &Context, file: &ConfigFile, document: &Document, usage: &str) -> Result<Vec<String>> {
    let names = asked(context, file, document, usage)?;
    if names.len() == 1 {
        return Ok(names);
    }
    let all = Item { title: "All of them", meaning: "" };
    let chosen = choose(document, &names, &[all])?;
    Ok(names.get(chosen).map_or_else(|| names.clone(), |name| vec![name.clone()]))
}

/// The storages to choose from, where somebody can be asked.
fn asked(context: &Context, file: &ConfigFile, document: &Document, usage: &str) -> Result<Vec<String>> {
    if !context.terminal.asks {
        return Err(missing(usage));
    }
    let names = boxes(document);
    if names.is_empty() {
        return Err(Error::new(
            Code::StorageNotFound,
            format!("there is no Box storage in {} yet", shown(file.path())),
        )
        .responsible(Who::You)
        .hint_run("pluton storage add box"));
    }
    Ok(names)
}

pub(super) fn missing(usage: &str) -> Error {
    Error::new(Code::InputRequired, "which storage? No NAME was given")
        .responsible(Who::You)
        .hint_run(usage)
        .hint_command("see what is there", "pluton storage list")
}

/// The index of what was chosen; `others` follow on the names.
fn choose(document: &Document, names: &[String], others: &[Item<'_>]) -> Result<usize> {
    let item = |name| Item { title: name, meaning: Kind::of(|key| document.get(name, key)).name() };
    let items: Vec<Item<'_>> = names.iter().map(String::as_str).map(item).chain(others.iter().copied()).collect();
    prompt::must_choose("Which storage?", &items)
}

/// The storage that was probably meant by a name that is not there.
pub(super) fn near(document: &Document, name: &str) -> Option<String> {
    let sought = name.to_lowercase();
    let likeness = |known: &String| strsim::jaro_winkler(&known.to_lowercase(), &sought);
    let known = boxes(document).into_iter().map(|known| (likeness(&known), known));
    let (likeness, nearest) = known.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (likeness > ALIKE).then_some(nearest)
}
