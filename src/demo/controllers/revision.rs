//! `ControllerRevision`s: the templates that a StatefulSet or DaemonSet has had.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::demo::admit::defaults::same_template;
use crate::demo::stage::{Stage, controller, owned_by};
use crate::demo::store::{Object, suffix};

const ID: &str = "controllerrevisions.apps";

/// The revision of the present template, created or brought to the front where needed: its name and its hash.
pub fn present(stage: &mut Stage, owner: &Value, hash_label: &str) -> (String, String) {
    let all = of(stage, owner);
    let newest = all.iter().map(|revision| number(&revision.value)).max().unwrap_or(0);
    let template = &owner["spec"]["template"];
    let known = all.iter().rev().find(|revision| same_template(&revision.value["data"]["spec"]["template"], template));
    let namespace = owner["metadata"]["namespace"].as_str().unwrap_or_default();
    if let Some(known) = known {
        if number(&known.value) < newest {
            stage.modify(ID, namespace, &known.key.1, |revision| revision["revision"] = json!(newest + 1));
        }
        return (known.key.1.clone(), hash(owner, &known.key.1));
    }
    let hash = suffix(&template.to_string(), 10);
    let name = format!("{}-{hash}", owner["metadata"]["name"].as_str().unwrap_or_default());
    let mut labels = template["metadata"]["labels"].clone();
    labels[hash_label] = json!(hash);
    let mut data = template.clone();
    data["$patch"] = json!("replace");
    let mut annotations = owner["metadata"]["annotations"].clone();
    if let Some(map) = annotations.as_object_mut() {
        map.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    let mut revision = json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision",
        "metadata": {"namespace": namespace, "name": name, "labels": labels, "ownerReferences": owned_by(owner)},
        "data": {"spec": {"template": data}}, "revision": newest + 1,
    });
    if annotations.as_object().is_some_and(|map| !map.is_empty()) {
        revision["metadata"]["annotations"] = annotations;
    }
    stage.create(ID, revision);
    forget(stage, owner, &name);
    (name, hash)
}

fn hash(owner: &Value, name: &str) -> String {
    let prefix = format!("{}-", owner["metadata"]["name"].as_str().unwrap_or_default());
    name.strip_prefix(&prefix).unwrap_or(name).to_owned()
}

fn number(revision: &Value) -> i64 {
    revision["revision"].as_i64().unwrap_or(0)
}

/// The revisions of a workload, the oldest first.
fn of(stage: &Stage, owner: &Value) -> Vec<Arc<Object>> {
    let namespace = owner["metadata"]["namespace"].as_str().unwrap_or_default();
    let uid = &owner["metadata"]["uid"];
    let mut found = stage.find(ID, namespace, |revision| controller(revision).is_some_and(|by| by["uid"] == *uid));
    found.sort_by_key(|revision| number(&revision.value));
    found
}

/// Keeps as many old revisions as the workload wants to.
fn forget(stage: &mut Stage, owner: &Value, present: &str) {
    let limit = owner["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10) as usize;
    let current = owner["status"]["currentRevision"].as_str().unwrap_or_default();
    let mut old = of(stage, owner);
    old.retain(|revision| revision.key.1 != present && revision.key.1 != current);
    let surplus = old.len().saturating_sub(limit);
    for revision in old.into_iter().take(surplus) {
        // Listed a moment ago; nobody else deletes.
        let _ = stage.store.delete(ID, &revision.key.0, &revision.key.1);
    }
}
