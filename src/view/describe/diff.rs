//! What a change would do to an object, field by field; what the server keeps for itself is left out.

use serde_json::Value;

/// One field that would be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `.spec.replicas`, `.metadata.annotations["a.b/c"]`.
    pub path: String,
    /// What it is; none where it is not there.
    pub before: Option<String>,
    /// What it would be.
    pub after: Option<String>,
}

/// Fields that change with every write.
const BOOKKEEPING: [&str; 4] =
    [".metadata.managedFields", ".metadata.generation", ".metadata.resourceVersion", ".status"];

/// The fields that differ, in the order of the new object. The values of a Secret are never told.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(before), Some(after), &mut found);
    let is_secret = [before, after].iter().any(|object| object.get("kind") == Some(&Value::from("Secret")));
    if is_secret {
        for difference in found.iter_mut().filter(|d| d.path.starts_with(".data") || d.path.starts_with(".stringData"))
        {
            let hide = |text: &mut Option<String>| text.iter_mut().for_each(|text| "(hidden)".clone_into(text));
            hide(&mut difference.before);
            hide(&mut difference.after);
        }
    }
    found
}

/// The fields of the status that differ: told only where the status itself is what is written.
pub fn differences_of_status(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    let fields = |object: &Value| object.get("status").and_then(Value::as_object).cloned().unwrap_or_default();
    let (old, new) = (fields(before), fields(after));
    for key in new.keys().chain(old.keys().filter(|key| !new.contains_key(*key))) {
        compare(&field(".status", key), old.get(key), new.get(key), &mut found);
    }
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after || BOOKKEEPING.contains(&path) {
        return;
    }
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for (key, value) in new {
                compare(&field(path, key), old.get(key), Some(value), found);
            }
            for (key, value) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
                compare(&field(path, key), Some(value), None, found);
            }
        }
        // Containers, ports and the like go by their names, whatever their places.
        (Some(Value::Array(old)), Some(Value::Array(new))) if is_named(old) && is_named(new) => {
            let find = |all: &'_ [Value], name: &str| all.iter().position(|item| name_of(item) == Some(name));
            for item in new {
                let name = name_of(item).unwrap_or_default();
                let before = find(old, name).and_then(|at| old.get(at));
                compare(&format!("{path}[{name}]"), before, Some(item), found);
            }
            for item in old.iter().filter(|item| find(new, name_of(item).unwrap_or_default()).is_none()) {
                compare(&format!("{path}[{}]", name_of(item).unwrap_or_default()), Some(item), None, found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                compare(&format!("{path}[{index}]"), old.get(index), new.get(index), found);
            }
        }
        // An object that comes or goes as a whole is told by its fields.
        (None | Some(Value::Null), Some(Value::Object(new))) if !new.is_empty() => {
            for (key, value) in new {
                compare(&field(path, key), None, Some(value), found);
            }
        }
        _ => found.push(Difference { path: path.to_owned(), before: before.map(text), after: after.map(text) }),
    }
}

/// The name by which an item of a list goes.
pub fn name_of(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

/// Whether every item has a name of its own.
pub fn is_named(items: &[Value]) -> bool {
    let names: std::collections::BTreeSet<&str> = items.iter().filter_map(name_of).collect();
    names.len() == items.len()
}

/// The path of a field: `.spec.replicas`, `.metadata.annotations["a.b/c"]`.
pub fn field(path: &str, key: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if key.chars().all(is_word) { format!("{path}.{key}") } else { format!("{path}[{key:?}]") }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let say = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let line = |d: Difference| format!("{} {} {}", d.path, say(d.before), say(d.after));
        differences(before, after).into_iter().map(line).collect()
    }

    #[test]
    fn only_what_a_user_would_change_is_told() {
        let before =
            json!({"metadata": {"resourceVersion": "1", "generation": 1}, "spec": {"a": 1, "gone": true, "l": [1]}});
        let after = json!({"metadata": {"resourceVersion": "2", "generation": 2, "annotations": {"x.y/z": "now"}},
            "spec": {"a": 2, "l": [1, 2]}, "status": {"b": 1}});
        let found = told(&before, &after);
        let expected =
            [r#".metadata.annotations["x.y/z"] - now"#, ".spec.a 1 2", ".spec.l[1] - 2", ".spec.gone true -"];
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(expected.iter().all(|line| found.iter().any(|f| f == line)), "{found:?}");
    }

    #[test]
    fn items_with_names_go_by_them() {
        let before = json!({"c": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]});
        let after = json!({"c": [{"name": "b", "image": "2"}, {"name": "a", "image": "1"}]});
        assert_eq!(told(&before, &after), [".c[b].image 1 2"]);
    }

    #[test]
    fn values_of_secrets_are_never_told() {
        let before = json!({"kind": "Secret", "data": {"a": "b2xk"}});
        let after = json!({"kind": "Secret", "data": {"a": "bmV3"}});
        assert_eq!(told(&before, &after), [".data.a (hidden) (hidden)"]);
    }
}
