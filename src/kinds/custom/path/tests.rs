//! Paths as they stand in real definitions, and any text and any object.

use crate::kinds::custom::path::parse::parse;
use proptest::prelude::*;
use serde_json::{Value, json};

fn first(path: &str) -> Option<Value> {
    let conditions = json!([{"type": "Synced", "status": "True"}, {"type": "Ready", "status": "False", "n": 3}]);
    let metadata = json!({"labels": {"app.kubernetes.io/name": "shop"}, "name": "x"});
    let object = json!({"metadata": metadata, "spec": {"list": [1, 2, 3, 4], "empty": []}, "status": {"conditions": conditions}});
    parse(path)?.first(&object).cloned()
}

#[test]
fn paths_of_real_definitions_find_what_the_server_finds() {
    for (path, found) in [
        (".metadata.name", json!("x")),
        ("$.metadata.name", json!("x")),
        (r".metadata.labels.app\.kubernetes\.io/name", json!("shop")),
        (".metadata.labels['app.kubernetes.io/name']", json!("shop")),
        (r#".status.conditions[?(@.type=="Ready")].status"#, json!("False")),
        (r#".status.conditions[?(@.type == "Ready")].status"#, json!("False")),
        (".status.conditions[?(@.type=='Synced')].status", json!("True")),
        (".status.conditions[?(@.n>2)].type", json!("Ready")),
        (".status.conditions[?(@.n)].type", json!("Ready")),
        (".status.conditions[*].type", json!("Synced")),
        (".status.conditions[0].type", json!("Synced")),
        (".status.conditions[-1:].type", json!("Ready")),
        (".status.conditions[-1].type", json!("Ready")),
        (".spec.list[1:3]", json!(2)),
        (".spec.list[1:4:2]", json!(2)),
        (".spec.list", json!([1, 2, 3, 4])),
        ("..conditions[1].n", json!(3)),
        (".spec['missing','list']", json!([1, 2, 3, 4])),
    ] {
        assert_eq!(first(path), Some(found), "{path}");
    }
}

#[test]
fn what_is_missing_is_nothing() {
    for path in [
        ".status.missing.deeper",
        ".spec.list[9]",
        ".spec.empty[0]",
        ".spec.list[?(@.a==1)]",
        ".spec.list[",
        ".status[0]",
    ] {
        assert_eq!(first(path), None, "{path}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-c]{1,2}", inner, 0..5)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_and_no_object_panics(text in r#"[\.\[\]\?\(\)@=<>'",:\*a-c0-3\\ é-]{0,30}"#, object in any_json()) {
        if let Some(path) = parse(&text) {
            let _ = path.first(&object);
        }
    }
}
