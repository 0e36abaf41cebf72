//! The trash: deleted items that can be restored.

use super::error::error;
use super::folders::text;
use super::items::{describe, folder, trashed};
use super::{Caller, Outcome, listing, naming};
use crate::exchange::{Answer, Call};
use crate::fields::chosen;
use crate::state::{Settings, State};

pub(super) fn list(state: &State, settings: &Settings, caller: &Caller, call: &Call) -> Outcome {
    listing::page(state, settings, call, state.tree.trash_of(&caller.user_id))
}

pub(super) fn show(state: &State, caller: &Caller, call: &Call, kind: &str, id: &str) -> Outcome {
    let whole = describe(state, trashed(state, caller, singular(kind), id)?);
    Ok(Answer::json(200, &chosen(whole, call, &[])))
}

pub(super) fn purge(state: &mut State, caller: &Caller, kind: &str, id: &str) -> Outcome {
    let id = trashed(state, caller, singular(kind), id)?.id;
    state.tree.remove(id);
    Ok(Answer::empty(204))
}

/// Back to where it was, or to where the body says.
pub(super) fn restore(state: &mut State, caller: &Caller, call: &Call, kind: &str, id: &str) -> Outcome {
    let node = trashed(state, caller, singular(kind), id)?;
    let body = call.json();
    let id = node.id;
    let name = body["name"].as_str().unwrap_or(&node.name).to_owned();
    let parent = match text(&body["parent"]["id"]) {
        "" => node.parent.unwrap_or_default(),
        parent => folder(state, caller, parent)?.id,
    };
    if state.tree.is_trashed(parent) {
        return Err(error(403, "forbidden", "The folder it was in is in the trash too"));
    }
    naming::free_for(state, id, parent, &name)?;
    let node = state.tree.get_mut(id);
    node.name = name;
    node.parent = Some(parent);
    state.tree.restore(id);
    let whole = describe(state, state.tree.get(id));
    Ok(Answer::json(201, &chosen(whole, call, &[])))
}

fn singular(kind: &str) -> &str {
    kind.trim_end_matches('s')
}
