//! Box's error object.

use serde_json::{Value, json};

use crate::exchange::Answer;
use crate::tokens::random_id;

pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    with_context(status, code, message, &Value::Null)
}

pub(super) fn with_context(status: u16, code: &str, message: &str, context: &Value) -> Answer {
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

/// 404 for an item, with what rclone shows of it.
pub(super) fn not_found(kind: &str, id: &str) -> Answer {
    let context = json!({
        "errors": [{
            "reason": "invalid_parameter",
            "name": kind,
            "message": format!("Invalid value '{kind}_{id}'. '{kind}' with value '{id}' not found"),
        }],
    });
    with_context(404, "not_found", "Not Found", &context)
}
