//! ReplicaSets: as many pods as the spec says, and a status that counts them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::demo::controllers::slices;
use crate::demo::stage::{Beat, Source, Stage, controller, is_true, owned_by};
use crate::demo::store::{Object, uid};

const ID: &str = "replicasets.apps";
/// The letters of generated names: no vowels, nothing that looks like something else.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Creates or deletes pods until there are as many as wanted, then counts.
pub fn update(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(set) = stage.get(ID, namespace, name) else { return };
    let pods = pods(stage, namespace, &set.value);
    let wanted = set.value["spec"]["replicas"].as_i64().unwrap_or(1);
    let surplus = pods.len() as i64 - wanted;
    for _ in surplus..0 {
        create_pod(stage, &set.value);
    }
    for pod in victims(&pods, surplus) {
        stage.event(
            &set.value,
            "SuccessfulDelete",
            &format!("Deleted pod: {}", pod.key.1),
            Source::of("replicaset-controller"),
        );
        delete_pod(stage, &pod.value);
    }
    count(stage, namespace, name);
}

/// The pods of a ReplicaSet that are not on their way out.
pub fn pods(stage: &Stage, namespace: &str, set: &Value) -> Vec<Arc<Object>> {
    let uid = &set["metadata"]["uid"];
    stage.find("pods", namespace, |pod| {
        let alive = pod["metadata"]["deletionTimestamp"].is_null();
        let active = ["Succeeded", "Failed"].iter().all(|phase| pod["status"]["phase"] != *phase);
        alive && active && controller(pod).is_some_and(|owner| owner["uid"] == *uid)
    })
}

/// Begins the deletion of a pod: it stops being ready for others at once and is gone a little later.
pub fn delete_pod(stage: &mut Stage, pod: &Value) {
    let key = key_of(pod);
    let grace = pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    let until = stage.now.checked_add(jiff::SignedDuration::from_secs(grace)).unwrap_or(stage.now);
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
        let name = container["name"].as_str().unwrap_or_default();
        stage.event(pod, "Killing", &format!("Stopping container {name}"), Source::kubelet(node, name));
    }
    stage.modify("pods", &key.0, &key.1, |pod| {
        pod["metadata"]["deletionTimestamp"] = json!(crate::demo::store::seconds(until));
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    });
    if let Some(pod) = stage.get("pods", &key.0, &key.1) {
        slices::update(stage, &key.0, &pod.value);
    }
    stage.after(2_400, Beat::Gone(key));
}

fn key_of(object: &Value) -> (String, String) {
    let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

/// Which pods go first: those that never ran, then the unready, then the youngest.
fn victims(pods: &[Arc<Object>], surplus: i64) -> Vec<Arc<Object>> {
    let mut pods = pods.to_vec();
    pods.sort_by_key(|pod| {
        let running = pod.value["status"]["phase"] == "Running";
        let created = pod.value["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
        (running, is_true(&pod.value, "Ready"), std::cmp::Reverse(created), pod.key.1.clone())
    });
    pods.truncate(usize::try_from(surplus).unwrap_or(0));
    pods
}

fn create_pod(stage: &mut Stage, set: &Value) {
    let namespace = set["metadata"]["namespace"].as_str().unwrap_or_default();
    let name = format!(
        "{}-{}",
        set["metadata"]["name"].as_str().unwrap_or_default(),
        suffix(&format!("{}/{}", set["metadata"]["uid"], stage.store.version()), 5)
    );
    let template = &set["spec"]["template"];
    let mut spec = template["spec"].clone();
    spec["enableServiceLinks"] = json!(true);
    spec["preemptionPolicy"] = json!("PreemptLowerPriority");
    spec["priority"] = json!(0);
    let mut metadata = template["metadata"].clone();
    if !metadata.is_object() {
        metadata = json!({});
    }
    metadata["namespace"] = json!(namespace);
    metadata["name"] = json!(name);
    metadata["generateName"] = json!(format!("{}-", set["metadata"]["name"].as_str().unwrap_or_default()));
    metadata["ownerReferences"] = owned_by(set);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec,
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    });
    stage.create("pods", pod);
    stage.event(set, "SuccessfulCreate", &format!("Created pod: {name}"), Source::of("replicaset-controller"));
    stage.after(400, Beat::Schedule((namespace.to_owned(), name)));
}

/// Letters and digits that depend on the seed alone, as generated names have them.
pub fn suffix(seed: &str, length: usize) -> String {
    let hex = uid(seed).replace('-', "");
    let bytes = hex.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    let numbers = bytes.filter_map(|pair| usize::from_str_radix(pair, 16).ok());
    numbers.take(length).map(|number| char::from(LETTERS[number % LETTERS.len()])).collect()
}

fn count(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(set) = stage.get(ID, namespace, name) else { return };
    let pods = pods(stage, namespace, &set.value);
    let ready = pods.iter().filter(|pod| is_true(&pod.value, "Ready")).count();
    stage.modify(ID, namespace, name, |set| {
        let generation = set["metadata"]["generation"].clone();
        let status = &mut set["status"];
        status["replicas"] = json!(pods.len());
        status["fullyLabeledReplicas"] = json!(pods.len());
        status["observedGeneration"] = generation;
        for field in ["readyReplicas", "availableReplicas"] {
            match (ready, status.as_object_mut()) {
                (0, Some(map)) => _ = map.remove(field),
                _ => status[field] = json!(ready),
            }
        }
    });
}
