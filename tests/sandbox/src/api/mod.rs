//! The part of Box's API that rclone uses: who may call what, and where it goes.

mod caller;
mod content;
mod error;
mod files;
mod folders;
mod items;
mod limits;
mod listing;
mod naming;
pub(crate) mod sessions;
mod trash;
mod users;

use crate::exchange::{Answer, Call};
use crate::state::{Settings, State};
use caller::Caller;
use error::error;

/// An answer; the error half is one of Box's refusals.
type Outcome = Result<Answer, Answer>;

/// A call to `api.box.com/2.0/` or `upload.box.com/api/2.0/`, `path` being the rest.
pub(crate) fn answer(state: &mut State, settings: &Settings, call: &Call, path: &str) -> Answer {
    route(state, settings, call, path).unwrap_or_else(|refusal| refusal)
}

fn route(state: &mut State, settings: &Settings, call: &Call, path: &str) -> Outcome {
    let caller = Caller::of(state, call)?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if let ([_, id, ..], Some(etag)) = (parts.as_slice(), call.header("if-match")) {
        let found = state.tree.find(&caller.user_id, id);
        if found.is_some_and(|node| node.etag.to_string() != etag) {
            return Err(error(412, "precondition_failed", "The resource has been modified. Please retrieve it again"));
        }
    }
    let uploading = call.host == "upload.box.com";
    match (call.method.as_str(), uploading, parts.as_slice()) {
        ("GET", false, ["users", "me"]) => Ok(users::me(state, &caller, call)),
        ("GET", false, ["users"]) => users::list(state, &caller, call),
        ("GET", false, ["folders", "trash", "items"]) => trash::list(state, settings, &caller, call),
        ("GET", false, [kind @ ("files" | "folders"), id, "trash"]) => trash::show(state, &caller, call, kind, id),
        ("DELETE", false, [kind @ ("files" | "folders"), id, "trash"]) => trash::purge(state, &caller, kind, id),
        ("POST", false, [kind @ ("files" | "folders"), id]) => trash::restore(state, &caller, call, kind, id),
        ("GET", false, ["folders", id]) => folders::show(state, &caller, call, id),
        ("GET", false, ["folders", id, "items"]) => listing::items(state, settings, &caller, call, id),
        ("POST", false, ["folders"]) => folders::create(state, &caller, call),
        ("PUT", false, ["folders", id]) => folders::change(state, &caller, call, id),
        ("DELETE", false, ["folders", id]) => folders::delete(state, &caller, call, id),
        ("OPTIONS", false, ["files", "content"]) => content::preflight(state, &caller, call),
        ("OPTIONS", false, ["files", id, "content"]) => content::preflight_version(state, &caller, call, id),
        ("GET", false, ["files", id]) => files::show(state, &caller, call, id),
        ("PUT", false, ["files", id]) => files::change(state, &caller, call, id),
        ("DELETE", false, ["files", id]) => files::delete(state, &caller, id),
        ("POST", false, ["files", id, "copy"]) => files::copy(state, &caller, call, id),
        ("GET", false, ["files", id, "content"]) => content::download(state, &caller, id),
        ("POST", true, ["files", "upload_sessions"]) => sessions::create(state, &caller, call, None),
        ("POST", true, ["files", id, "upload_sessions"]) => sessions::create(state, &caller, call, Some(id)),
        (method, true, ["files", "upload_sessions", id, rest @ ..]) => {
            sessions::answer(state, &caller, call, method, id, rest)
        }
        ("POST", true, ["files", "content"]) => content::upload(state, &caller, call),
        ("POST", true, ["files", id, "content"]) => content::upload_version(state, &caller, call, id),
        _ => Err(error(405, "method_not_allowed", "Method Not Allowed")),
    }
}

/// A call to `dl.boxcloud.com`.
pub(crate) fn downloaded(state: &State, call: &Call) -> Answer {
    content::bytes(state, call).unwrap_or_else(|refusal| refusal)
}
