//! Making, renaming, moving and deleting folders.

use serde_json::Value;

use super::error::error;
use super::items::{describe, folder};
use super::{Caller, Outcome, naming};
use crate::exchange::{Answer, Call};
use crate::fields::chosen;
use crate::state::State;

pub(super) fn show(state: &State, caller: &Caller, call: &Call, id: &str) -> Outcome {
    let whole = describe(state, folder(state, caller, id)?);
    Ok(Answer::json(200, &chosen(whole, call, &[])))
}

pub(super) fn create(state: &mut State, caller: &Caller, call: &Call) -> Outcome {
    let body = call.json();
    let name = body["name"].as_str().unwrap_or_default();
    naming::check(name)?;
    let parent = folder(state, caller, text(&body["parent"]["id"]))?;
    let (parent, owner) = (parent.id, parent.owner.clone());
    naming::free_for_folder(state, parent, name)?;
    let id = state.tree.add(Some(parent), &owner, name, None);
    let whole = describe(state, state.tree.get(id));
    Ok(Answer::json(201, &chosen(whole, call, &[])))
}

pub(super) fn change(state: &mut State, caller: &Caller, call: &Call, id: &str) -> Outcome {
    let id = folder(state, caller, id)?.id;
    relocate(state, caller, call, id)
}

/// Renames or moves any item, as the body of a `PUT` says.
pub(super) fn relocate(state: &mut State, caller: &Caller, call: &Call, id: u64) -> Outcome {
    let body = call.json();
    let node = state.tree.get(id);
    let Some(parent) = node.parent else {
        return Err(forbidden());
    };
    let name = body["name"].as_str().unwrap_or(&node.name).to_owned();
    let target = match &body["parent"]["id"] {
        Value::String(target) => folder(state, caller, target)?.id,
        _ => parent,
    };
    naming::check(&name)?;
    naming::free_for(state, id, target, &name)?;
    if state.tree.lineage(target).any(|above| above.id == id) {
        let words = "Moving this folder would create a cycle";
        return Err(error(400, "cyclical_folder_structure", words));
    }
    let owner = state.tree.get(target).owner.clone();
    let node = state.tree.get_mut(id);
    node.name = name;
    node.parent = Some(target);
    node.owner = owner;
    if let Value::String(at) = &body["content_modified_at"] {
        node.content_modified = Some(at.clone());
    }
    let whole = describe(state, state.tree.get(id));
    Ok(Answer::json(200, &chosen(whole, call, &[])))
}

pub(super) fn delete(state: &mut State, caller: &Caller, call: &Call, id: &str) -> Outcome {
    let node = folder(state, caller, id)?;
    if node.parent.is_none() {
        return Err(forbidden());
    }
    let recursive = call.query.get("recursive").is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let id = node.id;
    if !recursive && !state.tree.children(&caller.user_id, id).is_empty() {
        let words = "Cannot delete - folder not empty";
        return Err(error(400, "folder_not_empty", words));
    }
    state.tree.trash(id);
    Ok(Answer::empty(204))
}

/// The text of a JSON string; empty for anything else.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn forbidden() -> Answer {
    error(403, "access_denied_insufficient_permissions", "Access denied - insufficient permission")
}
