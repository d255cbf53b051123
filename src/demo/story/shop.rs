//! The shop: a rollout that cannot pull its image, one that dies of memory, a drained node, a shaky canary,
//! an autoscaler at work, backups and a renewal.

use serde_json::json;

use crate::demo::controllers;
use crate::demo::kubelet;
use crate::demo::stage::{Beat, Source, Stage, controller, is_true, labels, selected, set_condition};
use crate::demo::store::Key;
use crate::demo::story::{Script, certificate, jobs, step};

const PROD: &str = "shop-prod";
const DEPLOYMENTS: &str = "deployments.apps";

pub const SCRIPTS: &[Script] = &[
    Script {
        needs: (DEPLOYMENTS, PROD, "catalog"),
        every: 900,
        steps: &[step(36, catalog_is_pushed), step(240, catalog_is_released)],
    },
    Script {
        needs: (DEPLOYMENTS, PROD, "orders"),
        every: 900,
        steps: &[
            step(20, orders_become_ready),
            step(420, orders_are_repaired),
            step(720, orders_are_released),
            step(735, orders_leak),
        ],
    },
    Script {
        needs: ("nodes", "", "worker-3"),
        every: 480,
        steps: &[
            step(14, evict_one),
            step(18, evict_one),
            step(22, evict_one),
            step(27, evict_one),
            step(32, evict_one),
            step(70, uncordon),
            step(330, cordon),
        ],
    },
    Script {
        needs: (DEPLOYMENTS, PROD, "recommendations-canary"),
        every: 150,
        steps: &[step(28, canary_fails), step(54, canary_heals)],
    },
    Script {
        needs: (AUTOSCALERS, PROD, "storefront"),
        every: 300,
        steps: &[step(33, load_rises), step(200, load_falls)],
    },
    Script {
        needs: ("cronjobs.batch", "shop-data", "mysql-backup"),
        every: 360,
        steps: &[step(44, backup_ends), step(240, backup_begins)],
    },
    Script {
        needs: (certificate::CERTIFICATES, PROD, "shop-tls"),
        every: 1_200,
        steps: &[step(50, shop_tls_is_requested), step(57, shop_tls_is_issued)],
    },
    Script { needs: ("nodes", "", "worker-2"), every: 30, steps: &[step(10, disk_fills)] },
];

const AUTOSCALERS: &str = "horizontalpodautoscalers.autoscaling";

/// The build that pushes the image has finished: what waited for it is pulled with the next try.
fn catalog_is_pushed(stage: &mut Stage, _: u32) {
    let image = image_of(stage, "catalog");
    stage.missing.remove(&image);
    let waiting = stage.find("pods", PROD, |pod| pod["spec"]["containers"][0]["image"] == image.as_str());
    for (index, pod) in waiting.iter().enumerate() {
        stage.after(index as i64 * 3_000, Beat::Pull(pod.key.clone(), 1));
    }
}

/// The next version is rolled out before its image is there.
fn catalog_is_released(stage: &mut Stage, round: u32) {
    let image = format!("registry.example.com/shop/catalog:v2.3.{}", round + 2);
    stage.missing.insert(image.clone());
    release(stage, PROD, "catalog", &image, &format!("v2.3.{}: price rules", round + 2));
}

fn orders_become_ready(stage: &mut Stage, _: u32) {
    for key in kubelet::pods_with(stage, PROD, "app", "orders") {
        let Some(pod) = stage.get("pods", &key.0, &key.1) else { continue };
        let container = &pod.value["status"]["containerStatuses"][0];
        if container["state"]["running"].is_object() && container["restartCount"] == 0 && container["ready"] == false {
            kubelet::set_ready(stage, &key, true);
        }
    }
}

fn orders_are_repaired(stage: &mut Stage, round: u32) {
    let image = format!("registry.example.com/shop/orders:v2.{round}.1");
    release(stage, PROD, "orders", &image, &format!("v2.{round}.1: bound the order cache"));
}

fn orders_are_released(stage: &mut Stage, round: u32) {
    let image = format!("registry.example.com/shop/orders:v2.{}", round + 1);
    release(stage, PROD, "orders", &image, &format!("v2.{}: larger order cache", round + 1));
}

/// One pod of the new version runs out of memory, and will again.
fn orders_leak(stage: &mut Stage, _: u32) {
    let image = image_of(stage, "orders");
    let pods = stage.find("pods", PROD, |pod| {
        pod["spec"]["containers"][0]["image"] == image.as_str()
            && pod["status"]["containerStatuses"][0]["state"]["running"].is_object()
    });
    if let Some(pod) = pods.first() {
        kubelet::crash(stage, &pod.key);
    }
}

