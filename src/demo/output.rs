//! Objects, lists and watch events as bytes, in the form that was negotiated.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use crate::demo::accept::{Encoding, Format, Shape};
use crate::demo::convert;
use crate::demo::partial::metadata_of;
use crate::demo::proto::{self, schema::Schema};
use crate::demo::resources::Resource;
use crate::demo::table::{self, IncludeObject, Printer};

/// How one request sees the objects of one resource.
#[derive(Clone, Debug)]
pub struct View {
    pub resource: Resource,
    pub version: String,
    pub format: Format,
    pub include: IncludeObject,
    pub now: jiff::Timestamp,
    pub schema: Arc<Schema>,
}

/// A list's own metadata.
#[derive(Clone, Debug, Default)]
pub struct ListMeta {
    pub version: u64,
    pub next: String,
    pub remaining: Option<usize>,
}

impl View {
    /// One object, whole.
    pub fn object(&self, value: &Value) -> Vec<u8> {
        match self.format.shape {
            Shape::Whole => encode(&self.schema, self.format.encoding, &self.at_version(value)),
            Shape::Metadata => encode(&self.schema, self.format.encoding, &metadata_of(&self.at_version(value))),
            Shape::Table => to_bytes(&self.table(&[value], &own_meta(value), true)),
        }
    }

    /// A list of objects.
    pub fn list<'a>(&self, items: impl Iterator<Item = &'a Value>, meta: &ListMeta) -> Vec<u8> {
        let metadata = meta.json();
        let api_version = self.resource.api_version(&self.version);
        match self.format.shape {
            Shape::Whole => {
                let is_kept_otherwise = convert::is_needed(&self.resource.group, &self.version);
                let mut items: Vec<&Value> = items.collect();
                let converted: Vec<Value> =
                    items.iter().filter(|_| is_kept_otherwise).map(|item| self.at_version(item)).collect();
                if is_kept_otherwise {
                    items = converted.iter().collect();
                }
                let bytes = match self.format.encoding {
                    Encoding::Json => None,
                    Encoding::Protobuf => {
                        let kind = &self.resource.kind;
                        proto::list(&self.schema, &api_version, kind, &metadata, items.iter().copied())
                    }
                };
                bytes.unwrap_or_else(|| self.json_list(&items, &metadata, &api_version))
            }
            Shape::Metadata => {
                let items: Vec<Value> = items.map(metadata_of).collect();
                let kind = "PartialObjectMetadata";
                let bytes = match self.format.encoding {
                    Encoding::Json => None,
                    Encoding::Protobuf => proto::list(&self.schema, "meta.k8s.io/v1", kind, &metadata, items.iter()),
                };
                bytes.unwrap_or_else(|| {
                    to_bytes(&json!({
                        "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                        "metadata": metadata, "items": items,
                    }))
                })
            }
            Shape::Table => {
                let items: Vec<&Value> = items.collect();
                to_bytes(&self.table(&items, &metadata, true))
            }
        }
    }

    /// One watch event; `headers` asks for a table's column definitions, which only the first event has.
    pub fn event(&self, kind: &str, value: &Value, headers: bool) -> Vec<u8> {
        let object = match self.format.shape {
            Shape::Whole => self.at_version(value),
            Shape::Metadata => metadata_of(&self.at_version(value)),
            Shape::Table => self.table(&[value], &own_meta(value), headers),
        };
        frame(&self.schema, self.format.encoding, kind, &object)
    }

    fn json_list(&self, items: &[&Value], metadata: &Value, api_version: &str) -> Vec<u8> {
        let head = json!({"kind": self.resource.list_kind, "apiVersion": api_version, "metadata": metadata});
        let mut bytes = head.to_string().into_bytes();
        bytes.pop();
        bytes.extend_from_slice(b",\"items\":[");
        for (index, item) in items.iter().enumerate() {
            if index != 0 {
                bytes.push(b',');
            }
            // Writing to a Vec cannot fail.
            let _ = match item.as_object() {
                Some(map) if self.resource.custom.is_none() => serde_json::to_writer(&mut bytes, &Item(map)),
                _ => serde_json::to_writer(&mut bytes, &self.at_version(item)),
            };
        }
        bytes.extend_from_slice(b"]}\n");
        bytes
    }

    fn table(&self, items: &[&Value], metadata: &Value, headers: bool) -> Value {
        let printer = Printer::of(&self.resource, &self.version);
        let rows: Vec<Value> = items.iter().map(|item| printer.row(item, self.include, self.now)).collect();
        table::table(&printer, &rows, metadata, headers)
    }

    /// The object at the requested version: definitions without a webhook convert by name alone.
    fn at_version(&self, value: &Value) -> Value {
        let mut value = convert::converted(&self.resource.group, &self.version, value.clone());
        value["apiVersion"] = json!(self.resource.api_version(&self.version));
        value["kind"] = json!(self.resource.kind);
        value
    }
}

impl ListMeta {
    fn json(&self) -> Value {
        let mut meta = json!({"resourceVersion": self.version.to_string()});
        if !self.next.is_empty() {
            meta["continue"] = json!(self.next);
        }
        if let Some(remaining) = self.remaining {
            meta["remainingItemCount"] = json!(remaining);
        }
        meta
    }
}

/// The items of a built-in list carry neither apiVersion nor kind.
struct Item<'a>(&'a Map<String, Value>);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.0.iter().filter(|(key, _)| *key != "apiVersion" && *key != "kind") {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// An object in the plain form; what has no protobuf is JSON, which the negotiation has made sure of.
pub fn encode(schema: &Schema, encoding: Encoding, value: &Value) -> Vec<u8> {
    match encoding {
        Encoding::Json => to_bytes(value),
        Encoding::Protobuf => proto::object(schema, value).unwrap_or_else(|| to_bytes(value)),
    }
}

/// One event of a watch, framed as its encoding wants it.
pub fn frame(schema: &Schema, encoding: Encoding, kind: &str, object: &Value) -> Vec<u8> {
    let json = || to_bytes(&json!({"type": kind, "object": object}));
    match encoding {
        Encoding::Json => json(),
        Encoding::Protobuf => proto::frame(schema, kind, object).unwrap_or_else(json),
    }
}

/// JSON with the line feed that the API server ends every document with.
pub fn to_bytes(value: &Value) -> Vec<u8> {
    let mut bytes = value.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

fn own_meta(value: &Value) -> Value {
    json!({"resourceVersion": value["metadata"]["resourceVersion"]})
}
