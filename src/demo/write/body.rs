//! What clients send: bodies by their media type, and whether an object says what its kind can hold.

use http::{Request, header};
use serde_json::Value;

use crate::demo::accept::{JSON, PROTOBUF};
use crate::demo::proto::decode;
use crate::demo::proto::schema::{Schema, Type};
use crate::demo::status::Failure;
use crate::demo::write::shape::Place;

pub const JSON_PATCH: &str = "application/json-patch+json";
pub const MERGE_PATCH: &str = "application/merge-patch+json";
pub const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
pub const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// The media type of a request's body, without parameters.
pub fn media_type<B>(request: &Request<B>) -> &str {
    let text = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim()
}

/// Reads an object.
pub fn object(schema: &Schema, media_type: &str, body: &[u8]) -> Result<Value, Failure> {
    let unreadable = |why: String| Failure::bad_request(format!("the object provided is unrecognized: {why}"));
    match media_type {
        PROTOBUF => decode::object(schema, body).ok_or_else(|| unreadable("it is no protobuf of a known kind".into())),
        "application/yaml" => yaml(body).map_err(unreadable),
        JSON | "" => serde_json::from_slice(body).map_err(|error| unreadable(error.to_string())),
        _ => Err(Failure::unsupported(&[JSON, "application/yaml", PROTOBUF])),
    }
}

/// Reads YAML, of which JSON is a part.
pub fn yaml(body: &[u8]) -> Result<Value, String> {
    match serde_json::from_slice(body) {
        Ok(value) => Ok(value),
        Err(_) => serde_saphyr::from_slice(body).map_err(|error| error.to_string()),
    }
}

/// What is wrong with the fields of an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Fields that the kind does not have, which were removed: `unknown field "spec.foo"`.
    pub unknown: Vec<String>,
    /// A value of a type that its field cannot hold; the object is unusable.
    pub wrong: Option<String>,
}

/// Removes what the kind does not have, and nulls, which say nothing.
pub fn judge(place: Place, object: &mut Value) -> Judged {
    let mut judged = Judged::default();
    if place.is_typed() {
        walk(place, object, "", &mut judged);
    }
    judged
}

fn walk(place: Place, value: &mut Value, path: &str, judged: &mut Judged) {
    match value {
        Value::Object(map) if place.leaf().is_none() => {
            map.retain(|_, value| !value.is_null());
            let names: Vec<String> = map.keys().cloned().collect();
            for name in names {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match (place.field(&name), map.get_mut(&name)) {
                    (Some(place), Some(value)) => walk(place, value, &inner, judged),
                    _ => {
                        map.remove(&name);
                        judged.unknown.push(format!("unknown field {inner:?}"));
                    }
                }
            }
        }
        Value::Array(items) if place.is_list() == Some(true) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(place.item(), item, &format!("{path}[{index}]"), judged);
            }
        }
        value => {
            let wanted = place.leaf().map_or(Some("object"), |of| wrong_for(of, value));
            if let Some(wanted) = wanted.filter(|_| judged.wrong.is_none()) {
                judged.wrong = Some(format!(
                    "json: cannot unmarshal {} into Go struct field {path} of type {wanted}",
                    go_type(value)
                ));
            }
        }
    }
}

/// The type that a field wants, if the value is of another.
fn wrong_for(of: Type, value: &Value) -> Option<&'static str> {
    let (fits, wanted) = match of {
        Type::Int | Type::Duration => (value.is_i64() || value.is_u64(), "int32"),
        Type::Bool => (value.is_boolean(), "bool"),
        Type::Double => (value.is_number(), "float64"),
        Type::String | Type::Bytes | Type::Time | Type::MicroTime => (value.is_string(), "string"),
        Type::Quantity | Type::IntOrString => (value.is_string() || value.is_number(), "string"),
        _ => (true, ""),
    };
    (!fits).then_some(wanted)
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_fields_are_named_with_their_paths_and_removed() {
        let schema = Schema::embedded();
        let place = Place::root(&schema, "apps/v1", "Deployment");
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labels": {"any": "thing"}},
            "spec": {"replica": 1, "paused": null, "template": {"spec": {"containers": [{"name": "a", "imagee": "b"}]}}},
        });
        let judged = judge(place, &mut object);
        let unknown = ["unknown field \"spec.replica\"", "unknown field \"spec.template.spec.containers[0].imagee\""];
        assert_eq!(judged.unknown, unknown);
        assert_eq!(object["spec"], json!({"template": {"spec": {"containers": [{"name": "a"}]}}}));
        let mut wrong = json!({"spec": {"replicas": "two"}});
        let text = "json: cannot unmarshal string into Go struct field spec.replicas of type int32";
        assert_eq!(super::judge(place, &mut wrong).wrong.as_deref(), Some(text));
    }
}
