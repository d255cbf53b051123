//! Deletions and what they carry along: dependents go with their last owner, finalizers hold objects back.

use serde_json::{Value, json};

use crate::demo::admit::quota;
use crate::demo::controllers::{budget, pod_changed, pods, reconcile, slices};
use crate::demo::stage::Stage;
use crate::demo::store::Key;

/// What becomes of the objects that a deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They go after it.
    Background,
    /// They go first.
    Foreground,
    /// They stay.
    Orphan,
}

const FOREGROUND: &str = "foregroundDeletion";

/// Deletes an object as a client asks for it.
pub fn delete(stage: &mut Stage, resource: &str, key: &Key, propagation: Propagation, grace: Option<i64>) {
    let Some(object) = stage.get(resource, &key.0, &key.1) else { return };
    if resource == "pods" {
        pods::delete_within(stage, &object.value, grace);
        match stage.get(resource, &key.0, &key.1) {
            Some(pod) => pod_changed(stage, &pod.value),
            None => pod_gone(stage, &object.value),
        }
        budget::recount(stage, &key.0);
        quota::update(stage, &key.0);
        return;
    }
    if resource == "namespaces" {
        end_namespace(stage, &key.1);
        return;
    }
    let dependents = dependents(stage, &object.value);
    match propagation {
        Propagation::Orphan => {
            for (resource, key) in &dependents {
                disown(stage, resource, key, &object.value["metadata"]["uid"]);
            }
        }
        Propagation::Foreground if !dependents.is_empty() => {
            stage.modify(resource, &key.0, &key.1, |object| hold(object, FOREGROUND));
        }
        Propagation::Foreground | Propagation::Background => {}
    }
    let held = stage.get(resource, &key.0, &key.1).is_some_and(|object| has_finalizers(&object.value));
    if !held {
        remove(stage, resource, key);
        return;
    }
    let now = stage.clock();
    stage.modify(resource, &key.0, &key.1, |object| {
        if object["metadata"]["deletionTimestamp"].is_null() {
            object["metadata"]["deletionTimestamp"] = json!(now);
            object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        }
    });
    if propagation == Propagation::Foreground {
        for (resource, key) in &dependents {
            delete(stage, resource, key, Propagation::Foreground, None);
        }
        release(stage, resource, key);
    }
}

fn has_finalizers(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty())
}

fn hold(object: &mut Value, finalizer: &str) {
    match object["metadata"]["finalizers"].as_array_mut() {
        Some(list) if list.iter().any(|known| known == finalizer) => {}
        Some(list) => list.push(json!(finalizer)),
        None => object["metadata"]["finalizers"] = json!([finalizer]),
    }
}

/// Whether an object was only waiting for its finalizers.
pub fn is_free_to_go(object: &Value) -> bool {
    let grace = object["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
    let deleted = !object["metadata"]["deletionTimestamp"].is_null();
    deleted
        && !has_finalizers(object)
        && (grace == 0 || object["kind"] == "Pod" && object["spec"]["nodeName"].is_null())
}

/// Removes an object from the store, and lets happen what follows from that.
pub fn remove(stage: &mut Stage, resource: &str, key: &Key) {
    let Ok(object) = stage.store.delete(resource, &key.0, &key.1) else { return };
    for (resource, key) in dependents(stage, &object.value) {
        let uid = &object.value["metadata"]["uid"];
        if owners(stage, &resource, &key).iter().all(|owner| owner["uid"] == *uid) {
            delete(stage, &resource, &key, Propagation::Background, None);
        } else {
            disown(stage, &resource, &key, uid);
        }
    }
    if resource == "services" {
        slices::service_gone(stage, &key.0, &key.1);
    }
    after(stage, &object.value);
    quota::update(stage, &key.0);
    budget::recount(stage, &key.0);
}

/// A pod is gone: its workload makes another, and whoever waited for its end goes on.
pub fn pod_gone(stage: &mut Stage, pod: &Value) {
    pod_changed(stage, pod);
    after(stage, pod);
}

fn after(stage: &mut Stage, gone: &Value) {
    for owner in gone["metadata"]["ownerReferences"].as_array().into_iter().flatten() {
        let namespace = gone["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        let Some(resource) = resource_of(owner["kind"].as_str().unwrap_or_default()) else { continue };
        let key = (namespace, owner["name"].as_str().unwrap_or_default().to_owned());
        release(stage, resource, &key);
        if gone["kind"] != "Pod" {
            reconcile(stage, resource, &key);
        }
    }
    finish_namespace(stage, gone["metadata"]["namespace"].as_str().unwrap_or_default());
}

/// The owners among the built-in kinds.
fn resource_of(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Deployment" => "deployments.apps",
        "ReplicaSet" => "replicasets.apps",
        "StatefulSet" => "statefulsets.apps",
        "DaemonSet" => "daemonsets.apps",
        "Job" => "jobs.batch",
        "CronJob" => "cronjobs.batch",
        _ => return None,
    })
}

