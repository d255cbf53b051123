//! StatefulSets: pods by number, one after the other, each with its claims; updates from the last to the partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::demo::controllers::{pods, revision};
use crate::demo::stage::{Source, Stage, controller, is_true, labels};
use crate::demo::store::{Object, uid};

pub const ID: &str = "statefulsets.apps";
const CONTROLLER: &str = "statefulset-controller";
const REVISION: &str = "controller-revision-hash";

/// One round of the controller: the next step, then the status.
pub fn reconcile(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(set) = stage.get(ID, namespace, name) else { return };
    if !set.value["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    let (update, _) = revision::present(stage, &set.value, "controller.kubernetes.io/hash");
    let current = set.value["status"]["currentRevision"].as_str().unwrap_or(&update).to_owned();
    step(stage, &set.value, &current, &update);
    status(stage, namespace, name, &current, &update);
}

/// The pods of a set by their numbers, those on their way out, too.
fn members(stage: &Stage, set: &Value) -> BTreeMap<i64, Arc<Object>> {
    let (namespace, uid) = (set["metadata"]["namespace"].as_str().unwrap_or_default(), &set["metadata"]["uid"]);
    let owned = stage.find("pods", namespace, |pod| controller(pod).is_some_and(|owner| owner["uid"] == *uid));
    owned.into_iter().filter_map(|pod| Some((pod.key.1.rsplit_once('-')?.1.parse().ok()?, pod))).collect()
}

fn bounds(set: &Value) -> (i64, i64) {
    let first = set["spec"]["ordinals"]["start"].as_i64().unwrap_or(0);
    (first, first + set["spec"]["replicas"].as_i64().unwrap_or(1))
}

fn is_leaving(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}

fn step(stage: &mut Stage, set: &Value, current: &str, update: &str) {
    let pods = members(stage, set);
    let (first, end) = bounds(set);
    let rolling = &set["spec"]["updateStrategy"];
    let partition = first + rolling["rollingUpdate"]["partition"].as_i64().unwrap_or(0);
    let in_order = set["spec"]["podManagementPolicy"] != "Parallel";
    for number in first..end {
        let Some(pod) = pods.get(&number) else {
            let revision = if number < partition { current } else { update };
            create(stage, set, number, revision);
            if in_order {
                return;
            }
            continue;
        };
        if in_order && (is_leaving(&pod.value) || !is_true(&pod.value, "Ready")) {
            return;
        }
    }
    for (_, pod) in pods.iter().rev().filter(|(number, _)| **number < first || end <= **number) {
        if !is_leaving(&pod.value) {
            delete(stage, set, &pod.value);
        }
        if in_order {
            return;
        }
    }
    if rolling["type"] == "OnDelete" {
        return;
    }
    for number in (partition.max(first)..end).rev() {
        let Some(pod) = pods.get(&number) else { return };
        if is_leaving(&pod.value) {
            return;
        }
        if revision_of(&pod.value, current) != update {
            delete(stage, set, &pod.value);
            return;
        }
        if !is_true(&pod.value, "Ready") {
            return;
        }
    }
}

fn revision_of<'a>(pod: &'a Value, current: &'a str) -> &'a str {
    labels(pod)[REVISION].as_str().unwrap_or(current)
}

fn create(stage: &mut Stage, set: &Value, number: i64, revision: &str) {
    let set_name = set["metadata"]["name"].as_str().unwrap_or_default();
    let name = format!("{set_name}-{number}");
    // Below the partition a pod keeps the template that it had.
    let namespace = set["metadata"]["namespace"].as_str().unwrap_or_default();
    let kept = stage.get("controllerrevisions.apps", namespace, revision);
    let template =
        kept.map_or_else(|| set["spec"]["template"].clone(), |kept| kept.value["data"]["spec"]["template"].clone());
    let mut pod = pods::from_template(set, &template, &name);
    pod["metadata"]["labels"][REVISION] = json!(revision);
    pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = json!(name);
    pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] = json!(number.to_string());
    pod["spec"]["hostname"] = json!(name);
    pod["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
    let mut volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    for claim in set["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
        let volume = claim["metadata"]["name"].as_str().unwrap_or_default();
        let claim_name = format!("{volume}-{name}");
        volumes.retain(|known| known["name"] != volume);
        volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim_name}}));
        bind(stage, set, claim, &claim_name);
    }
    if !volumes.is_empty() {
        pod["spec"]["volumes"] = Value::Array(volumes);
    }
    // What refuses the pod was told as an event; the next change tries again.
    let _ = pods::create(stage, set, pod, CONTROLLER);
}

