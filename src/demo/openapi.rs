//! `OpenAPI` as far as clients need it: `/openapi/v3` with one document per group and version, whose schemas are those of
//! the protobuf table and of the definitions, and `/openapi/v2` for clients that know no other.

mod words;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::demo::discovery;
use crate::demo::proto::schema::{Field, MessageId, Repeat, Schema, Type};
use crate::demo::resources::{Registry, Resource};

/// `/openapi/v3`: where the documents are.
pub fn index(registry: &Registry) -> Value {
    let mut paths = Map::new();
    for (group, versions) in discovery::groups(registry) {
        for version in versions {
            let path = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
            let url = format!("/openapi/v3/{path}?hash={}", crate::demo::store::uid(&path));
            paths.insert(path, json!({"serverRelativeURL": url}));
        }
    }
    json!({"paths": paths})
}

/// The document of one group and version; `None` if it is not served.
pub fn document(registry: &Registry, schema: &Schema, group: &str, version: &str) -> Option<Value> {
    let served = discovery::groups(registry);
    served.iter().find(|(name, versions)| name == group && versions.iter().any(|known| known == version))?;
    let mut schemas = Map::new();
    let mut paths = Map::new();
    let mut wanted = BTreeSet::new();
    let mut resources: Vec<&Resource> = registry.resources.iter().filter(|resource| resource.group == group).collect();
    resources.retain(|resource| resource.versions.iter().any(|known| known == version));
    for resource in resources {
        let name = schema_name(resource, version);
        let mut body = match (schema.kind(&resource.api_version(version), &resource.kind), &resource.custom) {
            (Some(id), _) => {
                wanted.insert(id);
                message(schema, id, &mut wanted)
            }
            (None, Some(custom)) => custom_schema(custom.versions.get(version), schema, &mut wanted),
            (None, None) => json!({"type": "object"}),
        };
        let group_kind = json!({"group": group, "version": version, "kind": resource.kind});
        body["x-kubernetes-group-version-kind"] = json!([group_kind]);
        for (field, help) in [("apiVersion", "the version of the API"), ("kind", "the kind of the object")] {
            body["properties"][field] = json!({"type": "string", "description": help});
        }
        schemas.insert(name.clone(), body);
        describe_paths(&mut paths, resource, version, &name, &group_kind);
    }
    add_messages(schema, wanted, &mut schemas);
    Some(json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": paths, "components": {"schemas": schemas},
    }))
}

/// `/openapi/v2`: the same schemas under `definitions`, without paths.
pub fn second_version(registry: &Registry, schema: &Schema) -> Value {
    let mut definitions = Map::new();
    for (group, versions) in discovery::groups(registry) {
        for version in versions {
            let Some(document) = document(registry, schema, &group, &version) else { continue };
            let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
            definitions.extend(schemas.map(|(name, body)| (name.clone(), rewritten(body))));
        }
    }
    json!({
        "swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": {}, "definitions": definitions,
    })
}

/// References of version 3 as version 2 spells them.
fn rewritten(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text.replace("#/components/schemas/", "#/definitions/")),
        Value::Array(items) => items.iter().map(rewritten).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), rewritten(value))).collect(),
        other => other.clone(),
    }
}

fn schema_name(resource: &Resource, version: &str) -> String {
    let reversed: Vec<&str> = resource.group.split('.').rev().filter(|part| !part.is_empty()).collect();
    let group = match (resource.custom.is_some(), resource.group.split('.').next()) {
        (true, _) => reversed.join("."),
        (false, Some("") | None) => "io.k8s.api.core".to_owned(),
        (false, Some(first)) => format!("io.k8s.api.{first}"),
    };
    format!("{group}.{version}.{}", resource.kind)
}

fn describe_paths(paths: &mut Map<String, Value>, resource: &Resource, version: &str, name: &str, kind: &Value) {
    let root = if resource.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", resource.group) };
    let within = if resource.namespaced { "namespaces/{namespace}/" } else { "" };
    let path = format!("{root}/{version}/{within}{}", resource.plural);
    let content = json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}});
    let answer = json!({"200": {"description": "OK", "content": content}});
    let operation = |action: &str| json!({"x-kubernetes-action": action, "x-kubernetes-group-version-kind": kind, "responses": answer});
    let parameter =
        |name: &str, kind: &str| json!({"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": true}});
    let writes = |action: &str| {
        let mut operation = operation(action);
        let parameters = ["dryRun", "fieldManager", "fieldValidation"].map(|name| parameter(name, "string"));
        operation["parameters"] = json!(parameters);
        operation
    };
    let mut patch = writes("patch");
    if let Some(parameters) = patch["parameters"].as_array_mut() {
        parameters.push(parameter("force", "boolean"));
    }
    paths.insert(path.clone(), json!({"get": operation("list"), "post": writes("post")}));
    let one = json!({
        "get": operation("get"), "put": writes("put"), "patch": patch, "delete": operation("delete"),
    });
    paths.insert(format!("{path}/{{name}}"), one);
}

