//! The fixture does what it says: without this, no other test on the control plane means much.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::control_plane::{ControlPlane, Crds, Request, Rule, STILL, Settings, until};

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "app", "image": "example.test/app:1"}]}})
}

#[test]
fn a_pod_is_scheduled_and_runs() {
    let plane = ControlPlane::shared();
    plane.namespace("runs");
    plane.create("/api/v1/namespaces/runs/pods", &pod("web"));
    plane.wait_for("the pod to run", || {
        let web = plane.json("/api/v1/namespaces/runs/pods/web");
        web["status"]["phase"] == "Running"
            && web["spec"]["nodeName"].as_str().is_some_and(|node| node.starts_with("node-"))
    });
}

#[test]
fn a_still_pod_keeps_the_status_it_was_given() {
    let plane = ControlPlane::shared();
    plane.namespace("still");
    let mut lone = pod("lone");
    lone["metadata"]["annotations"] = json!({STILL: "true"});
    plane.create("/api/v1/namespaces/still/pods", &lone);
    let path = "/api/v1/namespaces/still/pods/lone";
    plane.wait_for("a node for the pod", || plane.json(path)["spec"]["nodeName"].is_string());
    plane.patch_status(path, &json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "no memory"}}));
    let table = plane.get(path, "application/json;as=Table;v=v1;g=meta.k8s.io").json();
    assert_eq!(table["rows"][0]["cells"][2], "Evicted");
}

#[test]
fn deployments_roll_and_endpoints_follow() {
    let plane = ControlPlane::shared();
    plane.namespace("rolls");
    plane.apply(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: rolls}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: 'example.test/app:1'}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: rolls}
spec: {selector: {app: web}, ports: [{port: 80}]}
",
    );
    plane.wait_for("two ready replicas", || {
        plane.json("/apis/apps/v1/namespaces/rolls/deployments/web")["status"]["readyReplicas"] == 2
    });
    let slices = "/apis/discovery.k8s.io/v1/namespaces/rolls/endpointslices";
    plane.wait_for("two endpoints", || {
        plane.json(slices)["items"][0]["endpoints"].as_array().is_some_and(|all| all.len() == 2)
    });
}

#[test]
fn the_audit_log_shows_who_asked_what() {
    let plane = ControlPlane::shared();
    let path = "/api/v1/namespaces/default/configmaps?limit=7";
    plane.send(&Request::get(path).by("guest"));
    plane.wait_for("the audit entry", || plane.audit_of("guest").iter().any(|entry| entry.uri == path));
    let entry = plane.audit_of("guest").into_iter().find(|entry| entry.uri == path).unwrap();
    assert_eq!((entry.verb.as_str(), entry.resource.as_str(), entry.code), ("list", "configmaps", 403));
    assert!(entry.is_read());
}

#[test]
fn rights_are_given_and_taken_back() {
    let plane = ControlPlane::shared();
    plane.namespace("rights");
    let list = Request::get("/api/v1/namespaces/rights/pods").by("user-0");
    assert_eq!(plane.send(&list).status, 403);
    let rule = Rule { namespace: Some("rights"), group: "", resources: &["pods"], verbs: &["list"] };
    let right = plane.grant("user-0", &rule);
    assert_eq!(plane.send(&list).status, 200);
    plane.revoke(&right);
    assert_eq!(plane.send(&list).status, 403);
}

#[test]
fn kubeconfigs_work_by_token_and_by_certificate() {
    let plane = ControlPlane::shared();
    let who = |kubeconfig: &Path| {
        let flag = format!("--kubeconfig={}", kubeconfig.display());
        plane.kubectl(&[&flag, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"])
    };
    assert_eq!(who(&plane.kubeconfig("viewer")), "viewer");
    assert_eq!(who(&plane.kubeconfig_in("dev", "shop")), "dev");
    assert_eq!(who(&plane.kubeconfig_by_certificate("ada", Some("system:masters"))), "ada");
}

#[test]
fn an_expiring_token_expires() {
    let plane = ControlPlane::shared();
    let token = plane.expiring_token("default", "default", 3);
    let ask = Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews", b"{}").bearer(&token);
    assert_eq!(plane.send(&ask).status, 201);
    assert!(until(Duration::from_secs(30), || plane.send(&ask).status == 401));
}

#[test]
fn logs_come_through_the_kubelet() {
    let plane = ControlPlane::shared();
    plane.namespace("logs");
    let mut chatty = pod("chatty");
    chatty["spec"]["containers"][0]["name"] = "log-0".into();
    plane.create("/api/v1/namespaces/logs/pods", &chatty);
    let path = "/api/v1/namespaces/logs/pods/chatty";
    plane.wait_for("the pod to run", || plane.json(path)["status"]["phase"] == "Running");
    plane.log("log-0", "2026-11-20T18:01:03.000000000Z", "first light");
    let log = plane.send(&Request::get(&format!("{path}/log?timestamps=true"))).ok("the log").text();
    assert_eq!(log, "2026-11-20T18:01:03.000000000Z first light\n");
    fs::write(plane.previous_log_file("log-0"), "2026-11-20T18:00:00.000000000Z stdout F goodbye\n").unwrap();
    let log = plane.send(&Request::get(&format!("{path}/log?previous=true"))).ok("the previous log").text();
    assert_eq!(log, "goodbye\n");
}

#[test]
fn definitions_are_installed_and_removed() {
    let plane = ControlPlane::start(&Settings { controllers: false, ..Settings::default() });
    plane.install(Crds::CertManager);
    plane.install(Crds::GatewayApi);
    assert_eq!(plane.json("/apis/gateway.networking.k8s.io/v1/gateways")["kind"], "GatewayList");
    plane.remove(Crds::CertManager);
}

#[test]
fn objects_survive_a_crash_and_old_versions_are_gone() {
    let plane = ControlPlane::start(&Settings { controllers: false, ..Settings::default() });
    let before = plane.create("/api/v1/namespaces/default/configmaps", &json!({"metadata": {"name": "kept"}}));
    let version = before["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    for n in 0..5 {
        plane.create("/api/v1/namespaces/default/configmaps", &json!({"metadata": {"name": format!("later-{n}")}}));
    }
    plane.kill_server();
    assert_eq!(plane.send(&Request::get("/readyz")).status, 0);
    plane.start_server();
    plane.restart_server();
    let after = plane.json("/api/v1/namespaces/default/configmaps/kept");
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    plane.compact();
    let watch = format!("/api/v1/configmaps?watch=1&timeoutSeconds=1&resourceVersion={version}");
    assert!(plane.send(&Request::get(&watch)).text().contains(r#""code":410"#));
}
