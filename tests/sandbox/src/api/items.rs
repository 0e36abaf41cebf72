//! Files and folders: as Box describes them, found by ID, made, renamed, moved, copied and deleted.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Call, Outcome, error, error_with, forbidden, text};
use crate::request::Answer;
use crate::state::State;
use crate::tokens::rfc3339;
use crate::tree::Node;

/// `kind` is always `files` or `folders`, as in the paths of Box's API.
impl Call<'_> {
    /// What the user may see under this ID, unless it is in the trash.
    pub(super) fn item(&self, kind: &str, id: &str) -> Result<&Node, Answer> {
        let node = self.find(kind, id).ok_or_else(|| not_found(kind, id))?;
        if self.state.tree.is_trashed(node.id) { Err(error(404, "trashed", "Item is trashed")) } else { Ok(node) }
    }

    /// What is in the trash under this ID.
    pub(super) fn trashed(&self, kind: &str, id: &str) -> Result<&Node, Answer> {
        self.find(kind, id).filter(|node| node.trashed.is_some()).ok_or_else(|| not_found(kind, id))
    }

    fn find(&self, kind: &str, id: &str) -> Option<&Node> {
        self.state.tree.find(&self.user_id, id).filter(|node| node.is_folder() == (kind == "folders"))
    }

    pub(super) fn shown(&self, status: u16, node: &Node) -> Answer {
        Answer::json(status, &self.chosen(describe(self.state, node), &[]))
    }

    /// The folder `parent` and its owner, if they take something new of this name: a file of that size, or a folder.
    pub(super) fn room(&self, parent: &str, name: &str, size: Option<u64>) -> Result<(u64, String), Answer> {
        check_name(name)?;
        let parent = self.item("folders", parent)?;
        if let Some(node) = self.state.tree.named(parent.id, name) {
            // For a folder Box lists what is in the way.
            return Err(in_use(&if size.is_some() { mini(node) } else { json!([mini(node)]) }));
        }
        if let Some(size) = size {
            self.check_limits(&parent.owner, size)?;
        }
        Ok((parent.id, parent.owner.clone()))
    }

    /// Refuses `size` more bytes in one file of `owner`, whose plan it is that counts.
    pub(super) fn check_limits(&self, owner: &str, size: u64) -> Result<(), Answer> {
        let account = &self.state.users[owner];
        if size > account.max_upload_size {
            return Err(error(403, "file_size_limit_exceeded", "File size exceeds the folder owner's file size limit"));
        }
        if account.space_used + self.state.tree.used(owner) + size > account.space_amount {
            return Err(error(403, "storage_limit_exceeded", "Account storage limit reached"));
        }
        Ok(())
    }

    pub(super) fn create_folder(&mut self) -> Outcome {
        let body = self.request.json();
        let name = text(&body["name"]);
        let (parent, owner) = self.room(text(&body["parent"]["id"]), name, None)?;
        let id = self.state.tree.add(Some(parent), &owner, name, None);
        Ok(self.shown(201, self.state.tree.get(id)))
    }

    pub(super) fn copy(&mut self, id: &str) -> Outcome {
        let source = self.item("files", id)?.clone();
        let body = self.request.json();
        let name = body["name"].as_str().unwrap_or(&source.name);
        let size = self.state.tree.size(&source);
        let (parent, owner) = self.room(text(&body["parent"]["id"]), name, Some(size))?;
        let id = self.state.tree.add(Some(parent), &owner, name, source.content);
        let node = self.state.tree.change(id);
        node.content_created = source.content_created;
        node.content_modified = source.content_modified;
        Ok(self.shown(201, self.state.tree.get(id)))
    }

    /// Renames or moves an item, or takes it out of the trash, as the body says.
    pub(super) fn relocate(&mut self, status: u16, id: u64) -> Outcome {
        let body = self.request.json();
        let node = self.state.tree.get(id);
        let name = body["name"].as_str().unwrap_or(&node.name).to_owned();
        let own = node.parent.ok_or_else(forbidden)?;
        let parent = match body["parent"]["id"].as_str() {
            Some(parent) => self.item("folders", parent)?.id,
            None => own,
        };
        if self.state.tree.is_trashed(parent) {
            return Err(error(403, "forbidden", "The folder it was in is in the trash too"));
        }
        check_name(&name)?;
        if let Some(node) = self.state.tree.named(parent, &name).filter(|node| node.id != id) {
            return Err(in_use(&mini(node)));
        }
        if self.state.tree.lineage(parent).any(|above| above.id == id) {
            return Err(error(400, "cyclical_folder_structure", "Moving this folder would create a cycle"));
        }
        let owner = self.state.tree.get(parent).owner.clone();
        let node = self.state.tree.change(id);
        node.name = name;
        node.parent = Some(parent);
        node.owner = owner;
        node.trashed = None;
        if let Value::String(at) = &body["content_modified_at"] {
            node.content_modified = Some(at.clone());
        }
        Ok(self.shown(status, self.state.tree.get(id)))
    }

    /// To the trash; a folder that is not empty only if asked for.
    pub(super) fn delete(&mut self, kind: &str, id: &str) -> Outcome {
        let node = self.item(kind, id)?;
        if node.parent.is_none() {
            return Err(forbidden());
        }
        let id = node.id;
        let recursive = self.request.parameter("recursive").eq_ignore_ascii_case("true");
        if !recursive && !self.state.tree.children(&self.user_id, id).is_empty() {
            return Err(error(400, "folder_not_empty", "Cannot delete - folder not empty"));
        }
        self.state.tree.trash(id);
        Ok(Answer::empty(204))
    }

    /// Out of the trash, for ever.
    pub(super) fn purge(&mut self, kind: &str, id: &str) -> Outcome {
        let id = self.trashed(kind, id)?.id;
        self.state.tree.remove(id);
        Ok(Answer::empty(204))
    }
}

