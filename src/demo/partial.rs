//! `PartialObjectMetadata`: the metadata of any object, for clients that need no more.

use serde_json::{Value, json};

/// The metadata of an object as an object of its own.
pub fn metadata_of(value: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]})
}
