//! Box's `?fields=`: an answer holds what was asked for, and always type and id.

use serde_json::Value;

use crate::exchange::Call;

/// Keeps of `whole` what the call's `fields` name, or else all but `hidden`.
pub(crate) fn chosen(mut whole: Value, call: &Call, hidden: &[&str]) -> Value {
    let Some(object) = whole.as_object_mut() else {
        return whole;
    };
    match call.query.get("fields").filter(|asked| !asked.is_empty()) {
        Some(asked) => {
            let asked: Vec<&str> = asked.split(',').map(str::trim).collect();
            object.retain(|name, _| matches!(&**name, "type" | "id") || asked.contains(&&**name));
        }
        None => object.retain(|name, _| !hidden.contains(&&**name)),
    }
    whole
}
