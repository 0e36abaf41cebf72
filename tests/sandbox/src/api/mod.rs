//! The part of Box's API that rclone uses: who may call what, and where it goes.

mod content;
mod items;
mod listing;
pub(crate) mod sessions;
mod users;

use serde_json::{Value, json};

use crate::request::{Answer, Request};
use crate::state::State;
use crate::tokens::random_id;

/// An answer; the error half is one of Box's refusals.
type Outcome = Result<Answer, Answer>;

/// A request of a user with a live token that allows it.
struct Call<'a> {
    state: &'a mut State,
    request: &'a Request,
    user_id: String,
    manage_users: bool,
}

/// A request to `api.box.com/2.0/` or `upload.box.com/api/2.0/`, `path` being the rest.
pub(crate) fn answer(state: &mut State, request: &Request, path: &str) -> Answer {
    Call::new(state, request).and_then(|mut call| call.route(path)).unwrap_or_else(|refusal| refusal)
}

/// A request to `dl.boxcloud.com`.
pub(crate) fn downloaded(state: &State, request: &Request) -> Answer {
    content::bytes(state, request).unwrap_or_else(|refusal| refusal)
}

impl<'a> Call<'a> {
    /// Checks the bearer token, its scope, and `as-user`.
    fn new(state: &'a mut State, request: &'a Request) -> Result<Self, Answer> {
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let bearer = bearer.ok_or_else(|| unauthenticated(r#"Bearer realm="Service""#))?;
        state.tokens.used(bearer);
        let grant = state.tokens.bearer(bearer).ok_or_else(|| {
            unauthenticated(
                r#"Bearer realm="Service", error="invalid_token", error_description="The access token provided is invalid.""#,
            )
        })?;
        let spec = &state.apps[&grant.client_id].spec;
        if spec.read_only && request.method != "GET" {
            return Err(insufficient_scope());
        }
        let (mut user_id, mut manage_users) = (grant.user_id.clone(), spec.manage_users);
        if let Some(as_user) = request.header("as-user") {
            // A person who may manage users is an admin.
            if !grant.server && !manage_users {
                return Err(forbidden());
            }
            if !state.users.contains_key(as_user) {
                return Err(error(404, "not_found", "On-Behalf-Of User not found"));
            }
            (user_id, manage_users) = (as_user.to_owned(), false);
        }
        Ok(Self { state, request, user_id, manage_users })
    }

    fn route(&mut self, path: &str) -> Outcome {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if let ([_, id, ..], Some(etag)) = (parts.as_slice(), self.request.header("if-match")) {
            let found = self.state.tree.find(&self.user_id, id);
            if found.is_some_and(|node| node.etag.to_string() != etag) {
                let message = "The resource has been modified. Please retrieve it again";
                return Err(error(412, "precondition_failed", message));
            }
        }
        let uploading = self.request.host == "upload.box.com";
        match (self.request.method.as_str(), uploading, parts.as_slice()) {
            ("GET", false, ["users", "me"]) => Ok(self.me()),
            ("GET", false, ["users"]) => self.users(),
            ("GET", false, ["folders", "trash", "items"]) => self.page_of(self.state.tree.trash_of(&self.user_id)),
            ("GET", false, ["folders", id, "items"]) => self.list(id),
            ("POST", false, ["folders"]) => self.create_folder(),
            ("GET", false, [kind @ ("files" | "folders"), id]) => Ok(self.shown(200, self.item(kind, id)?)),
            ("PUT", false, [kind @ ("files" | "folders"), id]) => self.relocate(200, self.item(kind, id)?.id),
            ("DELETE", false, [kind @ ("files" | "folders"), id]) => self.delete(kind, id),
            ("GET", false, [kind @ ("files" | "folders"), id, "trash"]) => Ok(self.shown(200, self.trashed(kind, id)?)),
            ("POST", false, [kind @ ("files" | "folders"), id]) => self.relocate(201, self.trashed(kind, id)?.id),
            ("DELETE", false, [kind @ ("files" | "folders"), id, "trash"]) => self.purge(kind, id),
            ("POST", false, ["files", id, "copy"]) => self.copy(id),
            ("OPTIONS", false, ["files", "content"]) => self.preflight(None),
            ("OPTIONS", false, ["files", id, "content"]) => self.preflight(Some(id)),
            ("GET", false, ["files", id, "content"]) => self.download(id),
            ("POST", true, ["files", "content"]) => self.upload(None),
            ("POST", true, ["files", id, "content"]) => self.upload(Some(id)),
            ("POST", true, ["files", "upload_sessions"]) => self.create_session(None),
            ("POST", true, ["files", id, "upload_sessions"]) => self.create_session(Some(id)),
            (method, true, ["files", "upload_sessions", id, rest @ ..]) => self.session(method, id, rest),
            _ => Err(method_not_allowed()),
        }
    }
}

/// Box's error object.
fn error(status: u16, code: &str, message: &str) -> Answer {
    error_with(status, code, message, &Value::Null)
}

/// The same with a `context_info`.
fn error_with(status: u16, code: &str, message: &str, context: &Value) -> Answer {
    let mut body = json!({
        "type": "error",
        "status": status,
        "code": code,
        "help_url": "http://developers.box.com/docs/#errors",
        "message": message,
        "request_id": random_id(16),
    });
    if !context.is_null() {
        body["context_info"] = context.clone();
    }
    Answer::json(status, &body)
}

/// 401: Box says why in a header and nothing in the body.
fn unauthenticated(challenge: &str) -> Answer {
    Answer::empty(401).header("WWW-Authenticate", challenge)
}

fn insufficient_scope() -> Answer {
    let message = "The request requires higher privileges than provided by the access token.";
    let challenge = r#"Bearer realm="Service", error="insufficient_scope""#;
    error(403, "insufficient_scope", message).header("WWW-Authenticate", challenge)
}

fn forbidden() -> Answer {
    error(403, "access_denied_insufficient_permissions", "Access denied - insufficient permission")
}

fn method_not_allowed() -> Answer {
    error(405, "method_not_allowed", "Method Not Allowed")
}

/// The text of a JSON string; empty for anything else.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
