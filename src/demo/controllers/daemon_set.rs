//! DaemonSets: one pod on every node that takes it, replaced a few at a time.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::demo::controllers::budget::portion;
use crate::demo::controllers::taints::admits;
use crate::demo::controllers::{pods, revision};
use crate::demo::stage::{Source, Stage, controller, is_true, labels};
use crate::demo::store::Object;

pub const ID: &str = "daemonsets.apps";
const CONTROLLER: &str = "daemonset-controller";
const REVISION: &str = "controller-revision-hash";

/// What every daemon tolerates.
const TOLERATED: &[&str] = &[
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
];

/// One round of the controller: missing pods, surplus pods, the next of the old ones, then the status.
pub fn reconcile(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(set) = stage.get(ID, namespace, name) else { return };
    if !set.value["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    let (_, hash) = revision::present(stage, &set.value, REVISION);
    let wanted = nodes(stage, &set.value);
    for node in &wanted {
        if members(stage, &set.value).iter().all(|pod| node_of(&pod.value) != node) {
            create(stage, &set.value, node, &hash);
        }
    }
    for pod in members(stage, &set.value) {
        if !wanted.iter().any(|node| node == node_of(&pod.value)) && !is_leaving(&pod.value) {
            delete(stage, &set.value, &pod.value);
        }
    }
    if set.value["spec"]["updateStrategy"]["type"] != "OnDelete" {
        roll(stage, &set.value, wanted.len() as i64, &hash);
    }
    status(stage, &set.value, &wanted, &hash);
}

fn nodes(stage: &Stage, set: &Value) -> Vec<String> {
    let spec = &set["spec"]["template"]["spec"];
    let fitting = stage.store.list("nodes", None).filter(|node| admits(&node.value, spec, TOLERATED));
    fitting.map(|node| node.key.1.clone()).collect()
}

fn members(stage: &Stage, set: &Value) -> Vec<Arc<Object>> {
    let (namespace, uid) = (set["metadata"]["namespace"].as_str().unwrap_or_default(), &set["metadata"]["uid"]);
    stage.find("pods", namespace, |pod| {
        let over = ["Succeeded", "Failed"].iter().any(|phase| pod["status"]["phase"] == *phase);
        !over && controller(pod).is_some_and(|owner| owner["uid"] == *uid)
    })
}

/// The node of a daemon's pod, known before it is scheduled.
fn node_of(pod: &Value) -> &str {
    pod["spec"]["nodeName"].as_str().or_else(|| target(pod)).unwrap_or_default()
}

/// The one node that a pod's affinity allows by name.
pub fn target(pod: &Value) -> Option<&str> {
    let required = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let field = &required["nodeSelectorTerms"][0]["matchFields"][0];
    (field["key"] == "metadata.name").then(|| field["values"][0].as_str())?
}

fn is_leaving(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}

fn create(stage: &mut Stage, set: &Value, node: &str, hash: &str) {
    let name = pods::generated(stage, set);
    let mut pod = pods::from_template(set, &set["spec"]["template"], &name);
    pod["metadata"]["labels"][REVISION] = json!(hash);
    let field = json!({"key": "metadata.name", "operator": "In", "values": [node]});
    pod["spec"]["affinity"]["nodeAffinity"] = json!({
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [field]}]},
    });
    // What refuses the pod was told as an event; the next change tries again.
    let _ = pods::create(stage, set, pod, CONTROLLER);
}

fn delete(stage: &mut Stage, set: &Value, pod: &Value) {
    let text = format!("Deleted pod: {}", pod["metadata"]["name"].as_str().unwrap_or_default());
    stage.event(set, "SuccessfulDelete", &text, Source::of(CONTROLLER));
    pods::delete_pod(stage, pod);
}

/// Replaces old pods, as many at a time as may be missing.
fn roll(stage: &mut Stage, set: &Value, wanted: i64, hash: &str) {
    let most = set["spec"]["updateStrategy"]["rollingUpdate"].get("maxUnavailable").cloned().unwrap_or(json!(1));
    let pods = members(stage, set);
    let able = pods.iter().filter(|pod| is_true(&pod.value, "Ready") && !is_leaving(&pod.value)).count() as i64;
    let mut spare = portion(&most, wanted, true).max(1) - (wanted - able);
    let old = |pod: &&Arc<Object>| {
        !is_leaving(&pod.value) && labels(&pod.value)[REVISION].as_str().is_some_and(|of| of != hash)
    };
    let mut old: Vec<&Arc<Object>> = pods.iter().filter(old).collect();
    old.sort_by_key(|pod| is_true(&pod.value, "Ready"));
    for pod in old {
        // What does not work anyway costs nothing.
        let works = is_true(&pod.value, "Ready");
        if works && spare <= 0 {
            return;
        }
        delete(stage, set, &pod.value);
        spare -= i64::from(works);
    }
}

fn status(stage: &mut Stage, set: &Value, wanted: &[String], hash: &str) {
    let pods = members(stage, set);
    let placed: Vec<_> = pods.iter().filter(|pod| wanted.iter().any(|node| node == node_of(&pod.value))).collect();
    let ready = placed.iter().filter(|pod| is_true(&pod.value, "Ready") && !is_leaving(&pod.value)).count();
    let current = |pod: &&&Arc<Object>| {
        labels(&pod.value)[REVISION].as_str().is_none_or(|of| of == hash) && !is_leaving(&pod.value)
    };
    let updated = placed.iter().filter(current).count();
    let mut nodes: Vec<&str> = placed.iter().map(|pod| node_of(&pod.value)).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let optional = |count: usize| Some(count).filter(|count| *count != 0);
    let counts = [
        ("currentNumberScheduled", Some(nodes.len())),
        ("desiredNumberScheduled", Some(wanted.len())),
        ("numberMisscheduled", Some(pods.len() - placed.len())),
        ("numberReady", Some(ready)),
        ("numberAvailable", optional(ready)),
        ("numberUnavailable", optional(wanted.len().saturating_sub(ready))),
        ("updatedNumberScheduled", optional(updated)),
    ];
    let text = |name: &str| set["metadata"][name].as_str().unwrap_or_default();
    stage.modify(ID, text("namespace"), text("name"), |set| {
        let generation = set["metadata"]["generation"].clone();
        let status = &mut set["status"];
        status["observedGeneration"] = generation;
        for (field, count) in counts {
            match (count, status.as_object_mut()) {
                (None, Some(map)) => _ = map.remove(field),
                (count, _) => status[field] = json!(count),
            }
        }
    });
}
