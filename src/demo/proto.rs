//! Objects as the protobuf of the real API server: JSON walked along the schema of the Go types, byte for
//! byte as Go writes it. Custom resources have no schema and so no protobuf.

pub mod decode;
pub mod schema;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::demo::proto::schema::{Field, MessageId, Repeat, Schema, Type};
use crate::wire::envelope::MAGIC;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const BYTES: u32 = 2;

/// The body of one object, envelope included; `None` where the kind has no protobuf.
pub fn object(schema: &Schema, value: &Value) -> Option<Vec<u8>> {
    let (api_version, kind) = identity(value);
    let id = schema.kind(api_version, kind)?;
    Some(envelope(api_version, kind, &message(schema, id, value)))
}

/// The body of a list of one kind; `metadata` is the list's own.
pub fn list<'a>(
    schema: &Schema,
    api_version: &str,
    kind: &str,
    metadata: &Value,
    items: impl Iterator<Item = &'a Value>,
) -> Option<Vec<u8>> {
    let id = schema.kind(api_version, kind)?;
    let mut raw = Vec::new();
    length_delimited(1, &message(schema, schema.list_meta(), metadata), &mut raw);
    for item in items {
        length_delimited(2, &message(schema, id, item), &mut raw);
    }
    Some(envelope(api_version, &format!("{kind}List"), &raw))
}

/// A frame of a watch: length, then the event.
pub fn frame(schema: &Schema, kind: &str, value: &Value) -> Option<Vec<u8>> {
    let object = object(schema, value)?;
    let mut extension = Vec::new();
    length_delimited(1, &object, &mut extension);
    let mut event = Vec::new();
    length_delimited(1, kind.as_bytes(), &mut event);
    length_delimited(2, &extension, &mut event);
    let mut frame = u32::try_from(event.len()).ok()?.to_be_bytes().to_vec();
    frame.extend(event);
    Some(frame)
}

fn identity(value: &Value) -> (&str, &str) {
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    (text("apiVersion"), text("kind"))
}

/// `runtime.Unknown` behind the magic bytes; Go writes its two empty strings, too.
fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let mut type_meta = Vec::new();
    length_delimited(1, api_version.as_bytes(), &mut type_meta);
    length_delimited(2, kind.as_bytes(), &mut type_meta);
    let mut body = MAGIC.to_vec();
    length_delimited(1, &type_meta, &mut body);
    length_delimited(2, raw, &mut body);
    length_delimited(3, b"", &mut body);
    length_delimited(4, b"", &mut body);
    body
}

fn message(schema: &Schema, id: MessageId, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    for field in schema.fields(id) {
        let value = if field.inline { value } else { &value[field.name.as_str()] };
        match (field.repeat, value) {
            (Repeat::Optional, Value::Null) => {}
            (Repeat::Always | Repeat::Optional, value) => one(schema, field, value, &mut out),
            (Repeat::List, Value::Array(items)) => items.iter().for_each(|item| one(schema, field, item, &mut out)),
            (Repeat::Map, Value::Object(entries)) => map(schema, field, entries, &mut out),
            (Repeat::List | Repeat::Map, _) => {}
        }
    }
    out
}

fn map(schema: &Schema, field: &Field, entries: &Map<String, Value>, out: &mut Vec<u8>) {
    for (key, value) in entries {
        let mut entry = Vec::new();
        length_delimited(1, key.as_bytes(), &mut entry);
        let of_value = Field { number: 2, name: String::new(), inline: false, repeat: Repeat::Always, of: field.of };
        one(schema, &of_value, value, &mut entry);
        length_delimited(field.number, &entry, out);
    }
}

fn one(schema: &Schema, field: &Field, value: &Value, out: &mut Vec<u8>) {
    let text = || value.as_str().unwrap_or_default();
    let number = field.number;
    match field.of {
        Type::Int => int(number, value.as_i64().unwrap_or(0), out),
        Type::Bool => int(number, i64::from(value.as_bool().unwrap_or(false)), out),
        Type::Double => {
            key(number, FIXED64, out);
            out.extend(value.as_f64().unwrap_or(0.0).to_le_bytes());
        }
        Type::String => length_delimited(number, text().as_bytes(), out),
        Type::Bytes => length_delimited(number, &STANDARD.decode(text()).unwrap_or_default(), out),
        Type::Message(id) => length_delimited(number, &message(schema, id, value), out),
        Type::Time => length_delimited(number, &time(text(), 1_000_000_000), out),
        Type::MicroTime => length_delimited(number, &time(text(), 1_000), out),
        Type::Quantity => length_delimited(number, &quantity(value), out),
        Type::IntOrString => length_delimited(number, &int_or_string(value), out),
        Type::Raw => length_delimited(number, &raw(value), out),
        Type::Items => length_delimited(number, &strings(1, value), out),
        Type::Duration => length_delimited(number, &nested(|out| int(1, value.as_i64().unwrap_or(0), out)), out),
        Type::SchemaOrArray | Type::SchemaOrBool | Type::SchemaOrStrings => {
            length_delimited(number, &schema_or(schema, field.of, value), out);
        }
    }
}

/// `Timestamp`: seconds and nanos, rounded down to `step`; nothing for no time.
fn time(text: &str, step: i32) -> Vec<u8> {
    let Ok(at) = text.parse::<jiff::Timestamp>() else { return Vec::new() };
    let nanos = at.subsec_nanosecond();
    nested(|out| {
        int(1, at.as_second(), out);
        int(2, i64::from(nanos - nanos % step), out);
    })
}

fn quantity(value: &Value) -> Vec<u8> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => "0".to_owned(),
    };
    nested(|out| length_delimited(1, text.as_bytes(), out))
}

fn int_or_string(value: &Value) -> Vec<u8> {
    nested(|out| {
        int(1, i64::from(value.is_string()), out);
        int(2, value.as_i64().unwrap_or(0), out);
        length_delimited(3, value.as_str().unwrap_or_default().as_bytes(), out);
    })
}

/// `RawExtension`, `FieldsV1` and `JSON`: the JSON text itself.
fn raw(value: &Value) -> Vec<u8> {
    if value.is_null() {
        return Vec::new();
    }
    nested(|out| length_delimited(1, value.to_string().as_bytes(), out))
}

fn strings(number: u32, value: &Value) -> Vec<u8> {
    nested(|out| {
        for text in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
            length_delimited(number, text.as_bytes(), out);
        }
    })
}

/// The three unions of JSON schema: one schema, or something simpler.
fn schema_or(schema: &Schema, of: Type, value: &Value) -> Vec<u8> {
    let props = |value: &Value| message(schema, schema.json_schema(), value);
    nested(|out| match (of, value) {
        (Type::SchemaOrBool, Value::Bool(allows)) => int(1, i64::from(*allows), out),
        (Type::SchemaOrBool, value) => {
            int(1, 1, out);
            length_delimited(2, &props(value), out);
        }
        (Type::SchemaOrStrings, Value::Array(_)) => out.extend(strings(2, value)),
        (_, Value::Array(items)) => items.iter().for_each(|item| length_delimited(2, &props(item), out)),
        (_, value) => length_delimited(1, &props(value), out),
    })
}

fn nested(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

fn int(number: u32, value: i64, out: &mut Vec<u8>) {
    key(number, VARINT, out);
    varint(value as u64, out);
}

fn length_delimited(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    key(number, BYTES, out);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn key(number: u32, wire_type: u32, out: &mut Vec<u8>) {
    varint(u64::from(number << 3 | wire_type), out);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while 0x80 <= value {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests;
