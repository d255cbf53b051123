//! Who manages which field: sets of fields as `fieldsV1` writes them, and the list that an object carries.
//!
//! A set is a tree: `f:name` a field, `k:{..}` an item by its keys, `v:..` an item of a set, `.` the thing itself.

use serde_json::{Map, Value, json};

use crate::demo::write::shape::Place;

/// Metadata that belongs to the server.
const NOBODYS: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Who writes, as one entry of the list.
#[derive(Clone, Debug)]
pub struct Writer {
    pub manager: String,
    pub applies: bool,
    pub api_version: String,
    pub subresource: String,
    pub now: String,
}

impl Writer {
    /// Whether an entry is this writer's own.
    pub fn owns(&self, entry: &Value) -> bool {
        entry["manager"] == self.manager.as_str()
            && entry["operation"] == self.operation()
            && entry["apiVersion"] == self.api_version.as_str()
            && entry["subresource"].as_str().unwrap_or_default() == self.subresource
    }

    fn operation(&self) -> &'static str {
        if self.applies { "Apply" } else { "Update" }
    }

    /// The entry of this writer for a set of fields.
    pub fn entry(&self, fields: &Value) -> Value {
        let mut entry = json!({
            "manager": self.manager, "operation": self.operation(), "apiVersion": self.api_version,
            "time": self.now, "fieldsType": "FieldsV1", "fieldsV1": fields,
        });
        if !self.subresource.is_empty() {
            entry["subresource"] = json!(self.subresource);
        }
        entry
    }
}

/// Every field of an object that can have a manager.
pub fn all(place: Place, object: &Value) -> Value {
    without_identity(fields(place, object))
}

/// The fields that an object has anew or otherwise than before.
pub fn changed(place: Place, before: &Value, after: &Value) -> Value {
    without_identity(difference(place, before, after).unwrap_or_else(|| json!({})))
}

fn without_identity(mut set: Value) -> Value {
    if let Some(map) = set.as_object_mut() {
        map.remove("f:apiVersion");
        map.remove("f:kind");
        if let Some(metadata) = map.get_mut("f:metadata").and_then(Value::as_object_mut) {
            metadata.retain(|key, _| !NOBODYS.contains(&key.trim_start_matches("f:")));
        }
        map.retain(|key, value| key != "f:metadata" || value.as_object().is_some_and(|map| !map.is_empty()));
    }
    set
}

fn fields(place: Place, value: &Value) -> Value {
    let mut set = Map::new();
    match value {
        _ if place.is_one_value() => {}
        Value::Object(map) => {
            for (key, value) in map {
                let inner = place.field(key).map_or_else(|| json!({}), |place| fields(place, value));
                set.insert(format!("f:{key}"), inner);
            }
        }
        Value::Array(items) => {
            for item in items {
                let Some(key) = item_key(place, item) else { break };
                let mut inner = fields(place.item(), item);
                if !place.is_set() {
                    inner["."] = json!({});
                }
                set.insert(key, inner);
            }
        }
        _ => {}
    }
    Value::Object(set)
}

/// How a set names a list's item; `None` where the list is one value.
pub fn item_key(place: Place, item: &Value) -> Option<String> {
    if place.is_set() {
        return Some(format!("v:{item}"));
    }
    let keys = place.apply_keys();
    if keys.is_empty() {
        return None;
    }
    let mut named = Map::new();
    for key in keys {
        // The server fills in the protocol before it looks at keys.
        let default = if key == "protocol" { json!("TCP") } else { Value::Null };
        named.insert(key.to_owned(), item.get(key).cloned().unwrap_or(default));
    }
    Some(format!("k:{}", Value::Object(named)))
}

fn difference(place: Place, before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let mut set = Map::new();
    match (before, after) {
        _ if place.is_one_value() => {}
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in after {
                let Some(inner) = place.field(key) else { continue };
                let changed = match before.get(key) {
                    Some(known) => difference(inner, known, value),
                    None => Some(fields(inner, value)),
                };
                set.extend(changed.map(|changed| (format!("f:{key}"), changed)));
            }
            return (!set.is_empty()).then_some(Value::Object(set));
        }
        (Value::Array(before), Value::Array(after)) if !place.apply_keys().is_empty() || place.is_set() => {
            for item in after {
                let Some(key) = item_key(place, item) else { continue };
                let known = before.iter().find(|known| item_key(place, known).as_ref() == Some(&key));
                let changed = match known {
                    Some(known) => difference(place.item(), known, item),
                    None => {
                        let mut fresh = fields(place.item(), item);
                        if !place.is_set() {
                            fresh["."] = json!({});
                        }
                        Some(fresh)
                    }
                };
                set.extend(changed.map(|changed| (key, changed)));
            }
            return (!set.is_empty()).then_some(Value::Object(set));
        }
        (_, after) => return Some(fields(place, after)),
    }
    Some(Value::Object(set))
}

