//! The states of Deployments, ReplicaSets, StatefulSets and DaemonSets.

use super::case::{Case, ago};
use serde_json::{Value, json};

fn template() -> Value {
    json!({"metadata": {"labels": {"app": "web", "tier": "front"}},
        "spec": {"containers": [{"name": "app", "image": "shop/web:v2.3.1"}]}})
}

fn two_containers() -> Value {
    json!({"metadata": {"labels": {"app": "web", "tier": "front"}}, "spec": {
        "initContainers": [{"name": "migrate", "image": "shop/migrate:v1"}],
        "containers": [{"name": "app", "image": "shop/web:v2.3.1", "envFrom": [{"configMapRef": {"name": "web-config"}}]},
            {"name": "log", "image": "registry.example.com:5000/log@sha256:0123456789012345678901234567890123456789012345678901234567890123"}],
        "volumes": [{"name": "tls", "secret": {"secretName": "web-tls"}}]}})
}

fn workload(replicas: Value) -> Value {
    json!({"spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template()}})
}

fn with(mut object: Value, field: &str, value: Value) -> Value {
    object["spec"][field] = value;
    object
}

/// Selectors of every operator, all of which match the template.
fn selectors() -> Vec<(&'static str, Value)> {
    let expression = |key: &str, operator: &str, values: Value| match values {
        Value::Null => json!({"key": key, "operator": operator}),
        values => json!({"key": key, "operator": operator, "values": values}),
    };
    vec![
        ("selector-in", json!({"matchExpressions": [expression("app", "In", json!(["web", "api"]))]})),
        ("selector-in-one", json!({"matchExpressions": [expression("app", "In", json!(["web"]))]})),
        (
            "selector-not-in",
            json!({"matchLabels": {"tier": "front"}, "matchExpressions": [expression("app", "NotIn", json!(["db", "cache"]))]}),
        ),
        (
            "selector-exists",
            json!({"matchExpressions": [expression("tier", "Exists", Value::Null), expression("app", "Exists", Value::Null)]}),
        ),
        (
            "selector-absent",
            json!({"matchLabels": {"app": "web"}, "matchExpressions": [expression("old", "DoesNotExist", Value::Null)]}),
        ),
    ]
}

fn selected() -> Vec<Case> {
    selectors()
        .into_iter()
        .map(|(name, selector)| Case::new(name, with(workload(json!(3)), "selector", selector)))
        .collect()
}

/// Replicas as a Deployment counts them: there, updated, ready, available.
fn counts(replicas: i32, updated: i32, ready: i32, available: i32) -> Value {
    json!({"observedGeneration": 1, "replicas": replicas, "updatedReplicas": updated, "readyReplicas": ready,
        "availableReplicas": available, "unavailableReplicas": (replicas - available).max(0)})
}

fn conditions(mut status: Value, conditions: &[(&str, &str, &str, &str)]) -> Value {
    status["conditions"] = conditions
        .iter()
        .map(|(r#type, status, reason, message)| {
            json!({"type": r#type, "status": status, "reason": reason, "message": message,
                "lastTransitionTime": ago(660), "lastUpdateTime": ago(640)})
        })
        .collect();
    status
}

/// Every state of a Deployment.
pub fn deployments() -> Vec<Case> {
    let case = |name: &str, replicas: i32, status: Value| Case::new(name, workload(json!(replicas))).status(status);
    let done = ("Progressing", "True", "NewReplicaSetAvailable", "ReplicaSet \"web-1\" has successfully progressed.");
    let moving = ("Progressing", "True", "ReplicaSetUpdated", "ReplicaSet \"web-2\" is progressing.");
    let stuck = ("Progressing", "False", "ProgressDeadlineExceeded", "ReplicaSet \"web-2\" has timed out progressing.");
    let up = ("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
    let down = ("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.");
    let quota = (
        "ReplicaFailure",
        "True",
        "FailedCreate",
        "pods \"web-2-x\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=4, limited: pods=4",
    );
    let mut annotated = with(workload(json!(2)), "strategy", json!({"type": "Recreate"}));
    annotated["metadata"]["annotations"] =
        json!({"deployment.kubernetes.io/revision": "12", "kubernetes.io/change-cause": "v2.3.1"});
    let mut held = workload(json!(1));
    held["metadata"]["finalizers"] = json!(["kplumb.dev/hold"]);
    let rolling = json!({"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}});
    let mut cases = vec![
        Case::new("bare", workload(Value::Null)),
        case("complete", 3, conditions(counts(3, 3, 3, 3), &[done, up])),
        case("rolling", 6, conditions(counts(8, 3, 5, 5), &[moving, up])),
        case("old-pods-left", 3, conditions(counts(4, 3, 4, 4), &[moving, up])),
        case("stuck", 6, conditions(counts(8, 3, 5, 5), &[stuck, up])),
        case("refused", 6, conditions(counts(4, 1, 4, 4), &[moving, up, quota])),
        case("none-available", 3, conditions(counts(3, 3, 0, 0), &[done, down])),
        case("some-available", 3, conditions(counts(3, 3, 2, 2), &[done, up])),
        case("ready-not-available", 3, conditions(counts(3, 3, 3, 1), &[moving])),
        case("scaled-to-zero", 0, conditions(counts(0, 0, 0, 0), &[done])),
        case("scaling-to-zero", 0, conditions(counts(2, 2, 2, 2), &[done])),
        Case::new("paused", with(workload(json!(6)), "paused", json!(true)))
            .status(conditions(counts(7, 2, 7, 7), &[up])),
        Case::new("unseen", workload(json!(3))).status(json!({"observedGeneration": 0})),
        Case::new("two-containers", with(workload(json!(2)), "template", two_containers())).status(counts(2, 2, 2, 2)),
        Case::new("recreate", annotated).status(counts(2, 2, 2, 2)),
        Case::new("strategy", with(workload(json!(4)), "strategy", rolling)).status(counts(4, 4, 4, 4)),
        Case::new("deleted", held).status(counts(1, 1, 1, 1)).deleted(),
    ];
    cases.extend(selected());
    cases
}

/// Every state of a ReplicaSet.
pub fn replica_sets() -> Vec<Case> {
    let status = |replicas: i32, ready: i32| {
        json!({"observedGeneration": 1, "replicas": replicas, "fullyLabeledReplicas": replicas, "readyReplicas": ready,
            "availableReplicas": ready})
    };
    let case = |name: &str, wanted: i32, there: i32, ready: i32| {
        Case::new(name, workload(json!(wanted))).status(status(there, ready))
    };
    let quota = ("ReplicaFailure", "True", "FailedCreate", "pods \"web-x\" is forbidden: exceeded quota: compute");
    let mut revision = workload(json!(2));
    revision["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "7"});
    revision["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u-1", "controller": true}]);
    let mut held = workload(json!(1));
    held["metadata"]["finalizers"] = json!(["kplumb.dev/hold"]);
    let mut cases = vec![
        Case::new("bare", workload(Value::Null)),
        case("full", 3, 3, 3),
        case("starting", 3, 3, 1),
        case("creating", 3, 1, 0),
        case("shrinking", 1, 3, 3),
        case("old", 0, 0, 0),
        case("emptying", 0, 2, 2),
        Case::new("refused", workload(json!(3))).status(conditions(status(1, 1), &[quota])),
        Case::new("unseen", workload(json!(3))),
        Case::new("revision", revision).status(status(2, 2)),
        Case::new("two-containers", with(workload(json!(2)), "template", two_containers())).status(status(2, 2)),
        Case::new("deleted", held).deleted(),
    ];
    cases.extend(selected());
    cases
}

/// Every state of a StatefulSet.
pub fn stateful_sets() -> Vec<Case> {
    let set = |replicas: i32| with(workload(json!(replicas)), "serviceName", json!("web"));
    let status = |replicas: i32, ready: i32, updated: i32, revisions: [&str; 2]| {
        json!({"observedGeneration": 1, "replicas": replicas, "readyReplicas": ready, "availableReplicas": ready,
            "updatedReplicas": updated, "currentReplicas": replicas - updated, "currentRevision": revisions[0],
            "updateRevision": revisions[1]})
    };
    let same = ["web-a", "web-a"];
    let changed = ["web-a", "web-b"];
    let case = |name: &str, wanted: i32, status: Value| Case::new(name, set(wanted)).status(status);
    let partition = with(set(5), "updateStrategy", json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 3}}));
    let on_delete = || with(set(3), "updateStrategy", json!({"type": "OnDelete"}));
    let mut held = set(1);
    held["metadata"]["finalizers"] = json!(["kplumb.dev/hold"]);
    vec![
        Case::new("bare", workload(Value::Null)),
        case("full", 3, status(3, 3, 3, same)),
        case("creating", 3, status(1, 0, 1, same)),
        case("unready", 3, status(3, 2, 3, same)),
        case("none-ready", 3, status(3, 0, 3, same)),
        case("rolling", 3, status(3, 2, 1, changed)),
        case("shrinking", 1, status(3, 3, 3, same)),
        case("empty", 0, status(0, 0, 0, same)),
        case("unseen", 3, json!({"observedGeneration": 0})),
        Case::new("partition", partition).status(status(5, 5, 2, changed)),
        Case::new("on-delete", on_delete()).status(status(3, 3, 1, changed)),
        Case::new("on-delete-done", on_delete()).status(status(3, 3, 3, same)),
        Case::new("two-containers", with(set(2), "template", two_containers())).status(status(2, 2, 2, same)),
        Case::new("parallel", with(set(4), "podManagementPolicy", json!("Parallel"))).status(status(4, 1, 4, same)),
        Case::new("deleted", held).deleted(),
    ]
}

/// Every state of a DaemonSet.
pub fn daemon_sets() -> Vec<Case> {
    let set = || {
        let mut set = workload(Value::Null);
        set["spec"].as_object_mut().expect("a spec").remove("replicas");
        set
    };
    let status = |desired: i32, current: i32, ready: i32, updated: i32, available: i32| {
        json!({"observedGeneration": 1, "desiredNumberScheduled": desired, "currentNumberScheduled": current,
            "numberReady": ready, "updatedNumberScheduled": updated, "numberAvailable": available,
            "numberUnavailable": desired - available, "numberMisscheduled": 0})
    };
    let case = |name: &str, status: Value| Case::new(name, set()).status(status);
    let on = |name: &str, labels: Value| {
        let mut template = template();
        template["spec"]["nodeSelector"] = labels;
        Case::new(name, with(set(), "template", template)).status(status(2, 2, 2, 2, 2))
    };
    let mut stray = status(3, 3, 3, 3, 3);
    stray["numberMisscheduled"] = 1.into();
    let mut held = set();
    held["metadata"]["finalizers"] = json!(["kplumb.dev/hold"]);
    let mut cases = vec![
        Case::new("bare", set()),
        case("full", status(5, 5, 5, 5, 5)),
        case("placing", status(5, 3, 2, 3, 2)),
        case("rolling", status(5, 5, 4, 2, 4)),
        case("one-down", status(5, 5, 4, 5, 4)),
        case("all-down", status(5, 5, 0, 5, 0)),
        case("nowhere", status(0, 0, 0, 0, 0)),
        case("stray", stray),
        on("one-label", json!({"kubernetes.io/os": "linux"})),
        on("two-labels", json!({"zone": "b", "disk": "ssd"})),
        Case::new("on-delete", with(set(), "updateStrategy", json!({"type": "OnDelete"})))
            .status(status(5, 5, 5, 2, 5)),
        Case::new(
            "surge",
            with(set(), "updateStrategy", json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})),
        )
        .status(status(5, 5, 5, 5, 5)),
        Case::new("two-containers", with(set(), "template", two_containers())),
        Case::new("deleted", held).deleted(),
    ];
    let one = |(name, selector)| Case::new(name, with(set(), "selector", selector));
    cases.extend(selectors().into_iter().map(one));
    cases
}
