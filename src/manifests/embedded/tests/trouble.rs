//! Where the table of assets/demo/README.md says that a trouble is planted, it is.

use super::*;

/// Pods with this value in their status or in that of a container, as `namespace/name`.
fn pods_with(demo: &Demo, pointer: &str, value: &str) -> Vec<String> {
    let matches = |pod: &&Document| {
        let status = &pod.value["status"];
        let mut parts = items(&status["containerStatuses"]).iter().chain([status]);
        parts.any(|part| part.pointer(pointer).is_some_and(|found| found == value))
    };
    let pods = demo.of("Pod").filter(matches);
    pods.map(|pod| format!("{}/{}", pod.namespace(), pod.name())).collect()
}

fn condition<'a>(document: &'a Document, wanted: &str) -> &'a Value {
    let conditions = items(&document.value["status"]["conditions"]);
    conditions.iter().find(|c| c["type"] == wanted).unwrap_or(&Value::Null)
}

#[test]
fn containers_wait_for_the_planted_reasons() {
    let demo = shop();
    for (reason, count, prefix) in [
        ("ImagePullBackOff", 3, "shop-prod/catalog-77b6d5c9f8-"),
        ("CrashLoopBackOff", 2, "shop-"),
        ("PodInitializing", 1, "shop-dev/migrator-"),
    ] {
        let pods = pods_with(demo, "/state/waiting/reason", reason);
        assert_eq!(pods.len(), count, "{reason}: {pods:?}");
        assert!(pods.iter().all(|pod| pod.starts_with(prefix)), "{reason}: {pods:?}");
    }
}

#[test]
fn one_pod_of_orders_runs_out_of_memory() {
    let demo = shop();
    let killed = pods_with(demo, "/lastState/terminated/reason", "OOMKilled");
    assert_eq!(killed, ["shop-prod/orders-5d8c7b9f4d-k2x9q"]);
    let pod = demo.get("Pod", "shop-prod", "orders-5d8c7b9f4d-k2x9q");
    let status = &pod.value["status"]["containerStatuses"][0];
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 137);
    assert_eq!(status["restartCount"], 6);
    assert_eq!(pod.value["spec"]["containers"][0]["resources"]["limits"]["memory"], "128Mi");
}

#[test]
fn two_pods_are_evicted_and_one_cannot_go() {
    let demo = shop();
    let evicted = pods_with(demo, "/reason", "Evicted");
    assert_eq!(evicted.len(), 2, "{evicted:?}");
    let stuck: Vec<_> = demo.of("Pod").filter(|pod| is_terminating(pod)).collect();
    assert_eq!(stuck.len(), 1);
    assert_eq!(stuck[0].value["metadata"]["finalizers"][0], "uploads.example.com/flush");
}

#[test]
fn two_pods_find_no_node() {
    let demo = shop();
    let unplaced = demo.of("Pod").filter(|pod| pod.value["spec"].get("nodeName").is_none());
    let message = |pod: &Document| text(&condition(pod, "PodScheduled")["message"]).to_owned();
    let mut causes: Vec<_> = unplaced.map(|pod| (pod.namespace().to_owned(), message(pod))).collect();
    causes.sort_unstable();
    assert_eq!(causes.len(), 2);
    assert!(causes[0].0 == "shop-dev" && causes[0].1.contains("unbound immediate PersistentVolumeClaims"));
    assert!(causes[1].0 == "shop-prod" && causes[1].1.contains("Insufficient memory"));
    let claim = demo.get("PersistentVolumeClaim", "shop-dev", "data-devdb-0");
    assert_eq!(claim.value["status"]["phase"], "Pending");
    let class = text(&claim.value["spec"]["storageClassName"]);
    assert!(demo.find("StorageClass", "", class).is_none());
}

#[test]
fn one_node_is_short_of_disk_and_one_is_cordoned() {
    let demo = shop();
    let pressed = demo.of("Node").filter(|n| condition(n, "DiskPressure")["status"] == "True");
    assert_eq!(pressed.map(Document::name).collect::<Vec<_>>(), ["worker-2"]);
    let cordoned = demo.of("Node").filter(|n| n.value["spec"]["unschedulable"] == true);
    assert_eq!(cordoned.map(Document::name).collect::<Vec<_>>(), ["worker-3"]);
    let zone = |n: &Document| n.value["metadata"]["labels"]["topology.kubernetes.io/zone"].to_string();
    assert_eq!(demo.of("Node").map(zone).collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn deployments_are_stuck_paused_and_refused() {
    let demo = shop();
    let stuck = demo.get("Deployment", "shop-prod", "catalog");
    assert_eq!(condition(stuck, "Progressing")["reason"], "ProgressDeadlineExceeded");
    let paused = demo.get("Deployment", "shop-prod", "notifications");
    assert_eq!(paused.value["spec"]["paused"], true);
    let refused = demo.get("Deployment", "shop-dev", "loadtest");
    let message = text(&condition(refused, "ReplicaFailure")["message"]);
    assert!(message.contains("exceeded quota: shop-dev-quota"), "{message}");
    let quota = demo.get("ResourceQuota", "shop-dev", "shop-dev-quota");
    assert_eq!(quota.value["status"]["used"]["limits.memory"], "3328Mi");
}

#[test]
fn one_certificate_has_twelve_days_and_failed_to_renew_twice() {
    let demo = shop();
    let certificate = demo.get("Certificate", "shop-prod", "shop-tls");
    let status = &certificate.value["status"];
    assert_eq!(status["notAfter"], "2026-01-13T00:00:00Z");
    assert_eq!(status["failedIssuanceAttempts"], 2);
    assert_eq!(condition(certificate, "Ready")["status"], "True");
    assert_eq!(condition(certificate, "Issuing")["reason"], "Failed");
    let secret = demo.get("Secret", "shop-prod", "shop-tls");
    assert_eq!(secret.annotation("kplumb.dev/tls-not-after"), Some("12d"));
}

#[test]
fn an_expired_certificate_lies_about_unused() {
    let demo = shop();
    let secret = demo.get("Secret", "shop-staging", "old-shop-tls");
    assert_eq!(secret.annotation("kplumb.dev/tls-not-after"), Some("-41d"));
    let mut entries = demo.of("Ingress").flat_map(|i| items(&i.value["spec"]["tls"]));
    assert!(entries.all(|tls| tls["secretName"] != "old-shop-tls"));
}
