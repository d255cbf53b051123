//! Scheduler and kubelet in a few strokes: a pod finds a node, pulls its image, starts, becomes ready,
//! crashes, finishes and goes.

mod crash;

use serde_json::{Value, json};

use crate::demo::controllers;
use crate::demo::stage::{Beat, Source, Stage, labels, set_condition};
use crate::demo::store::{Key, uid};

use crate::demo::kubelet::crash::{back_off, restart};
pub use crate::demo::kubelet::crash::{crash, waiting_at_start};

/// A kubelet that cannot pull an image tries again after this long, and after a few tries less often.
const PULL_AGAIN_MS: [i64; 4] = [2_000, 12_000, 12_000, 45_000];

/// Does what is due for one pod.
pub fn act(stage: &mut Stage, beat: &Beat) {
    match beat {
        Beat::Schedule(key) => schedule(stage, key),
        Beat::Pull(key, tries) => pull(stage, key, *tries),
        Beat::Start(key) => start(stage, key),
        Beat::Ready(key) => set_ready(stage, key, true),
        Beat::Gone(key) => gone(stage, key),
        Beat::Finish(key) => finish(stage, key),
        Beat::Restart(key) => restart(stage, key),
        Beat::Crash(key) => crash(stage, key),
        Beat::BackOff(key) => back_off(stage, key),
        Beat::Step { .. } | Beat::Deadlines | Beat::Reconcile(..) => {}
    }
}

/// Changes a pod and everything that depends on it.
pub fn change(stage: &mut Stage, key: &Key, change: impl FnOnce(&mut Value)) {
    stage.modify("pods", &key.0, &key.1, change);
    if let Some(pod) = stage.get("pods", &key.0, &key.1) {
        controllers::pod_changed(stage, &pod.value);
    }
}

fn schedule(stage: &mut Stage, key: &Key) {
    let Some(pod) = stage.get("pods", &key.0, &key.1) else { return };
    if !pod.value["metadata"]["deletionTimestamp"].is_null() || pod.value["status"]["startTime"].is_string() {
        return;
    }
    let Some(node) = choose_node(stage, &pod.value) else {
        refuse_node(stage, key, &pod.value);
        return;
    };
    let (now, name) = (stage.clock(), node["metadata"]["name"].clone());
    let host = node["status"]["addresses"][0]["address"].clone();
    stage.modify("pods", &key.0, &key.1, |pod| {
        pod["spec"]["nodeName"] = name.clone();
        let status = &mut pod["status"];
        status["startTime"] = json!(now);
        status["hostIP"] = host.clone();
        status["hostIPs"] = json!([{"ip": host}]);
        set_condition(&mut status["conditions"], &now, "PodScheduled", true, None);
    });
    let text = format!("Successfully assigned {}/{} to {}", key.0, key.1, name.as_str().unwrap_or_default());
    stage.event(&pod.value, "Scheduled", &text, Source::of("default-scheduler"));
    change(stage, key, |pod| {
        let names: Vec<Value> = containers(pod).map(|container| waiting(container, "ContainerCreating", "")).collect();
        pod["status"]["containerStatuses"] = Value::Array(names);
        not_ready(pod, &now);
    });
    stage.after(1_200, Beat::Pull(key.clone(), 0));
}

/// No node takes the pod now.
fn refuse_node(stage: &mut Stage, key: &Key, pod: &Value) {
    let count = stage.store.list("nodes", None).count();
    let text = format!(
        "0/{count} nodes are available: {count} node(s) were unschedulable or didn't match Pod's node affinity/selector."
    );
    stage.event(pod, "FailedScheduling", &text, Source::of("default-scheduler").warning());
    let now = stage.clock();
    change(stage, key, |pod| {
        let why = Some(("Unschedulable", text.as_str()));
        set_condition(&mut pod["status"]["conditions"], &now, "PodScheduled", false, why);
    });
    stage.after(10_000, Beat::Schedule(key.clone()));
}

/// The node that the pod names, or the ready one with the fewest pods that takes it.
fn choose_node(stage: &Stage, pod: &Value) -> Option<Value> {
    let named = pod["spec"]["nodeName"].as_str().or_else(|| controllers::target_node(pod));
    if let Some(name) = named {
        return stage.get("nodes", "", name).map(|node| node.value.clone());
    }
    let free =
        |node: &Value| controllers::node_admits(node, &pod["spec"]) && crate::demo::stage::is_true(node, "Ready");
    let load = |name: &str| stage.store.list("pods", None).filter(|pod| pod.value["spec"]["nodeName"] == name).count();
    let nodes = stage.store.list("nodes", None).filter(|node| free(&node.value));
    nodes.min_by_key(|node| (load(&node.key.1), node.key.1.clone())).map(|node| node.value.clone())
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["spec"]["containers"].as_array().into_iter().flatten()
}

fn waiting(container: &Value, reason: &str, message: &str) -> Value {
    let mut waiting = json!({"reason": reason});
    if !message.is_empty() {
        waiting["message"] = json!(message);
    }
    json!({
        "name": container["name"], "image": container["image"], "imageID": "", "ready": false, "started": false,
        "restartCount": 0, "lastState": {}, "state": {"waiting": waiting},
    })
}

