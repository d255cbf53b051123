//! Requests that change objects, and what the controllers make of them on the virtual clock.
#![allow(clippy::needless_pass_by_value)]

use super::*;

pub(super) const JSON: &str = "application/json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub(super) const MERGE: &str = "application/merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

fn cluster() -> Demo {
    cluster_with(vec![widgets()])
}

pub(super) fn cluster_with(more: Vec<Value>) -> Demo {
    let node = |name: &str| {
        json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"podCIDR": "10.1.0.0/24"},
            "status": {"conditions": [{"type": "Ready", "status": "True"}], "addresses": [{"address": "10.0.0.1"}]},
        })
    };
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}, "spec": {"finalizers": ["kubernetes"]}});
    Demo::new([vec![namespace, node("n1"), node("n2")], more].concat(), NOW)
}

pub(super) fn send(demo: &Demo, method: &str, path: &str, media: &str, body: &Value) -> (u16, Value) {
    let request =
        Request::builder().method(method).uri(path).header("content-type", media).header("user-agent", "test/1");
    let response = demo.service().respond(&request.body(Bytes::from(body.to_string())).unwrap());
    let code = response.status().as_u16();
    let body = response.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
    (code, serde_json::from_slice(&body).unwrap_or_default())
}

pub(super) fn done(answer: (u16, Value)) -> Value {
    assert!(answer.0 < 300, "{} {}", answer.0, answer.1);
    answer.1
}

fn refused(answer: (u16, Value), code: u16) -> String {
    assert_eq!(answer.0, code, "{}", answer.1);
    answer.1["message"].as_str().unwrap_or_default().to_owned()
}

fn workload(kind: &str, name: &str, replicas: u32, image: &str) -> Value {
    let template = json!({
        "metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app", "image": image}]},
    });
    let mut spec = json!({"selector": {"matchLabels": {"app": name}}, "template": template});
    if kind != "DaemonSet" {
        spec["replicas"] = json!(replicas);
    }
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/dev/deployments";
pub(super) const PODS: &str = "/api/v1/namespaces/dev/pods";

fn web(demo: &Demo) -> Value {
    done(send(demo, "POST", DEPLOYMENTS, JSON, &workload("Deployment", "web", 3, "web:1")));
    demo.advance(NOW.plus_seconds(20));
    get(demo, &format!("{DEPLOYMENTS}/web"))
}

#[test]
fn a_created_deployment_runs() {
    let demo = cluster();
    let web = web(&demo);
    assert_eq!(web["status"]["availableReplicas"], 3, "{}", web["status"]);
    assert_eq!(web["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    assert_eq!(web["spec"]["strategy"]["rollingUpdate"]["maxSurge"], "25%");
    assert_eq!(web["metadata"]["managedFields"][0]["manager"], "test");
    assert_eq!(names(&get(&demo, PODS)).len(), 3);
}

#[test]
fn a_new_image_rolls_out_and_the_old_template_comes_back_with_a_new_number() {
    let demo = cluster();
    web(&demo);
    let path = format!("{DEPLOYMENTS}/web");
    let image =
        |image: &str| json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}});
    let patched = done(send(&demo, "PATCH", &path, STRATEGIC, &image("web:2")));
    assert_eq!(patched["metadata"]["generation"], 2);
    demo.advance(NOW.plus_seconds(80));
    let web = get(&demo, &path);
    assert_eq!((&web["status"]["updatedReplicas"], &web["status"]["replicas"]), (&json!(3), &json!(3)));
    assert!(
        get(&demo, PODS)["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|pod| pod["spec"]["containers"][0]["image"] == "web:2")
    );
    done(send(&demo, "PATCH", &path, STRATEGIC, &image("web:1")));
    demo.advance(NOW.plus_seconds(140));
    let sets = get(&demo, "/apis/apps/v1/namespaces/dev/replicasets");
    let revisions: Vec<_> =
        sets["items"].as_array().unwrap().iter().map(|set| set["metadata"]["annotations"].clone()).collect();
    assert_eq!(revisions.len(), 2);
    assert!(
        revisions.iter().any(|set| set["deployment.kubernetes.io/revision"] == "3"
            && set["deployment.kubernetes.io/revision-history"] == "1"),
        "{revisions:?}"
    );
}

