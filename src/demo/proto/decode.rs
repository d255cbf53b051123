//! The way back, for the little that clients post: access reviews, as kubectl sends them.

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
        let Some(value) = value(schema, field, &raw) else { continue };
        match field.repeat {
            Repeat::List => match found.get_mut(&field.name).and_then(Value::as_array_mut) {
                Some(list) => list.push(value),
                None => _ = found.insert(field.name.clone(), json!([value])),
            },
            Repeat::Always | Repeat::Optional => _ = found.insert(field.name.clone(), value),
            // No review that is answered here reads a map.
            Repeat::Map => {}
        }
    }
    Some(Value::Object(found))
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<(u32, Raw<'a>)> {
    let key = varint(rest)?;
    let raw = match key & 7 {
        0 => Raw::Number(varint(rest)?),
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
        (Type::String, Raw::Bytes(bytes)) => Some(json!(String::from_utf8_lossy(bytes))),
        (Type::Message(id), Raw::Bytes(bytes)) => message(schema, id, bytes),
        _ => None,
    }
}
