//! Objects laid over each other: RFC 7396 both ways, and what two people changed at the same time.

use crate::view::describe::diff::{field, is_named, name_of};
use serde_json::{Map, Value};

/// A field that two people changed, each in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Where.
    pub path: String,
    /// What one made of it; none where it was taken away.
    pub mine: Option<String>,
    /// What the other did.
    pub theirs: Option<String>,
}

/// Lays a merge patch over an object: RFC 7396.
pub fn lay_over(object: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let Value::Object(fields) = object else { return };
    for (key, change) in changes {
        if change.is_null() {
            fields.remove(key);
        } else {
            lay_over(fields.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

/// The merge patch that makes one object of another; an empty one where nothing differs. Neither may hold nulls in maps.
pub fn patch(from: &Value, to: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (from, to) else { return to.clone() };
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let other = new.iter().filter(|(key, value)| old.get(*key) != Some(value)).map(|(key, value)| {
        let change = old.get(key).map_or_else(|| value.clone(), |before| patch(before, value));
        (key.clone(), change)
    });
    Value::Object(gone.chain(other).collect())
}

/// Takes fields without a value out of maps: to the API they are not there.
pub fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// The change from `base` to `mine`, made to `theirs`, which began as `base`, too.
///
/// # Errors
/// The fields that both changed, each in another way.
pub fn three_way(base: &Value, mine: &Value, theirs: &Value) -> Result<Value, Vec<Overlap>> {
    let mut overlaps = Vec::new();
    let merged = merged("", [Some(base), Some(mine), Some(theirs)], &mut overlaps);
    if overlaps.is_empty() { Ok(merged.unwrap_or(Value::Null)) } else { Err(overlaps) }
}

fn merged(path: &str, versions: [Option<&Value>; 3], overlaps: &mut Vec<Overlap>) -> Option<Value> {
    let [base, mine, theirs] = versions;
    if mine == base || mine == theirs {
        return theirs.cloned();
    }
    if theirs == base {
        return mine.cloned();
    }
    match (mine, theirs) {
        (Some(Value::Object(mine)), Some(Value::Object(theirs))) => {
            let empty = Map::new();
            let base = base.and_then(Value::as_object).unwrap_or(&empty);
            let keys = mine.keys().chain(theirs.keys().filter(|key| !mine.contains_key(*key)));
            let fields = keys.filter_map(|key| {
                let inner = [base.get(key), mine.get(key), theirs.get(key)];
                Some((key.clone(), merged(&field(path, key), inner, overlaps)?))
            });
            Some(Value::Object(fields.collect()))
        }
        // Containers, ports and the like go by their names, as they do in the differences that are shown.
        (Some(Value::Array(mine)), Some(Value::Array(theirs))) if has_names(base, mine, theirs) => {
            let base = base.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let names: Vec<&str> = mine.iter().filter_map(name_of).collect();
            let more = theirs.iter().filter_map(name_of).filter(|name| !names.contains(name));
            let all = names.iter().copied().chain(more);
            let items = all.filter_map(|name| {
                let inner = [find(base, name), find(mine, name), find(theirs, name)];
                merged(&format!("{path}[{name}]"), inner, overlaps)
            });
            Some(Value::Array(items.collect()))
        }
        _ => {
            let text = |value: Option<&Value>| {
                value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            };
            overlaps.push(Overlap { path: path.to_owned(), mine: text(mine), theirs: text(theirs) });
            theirs.cloned()
        }
    }
}

fn has_names(base: Option<&Value>, mine: &[Value], theirs: &[Value]) -> bool {
    let base = base.map_or(Some(&[][..]), |base| base.as_array().map(Vec::as_slice));
    base.is_some_and(is_named) && is_named(mine) && is_named(theirs)
}

fn find<'a>(items: &'a [Value], name: &str) -> Option<&'a Value> {
    items.iter().find(|item| name_of(item) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            (0..3_i64).prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]|name", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_patch_laid_over_the_one_gives_the_other(from in anything(), to in anything()) {
            let mut object = from.clone();
            lay_over(&mut object, &patch(&from, &to));
            prop_assert_eq!(object, to);
        }

        #[test]
        fn who_is_alone_gets_what_he_wrote(base in anything(), mine in anything()) {
            prop_assert_eq!(three_way(&base, &mine, &base), Ok(mine.clone()));
            prop_assert_eq!(three_way(&base, &base, &mine), Ok(mine.clone()));
            prop_assert_eq!(three_way(&base, &mine, &mine), Ok(mine));
        }

        #[test]
        fn two_changes_come_to_the_same_whoever_was_first(base in anything(), one in anything(), two in anything()) {
            let (first, second) = (three_way(&base, &one, &two), three_way(&base, &two, &one));
            prop_assert_eq!(first.is_ok(), second.is_ok());
        }
    }

    #[test]
    fn changes_of_different_fields_are_both_kept() {
        let pods = |a: &str, b: &str| json!([{"name": "a", "image": a}, {"name": "b", "image": b}]);
        let base = json!({"spec": {"replicas": 1, "c": pods("1", "1")}});
        let mine = json!({"spec": {"replicas": 1, "c": pods("2", "1")}});
        let theirs = json!({"spec": {"replicas": 5, "c": pods("1", "3")}, "metadata": {"labels": {"x": "y"}}});
        let both = json!({"spec": {"replicas": 5, "c": pods("2", "3")}, "metadata": {"labels": {"x": "y"}}});
        assert_eq!(three_way(&base, &mine, &theirs), Ok(both));
    }

    #[test]
    fn what_both_changed_is_named_and_nobody_wins() {
        let base = json!({"spec": {"replicas": 1, "l": [1]}});
        let mine = json!({"spec": {"replicas": 2, "l": [1, 2]}});
        let overlaps = three_way(&base, &mine, &json!({"spec": {"l": [1, 3]}})).unwrap_err();
        let told: Vec<_> = overlaps.iter().map(|o| (o.path.as_str(), o.mine.as_deref(), o.theirs.as_deref())).collect();
        assert_eq!(told, [(".spec.l", Some("[1,2]"), Some("[1,3]")), (".spec.replicas", Some("2"), None)]);
    }

    #[test]
    fn a_field_without_a_value_is_not_there() {
        let mut object = json!({"a": null, "b": {"c": null, "d": [{"e": null}, null]}});
        without_nulls(&mut object);
        assert_eq!(object, json!({"b": {"d": [{}, null]}}));
    }
}
