//! The options of a storage as a menu, for `add` and `edit`: what can be set, and what holds now.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::box_api::{self, Folder};
use crate::commands::{account, explain};
use crate::diagnosis::{Doing, Operation};
use crate::error::{Code, Error, Field, Result};
use crate::storage::options::{ROOT_FOLDER, SPECS, Spec};
use crate::storage::section::{Section, value};
use crate::storage::sign_in::Kind;
use crate::ui::prompt::{self, Item, Reply};

pub(in super::super) type Options = BTreeMap<&'static str, String>;

/// How long Box may take to list a folder.
const LIMIT: Duration = Duration::from_secs(20);

fn plain(title: &str) -> Item<'_> {
    Item { title, meaning: "" }
}

/// Lets options that fit the sign-in be changed one by one, until the row `done`. `browse` has the root folder chosen from a
/// list, or answers that this is for later; so does the menu in the end.
pub(in super::super) fn menu(
    kind: Kind,
    options: &mut Options,
    done: &str,
    browse: &dyn Fn(&mut Options) -> Result<bool>,
) -> Result<Reply<bool>> {
    let mut browses_later = false;
    loop {
        let fitting: Vec<&'static Spec> = SPECS.iter().filter(|spec| (spec.fits)(kind)).collect();
        let value = |spec: &&'static Spec| match spec.key {
            ROOT_FOLDER if browses_later => "chosen after you sign in".to_owned(),
            _ => present(spec, options),
        };
        let values: Vec<String> = fitting.iter().map(value).collect();
        let rows = fitting.iter().zip(&values).map(|(spec, value)| Item { title: spec.title, meaning: value });
        let items: Vec<Item<'_>> = std::iter::once(plain(done)).chain(rows).collect();
        let chosen = match prompt::choice("Options", &items, None, true)? {
            Reply::Back => return Ok(Reply::Back),
            Reply::Answer(0) => return Ok(Reply::Answer(browses_later)),
            Reply::Answer(row) => fitting[row - 1],
        };
        if chosen.key == ROOT_FOLDER {
            let ways = [plain("Choose it from a list"), plain("Type its ID or address")];
            match prompt::choice(chosen.title, &ways, None, true)? {
                Reply::Back => continue,
                Reply::Answer(0) => {
                    browses_later = browse(options)?;
                    continue;
                }
                Reply::Answer(_) => browses_later = false,
            }
        }
        ask_option(options, chosen)?;
    }
}

/// Asks for one option; the way back leaves it as it is.
pub(super) fn ask_option(options: &mut Options, spec: &'static Spec) -> Result<()> {
    let keep =
        if options.contains_key(spec.key) { "Enter keeps the value, - clears it" } else { "Enter leaves it unset" };
    prompt::explain(&format!("{} ({}). {keep}.", spec.help, spec.key));
    let now = present(spec, options);
    let check = |text: &str| match text {
        "-" => Ok(()),
        text if text == now => Ok(()),
        text => value(Field::Option(spec.key), spec.key, &spec.check(text)?).map(drop),
    };
    match prompt::line(spec.title, Some(&now), spec.help, check)? {
        Reply::Answer(value) if value == "-" => drop(options.remove(spec.key)),
        Reply::Answer(value) if value != now => drop(options.insert(spec.key, value)),
        Reply::Answer(_) | Reply::Back => {}
    }
    Ok(())
}

/// What holds now: the value that was set, or what rclone does without one.
fn present(spec: &Spec, options: &Options) -> String {
    options.get(spec.key).cloned().unwrap_or_else(|| spec.default.to_owned())
}

/// Lets a folder be chosen by going through the folders at Box; `None` is the account's root.
pub(in super::super) fn browse(section: &Section) -> Result<Reply<Option<Folder>>> {
    let caller = account::caller(section)
        .ok_or_else(|| Error::new(Code::TokenExpired, format!("the token of {:?} has expired", section.name())))?;
    let mut path: Vec<Folder> = Vec::new();
    loop {
        let id = path.last().map_or("0", |folder| folder.id.as_str());
        let folders = box_api::folders(&caller, id, LIMIT)?
            .map_err(|refused| explain::refused(&Operation::of(section, Doing::Listing), &refused, section))?;
        let this = format!("Use this one: {}", path.last().map_or("the account's root", |folder| &folder.name));
        let label = std::iter::once("Folders").chain(path.iter().map(|folder| folder.name.as_str()));
        let label = label.collect::<Vec<_>>().join(" / ");
        let inside = folders.iter().map(|folder| plain(&folder.name));
        let items: Vec<Item<'_>> = std::iter::once(plain(&this)).chain(inside).collect();
        match prompt::choice(&label, &items, None, true)? {
            Reply::Answer(0) => return Ok(Reply::Answer(path.pop())),
            Reply::Answer(row) => path.extend(folders.get(row - 1).cloned()),
            Reply::Back if path.is_empty() => return Ok(Reply::Back),
            Reply::Back => drop(path.pop()),
        }
    }
}
