//! Uploads in parts: a session is created, filled, and committed or aborted.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::content::Target;
use super::{Call, Outcome, error, method_not_allowed};
use crate::request::{Answer, Request};
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

    fn take(&mut self, request: &Request) -> Outcome {
        let sha1 = digested(request, request.body.clone())?.sha1;
        let size = request.body.len();
        let range = request.header("content-range").and_then(|range| range.strip_prefix("bytes "));
        let offset = range.and_then(|range| range.split_once('-')?.0.parse().ok()).unwrap_or(usize::MAX);
        let end = self.size.min(offset.saturating_add(PART));
        let right = format!("{offset}-{}/{}", end.saturating_sub(1), self.size);
        if !offset.is_multiple_of(PART) || range != Some(&right) || end.checked_sub(offset) != Some(size) {
            return Err(error(416, "range_not_satisfiable", "The range is none of this session's parts"));
        }
        let part = json!({ "part_id": random_id(8), "offset": offset, "size": size, "sha1": sha1 });
        let (part, _) = self.parts.entry(offset).or_insert_with(|| (part, request.body.clone()));
        if part["sha1"] != sha1 {
            return Err(error(409, "range_overlaps_existing_range", "Another part is there already"));
        }
        Ok(Answer::json(200, &json!({ "part": part })))
    }
}

impl Call<'_> {
    /// For a new file, or for the next version of `file`.
    pub(super) fn create_session(&mut self, file: Option<&str>) -> Outcome {
        let body = self.request.json();
        let size = body["file_size"].as_u64().ok_or_else(|| error(400, "missing_file_size", "No file_size"))?;
        if size < SMALLEST {
            return Err(error(400, "invalid_file_size", "Files below 20 MB go up in one piece"));
        }
        let target = Target::new(file, &body["folder_id"], &body["file_name"]);
        self.check(&target, size)?;
        let id = random_id(32).to_uppercase();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let expires = self.state.now() + Duration::from_secs(7 * 24 * 3600);
        let session = Session { user_id: self.user_id.clone(), target, size, parts: BTreeMap::new(), expires };
        let answer = Answer::json(201, &session.describe(&id));
        self.state.sessions.insert(id, session);
        Ok(answer)
    }

    /// A request to a session that was created.
    pub(super) fn session(&mut self, method: &str, id: &str, rest: &[&str]) -> Outcome {
        let found = self.state.sessions.get_mut(id).filter(|session| session.user_id == self.user_id);
        let session = found.ok_or_else(|| error(404, "not_found", "Not Found"))?;
        match (method, rest) {
            ("GET", []) => Ok(Answer::json(200, &session.describe(id))),
            ("GET", ["parts"]) => {
                let parts: Vec<&Value> = session.parts.values().map(|(part, _)| part).collect();
                let list = json!({ "total_count": parts.len(), "limit": 1000, "offset": 0, "entries": parts });
                Ok(Answer::json(200, &list))
            }
            ("PUT", []) => session.take(self.request),
            ("POST", ["commit"]) => self.commit(id),
            ("DELETE", []) => {
                self.state.sessions.remove(id);
                Ok(Answer::empty(204))
            }
            _ => Err(method_not_allowed()),
        }
    }

    fn commit(&mut self, id: &str) -> Outcome {
        let session = &self.state.sessions[id];
        let body = self.request.json();
        let named: Vec<&Value> = body["parts"].as_array().into_iter().flatten().map(|part| &part["part_id"]).collect();
        let there = session.parts.values().map(|(part, _)| &part["part_id"]);
        if session.parts.len() != session.size.div_ceil(PART) || !there.eq(named) {
            return Err(error(400, "bad_request", "The parts are not those of the whole file"));
        }
        let whole = session.parts.values().map(|(_, bytes)| &**bytes).collect::<Vec<_>>().concat();
        let content = digested(self.request, whole.into())?;
        let answer = self.store(&session.target.clone(), content, &body["attributes"])?;
        self.state.sessions.remove(id);
        Ok(answer)
    }
}

/// The content of `bytes`, if their SHA-1 is what the Digest header says.
fn digested(request: &Request, bytes: Bytes) -> Result<Content, Answer> {
    let content = Content::new(bytes);
    let said = request.header("digest").and_then(|digest| digest.strip_prefix("sha="));
    let said = said.and_then(|digest| BASE64_STANDARD.decode(digest).ok());
    if said.is_none_or(|said| hex(&said) != content.sha1) {
        return Err(error(412, "precondition_failed", "The digest is not that of the bytes"));
    }
    Ok(content)
}
