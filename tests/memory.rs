//! What a pod costs once it is in the model, indexes included: measured in a process of its own, because it is read
//! off what the system says of the whole process.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use kplumb::kinds::{BUILTIN, Interner, POD};
use kplumb::model::{Change, Cluster};
use serde_json::{Value, json};

const PODS: usize = 10_000;
const MOST: usize = 2_048;

/// Bytes of memory that the process holds.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// A running pod as clusters have them: two containers, volumes, an owner; about 10 KB of JSON on the wire, of which
/// managed fields, which are never read, are left out here.
fn pod(n: usize) -> Value {
    let (service, node) = (n / 5, n % 50);
    let container = |name: &str| {
        let env: Vec<Value> = (0..12).map(|e| json!({"name": format!("SETTING_{e}"), "value": "some value"})).collect();
        json!({"name": name, "image": format!("registry.example.com/shop/{name}-{}:v1.{}", service % 200, service % 7),
            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}], "env": env,
            "envFrom": [{"configMapRef": {"name": format!("service-{}-config", service % 200)}}],
            "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "50m", "memory": "128Mi"}}})
    };
    let status = |name: &str| {
        json!({"name": name, "ready": true, "started": true, "restartCount": n % 3, "image": "x", "imageID": "y",
            "state": {"running": {"startedAt": "2026-11-20T10:00:05Z"}}, "lastState": {}})
    };
    let condition =
        |r#type: &str| json!({"type": r#type, "status": "True", "lastTransitionTime": "2026-11-20T10:00:06Z"});
    let conditions = ["Ready", "ContainersReady", "Initialized", "PodScheduled"].map(condition);
    json!({
        "metadata": {
            "name": format!("service-{}-{:08x}-{:05x}", service % 200, service, n),
            "namespace": format!("team-{}", n % 20), "generation": 1,
            "uid": format!("{n:08x}-aaaa-bbbb-cccc-000000000000"), "resourceVersion": format!("{}", 1_000_000 + n),
            "creationTimestamp": "2026-11-20T10:00:00Z",
            "labels": {"app": format!("service-{}", service % 200), "pod-template-hash": format!("{service:08x}"),
                "team": format!("team-{}", n % 20), "tier": "backend", "version": format!("v{}", n % 7)},
            "annotations": {"prometheus.io/scrape": "true", "checksum/config": format!("{n:064x}")},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
                "name": format!("service-{}-{service:08x}", service % 200), "uid": format!("{service:08x}-dddd-eeee")}],
        },
        "spec": {
            "nodeName": format!("worker-{node}"), "restartPolicy": "Always",
            "containers": [container("app"), container("proxy")],
            "volumes": [{"name": "tls", "secret": {"secretName": format!("service-{}-tls", service % 200)}},
                {"name": format!("kube-api-access-{:05x}", n), "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}],
        },
        "status": {
            "phase": "Running", "podIP": format!("10.{}.{}.{}", node, n / 250 % 250, n % 250), "qosClass": "Burstable",
            "podIPs": [{"ip": format!("10.{}.{}.{}", node, n / 250 % 250, n % 250)}], "hostIP": "10.0.0.1",
            "startTime": "2026-11-20T10:00:01Z", "containerStatuses": [status("app"), status("proxy")],
            "conditions": conditions,
        },
    })
}

#[test]
fn a_pod_with_its_indexes_takes_at_most_two_kilobytes() {
    let decoder = &BUILTIN[usize::from(POD.0)].decoder;
    let (mut cluster, mut interner) = (Cluster::default(), Interner::default());
    let mut add = |n: usize| {
        let record = decoder.read_json(POD, pod(n).to_string().as_bytes(), &mut interner).unwrap();
        cluster.apply(Change::Apply(record));
    };
    // The first pods pay for what is allocated once.
    (0..500).for_each(&mut add);
    let before = resident();
    (500..PODS + 500).for_each(&mut add);
    let each = (resident() - before) / PODS;
    println!("{each} bytes a pod");
    assert!(each <= MOST, "{each} bytes a pod");
}
