//! Deployments: rolling updates by ReplicaSets, within maxSurge and maxUnavailable, and the status that tells of them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::demo::admit::defaults::same_template;
use crate::demo::controllers::budget::portion;
use crate::demo::controllers::replicas;
use crate::demo::stage::{Source, Stage, controller, owned_by, set_condition};
use crate::demo::store::{Object, suffix};

pub const ID: &str = "deployments.apps";
const SETS: &str = "replicasets.apps";
const REVISION: &str = "deployment.kubernetes.io/revision";

/// Sets the number of replicas, as a person or an autoscaler does.
pub fn scale(stage: &mut Stage, namespace: &str, name: &str, replicas: i64) {
    stage.modify(ID, namespace, name, |deployment| deployment["spec"]["replicas"] = json!(replicas));
    reconcile(stage, namespace, name);
}

/// One round of the controller: the next scaling that the strategy allows, then the status.
pub fn reconcile(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(deployment) = stage.get(ID, namespace, name) else { return };
    if !deployment.value["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    if deployment.value["spec"]["paused"] == true {
        hold(stage, &deployment.value);
    } else {
        let Some(new) = new_set(stage, &deployment.value) else { return };
        if deployment.value["spec"]["strategy"]["type"] == "Recreate" {
            recreate(stage, &deployment.value, &new);
        } else {
            roll(stage, &deployment.value, &new);
        }
    }
    status(stage, namespace, name);
}

/// The ReplicaSets of a Deployment.
fn sets(stage: &Stage, deployment: &Value) -> Vec<Arc<Object>> {
    let namespace = deployment["metadata"]["namespace"].as_str().unwrap_or_default();
    let uid = &deployment["metadata"]["uid"];
    stage.find(SETS, namespace, |set| controller(set).is_some_and(|owner| owner["uid"] == *uid))
}

/// The set of the present template; the first one of a new template is created.
fn new_set(stage: &mut Stage, deployment: &Value) -> Option<String> {
    let template = &deployment["spec"]["template"];
    let sets = sets(stage, deployment);
    if let Some(set) = sets.iter().find(|set| same_template(&set.value["spec"]["template"], template)) {
        let newest = sets.iter().filter_map(|set| revision_of(&set.value)).max().unwrap_or(0);
        bring_back(stage, deployment, set, newest);
        return Some(set.key.1.clone());
    }
    let meta = &deployment["metadata"];
    let hash = suffix(&template.to_string(), 10);
    let name = format!("{}-{hash}", meta["name"].as_str()?);
    let revision = sets.iter().filter_map(|set| revision_of(&set.value)).max().unwrap_or(0) + 1;
    let mut template = template.clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"]["pod-template-hash"] = json!(hash);
    let mut annotations = json!({REVISION: revision.to_string()});
    if let Some(cause) = meta["annotations"].get("kubernetes.io/change-cause") {
        annotations["kubernetes.io/change-cause"] = cause.clone();
    }
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "namespace": meta["namespace"], "name": name, "labels": template["metadata"]["labels"],
            "annotations": annotations, "ownerReferences": owned_by(deployment),
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
        "status": {"replicas": 0},
    });
    stage.create(SETS, set);
    let (namespace, created) = (meta["namespace"].as_str()?, stage.clock());
    stage.modify(ID, namespace, meta["name"].as_str()?, |deployment| {
        deployment["metadata"]["annotations"][REVISION] = json!(revision.to_string());
        let told = condition_time(deployment);
        let now = if told.is_empty() { created.clone() } else { told };
        let text = format!("Created new replica set \"{name}\"");
        set_progress(deployment, &now, true, "NewReplicaSetCreated", &text);
    });
    forget_revisions(stage, deployment);
    Some(name)
}

/// A set whose template is wanted again gets a number of its own; it remembers the old one.
fn bring_back(stage: &mut Stage, deployment: &Value, set: &Object, newest: i64) {
    let before = revision_of(&set.value).unwrap_or(0);
    let cause = deployment["metadata"]["annotations"].get("kubernetes.io/change-cause").cloned();
    let (namespace, name) = &set.key;
    if before < newest {
        let next = (newest + 1).to_string();
        stage.modify(SETS, namespace, name, |set| {
            let annotations = &mut set["metadata"]["annotations"];
            let history = &annotations["deployment.kubernetes.io/revision-history"];
            let history = history.as_str().map_or_else(String::new, |history| format!("{history},"));
            annotations["deployment.kubernetes.io/revision-history"] = json!(format!("{history}{before}"));
            annotations[REVISION] = json!(next);
        });
        let deployment_name = deployment["metadata"]["name"].as_str().unwrap_or_default();
        let now = stage.clock();
        stage.modify(ID, namespace, deployment_name, |deployment| {
            deployment["metadata"]["annotations"][REVISION] = json!(next);
            let text = format!("Found new replica set \"{name}\"");
            set_progress(deployment, &now, true, "FoundNewReplicaSet", &text);
        });
    }
    // A cause that was told later is the cause of the present revision.
    if let Some(cause) = cause.filter(|cause| {
        stage.is_asked && set.value["metadata"]["annotations"].get("kubernetes.io/change-cause") != Some(cause)
    }) {
        stage.modify(SETS, namespace, name, |set| set["metadata"]["annotations"]["kubernetes.io/change-cause"] = cause);
    }
}

