//! What is known about a file; renaming, copying and deleting it.

use super::folders::{relocate, text};
use super::items::{describe, file, folder};
use super::{Caller, Outcome, limits, naming};
use crate::exchange::{Answer, Call};
use crate::fields::chosen;
use crate::state::State;

pub(super) fn show(state: &State, caller: &Caller, call: &Call, id: &str) -> Outcome {
    let whole = describe(state, file(state, caller, id)?);
    Ok(Answer::json(200, &chosen(whole, call, &[])))
}

pub(super) fn change(state: &mut State, caller: &Caller, call: &Call, id: &str) -> Outcome {
    let id = file(state, caller, id)?.id;
    relocate(state, caller, call, id)
}

pub(super) fn copy(state: &mut State, caller: &Caller, call: &Call, id: &str) -> Outcome {
    let source = file(state, caller, id)?.clone();
    let body = call.json();
    let parent = folder(state, caller, text(&body["parent"]["id"]))?;
    let (parent, owner) = (parent.id, parent.owner.clone());
    let name = body["name"].as_str().unwrap_or(&source.name);
    naming::check(name)?;
    naming::free_for_file(state, parent, name)?;
    let size = source.content.as_ref().map_or(0, |c| c.bytes.len());
    limits::check(state, &owner, size as u64)?;
    let id = state.tree.add(Some(parent), &owner, name, source.content);
    let node = state.tree.get_mut(id);
    node.content_created = source.content_created;
    node.content_modified = source.content_modified;
    let whole = describe(state, state.tree.get(id));
    Ok(Answer::json(201, &chosen(whole, call, &[])))
}

pub(super) fn delete(state: &mut State, caller: &Caller, id: &str) -> Outcome {
    let id = file(state, caller, id)?.id;
    state.tree.trash(id);
    Ok(Answer::empty(204))
}
