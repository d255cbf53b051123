//! Pods as workloads make and unmake them.

use serde_json::{Value, json};

use crate::demo::admit::{defaults, limits, quota};
use crate::demo::controllers::slices;
use crate::demo::stage::{Beat, Source, Stage, owned_by};
use crate::demo::store::{seconds, suffix};

/// A pod's name behind its owner's.
pub fn generated(stage: &Stage, owner: &Value) -> String {
    let seed = format!("{}/{}", owner["metadata"]["uid"], stage.store.version());
    format!("{}-{}", owner["metadata"]["name"].as_str().unwrap_or_default(), suffix(&seed, 5))
}

/// A pod of a workload's template, not yet in the store.
pub fn from_template(owner: &Value, template: &Value, name: &str) -> Value {
    let mut spec = template["spec"].clone();
    defaults::pod_spec(&mut spec, true);
    let mut metadata = template["metadata"].clone();
    if !metadata.is_object() {
        metadata = json!({});
    }
    metadata["namespace"] = owner["metadata"]["namespace"].clone();
    metadata["name"] = json!(name);
    metadata["generateName"] = json!(format!("{}-", owner["metadata"]["name"].as_str().unwrap_or_default()));
    metadata["ownerReferences"] = owned_by(owner);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": "Pending"}})
}

/// Stores a workload's pod and tells of it; the error is why the namespace does not take it.
pub fn create(stage: &mut Stage, owner: &Value, mut pod: Value, component: &str) -> Result<(), String> {
    let text = |name: &str| pod["metadata"][name].as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text("namespace"), text("name"));
    let admitted = limits::admit(stage.store, &namespace, &mut pod)
        .and_then(|()| quota::exceeded(stage.store, "pods", &namespace, &pod).map_or(Ok(()), Err));
    if let Err(why) = admitted {
        let why = format!("pods {name:?} is forbidden: {why}");
        let event = format!("Error creating: {why}");
        stage.event(owner, "FailedCreate", &event, Source::of(component).warning());
        return Err(why);
    }
    pod["status"]["qosClass"] = limits::quality(&pod);
    stage.create("pods", pod);
    stage.event(owner, "SuccessfulCreate", &format!("Created pod: {name}"), Source::of(component));
    stage.after(400, Beat::Schedule((namespace, name)));
    Ok(())
}

/// Begins the deletion of a pod: it stops being ready for others at once and is gone a little later.
pub fn delete_pod(stage: &mut Stage, pod: &Value) {
    delete_within(stage, pod, None);
}

/// The same with a grace of the caller's own; no grace at all is the end.
pub fn delete_within(stage: &mut Stage, pod: &Value, grace: Option<i64>) {
    let text = |name: &str| pod["metadata"][name].as_str().unwrap_or_default().to_owned();
    let key = (text("namespace"), text("name"));
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    let over = ["Succeeded", "Failed"].iter().any(|phase| pod["status"]["phase"] == *phase);
    let grace = if node.is_empty() || over { 0 } else { grace.unwrap_or(own) };
    let held = pod["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    if grace == 0 && !held {
        // A pod that is already gone needs nothing.
        let _ = stage.store.delete("pods", &key.0, &key.1);
        return;
    }
    let until = stage.now.checked_add(jiff::SignedDuration::from_secs(grace)).unwrap_or(stage.now);
    if pod["metadata"]["deletionTimestamp"].is_null() {
        for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
            let name = container["name"].as_str().unwrap_or_default();
            stage.event(pod, "Killing", &format!("Stopping container {name}"), Source::kubelet(node, name));
        }
    }
    stage.modify("pods", &key.0, &key.1, |pod| {
        pod["metadata"]["deletionTimestamp"] = json!(seconds(until));
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    });
    if let Some(pod) = stage.get("pods", &key.0, &key.1) {
        slices::update(stage, &key.0, &pod.value);
    }
    let has_quota = stage.store.list(quota::ID, Some(&key.0)).next().is_some();
    if has_quota && stage.is_asked {
        // Counted anew once it is gone.
        stage.after(3_000, Beat::Reconcile(quota::ID, (key.0.clone(), String::new())));
    }
    stage.after(2_400, Beat::Gone(key));
}
