//! Custom resources through their definition and through the server's table.

use crate::kinds::custom::definition::versions;
use crate::kinds::custom::table;
use crate::kinds::{BUILTIN, Column, Health, Interner, KindId, Record, Width};
use crate::wire::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

const KIND: KindId = KindId(9999);

fn definition(columns: &Value) -> (Vec<Column>, super::CustomKind) {
    let versions_json = json!([{"name": "v1", "additionalPrinterColumns": columns}]);
    let body = json!({"kind": "CustomResourceDefinition", "spec": {"versions": versions_json}});
    let version = versions(body.to_string().as_bytes()).unwrap().remove(0);
    (version.columns, version.kind)
}

fn printed(columns: &Value, object: &Value) -> Vec<String> {
    let (columns, kind) = definition(columns);
    let record = kind.read(KIND, object.to_string().as_bytes(), &mut Interner::default()).unwrap();
    let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
    columns.iter().map(|c| c.cell(&record).show(now).into_owned()).collect()
}

fn health(status: &Value) -> Record {
    let object = json!({"metadata": {"name": "x", "generation": 2}, "status": status});
    super::CustomKind::default().read(KIND, object.to_string().as_bytes(), &mut Interner::default()).unwrap()
}

#[test]
fn every_type_of_column_prints_as_the_server_does() {
    let column = |name: &str, kind: &str, path: &str| json!({"name": name, "type": kind, "jsonPath": path});
    let columns = json!([
        column("Words", "string", ".spec.words"),
        column("List", "string", ".spec.list"),
        column("Count", "integer", ".spec.count"),
        column("Float", "integer", ".spec.float"),
        column("Share", "number", ".spec.float"),
        column("On", "boolean", ".spec.on"),
        column("Since", "date", ".spec.since"),
        column("Odd", "date", ".spec.words"),
        column("Wrong", "integer", ".spec.words"),
        column("Missing", "string", ".spec.missing"),
        column("Number", "string", ".spec.count"),
        column("Age", "date", ".metadata.creationTimestamp"),
    ]);
    let spec = json!({"words": "hello", "list": ["a", "<b>"], "count": 3, "float": 1.5, "on": true, "since": "2026-11-20T11:00:00Z"});
    let object = json!({"metadata": {"name": "x", "creationTimestamp": "2026-11-20T10:00:00Z"}, "spec": spec});
    let expected =
        ["x", "hello", "[\"a\",\"\\u003cb\\u003e\"]", "3", "1", "1.5", "true", "60m", "<invalid>", "", "", "3", "120m"];
    assert_eq!(printed(&columns, &object), expected);
}

#[test]
fn a_definition_without_columns_shows_the_age_and_priority_makes_wide() {
    let (columns, _) = definition(&Value::Null);
    assert_eq!(columns, [Column::NAME, Column::AGE]);
    let (columns, _) = definition(&json!([{"name": "More", "type": "string", "jsonPath": ".a", "priority": 1}]));
    assert_eq!((&*columns[1].name, columns[1].width), ("MORE", Width::Wide));
}

#[test]
fn conditions_tell_the_health_with_its_reason() {
    let condition =
        |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "Why", "message": "words"});
    for (conditions, expected) in [
        (json!([condition("Ready", "True")]), Some(Health::Ready)),
        (json!([condition("Ready", "False")]), Some(Health::Failed)),
        (json!([condition("Ready", "False"), condition("Reconciling", "True")]), Some(Health::Progressing)),
        (json!([condition("Ready", "Unknown")]), Some(Health::Progressing)),
        (json!([condition("Ready", "True"), condition("Synced", "False")]), Some(Health::Failed)),
        (json!([condition("Ready", "True"), condition("Stalled", "True")]), Some(Health::Failed)),
        (json!([condition("Ready", "True"), condition("Progressing", "True")]), Some(Health::Ready)),
        (json!([condition("Odd", "True")]), None),
        (json!("nonsense"), None),
    ] {
        let record = health(&json!({"conditions": conditions}));
        assert_eq!(record.digest.health, expected, "{conditions}");
    }
    let behind = health(&json!({"conditions": [condition("Ready", "True")], "observedGeneration": 1}));
    assert_eq!(behind.digest.health, Some(Health::Progressing));
    let phase = health(&json!({"phase": "Failed", "message": "quota"}));
    assert_eq!((phase.digest.health, phase.digest.reason.as_deref()), (Some(Health::Failed), Some("Failed: quota")));
}

#[test]
fn a_table_gives_columns_and_its_rows_records() {
    let columns = json!([{"name": "Name", "type": "string", "format": "name", "priority": 0}, {"name": "Secrets", "type": "integer", "priority": 0}, {"name": "Age", "type": "string", "priority": 0}]);
    let object =
        json!({"metadata": {"name": "default", "namespace": "dev", "creationTimestamp": "2026-11-20T11:59:00Z"}});
    let event = json!({"kind": "Table", "columnDefinitions": columns, "rows": [{"cells": ["default", 2, "60s"], "object": object}]});
    let event = event.to_string();
    let columns = table::columns(event.as_bytes()).unwrap();
    let record = table::read(KIND, table::row(event.as_bytes()), &mut Interner::default()).unwrap();
    let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
    let cells: Vec<_> = columns.iter().map(|c| c.cell(&record).show(now).into_owned()).collect();
    assert_eq!(cells, ["default", "2", "60s"]);
    assert!(table::read(KIND, br#"{"cells": ["lost"]}"#, &mut Interner::default()).is_err());
}

#[test]
fn a_server_that_knows_no_tables_still_gives_names() {
    let object = br#"{"kind": "Usage", "metadata": {"name": "web", "namespace": "dev"}}"#;
    assert_eq!((table::columns(object), table::row(object)), (None, &object[..]));
    let record = table::read(KIND, object, &mut Interner::default()).unwrap();
    assert_eq!(&*record.key.name, "web");
}

#[test]
fn odd_metadata_costs_only_itself() {
    let object = json!({"metadata": {"name": "x", "labels": {"a": 5}, "generation": "two"}, "status": 5});
    let record =
        super::CustomKind::default().read(KIND, object.to_string().as_bytes(), &mut Interner::default()).unwrap();
    assert_eq!((&*record.key.name, record.digest.health), ("x", None));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from)
    ];
    let names =
        "metadata|name|spec|status|conditions|type|rules|tls|ports|http|paths|data|selector|listeners|phase|[a-z]{1,3}";
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(names, inner, 0..6).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_makes_any_kind_panic(mut object in any_json(), named in any::<bool>()) {
        if named && object.is_object() {
            object["metadata"] = json!({"name": "x", "labels": object["metadata"]});
        }
        let bytes = object.to_string().into_bytes();
        let mut interner = Interner::default();
        for spec in BUILTIN {
            let _ = spec.decoder.read_json(spec.id, &bytes, &mut interner);
        }
        let _ = super::CustomKind::default().read(KIND, &bytes, &mut interner);
        let _ = (versions(&bytes), table::columns(&bytes), table::read(KIND, table::row(&bytes), &mut interner));
    }
}