/// A paused Deployment still scales, but nothing is rolled out.
fn hold(stage: &mut Stage, deployment: &Value) {
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let active: Vec<_> = sets(stage, deployment).into_iter().filter(|set| 0 < replicas_of(set)).collect();
    if let [only] = active.as_slice() {
        scale_set(stage, deployment, only, wanted);
    }
}

/// All old pods go before the first new one comes.
fn recreate(stage: &mut Stage, deployment: &Value, new: &str) {
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let all = sets(stage, deployment);
    let old: Vec<_> = all.iter().filter(|set| set.key.1 != new).collect();
    for set in &old {
        scale_set(stage, deployment, set, 0);
    }
    let left = |set: &&&Arc<Object>| {
        let uid = &set.value["metadata"]["uid"];
        !stage.find("pods", &set.key.0, |pod| controller(pod).is_some_and(|owner| owner["uid"] == *uid)).is_empty()
    };
    if !old.iter().any(|set| left(&set))
        && let Some(new) = all.iter().find(|set| set.key.1 == new)
    {
        scale_set(stage, deployment, new, wanted);
    }
}

fn condition_time(deployment: &Value) -> String {
    deployment["status"]["conditions"][0]["lastTransitionTime"].as_str().unwrap_or_default().to_owned()
}

fn revision_of(set: &Value) -> Option<i64> {
    set["metadata"]["annotations"][REVISION].as_str()?.parse().ok()
}

