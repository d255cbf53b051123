//! Strategic merge patch: lists merge by the keys that their kind declares, and the patch says in
//! `$patch`, `$setElementOrder`, `$deleteFromPrimitiveList` and `$retainKeys` what plain JSON cannot.

use serde_json::{Map, Value, json};

use crate::demo::write::shape::Place;

const DIRECTIVE: &str = "$patch";
const ORDER: &str = "$setElementOrder/";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const RETAIN: &str = "$retainKeys";

/// Applies a patch; the error is the server's own text.
pub fn merge(place: Place, target: &mut Value, patch: &Value) -> Result<(), String> {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return Ok(());
    };
    let directive = patch.get(DIRECTIVE).and_then(Value::as_str).unwrap_or("merge");
    if directive == "replace" || place.replaces() {
        *target = Value::Object(without_directives(patch));
        return Ok(());
    }
    if directive == "delete" {
        *target = json!({});
        return Ok(());
    }
    if directive != "merge" {
        return Err(format!("unrecognized patch type: {directive}"));
    }
    if !target.is_object() {
        *target = json!({});
    }
    let Some(map) = target.as_object_mut() else { return Ok(()) };
    if let Some(kept) = patch.get(RETAIN).and_then(Value::as_array) {
        map.retain(|key, _| kept.iter().any(|kept| kept == key.as_str()));
    }
    for (key, value) in patch {
        entry(place, map, key, value)?;
    }
    for (key, order) in patch {
        let listed = key.strip_prefix(ORDER).and_then(|name| Some((map.get_mut(name)?.as_array_mut()?, name)));
        if let (Some((list, name)), Some(order)) = (listed, order.as_array()) {
            reorder(list, order, place.field(name).and_then(|place| place.patch_key()));
        }
    }
    Ok(())
}

fn entry(place: Place, map: &mut Map<String, Value>, key: &str, value: &Value) -> Result<(), String> {
    if let Some(name) = key.strip_prefix(DELETE_FROM) {
        if let (Some(list), Some(gone)) = (map.get_mut(name).and_then(Value::as_array_mut), value.as_array()) {
            list.retain(|item| !gone.contains(item));
        }
        return Ok(());
    }
    if key.starts_with(ORDER) || key == RETAIN || key == DIRECTIVE {
        return Ok(());
    }
    if value.is_null() {
        map.remove(key);
        return Ok(());
    }
    // A field that no kind has is merged like any map, and judged when the whole is read.
    let inner = place.field(key).unwrap_or(place);
    match value {
        Value::Object(patch) if patch.get(DIRECTIVE).is_some_and(|directive| directive == "delete") => {
            map.remove(key);
            Ok(())
        }
        Value::Object(_) => merge(inner, map.entry(key.to_owned()).or_insert(Value::Null), value),
        Value::Array(items) if inner.merges() => {
            let target = map.entry(key.to_owned()).or_insert_with(|| json!([]));
            if !target.is_array() {
                *target = json!([]);
            }
            let Some(list) = target.as_array_mut() else { return Ok(()) };
            match inner.patch_key() {
                Some(by) => merge_list(inner.item(), list, items, by),
                None => {
                    list.extend(items.iter().filter(|item| !list.contains(item)).cloned().collect::<Vec<_>>());
                    Ok(())
                }
            }
        }
        other => {
            map.insert(key.to_owned(), other.clone());
            Ok(())
        }
    }
}

fn merge_list(place: Place, list: &mut Vec<Value>, patch: &[Value], by: &str) -> Result<(), String> {
    let replaces = |item: &&Value| item[DIRECTIVE] == "replace" && item.get(by).is_none();
    if patch.iter().any(|item| replaces(&item)) {
        *list = patch.iter().filter(|item| !replaces(item)).cloned().collect();
        return Ok(());
    }
    for item in patch {
        let Some(key) = item.get(by) else {
            return Err(format!("map: {} does not contain declared merge key: {by}", go(item)));
        };
        let known = list.iter().position(|existing| existing.get(by) == Some(key));
        match (item[DIRECTIVE].as_str(), known) {
            (Some("delete"), _) => list.retain(|existing| existing.get(by) != Some(key)),
            (_, Some(at)) => merge(place, &mut list[at], item)?,
            (_, None) => {
                let mut fresh = json!({});
                merge(place, &mut fresh, item)?;
                list.push(fresh);
            }
        }
    }
    Ok(())
}

/// Puts the items that the order names into it; the others keep their places.
fn reorder(list: &mut [Value], order: &[Value], by: Option<&str>) {
    let rank = |item: &Value| {
        order.iter().position(|wanted| match by {
            Some(by) => wanted.get(by) == item.get(by),
            None => wanted == item,
        })
    };
    let mut named: Vec<(usize, Value)> =
        list.iter().filter_map(|item| rank(item).map(|rank| (rank, item.clone()))).collect();
    named.sort_by_key(|(rank, _)| *rank);
    let mut named = named.into_iter().map(|(_, item)| item);
    for slot in list.iter_mut().filter(|item| rank(item).is_some()) {
        if let Some(item) = named.next() {
            *slot = item;
        }
    }
}

fn without_directives(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter().filter(|(key, _)| !key.starts_with('$')).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// A value as Go prints it, which is how the server quotes a patch.
pub fn go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}:{}", go(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::proto::schema::Schema;

    #[allow(clippy::needless_pass_by_value)]
    fn check(patch: Value, expected: Value) {
        let schema = Schema::embedded();
        let mut pod = json!({"spec": {
            "containers": [{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "b:1"}],
            "tolerations": [{"key": "old"}], "nodeSelector": {"disk": "ssd"},
        }, "metadata": {"finalizers": ["one", "two"]}});
        let merged = merge(Place::root(&schema, "v1", "Pod"), &mut pod, &patch);
        assert_eq!(merged.map(|()| pod), Ok(expected), "{patch}");
    }

    #[test]
    fn lists_merge_by_their_keys() {
        check(
            json!({"spec": {
                "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
                "containers": [{"name": "a", "image": "a:2", "env": [{"name": "Y", "value": "2"}]}, {"name": "c", "image": "c:1"},
                    {"name": "b", "$patch": "delete"}],
                "tolerations": [{"key": "new"}], "nodeSelector": null,
            }, "metadata": {"$deleteFromPrimitiveList/finalizers": ["one"], "finalizers": ["three"]}}),
            json!({"spec": {
                "containers": [{"name": "c", "image": "c:1"},
                    {"name": "a", "image": "a:2", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}],
                "tolerations": [{"key": "new"}],
            }, "metadata": {"finalizers": ["two", "three"]}}),
        );
    }

    #[test]
    fn a_map_or_a_list_is_replaced_when_the_patch_says_so() {
        check(
            json!({"spec": {"$patch": "replace", "containers": [{"name": "z"}]}}),
            json!({"spec": {"containers": [{"name": "z"}]}, "metadata": {"finalizers": ["one", "two"]}}),
        );
        check(
            json!({"spec": {"$retainKeys": ["containers"], "containers": [{"$patch": "replace"}, {"name": "z"}]}}),
            json!({"spec": {"containers": [{"name": "z"}]}, "metadata": {"finalizers": ["one", "two"]}}),
        );
    }

    #[test]
    fn an_item_without_its_key_is_refused() {
        let schema = Schema::embedded();
        let patch = json!({"spec": {"containers": [{"image": "x"}]}});
        let refused = merge(Place::root(&schema, "v1", "Pod"), &mut json!({}), &patch);
        assert_eq!(refused, Err("map: map[image:x] does not contain declared merge key: name".to_owned()));
    }
}
