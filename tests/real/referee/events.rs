//! Events as old and new components write them.

use super::case::{Case, ago, ago_exactly};
use serde_json::{Value, json};

/// An event about a pod in the namespace of its kind's cases.
fn event(fields: Value) -> Value {
    let mut event = json!({
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": "referee-events", "name": "web-1", "uid": "u-1",
            "fieldPath": "spec.containers{app}"},
        "type": "Normal", "reason": "Pulled", "message": "Container image is already present on machine",
        "source": {"component": "kubelet", "host": "worker-1"},
        "firstTimestamp": ago(700), "lastTimestamp": ago(31), "count": 14,
    });
    for (field, value) in fields.as_object().expect("fields") {
        event[field] = value.clone();
    }
    event
}

fn new_style(fields: Value) -> Value {
    let mut event = event(fields);
    for old in ["firstTimestamp", "lastTimestamp", "count", "source"] {
        event.as_object_mut().expect("an object").remove(old);
    }
    event["eventTime"] = ago_exactly(95).into();
    event["action"] = "Binding".into();
    event["reportingComponent"] = "default-scheduler".into();
    event["reportingInstance"] = "scheduler-0".into();
    event
}

/// Every way to say something.
pub fn cases() -> Vec<Case> {
    let regarding = |object: Value| event(json!({"involvedObject": object}));
    vec![
        Case::new("old", event(json!({}))),
        Case::new(
            "warning",
            event(json!({"type": "Warning", "reason": "BackOff", "message": "Back-off restarting failed container"})),
        ),
        Case::new("once", event(json!({"count": 1, "lastTimestamp": ago(700)}))),
        Case::new("no-count", event(json!({"count": 0}))),
        Case::new("no-last", event(json!({"lastTimestamp": null}))),
        Case::new("no-times", event(json!({"firstTimestamp": null, "lastTimestamp": null}))),
        Case::new("no-first", event(json!({"firstTimestamp": null}))),
        Case::new("no-host", event(json!({"source": {"component": "deployment-controller"}}))),
        Case::new("no-source", event(json!({"source": {}}))),
        Case::new("host-only", event(json!({"source": {"host": "worker-1"}}))),
        Case::new("untrimmed", event(json!({"message": "  two\nlines \n"}))),
        Case::new("no-message", event(json!({"message": ""}))),
        Case::new(
            "no-part",
            regarding(
                json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "namespace": "referee-events", "name": "web-77b"}),
            ),
        ),
        Case::new("nameless", regarding(json!({"kind": "Pod", "namespace": "referee-events"}))),
        Case::new(
            "custom",
            regarding(
                json!({"apiVersion": "example.com/v1", "kind": "Gadget", "namespace": "referee-events", "name": "g"}),
            ),
        ),
        Case::new("new", new_style(json!({}))),
        Case::new("new-series", new_style(json!({"series": {"count": 9, "lastObservedTime": ago_exactly(12)}}))),
        Case::new("far", event(json!({"firstTimestamp": ago(40 * 86_400), "lastTimestamp": ago(3 * 86_400)}))),
    ]
}