/// Adds one set to another.
pub fn unite(set: &mut Value, more: &Value) {
    let Some(more) = more.as_object() else { return };
    if !set.is_object() {
        *set = json!({});
    }
    for (key, value) in more {
        if let Some(map) = set.as_object_mut() {
            unite(map.entry(key.clone()).or_insert_with(|| json!({})), value);
        }
    }
}

/// Takes one set out of another; what then holds nothing goes, too.
pub fn subtract(set: &mut Value, less: &Value) {
    let (Some(map), Some(less)) = (set.as_object_mut(), less.as_object()) else { return };
    map.retain(|key, value| {
        let Some(gone) = less.get(key).and_then(Value::as_object) else { return true };
        let whole = value.as_object().is_none_or(Map::is_empty);
        if whole || gone.is_empty() {
            return false;
        }
        subtract(value, &less[key.as_str()]);
        value.as_object().is_some_and(|map| !map.is_empty())
    });
}

/// The fields that are in both sets.
pub fn shared(one: &Value, other: &Value) -> Option<Value> {
    let (Some(a), Some(b)) = (one.as_object(), other.as_object()) else { return None };
    if a.is_empty() || b.is_empty() {
        return Some(json!({}));
    }
    let both: Map<String, Value> = a
        .iter()
        .filter(|(key, _)| *key != ".")
        .filter_map(|(key, value)| Some((key.clone(), shared(value, b.get(key)?)?)))
        .collect();
    (!both.is_empty()).then_some(Value::Object(both))
}

/// The fields of a set, one line each, as errors name them: `.spec.template.spec.containers[name="web"].image`.
pub fn paths(set: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(set, "", &mut found);
    found
}

fn walk(set: &Value, path: &str, found: &mut Vec<String>) {
    let Some(map) = set.as_object() else { return };
    if map.is_empty() {
        found.push(path.to_owned());
        return;
    }
    for (key, value) in map {
        let step = match key.split_once(':') {
            Some(("f", name)) => format!(".{name}"),
            Some(("k", keys)) => {
                let keys: Value = serde_json::from_str(keys).unwrap_or_default();
                let keys = keys.as_object().into_iter().flatten();
                format!("[{}]", keys.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","))
            }
            Some(("v", value)) => format!("[={value}]"),
            _ => continue,
        };
        walk(value, &format!("{path}{step}"), found);
    }
}

/// Notes in the object's list what a writer changed: others lose what it took over.
pub fn note(object: &mut Value, writer: &Writer, changed: &Value, vanished: &Value) {
    let mut list = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let mut own = json!({});
    list.retain_mut(|entry| {
        if writer.owns(entry) {
            own = entry["fieldsV1"].take();
            return false;
        }
        subtract(&mut entry["fieldsV1"], changed);
        subtract(&mut entry["fieldsV1"], vanished);
        entry["fieldsV1"].as_object().is_some_and(|map| !map.is_empty())
    });
    subtract(&mut own, vanished);
    unite(&mut own, changed);
    if own.as_object().is_some_and(|map| !map.is_empty()) {
        list.push(writer.entry(&own));
    }
    object["metadata"]["managedFields"] = Value::Array(list);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::proto::schema::Schema;

    #[test]
    fn a_set_names_fields_and_items_as_the_server_does() {
        let schema = Schema::embedded();
        let place = Place::root(&schema, "apps/v1", "Deployment");
        let object = |image: &str| {
            json!({"metadata": {"name": "web", "labels": {"a": "b"}}, "spec": {"template": {"spec": {"containers": [
                {"name": "web", "image": image, "ports": [{"containerPort": 80}]}]}}}})
        };
        let set = all(place, &object("web:1"));
        let item = json!({".": {}, "f:name": {}, "f:image": {}, "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}});
        let spec = json!({"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": item}}}});
        assert_eq!(set, json!({"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": spec}));
        let changed = changed(place, &object("web:1"), &object("web:2"));
        assert_eq!(paths(&changed), [".spec.template.spec.containers[name=\"web\"].image"]);
    }

    #[test]
    fn a_change_takes_a_field_over() {
        let writer = |manager: &str| Writer {
            manager: manager.to_owned(),
            applies: false,
            api_version: "v1".to_owned(),
            subresource: String::new(),
            now: "2027-01-15T08:00:00Z".to_owned(),
        };
        let mut object = json!({"metadata": {}});
        note(&mut object, &writer("a"), &json!({"f:data": {"f:x": {}, "f:y": {}}}), &json!({}));
        note(&mut object, &writer("b"), &json!({"f:data": {"f:x": {}}}), &json!({}));
        let list = &object["metadata"]["managedFields"];
        assert_eq!(list[0]["fieldsV1"], json!({"f:data": {"f:y": {}}}));
        assert_eq!(list[1]["fieldsV1"], json!({"f:data": {"f:x": {}}}));
        note(&mut object, &writer("b"), &json!({"f:data": {"f:y": {}}}), &json!({"f:data": {"f:x": {}}}));
        assert_eq!(object["metadata"]["managedFields"].as_array().map(Vec::len), Some(1));
    }
}
