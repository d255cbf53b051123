//! What the kinds make of objects: every document of `tests/kinds/KIND/*.yaml` is turned into a picture of its cells,
//! its health with the reason in words, and its links.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use kplumb::kinds::{BUILTIN, Cell, Interner, KindSpec, Link, Record, Target, Width};
use kplumb::wire::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// A few seconds after the states were taken from a server.
const NOW: &str = "2026-11-20T20:40:20Z";

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The documents of every kind that has some.
fn documents() -> BTreeMap<String, Vec<Value>> {
    let mut kinds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for folder in entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds")) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        for path in entries(&folder).iter().filter(|path| path.extension().is_some_and(|ext| ext == "yaml")) {
            let read = serde_saphyr::from_multiple(&fs::read_to_string(path).unwrap());
            kinds.entry(name.clone()).or_default().extend(read.unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        }
    }
    kinds
}

fn spec(object: &Value) -> &'static KindSpec {
    let version = object["apiVersion"].as_str().unwrap();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let spec = BUILTIN.iter().find(|spec| object["kind"] == spec.kind && spec.group == group);
    spec.unwrap_or_else(|| panic!("no kind for {version} {}", object["kind"]))
}

fn read(object: &Value) -> Record {
    let spec = spec(object);
    spec.decoder.read_json(spec.id, object.to_string().as_bytes(), &mut Interner::default()).unwrap()
}

/// A state in four lines: name and health, the narrow columns, the wide ones, the links.
fn picture(object: &Value) -> String {
    let (spec, record, now) = (spec(object), read(object), Timestamp::parse(NOW).unwrap());
    let mut text = format!("{}  {}", record.key.name, health(&record));
    let mut line = |heading: &str, keep: &dyn Fn(Width) -> bool| {
        let columns = spec.columns.iter().filter(|c| keep(c.width) && c.name != "NAME");
        let cells = columns.map(|c| format!("{} {}", c.name, c.cell(&record).show(now)));
        let cells = cells.collect::<Vec<_>>().join(" | ");
        if !cells.is_empty() {
            write!(text, "\n    {heading}{}", cells.trim_end()).unwrap();
        }
    };
    line("", &|width| width != Width::Wide);
    line("wide: ", &|width| width == Width::Wide);
    if !record.digest.links.is_empty() {
        let links: Vec<String> = record.digest.links.iter().map(link).collect();
        write!(text, "\n    links: {}", links.join(", ")).unwrap();
    }
    text
}

fn health(record: &Record) -> String {
    let health = record.digest.health.map_or_else(|| "-".to_owned(), |health| format!("{health:?}"));
    record.digest.reason.as_ref().map_or(health.clone(), |reason| format!("{health}: {reason}"))
}

fn link(link: &Link) -> String {
    let kind = |id: kplumb::kinds::KindId| BUILTIN[usize::from(id.0)].kind;
    match &link.target {
        Target::Named { kind: id, name, .. } => format!("{:?} {}/{name}", link.relation, kind(*id)),
        Target::Selector { kind: id, selector, .. } => {
            let equals = selector.equals.iter().map(|(key, value)| format!("{key}={value}"));
            let rest = selector.requirements.iter().map(|requirement| format!("{requirement:?}"));
            let parts: Vec<String> = equals.chain(rest).collect();
            format!("{:?} {}[{}]", link.relation, kind(*id), parts.join(","))
        }
    }
}

#[test]
fn every_state_has_the_cells_the_health_and_the_links_of_its_picture() {
    for (kind, objects) in documents() {
        let pictures: Vec<String> = objects.iter().map(picture).collect();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(kind, pictures.join("\n"));
        });
    }
}

#[test]
fn no_reason_holds_an_age() {
    // Reasons are kept while the clock goes on: what they say must stay true.
    for object in documents().values().flatten() {
        let mut later = object.clone();
        shift(&mut later, 86_400);
        let (now, then) = (read(object), read(&later));
        assert_eq!(now.digest.reason, then.digest.reason, "{}", now.key.name);
        assert_eq!(now.digest.health, then.digest.health, "{}", now.key.name);
    }
}

/// Moves every time of an object.
fn shift(value: &mut Value, seconds: i64) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|v| shift(v, seconds)),
        Value::Array(items) => items.iter_mut().for_each(|v| shift(v, seconds)),
        Value::String(text) => {
            if let Some(at) = Timestamp::parse(text) {
                *text = at.plus_seconds(seconds).rfc3339();
            }
        }
        _ => {}
    }
}

#[test]
fn objects_without_any_optional_field_are_read() {
    for spec in BUILTIN {
        let object = serde_json::json!({"metadata": {"name": "lone"}});
        let bytes = object.to_string();
        let record = spec.decoder.read_json(spec.id, bytes.as_bytes(), &mut Interner::default());
        let record = record.unwrap_or_else(|error| panic!("{}: {error}", spec.kind));
        for column in spec.columns {
            let _ = column.cell(&record).show(Timestamp::default());
        }
    }
}

#[test]
fn every_part_of_an_object_may_be_missing_or_absurd() {
    let absurd = [
        Value::Null,
        "\u{202e}\u{1b}[31m".into(),
        "".into(),
        i64::MIN.into(),
        u64::MAX.into(),
        "9".repeat(400).into(),
        Value::Array(Vec::new()),
        Value::Object(serde_json::Map::new()),
    ];
    for objects in documents().values() {
        for object in objects.iter().step_by(7) {
            for path in paths(object, "") {
                for value in &absurd {
                    survive(object, &path, value.clone());
                }
            }
        }
    }
}

/// Reads the object with `value` at `path`, and prints every cell.
fn survive(object: &Value, path: &str, value: Value) {
    let spec = spec(object);
    let mut broken = object.clone();
    *broken.pointer_mut(path).unwrap() = value;
    let Ok(record) = spec.decoder.read_json(spec.id, broken.to_string().as_bytes(), &mut Interner::default()) else {
        // Only an object that has lost its name may be refused.
        assert!(path.is_empty() || path.starts_with("/metadata"), "{} {path}", spec.kind);
        return;
    };
    for column in spec.columns {
        let _ = column.cell(&record).show(Timestamp::default());
    }
}

/// Every JSON pointer into `value`.
fn paths(value: &Value, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, v)| (key.replace('~', "~0").replace('/', "~1"), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in
        children.into_iter().filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind") || !prefix.is_empty())
    {
        let path = format!("{prefix}/{key}");
        found.extend(paths(child, &path));
        found.push(path);
    }
    found
}

#[test]
fn sorting_a_column_never_panics_and_is_total() {
    for objects in documents().values() {
        let records: Vec<Record> = objects.iter().map(read).collect();
        for column in spec(&objects[0]).columns {
            let mut cells: Vec<Cell> = records.iter().map(|record| column.cell(record)).collect();
            cells.sort_by(Cell::order);
            assert!(cells.is_sorted_by(|a, b| a.order(b).is_le()), "{}", column.name);
        }
    }
}
