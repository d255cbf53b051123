//! Which pods may stand for a target, and which of their ports is meant.

use super::*;
use serde_json::json;

fn forward(kind: KindId) -> Forward {
    Forward {
        target: ObjectRef::new(kind, "shop", "web"),
        uid: "u1".into(),
        local: 8080,
        remote: "80".to_owned(),
        scheme: None,
    }
}

fn named(name: &str, uid: &str, owner: Option<&str>) -> Value {
    let owners = owner.map(|uid| json!([{"controller": true, "uid": uid}]));
    json!({"metadata": {"name": name, "namespace": "shop", "uid": uid, "ownerReferences": owners, "labels": {"app": "web"}}})
}

fn covers(kind: KindId, target: &Value, pod: &Value, sets: &[Value]) -> bool {
    forward(kind).covers(&Found { target, pod, sets })
}

#[test]
fn a_pod_stands_for_itself_alone() {
    let web = named("web", "u1", None);
    assert!(covers(POD, &web, &web, &[]));
    assert!(!covers(POD, &web, &named("web", "u2", None), &[]), "another pod of the name");
    assert!(!covers(POD, &named("web", "u2", None), &named("web", "u2", None), &[]), "another target");
}

#[test]
fn a_workload_covers_what_it_owns_directly_or_by_a_set_of_its_own() {
    let web = named("web", "u1", None);
    assert!(covers(STATEFUL_SET, &web, &named("web-0", "p", Some("u1")), &[]));
    assert!(!covers(STATEFUL_SET, &web, &named("web-0", "p", Some("u2")), &[]));
    assert!(!covers(STATEFUL_SET, &web, &named("web-0", "p", None), &[]));
    let set = named("web-1", "s1", Some("u1"));
    assert!(covers(DEPLOYMENT, &web, &named("web-1-a", "p", Some("s1")), std::slice::from_ref(&set)));
    assert!(!covers(DEPLOYMENT, &web, &named("web-1-a", "p", Some("s2")), std::slice::from_ref(&set)));
    assert!(!covers(DEPLOYMENT, &web, &named("x", "p", Some("s9")), &[named("other", "s9", Some("u9"))]));
}

#[test]
fn a_service_covers_what_it_selects_now_and_nothing_without_a_selector() {
    let mut web = named("web", "u1", None);
    let pod = named("a", "p", None);
    for (selector, is_covered) in
        [(json!({"app": "web"}), true), (json!({"app": "db"}), false), (json!({}), false), (Value::Null, false)]
    {
        web["spec"] = json!({"selector": selector});
        assert_eq!(covers(SERVICE, &web, &pod, &[]), is_covered, "{web}");
    }
    web["spec"] = json!({"selector": {"app": "web"}});
    let mut elsewhere = pod;
    elsewhere["metadata"]["namespace"] = json!("other");
    assert!(!covers(SERVICE, &web, &elsewhere, &[]));
}

#[test]
fn a_port_of_a_service_leads_where_its_target_port_says() {
    let pod = json!({"metadata": {"name": "a"}, "spec": {
        "containers": [{"ports": [{"name": "http", "containerPort": 8080}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]}],
        "initContainers": [{"restartPolicy": "Always", "ports": [{"name": "admin", "containerPort": 15000}]},
            {"ports": [{"name": "once", "containerPort": 1}]}]}});
    let service = json!({"metadata": {"name": "web"}, "spec": {"ports": [
        {"port": 80, "targetPort": "http"}, {"name": "plain", "port": 81}, {"port": 82, "targetPort": 9000},
        {"port": 83, "targetPort": "admin"}, {"port": 84, "targetPort": "dns"}, {"port": 85, "targetPort": "once"}]}});
    let to = |remote: &str| port(SERVICE, remote, &service, &pod);
    assert_eq!((to("80"), to("plain"), to("81")), (Ok(8080), Ok(81), Ok(81)));
    assert_eq!((to("82"), to("83")), (Ok(9000), Ok(15000)));
    for remote in ["84", "85", "86", "http"] {
        assert!(to(remote).is_err(), "{remote}");
    }
    let headless =
        json!({"metadata": {"name": "web"}, "spec": {"clusterIP": "None", "ports": [{"port": 80, "targetPort": 9}]}});
    assert_eq!(port(SERVICE, "80", &headless, &pod), Ok(80), "as kubectl has it");
    assert_eq!((port(POD, "http", &pod, &pod), port(POD, "7", &pod, &pod)), (Ok(8080), Ok(7)));
    assert!(port(POD, "0", &pod, &pod).is_err());
}

#[test]
fn only_ready_pods_that_stay_are_candidates_in_the_order_of_their_names() {
    let pod = |name: &str, phase: &str, ready: &str, going: Option<&str>| {
        json!({"metadata": {"name": name, "uid": name, "labels": {"app": "web"}, "deletionTimestamp": going},
            "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}})
    };
    let pods = [
        pod("d", "Running", "True", None),
        pod("c", "Running", "True", Some("2026-01-01T00:00:00Z")),
        pod("b", "Running", "False", None),
        pod("a", "Pending", "True", None),
        pod("aa", "Running", "True", None),
    ];
    let service = json!({"metadata": {"uid": "u1"}, "spec": {"selector": {"app": "web"}}});
    let names: Vec<&str> =
        candidates(SERVICE, &service, &pods, &[]).into_iter().map(|pod| text(pod, "/metadata/name")).collect();
    assert_eq!(names, ["aa", "d"]);
}

#[test]
fn lists_are_asked_for_by_the_selector() {
    let web = json!({"spec": {"selector": {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "a", "operator": "In", "values": ["x", "y"]}]}}});
    assert_eq!(
        lists(DEPLOYMENT, "shop", &web),
        [
            "/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb%2Ca%20in%20%28x%2Cy%29",
            "/apis/apps/v1/namespaces/shop/replicasets?labelSelector=app%3Dweb%2Ca%20in%20%28x%2Cy%29"
        ]
    );
    assert!(lists(POD, "shop", &web).is_empty());
    assert!(lists(SERVICE, "shop", &json!({"spec": {}})).is_empty(), "never every pod of the namespace");
}

#[test]
fn what_speaks_http_has_a_url() {
    let speaks = |port: Value| scheme(&port);
    assert_eq!(speaks(json!({"name": "http-metrics"})), Some("http"));
    assert_eq!(speaks(json!({"name": "web"})), Some("http"));
    assert_eq!(speaks(json!({"appProtocol": "https"})), Some("https"));
    assert_eq!(speaks(json!({"name": "grpc"})), None);
    assert_eq!(speaks(json!({"name": "http", "appProtocol": "kubernetes.io/h2c"})), None);
    assert_eq!(Forward { scheme: Some("http"), ..forward(POD) }.url(), "http://127.0.0.1:8080");
    assert_eq!(forward(POD).url(), "127.0.0.1:8080");
}
