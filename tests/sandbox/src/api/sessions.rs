//! Uploads in parts: a session is created, filled, and committed or aborted.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::body::Bytes;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value, json};

use super::error::error;
use super::folders::text;
use super::{Caller, Outcome, content};
use crate::exchange::{Answer, Call};
use crate::state::State;
use crate::tokens::{hex, random_id, rfc3339};
use crate::tree::Content;

const PART: usize = 8 << 20;
const SMALLEST: u64 = 20_000_000;

/// A file on its way up.
#[derive(Debug)]
pub(crate) struct Session {
    user_id: String,
    target: Target,
    size: usize,
    /// By offset: what Box says of the part, and its bytes.
    parts: BTreeMap<usize, (Value, Bytes)>,
    expires: SystemTime,
}

#[derive(Clone, Debug)]
enum Target {
    New { folder: String, name: String },
    Version(String),
}

impl Session {
    fn describe(&self, id: &str) -> Value {
        let base = format!("https://upload.box.com/api/2.0/files/upload_sessions/{id}");
        json!({
            "id": id,
            "type": "upload_session",
            "part_size": PART,
            "total_parts": self.size.div_ceil(PART),
            "num_parts_processed": self.parts.len(),
            "session_expires_at": rfc3339(self.expires),
            "session_endpoints": {
                "upload_part": base,
                "status": base,
                "abort": base,
                "commit": format!("{base}/commit"),
                "list_parts": format!("{base}/parts"),
                "log_event": format!("{base}/log"),
            },
        })
    }
}

/// For a new file, or for the next version of `file`.
pub(super) fn create(state: &mut State, caller: &Caller, call: &Call, file: Option<&str>) -> Outcome {
    let body = call.json();
    let size = body["file_size"].as_u64().ok_or_else(|| error(400, "missing_file_size", "No file_size"))?;
    if size < SMALLEST {
        return Err(error(400, "invalid_file_size", "Files below 20 MB go up in one piece"));
    }
    let target = match file {
        Some(id) => Target::Version(id.to_owned()),
        None => Target::New { folder: text(&body["folder_id"]).to_owned(), name: text(&body["file_name"]).to_owned() },
    };
    checked(state, caller, &target, size)?;
    let id = random_id(32).to_uppercase();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let expires = state.now() + Duration::from_secs(7 * 24 * 3600);
    let session = Session { user_id: caller.user_id.clone(), target, size, parts: BTreeMap::new(), expires };
    let answer = Answer::json(201, &session.describe(&id));
    state.sessions.insert(id, session);
    Ok(answer)
}

/// A call to a session that was made.
pub(super) fn answer(
    state: &mut State,
    caller: &Caller,
    call: &Call,
    method: &str,
    id: &str,
    rest: &[&str],
) -> Outcome {
    let found = state.sessions.get_mut(id).filter(|session| session.user_id == caller.user_id);
    let session = found.ok_or_else(|| error(404, "not_found", "Not Found"))?;
    match (method, rest) {
        ("GET", []) => Ok(Answer::json(200, &session.describe(id))),
        ("GET", ["parts"]) => {
            let parts: Vec<&Value> = session.parts.values().map(|(part, _)| part).collect();
            Ok(Answer::json(200, &json!({ "total_count": parts.len(), "limit": 1000, "offset": 0, "entries": parts })))
        }
        ("PUT", []) => take(session, call),
        ("POST", ["commit"]) => commit(state, caller, call, id),
        ("DELETE", []) => {
            state.sessions.remove(id);
            Ok(Answer::empty(204))
        }
        _ => Err(error(405, "method_not_allowed", "Method Not Allowed")),
    }
}

fn take(session: &mut Session, call: &Call) -> Outcome {
    let sha1 = digested(call, &call.body)?;
    let range = call.header("content-range").and_then(|range| range.strip_prefix("bytes "));
    let offset = range.and_then(|range| range.split_once('-')?.0.parse().ok()).unwrap_or(usize::MAX);
    let end = session.size.min(offset.saturating_add(PART));
    let right = format!("{offset}-{}/{}", end.saturating_sub(1), session.size);
    if !offset.is_multiple_of(PART) || range != Some(&right) || end.checked_sub(offset) != Some(call.body.len()) {
        return Err(error(416, "range_not_satisfiable", "The range is none of this session's parts"));
    }
    let part = json!({ "part_id": random_id(8), "offset": offset, "size": call.body.len(), "sha1": sha1 });
    let (part, _) = session.parts.entry(offset).or_insert_with(|| (part, call.body.clone()));
    if part["sha1"] != sha1 {
        return Err(error(409, "range_overlaps_existing_range", "Another part is there already"));
    }
    Ok(Answer::json(200, &json!({ "part": part })))
}

fn commit(state: &mut State, caller: &Caller, call: &Call, id: &str) -> Outcome {
    let session = &state.sessions[id];
    let body = call.json();
    let named: Vec<&Value> = body["parts"].as_array().into_iter().flatten().map(|part| &part["part_id"]).collect();
    let there = session.parts.values().map(|(part, _)| &part["part_id"]);
    if session.parts.len() != session.size.div_ceil(PART) || !there.eq(named) {
        return Err(error(400, "bad_request", "The parts are not those of the whole file"));
    }
    let whole = Bytes::from(session.parts.values().map(|(_, bytes)| &**bytes).collect::<Vec<_>>().concat());
    digested(call, &whole)?;
    let target = session.target.clone();
    let found = checked(state, caller, &target, whole.len() as u64)?;
    state.sessions.remove(id);
    let content = Some(Content::new(whole));
    let file = match (found, target) {
        ((parent, Some(owner)), Target::New { name, .. }) => state.tree.add(Some(parent), &owner, &name, content),
        ((file, _), _) => {
            state.tree.get_mut(file).content = content;
            file
        }
    };
    Ok(content::stored(state, file, &body["attributes"]))
}

/// The folder and owner of a new file, or the file that gets a version.
fn checked(state: &State, caller: &Caller, target: &Target, size: u64) -> Result<(u64, Option<String>), Answer> {
    match target {
        Target::New { folder, name } => {
            content::room(state, caller, folder, name, size).map(|(folder, owner)| (folder, Some(owner)))
        }
        Target::Version(file) => content::room_for_version(state, caller, file, size).map(|file| (file, None)),
    }
}

/// The SHA-1 of `bytes`, if it is what the Digest header says.
fn digested(call: &Call, bytes: &[u8]) -> Result<String, Answer> {
    let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
    let right = format!("sha={}", BASE64_STANDARD.encode(sha1.as_ref()));
    if call.header("digest") != Some(right.as_str()) {
        return Err(error(412, "precondition_failed", "The digest is not that of the bytes"));
    }
    Ok(hex(sha1.as_ref()))
}
