//! Whether a pod may run on a node: by the labels that it wants, and by the taints that it does not.

use serde_json::Value;

use crate::demo::stage::labels;

/// Whether a pod may run on a node by its selector and the node's taints.
pub fn admits(node: &Value, pod_spec: &Value, extra: &[&str]) -> bool {
    let wanted = pod_spec["nodeSelector"].as_object().into_iter().flatten();
    if wanted.into_iter().any(|(key, value)| labels(node).get(key) != Some(value)) {
        return false;
    }
    let mut taints = node["spec"]["taints"].as_array().into_iter().flatten();
    taints.all(|taint| {
        let key = taint["key"].as_str().unwrap_or_default();
        taint["effect"] == "PreferNoSchedule" || extra.contains(&key) || tolerated(pod_spec, taint)
    })
}

fn tolerated(pod_spec: &Value, taint: &Value) -> bool {
    let mut tolerations = pod_spec["tolerations"].as_array().into_iter().flatten();
    tolerations.any(|toleration| {
        let effect = toleration["effect"].is_null() || toleration["effect"] == taint["effect"];
        let key = toleration["key"].is_null() || toleration["key"] == taint["key"];
        let exists = toleration["operator"] == "Exists";
        let value = || toleration["value"].as_str().unwrap_or_default() == taint["value"].as_str().unwrap_or_default();
        effect && key && (exists || (!toleration["key"].is_null() && value()))
    })
}
