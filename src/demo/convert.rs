//! Objects that are served in two forms and kept in one: Events of both groups, autoscalers of both versions.

use crate::demo::selector::Selector;
use serde_json::{Map, Value, json};

/// The younger group of Events; what is kept is the core group's form.
pub const EVENTS: &str = "events.k8s.io";

/// Core name of a field, and its name in the younger group.
const EVENT_FIELDS: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

/// Whether objects of this group and version are served in another form than they are kept in.
pub fn is_needed(group: &str, version: &str) -> bool {
    group == EVENTS || (group, version) == ("autoscaling", "v1")
}

/// The object in the form of a group and version.
pub fn converted(group: &str, version: &str, kept: Value) -> Value {
    match (group, version) {
        (EVENTS, _) => event(kept),
        ("autoscaling", "v1") => autoscaler(&kept),
        _ => kept,
    }
}

/// The selection of a request in the names of the form that is kept.
pub fn selector(group: &str, mut selector: Selector) -> Selector {
    if group == EVENTS {
        for (core, young) in EVENT_FIELDS {
            selector.rename(young, core);
        }
    }
    selector
}

fn event(mut kept: Value) -> Value {
    if let Value::Object(map) = &mut kept {
        for (core, young) in EVENT_FIELDS {
            if let Some(value) = map.remove(core) {
                map.insert(young.to_owned(), value);
            }
        }
    }
    kept
}

/// Version 1 knows the load of the processor only; the conditions travel as an annotation.
fn autoscaler(kept: &Value) -> Value {
    let (spec, status) = (&kept["spec"], &kept["status"]);
    let cpu = |metrics: &Value, of: &str| {
        let mut metrics = metrics.as_array().into_iter().flatten();
        let metric = metrics.find(|metric| metric["resource"]["name"] == "cpu");
        metric.map_or(Value::Null, |metric| metric["resource"][of]["averageUtilization"].clone())
    };
    let mut metadata = kept["metadata"].clone();
    if status["conditions"].is_array() {
        metadata["annotations"]["autoscaling.alpha.kubernetes.io/conditions"] = json!(status["conditions"].to_string());
    }
    let target = cpu(&spec["metrics"], "target");
    let current = cpu(&status["currentMetrics"], "current");
    json!({
        "metadata": metadata,
        "spec": fields(spec, &["scaleTargetRef", "minReplicas", "maxReplicas"], ("targetCPUUtilizationPercentage", target)),
        "status": fields(
            status,
            &["observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas"],
            ("currentCPUUtilizationPercentage", current),
        ),
    })
}

/// These fields as far as they are there, and one more.
fn fields(of: &Value, names: &[&str], (name, value): (&str, Value)) -> Value {
    let mut map: Map<String, Value> =
        names.iter().filter_map(|name| Some(((*name).to_owned(), of.get(*name)?.clone()))).collect();
    if !value.is_null() {
        map.insert(name.to_owned(), value);
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_the_younger_group_says_the_same_in_other_words() {
        let kept = json!({"metadata": {"name": "e"}, "involvedObject": {"name": "web"}, "message": "Back-off", "count": 3, "type": "Warning"});
        let want = json!({"metadata": {"name": "e"}, "regarding": {"name": "web"}, "note": "Back-off", "deprecatedCount": 3, "type": "Warning"});
        assert_eq!(converted(EVENTS, "v1", kept.clone()), want);
        assert_eq!(converted("", "v1", kept.clone()), kept);
    }

    #[test]
    fn an_autoscaler_of_version_1_keeps_the_processors_load() {
        let metric = |field: &str, percent: u32| json!([{"type": "Resource", "resource": {"name": "cpu", field: {"averageUtilization": percent}}}]);
        let kept = json!({
            "metadata": {"name": "a"}, "spec": {"maxReplicas": 9, "metrics": metric("target", 70)},
            "status": {"currentReplicas": 4, "currentMetrics": metric("current", 55), "conditions": [{"type": "AbleToScale"}]},
        });
        let conditions = json!({"autoscaling.alpha.kubernetes.io/conditions": "[{\"type\":\"AbleToScale\"}]"});
        let want = json!({
            "metadata": {"name": "a", "annotations": conditions},
            "spec": {"maxReplicas": 9, "targetCPUUtilizationPercentage": 70},
            "status": {"currentReplicas": 4, "currentCPUUtilizationPercentage": 55},
        });
        assert_eq!(converted("autoscaling", "v1", kept), want);
    }
}
