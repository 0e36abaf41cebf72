//! Bytes in and out: preflight checks, uploads, new versions, downloads.

use serde_json::{Value, json};

use super::error::error;
use super::folders::text;
use super::items::{describe, file, folder};
use super::{Caller, Outcome, limits, naming};
use crate::exchange::{Answer, Call, Upload};
use crate::state::State;
use crate::tokens::random_id;

/// Would a new file be taken?
pub(super) fn preflight(state: &State, caller: &Caller, call: &Call) -> Outcome {
    let body = call.json();
    room(state, caller, text(&body["parent"]["id"]), text(&body["name"]), body["size"].as_u64().unwrap_or(0))?;
    let url = "https://upload.box.com/api/2.0/files/content";
    let target = json!({ "upload_url": url, "upload_token": random_id(32) });
    Ok(Answer::json(200, &target))
}

/// Would a new version of a file be taken?
pub(super) fn preflight_version(state: &State, caller: &Caller, call: &Call, id: &str) -> Outcome {
    room_for_version(state, caller, id, call.json()["size"].as_u64().unwrap_or(0))?;
    let url = format!("https://upload.box.com/api/2.0/files/{id}/content");
    let target = json!({ "upload_url": url, "upload_token": random_id(32) });
    Ok(Answer::json(200, &target))
}

pub(super) fn upload(state: &mut State, caller: &Caller, call: &Call) -> Outcome {
    let Upload { attributes, content } = parts(call)?;
    let (parent, name) = (text(&attributes["parent"]["id"]), text(&attributes["name"]));
    let (parent, owner) = room(state, caller, parent, name, content.bytes.len() as u64)?;
    let id = state.tree.add(Some(parent), &owner, name, Some(content.clone()));
    Ok(stored(state, id, attributes))
}

pub(super) fn upload_version(state: &mut State, caller: &Caller, call: &Call, id: &str) -> Outcome {
    let Upload { attributes, content } = parts(call)?;
    let id = room_for_version(state, caller, id, content.bytes.len() as u64)?;
    state.tree.get_mut(id).content = Some(content.clone());
    Ok(Answer { status: 200, ..stored(state, id, attributes) })
}

/// The folder and the owner of a new file, if there is nothing against it.
pub(super) fn room(
    state: &State,
    caller: &Caller,
    parent: &str,
    name: &str,
    size: u64,
) -> Result<(u64, String), Answer> {
    naming::check(name)?;
    let parent = folder(state, caller, parent)?;
    naming::free_for_file(state, parent.id, name)?;
    limits::check(state, &parent.owner, size)?;
    Ok((parent.id, parent.owner.clone()))
}

/// The file that gets a new version, if there is nothing against it.
pub(super) fn room_for_version(state: &State, caller: &Caller, id: &str, size: u64) -> Result<u64, Answer> {
    let node = file(state, caller, id)?;
    limits::check(state, &node.owner, size)?;
    Ok(node.id)
}

fn parts(call: &Call) -> Result<&Upload, Answer> {
    let missing = || error(400, "bad_request", "Parts attributes and contents needed");
    call.upload.as_ref().ok_or_else(missing)
}

pub(super) fn stored(state: &mut State, id: u64, attributes: &Value) -> Answer {
    let time = |name: &str| attributes[name].as_str().map(str::to_owned);
    let waits = state.fresh_waits;
    let node = state.tree.get_mut(id);
    node.waits = waits;
    node.content_created = time("content_created_at");
    node.content_modified = time("content_modified_at");
    let whole = describe(state, state.tree.get(id));
    let list = json!({ "total_count": 1, "entries": [whole] });
    Answer::json(201, &list)
}

/// Where to download from, which needs no token; or to come back for a file that is not ready yet.
pub(super) fn download(state: &mut State, caller: &Caller, id: &str) -> Outcome {
    let node = file(state, caller, id)?;
    let (id, waits) = (node.id, node.waits);
    let bytes = node.content.as_ref().map(|content| content.bytes.clone()).unwrap_or_default();
    if waits > 0 {
        state.tree.wait(id, waits - 1);
        return Ok(Answer::empty(202).header("Retry-After", "1"));
    }
    let key = random_id(32);
    let address = format!("https://dl.boxcloud.com/d/1/{key}/download");
    state.downloads.insert(key, bytes);
    Ok(Answer::redirect(&address))
}

/// `GET` of an address that [`download`] gave.
pub(crate) fn bytes(state: &State, call: &Call) -> Outcome {
    let key = call.path.strip_prefix("/d/1/").and_then(|rest| rest.strip_suffix("/download"));
    let bytes = key.and_then(|key| state.downloads.get(key)).ok_or_else(|| Answer::empty(404))?.clone();
    let size = bytes.len();
    let range = call.header("range").and_then(|r| r.strip_prefix("bytes="));
    let answer = match range.map(|range| span(range, size)) {
        None => Answer::empty(200).body(bytes),
        Some(Some((from, to))) => Answer::empty(206)
            .header("Content-Range", format!("bytes {from}-{}/{size}", to - 1))
            .body(bytes.slice(from..to)),
        Some(None) => {
            return Err(Answer::empty(416).header("Content-Range", format!("bytes */{size}")));
        }
    };
    Ok(answer.header("Content-Type", "application/octet-stream").header("Accept-Ranges", "bytes"))
}

/// The first byte of a range and the one after its last; nothing for what cannot be satisfied.
fn span(range: &str, size: usize) -> Option<(usize, usize)> {
    let (from, last) = range.split_once('-')?;
    let (from, to) = match (from, last) {
        ("", suffix) => (size.saturating_sub(suffix.parse().ok()?), size),
        (from, "") => (from.parse().ok()?, size),
        (from, last) => (from.parse().ok()?, size.min(last.parse::<usize>().ok()? + 1)),
    };
    (from < to).then_some((from, to))
}
