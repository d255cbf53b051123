//! From a `CustomResourceDefinition` to the columns of its kind, version by version.

use crate::kinds::Column;
use crate::kinds::custom::path::parse::parse;
use crate::kinds::custom::{CustomKind, Shape, Source};
use serde::Deserialize;
use std::borrow::Cow;

/// The columns of one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Its name.
    pub name: String,
    /// Its columns, as the server's table has them.
    pub columns: Vec<Column>,
    /// Where their cells come from.
    pub kind: CustomKind,
}

#[derive(Deserialize)]
struct Definition {
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    versions: Vec<WireVersion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireVersion {
    name: String,
    #[serde(default)]
    additional_printer_columns: Option<Vec<WireColumn>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireColumn {
    name: String,
    r#type: String,
    json_path: String,
    priority: i64,
}

/// How many columns a table may have.
const MOST: usize = 200;

/// Every version of a definition's JSON; `None` when it is no definition.
pub fn versions(definition: &[u8]) -> Option<Vec<Version>> {
    let definition: Definition = serde_json::from_slice(definition).ok()?;
    Some(definition.spec.versions.into_iter().map(Version::of).collect())
}

impl Version {
    fn of(wire: WireVersion) -> Self {
        let mut columns = vec![Column::NAME];
        let mut cells = Vec::new();
        let listed = wire.additional_printer_columns.unwrap_or_default();
        for wire in listed.iter().take(MOST) {
            columns.push(wire.column(cells.len()));
            cells.push(wire.source());
        }
        if listed.is_empty() {
            columns.push(Column::AGE);
        }
        Self { name: wire.name, columns, kind: CustomKind::new(cells) }
    }
}

impl WireColumn {
    fn column(&self, index: usize) -> Column {
        let index = u8::try_from(index).unwrap_or(u8::MAX);
        let mut column = match self.shape() {
            _ if self.json_path == ".metadata.creationTimestamp" => Column::AGE,
            Shape::Text | Shape::Boolean => Column::text("", index),
            Shape::Integer | Shape::Number | Shape::Date => Column::number("", index),
        };
        column.name = Cow::Owned(self.name.to_uppercase());
        match self.priority {
            0 if index < 3 => column.narrow(),
            0 => column,
            _ => column.wide(),
        }
    }

    fn source(&self) -> Source {
        Source { path: parse(&self.json_path), shape: self.shape() }
    }

    fn shape(&self) -> Shape {
        match self.r#type.as_str() {
            "integer" => Shape::Integer,
            "number" => Shape::Number,
            "boolean" => Shape::Boolean,
            "date" => Shape::Date,
            _ => Shape::Text,
        }
    }
}
