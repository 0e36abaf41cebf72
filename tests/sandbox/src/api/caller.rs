//! Checks who calls: the bearer token, its scope, and `as-user`.

use hyper::Method;

use super::error::{error, with_context};
use crate::exchange::{Answer, Call};
use crate::state::State;

/// A user with a live token, allowed to make this call.
pub(super) struct Caller {
    pub(super) user_id: String,
    pub(super) manage_users: bool,
}

impl Caller {
    pub(super) fn of(state: &mut State, call: &Call) -> Result<Self, Answer> {
        let bearer = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(bearer) = bearer else {
            return Err(unauthenticated(r#"Bearer realm="Service""#));
        };
        state.tokens.used(bearer);
        let grant = state.tokens.bearer(bearer).ok_or_else(|| {
            unauthenticated(
                r#"Bearer realm="Service", error="invalid_token", error_description="The access token provided is invalid.""#,
            )
        })?;
        if grant.read_only && call.method != Method::GET {
            return Err(insufficient_scope());
        }
        let Some(as_user) = call.header("as-user") else {
            return Ok(Self { user_id: grant.user_id.clone(), manage_users: grant.manage_users });
        };
        // A person who may manage users is an admin.
        if !grant.server && !grant.manage_users {
            return Err(error(
                403,
                "access_denied_insufficient_permissions",
                "Access denied - insufficient permission",
            ));
        }
        if !state.users.contains_key(as_user) {
            return Err(error(404, "not_found", "On-Behalf-Of User not found"));
        }
        Ok(Self { user_id: as_user.to_owned(), manage_users: false })
    }
}

/// 401: Box says why in a header and nothing in the body.
fn unauthenticated(challenge: &str) -> Answer {
    Answer::empty(401).header("WWW-Authenticate", challenge)
}

pub(super) fn insufficient_scope() -> Answer {
    with_context(
        403,
        "insufficient_scope",
        "The request requires higher privileges than provided by the access token.",
        &serde_json::Value::Null,
    )
    .header("WWW-Authenticate", r#"Bearer realm="Service", error="insufficient_scope""#)
}
