//! The caller's own account, and looking up those of the enterprise.

use serde_json::{Value, json};

use super::caller::insufficient_scope;
use super::{Caller, Outcome, listing};
use crate::exchange::{Answer, Call};
use crate::fields::chosen;
use crate::state::State;

/// Given only to who asks for them by name.
const HIDDEN: &[&str] = &["role", "enterprise"];

pub(super) fn me(state: &State, caller: &Caller, call: &Call) -> Answer {
    Answer::json(200, &chosen(describe(state, &caller.user_id), call, HIDDEN))
}

/// The users whose name or login starts with `filter_term`; for apps that may manage users.
pub(super) fn list(state: &State, caller: &Caller, call: &Call) -> Outcome {
    if !caller.manage_users {
        return Err(insufficient_scope());
    }
    let wanted = call.query.get("filter_term").map(|term| term.to_lowercase()).unwrap_or_default();
    let starts = |text: &str| text.to_lowercase().starts_with(&wanted);
    let found = state.users.iter().filter(|(_, user)| starts(&user.name) || starts(&user.login));
    let found: Vec<Value> = found.map(|(id, _)| chosen(describe(state, id), call, HIDDEN)).collect();
    let (offset, limit) = listing::window(call)?;
    let page: Vec<&Value> = found.iter().skip(offset).take(limit).collect();
    Ok(Answer::json(200, &json!({ "total_count": found.len(), "entries": page, "offset": offset, "limit": limit })))
}

fn describe(state: &State, id: &str) -> Value {
    state.users[id].describe(id, state.tree.used(id), state.float_sizes)
}
