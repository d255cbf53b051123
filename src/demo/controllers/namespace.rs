//! Namespaces: what a new one has from the start, and the end of one with everything in it.

use serde_json::json;

use crate::demo::controllers::garbage::{self, Propagation};
use crate::demo::stage::Stage;
use crate::demo::store::Key;

/// Gives a new namespace its service account.
pub fn begin(stage: &mut Stage, name: &str) {
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": name, "name": "default"}});
    stage.create("serviceaccounts", account);
}

/// Begins the end of a namespace: everything in it is deleted.
pub fn end(stage: &mut Stage, name: &str) {
    let now = stage.clock();
    stage.modify("namespaces", "", name, |namespace| {
        if namespace["metadata"]["deletionTimestamp"].is_null() {
            namespace["metadata"]["deletionTimestamp"] = json!(now);
        }
        namespace["status"]["phase"] = json!("Terminating");
    });
    let content: Vec<(String, Key)> = content(stage, name);
    for (resource, key) in content {
        garbage::delete(stage, &resource, &key, Propagation::Background, None);
    }
    // Events told meanwhile go, too.
    let events = stage.find("events", name, |_| true);
    for event in events {
        // Listed a moment ago; nobody else deletes.
        let _ = stage.store.delete("events", name, &event.key.1);
    }
    finish(stage, name);
}

fn content(stage: &Stage, name: &str) -> Vec<(String, Key)> {
    let objects = stage.store.all().filter(|(_, object)| object.key.0 == name);
    objects.map(|(resource, object)| (resource.to_owned(), object.key.clone())).collect()
}

/// Removes a namespace that ends, once nothing but events is left in it.
pub fn finish(stage: &mut Stage, name: &str) {
    let Some(namespace) = stage.get("namespaces", "", name) else { return };
    if namespace.value["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    let left = content(stage, name);
    if left.iter().any(|(resource, _)| resource != "events") {
        return;
    }
    for (resource, key) in left {
        // Listed a moment ago; nobody else deletes.
        let _ = stage.store.delete(&resource, &key.0, &key.1);
    }
    let _ = stage.store.delete("namespaces", "", name);
}