/// Lets an object go that waited for its dependents, once there are none.
fn release(stage: &mut Stage, resource: &str, key: &Key) {
    let Some(object) = stage.get(resource, &key.0, &key.1) else { return };
    let waits =
        object.value["metadata"]["finalizers"].as_array().is_some_and(|list| list.iter().any(|one| one == FOREGROUND));
    if !waits || !dependents(stage, &object.value).is_empty() {
        return;
    }
    stage.modify(resource, &key.0, &key.1, |object| {
        if let Some(list) = object["metadata"]["finalizers"].as_array_mut() {
            list.retain(|finalizer| finalizer != FOREGROUND);
        }
    });
    let free = stage.get(resource, &key.0, &key.1).is_some_and(|object| is_free_to_go(&object.value));
    if free {
        remove(stage, resource, key);
    }
}

/// The objects that name this one as an owner.
fn dependents(stage: &Stage, owner: &Value) -> Vec<(String, Key)> {
    let uid = &owner["metadata"]["uid"];
    let owned = |object: &Value| {
        object["metadata"]["ownerReferences"].as_array().is_some_and(|list| list.iter().any(|one| one["uid"] == *uid))
    };
    stage
        .store
        .all()
        .filter(|(_, object)| owned(&object.value))
        .map(|(resource, object)| (resource.to_owned(), object.key.clone()))
        .collect()
}

fn owners(stage: &Stage, resource: &str, key: &Key) -> Vec<Value> {
    let object = stage.get(resource, &key.0, &key.1);
    let list = object.and_then(|object| object.value["metadata"]["ownerReferences"].as_array().cloned());
    list.unwrap_or_default()
}

fn disown(stage: &mut Stage, resource: &str, key: &Key, uid: &Value) {
    stage.modify(resource, &key.0, &key.1, |object| {
        let Some(metadata) = object["metadata"].as_object_mut() else { return };
        if let Some(list) = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut) {
            list.retain(|owner| owner["uid"] != *uid);
        }
        if metadata.get("ownerReferences").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            metadata.remove("ownerReferences");
        }
    });
}

/// Begins the end of a namespace: everything in it is deleted.
fn end_namespace(stage: &mut Stage, name: &str) {
    let now = stage.clock();
    stage.modify("namespaces", "", name, |namespace| {
        if namespace["metadata"]["deletionTimestamp"].is_null() {
            namespace["metadata"]["deletionTimestamp"] = json!(now);
        }
        namespace["status"]["phase"] = json!("Terminating");
    });
    let content: Vec<(String, Key)> = content(stage, name);
    for (resource, key) in content {
        delete(stage, &resource, &key, Propagation::Background, None);
    }
    // Events told meanwhile go, too.
    let events = stage.find("events", name, |_| true);
    for event in events {
        // Listed a moment ago; nobody else deletes.
        let _ = stage.store.delete("events", name, &event.key.1);
    }
    finish_namespace(stage, name);
}

fn content(stage: &Stage, name: &str) -> Vec<(String, Key)> {
    let objects = stage.store.all().filter(|(_, object)| object.key.0 == name);
    objects.map(|(resource, object)| (resource.to_owned(), object.key.clone())).collect()
}

/// Removes a namespace that ends, once nothing but events is left in it.
fn finish_namespace(stage: &mut Stage, name: &str) {
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
