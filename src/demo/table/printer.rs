//! Who knows the columns of a resource: its definition for custom resources, else the server's own list.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::resources::Resource;
use crate::demo::table::{Column, duration, jsonpath};

const NAME_HELP: &str = "Name must be unique within a namespace. Is required when creating resources, although some \
    resources may allow a client to request the generation of an appropriate name automatically.";

/// Prints the objects of one resource at one version.
#[derive(Debug)]
pub struct Printer {
    columns: Vec<Printed>,
}

#[derive(Debug)]
struct Printed {
    column: Column,
    path: String,
}

impl Printer {
    pub fn of(resource: &Resource, version: &str) -> Self {
        let mut columns = vec![printed("Name", "string", "name", NAME_HELP, 0, ".metadata.name")];
        match resource.custom.as_ref().and_then(|custom| custom.versions.get(version)) {
            Some(definition) => columns.extend(declared(definition)),
            None => columns.push(printed("Created At", "date", "", "", 0, ".metadata.creationTimestamp")),
        }
        Self { columns }
    }

    pub fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(|printed| printed.column.clone()).collect()
    }

    pub fn cells(&self, item: &Value, now: Timestamp) -> Vec<Value> {
        self.columns.iter().map(|printed| cell(printed, item, now)).collect()
    }
}

fn printed(name: &str, kind: &str, format: &str, description: &str, priority: i64, path: &str) -> Printed {
    let [name, kind, format, description] = [name, kind, format, description].map(str::to_owned);
    Printed { column: Column { name, kind, format, description, priority }, path: path.to_owned() }
}

fn declared(definition: &Value) -> Vec<Printed> {
    let Some(columns) = definition["additionalPrinterColumns"].as_array().filter(|columns| !columns.is_empty()) else {
        return vec![printed("Age", "date", "", "", 0, ".metadata.creationTimestamp")];
    };
    let text = |column: &Value, name: &str| column[name].as_str().unwrap_or_default().to_owned();
    columns
        .iter()
        .map(|column| {
            let description = text(column, "description");
            let path = text(column, "jsonPath");
            let help = if description.is_empty() {
                format!("Custom resource definition column (in JSONPath format): {path}")
            } else {
                description
            };
            let (name, kind, format) = (text(column, "name"), text(column, "type"), text(column, "format"));
            printed(&name, &kind, &format, &help, column["priority"].as_i64().unwrap_or(0), &path)
        })
        .collect()
}

fn cell(printed: &Printed, item: &Value, now: Timestamp) -> Value {
    let found = jsonpath::find(&printed.path, item);
    let Some(first) = found.first() else { return Value::Null };
    match printed.column.kind.as_str() {
        "string" => json!(found.iter().map(|value| plain(value)).collect::<Vec<_>>().join(",")),
        "date" => match first.as_str() {
            Some(text) if printed.column.name == "Created At" => json!(text),
            text => json!(duration::parse(text).map_or("<invalid>".to_owned(), |at| duration::age(Some(at), now))),
        },
        "integer" => first.as_i64().or_else(|| Some(first.as_f64()? as i64)).map_or(Value::Null, Value::from),
        "number" | "boolean" => (*first).clone(),
        _ => Value::Null,
    }
}

/// A value as Go prints it into a string column.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
