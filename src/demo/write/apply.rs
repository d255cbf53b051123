//! Server-side apply: what a manager states is his, what he no longer states goes, and what others manage
//! he may not change unless he insists.

use serde_json::{Value, json};

use crate::demo::status::Failure;
use crate::demo::write::managed::{Writer, all, item_key, paths, shared, subtract, unite};
use crate::demo::write::shape::Place;

/// The object that results from applying `config` to `live`.
pub fn apply(place: Place, live: &Value, config: &Value, writer: &Writer, force: bool) -> Result<Value, Failure> {
    let applied = all(place, config);
    let mut list = live["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let own = list.iter().position(|entry| writer.owns(entry)).map(|at| list.remove(at));
    if let Some(differing) = differing(place, live, config) {
        settle(&mut list, &differing, force)?;
    }
    let mut object = live.clone();
    merge(place, &mut object, config);
    let mut dropped = own.map_or_else(|| json!({}), |entry| entry["fieldsV1"].clone());
    subtract_exactly(&mut dropped, &applied);
    for entry in &list {
        subtract_exactly(&mut dropped, &entry["fieldsV1"]);
    }
    prune(place, &mut object, &dropped);
    list.push(writer.entry(&applied));
    object["metadata"]["managedFields"] = Value::Array(list);
    Ok(object)
}

/// Refuses a change of what others manage, or takes it over.
fn settle(list: &mut Vec<Value>, differing: &Value, force: bool) -> Result<(), Failure> {
    let mut conflicts = Vec::new();
    for entry in list.iter_mut() {
        let Some(taken) = shared(&entry["fieldsV1"], differing) else { continue };
        if force {
            subtract(&mut entry["fieldsV1"], &taken);
            continue;
        }
        let who = name(entry);
        conflicts.extend(paths(&taken).into_iter().map(|path| (who.clone(), path)));
    }
    list.retain(|entry| entry["fieldsV1"].as_object().is_some_and(|fields| !fields.is_empty()));
    if conflicts.is_empty() { Ok(()) } else { Err(Failure::apply_conflict(&conflicts)) }
}

fn name(entry: &Value) -> String {
    let text = |field: &str| entry[field].as_str().unwrap_or_default();
    let mut name = format!("{:?}", text("manager"));
    if !text("subresource").is_empty() {
        name = format!("{name} with subresource {:?}", text("subresource"));
    }
    if text("operation") != "Update" {
        return name;
    }
    let at = if text("time").is_empty() { String::new() } else { format!(" at {}", text("time")) };
    format!("{name} using {}{at}", text("apiVersion"))
}

/// The fields of the configuration that the live object has otherwise.
fn differing(place: Place, live: &Value, config: &Value) -> Option<Value> {
    let mut set = serde_json::Map::new();
    match (live, config) {
        (Value::Null, _) => return None,
        (live, config) if place.is_one_value() => return (live != config).then(|| json!({})),
        (Value::Object(live), Value::Object(config)) => {
            for (key, value) in config {
                let inner = place.field(key).zip(live.get(key));
                let found = inner.and_then(|(place, live)| differing(place, live, value));
                set.extend(found.map(|found| (format!("f:{key}"), found)));
            }
        }
        (Value::Array(live), Value::Array(config)) if !place.apply_keys().is_empty() => {
            for item in config {
                let key = item_key(place, item);
                let known = live.iter().find(|known| item_key(place, known) == key);
                let found = known.and_then(|known| differing(place.item(), known, item));
                set.extend(key.zip(found));
            }
        }
        (Value::Array(_), Value::Array(_)) if place.is_set() => {}
        (live, config) => return (live != config).then(|| json!({})),
    }
    (!set.is_empty()).then_some(Value::Object(set))
}

fn merge(place: Place, live: &mut Value, config: &Value) {
    match (&mut *live, config) {
        (Value::Object(_), Value::Object(_)) if place.is_one_value() => *live = config.clone(),
        (Value::Object(map), Value::Object(config)) => {
            for (key, value) in config {
                match (place.field(key), map.get_mut(key)) {
                    (Some(inner), Some(known)) => merge(inner, known, value),
                    _ => _ = map.insert(key.clone(), value.clone()),
                }
            }
        }
        (Value::Array(list), Value::Array(items)) if !place.apply_keys().is_empty() || place.is_set() => {
            for item in items {
                let key = item_key(place, item);
                match list.iter_mut().find(|known| item_key(place, known) == key) {
                    Some(known) => merge(place.item(), known, item),
                    None => list.push(item.clone()),
                }
            }
        }
        _ => *live = config.clone(),
    }
}

/// Like `subtract`, but only what both sets name to the last step: a whole map survives the loss of an entry.
fn subtract_exactly(set: &mut Value, less: &Value) {
    let (Some(map), Some(less)) = (set.as_object_mut(), less.as_object()) else { return };
    map.retain(|key, value| {
        let Some(kept) = less.get(key) else { return true };
        let leaf = value.as_object().is_none_or(serde_json::Map::is_empty);
        if leaf {
            return false;
        }
        subtract_exactly(value, kept);
        value.as_object().is_some_and(|map| !map.is_empty())
    });
}

/// Removes the fields of a set from an object.
fn prune(place: Place, object: &mut Value, dropped: &Value) {
    let Some(set) = dropped.as_object() else { return };
    match object {
        Value::Object(map) => {
            for (key, inner) in set {
                let Some(name) = key.strip_prefix("f:") else { continue };
                let (Some(inner_place), Some(value)) = (place.field(name), map.get_mut(name)) else { continue };
                if inner.as_object().is_none_or(serde_json::Map::is_empty) {
                    map.remove(name);
                    continue;
                }
                prune(inner_place, value, inner);
                let empty = value.as_object().is_some_and(serde_json::Map::is_empty)
                    || value.as_array().is_some_and(Vec::is_empty);
                if empty {
                    map.remove(name);
                }
            }
        }
        Value::Array(list) => list.retain_mut(|item| {
            let Some(inner) = item_key(place, item).and_then(|key| set.get(&key)) else { return true };
            if place.is_set() || inner.get(".").is_some() {
                return false;
            }
            prune(place.item(), item, inner);
            true
        }),
        _ => {}
    }
}

/// The set of an applied configuration, for an object that is created by it.
pub fn create(place: Place, config: &Value, writer: &Writer) -> Value {
    let mut object = config.clone();
    let mut fields = json!({});
    unite(&mut fields, &all(place, config));
    object["metadata"]["managedFields"] = json!([writer.entry(&fields)]);
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::proto::schema::Schema;

    fn writer(manager: &str) -> Writer {
        Writer {
            manager: manager.to_owned(),
            applies: true,
            api_version: "apps/v1".to_owned(),
            subresource: String::new(),
            now: "2027-01-15T08:00:00Z".to_owned(),
        }
    }

    fn config(replicas: i64, env: &[&str]) -> Value {
        let env: Vec<Value> = env.iter().map(|name| json!({"name": name, "value": "1"})).collect();
        json!({"metadata": {"name": "web"}, "spec": {"replicas": replicas, "template": {"spec": {"containers": [
            {"name": "web", "image": "web:1", "env": env}]}}}})
    }

    #[test]
    fn what_is_no_longer_stated_goes() {
        let schema = Schema::embedded();
        let place = Place::root(&schema, "apps/v1", "Deployment");
        let live = create(place, &config(2, &["A", "B"]), &writer("ci"));
        let next = apply(place, &live, &config(2, &["B"]), &writer("ci"), false).unwrap_or_default();
        let env = &next["spec"]["template"]["spec"]["containers"][0]["env"];
        assert_eq!(*env, json!([{"name": "B", "value": "1"}]));
    }

    #[test]
    fn what_another_manages_is_a_conflict_until_it_is_forced() {
        let schema = Schema::embedded();
        let place = Place::root(&schema, "apps/v1", "Deployment");
        let live = create(place, &config(2, &["A"]), &writer("ci"));
        let refused =
            apply(place, &live, &config(3, &["A"]), &writer("me"), false).err().map(|failure| failure.message);
        assert_eq!(refused, Some("Apply failed with 1 conflict: conflict with \"ci\": .spec.replicas".to_owned()));
        let taken = apply(place, &live, &config(3, &["A"]), &writer("me"), true).unwrap_or_default();
        assert_eq!(taken["spec"]["replicas"], 3);
        assert!(!taken["metadata"]["managedFields"][0].to_string().contains("f:replicas"));
        let same = apply(place, &live, &config(2, &["A"]), &writer("me"), false);
        assert!(same.is_ok(), "the same value is no conflict");
    }
}
