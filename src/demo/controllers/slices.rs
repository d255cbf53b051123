//! EndpointSlices follow the pods that a Service selects; hand-written ones are left alone.

use serde_json::{Value, json};

use crate::demo::stage::{Stage, is_true, labels, selected};

const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// Updates the slices of every Service that selects this pod.
pub fn update(stage: &mut Stage, namespace: &str, pod: &Value) {
    let services = stage.find("services", namespace, |service| selected(labels(pod), &service["spec"]["selector"]));
    for service in services {
        let endpoints = endpoints(stage, namespace, &service.value);
        let slices = stage.find("endpointslices.discovery.k8s.io", namespace, |slice| {
            labels(slice)["kubernetes.io/service-name"] == service.key.1.as_str()
                && labels(slice)[MANAGED_BY] == CONTROLLER
        });
        // One slice holds a hundred endpoints; no Service of the demo has more.
        if let Some(slice) = slices.first() {
            let id = "endpointslices.discovery.k8s.io";
            stage.modify(id, namespace, &slice.key.1, |slice| slice["endpoints"] = endpoints);
        }
    }
}

fn endpoints(stage: &Stage, namespace: &str, service: &Value) -> Value {
    let selector = &service["spec"]["selector"];
    let pods = stage.find("pods", namespace, |pod| {
        let finished = ["Succeeded", "Failed"].iter().any(|phase| pod["status"]["phase"] == *phase);
        selected(labels(pod), selector) && pod["status"]["podIP"].is_string() && !finished
    });
    pods.iter().map(|pod| endpoint(stage, &pod.value, service)).collect()
}

fn endpoint(stage: &Stage, pod: &Value, service: &Value) -> Value {
    let terminating = !pod["metadata"]["deletionTimestamp"].is_null();
    let serving = is_true(pod, "Ready");
    let unready_too = service["spec"]["publishNotReadyAddresses"] == true;
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    let mut endpoint = json!({
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": (serving && !terminating) || unready_too, "serving": serving, "terminating": terminating,
        },
        "nodeName": node,
        "targetRef": {
            "kind": "Pod", "namespace": pod["metadata"]["namespace"], "name": pod["metadata"]["name"],
            "uid": pod["metadata"]["uid"],
        },
    });
    let zone = stage.get("nodes", "", node).map(|node| labels(&node.value)["topology.kubernetes.io/zone"].clone());
    if let Some(zone) = zone.filter(Value::is_string) {
        endpoint["zone"] = zone;
    }
    endpoint
}
