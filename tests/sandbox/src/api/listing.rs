//! What is in a folder or in the trash, page by page: by marker, as rclone asks, or by offset; and of each entry the
//! fields that were asked for.

use serde_json::{Value, json};

use super::items::describe;
use super::{Call, Outcome, error, text};
use crate::request::Answer;
use crate::tree::Node;

const LARGEST_PAGE: usize = 1000;

impl Call<'_> {
    pub(super) fn list(&self, folder: &str) -> Outcome {
        let folder = self.item("folders", folder)?;
        self.page_of(self.state.tree.children(&self.user_id, folder.id))
    }

    pub(super) fn page_of<'a>(&self, nodes: impl IntoIterator<Item = &'a Node>) -> Outcome {
        self.page(nodes.into_iter().map(|node| self.chosen(describe(self.state, node), &[])).collect())
    }

    /// The part of `entries`, which come in the order of IDs, that the request asks for; a limit above the largest page is
    /// taken for that.
    pub(super) fn page(&self, mut entries: Vec<Value>) -> Outcome {
        let (offset, limit) = (self.number("offset", 0)?, self.number("limit", 100)?.min(LARGEST_PAGE));
        if limit == 0 {
            return Err(bad_parameter("limit"));
        }
        let limit = limit.min(self.state.settings.page_size);
        if self.request.parameter("usemarker").eq_ignore_ascii_case("true") {
            // The marker is the last ID already shown.
            let after = self.number("marker", 0)?;
            entries.retain(|entry| id(entry) > after);
            let more = entries.len() > limit;
            entries.truncate(limit);
            // rclone asks on for ever when the last page says "" instead of null.
            let next = entries.last().filter(|_| more).map(|last| text(&last["id"]));
            return Ok(Answer::json(200, &json!({ "entries": entries, "limit": limit, "next_marker": next })));
        }
        let page: Vec<&Value> = entries.iter().skip(offset).take(limit).collect();
        let body = json!({ "total_count": entries.len(), "entries": page, "offset": offset, "limit": limit });
        Ok(Answer::json(200, &body))
    }

    /// Keeps of `whole` what `?fields=` names, and always type and id; or else all but `hidden`.
    pub(super) fn chosen(&self, mut whole: Value, hidden: &[&str]) -> Value {
        let asked: Vec<&str> = self.request.parameter("fields").split(',').map(str::trim).collect();
        if let Some(object) = whole.as_object_mut() {
            match asked.as_slice() {
                [""] => object.retain(|name, _| !hidden.contains(&&**name)),
                asked => object.retain(|name, _| matches!(&**name, "type" | "id") || asked.contains(&&**name)),
            }
        }
        whole
    }

    fn number(&self, name: &str, default: usize) -> Result<usize, Answer> {
        match self.request.parameter(name) {
            "" => Ok(default),
            number => number.parse().map_err(|_| bad_parameter(name)),
        }
    }
}

fn id(entry: &Value) -> usize {
    text(&entry["id"]).parse().unwrap_or_default()
}

fn bad_parameter(name: &str) -> Answer {
    error(400, "bad_request", &format!("Invalid value for {name}"))
}
