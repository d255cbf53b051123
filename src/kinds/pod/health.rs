//! How a pod is and why, in words that tell the cause: what crashed and how, which image is missing, what the scheduler said.
//!
//! No text holds an age or a count that grows: the reason of a pod stays the same for as long as its cause does.

use crate::kinds::Health;
use crate::kinds::pod::Pod;
use crate::kinds::pod::ending::{ending, sentence};
use crate::kinds::pod::image::why_not_pulled;
use crate::kinds::pod::spec::{Container, PodSpec};
use crate::kinds::pod::status::{ContainerStatus, PodCondition, PodStatus};
use crate::wire::time::Time;

type Verdict = (Health, Option<String>);

/// Health and reason of a pod.
pub fn health(pod: &Pod) -> Verdict {
    let (spec, status) = (pod.spec(), pod.status());
    if let Some(verdict) = deleted(pod) {
        return verdict;
    }
    match status.phase.as_str() {
        "Succeeded" => (Health::Ready, Some("Completed".to_owned())),
        "Failed" => (Health::Failed, Some(failure(spec, status))),
        "Pending" | "Running" => alive(spec, status),
        "Unknown" => (Health::Unknown, Some("its node does not report".to_owned())),
        _ => (Health::Unknown, Some("no phase in its status".to_owned())),
    }
}

fn deleted(pod: &Pod) -> Option<Verdict> {
    let metadata = pod.metadata.as_ref()?;
    metadata.deletion_timestamp?.instant()?;
    if pod.status().reason == "NodeLost" {
        let node = &pod.spec().node_name;
        return Some((Health::Failed, Some(format!("NodeLost: node {node} does not answer, the pod cannot be ended"))));
    }
    let reason = match metadata.finalizers.as_slice() {
        [] => "being deleted".to_owned(),
        held => format!("being deleted, held by finalizer {}", held.join(", ")),
    };
    Some((Health::Progressing, Some(reason)))
}

/// Why a pod whose phase is Failed has failed.
fn failure(spec: &PodSpec, status: &PodStatus) -> String {
    let message = sentence(&status.message);
    let containers = paired(&spec.init_containers, &status.init_container_statuses)
        .chain(paired(&spec.containers, &status.container_statuses));
    let worst = containers.filter_map(|(c, s)| Some((c, s?.terminated()?))).find(|(_, end)| end.exit_code != 0);
    match (status.reason.as_str(), worst) {
        ("", Some((container, end))) => ending("Error", container, end),
        ("", None) if message.is_empty() => "Failed".to_owned(),
        ("", None) => message,
        (reason, _) if message.is_empty() => reason.to_owned(),
        (reason, _) => format!("{reason}: {message}"),
    }
}

fn alive(spec: &PodSpec, status: &PodStatus) -> Verdict {
    if let Some(verdict) = unscheduled(spec, status) {
        return verdict;
    }
    // An init container that ended well has done its work; it is not started again, whatever the pod's policy.
    let init = paired(&spec.init_containers, &status.init_container_statuses).map(|pair| (pair, "Never"));
    let main = paired(&spec.containers, &status.container_statuses).map(|pair| (pair, spec.restart_policy.as_str()));
    let troubles = init.chain(main).filter_map(|((c, s), policy)| trouble(c, s?, policy));
    if let Some((health, reason)) = troubles.min_by_key(|(health, _)| *health) {
        return (health, Some(reason));
    }
    if status.is("Ready") {
        return (Health::Ready, None);
    }
    initializing(spec, status).unwrap_or_else(|| unready(spec, status))
}

fn unscheduled(spec: &PodSpec, status: &PodStatus) -> Option<Verdict> {
    if !spec.node_name.is_empty() {
        return None;
    }
    let condition = status.condition("PodScheduled").filter(|c| c.status != "True");
    match condition.map_or("", |c| c.reason.as_str()) {
        "SchedulingGated" => {
            let gates: Vec<&str> = spec.scheduling_gates.iter().map(|g| g.name.as_str()).collect();
            Some((Health::Progressing, Some(format!("SchedulingGated: waits for {}", gates.join(", ")))))
        }
        "" if status.is("PodScheduled") => None,
        "" => Some((Health::Progressing, Some("waits for the scheduler".to_owned()))),
        reason => {
            let message = condition.map_or("", |c| scheduler(&c.message));
            Some((Health::Warn, Some(format!("{reason}: {}", sentence(message)))))
        }
    }
}

/// The scheduler's message without what preemption tried.
fn scheduler(message: &str) -> &str {
    let ends = [". preemption:", " preemption:", ". no new claims", " no new claims"];
    let end = ends.iter().filter_map(|end| message.find(end)).min().unwrap_or(message.len());
    message[..end].trim_end_matches('.')
}

/// What is wrong with one container, if anything is.
fn trouble(container: &Container, status: &ContainerStatus, restart_policy: &str) -> Option<(Health, String)> {
    let name = &container.name;
    if let Some(waiting) = status.waiting() {
        let last = status.last_terminated();
        return match waiting.reason.as_str() {
            "" | "ContainerCreating" | "PodInitializing" => None,
            "CrashLoopBackOff" => Some(last.map_or_else(
                || format!("CrashLoopBackOff: container {name} keeps ending"),
                |end| ending("CrashLoopBackOff", container, end),
            )),
            reason if is_image(reason) => {
                let why = why_not_pulled(&waiting.message);
                Some(format!("{reason}: {} {why}", container.image))
            }
            reason if waiting.message.is_empty() => Some(format!("{reason}: container {name}")),
            reason => Some(format!("{reason}: container {name}: {}", sentence(&waiting.message))),
        }
        .map(|reason| (Health::Failed, reason));
    }
    let end = status.terminated()?;
    if end.exit_code != 0 {
        return Some((Health::Failed, ending("Error", container, end)));
    }
    let restarts = restart_policy == "Always" || container.is_sidecar();
    let is_main = container.restart_policy.is_none();
    (restarts && is_main).then(|| (Health::Warn, format!("container {name} ended with 0 and will be started again")))
}

