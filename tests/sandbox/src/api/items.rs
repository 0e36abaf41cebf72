//! Files and folders as Box describes them, and finding them by ID.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::Caller;
use super::error::{error, not_found};
use crate::account::number;
use crate::exchange::Answer;
use crate::state::State;
use crate::tokens::rfc3339;
use crate::tree::Node;

pub(super) fn folder<'a>(state: &'a State, caller: &Caller, id: &str) -> Result<&'a Node, Answer> {
    let found = state.tree.find(&caller.user_id, id);
    in_sight(state, found.filter(|node| node.is_folder()).ok_or_else(|| not_found("folder", id))?)
}

pub(super) fn file<'a>(state: &'a State, caller: &Caller, id: &str) -> Result<&'a Node, Answer> {
    let found = state.tree.find(&caller.user_id, id);
    in_sight(state, found.filter(|node| !node.is_folder()).ok_or_else(|| not_found("file", id))?)
}

/// What is in the trash under this ID.
pub(super) fn trashed<'a>(state: &'a State, caller: &Caller, kind: &str, id: &str) -> Result<&'a Node, Answer> {
    let found = state.tree.find(&caller.user_id, id).filter(|node| node.is_folder() == (kind == "folder"));
    found.filter(|node| state.tree.trashed_at(node.id).is_some()).ok_or_else(|| not_found(kind, id))
}

fn in_sight<'a>(state: &State, node: &'a Node) -> Result<&'a Node, Answer> {
    if state.tree.is_trashed(node.id) { Err(error(404, "trashed", "Item is trashed")) } else { Ok(node) }
}

/// Every field of an item that rclone or a person may ask for.
pub(super) fn describe(state: &State, node: &Node) -> Value {
    let parent = node.parent.map(|id| mini(state.tree.get(id)));
    let owner = &state.users[&node.owner];
    let owner = json!({ "type": "user", "id": node.owner, "name": owner.name, "login": owner.login });
    let mut above: Vec<Value> = state.tree.lineage(node.id).skip(1).map(mini).collect();
    above.reverse();
    let trashed_at = state.tree.trashed_at(node.id).map(seconds);
    let mut whole = json!({
        "type": kind(node),
        "id": shown_id(node),
        "sequence_id": node.etag.to_string(),
        "etag": node.etag.to_string(),
        "name": node.name,
        "description": "",
        "size": number(state.tree.size(node), state.float_sizes),
        "created_at": seconds(node.created),
        "modified_at": seconds(node.modified),
        "content_created_at": node.content_created.clone().unwrap_or_else(|| seconds(node.created)),
        "content_modified_at":
            node.content_modified.clone().unwrap_or_else(|| seconds(node.modified)),
        "trashed_at": trashed_at,
        "item_status": if trashed_at.is_some() { "trashed" } else { "active" },
        "shared_link": null,
        "parent": parent,
        "path_collection": { "total_count": above.len(), "entries": above },
        "created_by": owner,
        "modified_by": owner,
        "owned_by": owner,
    });
    if let Some(content) = &node.content {
        whole["sha1"] = json!(content.sha1);
    }
    whole
}

/// The short form, as in conflicts and parents.
pub(super) fn mini(node: &Node) -> Value {
    let mut short = json!({
        "type": kind(node),
        "id": shown_id(node),
        "sequence_id": node.etag.to_string(),
        "etag": node.etag.to_string(),
        "name": node.name,
    });
    if let Some(content) = &node.content {
        short["sha1"] = json!(content.sha1);
    }
    short
}

fn kind(node: &Node) -> &'static str {
    if node.is_folder() { "folder" } else { "file" }
}

fn shown_id(node: &Node) -> String {
    match node.parent {
        Some(_) => node.id.to_string(),
        None => "0".to_owned(),
    }
}

/// Box's times have no fractions.
fn seconds(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339(UNIX_EPOCH + Duration::from_secs(since.as_secs()))
}