#[test]
fn a_missing_image_stays_where_it_is_and_misses_its_deadline() {
    let demo = cluster();
    web(&demo);
    let path = format!("{DEPLOYMENTS}/web");
    let patch = json!({"spec": {"progressDeadlineSeconds": 60, "template": {"spec": {"containers": [{"name": "app", "image": "web:missing"}]}}}});
    done(send(&demo, "PATCH", &path, STRATEGIC, &patch));
    demo.advance(NOW.plus_seconds(200));
    let web = get(&demo, &path);
    let conditions = web["status"]["conditions"].as_array().unwrap();
    assert!(conditions.iter().any(|one| one["reason"] == "ProgressDeadlineExceeded"), "{conditions:?}");
    assert_eq!(web["status"]["availableReplicas"], 3);
}

#[test]
fn a_dry_run_shows_the_outcome_and_leaves_no_trace() {
    let demo = cluster();
    web(&demo);
    let before = version(&demo);
    let path = format!("{DEPLOYMENTS}/web?dryRun=All");
    let tried = done(send(&demo, "PATCH", &path, MERGE, &json!({"spec": {"replicas": 7}})));
    assert_eq!((&tried["spec"]["replicas"], &tried["metadata"]["generation"]), (&json!(7), &json!(2)));
    done(send(&demo, "DELETE", &path, JSON, &json!({})));
    done(send(&demo, "POST", &format!("{DEPLOYMENTS}?dryRun=All"), JSON, &workload("Deployment", "other", 1, "o:1")));
    assert_eq!(version(&demo), before);
}

#[test]
fn stale_writes_are_conflicts() {
    let demo = cluster();
    let mut web = web(&demo);
    let path = format!("{DEPLOYMENTS}/web");
    web["metadata"]["resourceVersion"] = json!("1");
    let text = "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified; please apply \
                your changes to the latest version and try again";
    assert_eq!(refused(send(&demo, "PUT", &path, JSON, &web), 409), text);
    let test = json!([{"op": "test", "path": "/metadata/resourceVersion", "value": "1"}]);
    refused(send(&demo, "PATCH", &path, "application/json-patch+json", &test), 422);
    let options = json!({"preconditions": {"uid": "another"}});
    assert!(refused(send(&demo, "DELETE", &path, JSON, &options), 409).contains("does not match the UID in record"));
    let scale = json!({"metadata": {"name": "web", "resourceVersion": "1"}, "spec": {"replicas": 1}});
    refused(send(&demo, "PUT", &format!("{path}/scale"), JSON, &scale), 409);
}

#[test]
fn unknown_fields_warn_or_refuse() {
    let demo = cluster();
    let mut web = workload("Deployment", "web", 1, "web:1");
    web["spec"]["replica"] = json!(2);
    let strict = send(&demo, "POST", &format!("{DEPLOYMENTS}?fieldValidation=Strict"), JSON, &web);
    let text = "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.replica\"";
    assert_eq!(refused(strict, 400), text);
    let request = Request::post(DEPLOYMENTS).body(Bytes::from(web.to_string())).unwrap();
    let response = demo.service().respond(&request);
    assert_eq!(response.headers()["warning"], "299 - \"unknown field \\\"spec.replica\\\"\"");
}

