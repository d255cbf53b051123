//! EndpointSlices follow the pods that a Service selects; hand-written ones are left alone.

use serde_json::{Value, json};

use crate::demo::stage::{Stage, is_true, labels, selected};
use crate::demo::store::suffix;

const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const SLICES: &str = "endpointslices.discovery.k8s.io";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// Updates the slices of every Service that selects this pod.
pub fn update(stage: &mut Stage, namespace: &str, pod: &Value) {
    let services = stage.find("services", namespace, |service| selected(labels(pod), &service["spec"]["selector"]));
    for service in services {
        let endpoints = endpoints(stage, namespace, &service.value);
        // One slice holds a hundred endpoints; no Service of the demo has more.
        if let Some(slice) = of(stage, namespace, &service.key.1) {
            stage.modify(SLICES, namespace, &slice, |slice| slice["endpoints"] = endpoints);
        }
    }
}

/// The slice of a Service, by name.
fn of(stage: &Stage, namespace: &str, service: &str) -> Option<String> {
    let slices = stage.find(SLICES, namespace, |slice| {
        labels(slice)["kubernetes.io/service-name"] == service && labels(slice)[MANAGED_BY] == CONTROLLER
    });
    slices.first().map(|slice| slice.key.1.clone())
}

/// A Service was created or changed: its slice has its pods and its ports.
pub fn of_service(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(service) = stage.get("services", namespace, name) else { return };
    let selects = service.value["spec"]["selector"].as_object().is_some_and(|selector| !selector.is_empty());
    if !selects || service.value["spec"]["type"] == "ExternalName" {
        return;
    }
    let (endpoints, ports) = (endpoints(stage, namespace, &service.value), ports(stage, namespace, &service.value));
    if let Some(slice) = of(stage, namespace, name) {
        stage.modify(SLICES, namespace, &slice, |slice| {
            slice["endpoints"] = endpoints;
            slice["ports"] = ports;
        });
        return;
    }
    let owner = json!([{
        "apiVersion": "v1", "kind": "Service", "name": name, "uid": service.value["metadata"]["uid"],
        "controller": true, "blockOwnerDeletion": true,
    }]);
    let slice_name = format!("{name}-{}", suffix(&format!("{namespace}/{name}"), 5));
    stage.create(SLICES, json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "namespace": namespace, "name": slice_name, "generateName": format!("{name}-"), "ownerReferences": owner,
            "labels": {"kubernetes.io/service-name": name, MANAGED_BY: CONTROLLER},
        },
        "endpoints": endpoints, "ports": ports,
    }));
}

/// A Service is gone, and its slices with it.
pub fn service_gone(stage: &mut Stage, namespace: &str, name: &str) {
    while let Some(slice) = of(stage, namespace, name) {
        if stage.store.delete(SLICES, namespace, &slice).is_err() {
            return;
        }
    }
}

/// The ports of a Service on its pods; a name is looked up in the first pod that has it.
fn ports(stage: &Stage, namespace: &str, service: &Value) -> Value {
    let selector = &service["spec"]["selector"];
    let pods = stage.find("pods", namespace, |pod| selected(labels(pod), selector));
    let number = |name: &str| {
        let containers = pods.iter().flat_map(|pod| pod.value["spec"]["containers"].as_array().into_iter().flatten());
        let mut ports = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
        ports.find(|port| port["name"] == name).map(|port| port["containerPort"].clone())
    };
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    ports
        .filter_map(|port| {
            let target = match &port["targetPort"] {
                Value::String(name) => number(name)?,
                Value::Null => port["port"].clone(),
                number => number.clone(),
            };
            let name = port["name"].as_str().unwrap_or_default();
            Some(json!({"name": name, "port": target, "protocol": port["protocol"]}))
        })
        .collect()
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
