//! What is in a folder, page by page: by marker, as rclone asks, or by offset.

use serde_json::{Value, json};

use super::error::error;
use super::items::{describe, folder};
use super::{Caller, Outcome};
use crate::exchange::{Answer, Call};
use crate::fields::chosen;
use crate::state::{Settings, State};
use crate::tree::Node;

const LARGEST_PAGE: usize = 1000;

pub(super) fn items(state: &State, settings: &Settings, caller: &Caller, call: &Call, id: &str) -> Outcome {
    let folder = folder(state, caller, id)?;
    page(state, settings, call, state.tree.children(&caller.user_id, folder.id))
}

/// Offset and limit of a call; a limit above the largest page is taken for that.
pub(super) fn window(call: &Call) -> Result<(usize, usize), Answer> {
    let limit = number(call, "limit")?.unwrap_or(100);
    if limit == 0 {
        return Err(bad_parameter("limit"));
    }
    Ok((number(call, "offset")?.unwrap_or(0), limit.min(LARGEST_PAGE)))
}

/// The part of `children`, which come in the order of IDs, that the call asks for.
pub(super) fn page(state: &State, settings: &Settings, call: &Call, children: Vec<&Node>) -> Outcome {
    let (offset, limit) = window(call)?;
    let limit = limit.min(settings.page_size);
    let shown = |node: &&Node| chosen(describe(state, node), call, &[]);

    let by_marker = call.query.get("usemarker").is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let page: Value = if by_marker {
        let marker = call.query.get("marker").map_or("", String::as_str);
        let after = read_marker(marker)?;
        let rest: Vec<&Node> = children.into_iter().filter(|n| n.id > after).collect();
        let page = &rest[..limit.min(rest.len())];
        let last = page.last().filter(|_| rest.len() > limit);
        // rclone asks on for ever when the last page says "" instead of null.
        json!({
            "entries": page.iter().map(shown).collect::<Vec<_>>(),
            "limit": limit,
            "next_marker": last.map(|node| format!("after-{}", node.id)),
        })
    } else {
        let page = children.iter().skip(offset).take(limit);
        json!({
            "total_count": children.len(),
            "entries": page.map(shown).collect::<Vec<_>>(),
            "offset": offset,
            "limit": limit,
        })
    };
    Ok(Answer::json(200, &page))
}

/// The last ID already shown; a marker that was never given out is refused.
fn read_marker(marker: &str) -> Result<u64, Answer> {
    if marker.is_empty() {
        return Ok(0);
    }
    let id = marker.strip_prefix("after-").and_then(|id| id.parse().ok());
    id.ok_or_else(|| bad_parameter("marker"))
}

fn number(call: &Call, name: &str) -> Result<Option<usize>, Answer> {
    let text = call.query.get(name).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| bad_parameter(name))).transpose()
}

fn bad_parameter(name: &str) -> Answer {
    error(400, "bad_request", &format!("Invalid value for {name}"))
}