fn forget_revisions(stage: &mut Stage, deployment: &Value) {
    let limit = deployment["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10) as usize;
    let mut old = sets(stage, deployment);
    old.retain(|set| set.value["spec"]["replicas"] == 0 && set.value["status"]["replicas"] == 0);
    old.sort_by_key(|set| revision_of(&set.value));
    let surplus = old.len().saturating_sub(limit + 1);
    for set in old.into_iter().take(surplus) {
        // It was listed a moment ago; nobody else deletes.
        let _ = stage.store.delete(SETS, &set.key.0, &set.key.1);
    }
}

fn replicas_of(set: &Object) -> i64 {
    set.value["spec"]["replicas"].as_i64().unwrap_or(0)
}

fn available_of(set: &Object) -> i64 {
    set.value["status"]["availableReplicas"].as_i64().unwrap_or(0)
}

/// Scales the new set up and the old ones down as far as the strategy allows at this moment.
fn roll(stage: &mut Stage, deployment: &Value, new: &str) {
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
    let default = json!("25%");
    let bound = |name: &str, up: bool| portion(rolling.get(name).unwrap_or(&default), wanted, up);
    let (surge, mut unavailable) = (bound("maxSurge", true), bound("maxUnavailable", false));
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    let all = sets(stage, deployment);
    let Some(new) = all.iter().find(|set| set.key.1 == new) else { return };
    let total: i64 = all.iter().map(|set| replicas_of(set)).sum();
    let room = (wanted + surge - total).max(0);
    let target = if wanted < replicas_of(new) { wanted } else { wanted.min(replicas_of(new) + room) };
    scale_set(stage, deployment, new, target);
    let all = sets(stage, deployment);
    let Some(new) = all.iter().find(|set| set.key.1 == new.key.1) else { return };
    let total: i64 = all.iter().map(|set| replicas_of(set)).sum();
    let idle = (replicas_of(new) - available_of(new)).max(0);
    let mut spare = (total - (wanted - unavailable) - idle).max(0);
    let mut old: Vec<&Arc<Object>> = all.iter().filter(|set| set.key.1 != new.key.1).collect();
    // What does not work anyway goes first.
    old.sort_by_key(|set| (available_of(set), set.key.1.clone()));
    for set in old {
        let cut = spare.min(replicas_of(set));
        if 0 < cut {
            scale_set(stage, deployment, set, replicas_of(set) - cut);
            spare -= cut;
        }
    }
}

fn scale_set(stage: &mut Stage, deployment: &Value, set: &Object, to: i64) {
    let from = replicas_of(set);
    if from == to {
        return;
    }
    let (namespace, name) = &set.key;
    stage.modify(SETS, namespace, name, |set| {
        set["spec"]["replicas"] = json!(to);
        set["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] =
            json!(deployment["spec"]["replicas"].to_string());
    });
    let direction = if from < to { "up" } else { "down" };
    let text = format!("Scaled {direction} replica set {name} from {from} to {to}");
    stage.event(deployment, "ScalingReplicaSet", &text, Source::of("deployment-controller"));
    replicas::update(stage, namespace, name);
}

fn status(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(deployment) = stage.get(ID, namespace, name) else { return };
    let spec = &deployment.value["spec"];
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    let sets = sets(stage, &deployment.value);
    let sum = |field: &str| sets.iter().filter_map(|set| set.value["status"][field].as_i64()).sum::<i64>();
    let (total, ready, available) = (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let new = sets.iter().find(|set| same_template(&set.value["spec"]["template"], &spec["template"]));
    let updated = new.and_then(|set| set.value["status"]["replicas"].as_i64()).unwrap_or(0);
    let complete = updated == wanted && total == wanted && available == wanted;
    let set = new.map(|set| set.key.1.clone()).unwrap_or_default();
    let unavailable =
        portion(spec["strategy"]["rollingUpdate"].get("maxUnavailable").unwrap_or(&json!("25%")), wanted, false);
    let now = stage.clock();
    stage.modify(ID, namespace, name, |deployment| {
        let before = deployment["status"]["updatedReplicas"].as_i64().unwrap_or(0);
        let moved = before != updated || deployment["status"]["availableReplicas"].as_i64().unwrap_or(0) != available;
        let generation = deployment["metadata"]["generation"].clone();
        let status = &mut deployment["status"];
        status["observedGeneration"] = generation;
        let counts = [
            ("replicas", total),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", available),
            ("unavailableReplicas", (total.max(wanted) - available).max(0)),
        ];
        for (field, count) in counts {
            match (count, status.as_object_mut()) {
                (0, Some(map)) => _ = map.remove(field),
                _ => status[field] = json!(count),
            }
        }
        let enough = wanted - unavailable <= available;
        let why = if enough {
            ("MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        set_condition(&mut status["conditions"], &now, "Available", enough, Some(why));
        if complete {
            let text = format!("ReplicaSet \"{set}\" has successfully progressed.");
            set_progress(deployment, &now, true, "NewReplicaSetAvailable", &text);
        } else if moved {
            let text = format!("ReplicaSet \"{set}\" is progressing.");
            set_progress(deployment, &now, true, "ReplicaSetUpdated", &text);
        }
    });
}

/// Sets the Progressing condition; its update time tells when it last moved.
fn set_progress(deployment: &mut Value, now: &str, progressing: bool, reason: &str, message: &str) {
    let conditions = &mut deployment["status"]["conditions"];
    set_condition(conditions, now, "Progressing", progressing, Some((reason, message)));
    let list = conditions.as_array_mut().into_iter().flatten();
    for condition in list.filter(|condition| condition["type"] == "Progressing") {
        condition["lastUpdateTime"] = json!(now);
    }
}

/// Calls the rollouts stuck that made no progress within their deadline.
pub fn deadlines(stage: &mut Stage) {
    let all: Vec<Arc<Object>> = stage.store.list(ID, None).cloned().collect();
    for deployment in all {
        let conditions = deployment.value["status"]["conditions"].as_array().into_iter().flatten();
        let Some(progressing) = conditions.into_iter().find(|one| one["type"] == "Progressing") else { continue };
        let moved = progressing["lastUpdateTime"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let seconds = deployment.value["spec"]["progressDeadlineSeconds"].as_i64().unwrap_or(600);
        let late = moved.is_some_and(|moved| seconds < stage.now.duration_since(moved).as_secs());
        let done = progressing["reason"] == "NewReplicaSetAvailable" || deployment.value["spec"]["paused"] == true;
        if done || !late || progressing["status"] != "True" {
            continue;
        }
        let new = sets(stage, &deployment.value).into_iter().max_by_key(|set| revision_of(&set.value));
        let name = new.map(|set| set.key.1.clone()).unwrap_or_default();
        let (now, text) = (stage.clock(), format!("ReplicaSet \"{name}\" has timed out progressing."));
        stage.modify(ID, &deployment.key.0, &deployment.key.1, |deployment| {
            set_progress(deployment, &now, false, "ProgressDeadlineExceeded", &text);
        });
    }
}
