//! Any custom resource: columns from its printer columns, health from `status.conditions`.

pub mod definition;
pub mod health;
pub mod path;
pub mod table;

use self::path::Path;
use crate::kinds::age::age;
use crate::kinds::{Cell, Digest, Facts, Interner, KindId, Meta, ObjectRef, Record, Unreadable};
use crate::wire::Timestamp;
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// How objects of a custom kind are read: the cells of its columns, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomKind {
    cells: Vec<Source>,
}

/// Where one cell comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The path; none where it could not be understood, so that the cell stays empty.
    pub path: Option<Path>,
    /// What the definition says is found there.
    pub shape: Shape,
}

/// The type of a printer column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Printed as it is.
    Text,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An instant, shown as an age.
    Date,
}

impl CustomKind {
    /// A kind whose cells come from these places.
    pub fn new(cells: Vec<Source>) -> Self {
        Self { cells }
    }

    /// Reads one object.
    pub fn read(&self, kind: KindId, bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
        let broken = |error: serde_json::Error| Unreadable { key: None, why: error.to_string() };
        let object: Value = serde_json::from_slice(bytes).map_err(broken)?;
        let metadata = metadata(&object).ok_or_else(|| Unreadable { key: None, why: "it has no name".to_owned() })?;
        let meta = Meta::of(&metadata, |_| false, interner);
        let (health, reason) = health::health(&object, &meta);
        let cells = self.cells.iter().map(|source| source.cell(&object, interner)).collect();
        let digest = Digest { health, reason, cells, links: Arc::default(), facts: Facts::None };
        Ok(Record { key: key(kind, &metadata, interner), meta, digest })
    }
}

/// The metadata of any object that has a name; the parts of a wrong type are left out.
fn metadata(object: &Value) -> Option<ObjectMeta> {
    let mut value = object.get("metadata")?.clone();
    crate::wire::nulls::drop_nulls(&mut value);
    let whole = ObjectMeta::deserialize(&value).ok().or_else(|| {
        let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or("").to_owned();
        let (name, namespace, uid) = (text("name"), text("namespace"), text("uid"));
        Some(ObjectMeta { name, namespace, uid, resource_version: text("resourceVersion"), ..ObjectMeta::default() })
    });
    whole.filter(|metadata| !metadata.name.is_empty())
}

fn key(kind: KindId, metadata: &ObjectMeta, interner: &mut Interner) -> ObjectRef {
    let name = Arc::from(metadata.name.as_str());
    ObjectRef { kind, namespace: interner.non_empty(&metadata.namespace), name }
}

impl Source {
    fn cell(&self, object: &Value, interner: &mut Interner) -> Cell {
        let Some(value) = self.path.as_ref().and_then(|path| path.first(object)) else { return Cell::Empty };
        match (self.shape, value) {
            (Shape::Text, value) => Cell::Text(interner.intern(&printed(value))),
            (Shape::Integer, Value::Number(n)) => {
                n.as_i64().or_else(|| n.as_f64().map(|f| f as i64)).map_or(Cell::Empty, Cell::Int)
            }
            (Shape::Number, Value::Number(n)) => match n.as_i64() {
                Some(whole) => Cell::Int(whole),
                None => Cell::text(n.to_string()),
            },
            (Shape::Boolean, Value::Bool(b)) => Cell::Text(interner.intern(&b.to_string())),
            (Shape::Date, Value::String(text)) if text.is_empty() || text == "null" => {
                Cell::Text(interner.intern(&age(Timestamp::default(), None)))
            }
            (Shape::Date, Value::String(text)) => {
                Timestamp::parse(text).map_or_else(|| Cell::Text(interner.intern("<invalid>")), Cell::Time)
            }
            _ => Cell::Empty,
        }
    }
}

/// A value as the server prints it in a column of words: lists and maps as JSON, with Go's escapes.
fn printed(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => {
            value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
