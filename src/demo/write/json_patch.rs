//! JSON patch and JSON merge patch: the two that know nothing of kinds.

use serde_json::{Map, Value, json};

/// Why a patch was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no patch.
    Malformed(String),
    /// It does not fit the object: a test failed or a path leads nowhere.
    Unfit(String),
}

/// Applies the operations of a JSON patch one after the other.
pub fn apply(document: &mut Value, patch: &Value) -> Result<(), Fault> {
    let operations = patch.as_array().ok_or_else(|| malformed("a JSON patch is a list of operations"))?;
    operations.iter().try_for_each(|operation| one(document, operation))
}

fn one(document: &mut Value, operation: &Value) -> Result<(), Fault> {
    let text = |name: &str| operation[name].as_str();
    let path = text("path").ok_or_else(|| malformed("an operation without a path"))?;
    let value = || operation.get("value").cloned().ok_or_else(|| malformed("an operation without a value"));
    let from = || text("from").ok_or_else(|| malformed("an operation without a from"));
    match text("op").unwrap_or_default() {
        "add" => add(document, path, value()?),
        "remove" => remove(document, path).map(|_| ()),
        "replace" => {
            *found(document, path)? = value()?;
            Ok(())
        }
        "test" => {
            let wanted = value().unwrap_or_default();
            let there = document.pointer(path).unwrap_or(&Value::Null);
            if *there == wanted { Ok(()) } else { Err(Fault::Unfit(format!("testing value {path} failed"))) }
        }
        "move" => {
            let moved = remove(document, from()?)?;
            add(document, path, moved)
        }
        "copy" => {
            let copied = found(document, from()?)?.clone();
            add(document, path, copied)
        }
        other => Err(malformed(&format!("unexpected kind: {other}"))),
    }
}

fn malformed(text: &str) -> Fault {
    Fault::Malformed(text.to_owned())
}

fn nowhere(path: &str) -> Fault {
    Fault::Unfit(format!("doc is missing path: {path}"))
}

fn found<'a>(document: &'a mut Value, path: &str) -> Result<&'a mut Value, Fault> {
    document.pointer_mut(path).ok_or_else(|| nowhere(path))
}

/// Parent and last part of a path, unescaped.
fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), Fault> {
    let Some((parent, last)) = split(path) else {
        *document = value;
        return Ok(());
    };
    match found(document, parent)? {
        Value::Object(map) => _ = map.insert(last, value),
        Value::Array(list) => {
            let at = if last == "-" { list.len() } else { last.parse().map_err(|_| nowhere(path))? };
            if list.len() < at {
                return Err(nowhere(path));
            }
            list.insert(at, value);
        }
        _ => return Err(nowhere(path)),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Result<Value, Fault> {
    let (parent, last) = split(path).ok_or_else(|| nowhere(path))?;
    let removed = match found(document, parent)? {
        Value::Object(map) => map.remove(&last),
        Value::Array(list) => last.parse().ok().filter(|at| *at < list.len()).map(|at: usize| list.remove(at)),
        _ => None,
    };
    removed.ok_or_else(|| nowhere(path))
}

/// Merges a JSON merge patch: null removes, everything but maps replaces.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (key, value) in patch {
        if value.is_null() {
            if let Some(map) = target.as_object_mut() {
                map.remove(key);
            }
        } else if let Some(map) = target.as_object_mut() {
            merge(map.entry(key.clone()).or_insert(json!(null)), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::needless_pass_by_value)]
    fn check(operations: Value, expected: Result<Value, Fault>) {
        let mut document = json!({"spec": {"replicas": 2, "list": ["a", "b"]}, "a/b": 1});
        assert_eq!(apply(&mut document, &operations).map(|()| document), expected, "{operations}");
    }

    #[test]
    fn operations_change_what_their_paths_name() {
        let unfit = |text: &str| Err(Fault::Unfit(text.to_owned()));
        check(
            json!([
                {"op": "test", "path": "/spec/replicas", "value": 2}, {"op": "replace", "path": "/spec/replicas", "value": 3},
                {"op": "add", "path": "/spec/list/-", "value": "c"}, {"op": "add", "path": "/spec/list/0", "value": "x"},
                {"op": "remove", "path": "/a~1b"}, {"op": "copy", "from": "/spec/replicas", "path": "/n"},
                {"op": "move", "from": "/spec/list/1", "path": "/first"},
            ]),
            Ok(json!({"spec": {"replicas": 3, "list": ["x", "b", "c"]}, "n": 3, "first": "a"})),
        );
        check(
            json!([{"op": "test", "path": "/spec/replicas", "value": 1}]),
            unfit("testing value /spec/replicas failed"),
        );
        check(json!([{"op": "remove", "path": "/spec/nothing"}]), unfit("doc is missing path: /spec/nothing"));
        check(json!([{"op": "add", "path": "/spec/list/9", "value": 1}]), unfit("doc is missing path: /spec/list/9"));
        check(json!({}), Err(malformed("a JSON patch is a list of operations")));
    }

    #[test]
    fn null_removes_and_maps_merge() {
        let mut document = json!({"a": {"b": 1, "c": 2}, "list": [1, 2]});
        merge(&mut document, &json!({"a": {"b": null, "d": {"e": null, "f": 1}}, "list": [3]}));
        assert_eq!(document, json!({"a": {"c": 2, "d": {"f": 1}}, "list": [3]}));
    }
}
