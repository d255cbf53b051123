//! A `PodDisruptionBudget` counts its healthy pods.

use serde_json::{Value, json};

use crate::demo::stage::{Stage, is_true, labels, selected, set_condition};

const ID: &str = "poddisruptionbudgets.policy";

/// Updates every budget that covers this pod.
pub fn update(stage: &mut Stage, namespace: &str, pod: &Value) {
    let covering = |budget: &Value| selected(labels(pod), &budget["spec"]["selector"]["matchLabels"]);
    for budget in stage.find(ID, namespace, covering) {
        let selector = &budget.value["spec"]["selector"]["matchLabels"];
        let pods = stage.find("pods", namespace, |pod| selected(labels(pod), selector));
        let healthy = pods.iter().filter(|pod| is_true(&pod.value, "Ready")).count() as i64;
        // What the workload wants does not change with a pod that comes or goes.
        let expected = budget.value["status"]["expectedPods"].as_i64().unwrap_or(pods.len() as i64);
        let desired = desired(&budget.value["spec"], expected);
        let allowed = (healthy - desired).max(0);
        let now = stage.clock();
        stage.modify(ID, namespace, &budget.key.1, |budget| {
            let status = &mut budget["status"];
            status["currentHealthy"] = json!(healthy);
            status["desiredHealthy"] = json!(desired);
            status["disruptionsAllowed"] = json!(allowed);
            let reason = if 0 < allowed { "SufficientPods" } else { "InsufficientPods" };
            set_condition(&mut status["conditions"], &now, "DisruptionAllowed", 0 < allowed, Some((reason, "")));
        });
    }
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
