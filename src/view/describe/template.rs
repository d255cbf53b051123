//! What differs between two revisions of a workload: the pod templates that their ReplicaSets or ControllerRevisions hold.

use super::diff::{Difference, differences};
use serde_json::{Map, Value};

/// Labels that controllers add to tell the pods of revisions apart.
const HASHES: [&str; 3] = ["pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash"];

/// The fields of the pod template that differ, with paths from the template on; none where one of the objects holds no
/// template. Containers, volumes and variables are told by their names, not by their places.
pub fn changes(before: &Value, after: &Value) -> Option<Vec<Difference>> {
    let (before, after) = (template(before)?, template(after)?);
    Some(differences(&before, &after))
}

/// The template that an object holds, without what its controller has put there.
fn template(object: &Value) -> Option<Value> {
    let found = ["/data/spec/template", "/spec/template"].into_iter().find_map(|path| object.pointer(path))?;
    let mut template = found.clone();
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
    }
    if let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|_, value| !value.is_null());
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.retain(|key, _| !HASHES.contains(&key.as_str()));
        }
    }
    Some(by_name(template))
}

/// Lists whose members have names become maps, so that one that is put in the middle moves no other.
fn by_name(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, value)| (key, by_name(value))).collect()),
        Value::Array(items) => {
            let mut named = Map::new();
            for item in &items {
                let name = item.get("name").and_then(Value::as_str).filter(|name| !named.contains_key(*name));
                let Some(name) = name else { return Value::Array(items.into_iter().map(by_name).collect()) };
                let mut rest = by_name(item.clone());
                if let Some(fields) = rest.as_object_mut() {
                    fields.remove("name");
                }
                named.insert(name.to_owned(), rest);
            }
            if named.is_empty() { Value::Array(items) } else { Value::Object(named) }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let say = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let line = |d: Difference| format!("{} {} {}", d.path, say(d.before), say(d.after));
        changes(before, after).unwrap().into_iter().map(line).collect()
    }

    #[test]
    fn containers_and_variables_are_told_by_name_and_hashes_not_at_all() {
        let set = |hash: &str, image: &str, env: Value| {
            let containers = json!([{"name": "app", "image": image, "env": env}]);
            json!({"spec": {"template": {"metadata": {"labels": {"app": "web", "pod-template-hash": hash}}, "spec": {"containers": containers}}}})
        };
        let before = set("a", "web:1", json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]));
        let after = set(
            "b",
            "web:2",
            json!([{"name": "NEW", "value": "0"}, {"name": "A", "value": "1"}, {"name": "B", "value": "3"}]),
        );
        let found = told(&before, &after);
        assert!(found.contains(&".spec.containers.app.image web:1 web:2".to_owned()), "{found:?}");
        assert!(found.contains(&".spec.containers.app.env.NEW.value - 0".to_owned()), "{found:?}");
        assert!(found.contains(&".spec.containers.app.env.B.value 2 3".to_owned()), "{found:?}");
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn a_revision_of_a_stateful_set_holds_its_template_in_its_data() {
        let held = |image: &str| {
            let template = json!({"$patch": "replace", "metadata": {"creationTimestamp": null}, "spec": {"containers": [{"name": "db", "image": image}]}});
            json!({"data": {"spec": {"template": template}}, "revision": 1})
        };
        assert_eq!(told(&held("db:1"), &held("db:2")), [".spec.containers.db.image db:1 db:2"]);
        assert!(told(&held("db:1"), &held("db:1")).is_empty());
        assert_eq!(changes(&json!({"data": []}), &held("db:1")), None);
    }
}