#[test]
fn deleting_a_deployment_takes_its_pods_along_unless_they_are_orphaned() {
    let demo = cluster();
    web(&demo);
    let path = format!("{DEPLOYMENTS}/web");
    done(send(&demo, "DELETE", &path, JSON, &json!({"propagationPolicy": "Orphan"})));
    let sets = get(&demo, "/apis/apps/v1/namespaces/dev/replicasets");
    assert!(sets["items"][0]["metadata"].get("ownerReferences").is_none());
    let set = format!("/apis/apps/v1/namespaces/dev/replicasets/{}", names(&sets)[0]);
    done(send(&demo, "DELETE", &set, JSON, &json!({"propagationPolicy": "Foreground"})));
    assert_eq!(get(&demo, &set)["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    demo.advance(NOW.plus_seconds(40));
    assert_eq!((names(&get(&demo, PODS)).len(), send(&demo, "GET", &set, JSON, &json!({})).0), (0, 404));
}

#[test]
fn a_budget_allows_one_eviction_at_a_time() {
    let demo = cluster();
    web(&demo);
    let budget =
        json!({"metadata": {"name": "web"}, "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}});
    done(send(&demo, "POST", "/apis/policy/v1/namespaces/dev/poddisruptionbudgets", JSON, &budget));
    let pods: Vec<String> = names(&get(&demo, PODS)).iter().map(|name| (*name).to_owned()).collect();
    let evict = |name: &str, query: &str| {
        let eviction =
            json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": "dev"}});
        send(&demo, "POST", &format!("{PODS}/{name}/eviction{query}"), JSON, &eviction)
    };
    done(evict(&pods[0], "?dryRun=All"));
    done(evict(&pods[0], ""));
    let (code, status) = evict(&pods[1], "");
    let cause = json!({"reason": "DisruptionBudget", "message": "The disruption budget web needs 2 healthy pods and has 2 currently"});
    assert_eq!((code, &status["details"]["causes"][0]), (429, &cause));
    demo.advance(NOW.plus_seconds(60));
    done(evict(&pods[1], ""));
}

#[test]
fn stateful_sets_go_one_by_one_and_stop_at_the_partition() {
    let demo = cluster();
    let sets = "/apis/apps/v1/namespaces/dev/statefulsets";
    done(send(&demo, "POST", sets, JSON, &workload("StatefulSet", "db", 3, "db:1")));
    demo.advance(NOW.plus_seconds(2));
    assert_eq!(names(&get(&demo, PODS)), ["db-0"]);
    demo.advance(NOW.plus_seconds(30));
    assert_eq!(names(&get(&demo, PODS)), ["db-0", "db-1", "db-2"]);
    let patch = json!({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}, "template": {"spec": {"containers": [{"name": "app", "image": "db:2"}]}}}});
    done(send(&demo, "PATCH", &format!("{sets}/db"), STRATEGIC, &patch));
    demo.advance(NOW.plus_seconds(90));
    let images: Vec<_> = get(&demo, PODS)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| pod["spec"]["containers"][0]["image"].clone())
        .collect();
    assert_eq!(images, ["db:1", "db:1", "db:2"]);
    let revisions = get(&demo, "/apis/apps/v1/namespaces/dev/controllerrevisions");
    assert_eq!(names(&revisions).len(), 2);
    let status = get(&demo, &format!("{sets}/db"))["status"].clone();
    assert_eq!((&status["updatedReplicas"], &status["readyReplicas"]), (&json!(1), &json!(3)), "{status}");
}

#[test]
fn daemon_sets_have_a_pod_on_every_node_and_jobs_end() {
    let demo = cluster();
    done(send(
        &demo,
        "POST",
        "/apis/apps/v1/namespaces/dev/daemonsets",
        JSON,
        &workload("DaemonSet", "agent", 0, "agent:1"),
    ));
    let job = json!({"metadata": {"name": "once"}, "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}}}});
    done(send(&demo, "POST", "/apis/batch/v1/namespaces/dev/jobs", JSON, &job));
    demo.advance(NOW.plus_seconds(30));
    let set = get(&demo, "/apis/apps/v1/namespaces/dev/daemonsets/agent");
    assert_eq!(
        (&set["status"]["desiredNumberScheduled"], &set["status"]["numberReady"]),
        (&json!(2), &json!(2)),
        "{}",
        set["status"]
    );
    let job = get(&demo, "/apis/batch/v1/namespaces/dev/jobs/once");
    assert_eq!(job["status"]["succeeded"], 1, "{}", job["status"]);
    assert!(job["status"]["conditions"].as_array().unwrap().iter().any(|one| one["type"] == "Complete"));
}

#[test]
fn quotas_refuse_what_is_too_much_and_limits_fill_in() {
    let demo = cluster();
    let post = |plural: &str, name: &str, spec: Value| {
        let object = json!({"metadata": {"name": name}, "spec": spec});
        send(&demo, "POST", &format!("/api/v1/namespaces/dev/{plural}"), JSON, &object)
    };
    done(post("resourcequotas", "small", json!({"hard": {"pods": "1", "requests.cpu": "1"}})));
    let limits =
        json!({"limits": [{"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}}]});
    done(post("limitranges", "defaults", limits));
    let pod = json!({"containers": [{"name": "a", "image": "a:1"}]});
    let first = done(post("pods", "one", pod.clone()));
    assert_eq!(first["spec"]["containers"][0]["resources"]["requests"]["cpu"], "100m");
    let text = "pods \"two\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1";
    assert_eq!(refused(post("pods", "two", pod), 403), text);
    let quota = get(&demo, "/api/v1/namespaces/dev/resourcequotas/small");
    assert_eq!(quota["status"]["used"], json!({"pods": "1", "requests.cpu": "100m"}));
}

#[test]
fn applied_objects_are_created_changed_and_disputed() {
    let demo = cluster();
    let path = |manager: &str, more: &str| format!("/api/v1/namespaces/dev/configmaps/c?fieldManager={manager}{more}");
    let config =
        |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": value}});
    assert_eq!(send(&demo, "PATCH", &path("ci", ""), APPLY, &config("1")).0, 201);
    let before = version(&demo);
    done(send(&demo, "PATCH", &path("ci", ""), APPLY, &config("1")));
    assert_eq!(version(&demo), before, "applying the same changes nothing");
    let text = "Apply failed with 1 conflict: conflict with \"ci\": .data.k";
    assert_eq!(refused(send(&demo, "PATCH", &path("me", ""), APPLY, &config("2")), 409), text);
    let taken = done(send(&demo, "PATCH", &path("me", "&force=true"), APPLY, &config("2")));
    assert_eq!(taken["data"]["k"], "2");
}

#[test]
fn a_namespace_ends_with_everything_in_it() {
    let demo = cluster();
    web(&demo);
    done(send(&demo, "DELETE", "/api/v1/namespaces/dev", JSON, &json!({})));
    assert_eq!(get(&demo, "/api/v1/namespaces/dev")["status"]["phase"], "Terminating");
    let late = send(&demo, "POST", DEPLOYMENTS, JSON, &workload("Deployment", "late", 1, "l:1"));
    assert!(refused(late, 403).contains("because it is being terminated"));
    demo.advance(NOW.plus_seconds(60));
    assert_eq!(send(&demo, "GET", "/api/v1/namespaces/dev", JSON, &json!({})).0, 404);
    assert!(names(&get(&demo, "/api/v1/pods")).is_empty());
}

#[test]
fn nothing_mints_tokens_and_a_shell_wants_a_websocket() {
    let demo = cluster();
    let answer = send(&demo, "POST", &format!("{PODS}/a/proxy/x"), JSON, &json!({}));
    assert!(refused(answer, 404).contains("could not find"));
    let answer = send(&demo, "POST", &format!("{PODS}/a/token"), JSON, &json!({}));
    assert!(refused(answer, 403).ends_with("nothing really runs in the demo clusters"));
    web(&demo);
    let pods = get(&demo, PODS);
    let name = names(&pods)[0];
    let answer = send(&demo, "GET", &format!("{PODS}/{name}/exec?command=sh"), JSON, &json!({}));
    assert!(refused(answer, 400).contains("Upgrade request required"));
    // What kubectl port-forward falls back to.
    let spdy = Request::builder().method("POST").uri(format!("{PODS}/{name}/portforward"));
    let spdy = spdy.header("upgrade", "SPDY/3.1").header("connection", "Upgrade").body(Bytes::new()).unwrap();
    let body = demo.service().respond(&spdy).into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("F on a pod"), "{body:?}");
}
