//! The way back, for what clients post in protobuf: access reviews, evictions and objects, as kubectl sends them.
//! Go writes the zero of every field that is not a pointer, and JSON would leave most of them out; so they are dropped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::demo::proto::schema::{Field, MessageId, Repeat, Schema, Type};
use crate::wire::envelope::{self, varint};

/// Reads a posted body; `None` if it is of no known kind or broken.
pub fn object(schema: &Schema, body: &[u8]) -> Option<Value> {
    let opened = envelope::open(body).ok()?;
    let identity = opened.type_meta?;
    let id = schema.kind(&identity.api_version, &identity.kind)?;
    let mut value = message(schema, id, &opened.raw)?;
    value["apiVersion"] = json!(identity.api_version);
    value["kind"] = json!(identity.kind);
    Some(value)
}

/// What a field's bytes are on the wire.
enum Raw<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn message(schema: &Schema, id: MessageId, bytes: &[u8]) -> Option<Value> {
    let mut found = Map::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (number, raw) = next(&mut rest)?;
        let Some(field) = schema.fields(id).iter().find(|field| field.number == number) else { continue };
        if let (Repeat::Map, Raw::Bytes(bytes)) = (field.repeat, &raw) {
            let (key, value) = entry(schema, field, bytes)?;
            let map = found.entry(field.name.clone()).or_insert_with(|| json!({}));
            map[key] = value;
            continue;
        }
        let Some(value) = value(schema, field, &raw) else { continue };
        if let (true, Value::Object(inner)) = (field.inline, &value) {
            found.extend(inner.clone());
            continue;
        }
        match field.repeat {
            Repeat::Always if is_zero(&value) => {}
            Repeat::List => match found.get_mut(&field.name).and_then(Value::as_array_mut) {
                Some(list) => list.push(value),
                None => _ = found.insert(field.name.clone(), json!([value])),
            },
            Repeat::Always | Repeat::Optional => _ = found.insert(field.name.clone(), value),
            Repeat::Map => {}
        }
    }
    Some(Value::Object(found))
}

/// Key and value of a map's entry.
fn entry(schema: &Schema, field: &Field, bytes: &[u8]) -> Option<(String, Value)> {
    let (mut key, mut found, mut rest) = (String::new(), Value::Null, bytes);
    while !rest.is_empty() {
        match next(&mut rest)? {
            (1, Raw::Bytes(bytes)) => key = String::from_utf8_lossy(bytes).into_owned(),
            (2, raw) => found = value(schema, field, &raw)?,
            _ => {}
        }
    }
    Some((key, found))
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    }
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<(u32, Raw<'a>)> {
    let key = varint(rest)?;
    let raw = match key & 7 {
        0 => Raw::Number(varint(rest)?),
        1 => {
            let (bytes, after) = rest.split_first_chunk::<8>()?;
            *rest = after;
            Raw::Number(u64::from_le_bytes(*bytes))
        }
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Raw::Bytes(bytes)
        }
        _ => return None,
    };
    Some((u32::try_from(key >> 3).ok()?, raw))
}

fn value(schema: &Schema, field: &Field, raw: &Raw) -> Option<Value> {
    match (field.of, raw) {
        (Type::Int, Raw::Number(number)) => Some(json!(*number as i64)),
        (Type::Bool, Raw::Number(number)) => Some(json!(*number != 0)),
        (Type::Double, Raw::Number(number)) => Some(json!(f64::from_bits(*number))),
        (Type::String, Raw::Bytes(bytes)) => Some(json!(String::from_utf8_lossy(bytes))),
        (Type::Bytes, Raw::Bytes(bytes)) => Some(json!(STANDARD.encode(bytes))),
        (Type::Message(id), Raw::Bytes(bytes)) => message(schema, id, bytes),
        (Type::Time | Type::MicroTime, Raw::Bytes(bytes)) => Some(time(bytes)),
        (Type::Quantity, Raw::Bytes(bytes)) => Some(part(bytes, 1).map_or(Value::Null, |raw| text(&raw))),
        (Type::IntOrString, Raw::Bytes(bytes)) => int_or_string(bytes),
        (Type::Raw, Raw::Bytes(bytes)) => part(bytes, 1)
            .and_then(|raw| if let Raw::Bytes(json) = raw { serde_json::from_slice(json).ok() } else { None }),
        _ => None,
    }
}

fn part(bytes: &[u8], number: u32) -> Option<Raw<'_>> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (found, raw) = next(&mut rest)?;
        if found == number {
            return Some(raw);
        }
    }
    None
}

fn text(raw: &Raw) -> Value {
    match raw {
        Raw::Bytes(bytes) => json!(String::from_utf8_lossy(bytes)),
        Raw::Number(number) => json!(number),
    }
}

/// Seconds and nanoseconds; no time at all where both are missing.
fn time(bytes: &[u8]) -> Value {
    let number = |at: u32| match part(bytes, at) {
        Some(Raw::Number(number)) => Some(number as i64),
        _ => None,
    };
    let at = number(1)
        .and_then(|seconds| jiff::Timestamp::new(seconds, i32::try_from(number(2).unwrap_or(0)).unwrap_or(0)).ok());
    at.map_or(Value::Null, |at| json!(at.to_string()))
}

fn int_or_string(bytes: &[u8]) -> Option<Value> {
    let is_text = matches!(part(bytes, 1), Some(Raw::Number(1)));
    match (is_text, part(bytes, 2), part(bytes, 3)) {
        (true, _, Some(raw @ Raw::Bytes(_))) => Some(text(&raw)),
        (false, Some(Raw::Number(number)), _) => Some(json!(number as i64)),
        (false, None, _) => Some(json!(0)),
        _ => None,
    }
}