/// 404 for an item, with what rclone shows of it.
fn not_found(kind: &str, id: &str) -> Answer {
    let kind = kind.trim_end_matches('s');
    let message = format!("Invalid value '{kind}_{id}'. '{kind}' with value '{id}' not found");
    let context = json!({ "errors": [{ "reason": "invalid_parameter", "name": kind, "message": message }] });
    error_with(404, "not_found", "Not Found", &context)
}

/// 409 naming what is in the way.
fn in_use(conflicts: &Value) -> Answer {
    let context = json!({ "conflicts": conflicts });
    error_with(409, "item_name_in_use", "Item with the same name already exists", &context)
}

/// Refuses a name Box would refuse.
fn check_name(name: &str) -> Result<(), Answer> {
    if name.chars().count() > 255 {
        return Err(error(400, "item_name_too_long", "Item name too long"));
    }
    let bad = name.is_empty()
        || matches!(name, "." | "..")
        || name.trim_end() != name
        || name.chars().any(|c| matches!(c, '/' | '\\') || c.is_control());
    if bad { Err(error(400, "item_name_invalid", "Item name invalid")) } else { Ok(()) }
}

/// Every field of an item that rclone or a person may ask for.
pub(super) fn describe(state: &State, node: &Node) -> Value {
    let parent = node.parent.map(|id| mini(state.tree.get(id)));
    let owner = &state.users[&node.owner];
    let owner = json!({ "type": "user", "id": node.owner, "name": owner.name, "login": owner.login });
    let mut above: Vec<Value> = state.tree.lineage(node.id).skip(1).map(mini).collect();
    above.reverse();
    let trashed_at = node.trashed.map(seconds);
    let mut whole = mini(node);
    let rest = json!({
        "description": "",
        "size": number(state, state.tree.size(node)),
        "created_at": seconds(node.created),
        "modified_at": seconds(node.modified),
        "content_created_at": node.content_created.clone().unwrap_or_else(|| seconds(node.created)),
        "content_modified_at": node.content_modified.clone().unwrap_or_else(|| seconds(node.modified)),
        "trashed_at": trashed_at,
        "item_status": if trashed_at.is_some() { "trashed" } else { "active" },
        "shared_link": null,
        "parent": parent,
        "path_collection": { "total_count": above.len(), "entries": above },
        "created_by": owner,
        "modified_by": owner,
        "owned_by": owner,
    });
    for (name, value) in rest.as_object().into_iter().flatten() {
        whole[name] = value.clone();
    }
    whole
}

/// The short form, as in conflicts and parents.
fn mini(node: &Node) -> Value {
    let mut short = json!({
        "type": if node.is_folder() { "folder" } else { "file" },
        "id": node.parent.map_or("0".to_owned(), |_| node.id.to_string()),
        "sequence_id": node.etag.to_string(),
        "etag": node.etag.to_string(),
        "name": node.name,
    });
    if let Some(content) = &node.content {
        short["sha1"] = json!(content.sha1);
    }
    short
}

/// Bytes as Box writes them: from fifteen digits on a float, as in `1.0e+18`.
#[expect(clippy::cast_precision_loss, reason = "Box loses it too")]
pub(super) fn number(state: &State, bytes: u64) -> Value {
    if state.settings.float_sizes || bytes >= 100_000_000_000_000 { json!(bytes as f64) } else { json!(bytes) }
}

/// Box's times have no fractions.
fn seconds(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339(UNIX_EPOCH + Duration::from_secs(since.as_secs()))
}