/// Claims outlive their pods; a new one is bound at once.
fn bind(stage: &mut Stage, set: &Value, claim: &Value, name: &str) {
    let namespace = set["metadata"]["namespace"].as_str().unwrap_or_default();
    if stage.get("persistentvolumeclaims", namespace, name).is_some() {
        return;
    }
    let volume = format!("pvc-{}", uid(&format!("{namespace}/{name}")));
    let mut spec = claim["spec"].clone();
    spec["volumeName"] = json!(volume);
    let capacity = spec["resources"]["requests"].clone();
    let modes = spec["accessModes"].clone();
    stage.create(
        "persistentvolumeclaims",
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"namespace": namespace, "name": name, "labels": set["spec"]["selector"]["matchLabels"]},
            "spec": spec, "status": {"phase": "Bound", "capacity": capacity, "accessModes": modes},
        }),
    );
    let claim = stage.get("persistentvolumeclaims", namespace, name);
    let of = claim.map(|claim| claim.value["metadata"]["uid"].clone());
    stage.create("persistentvolumes", json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": volume},
        "spec": {
            "capacity": capacity, "accessModes": modes, "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": claim_class(set), "volumeMode": "Filesystem",
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": name, "uid": of},
        },
        "status": {"phase": "Bound"},
    }));
}

fn claim_class(set: &Value) -> Value {
    set["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"].clone()
}

fn delete(stage: &mut Stage, set: &Value, pod: &Value) {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let set_name = set["metadata"]["name"].as_str().unwrap_or_default();
    let text = format!("delete Pod {name} in StatefulSet {set_name} successful");
    stage.event(set, "SuccessfulDelete", &text, Source::of(CONTROLLER));
    pods::delete_pod(stage, pod);
}

fn status(stage: &mut Stage, namespace: &str, name: &str, current: &str, update: &str) {
    let Some(set) = stage.get(ID, namespace, name) else { return };
    let pods = members(stage, &set.value);
    let (_, end) = bounds(&set.value);
    let staying: Vec<_> = pods.values().filter(|pod| !is_leaving(&pod.value)).collect();
    let ready = staying.iter().filter(|pod| is_true(&pod.value, "Ready")).count();
    let of = |revision: &str| staying.iter().filter(|pod| revision_of(&pod.value, current) == revision).count();
    let done =
        of(update) == staying.len() && ready == staying.len() && staying.len() as i64 == end - bounds(&set.value).0;
    let current = if done { update } else { current };
    let counts = [
        ("replicas", Some(pods.len())),
        ("readyReplicas", Some(ready).filter(|count| *count != 0)),
        ("availableReplicas", Some(ready)),
        ("currentReplicas", Some(of(current)).filter(|count| *count != 0)),
        ("updatedReplicas", Some(of(update)).filter(|count| *count != 0)),
    ];
    stage.modify(ID, namespace, name, |set| {
        let generation = set["metadata"]["generation"].clone();
        let status = &mut set["status"];
        status["observedGeneration"] = generation;
        status["currentRevision"] = json!(current);
        status["updateRevision"] = json!(update);
        for (field, count) in counts {
            match (count, status.as_object_mut()) {
                (None, Some(map)) => _ = map.remove(field),
                (count, _) => status[field] = json!(count),
            }
        }
    });
}
