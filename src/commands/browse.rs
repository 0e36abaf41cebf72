//! Lets a folder be chosen by going through the folders at Box.

use std::time::Duration;

use super::account;
use super::explain;
use crate::box_api::{self, Folder, Refused};
use crate::diagnosis::{Doing, Evidence, Operation};
use crate::error::{Code, Error, Result};
use crate::secret::scrub;
use crate::storage::section::Section;
use crate::ui::prompt::{self, Item, Reply};

const LIMIT: Duration = Duration::from_secs(20);

/// The folder that was chosen; `None` for the account's root.
pub(super) fn browse(section: &Section) -> Result<Reply<Option<Folder>>> {
    let caller = account::caller(section)
        .ok_or_else(|| Error::new(Code::TokenExpired, format!("the token of {:?} has expired", section.name())))?;
    let mut path: Vec<Folder> = Vec::new();
    loop {
        let id = path.last().map_or("0", |folder| folder.id.as_str());
        let folders = box_api::folders(&caller, id, LIMIT)?.map_err(|refused| refusal(section, &refused))?;
        let here = path.last().map_or_else(|| "The account's root".to_owned(), |folder| folder.name.clone());
        let label = std::iter::once("Folders").chain(path.iter().map(|folder| folder.name.as_str()));
        let label = label.collect::<Vec<_>>().join(" / ");
        let this = Item { title: &format!("Use this one: {here}"), meaning: "" };
        let inside = folders.iter().map(|folder| Item { title: &folder.name, meaning: "" });
        let items: Vec<Item<'_>> = std::iter::once(this).chain(inside).collect();
        match prompt::choice(&label, &items, None, true)? {
            Reply::Answer(0) => return Ok(Reply::Answer(path.pop())),
            Reply::Answer(row) => path.extend(folders.get(row - 1).cloned()),
            Reply::Back if path.is_empty() => return Ok(Reply::Back),
            Reply::Back => drop(path.pop()),
        }
    }
}

fn refusal(section: &Section, refused: &Refused) -> Error {
    let shown = scrub(&refused.0, &section.secrets());
    explain::explain(&Operation::of(section, Doing::Listing), &Evidence::answer(&refused.0, &shown), Some(section))
}
