//! The states of a HorizontalPodAutoscaler, and all its metrics.

use super::case::{Case, ago};
use serde_json::{Value, json};

fn autoscaler(minimum: Value, metrics: Value) -> Value {
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    json!({"spec": {"scaleTargetRef": target, "minReplicas": minimum, "maxReplicas": 10, "metrics": metrics}})
}

fn condition(r#type: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": r#type, "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(90)})
}

fn status(current: i32, desired: i32, metrics: Value, conditions: Value) -> Value {
    json!({"currentReplicas": current, "desiredReplicas": desired, "currentMetrics": metrics, "conditions": conditions})
}

fn cpu(target: Value) -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu", "target": target}})
}

fn measured_cpu(current: Value) -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu", "current": current}})
}

fn utilization(percent: i32) -> Value {
    json!({"type": "Utilization", "averageUtilization": percent})
}

/// Every kind of metric: what is aimed at, and what was measured.
fn metrics() -> Vec<(&'static str, Value, Value)> {
    let service = json!({"apiVersion": "v1", "kind": "Service", "name": "web"});
    let object = |target: Value| json!({"type": "Object", "object": {"describedObject": service, "metric": {"name": "rps"}, "target": target}});
    let object_now = |current: Value| json!({"type": "Object", "object": {"describedObject": service, "metric": {"name": "rps"}, "current": current}});
    let external =
        |target: Value| json!({"type": "External", "external": {"metric": {"name": "queue"}, "target": target}});
    let external_now =
        |current: Value| json!({"type": "External", "external": {"metric": {"name": "queue"}, "current": current}});
    let container = |target: Value| json!({"type": "ContainerResource", "containerResource": {"name": "memory", "container": "app", "target": target}});
    let container_now = |current: Value| json!({"type": "ContainerResource", "containerResource": {"name": "memory", "container": "app", "current": current}});
    let pods = json!({"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "1k"}}});
    let pods_now =
        json!({"type": "Pods", "pods": {"metric": {"name": "rps"}, "current": {"averageValue": "1233333m"}}});
    vec![
        ("cpu", cpu(utilization(80)), measured_cpu(json!({"averageUtilization": 41, "averageValue": "205m"}))),
        (
            "cpu-value",
            cpu(json!({"type": "AverageValue", "averageValue": "500m"})),
            measured_cpu(json!({"averageValue": "0.205"})),
        ),
        ("pods", pods, pods_now),
        ("object", object(json!({"type": "Value", "value": "10k"})), object_now(json!({"value": "12500"}))),
        (
            "object-average",
            object(json!({"type": "AverageValue", "averageValue": "100"})),
            object_now(json!({"value": "0", "averageValue": "120"})),
        ),
        ("external", external(json!({"type": "Value", "value": "30"})), external_now(json!({"value": "1500m"}))),
        (
            "external-average",
            external(json!({"type": "AverageValue", "averageValue": "1Gi"})),
            external_now(json!({"value": "0", "averageValue": "1536Mi"})),
        ),
        (
            "container",
            container(utilization(70)),
            container_now(json!({"averageUtilization": 71, "averageValue": "1Gi"})),
        ),
        (
            "container-value",
            container(json!({"type": "AverageValue", "averageValue": "1Gi"})),
            container_now(json!({"averageValue": "1073741824"})),
        ),
    ]
}

/// Every state of an autoscaler.
pub fn cases() -> Vec<Case> {
    let able = || condition("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size");
    let active = || condition("ScalingActive", "True", "ValidMetricFound", "");
    let fine = || json!([able(), active()]);
    let blind = condition(
        "ScalingActive",
        "False",
        "FailedGetResourceMetric",
        "the HPA was unable to compute the replica count: failed to get cpu utilization",
    );
    let off = condition(
        "ScalingActive",
        "False",
        "ScalingDisabled",
        "scaling is disabled since the replica count of the target is zero",
    );
    let lost = condition(
        "AbleToScale",
        "False",
        "FailedGetScale",
        "the HPA controller was unable to get the target's current scale: deployments.apps \"web\" not found",
    );
    let limited = condition(
        "ScalingLimited",
        "True",
        "TooManyReplicas",
        "the desired replica count is more than the maximum replica count",
    );
    let plain =
        |name: &str, status: Value| Case::new(name, autoscaler(json!(2), json!([cpu(utilization(80))]))).status(status);
    let three: Vec<Value> = metrics().into_iter().step_by(3).map(|(_, spec, _)| spec).collect();
    let now: Vec<Value> = metrics().into_iter().step_by(3).map(|(_, _, now)| now).collect();
    let mut cases = vec![
        Case::new("bare", autoscaler(Value::Null, Value::Null)),
        plain("unseen", json!({})),
        plain("unmeasured", status(2, 2, json!([]), json!([able(), blind]))),
        plain(
            "scaling",
            status(2, 5, json!([measured_cpu(json!({"averageUtilization": 190, "averageValue": "950m"}))]), fine()),
        ),
        plain("limited", status(10, 10, json!([]), json!([able(), active(), limited]))),
        plain("off", status(0, 0, json!([]), json!([able(), off]))),
        plain("no-target", status(0, 0, json!([]), json!([lost]))),
        Case::new("three-metrics", autoscaler(json!(1), json!(three))).status(status(3, 3, json!(now), fine())),
        Case::new("two-metrics", autoscaler(json!(1), json!(three[..2]))).status(status(3, 3, json!(now[..2]), fine())),
    ];
    cases.extend(metrics().into_iter().map(|(name, spec, now)| {
        Case::new(name, autoscaler(json!(1), json!([spec]))).status(status(3, 3, json!([now]), fine()))
    }));
    cases.extend(metrics().into_iter().map(|(name, spec, _)| {
        Case::new(&format!("{name}-unmeasured"), autoscaler(json!(1), json!([spec]))).status(status(
            3,
            3,
            json!([]),
            fine(),
        ))
    }));
    cases
}
