//! Names Box takes, and names already taken.

use serde_json::{Value, json};

use super::error::{error, with_context};
use super::items::mini;
use crate::exchange::Answer;
use crate::state::State;
use crate::tree::Node;

/// Refuses a name Box would refuse.
pub(super) fn check(name: &str) -> Result<(), Answer> {
    if name.chars().count() > 255 {
        return Err(error(400, "item_name_too_long", "Item name too long"));
    }
    let bad = name.is_empty()
        || matches!(name, "." | "..")
        || name.trim_end() != name
        || name.chars().any(|c| matches!(c, '/' | '\\') || c.is_control());
    if bad {
        return Err(error(400, "item_name_invalid", "Item name invalid"));
    }
    Ok(())
}

/// 409 naming the file in the way, as uploads get it.
pub(super) fn free_for_file(state: &State, folder: u64, name: &str) -> Result<(), Answer> {
    free(state, folder, name, None, mini)
}

/// 409 naming what is in the way in a list, as folder calls get it.
pub(super) fn free_for_folder(state: &State, folder: u64, name: &str) -> Result<(), Answer> {
    free(state, folder, name, None, |node| json!([mini(node)]))
}

/// The same for an item that already exists and may keep its own name.
pub(super) fn free_for(state: &State, item: u64, folder: u64, name: &str) -> Result<(), Answer> {
    free(state, folder, name, Some(item), mini)
}

fn free(
    state: &State,
    folder: u64,
    name: &str,
    own: Option<u64>,
    shown: impl Fn(&Node) -> Value,
) -> Result<(), Answer> {
    let taken = state.tree.named(folder, name);
    match taken.filter(|node| Some(node.id) != own) {
        None => Ok(()),
        Some(node) => Err(with_context(
            409,
            "item_name_in_use",
            "Item with the same name already exists",
            &json!({ "conflicts": shown(node) }),
        )),
    }
}
