//! The cluster of a room: a control plane without controllers, whose Services and slices the test writes itself.

use serde_json::{Value, json};

use crate::control_plane::{ControlPlane, Request, STILL, Settings};

/// One endpoint of a Service, as its slice says.
#[derive(Clone, Copy)]
pub struct End {
    pub address: &'static str,
    pub ready: Option<bool>,
    pub serving: Option<bool>,
    pub terminating: Option<bool>,
}

/// One that is ready.
pub fn ready(address: &'static str) -> End {
    End { address, ready: Some(true), serving: Some(true), terminating: Some(false) }
}

/// One that is not.
pub fn unready(address: &'static str) -> End {
    End { address, ready: Some(false), serving: Some(false), terminating: Some(false) }
}

/// One that shuts down and still answers.
pub fn leaving(address: &'static str) -> End {
    End { address, ready: Some(false), serving: Some(true), terminating: Some(true) }
}

/// One of which nothing is said.
pub fn unsaid(address: &'static str) -> End {
    End { address, ready: None, serving: None, terminating: None }
}

/// Starts the control plane.
pub fn plane() -> ControlPlane {
    ControlPlane::start(&Settings { controllers: false, nodes: 0, server_flags: &[] })
}

/// A namespace in which pods can be created.
pub fn namespace(plane: &ControlPlane, name: &str) {
    let labels = json!({"kubernetes.io/metadata.name": name});
    if name != "default" {
        plane.create("/api/v1/namespaces", &json!({"metadata": {"name": name, "labels": labels}}));
    }
    plane.wait_for("the namespace", || plane.send(&Request::get(&format!("/api/v1/namespaces/{name}"))).status == 200);
    plane.create(&format!("/api/v1/namespaces/{name}/serviceaccounts"), &json!({"metadata": {"name": "default"}}));
}

/// A Service with these ports (name, number, port of its pods) and a slice of these endpoints.
pub fn service(plane: &ControlPlane, (namespace, name): (&str, &str), ports: &[(&str, u16, u16)], ends: &[End]) {
    let spec_ports: Vec<Value> = ports
        .iter()
        .map(|(name, port, target)| json!({"name": name, "port": port, "targetPort": target, "protocol": "TCP"}))
        .collect();
    let object = json!({"metadata": {"name": name}, "spec": {"ports": spec_ports}});
    plane.create(&format!("/api/v1/namespaces/{namespace}/services"), &object);
    slice(plane, (namespace, name), ports, ends);
}

/// A slice as the endpoints controller writes it.
pub fn slice(plane: &ControlPlane, (namespace, name): (&str, &str), ports: &[(&str, u16, u16)], ends: &[End]) {
    let endpoints: Vec<Value> = ends
        .iter()
        .map(|end| {
            let conditions = json!({"ready": end.ready, "serving": end.serving, "terminating": end.terminating});
            let is_said = end.ready.is_some() || end.serving.is_some();
            json!({"addresses": [end.address], "conditions": if is_said { conditions } else { json!({}) }})
        })
        .collect();
    let ports: Vec<Value> =
        ports.iter().map(|(name, _, target)| json!({"name": name, "port": target, "protocol": "TCP"})).collect();
    let labels = json!({"kubernetes.io/service-name": name});
    let object = json!({
        "metadata": {"name": format!("{name}-1"), "labels": labels},
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": endpoints,
    });
    plane.create(&format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"), &object);
}

/// A pod that runs, at an address of the room.
pub fn pod(plane: &ControlPlane, (namespace, name): (&str, &str), labels: &Value, container: &Value, address: &str) {
    let path = format!("/api/v1/namespaces/{namespace}/pods");
    let spec = json!({"containers": [container], "automountServiceAccountToken": false});
    let object = json!({"metadata": {"name": name, "labels": labels, "annotations": {STILL: "yes"}}, "spec": spec});
    plane.create(&path, &object);
    let conditions = json!([{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}]);
    let status = json!({"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions});
    plane.patch_status(&format!("{path}/{name}"), &json!({"status": status}));
}
