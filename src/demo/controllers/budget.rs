//! A `PodDisruptionBudget` counts its healthy pods.

use serde_json::{Value, json};

use crate::demo::stage::{Stage, controller, is_true, labels, matches, set_condition};

const ID: &str = "poddisruptionbudgets.policy";

/// Updates every budget that covers this pod.
pub fn update(stage: &mut Stage, namespace: &str, pod: &Value) {
    let covering = |budget: &Value| matches(labels(pod), &budget["spec"]["selector"]);
    for budget in stage.find(ID, namespace, covering) {
        // What the workload wants does not change with a pod that comes or goes.
        let expected = budget.value["status"]["expectedPods"].as_i64();
        count(stage, namespace, &budget.key.1, expected);
    }
}

/// Updates every budget of a namespace, as their specs or their workloads may have changed.
pub fn recount(stage: &mut Stage, namespace: &str) {
    for budget in stage.find(ID, namespace, |_| true) {
        count(stage, namespace, &budget.key.1, None);
    }
}

fn count(stage: &mut Stage, namespace: &str, name: &str, expected: Option<i64>) {
    if let Some(budget) = stage.get(ID, namespace, name) {
        let selector = &budget.value["spec"]["selector"];
        let pods = stage.find("pods", namespace, |pod| matches(labels(pod), selector));
        let alive = |pod: &Value| pod["metadata"]["deletionTimestamp"].is_null();
        let healthy = pods.iter().filter(|pod| is_true(&pod.value, "Ready") && alive(&pod.value)).count() as i64;
        let expected = expected.unwrap_or_else(|| wanted(stage, namespace, pods.iter().map(|pod| &pod.value)));
        let desired = desired(&budget.value["spec"], expected);
        let allowed = (healthy - desired).max(0);
        let now = stage.clock();
        stage.modify(ID, namespace, &budget.key.1, |budget| {
            let generation = budget["metadata"]["generation"].clone();
            let status = &mut budget["status"];
            status["expectedPods"] = json!(expected);
            status["currentHealthy"] = json!(healthy);
            status["observedGeneration"] = generation;
            status["desiredHealthy"] = json!(desired);
            status["disruptionsAllowed"] = json!(allowed);
            let reason = if 0 < allowed { "SufficientPods" } else { "InsufficientPods" };
            set_condition(&mut status["conditions"], &now, "DisruptionAllowed", 0 < allowed, Some((reason, "")));
        });
    }
}

/// How many pods the workloads behind these pods want; a pod of nobody's counts for itself.
fn wanted<'a>(stage: &Stage, namespace: &str, pods: impl Iterator<Item = &'a Value>) -> i64 {
    let mut owners: Vec<(String, i64)> = Vec::new();
    let mut alone = 0;
    for pod in pods {
        let Some((uid, replicas)) = controller(pod).and_then(|owner| scale(stage, namespace, owner)) else {
            alone += 1;
            continue;
        };
        if owners.iter().all(|(known, _)| *known != uid) {
            owners.push((uid, replicas));
        }
    }
    alone + owners.iter().map(|(_, replicas)| replicas).sum::<i64>()
}

/// The workload on top of an owner, and its replicas.
fn scale(stage: &Stage, namespace: &str, owner: &Value) -> Option<(String, i64)> {
    let resource = match owner["kind"].as_str()? {
        "ReplicaSet" => "replicasets.apps",
        "Deployment" => "deployments.apps",
        "StatefulSet" => "statefulsets.apps",
        _ => return None,
    };
    let object = stage.get(resource, namespace, owner["name"].as_str()?)?;
    if let Some(above) = controller(&object.value).and_then(|above| scale(stage, namespace, above)) {
        return Some(above);
    }
    let uid = object.value["metadata"]["uid"].as_str()?.to_owned();
    Some((uid, object.value["spec"]["replicas"].as_i64().unwrap_or(1)))
}

fn desired(spec: &Value, expected: i64) -> i64 {
    match (&spec["minAvailable"], &spec["maxUnavailable"]) {
        (Value::Null, Value::Null) => expected,
        (Value::Null, most) => (expected - portion(most, expected, true)).max(0),
        (least, _) => portion(least, expected, true),
    }
}

/// A number, or a percentage of `whole`.
pub fn portion(value: &Value, whole: i64, round_up: bool) -> i64 {
    let Some(percent) = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok()) else {
        return value.as_i64().unwrap_or(0);
    };
    let scaled = whole * percent;
    if round_up { (scaled + 99) / 100 } else { scaled / 100 }
}
