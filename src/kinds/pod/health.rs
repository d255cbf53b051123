//! How a pod is and why, in words that tell the cause: what crashed and how, which image is missing, what the scheduler said.
//!
//! No text holds an age or a count that grows: the reason of a pod stays the same for as long as its cause does.

use crate::kinds::Health;
use crate::kinds::pod::Pod;
use crate::kinds::pod::ending::ending;
use crate::kinds::pod::image::why_not_pulled;
use crate::kinds::pod::spec::{Container, PodSpec};
use crate::kinds::pod::status::{ContainerStatus, PodCondition, PodStatus, Terminated};
use crate::kinds::wording::{being_deleted, sentence, why};
use crate::wire::Timestamp;
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
    Some((Health::Progressing, Some(being_deleted(metadata))))
}

/// Why a pod whose phase is Failed has failed.
fn failure(spec: &PodSpec, status: &PodStatus) -> String {
    let parts = init_parts(spec, status).chain(main_parts(spec, status));
    let worst = parts.filter_map(|p| Some((p, p.terminated()?))).find(|(_, end)| end.exit_code != 0);
    match (status.reason.as_str(), worst) {
        ("", Some((part, end))) => ending("Error", &part.noun(), part.spec, end),
        ("", None) if status.message.is_empty() => "it failed, and its status does not say why".to_owned(),
        (reason, _) => why(reason, &status.message),
    }
}

fn alive(spec: &PodSpec, status: &PodStatus) -> Verdict {
    if status.reason == "NodeLost" {
        return (Health::Failed, Some(why(&status.reason, &status.message)));
    }
    if let Some(verdict) = unscheduled(spec, status) {
        return verdict;
    }
    let parts = init_parts(spec, status).chain(main_parts(spec, status));
    let troubles = parts.filter_map(|part| trouble(part, &spec.restart_policy));
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
fn trouble(part: Part<'_>, restart_policy: &str) -> Option<(Health, String)> {
    let noun = part.noun();
    if let Some(waiting) = part.status?.waiting() {
        let last = part.status?.last_terminated();
        return match waiting.reason.as_str() {
            "" | "ContainerCreating" | "PodInitializing" => None,
            "CrashLoopBackOff" => Some(last.map_or_else(
                || format!("CrashLoopBackOff: {noun} keeps ending"),
                |end| ending("CrashLoopBackOff", &noun, part.spec, end),
            )),
            reason if is_image(reason) => {
                Some(format!("{reason}: {} {}", part.spec.image, why_not_pulled(&waiting.message)))
            }
            reason if waiting.message.is_empty() => Some(format!("{reason}: {noun}")),
            reason => Some(format!("{reason}: {noun}: {}", sentence(&waiting.message))),
        }
        .map(|reason| (Health::Failed, reason));
    }
    let end = part.terminated()?;
    if end.exit_code != 0 {
        return Some((Health::Failed, ending("Error", &noun, part.spec, end)));
    }
    let restarts = if part.is_init { part.is_sidecar() } else { restart_policy == "Always" };
    restarts.then(|| (Health::Warn, format!("{noun} ended with 0 and will be started again")))
}

fn is_image(reason: &str) -> bool {
    reason.contains("Image") || matches!(reason, "RegistryUnavailable" | "SignatureValidationFailed")
}

/// Which init container the pod is at. Once a container runs that needs them done, they are done.
fn initializing(spec: &PodSpec, status: &PodStatus) -> Option<Verdict> {
    let began = main_parts(spec, status).any(|p| p.status.is_some_and(|s| s.waiting().is_none() && s.state.is_some()));
    if began || status.is("Initialized") {
        return None;
    }
    let count = spec.init_containers.len();
    let is_done = |part: &Part<'_>| {
        let is_up = part.is_sidecar() && part.status.is_some_and(|s| s.started == Some(true));
        is_up || part.terminated().is_some_and(|end| end.exit_code == 0)
    };
    let (at, current) = init_parts(spec, status).enumerate().find(|(_, part)| !is_done(part))?;
    let verb = match (current.status.is_some_and(|s| s.running().is_some()), current.is_sidecar()) {
        (true, true) => "starts",
        (true, false) => "runs",
        (false, _) => "is about to start",
    };
    Some((Health::Progressing, Some(format!("{} {verb} ({} of {count})", current.noun(), at + 1))))
}

