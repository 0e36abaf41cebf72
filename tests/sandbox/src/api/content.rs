//! Bytes in and out: preflight checks, uploads, new versions, downloads.

use serde_json::{Value, json};

use super::{Call, Outcome, error, text};
use crate::request::{Answer, Request, Upload};
use crate::state::State;
use crate::tokens::random_id;
use crate::tree::Content;

/// Where bytes go, as the client names it.
#[derive(Clone, Debug)]
pub(super) enum Target {
    NewFile { parent: String, name: String },
    NextVersion(String),
}

impl Target {
    /// The next version of `file`, or else a new file.
    pub(super) fn new(file: Option<&str>, parent: &Value, name: &Value) -> Self {
        match file {
            Some(id) => Self::NextVersion(id.to_owned()),
            None => Self::NewFile { parent: text(parent).to_owned(), name: text(name).to_owned() },
        }
    }
}

impl Call<'_> {
    /// Would a new file, or a new version of `file`, be taken?
    pub(super) fn preflight(&self, file: Option<&str>) -> Outcome {
        let body = self.request.json();
        let target = Target::new(file, &body["parent"]["id"], &body["name"]);
        self.check(&target, body["size"].as_u64().unwrap_or(0))?;
        let url = format!("https://upload.box.com/api{}", self.request.path);
        Ok(Answer::json(200, &json!({ "upload_url": url, "upload_token": random_id(32) })))
    }

    /// A new file, or the next version of `file`, in one piece.
    pub(super) fn upload(&mut self, file: Option<&str>) -> Outcome {
        let missing = || error(400, "bad_request", "Parts attributes and contents needed");
        let Upload { attributes, content } = self.request.upload.as_ref().ok_or_else(missing)?;
        let target = Target::new(file, &attributes["parent"]["id"], &attributes["name"]);
        self.store(&target, content.clone(), attributes)
    }

    /// The folder and the owner of a new file, or the file and its owner, if there is nothing against it.
    pub(super) fn check(&self, target: &Target, size: u64) -> Result<(u64, String), Answer> {
        match target {
            Target::NewFile { parent, name } => self.room(parent, name, Some(size)),
            Target::NextVersion(file) => {
                let node = self.item("files", file)?;
                self.check_limits(&node.owner, size)?;
                Ok((node.id, node.owner.clone()))
            }
        }
    }

    pub(super) fn store(&mut self, target: &Target, content: Content, attributes: &Value) -> Outcome {
        let (mut id, owner) = self.check(target, content.bytes.len() as u64)?;
        let waits = self.state.settings.fresh_files_wait;
        let tree = &mut self.state.tree;
        match target {
            Target::NewFile { name, .. } => id = tree.add(Some(id), &owner, name, Some(content)),
            Target::NextVersion(_) => tree.get_mut(id).content = Some(content),
        }
        let time = |name: &str| attributes[name].as_str().map(str::to_owned);
        let node = tree.change(id);
        node.waits = waits;
        node.content_created = time("content_created_at");
        node.content_modified = time("content_modified_at");
        let whole = super::items::describe(self.state, self.state.tree.get(id));
        Ok(Answer::json(201, &json!({ "total_count": 1, "entries": [whole] })))
    }

    /// Where to download from, which needs no token; or to come back for a file that is not ready yet.
    pub(super) fn download(&mut self, id: &str) -> Outcome {
        let id = self.item("files", id)?.id;
        let node = self.state.tree.get_mut(id);
        if node.waits > 0 {
            node.waits -= 1;
            return Ok(Answer::empty(202).header("Retry-After", "1"));
        }
        let bytes = node.content.as_ref().map(|content| content.bytes.clone()).unwrap_or_default();
        let key = random_id(32);
        let address = format!("https://dl.boxcloud.com/d/1/{key}/download");
        self.state.downloads.insert(key, bytes);
        Ok(Answer::redirect(&address))
    }
}

/// `GET` of an address that [`Call::download`] gave.
pub(super) fn bytes(state: &State, request: &Request) -> Outcome {
    let key = request.path.strip_prefix("/d/1/").and_then(|rest| rest.strip_suffix("/download"));
    let bytes = key.and_then(|key| state.downloads.get(key)).ok_or_else(|| Answer::empty(404))?.clone();
    let size = bytes.len();
    let range = request.header("range").and_then(|r| r.strip_prefix("bytes="));
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
