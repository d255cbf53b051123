//! Rollouts of Argo, canaries only: steps, pauses, promotion, abort and restart, by pods alone as without a traffic router.

mod steps;

use std::sync::Arc;

use serde_json::{Value, json};

use self::steps::advance;
use crate::demo::admit::defaults::same_template;
use crate::demo::controllers::budget::portion;
use crate::demo::controllers::{pods, replicas, slices};
use crate::demo::stage::{Source, Stage, controller, is_true, owned_by};
use crate::demo::store::{Object, suffix};

pub const ID: &str = "rollouts.argoproj.io";
const SETS: &str = "replicasets.apps";
const REVISION: &str = "rollout.argoproj.io/revision";
const HASH: &str = "rollouts-pod-template-hash";
const CONTROLLER: &str = "rollouts-controller";

/// One Rollout during one round: its spec, the status that the round leaves, its ReplicaSets.
struct Round {
    rollout: Value,
    status: Value,
    /// The hash of the newest template's ReplicaSet.
    hash: String,
}

/// One round of the controller: the newest ReplicaSet, as many steps as are over, the pods that they want, the status.
pub fn reconcile(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(rollout) = stage.get(ID, namespace, name) else { return };
    let is_canary = rollout.value["spec"]["strategy"]["canary"].is_object();
    if !rollout.value["metadata"]["deletionTimestamp"].is_null() || !is_canary {
        return;
    }
    let Some(hash) = newest(stage, &rollout.value) else { return };
    let Some(rollout) = stage.get(ID, namespace, name) else { return };
    let mut round = Round { rollout: rollout.value.clone(), status: rollout.value["status"].clone(), hash };
    round.begin();
    round.scale(stage);
    while advance(stage, &mut round) {
        round.scale(stage);
    }
    round.restart(stage);
    round.count(stage);
    let status = round.status.clone();
    stage.modify(ID, namespace, name, |rollout| rollout["status"] = status);
    round.lead(stage);
}

/// The hash of the present template's set; the first one of a new template is created, an old one gets a new number.
fn newest(stage: &mut Stage, rollout: &Value) -> Option<String> {
    let (meta, template) = (&rollout["metadata"], &rollout["spec"]["template"]);
    let (namespace, name) = (meta["namespace"].as_str()?, meta["name"].as_str()?);
    let sets = sets(stage, rollout);
    let known = sets.iter().find(|set| same_template(&set.value["spec"]["template"], template));
    let highest = sets.iter().map(|set| revision(&set.value)).max().unwrap_or(0);
    let number = match known {
        Some(set) if revision(&set.value) == highest => return Some(hash_of(&set.value)),
        _ => json!((highest + 1).to_string()),
    };
    let hash = match known {
        Some(set) => {
            stage.modify(SETS, namespace, &set.key.1, |set| set["metadata"]["annotations"][REVISION] = number.clone());
            hash_of(&set.value)
        }
        None => {
            let hash = suffix(&template.to_string(), 10);
            let mut template = template.clone();
            template["metadata"]["labels"][HASH] = json!(hash);
            let mut selector = rollout["spec"]["selector"].clone();
            selector["matchLabels"][HASH] = json!(hash);
            let set = json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {
                    "namespace": namespace, "name": format!("{name}-{hash}"), "labels": template["metadata"]["labels"],
                    "annotations": {REVISION: number}, "ownerReferences": owned_by(rollout),
                },
                "spec": {"replicas": 0, "selector": selector, "template": template},
                "status": {"replicas": 0},
            });
            stage.create(SETS, set);
            let text = format!("Created ReplicaSet {name}-{hash} (revision {})", highest + 1);
            stage.event(rollout, "NewReplicaSetCreated", &text, Source::of(CONTROLLER));
            hash
        }
    };
    stage.modify(ID, namespace, name, |rollout| rollout["metadata"]["annotations"][REVISION] = number);
    Some(hash)
}

/// The ReplicaSets of a Rollout.
fn sets(stage: &Stage, rollout: &Value) -> Vec<Arc<Object>> {
    let namespace = rollout["metadata"]["namespace"].as_str().unwrap_or_default();
    let uid = &rollout["metadata"]["uid"];
    stage.find(SETS, namespace, |set| controller(set).is_some_and(|owner| owner["uid"] == *uid))
}