fn image_of(stage: &Stage, name: &str) -> String {
    let deployment = stage.get(DEPLOYMENTS, PROD, name);
    let image = deployment.map(|found| found.value["spec"]["template"]["spec"]["containers"][0]["image"].clone());
    image.and_then(|image| image.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Sets the image of a Deployment's first container, as a pipeline does.
pub fn release(stage: &mut Stage, namespace: &str, name: &str, image: &str, cause: &str) {
    stage.modify(DEPLOYMENTS, namespace, name, |deployment| {
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
        deployment["metadata"]["annotations"]["kubernetes.io/change-cause"] = json!(cause);
    });
    controllers::deployment_changed(stage, namespace, name);
}

/// The next pod of the cordoned node that may go: of a ReplicaSet, and not kept by a disruption budget.
fn evict_one(stage: &mut Stage, _: u32) {
    let pods = stage.store.list("pods", None).filter(|pod| {
        pod.value["spec"]["nodeName"] == "worker-3"
            && pod.value["metadata"]["deletionTimestamp"].is_null()
            && controller(&pod.value).is_some_and(|owner| owner["kind"] == "ReplicaSet")
    });
    let candidates: Vec<_> = pods.cloned().collect();
    let free = candidates.into_iter().find(|pod| {
        let covers =
            |budget: &serde_json::Value| selected(labels(&pod.value), &budget["spec"]["selector"]["matchLabels"]);
        let budgets = stage.find("poddisruptionbudgets.policy", &pod.key.0, covers);
        budgets.iter().all(|budget| 0 < budget.value["status"]["disruptionsAllowed"].as_i64().unwrap_or(0))
    });
    if let Some(pod) = free {
        controllers::delete_pod(stage, &pod.value);
        controllers::pod_changed(stage, &pod.value);
    }
}

fn cordon(stage: &mut Stage, _: u32) {
    set_schedulable(stage, false);
}

fn uncordon(stage: &mut Stage, _: u32) {
    set_schedulable(stage, true);
}

fn set_schedulable(stage: &mut Stage, schedulable: bool) {
    let now = stage.clock();
    stage.modify("nodes", "", "worker-3", |node| {
        let Some(spec) = node["spec"].as_object_mut() else { return };
        spec.remove("unschedulable");
        spec.remove("taints");
        if !schedulable {
            spec.insert("unschedulable".into(), json!(true));
            let taint = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": now});
            spec.insert("taints".into(), json!([taint]));
        }
    });
    if let Some(node) = stage.get("nodes", "", "worker-3") {
        let reason = if schedulable { "NodeSchedulable" } else { "NodeNotSchedulable" };
        let text = format!("Node worker-3 status is now: {reason}");
        stage.event(&node.value, reason, &text, Source { host: "worker-3", ..Source::of("kubelet") });
    }
}

fn canary(stage: &Stage) -> Option<Key> {
    let pods = stage.find("pods", PROD, |pod| {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        name.starts_with("recommendations-canary-") && pod["status"]["phase"] == "Running"
    });
    pods.first().map(|pod| pod.key.clone())
}

fn canary_fails(stage: &mut Stage, _: u32) {
    let Some(key) = canary(stage) else { return };
    let Some(pod) = stage.get("pods", &key.0, &key.1) else { return };
    let node = pod.value["spec"]["nodeName"].as_str().unwrap_or_default();
    let container = pod.value["spec"]["containers"][0]["name"].as_str().unwrap_or_default();
    let text = "Readiness probe failed: HTTP probe failed with statuscode: 503";
    stage.event(&pod.value, "Unhealthy", text, Source::kubelet(node, container).warning());
    kubelet::set_ready(stage, &key, false);
}

fn canary_heals(stage: &mut Stage, _: u32) {
    if let Some(key) = canary(stage) {
        kubelet::set_ready(stage, &key, true);
    }
}

fn load_rises(stage: &mut Stage, _: u32) {
    rescale(stage, 92, 5, "cpu resource utilization (percentage of request) above target");
}

fn load_falls(stage: &mut Stage, _: u32) {
    rescale(stage, 47, 3, "All metrics below target");
}

fn rescale(stage: &mut Stage, utilization: i64, replicas: i64, reason: &str) {
    let now = stage.clock();
    stage.modify(AUTOSCALERS, PROD, "storefront", |autoscaler| {
        let status = &mut autoscaler["status"];
        status["currentMetrics"][0]["resource"]["current"] =
            json!({"averageUtilization": utilization, "averageValue": format!("{utilization}m")});
        status["currentReplicas"] = status["desiredReplicas"].clone();
        status["desiredReplicas"] = json!(replicas);
        status["lastScaleTime"] = json!(now);
        let conditions = &mut status["conditions"];
        let limited = replicas == 3;
        let why = if limited {
            ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
        } else {
            ("DesiredWithinRange", "the desired count is within the acceptable range")
        };
        set_condition(conditions, &now, "ScalingLimited", limited, Some(why));
    });
    controllers::scale(stage, PROD, "storefront", replicas);
    if let Some(autoscaler) = stage.get(AUTOSCALERS, PROD, "storefront") {
        let text = format!("New size: {replicas}; reason: {reason}");
        stage.event(&autoscaler.value, "SuccessfulRescale", &text, Source::of("horizontal-pod-autoscaler"));
    }
}

fn backup_ends(stage: &mut Stage, _: u32) {
    jobs::finish_all(stage, "shop-data", "mysql-backup");
}

fn backup_begins(stage: &mut Stage, _: u32) {
    jobs::begin(stage, "shop-data", "mysql-backup");
}

fn shop_tls_is_requested(stage: &mut Stage, _: u32) {
    certificate::request(stage, PROD, "shop-tls");
}

fn shop_tls_is_issued(stage: &mut Stage, _: u32) {
    certificate::issue(stage, PROD, "shop-tls");
}

fn disk_fills(stage: &mut Stage, _: u32) {
    let Some(node) = stage.get("nodes", "", "worker-2").filter(|node| is_true(&node.value, "DiskPressure")) else {
        return;
    };
    let text = "Attempting to reclaim ephemeral-storage";
    stage.event(
        &node.value,
        "EvictionThresholdMet",
        text,
        Source { host: "worker-2", ..Source::of("kubelet") }.warning(),
    );
}
