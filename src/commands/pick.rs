//! Which storages a command is about: those that were named, all of them, the only one, or one that a person chooses.
//! Reads rclone.conf and may prompt.

use crate::cli::Which;
use crate::config::document::Document;
use crate::config::{ConfigFile, shown};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::secret::{looks_like_token, scrub};
use crate::storage::sign_in::Kind;
use crate::ui::prompt::{self, Item};

/// How much of a name may be mistyped for a suggestion.
const ALIKE: f64 = 0.8;

/// The storage called `name`; without a name, the only storage or a chosen one. `usage` says how to name it.
pub(super) fn one(context: &Context, file: &ConfigFile, name: Option<&str>, usage: &str) -> Result<String> {
    let name = name.map(str::to_owned);
    several(context, file, name.as_slice(), usage).map(|mut names| names.remove(0))
}

/// The storages in `names`, each once; without any, as [`one`] does.
pub(super) fn several(context: &Context, file: &ConfigFile, names: &[String], usage: &str) -> Result<Vec<String>> {
    let document = file.read()?;
    if names.is_empty() { choose(context, file, &document, usage, false) } else { known(&document, names) }
}

/// The storages that `which` says. `command` is used in the prompt and in the error if none is named.
pub(super) fn some_or_all(context: &Context, file: &ConfigFile, which: &Which, command: &str) -> Result<Vec<String>> {
    let document = file.read()?;
    match boxes(&document) {
        names if which.all && names.is_empty() => Err(none_in(file)),
        names if which.all => Ok(names),
        _ if !which.names.is_empty() => known(&document, &which.names),
        _ => choose(context, file, &document, &format!("pluton storage {command} NAME (or --all)"), true),
    }
}

/// Every Box storage, in the file's order.
pub(super) fn boxes(document: &Document) -> Vec<String> {
    document.sections_of_type("box").into_iter().map(str::to_owned).collect()
}

fn known(document: &Document, names: &[String]) -> Result<Vec<String>> {
    let mut known: Vec<String> = Vec::new();
    for name in names {
        require_box(document, name)?;
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
    Ok(known)
}

/// Prompts if possible, and if there is more than one.
fn choose(context: &Context, file: &ConfigFile, document: &Document, usage: &str, or_all: bool) -> Result<Vec<String>> {
    if !context.terminal.asks {
        return Err(missing(usage));
    }
    let names = boxes(document);
    match names.as_slice() {
        [] => return Err(none_in(file)),
        [only] => {
            context.terminal.say(&format!("Storage: {only} (the only one)"));
            return Ok(names);
        }
        _ => {}
    }
    let item = |name| Item { title: name, meaning: Kind::of(|key| document.get(name, key)).name() };
    let all = or_all.then_some(Item { title: "All of them", meaning: "" });
    let items: Vec<Item<'_>> = names.iter().map(String::as_str).map(item).chain(all).collect();
    let chosen = prompt::must_choose("Which storage?", &items)?;
    Ok(names.get(chosen).map_or_else(|| names.clone(), |name| vec![name.clone()]))
}

pub(super) fn missing(usage: &str) -> Error {
    Error::new(Code::InputRequired, "no storage given")
        .hint_run(usage)
        .hint_command("list the storages", "pluton storage list")
}

/// A timer that reads the wrong rclone.conf must not seem to work.
fn none_in(file: &ConfigFile) -> Error {
    Error::new(Code::StorageNotFound, format!("there is no Box storage in {}", shown(file.path())))
        .hint_command("add one", "pluton storage add box")
        .hint("if they are in another rclone.conf, name it with --rclone-config, or set HOME to what it was when they were added")
}

/// Fails if `name` is no Box storage, and suggests the one that was probably meant.
pub(super) fn require_box(document: &Document, name: &str) -> Result<()> {
    let error = match document.get(name, "type") {
        Some(kind) if kind.expose() == "box" => return Ok(()),
        kind if document.has(name) => {
            let kind = kind.map_or_else(|| "none".into(), |kind| scrub(kind.expose(), &[]));
            Error::new(Code::NotBox, format!("{name:?} is not a Box storage: its type is {kind}"))
        }
        _ if looks_like_token(name) => {
            Error::new(Code::StorageNotFound, "there is no such storage: this looks like a token, not a name")
        }
        _ => {
            let error = Error::new(Code::StorageNotFound, format!("there is no storage named {name:?}"));
            match near(document, name) {
                Some(near) if near.to_lowercase() == name.to_lowercase() => {
                    error.hint(format!("names are case-sensitive: did you mean {near:?}?"))
                }
                Some(near) => error.hint(format!("did you mean {near:?}?")),
                None => error,
            }
        }
    };
    Err(error.hint_command("list the storages", "pluton storage list"))
}

fn near(document: &Document, name: &str) -> Option<String> {
    let sought = name.to_lowercase();
    let likeness = |known: &String| strsim::jaro_winkler(&known.to_lowercase(), &sought);
    let known = boxes(document).into_iter().map(|known| (likeness(&known), known));
    let (likeness, nearest) = known.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (likeness > ALIKE).then_some(nearest)
}
