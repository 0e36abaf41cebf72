//! The options of a storage as a menu: what can be set, and what holds now. Shared by `add` and `edit`.

use std::collections::BTreeMap;

use super::saveable;
use crate::error::{Field, Result};
use crate::storage::options::{ROOT_FOLDER, SPECS, Spec};
use crate::storage::sign_in::Kind;
use crate::ui::prompt::{self, Item, Reply};

pub(in super::super) type Options = BTreeMap<&'static str, String>;

/// What a person left the menu for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Chosen {
    Done,
    /// Who shows the menu knows how to find a folder.
    RootFolder,
}

/// How the root folder is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum RootFolder {
    FromList,
    Typed,
}

pub(in super::super) fn ask_root_folder(when: &str) -> Result<Reply<RootFolder>> {
    let items =
        [Item { title: "Choose it from a list", meaning: when }, Item { title: "Type its ID or address", meaning: "" }];
    let chosen = prompt::choice("Root folder", &items, None, true)?;
    Ok(chosen.map(|row| if row == 0 { RootFolder::FromList } else { RootFolder::Typed }))
}

/// Lets options that fit the sign-in be changed one by one, until the row `done` or the root folder is chosen.
/// `root_folder` stands for that folder's value where it has none yet.
pub(in super::super) fn menu(
    kind: Kind,
    options: &mut Options,
    done: &str,
    root_folder: Option<&str>,
) -> Result<Reply<Chosen>> {
    loop {
        let fitting: Vec<&'static Spec> = SPECS.iter().filter(|spec| (spec.fits)(kind)).collect();
        let value = |spec: &&'static Spec| match root_folder.filter(|_| spec.key == ROOT_FOLDER) {
            Some(value) => value.to_owned(),
            None => present(spec, options),
        };
        let values: Vec<String> = fitting.iter().map(value).collect();
        let rows = fitting.iter().zip(&values).map(|(spec, value)| Item { title: spec.title, meaning: value });
        let items: Vec<Item<'_>> = std::iter::once(Item { title: done, meaning: "" }).chain(rows).collect();
        match prompt::choice("Options", &items, None, true)? {
            Reply::Back => return Ok(Reply::Back),
            Reply::Answer(0) => return Ok(Reply::Answer(Chosen::Done)),
            Reply::Answer(row) if fitting[row - 1].key == ROOT_FOLDER => return Ok(Reply::Answer(Chosen::RootFolder)),
            Reply::Answer(row) => ask(options, fitting[row - 1])?,
        }
    }
}

/// Asks for one option; the way back leaves it as it is.
pub(in super::super) fn ask(options: &mut Options, spec: &'static Spec) -> Result<()> {
    let is_set = options.contains_key(spec.key);
    prompt::hint(&format!("{} ({})", spec.help, spec.key));
    let keep = if is_set { "Enter keeps the value, - clears it" } else { "Enter leaves it unset" };
    prompt::hint(keep);
    let check = |text: &str| match text {
        "-" => Ok(()),
        text if text == present(spec, options) => Ok(()),
        text => saveable(Field::Option(spec.key), &spec.check(text)?),
    };
    let now = present(spec, options);
    let Reply::Answer(value) = prompt::line(spec.title, Some(&now), spec.help, check)? else { return Ok(()) };
    if value == "-" {
        options.remove(spec.key);
    } else if value != now {
        options.insert(spec.key, value);
    }
    Ok(())
}

/// What holds now: the value that was set, or what rclone does without one.
fn present(spec: &Spec, options: &Options) -> String {
    options.get(spec.key).cloned().unwrap_or_else(|| spec.default.to_owned())
}
