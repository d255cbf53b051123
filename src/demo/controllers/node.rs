//! Nodes: what nobody may schedule on is marked so, and every node has the pods of the daemon sets.

use serde_json::{Value, json};

use crate::demo::controllers::daemon_set;
use crate::demo::stage::{Source, Stage};

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// A node was created or changed.
pub fn changed(stage: &mut Stage, name: &str) {
    let Some(node) = stage.get("nodes", "", name) else { return };
    let cordoned = node.value["spec"]["unschedulable"] == true;
    let is_mark = |taint: &Value| taint["key"] == UNSCHEDULABLE;
    let marked = node.value["spec"]["taints"].as_array().is_some_and(|taints| taints.iter().any(is_mark));
    if cordoned != marked {
        let now = stage.clock();
        stage.modify("nodes", "", name, |node| {
            let mut taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
            taints.retain(|taint| !is_mark(taint));
            if cordoned {
                taints.push(json!({"key": UNSCHEDULABLE, "effect": "NoSchedule", "timeAdded": now}));
            }
            match (taints.is_empty(), node["spec"].as_object_mut()) {
                (true, Some(spec)) => _ = spec.remove("taints"),
                _ => node["spec"]["taints"] = Value::Array(taints),
            }
        });
        let reason = if cordoned { "NodeNotSchedulable" } else { "NodeSchedulable" };
        let text = format!("Node {name} status is now: {reason}");
        stage.event(&node.value, reason, &text, Source { host: name, ..Source::of("kubelet") });
    }
    let sets: Vec<_> = stage.store.list(daemon_set::ID, None).map(|set| set.key.clone()).collect();
    for set in sets {
        daemon_set::reconcile(stage, &set.0, &set.1);
    }
}
