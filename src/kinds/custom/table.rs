//! Kinds that kplumb knows nothing of, through the table that the server prints of them (`meta.k8s.io/v1 Table`).

use crate::kinds::custom::{health, key, metadata};
use crate::kinds::{Cell, Column, Digest, Facts, Interner, KindId, Meta, Record};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

/// The server's columns and rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; one whose object has no name is left out.
    pub records: Vec<Record>,
    /// The version that a watch may start from.
    pub resource_version: String,
    /// Token for the next page; empty at the end.
    pub r#continue: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    metadata: crate::wire::envelope::ListMeta,
    #[serde(default)]
    column_definitions: Vec<WireColumn>,
    rows: Option<Vec<Row>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireColumn {
    name: String,
    r#type: String,
    format: String,
    priority: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row {
    cells: Vec<Value>,
    object: Value,
}

/// Reads a table; `None` when it is none.
pub fn read(kind: KindId, body: &[u8], interner: &mut Interner) -> Option<Table> {
    let wire: Wire = serde_json::from_slice(body).ok()?;
    let columns = wire.column_definitions.iter().enumerate().map(|(index, wire)| wire.column(index)).collect();
    let rows = wire.rows.unwrap_or_default();
    let records = rows.iter().filter_map(|row| row.record(kind, interner)).collect();
    Some(Table {
        columns,
        records,
        resource_version: wire.metadata.resource_version,
        r#continue: wire.metadata.r#continue,
    })
}

impl WireColumn {
    /// Name and age are taken from the object, so that the age goes on.
    fn column(&self, index: usize) -> Column {
        let index = u8::try_from(index).unwrap_or(u8::MAX);
        let mut column = match (self.name.as_str(), self.r#type.as_str()) {
            ("Name", _) if self.format == "name" => Column::NAME,
            ("Age", _) => Column::AGE,
            (_, "integer" | "number") => Column::number("", index),
            _ => Column::text("", index),
        };
        column.name = Cow::Owned(self.name.to_uppercase());
        match self.priority {
            0 if index < 4 => column.narrow(),
            0 => column,
            _ => column.wide(),
        }
    }
}

impl Row {
    fn record(&self, kind: KindId, interner: &mut Interner) -> Option<Record> {
        let metadata = metadata(&self.object)?;
        let meta = Meta::of(&metadata, |_| false, interner);
        let (health, reason) = health::health(&self.object, &meta);
        let cells = self.cells.iter().map(|value| cell(value, interner)).collect();
        let digest = Digest { health, reason, cells, links: Box::default(), facts: Facts::None };
        Some(Record { key: key(kind, &metadata, interner), meta, digest })
    }
}

fn cell(value: &Value, interner: &mut Interner) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::String(text) => interner.non_empty(text).map_or(Cell::Empty, Cell::Text),
        Value::Number(number) => number.as_i64().map_or_else(|| Cell::text(number.to_string()), Cell::Int),
        other => Cell::text(other.to_string()),
    }
}