fn revision(set: &Value) -> i64 {
    set["metadata"]["annotations"][REVISION].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn hash_of(set: &Value) -> String {
    set["metadata"]["labels"][HASH].as_str().unwrap_or_default().to_owned()
}

fn number(set: &Value, pointer: &str) -> i64 {
    set.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

impl Round {
    fn namespace(&self) -> &str {
        self.rollout["metadata"]["namespace"].as_str().unwrap_or_default()
    }

    fn wanted(&self) -> i64 {
        self.rollout["spec"]["replicas"].as_i64().unwrap_or(1)
    }

    fn steps(&self) -> &[Value] {
        self.rollout["spec"]["strategy"]["canary"]["steps"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Which step it is at; behind the last one where all are over.
    fn at(&self) -> usize {
        let at = self.status["currentStepIndex"].as_u64().unwrap_or(0);
        usize::try_from(at).unwrap_or(usize::MAX).min(self.steps().len())
    }

    fn is(&self, field: &str) -> bool {
        self.status[field] == true
    }

    fn is_held(&self) -> bool {
        self.status["pauseConditions"].as_array().is_some_and(|all| !all.is_empty())
    }

    fn stable(&self) -> &str {
        self.status["stableRS"].as_str().unwrap_or_default()
    }

    /// Whether every pod is to be of the newest template already.
    fn is_settled(&self) -> bool {
        self.stable() == self.hash
    }

    fn forget(&mut self, fields: &[&str]) {
        if let Some(status) = self.status.as_object_mut() {
            status.retain(|key, _| !fields.contains(&key.as_str()));
        }
    }

    /// A new template begins at the first step; what was aborted goes back to before it.
    fn begin(&mut self) {
        if !self.status.is_object() {
            self.status = json!({});
        }
        if self.stable().is_empty() {
            self.status["stableRS"] = json!(self.hash);
        }
        if self.status["currentPodHash"] != json!(self.hash) {
            self.forget(&["pauseConditions", "controllerPause", "abort", "abortedAt", "promoteFull"]);
            self.status["currentPodHash"] = json!(self.hash);
            self.status["currentStepIndex"] = json!(if self.is_settled() { self.steps().len() } else { 0 });
        }
        if self.is("abort") {
            self.forget(&["pauseConditions", "controllerPause", "promoteFull"]);
            self.status["currentStepIndex"] = json!(0);
        } else {
            self.forget(&["abort", "abortedAt"]);
        }
    }

    /// How many pods of the newest template and of the good one there are to be.
    fn targets(&self) -> (i64, i64) {
        let wanted = self.wanted();
        if self.is_settled() {
            return (wanted, 0);
        }
        let share = steps::share(self);
        (part(wanted, share), part(wanted, 100 - share))
    }

    /// Scales as far as maxSurge and maxUnavailable allow at this moment: up first, then down.
    fn scale(&self, stage: &mut Stage) {
        let canary = &self.rollout["spec"]["strategy"]["canary"];
        let default = json!("25%");
        let bound = |name: &str, up: bool| portion(canary.get(name).unwrap_or(&default), self.wanted(), up);
        let (surge, unavailable) = (bound("maxSurge", true).max(1), bound("maxUnavailable", false));
        let target = |set: &Value| match hash_of(set) {
            hash if hash == self.hash => self.targets().0,
            hash if hash == self.stable() => self.targets().1,
            _ => 0,
        };
        for set in sets(stage, &self.rollout) {
            let total: i64 = sets(stage, &self.rollout).iter().map(|set| number(&set.value, "/spec/replicas")).sum();
            let (now, wanted) = (number(&set.value, "/spec/replicas"), target(&set.value));
            let room = (self.wanted() + surge - total).max(0);
            if now < wanted && 0 < room {
                self.scale_set(stage, &set, wanted.min(now + room));
            }
        }
        let mut all = sets(stage, &self.rollout);
        // What does not work anyway goes first.
        all.sort_by_key(|set| number(&set.value, "/status/availableReplicas"));
        let available: i64 = all.iter().map(|set| number(&set.value, "/status/availableReplicas")).sum();
        let mut spare = (available - (self.wanted() - unavailable)).max(0);
        for set in all {
            let (now, wanted) = (number(&set.value, "/spec/replicas"), target(&set.value));
            let idle = (now - number(&set.value, "/status/availableReplicas")).max(0);
            let cut = (now - wanted).min(idle + spare);
            if 0 < cut {
                spare -= (cut - idle).max(0);
                self.scale_set(stage, &set, now - cut);
            }
        }
    }

    fn scale_set(&self, stage: &mut Stage, set: &Object, to: i64) {
        let (namespace, name) = &set.key;
        let from = number(&set.value, "/spec/replicas");
        stage.modify(SETS, namespace, name, |set| set["spec"]["replicas"] = json!(to));
        let direction = if from < to { "up" } else { "down" };
        let text =
            format!("Scaled {direction} ReplicaSet {name} (revision {}) from {from} to {to}", revision(&set.value));
        stage.event(&self.rollout, "ScalingReplicaSet", &text, Source::of(CONTROLLER));
        replicas::update(stage, namespace, name);
    }

    /// Whether there are the pods that the step wants, and they work.
    fn is_reached(&self, stage: &Stage) -> bool {
        let (new, stable) = self.targets();
        sets(stage, &self.rollout).iter().all(|set| {
            let wanted = match hash_of(&set.value) {
                hash if hash == self.hash => return number(&set.value, "/status/availableReplicas") == new,
                hash if hash == self.stable() => stable,
                _ => 0,
            };
            number(&set.value, "/status/replicas") == wanted
        })
    }

    /// Pods that are older than `restartAt` go, one after the other.
    fn restart(&mut self, stage: &mut Stage) {
        let Some(at) = self.rollout["spec"]["restartAt"].as_str().map(str::to_owned) else { return };
        if stage.clock() < at || self.status["restartedAt"] == json!(at) {
            return;
        }
        let all: Vec<Arc<Object>> = sets(stage, &self.rollout);
        let pods: Vec<Arc<Object>> =
            all.iter().flat_map(|set| replicas::pods(stage, self.namespace(), &set.value)).collect();
        let created = |pod: &Object| pod.value["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
        let Some(old) = pods.iter().find(|pod| created(pod) < at) else {
            self.status["restartedAt"] = json!(at);
            return;
        };
        if pods.iter().all(|pod| is_true(&pod.value, "Ready")) {
            let set = controller(&old.value).and_then(|owner| owner["name"].as_str()).unwrap_or_default().to_owned();
            pods::delete_pod(stage, &old.value);
            replicas::update(stage, self.namespace(), &set);
        }
    }

    /// Counts pods, and says how it is in the words of Argo's controller.
    fn count(&mut self, stage: &Stage) {
        let all = sets(stage, &self.rollout);
        let sum = |field: &str| all.iter().map(|set| number(&set.value["status"], field)).sum::<i64>();
        let (total, ready, available) = (sum("/replicas"), sum("/readyReplicas"), sum("/availableReplicas"));
        let new = all.iter().find(|set| hash_of(&set.value) == self.hash);
        let updated = new.map_or(0, |set| number(&set.value, "/status/replicas"));
        let number_of_new = new.map_or(0, |set| revision(&set.value));
        let (phase, message) = if self.is("abort") {
            ("Degraded", format!("RolloutAborted: Rollout aborted update to revision {number_of_new}"))
        } else if self.rollout["spec"]["paused"] == true {
            ("Paused", "manually paused".to_owned())
        } else if self.is_held() {
            ("Paused", self.status["pauseConditions"][0]["reason"].as_str().unwrap_or_default().to_owned())
        } else if self.is_settled() && (total, updated, available) == (self.wanted(), self.wanted(), self.wanted()) {
            ("Healthy", String::new())
        } else if updated < self.wanted() {
            ("Progressing", "more replicas need to be updated".to_owned())
        } else {
            ("Progressing", "updated replicas are still becoming available".to_owned())
        };
        let counts = [
            ("HPAReplicas", total),
            ("replicas", total),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", available),
        ];
        for (field, count) in counts {
            self.status[field] = json!(count);
        }
        self.status["phase"] = json!(phase);
        self.status["observedGeneration"] = json!(number(&self.rollout, "/metadata/generation").to_string());
        self.forget(&["message"]);
        if !message.is_empty() {
            self.status["message"] = json!(message);
        }
    }

    /// Its Services select the pods that they are for.
    fn lead(&self, stage: &mut Stage) {
        let canary = &self.rollout["spec"]["strategy"]["canary"];
        let new = if self.is("abort") { self.stable() } else { &self.hash };
        for (field, hash) in [("canaryService", new), ("stableService", self.stable())] {
            let Some(service) = canary[field].as_str() else { continue };
            let Some(found) = stage.get("services", self.namespace(), service) else { continue };
            if found.value["spec"]["selector"][HASH] != json!(hash) {
                stage.modify("services", self.namespace(), service, |one| one["spec"]["selector"][HASH] = json!(hash));
                slices::of_service(stage, self.namespace(), service);
            }
        }
    }
}

/// That many of a hundred, rounded up.
fn part(wanted: i64, share: i64) -> i64 {
    (wanted * share + 99) / 100
}
