//! The server's Table: column definitions and cells as `kubectl get` prints them.

mod printer;
mod rule;

use serde_json::{Value, json};

use crate::demo::partial::metadata_of;

pub use crate::demo::table::printer::Printer;

/// What a row carries of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeObject {
    Object,
    Metadata,
    None,
}

impl IncludeObject {
    /// Reads the query parameter; unknown values are the caller's mistake.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "Object" => Ok(Self::Object),
            "None" => Ok(Self::None),
            other => Err(format!("unrecognized includeObject value: {other:?}")),
        }
    }
}

/// One column definition; cells follow it by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: String,
    pub format: String,
    pub description: String,
    pub priority: i64,
}

impl Column {
    fn json(&self) -> Value {
        json!({
            "name": self.name, "type": self.kind, "format": self.format,
            "description": self.description, "priority": self.priority,
        })
    }
}

/// A table of rows; without `headers` its column definitions are left out.
pub fn table(printer: &Printer, rows: &[Value], metadata: &Value, headers: bool) -> Value {
    let columns: Value = if headers { printer.columns().map(Column::json).collect() } else { Value::Null };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": columns, "rows": rows,
    })
}

impl Printer {
    /// One row: cells, and as much of the object as was asked for.
    pub fn row(&self, item: &Value, include: IncludeObject, now: jiff::Timestamp) -> Value {
        let mut row = json!({"cells": self.cells(item, now)});
        if let Some(conditions) = completed(item) {
            row["conditions"] = conditions;
        }
        match include {
            IncludeObject::None => {}
            IncludeObject::Metadata => row["object"] = metadata_of(item),
            IncludeObject::Object => row["object"] = item.clone(),
        }
        row
    }
}

/// Finished pods are marked, so that clients may hide them.
fn completed(item: &Value) -> Option<Value> {
    if item["kind"] != "Pod" || item["apiVersion"] != "v1" {
        return None;
    }
    let (reason, message) = match item["status"]["phase"].as_str()? {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!([{"type": "Completed", "status": "True", "reason": reason, "message": message}]))
}