/// Why a pod in which nothing crashed is not ready.
fn unready(spec: &PodSpec, status: &PodStatus) -> Verdict {
    let ready = status.condition("Ready");
    let all: Vec<Part<'_>> =
        init_parts(spec, status).filter(|p| p.is_sidecar()).chain(main_parts(spec, status)).collect();
    if ready.is_none() && all.iter().all(|p| p.status.is_none()) {
        return unreported(status);
    }
    let waiting: Vec<Part<'_>> = all.iter().copied().filter(|p| !p.is_ready()).collect();
    if let Some(part) = waiting.iter().find(|p| p.status.is_none_or(|s| s.running().is_none())) {
        let word = if part.terminated().is_some() { "has ended, others still run" } else { "is being created" };
        return (Health::Progressing, Some(format!("{} {word}", part.noun())));
    }
    if let Some(part) = waiting.iter().find(|p| p.status.is_some_and(|s| s.started == Some(false))) {
        return (Health::Progressing, Some(format!("{} has not passed its startup probe", part.noun())));
    }
    let Some(first) = waiting.first() else {
        // Every container is ready; the pod is too, unless its condition says otherwise.
        let Some(ready) = ready else { return (Health::Ready, None) };
        return (lost_or_new(Some(ready), &all), Some(gates_or_node(spec, status, ready)));
    };
    let rest = &waiting[1..];
    let reason = match rest {
        [] => format!("{} is not ready", first.noun()),
        rest => format!("{} and {} more are not ready", first.noun(), rest.len()),
    };
    (lost_or_new(ready, &waiting), Some(reason))
}

/// A pod that was ready and no longer is wants a look; one that has just started is on its way.
fn lost_or_new(ready: Option<&PodCondition>, parts: &[Part<'_>]) -> Health {
    let changed = ready.and_then(|c| c.last_transition_time).and_then(Time::instant);
    let started = parts.iter().filter_map(|p| p.running_since()).max();
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
    match why(&ready.reason, &ready.message) {
        said if said.is_empty() => "marked unready though its containers are ready: its node may not answer".to_owned(),
        said => said,
    }
}

/// A status that speaks of no container.
fn unreported(status: &PodStatus) -> Verdict {
    match status.phase.as_str() {
        "Pending" => (Health::Progressing, Some("waits for its node to start it".to_owned())),
        _ => (Health::Unknown, Some("no word of its containers in its status".to_owned())),
    }
}

/// A container of the spec with its status.
#[derive(Clone, Copy)]
struct Part<'a> {
    spec: &'a Container,
    status: Option<&'a ContainerStatus>,
    /// Whether it stands among the init containers, as sidecars do.
    is_init: bool,
}

impl<'a> Part<'a> {
    fn is_sidecar(self) -> bool {
        self.is_init && self.spec.is_sidecar()
    }

    fn is_ready(self) -> bool {
        self.status.is_some_and(|s| s.ready)
    }

    fn terminated(self) -> Option<&'a Terminated> {
        self.status?.terminated()
    }

    fn running_since(self) -> Option<Timestamp> {
        self.status?.running()?.started_at?.instant()
    }

    /// `container app`, `sidecar proxy`, `init container migrate`.
    fn noun(self) -> String {
        let noun = match (self.is_init, self.spec.is_sidecar()) {
            (true, true) => "sidecar",
            (true, false) => "init container",
            (false, _) => "container",
        };
        format!("{noun} {}", self.spec.name)
    }
}

fn init_parts<'a>(spec: &'a PodSpec, status: &'a PodStatus) -> impl Iterator<Item = Part<'a>> {
    parts(&spec.init_containers, &status.init_container_statuses, true)
}

fn main_parts<'a>(spec: &'a PodSpec, status: &'a PodStatus) -> impl Iterator<Item = Part<'a>> {
    parts(&spec.containers, &status.container_statuses, false)
}

fn parts<'a>(
    containers: &'a [Container],
    statuses: &'a [ContainerStatus],
    is_init: bool,
) -> impl Iterator<Item = Part<'a>> {
    containers.iter().map(move |c| Part { spec: c, status: statuses.iter().find(|s| s.name == c.name), is_init })
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
