//! ReplicaSets: as many pods as the spec says, and a status that counts them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::demo::controllers::pods;
use crate::demo::stage::{Beat, Source, Stage, controller, is_true, set_condition};
use crate::demo::store::Object;

pub const ID: &str = "replicasets.apps";
const CONTROLLER: &str = "replicaset-controller";
/// A pod that the namespace refused is tried again after this long.
const AGAIN_MS: i64 = 15_000;

/// Creates or deletes pods until there are as many as wanted, then counts.
pub fn update(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(set) = stage.get(ID, namespace, name) else { return };
    let pods = pods(stage, namespace, &set.value);
    let mut refused = None;
    if set.value["metadata"]["deletionTimestamp"].is_null() {
        let wanted = set.value["spec"]["replicas"].as_i64().unwrap_or(1);
        let surplus = pods.len() as i64 - wanted;
        for _ in surplus..0 {
            refused = create_pod(stage, &set.value).err();
            if refused.is_some() {
                stage.after(AGAIN_MS, Beat::Reconcile(ID, (namespace.to_owned(), name.to_owned())));
                break;
            }
        }
        for pod in victims(&pods, surplus) {
            let text = format!("Deleted pod: {}", pod.key.1);
            stage.event(&set.value, "SuccessfulDelete", &text, Source::of(CONTROLLER));
            pods::delete_pod(stage, &pod.value);
        }
    }
    count(stage, namespace, name, refused.as_deref());
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

fn create_pod(stage: &mut Stage, set: &Value) -> Result<(), String> {
    let name = pods::generated(stage, set);
    let pod = pods::from_template(set, &set["spec"]["template"], &name);
    pods::create(stage, set, pod, CONTROLLER)
}

fn count(stage: &mut Stage, namespace: &str, name: &str, refused: Option<&str>) {
    let Some(set) = stage.get(ID, namespace, name) else { return };
    let pods = pods(stage, namespace, &set.value);
    let ready = pods.iter().filter(|pod| is_true(&pod.value, "Ready")).count();
    let now = stage.clock();
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
        match (refused, status.get_mut("conditions").and_then(Value::as_array_mut)) {
            (Some(why), _) => {
                set_condition(&mut status["conditions"], &now, "ReplicaFailure", true, Some(("FailedCreate", why)));
            }
            (None, Some(list)) => list.retain(|condition| condition["type"] != "ReplicaFailure"),
            (None, None) => {}
        }
        if let Some(map) = status.as_object_mut()
            && map.get("conditions").and_then(Value::as_array).is_some_and(Vec::is_empty)
        {
            map.remove("conditions");
        }
    });
}