/// The conditions of a pod that runs nothing yet.
fn not_ready(pod: &mut Value, now: &str) {
    let names: Vec<String> =
        containers(pod).filter_map(|container| container["name"].as_str().map(str::to_owned)).collect();
    let message = format!("containers with unready status: [{}]", names.join(" "));
    let conditions = &mut pod["status"]["conditions"];
    set_condition(conditions, now, "Initialized", true, None);
    for kind in ["Ready", "ContainersReady"] {
        set_condition(conditions, now, kind, false, Some(("ContainersNotReady", &message)));
    }
}

/// Whether a pod still waits for its image.
fn wants_image(pod: &Value) -> bool {
    let reasons = ["ContainerCreating", "ErrImagePull", "ImagePullBackOff"];
    let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"];
    pod["metadata"]["deletionTimestamp"].is_null() && reasons.iter().any(|reason| waiting == reason)
}

fn pull(stage: &mut Stage, key: &Key, tries: u32) {
    let Some(pod) = stage.get("pods", &key.0, &key.1).filter(|pod| wants_image(&pod.value)) else { return };
    let missing = containers(&pod.value)
        .find(|container| container["image"].as_str().is_some_and(|image| is_missing(stage, image)));
    let Some(container) = missing.cloned() else {
        let image = pod.value["spec"]["containers"][0]["image"].as_str().unwrap_or_default().to_owned();
        let node = pod.value["spec"]["nodeName"].as_str().unwrap_or_default();
        let text = format!(
            "Successfully pulled image \"{image}\" in 1.214s (1.214s including waiting). Image size: 48211093 bytes."
        );
        stage.event(&pod.value, "Pulled", &text, Source::kubelet(node, ""));
        stage.after(1_000, Beat::Start(key.clone()));
        return;
    };
    refuse_image(stage, key, &pod.value, &container, tries);
    let wait = PULL_AGAIN_MS.get(tries as usize).unwrap_or(&PULL_AGAIN_MS[3]);
    stage.after(*wait, Beat::Pull(key.clone(), tries + 1));
}

/// The registry lacks what the story has not pushed yet, and what names itself so that it cannot be there.
fn is_missing(stage: &Stage, image: &str) -> bool {
    let tells = ["missing", "nonexistent", "does-not-exist", "no-such", "broken", "typo"];
    stage.missing.contains(image) || tells.iter().any(|word| image.contains(word))
}

/// The registry says no: first the error itself, then the waiting in between.
fn refuse_image(stage: &mut Stage, key: &Key, pod: &Value, container: &Value, tries: u32) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (image, name, node) = (text(&container["image"]), text(&container["name"]), text(&pod["spec"]["nodeName"]));
    let from = Source::kubelet(&node, &name).warning();
    let error = format!(
        "failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
    );
    let (reason, message) = if tries.is_multiple_of(3) {
        let message = format!("rpc error: code = NotFound desc = {error}");
        stage.event(pod, "Failed", &format!("Failed to pull image \"{image}\": {message}"), from);
        ("ErrImagePull", message)
    } else {
        stage.event(pod, "BackOff", &format!("Back-off pulling image \"{image}\""), Source { warning: false, ..from });
        (
            "ImagePullBackOff",
            format!("Back-off pulling image \"{image}\": ErrImagePull: rpc error: code = NotFound desc = {error}"),
        )
    };
    change(stage, key, |pod| {
        let statuses = pod["status"]["containerStatuses"].as_array_mut().into_iter().flatten();
        for status in statuses.filter(|status| status["name"] == name.as_str()) {
            status["state"] = json!({"waiting": {"reason": reason, "message": message}});
        }
    });
}

