//! What a write would make of an object, computed here: for kinds whose servers are not known to keep the promise of a
//! dry run.

use serde_json::Value;

use crate::app::merge::lay_over;
use crate::app::mutation::{PatchStyle, Write};

/// The object after the write, as far as that can be told without the server.
pub fn after(before: &Value, write: &Write) -> Value {
    match write {
        Write::Create { body } | Write::Replace { body, .. } => body.clone(),
        Write::Patch { style: PatchStyle::Json, body, .. } => {
            let operations = body.as_array().map_or(&[][..], Vec::as_slice);
            operations.iter().fold(before.clone(), operated)
        }
        Write::Patch { body, .. } => {
            let mut object = before.clone();
            lay_over(&mut object, body);
            object
        }
        Write::Delete { .. } | Write::Scale { .. } | Write::Evict { .. } => before.clone(),
    }
}

/// One operation of RFC 6902; of those that our actions use: `add`, `replace` and `remove`.
fn operated(mut object: Value, operation: &Value) -> Value {
    let text = |key: &str| operation.get(key).and_then(Value::as_str).unwrap_or_default();
    let (name, path) = (text("op"), text("path"));
    let Some((parent, last)) = path.rsplit_once('/') else { return object };
    let key = last.replace("~1", "/").replace("~0", "~");
    let value = operation.get("value").cloned();
    match (object.pointer_mut(parent), name, value) {
        (Some(Value::Object(fields)), "add" | "replace", Some(value)) => {
            fields.insert(key, value);
        }
        (Some(Value::Object(fields)), "remove", _) => {
            fields.remove(&key);
        }
        (Some(Value::Array(items)), "replace", Some(value)) => {
            if let Some(item) = key.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                *item = value;
            }
        }
        _ => {}
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(style: PatchStyle, body: Value) -> Value {
        let before = json!({"a": {"b": 1, "c": 2}, "l": [{"w": 1}, {"w": 2}]});
        after(&before, &Write::Patch { style, subresource: None, body })
    }

    #[test]
    fn a_merge_changes_what_it_names_and_takes_away_what_is_null() {
        let wanted = json!({"a": {"b": 3}, "l": [], "d": {"e": "f"}});
        assert_eq!(patched(PatchStyle::Merge, json!({"a": {"b": 3, "c": null}, "l": [], "d": {"e": "f"}})), wanted);
    }

    #[test]
    fn operations_are_done_in_their_order() {
        let body = json!([
            {"op": "add", "path": "/l/1/w", "value": 9},
            {"op": "replace", "path": "/l/0", "value": 0},
            {"op": "remove", "path": "/a/b"},
            {"op": "add", "path": "/x/y", "value": 1},
            {"op": "add", "path": "/a/d~1e", "value": 1},
        ]);
        assert_eq!(patched(PatchStyle::Json, body), json!({"a": {"c": 2, "d/e": 1}, "l": [0, {"w": 9}]}));
    }
}