fn is_image(reason: &str) -> bool {
    reason.contains("Image") || matches!(reason, "RegistryUnavailable" | "SignatureValidationFailed")
}

/// Which init container the pod is at.
fn initializing(spec: &PodSpec, status: &PodStatus) -> Option<Verdict> {
    if status.is("Initialized") || spec.init_containers.is_empty() {
        return None;
    }
    let count = spec.init_containers.len();
    let done = |container: &Container, status: Option<&ContainerStatus>| {
        let started = container.is_sidecar() && status.is_some_and(|s| s.started == Some(true));
        started || status.is_some_and(|s| s.terminated().is_some_and(|end| end.exit_code == 0))
    };
    let mut containers = paired(&spec.init_containers, &status.init_container_statuses).enumerate();
    let (at, (container, now)) = containers.find(|(_, (c, s))| !done(c, *s))?;
    let verb = if now.is_some_and(|s| s.running().is_some()) { "runs" } else { "is about to start" };
    Some((Health::Progressing, Some(format!("init container {} {verb} ({} of {count})", container.name, at + 1))))
}

/// Why a pod in which nothing crashed is not ready.
fn unready(spec: &PodSpec, status: &PodStatus) -> Verdict {
    let Some(ready) = status.condition("Ready") else { return unconditioned(spec, status) };
    let sidecars = paired(&spec.init_containers, &status.init_container_statuses).filter(|(c, _)| c.is_sidecar());
    let containers = sidecars.chain(paired(&spec.containers, &status.container_statuses));
    let waiting: Vec<_> = containers.filter(|(_, s)| s.is_none_or(|s| !s.ready)).collect();
    if let Some((container, now)) = waiting.iter().find(|(_, s)| s.is_none_or(|s| s.running().is_none())) {
        let ended = now.is_some_and(|s| s.terminated().is_some());
        let word = if ended { "has ended, others still run" } else { "is being created" };
        return (Health::Progressing, Some(format!("container {} {word}", container.name)));
    }
    let starts = |s: &&ContainerStatus| s.started == Some(false);
    if let Some((container, _)) = waiting.iter().find(|(_, s)| s.as_ref().is_some_and(starts)) {
        return (Health::Progressing, Some(format!("container {} has not passed its startup probe", container.name)));
    }
    let names: Vec<&str> = waiting.iter().map(|(c, _)| c.name.as_str()).collect();
    let since = waiting.iter().filter_map(|(_, s)| s.as_ref()?.running()?.started_at?.instant()).max();
    let health = lost_or_new(ready, since);
    let reason = match names.as_slice() {
        [] => gates_or_node(spec, status, ready),
        [name] => format!("container {name} is not ready"),
        names => format!("containers {} are not ready", names.join(", ")),
    };
    (health, Some(reason))
}

/// A pod that was ready and no longer is wants a look; one that has just started is on its way.
fn lost_or_new(ready: &PodCondition, started: Option<crate::wire::Timestamp>) -> Health {
    let changed = ready.last_transition_time.and_then(Time::instant);
    match (changed, started) {
        (Some(changed), Some(started)) if changed <= started.plus_seconds(1) => Health::Progressing,
        _ => Health::Warn,
    }
}

fn gates_or_node(spec: &PodSpec, status: &PodStatus, ready: &PodCondition) -> String {
    let gates: Vec<&str> = spec.readiness_gates.iter().map(|g| g.condition_type.as_str()).collect();
    let closed: Vec<&str> = gates.into_iter().filter(|gate| !status.is(gate)).collect();
    if !closed.is_empty() {
        return format!("waits for readiness gate {}", closed.join(", "));
    }
    match (ready.reason.as_str(), sentence(&ready.message)) {
        ("", message) if message.is_empty() => {
            "marked unready, its containers are not: its node may not answer".to_owned()
        }
        ("", message) => message,
        (reason, message) if message.is_empty() => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

/// A status without conditions, as simple kubelets and manifests write it.
fn unconditioned(spec: &PodSpec, status: &PodStatus) -> Verdict {
    let mut containers = paired(&spec.containers, &status.container_statuses);
    match status.phase.as_str() {
        "Running" if !spec.containers.is_empty() && containers.all(|(_, s)| s.is_some_and(|s| s.ready)) => {
            (Health::Ready, None)
        }
        "Pending" => (Health::Progressing, Some("waits for its node to start it".to_owned())),
        _ => (Health::Unknown, Some("no readiness in its status".to_owned())),
    }
}

/// Each container of the spec with its status.
fn paired<'a>(
    containers: &'a [Container],
    statuses: &'a [ContainerStatus],
) -> impl Iterator<Item = (&'a Container, Option<&'a ContainerStatus>)> {
    containers.iter().map(|c| (c, statuses.iter().find(|s| s.name == c.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_init_container_that_ended_well_is_no_trouble() {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": "orders"},
            "spec": {
                "restartPolicy": "Always", "nodeName": "worker-1",
                "initContainers": [{"name": "wait-for-mysql"}], "containers": [{"name": "app"}],
            },
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True"}],
                "initContainerStatuses": [{"name": "wait-for-mysql", "state": {"terminated": {"exitCode": 0}}}],
                "containerStatuses": [{"name": "app", "ready": true, "state": {"running": {}}}],
            },
        }))
        .unwrap();
        assert_eq!(health(&pod), (Health::Ready, None));
    }
}