/// The schema that a definition declares, with the metadata that every object has.
fn custom_schema(version: Option<&Value>, schema: &Schema, wanted: &mut BTreeSet<MessageId>) -> Value {
    let declared = version.map(|version| version["schema"]["openAPIV3Schema"].clone()).filter(Value::is_object);
    let mut body = declared.unwrap_or_else(|| json!({"type": "object"}));
    if let Some(id) = schema.object_meta() {
        wanted.insert(id);
        body["properties"]["metadata"] = reference(schema, id);
    }
    body
}

fn add_messages(schema: &Schema, mut wanted: BTreeSet<MessageId>, schemas: &mut Map<String, Value>) {
    let mut done = BTreeSet::new();
    while let Some(id) = wanted.pop_first() {
        if done.insert(id) {
            let body = message(schema, id, &mut wanted);
            schemas.insert(message_name(schema, id), body);
        }
        wanted.retain(|id| !done.contains(id));
    }
}

fn message_name(schema: &Schema, id: MessageId) -> String {
    format!("io.k8s.api.{}", schema.name(id))
}

fn reference(schema: &Schema, id: MessageId) -> Value {
    json!({"allOf": [{"$ref": format!("#/components/schemas/{}", message_name(schema, id))}], "default": {}})
}

fn message(schema: &Schema, id: MessageId, wanted: &mut BTreeSet<MessageId>) -> Value {
    let mut properties = Map::new();
    collect(schema, id, &mut properties, wanted);
    let mut body = json!({"type": "object", "properties": properties});
    if let Some(words) = words::of(schema.name(id), "") {
        body["description"] = json!(words);
    }
    body
}

fn collect(schema: &Schema, id: MessageId, into: &mut Map<String, Value>, wanted: &mut BTreeSet<MessageId>) {
    for field in schema.fields(id) {
        match (field.inline, field.of) {
            (true, Type::Message(inner)) => collect(schema, inner, into, wanted),
            _ => {
                let mut body = property(schema, field, wanted);
                if let Some(words) = words::of(schema.name(id), &field.name) {
                    body["description"] = json!(words);
                }
                into.insert(field.name.clone(), body);
            }
        }
    }
}

fn property(schema: &Schema, field: &Field, wanted: &mut BTreeSet<MessageId>) -> Value {
    let of = match field.of {
        Type::Int => json!({"type": "integer", "format": "int32"}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Double => json!({"type": "number", "format": "double"}),
        Type::Bytes => json!({"type": "string", "format": "byte"}),
        Type::Time | Type::MicroTime => json!({"type": "string", "format": "date-time"}),
        Type::IntOrString => json!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]}),
        Type::Items => json!({"type": "array", "items": {"type": "string"}}),
        Type::String | Type::Quantity | Type::Duration => json!({"type": "string"}),
        Type::Raw | Type::SchemaOrArray | Type::SchemaOrBool | Type::SchemaOrStrings => json!({"type": "object"}),
        Type::Message(id) => {
            wanted.insert(id);
            reference(schema, id)
        }
    };
    match field.repeat {
        Repeat::Always | Repeat::Optional => of,
        Repeat::List => json!({"type": "array", "items": of}),
        Repeat::Map => json!({"type": "object", "additionalProperties": of}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::store::Store;

    #[test]
    fn every_reference_of_a_document_leads_somewhere() {
        let (registry, schema) = (Registry::of(&Store::new()), Schema::embedded());
        for (group, version) in [("", "v1"), ("apps", "v1"), ("apiextensions.k8s.io", "v1"), ("autoscaling", "v2")] {
            let document = document(&registry, &schema, group, version).unwrap_or_default();
            let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
            let text = document.to_string();
            let references = text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
            for reference in references {
                assert!(schemas.contains_key(reference), "{group}/{version}: {reference}");
            }
        }
        assert_eq!(document(&registry, &schema, "nowhere", "v1"), None);
    }
}
