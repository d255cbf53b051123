//! Compares what our digests say with the server's Table, cell by cell.

use super::case::{self, Case, LABEL};
use super::namespace;
use crate::control_plane::ControlPlane;
use kplumb::kinds::{BUILTIN, Column, Interner, KindSpec, Record, Width};
use kplumb::wire::{Timestamp, envelope};
use serde_json::Value;
use std::collections::BTreeMap;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// How far the clocks of server and test may be apart, in seconds.
const LEEWAY: i64 = 2;

/// Puts all cases on the server; returns every difference in words.
pub fn differences(server: &ControlPlane, spec: &KindSpec, cases: &[Case]) -> Vec<String> {
    let room = room(spec);
    namespace(server, &room);
    for case in cases {
        case.put(server, spec, &room);
    }
    let list = format!("{}?labelSelector={LABEL}%3D{}", case::collection(spec, &room), spec.plural);
    let before = case::now();
    let table = server.get(&list, TABLE).json();
    let after = case::now();
    let by_json = read_json(spec, &server.json(&list));
    let mut found = headings(spec, &table);
    if spec.decoder.has_protobuf() {
        let by_protobuf = read_protobuf(spec, &server.get(&list, PROTOBUF).body);
        found.extend(unlike(spec, &by_protobuf, &by_json));
    }
    let moments = (before.plus_seconds(-LEEWAY), after.plus_seconds(LEEWAY));
    for case in cases {
        found.extend(cells(spec, &table, by_json.get(&case.name), &case.name, moments));
    }
    found
}

/// The namespace of a kind's cases: some of them name it. Where groups have a plural in common, the later ones get a number.
fn room(spec: &KindSpec) -> String {
    let is_first = BUILTIN.iter().find(|other| other.plural == spec.plural).is_some_and(|first| first.id == spec.id);
    let number = if is_first { String::new() } else { format!("-{}", spec.id.0) };
    format!("referee-{}{number}", spec.plural)
}

type Records = BTreeMap<String, Record>;

fn read_json(spec: &KindSpec, list: &Value) -> Records {
    let items = list["items"].as_array().expect("a list");
    let read = |item: &Value| spec.decoder.read_json(spec.id, item.to_string().as_bytes(), &mut Interner::default());
    items.iter().map(|item| read(item).expect("a readable object")).map(named).collect()
}

fn read_protobuf(spec: &KindSpec, body: &[u8]) -> Records {
    let list = envelope::open(body).expect("an envelope").raw;
    let items = envelope::fields(&list).filter(|field| field.tag == 2);
    let read = |bytes| spec.decoder.read_protobuf(spec.id, bytes, &mut Interner::default());
    items.map(|item| read(item.bytes).expect("a readable object")).map(named).collect()
}

fn named(record: Record) -> (String, Record) {
    (record.key.name.to_string(), record)
}

fn unlike(spec: &KindSpec, protobuf: &Records, json: &Records) -> Vec<String> {
    let mut found = Vec::new();
    if protobuf.len() != json.len() {
        found.push(format!("{}: {} objects by protobuf, {} by JSON", spec.kind, protobuf.len(), json.len()));
    }
    for (name, record) in protobuf.iter().filter(|(name, record)| json.get(*name) != Some(record)) {
        found.push(format!("{} {name}: by protobuf {record:?}\n  by JSON {:?}", spec.kind, json.get(name)));
    }
    found
}

/// The columns that the server should have, too.
fn shared(spec: &KindSpec) -> impl Iterator<Item = &Column> {
    spec.columns.iter().filter(|column| !column.own)
}

fn headings(spec: &KindSpec, table: &Value) -> Vec<String> {
    let theirs: Vec<(String, bool)> = table["columnDefinitions"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| (column["name"].as_str().unwrap_or_default().to_uppercase(), column["priority"] != 0))
        .collect();
    let ours: Vec<(String, bool)> =
        shared(spec).map(|column| (column.name.to_string(), column.width == Width::Wide)).collect();
    let own_first = spec.columns.iter().is_sorted_by_key(|column| column.own);
    let mut found = Vec::new();
    if theirs != ours {
        found.push(format!("{}: the server has the columns {theirs:?}, we have {ours:?}", spec.kind));
    }
    if !own_first {
        found.push(format!("{}: a column of ours stands before one of the server's", spec.kind));
    }
    found
}

fn cells(
    spec: &KindSpec,
    table: &Value,
    record: Option<&Record>,
    name: &str,
    (from, until): (Timestamp, Timestamp),
) -> Vec<String> {
    let rows = table["rows"].as_array().expect("rows");
    let Some(row) = rows.iter().find(|row| row["object"]["metadata"]["name"] == name) else {
        return vec![format!("{} {name}: the server shows no row", spec.kind)];
    };
    let Some(record) = record else { return vec![format!("{} {name}: not in the list", spec.kind)] };
    let mut found = Vec::new();
    for (index, column) in shared(spec).enumerate() {
        let theirs = text(&row["cells"][index]);
        let cell = column.cell(record);
        let mut seconds = from.seconds()..=until.seconds();
        if !seconds.any(|second| cell.show(Timestamp::from_seconds(second)) == theirs) {
            let ours = cell.show(until);
            found.push(format!("{} {name} {}: the server says {theirs:?}, we say {ours:?}", spec.kind, column.name));
        }
    }
    found
}

fn text(cell: &Value) -> String {
    match cell {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
