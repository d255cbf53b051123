//! A cluster of any size, for measurements: pods of about ten kilobytes on nodes of a hundred, and churn.

use serde_json::{Value, json};

use crate::demo::Demo;
use crate::demo::store::{seconds, uid};
use crate::wire::Timestamp;

const PODS_PER_NODE: usize = 100;
const PODS_PER_SET: usize = 50;
const NAMESPACES: usize = 20;

impl Demo {
    /// A cluster of `pods` pods with their nodes, namespaces and ReplicaSets; the same on every call.
    pub fn synthetic(pods: usize, now: Timestamp) -> Self {
        let mut objects = Vec::with_capacity(pods + pods / PODS_PER_SET + pods / PODS_PER_NODE + NAMESPACES + 2);
        objects.extend((0..NAMESPACES).map(namespace));
        objects.extend((0..=pods / PODS_PER_NODE).map(node));
        objects.extend((0..=pods / PODS_PER_SET).map(set));
        objects.extend((0..pods).map(|index| pod(index, now)));
        Self::new(objects, now)
    }

    /// Changes `changes` pods of a synthetic cluster, beginning with the `from`th: each becomes ready or unready.
    pub fn churn(&self, from: usize, changes: usize) {
        self.change(|state| {
            // Only the keys that are changed are copied: this is called a hundred times a second.
            let all = state.store.list("pods", None).count();
            let pods = || state.store.list("pods", None).map(|pod| pod.key.clone());
            let keys: Vec<_> = pods().skip(from % all.max(1)).chain(pods()).take(changes).collect();
            for key in keys {
                let Some(pod) = state.store.get("pods", &key.0, &key.1) else { continue };
                let mut pod = pod.value.clone();
                let status = &mut pod["status"]["containerStatuses"][0];
                let ready = status["ready"] == true;
                status["ready"] = json!(!ready);
                status["restartCount"] = json!(status["restartCount"].as_i64().unwrap_or(0) + i64::from(ready));
                // Stored a moment ago under the same lock, so it is there.
                let _ = state.store.update("pods", pod);
            }
        });
    }
}

fn namespace_of(index: usize) -> String {
    format!("team-{:02}", index / PODS_PER_SET % NAMESPACES)
}

fn namespace(index: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("team-{index:02}")},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    })
}

fn node(index: usize) -> Value {
    let resources = json!({"cpu": "64", "memory": "263856124Ki", "pods": "250", "ephemeral-storage": "940Gi"});
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": node_name(index), "labels": {"kubernetes.io/hostname": node_name(index)}},
        "spec": {"podCIDR": format!("10.{}.{}.0/24", 100 + index / 256, index % 256)},
        "status": {
            "capacity": resources, "allocatable": resources,
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is ready"}],
            "nodeInfo": {"kubeletVersion": "v1.36.3", "osImage": "Linux", "architecture": "amd64"},
        },
    })
}

fn node_name(index: usize) -> String {
    format!("node-{index:04}")
}

fn set_name(index: usize) -> String {
    format!("service-{index:04}-{}", &uid(&index.to_string())[..8])
}

fn set(index: usize) -> Value {
    let name = set_name(index);
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"namespace": namespace_of(index * PODS_PER_SET), "name": name, "uid": uid(&name), "labels": labels},
        "spec": {"replicas": PODS_PER_SET, "selector": {"matchLabels": labels}},
        "status": {"replicas": PODS_PER_SET, "readyReplicas": PODS_PER_SET},
    })
}

fn pod(index: usize, now: Timestamp) -> Value {
    let set = set_name(index / PODS_PER_SET);
    let suffix = &uid(&format!("pod {index}"))[..5];
    let started = now.plus_seconds(-(index as i64 % 500_000));
    let started = jiff::Timestamp::from_microsecond(started.0).map(seconds).unwrap_or_default();
    let containers: Vec<Value> = ["app", "proxy"].iter().map(|name| container(name, index)).collect();
    let statuses: Vec<Value> = ["app", "proxy"].iter().map(|name| container_status(name, index, &started)).collect();
    let address = format!("10.{}.{}.{}", 100 + index / 25_000, index / 100 % 250, 2 + index % 100);
    let conditions: Vec<Value> =
        ["PodScheduled", "Initialized", "PodReadyToStartContainers", "ContainersReady", "Ready"]
            .iter()
            .map(|kind| json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": started}))
            .collect();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": namespace_of(index), "name": format!("{set}-{suffix}{index:05}"), "generateName": format!("{set}-"),
            "creationTimestamp": started, "labels": {"app": set, "pod-template-hash": &set[set.len() - 8..]},
            "annotations": {"checksum/config": uid(&set), "prometheus.io/scrape": "true"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": uid(&set),
                "controller": true, "blockOwnerDeletion": true,
            }],
            "managedFields": managed_fields(&started),
        },
        "spec": {
            "containers": containers, "nodeName": node_name(index / PODS_PER_NODE), "restartPolicy": "Always",
            "serviceAccountName": "default", "schedulerName": "default-scheduler", "dnsPolicy": "ClusterFirst",
            "terminationGracePeriodSeconds": 30, "securityContext": {}, "enableServiceLinks": true,
        },
        "status": {
            "phase": "Running", "conditions": conditions, "containerStatuses": statuses, "podIP": address,
            "podIPs": [{"ip": address}], "hostIP": "10.0.0.1", "qosClass": "Burstable", "startTime": started,
        },
    })
}

fn container(name: &str, index: usize) -> Value {
    let env: Vec<Value> = (0..22)
        .map(|number| json!({"name": format!("SETTING_{number}"), "value": uid(&format!("{index}/{number}"))}))
        .collect();
    let probe = json!({"httpGet": {"path": "/readyz", "port": "http", "scheme": "HTTP"}, "periodSeconds": 5, "timeoutSeconds": 1});
    json!({
        "name": name, "image": format!("registry.example.com/team/{name}:v1.{}", index % 40), "env": env,
        "imagePullPolicy": "IfNotPresent", "readinessProbe": probe, "livenessProbe": probe,
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": true}],
    })
}

fn container_status(name: &str, index: usize, started: &str) -> Value {
    let id = uid(&format!("{name}{index}")).replace('-', "");
    let image = format!("registry.example.com/team/{name}:v1.{}", index % 40);
    json!({
        "name": name, "image": image, "imageID": format!("registry.example.com/team/{name}@sha256:{id}{id}"),
        "containerID": format!("containerd://{id}{id}"), "ready": true, "started": true, "restartCount": index % 3,
        "lastState": {}, "state": {"running": {"startedAt": started}},
    })
}

/// A third of a real pod is its list of who manages which field.
fn managed_fields(started: &str) -> Value {
    let settings: serde_json::Map<String, Value> = (0..22)
        .map(|number| (format!("k:{{\"name\":\"SETTING_{number}\"}}"), json!({".": {}, "f:name": {}, "f:value": {}})))
        .collect();
    let container = json!({".": {}, "f:env": settings, "f:image": {}, "f:livenessProbe": {}, "f:resources": {}});
    let fields =
        json!({"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": container, "k:{\"name\":\"proxy\"}": container}}});
    json!([{
        "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": started,
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synthetic_pods_weigh_ten_kilobytes() {
        let weight = pod(4_711, Timestamp(1_800_000_000_000_000)).to_string().len();
        assert!((9_000..12_000).contains(&weight), "{weight}");
    }
}