fn start(stage: &mut Stage, key: &Key) {
    let Some(pod) = stage.get("pods", &key.0, &key.1).filter(|pod| wants_image(&pod.value)) else { return };
    let known = pod.value["status"]["podIP"].as_str().map(str::to_owned);
    let (now, ip) = (stage.clock(), known.unwrap_or_else(|| free_address(stage, &pod.value)));
    let node = pod.value["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
    for container in containers(&pod.value) {
        let name = container["name"].as_str().unwrap_or_default();
        stage.event(&pod.value, "Started", &format!("Started container {name}"), Source::kubelet(&node, name));
    }
    let run = stage.store.version();
    change(stage, key, |pod| {
        let statuses: Vec<Value> = containers(pod).map(|container| running(container, &key.1, &now, run)).collect();
        set_condition(&mut pod["status"]["conditions"], &now, "PodReadyToStartContainers", true, None);
        let status = &mut pod["status"];
        status["containerStatuses"] = Value::Array(statuses);
        status["phase"] = json!("Running");
        status["podIP"] = json!(ip);
        status["podIPs"] = json!([{"ip": ip}]);
    });
    let probe = &pod.value["spec"]["containers"][0]["readinessProbe"];
    let delay = probe["initialDelaySeconds"].as_i64().unwrap_or(0) * 1_000;
    if controlled_by_job(&pod.value) {
        set_ready(stage, key, true);
    } else {
        stage.after(if probe.is_null() { 0 } else { delay + 3_500 }, Beat::Ready(key.clone()));
    }
}

fn controlled_by_job(pod: &Value) -> bool {
    crate::demo::stage::controller(pod).is_some_and(|owner| owner["kind"] == "Job")
}

fn running(container: &Value, pod: &str, now: &str, run: u64) -> Value {
    let image = container["image"].as_str().unwrap_or_default();
    let (id, digest) = (container_id(&format!("{pod}/{}/{run}", container["name"])), container_id(image));
    json!({
        "name": container["name"], "image": image, "restartCount": 0, "lastState": {}, "ready": false, "started": true,
        "imageID": format!("{}@sha256:{digest}", image.split(':').next().unwrap_or(image)),
        "containerID": format!("containerd://{id}"), "state": {"running": {"startedAt": now}},
    })
}

/// 64 hexadecimal digits that depend on the seed alone.
pub fn container_id(seed: &str) -> String {
    let half = |salt: &str| uid(&format!("{seed}{salt}")).replace('-', "");
    half("a") + &half("b")
}

/// An address of the node's range that no pod has.
fn free_address(stage: &Stage, pod: &Value) -> String {
    let node = stage.get("nodes", "", pod["spec"]["nodeName"].as_str().unwrap_or_default());
    let range = node.as_ref().and_then(|node| node.value["spec"]["podCIDR"].as_str()).unwrap_or("10.244.0.0/24");
    let prefix = range.rsplit_once('.').map_or("10.244.0", |(prefix, _)| prefix);
    let used: Vec<&str> =
        stage.store.list("pods", None).filter_map(|pod| pod.value["status"]["podIP"].as_str()).collect();
    let address = |last: u8| format!("{prefix}.{last}");
    (2..=254).map(address).find(|address| !used.contains(&address.as_str())).unwrap_or_else(|| address(255))
}

/// The readiness probe of every container begins to succeed, or to fail.
pub fn set_ready(stage: &mut Stage, key: &Key, ready: bool) {
    let now = stage.clock();
    change(stage, key, |pod| {
        let names: Vec<String> =
            containers(pod).filter_map(|container| container["name"].as_str().map(str::to_owned)).collect();
        let status = &mut pod["status"];
        for container in status["containerStatuses"].as_array_mut().into_iter().flatten() {
            container["ready"] = json!(ready);
        }
        let message = format!("containers with unready status: [{}]", names.join(" "));
        let why = (!ready).then_some(("ContainersNotReady", message.as_str()));
        for kind in ["Ready", "ContainersReady"] {
            set_condition(&mut status["conditions"], &now, kind, ready, why);
        }
    });
}

fn gone(stage: &mut Stage, key: &Key) {
    let Some(pod) = stage.get("pods", &key.0, &key.1) else { return };
    let held = pod.value["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    if pod.value["metadata"]["deletionTimestamp"].is_null() || held {
        // Another pod of the same name, or one that a finalizer keeps.
        return;
    }
    // A pod that is already gone needs nothing.
    if let Ok(pod) = stage.store.delete("pods", &key.0, &key.1) {
        controllers::pod_gone(stage, &pod.value);
    }
}

/// The pod's only run ends: well, unless its command says otherwise.
fn finish(stage: &mut Stage, key: &Key) {
    let Some(pod) = stage.get("pods", &key.0, &key.1) else { return };
    if pod.value["status"]["phase"] == "Pending" && pod.value["metadata"]["deletionTimestamp"].is_null() {
        // It cannot end before it has begun.
        stage.after(5_000, Beat::Finish(key.clone()));
        return;
    }
    let now = stage.clock();
    let fails = containers(&pod.value).any(|container| {
        let words = format!("{} {}", container["command"], container["args"]);
        words.contains("exit 1") || words.contains("\"false\"")
    });
    let (phase, code, reason) = if fails { ("Failed", 1, "Error") } else { ("Succeeded", 0, "Completed") };
    change(stage, key, |pod| {
        let status = &mut pod["status"];
        status["phase"] = json!(phase);
        for container in status["containerStatuses"].as_array_mut().into_iter().flatten() {
            let (started, id) = (container["state"]["running"]["startedAt"].clone(), container["containerID"].clone());
            container["ready"] = json!(false);
            container["started"] = json!(false);
            container["state"] = json!({"terminated": {
                "exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now, "containerID": id,
            }});
        }
        for kind in ["Ready", "ContainersReady"] {
            set_condition(
                &mut status["conditions"],
                &now,
                kind,
                false,
                Some((if fails { "PodFailed" } else { "PodCompleted" }, "")),
            );
        }
    });
}

/// The pods that a set of labels selects.
pub fn pods_with(stage: &Stage, namespace: &str, key: &str, value: &str) -> Vec<Key> {
    let pods = stage
        .find("pods", namespace, |pod| labels(pod)[key] == value && pod["metadata"]["deletionTimestamp"].is_null());
    pods.iter().map(|pod| pod.key.clone()).collect()
}
