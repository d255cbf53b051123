//! Kinds that kplumb knows nothing of, through the table that the server prints of them (`meta.k8s.io/v1 Table`): its
//! columns, its rows one by one, and the single row of a watch event.

use crate::kinds::custom::{CustomKind, health, key, metadata};
use crate::kinds::{Cell, Column, Digest, Facts, Interner, KindId, Meta, Record, Unreadable};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    kind: String,
    #[serde(default)]
    column_definitions: Option<Vec<WireColumn>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireColumn {
    name: String,
    r#type: String,
    format: String,
    priority: i64,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    rows: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Row {
    cells: Vec<Value>,
    #[serde(default)]
    object: Value,
}

/// The columns of a table; none where the answer is no table, as from an aggregated API that need not know them.
pub fn columns(body: &[u8]) -> Option<Vec<Column>> {
    let head: Head = serde_json::from_slice(body).ok()?;
    let columns = head.column_definitions.filter(|_| head.kind == "Table")?;
    Some(columns.iter().enumerate().map(|(index, wire)| wire.column(index)).collect())
}

/// The row of a watch event, whose object is a table of its own; anything else is left as it is.
pub fn row(object: &[u8]) -> &[u8] {
    let event: Option<Event> = serde_json::from_slice(object).ok();
    event.and_then(|event| event.rows?.first().copied()).map_or(object, |row| row.get().as_bytes())
}

/// Reads one row; a whole object, where the server knows no tables, is told by its name and conditions.
pub fn read(kind: KindId, bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
    let Ok(row) = serde_json::from_slice::<Row>(bytes) else {
        return CustomKind::default().read(kind, bytes, interner);
    };
    row.record(kind, interner).ok_or_else(|| Unreadable { key: None, why: "it has no name".to_owned() })
}

impl WireColumn {
    /// Name and age are taken from the object, so that the age goes on.
    fn column(&self, index: usize) -> Column {
        let index = u8::try_from(index).unwrap_or(u8::MAX);
        let mut column = match (self.name.as_str(), self.r#type.as_str()) {
            ("Name", _) if self.format == "name" => Column::NAME,
            ("Age", _) | ("Created At", "date") => return Column::AGE,
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
        let digest = Digest { health, reason, cells, links: Arc::default(), facts: Facts::None };
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
