//! What limits and records changes of workloads: revisions, budgets, quotas, limit ranges, and Argo's Rollouts.

use super::case::{Case, ago};
use serde_json::{Value, json};

fn of(name: &str, spec: Value) -> Case {
    Case::new(name, json!({"spec": spec}))
}

/// States of a ControllerRevision.
pub fn revisions() -> Vec<Case> {
    let owner = |version: &str, kind: &str, controller: bool| json!([{"apiVersion": version, "kind": kind, "name": "web", "uid": "u-1", "controller": controller}]);
    let template = |images: &[&str]| {
        let containers: Vec<Value> =
            images.iter().enumerate().map(|(n, image)| json!({"name": format!("c{n}"), "image": image})).collect();
        json!({"spec": {"template": {"$patch": "replace", "metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}}})
    };
    let case = |name: &str, revision: i64, owners: Value, data: Value| {
        Case::new(name, json!({"metadata": {"ownerReferences": owners}, "revision": revision, "data": data}))
    };
    let one = || template(&["shop/web:1"]);
    let mut caused = json!({"revision": 3, "data": one()});
    caused["metadata"]["annotations"] = json!({"kubernetes.io/change-cause": "v1", "other": "x"});
    vec![
        case("first", 1, owner("apps/v1", "StatefulSet", true), one()),
        case("later", 41, owner("apps/v1", "DaemonSet", true), one()),
        case("zero", 0, owner("apps/v1", "DaemonSet", true), one()),
        case("core-owner", 2, owner("v1", "ReplicationController", true), one()),
        case("custom-owner", 2, owner("apps.kruise.io/v1alpha1", "CloneSet", true), one()),
        case("not-controller", 2, owner("apps/v1", "StatefulSet", false), one()),
        case("no-owner", 2, json!([]), one()),
        case("two-containers", 2, json!([]), template(&["shop/web:1", "shop/log:2"])),
        case("no-containers", 2, json!([]), template(&[])),
        case("other-data", 2, json!([]), json!({"anything": [1, 2, 3]})),
        case("empty-data", 2, json!([]), json!({})),
        case("nested-data", 2, json!([]), json!({"spec": {"template": {"spec": {"containers": "none"}}}})),
        case("large", 9_007_199_254_740_993, json!([]), one()),
        Case::new("cause", caused),
        Case::new("ending", json!({"revision": 9, "data": one()})).held().deleted(),
    ]
}

/// States of a PodDisruptionBudget.
pub fn budgets() -> Vec<Case> {
    let selector = || json!({"matchLabels": {"app": "web"}});
    let least = |name: &str, least: Value| of(name, json!({"minAvailable": least, "selector": selector()}));
    let most = |name: &str, most: Value| of(name, json!({"maxUnavailable": most, "selector": selector()}));
    let status = |allowed: i32, healthy: i32, desired: i32, expected: i32| {
        json!({"observedGeneration": 1, "disruptionsAllowed": allowed, "currentHealthy": healthy,
            "desiredHealthy": desired, "expectedPods": expected})
    };
    let mut failed = status(0, 0, 0, 0);
    failed["conditions"] = json!([{"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed",
        "message": "found no controllers for pod \"web\"", "lastTransitionTime": ago(90), "observedGeneration": 1}]);
    vec![
        least("least", json!(2)),
        least("least-share", json!("50%")),
        least("least-none", json!(0)),
        most("most", json!(1)),
        most("most-share", json!("25%")),
        most("most-none", json!(0)),
        of("neither", json!({"selector": selector()})),
        of("all-pods", json!({"minAvailable": 1, "selector": {}})),
        of("no-selector", json!({"minAvailable": 1})),
        least("allows", json!(2)).status(status(3, 5, 2, 5)),
        least("at-the-edge", json!(5)).status(status(0, 5, 5, 7)),
        least("below", json!(5)).status(status(0, 3, 5, 7)),
        most("blocks-drains", json!(0)).status(status(0, 3, 3, 3)),
        least("no-pods", json!(1)).status(status(0, 0, 1, 0)),
        least("failed", json!(1)).status(failed),
        of(
            "always-evict",
            json!({"maxUnavailable": 1, "selector": selector(), "unhealthyPodEvictionPolicy": "AlwaysAllow"}),
        ),
        least("ending", json!(1)).held().deleted(),
    ]
}

/// States of a ResourceQuota.
pub fn quotas() -> Vec<Case> {
    let plain = |name: &str, hard: Value| of(name, json!({"hard": hard}));
    let counted =
        |name: &str, hard: Value, used: Value| plain(name, hard.clone()).status(json!({"hard": hard, "used": used}));
    vec![
        of("empty", json!({})),
        plain("uncounted", json!({"pods": "10"})),
        counted("pods", json!({"pods": "10"}), json!({"pods": "3"})),
        counted("full", json!({"pods": "10"}), json!({"pods": "10"})),
        counted("over", json!({"pods": "10"}), json!({"pods": "12"})),
        counted("unused", json!({"pods": "10"}), json!({})),
        counted("forbidden", json!({"services.nodeports": "0"}), json!({"services.nodeports": "0"})),
        counted(
            "limits",
            json!({"limits.cpu": "4", "limits.memory": "8Gi"}),
            json!({"limits.cpu": "500m", "limits.memory": "3328Mi"}),
        ),
        counted(
            "requests",
            json!({"requests.cpu": "2", "requests.memory": "4Gi"}),
            json!({"requests.cpu": "1999m", "requests.memory": "1Gi"}),
        ),
        counted("bare-names", json!({"cpu": "2", "memory": "4Gi"}), json!({"cpu": "1", "memory": "4Gi"})),
        counted(
            "mixed",
            json!({"pods": "4", "limits.cpu": "1", "requests.cpu": "1"}),
            json!({"pods": "1", "limits.cpu": "1", "requests.cpu": "250m"}),
        ),
        counted(
            "counts",
            json!({"count/deployments.apps": "5", "count/secrets": "50"}),
            json!({"count/deployments.apps": "5", "count/secrets": "7"}),
        ),
        counted(
            "storage",
            json!({"requests.storage": "1Ti", "persistentvolumeclaims": "10"}),
            json!({"requests.storage": "750Gi", "persistentvolumeclaims": "2"}),
        ),
        counted("gpu", json!({"requests.nvidia.com/gpu": "4"}), json!({"requests.nvidia.com/gpu": "4"})),
        of("scoped", json!({"hard": {"pods": "2"}, "scopes": ["BestEffort"]}))
            .status(json!({"hard": {"pods": "2"}, "used": {"pods": "1"}})),
        plain("ending", json!({"pods": "1"})).held().deleted(),
    ]
}

/// States of a LimitRange.
pub fn limits() -> Vec<Case> {
    let one = |name: &str, limit: Value| of(name, json!({"limits": [limit]}));
    vec![
        of("empty", json!({"limits": []})),
        one("defaults", json!({"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "100m"}})),
        one("bounds", json!({"type": "Container", "max": {"memory": "2Gi"}, "min": {"memory": "16Mi"}})),
        one("pod", json!({"type": "Pod", "max": {"cpu": "4"}})),
        one("claim", json!({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "10Gi"}})),
        one("created", json!({"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}})),
        of(
            "two",
            json!({"limits": [{"type": "Pod", "max": {"cpu": "4"}}, {"type": "Container", "max": {"cpu": "2"}}]}),
        ),
        one("big", json!({"type": "Container", "max": {"cpu": "1k"}})),
        one("gpu", json!({"type": "Container", "max": {"example.com/gpu": "1"}})),
        one("ephemeral", json!({"type": "Container", "default": {"ephemeral-storage": "1Gi"}})),
        one("both", json!({"type": "Container", "default": {"cpu": "1", "memory": "1Gi"}})),
        one("small", json!({"type": "Container", "min": {"cpu": "1m"}})),
        one("odd", json!({"type": "Container", "max": {"cpu": "1500m"}})),
        one("plain", json!({"type": "Container"})),
        one("ending", json!({"type": "Pod"})).held().deleted(),
    ]
}

/// States of an Argo Rollout.
pub fn rollouts() -> Vec<Case> {
    let canary = || json!({"canary": {"steps": [{"setWeight": 20}, {"pause": {}}, {"pause": {"duration": "1h"}}, {"setWeight": 50}]}});
    let both = || json!({"blueGreen": {"activeService": "web", "previewService": "web-next"}});
    let spec = |strategy: Value| {
        json!({"replicas": 5, "strategy": strategy, "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "shop/web:2"}]}}})
    };
    let status = |phase: &str, updated: i32, step: Value| {
        json!({"phase": phase, "message": "more words", "observedGeneration": "1", "replicas": 6, "updatedReplicas": updated,
            "readyReplicas": 5, "availableReplicas": 5, "currentStepIndex": step, "currentPodHash": "b", "stableRS": "a"})
    };
    let case = |name: &str, strategy: Value, status: Value| of(name, spec(strategy)).status(status);
    let mut paused = status("Paused", 1, json!(1));
    paused["pauseConditions"] = json!([{"reason": "CanaryPauseStep", "startTime": ago(90)}]);
    let mut aborted = status("Degraded", 0, json!(0));
    aborted["abort"] = json!(true);
    let mut weights = status("Progressing", 2, json!(0));
    weights["canary"] = json!({"weights": {"canary": {"weight": 20}, "stable": {"weight": 80}}});
    let mut old = status("Healthy", 5, json!(4));
    old["observedGeneration"] = json!("0");
    let referring = json!({"replicas": 2, "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "strategy": canary()});
    vec![
        of("bare", json!({})),
        of("unseen", spec(canary())),
        case("healthy", canary(), status("Healthy", 5, json!(4))),
        case("stepping", canary(), status("Progressing", 2, json!(0))),
        case("paused", canary(), paused),
        case("aborted", canary(), aborted),
        case("weights", canary(), weights),
        case("old-word", canary(), old),
        case("past-the-end", canary(), status("Healthy", 5, json!(9))),
        case("no-steps", json!({"canary": {}}), status("Healthy", 5, Value::Null)),
        case("blue-green", both(), status("Healthy", 5, Value::Null)),
        case("blue-green-paused", both(), status("Paused", 5, Value::Null)),
        case("unknown-phase", canary(), status("Weird", 1, Value::Null)),
        of("workload-ref", referring).status(status("Healthy", 2, json!(4))),
        of("zero", json!({"replicas": 0, "strategy": canary()}))
            .status(json!({"replicas": 0, "phase": "Healthy", "observedGeneration": "1"})),
        of("ending", spec(both())).held().deleted(),
    ]
}
