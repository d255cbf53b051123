//! `recreate`: what was deleted in this session is made again, from its manifest as it was read before.

use super::{Act, PLAIN, Subject};
use crate::app::mutation::{Mutation, Write};
use crate::app::right::Right;
use crate::wire::meta::BY_THE_SERVER;
use serde_json::{Value, json};

pub(super) const RECREATE: Act = Act {
    name: "recreate",
    right: |key| Right::make(key.kind, key),
    write,
    effects: |_| vec!["it is made again as it was; what it owned is made by its controllers, if any".to_owned()],
    is_owned: false,
    kubectl: |_| "create -f its-manifest.yaml".to_owned(),
    undo: |subject| subject.back("delete it", "delete", ""),
    ..PLAIN
};

fn write(subject: &Subject) -> Result<Mutation, String> {
    let body = serde_json::from_str(&subject.argument).map_err(|error| format!("its manifest is broken: {error}"))?;
    let key = subject.target.key.clone();
    Ok(Mutation { key, uid: None, resource_version: None, write: Write::Create { body } })
}

/// What a user would have written: without what the server adds.
pub(super) fn manifest(object: &Value) -> Value {
    let mut manifest = object.clone();
    if let Some(fields) = manifest.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = manifest.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !BY_THE_SERVER.contains(&key.as_str()));
    }
    // An address belongs to the Service that had it, and may be another's by now.
    let is_service = manifest.get("kind") == Some(&json!("Service"));
    if let Some(spec) = manifest.get_mut("spec").and_then(Value::as_object_mut).filter(|_| is_service)
        && spec.get("clusterIP") != Some(&json!("None"))
    {
        spec.retain(|key, _| !matches!(key.as_str(), "clusterIP" | "clusterIPs"));
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_what_a_user_would_have_written() {
        let object = json!({
            "kind": "Service",
            "metadata": {"name": "a", "uid": "u", "resourceVersion": "7", "labels": {"b": "c"}},
            "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "type": "ClusterIP"},
            "status": {"loadBalancer": {}},
        });
        let wanted =
            json!({"kind": "Service", "metadata": {"name": "a", "labels": {"b": "c"}}, "spec": {"type": "ClusterIP"}});
        assert_eq!(manifest(&object), wanted);
    }
}
