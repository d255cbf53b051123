//! From a [`Mutation`] to the request that makes it so, pinned to the object and the version that were seen.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::kinds::Kind;
use crate::wire::request::escape;

/// Who we are in managedFields.
pub(super) const MANAGER: &str = "kplumb";

/// Whether it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// The server says what would come of it.
    Rehearsal,
    /// It is done.
    Real,
}

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The language of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

/// The request of a write.
pub fn outgoing(kind: &Kind, mutation: &Mutation, stance: Stance) -> Outgoing {
    let kind = &spoken(kind, mutation);
    let collection = kind.path(mutation.key.namespace.as_deref());
    let object = format!("{collection}/{}", escape(&mutation.key.name));
    let path = match (&mutation.write, mutation.subresource()) {
        (Write::Create { .. }, _) => collection,
        (_, Some(subresource)) => format!("{object}/{subresource}"),
        (_, None) => object,
    };
    let (method, content_type, body) = content(mutation, stance);
    let query = query(&mutation.write, stance);
    let target = if query.is_empty() { path } else { format!("{path}?{query}") };
    Outgoing { method, target, content_type, body: Bytes::from(body.to_string()) }
}

/// The kind in the version in which a document speaks of it.
pub fn spoken(kind: &Kind, mutation: &Mutation) -> Kind {
    let version = mutation.version().map_or_else(|| kind.version.clone(), Into::into);
    Kind { version, ..kind.clone() }
}

fn query(write: &Write, stance: Stance) -> String {
    let rehearsal = if stance == Stance::Rehearsal { "&dryRun=All&fieldValidation=Strict" } else { "" };
    match write {
        // A deletion has no manager and no fields; its options are in its body.
        Write::Delete { .. } if stance == Stance::Rehearsal => "dryRun=All".to_owned(),
        Write::Delete { .. } => String::new(),
        _ => format!("fieldManager={MANAGER}{rehearsal}"),
    }
}

fn content(mutation: &Mutation, stance: Stance) -> (Method, &'static str, Value) {
    const JSON: &str = "application/json";
    match &mutation.write {
        Write::Patch { style, body, .. } => {
            let kind = match style {
                PatchStyle::Json => "application/json-patch+json",
                PatchStyle::Merge => "application/merge-patch+json",
                PatchStyle::Strategic => "application/strategic-merge-patch+json",
                PatchStyle::Apply => "application/apply-patch+yaml",
            };
            let body = if *style == PatchStyle::Json { tested(mutation, body) } else { pinned(mutation, body) };
            (Method::PATCH, kind, body)
        }
        Write::Create { body } => (Method::POST, JSON, body.clone()),
        Write::Replace { body, .. } => (Method::PUT, JSON, pinned(mutation, body)),
        Write::Scale { replicas } => (Method::PUT, JSON, scale(mutation, *replicas)),
        Write::Delete { propagation, grace_seconds } => {
            let mut options =
                json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation.word() });
            let mut pin = json!({});
            set(&mut pin, "uid", mutation.uid.as_deref());
            set(&mut pin, "resourceVersion", mutation.resource_version.as_deref());
            options["preconditions"] = pin;
            if let Some(seconds) = grace_seconds {
                options["gracePeriodSeconds"] = json!(seconds);
            }
            // Where there is a body the server forgets the query: without this a rehearsal would delete.
            if stance == Stance::Rehearsal {
                options["dryRun"] = json!(["All"]);
            }
            (Method::DELETE, JSON, options)
        }
        Write::Evict { grace_seconds } => (Method::POST, JSON, eviction(mutation, *grace_seconds)),
    }
}

fn scale(mutation: &Mutation, replicas: u32) -> Value {
    let mut body = json!({
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": { "name": &*mutation.key.name },
        "spec": { "replicas": replicas },
    });
    set(&mut body["metadata"], "namespace", mutation.key.namespace.as_deref());
    pinned(mutation, &body)
}

fn eviction(mutation: &Mutation, grace_seconds: Option<u32>) -> Value {
    let mut body = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": { "name": &*mutation.key.name },
        "deleteOptions": { "preconditions": {} },
    });
    set(&mut body["metadata"], "namespace", mutation.key.namespace.as_deref());
    set(&mut body["deleteOptions"]["preconditions"], "uid", mutation.uid.as_deref());
    if let Some(seconds) = grace_seconds {
        body["deleteOptions"]["gracePeriodSeconds"] = json!(seconds);
    }
    body
}

/// The body with uid and version in its metadata: the server answers 409 where they are not so.
fn pinned(mutation: &Mutation, body: &Value) -> Value {
    let mut body = body.clone();
    if let Value::Object(fields) = &mut body {
        let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
        set(metadata, "uid", mutation.uid.as_deref());
        set(metadata, "resourceVersion", mutation.resource_version.as_deref());
    }
    body
}

/// The operations, behind tests of uid and version: the server answers 422 where they are not so.
fn tested(mutation: &Mutation, body: &Value) -> Value {
    let test =
        |path: &str, value: Option<&str>| value.map(|value| json!({ "op": "test", "path": path, "value": value }));
    let tests = [
        test("/metadata/uid", mutation.uid.as_deref()),
        test("/metadata/resourceVersion", mutation.resource_version.as_deref()),
    ];
    let operations = body.as_array().cloned().unwrap_or_default();
    Value::Array(tests.into_iter().flatten().chain(operations).collect())
}

fn set(object: &mut Value, key: &str, value: Option<&str>) {
    if let (Value::Object(fields), Some(value)) = (object, value) {
        fields.insert(key.to_owned(), value.into());
    }
}
