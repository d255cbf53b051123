//! The states of nodes and namespaces.

use super::case::{Case, ago};
use serde_json::{Value, json};

fn condition(r#type: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": r#type, "status": status, "reason": reason, "message": message,
        "lastHeartbeatTime": ago(20), "lastTransitionTime": ago(1320)})
}

fn ready() -> Value {
    condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")
}

fn node(labels: Value, unschedulable: bool) -> Value {
    json!({"metadata": {"labels": labels}, "spec": {"unschedulable": unschedulable}})
}

fn plain(name: &str, status: Value) -> Case {
    Case::new(name, node(json!({}), false)).status(status)
}

fn info(architecture: &str, os: &str, kernel: &str, runtime: &str, kubelet: &str) -> Value {
    json!({"architecture": architecture, "osImage": os, "kernelVersion": kernel, "containerRuntimeVersion": runtime,
        "kubeletVersion": kubelet, "bootID": "", "machineID": "", "systemUUID": "", "kubeProxyVersion": "",
        "operatingSystem": "linux"})
}

fn role(name: &str, labels: Value) -> Case {
    Case::new(name, node(labels, false)).status(json!({"conditions": [ready()]}))
}

/// Every state of a node.
pub fn cases() -> Vec<Case> {
    let full = json!({
        "conditions": [condition("MemoryPressure", "False", "", ""), ready()],
        "nodeInfo": info("amd64", "Debian GNU/Linux 13", "6.12.41", "containerd://2.1.4", "v1.36.3"),
        "addresses": [{"type": "Hostname", "address": "worker-1"}, {"type": "InternalIP", "address": "10.0.0.7"},
            {"type": "InternalIP", "address": "fd00::7"}, {"type": "ExternalIP", "address": "203.0.113.7"}],
        "capacity": {"cpu": "4", "memory": "16393228Ki", "pods": "110", "ephemeral-storage": "100Gi"},
        "allocatable": {"cpu": "3920m", "memory": "15Gi", "pods": "110"},
    });
    let both = json!({"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": "",
        "kubernetes.io/role": "edge"});
    let tainted = json!({"spec": {"taints": [{"key": "dedicated", "value": "db", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]}});
    let message = "container runtime network not ready: NetworkReady=false";
    vec![
        Case::new("bare", node(json!({}), false)),
        plain("full", full),
        plain("ready", json!({"conditions": [ready()]})),
        plain("not-ready", json!({"conditions": [condition("Ready", "False", "KubeletNotReady", message)]})),
        plain("silent", json!({"conditions": [condition("Ready", "Unknown", "NodeStatusUnknown", "")]})),
        plain("no-ready-condition", json!({"conditions": [condition("DiskPressure", "False", "", "")]})),
        plain(
            "disk-pressure",
            json!({"conditions": [condition("DiskPressure", "True", "KubeletHasDiskPressure", ""), ready()]}),
        ),
        Case::new("cordoned", node(json!({}), true)).status(json!({"conditions": [ready()]})),
        Case::new("cordoned-silent", node(json!({}), true))
            .status(json!({"conditions": [condition("Ready", "Unknown", "", "")]})),
        Case::new("cordoned-bare", node(json!({}), true)),
        Case::new("tainted", tainted).status(json!({"conditions": [ready()]})),
        role("role", json!({"node-role.kubernetes.io/worker": ""})),
        role("roles", both),
        role("old-role", json!({"kubernetes.io/role": "master"})),
        role("empty-role", json!({"kubernetes.io/role": ""})),
        plain("no-architecture", json!({"nodeInfo": info("", "", "6.12.41", "", "v1.35.0")})),
        plain("no-kernel", json!({"nodeInfo": info("arm64", "Talos (v1.12)", "", "cri-o://1.35", "")})),
        plain("external-only", json!({"addresses": [{"type": "ExternalIP", "address": "203.0.113.8"}]})),
    ]
}

/// Every state of a namespace.
pub fn namespaces() -> Vec<Case> {
    let named = |name: &str| Case::new(&format!("referee-of-{name}"), json!({"metadata": {}}));
    let ending = |name: &str, conditions: &[(&str, &str, &str, &str)]| {
        let conditions: Vec<Value> = conditions
            .iter()
            .map(|(r#type, status, reason, message)| {
                json!({"type": r#type, "status": status, "reason": reason, "message": message,
                    "lastTransitionTime": ago(60)})
            })
            .collect();
        named(name).status(json!({"conditions": conditions})).deleted()
    };
    let content = "Some resources are remaining: pods. has 3 resource instances";
    let finalizers = "Some content in the namespace has finalizers remaining: kplumb.dev/hold in 1 resource instances";
    let mut labelled = json!({"metadata": {"labels": {"team": "shop"}, "annotations": {"owner": "shop"}}});
    labelled["metadata"]["finalizers"] = json!(["kplumb.dev/hold"]);
    let mut cases = vec![
        named("active"),
        Case::new("referee-of-labels", labelled),
        named("ending").deleted(),
        ending("contents", &[("NamespaceContentRemaining", "True", "SomeResourcesRemain", content)]),
        ending("finalizers", &[("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", finalizers)]),
        ending(
            "discovery",
            &[(
                "NamespaceDeletionDiscoveryFailure",
                "True",
                "DiscoveryFailed",
                "metrics.k8s.io/v1beta1: stale GroupVersion discovery",
            )],
        ),
        ending(
            "versions",
            &[("NamespaceDeletionGroupVersionParsingFailure", "True", "GroupVersionParsingFailed", "bad")],
        ),
        ending(
            "content-failure",
            &[("NamespaceDeletionContentFailure", "True", "ContentDeletionFailed", "could not delete")],
        ),
        ending(
            "all-clear",
            &[("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted")],
        ),
    ];
    cases.extend((0..6).map(|n| named(&format!("plain-{n}"))));
    cases
}
