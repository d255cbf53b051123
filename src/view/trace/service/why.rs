//! Why a pod takes no traffic: the first cause that its status, its events or its node tell.

use crate::kinds::pod::facts::{Container, Exit, PodFacts, Role, State};
use crate::kinds::{EVENT, NODE, ObjectRef, Record};
use crate::view::line::counted;
use crate::view::trace::facts;
use crate::view::trace::fault::{Fault, Finding, po};
use crate::view::trace::service::probes;
use crate::view::trace::world::World;
use std::sync::Arc;

/// How long ago a crash of a pod that is ready again still matters, in seconds.
const RECENT: i64 = 3600;

/// Why a pod that is not ready is not.
pub fn not_ready(world: &World, pod: &Record, facts: &PodFacts, port: u16) -> Finding {
    node(world, pod, facts)
        .filter(|_| facts.main().all(|container| matches!(container.state, State::Running(_) | State::Unreported)))
        .or_else(|| unscheduled(pod, facts))
        .or_else(|| facts.containers.iter().find_map(|container| waiting(world, pod, container)))
        .or_else(|| init(pod, facts))
        .or_else(|| facts.main().find_map(|container| ended(pod, container)))
        .or_else(|| starting(world, pod, facts))
        .or_else(|| probes::wrong(pod, port))
        .or_else(|| gate(pod, facts))
        .unwrap_or_else(|| unready(world, pod, facts))
}

/// What a pod that is ready went through a short while ago.
pub fn recently(world: &World, pod: &Record, facts: &PodFacts) -> Option<Finding> {
    facts.main().find_map(|container| {
        let exit = container.last_exit.as_deref()?;
        let age = world.now.micros_since(exit.finished?) / 1_000_000;
        if exit.code == 0 || !(0..RECENT).contains(&age) {
            return None;
        }
        Some(crash(pod, container, exit))
    })
}

/// A pod on a node that does not answer. A node whose status was not given says nothing.
pub fn node(world: &World, pod: &Record, facts: &PodFacts) -> Option<Finding> {
    let name = facts.node.as_ref()?;
    let node = world.get(&ObjectRef { kind: NODE, namespace: None, name: name.clone() })?;
    let is_told = facts::node(node).is_some() && node.digest.health != Some(crate::kinds::Health::Unknown);
    if !is_told || facts::node(node).is_some_and(|facts| facts.ready) {
        return None;
    }
    let reason = node.digest.reason.as_deref().unwrap_or("it does not report");
    let finding = about(&po::PO_NODE, pod).word("node", name).word("reason", reason);
    Some(finding.proof(node, ".status.conditions[?(@.type==\"Ready\")]", reason))
}

fn about(fault: &'static Fault, pod: &Record) -> Finding {
    Finding::of(fault).object("pod", &pod.key).word("more", "").word("item", "pod")
}

fn unscheduled(pod: &Record, facts: &PodFacts) -> Option<Finding> {
    if facts.node.is_some() || facts.started.is_some() {
        return None;
    }
    let rare = facts.rare.as_deref();
    let reason = match rare.and_then(|rare| rare.unscheduled.as_deref()) {
        Some(reason) => reason.to_owned(),
        None => {
            pod.digest.reason.as_deref().filter(|_| facts.phase == crate::kinds::pod::facts::Phase::Pending)?.to_owned()
        }
    };
    let finding = about(&po::PO_PENDING, pod).word("reason", reason.trim_end_matches('.'));
    Some(finding.proof(pod, ".status.conditions[?(@.type==\"PodScheduled\")].message", reason))
}

/// A container that cannot be started.
fn waiting(world: &World, pod: &Record, container: &Container) -> Option<Finding> {
    let State::Waiting(Some(reason)) = &container.state else { return None };
    let path = waiting_path(container);
    let said = container.waits_for().unwrap_or("");
    let is_image = reason.contains("Image") || matches!(&**reason, "RegistryUnavailable" | "SignatureValidationFailed");
    let finding = match &**reason {
        _ if is_image => {
            let why = if said.is_empty() { reason.to_string() } else { format!("{reason}: {said}") };
            about(&po::PO_IMAGE, pod).word("image", &container.image).word("reason", why)
        }
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" | "PreCreateHookError" => {
            let why = if said.is_empty() { reason.to_string() } else { format!("{reason}: {said}") };
            about(&po::PO_CONFIG, pod).word("reason", why)
        }
        "ContainerCreating" | "PodInitializing" => return unmounted(world, pod),
        "CrashLoopBackOff" if container.role != Role::Init => {
            return Some(match container.last_exit.as_deref() {
                Some(exit) => crash(pod, container, exit),
                None => {
                    let finding = about(&po::PO_CRASH, pod).word("container", &container.name);
                    let finding = finding.word("how", "keeps ending");
                    finding.word("reason", "CrashLoopBackOff").proof(pod, path, reason)
                }
            });
        }
        _ => return None,
    };
    Some(finding.word("container", &container.name).proof(pod, path, reason))
}

fn waiting_path(container: &Container) -> String {
    let list = if matches!(container.role, Role::Init | Role::Sidecar) {
        "initContainerStatuses"
    } else {
        "containerStatuses"
    };
    format!(".status.{list}[?(@.name==\"{}\")].state.waiting.reason", container.name)
}

/// A volume that cannot be mounted keeps all containers waiting, and only events say so.
fn unmounted(world: &World, pod: &Record) -> Option<Finding> {
    let (event, message) = said(world, pod, &["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"])?;
    Some(about(&po::PO_CONFIG, pod).word("reason", &message).proof(&event, ".message", message))
}

/// The newest warning of an event with one of these reasons.
fn said(world: &World, pod: &Record, reasons: &[&str]) -> Option<(Arc<Record>, Arc<str>)> {
    let events = world.sources(pod, EVENT);
    let fitting = events.into_iter().filter_map(|record| Some((record, facts::event(record)?)));
    let fitting = fitting.filter(|(_, event)| reasons.contains(&&*event.reason));
    let (record, event) = fitting.max_by_key(|(_, event)| event.last)?;
    Some((record.clone(), event.message.clone()))
}

/// An init container that has not ended well.
fn init(pod: &Record, facts: &PodFacts) -> Option<Finding> {
    let is_open = |container: &&Container| match (&container.state, container.role) {
        (State::Exited(exit), Role::Init) => exit.code != 0,
        (State::Unreported, _) | (_, Role::Main | Role::Ephemeral) => false,
        (_, Role::Sidecar) => !container.started && !container.ready,
        (_, Role::Init) => true,
    };
    let container = facts.containers.iter().find(is_open)?;
    // Once another container runs, the init containers are done.
    if facts.main().any(|main| matches!(main.state, State::Running(_) | State::Exited(_))) {
        return None;
    }
    let reason = match (&container.state, container.last_exit.as_deref()) {
        (State::Waiting(Some(reason)), Some(exit)) => format!("{reason}, it ended with exit code {}", exit.code),
        (State::Exited(exit), _) => format!("it ended with exit code {}", exit.code),
        (State::Running(_), _) => "it still runs".to_owned(),
        (State::Waiting(Some(reason)), None) => reason.to_string(),
        _ => "it has not run yet".to_owned(),
    };
    let finding = about(&po::PO_INIT, pod).word("container", &container.name).word("reason", &reason);
    Some(finding.proof(pod, format!(".status.initContainerStatuses[?(@.name==\"{}\")].state", container.name), reason))
}

fn ended(pod: &Record, container: &Container) -> Option<Finding> {
    let State::Exited(exit) = &container.state else { return None };
    Some(crash(pod, container, exit))
}

fn crash(pod: &Record, container: &Container, exit: &Exit) -> Finding {
    let path = format!(".status.containerStatuses[?(@.name==\"{}\")].lastState.terminated", container.name);
    if exit.reason.as_deref() == Some("OOMKilled") {
        let mebibytes = container.memory_limit.map(|bytes| bytes / 1_048_576);
        let (bound, limit, wanted) = match mebibytes {
            Some(have) => {
                ("it may", format!("; its limit is {have}Mi"), format!("--limits=memory={}Mi", (have * 2).max(512)))
            }
            None => {
                let limit = "; it has no limit, so its node ran out of memory".to_owned();
                ("its node had left", limit, "--requests=memory=512Mi".to_owned())
            }
        };
        let finding = about(&po::PO_OOM, pod).word("container", &container.name);
        let finding = finding.word("bound", bound).word("limit", limit).word("wanted", wanted);
        return finding.proof(pod, format!("{path}.reason"), "OOMKilled");
    }
    let why = match (exit.reason.as_deref(), exit.signal) {
        (Some(reason), _) if !matches!(reason, "Error" | "Completed") => format!("{reason}, exit code {}", exit.code),
        (_, signal) if signal != 0 => format!("killed by signal {signal}"),
        _ => format!("exit code {}", exit.code),
    };
    let restarts = container.restarts;
    let why = if restarts == 0 { why } else { format!("{why}, restarted {}", counted(restarts, "time")) };
    let is_back = restarts < 2 && matches!(container.state, State::Running(_));
    let how = if is_back { "has ended and runs again" } else { "keeps ending" };
    let finding = about(&po::PO_CRASH, pod).word("container", &container.name).word("how", how).word("reason", why);
    finding.proof(pod, format!("{path}.exitCode"), exit.code)
}

/// Containers that run and have not passed their startup probe, or that are still being made.
fn starting(world: &World, pod: &Record, facts: &PodFacts) -> Option<Finding> {
    let slow = |container: &&Container| {
        matches!(container.state, State::Running(_)) && !container.started && container.startup().is_some()
    };
    if let Some(container) = facts.main().find(slow) {
        let said = said(world, pod, &["Unhealthy"]).map(|(_, message)| format!(": {message}")).unwrap_or_default();
        let reason = format!("container {} has not passed its startup probe{said}", container.name);
        let finding = about(&po::PO_STARTUP, pod).word("reason", &reason);
        let path = format!(".status.containerStatuses[?(@.name==\"{}\")].started", container.name);
        return Some(finding.proof(pod, path, false));
    }
    let new = |container: &&Container| match &container.state {
        State::Waiting(None) => true,
        State::Waiting(Some(reason)) => matches!(&**reason, "ContainerCreating" | "PodInitializing"),
        State::Unreported => facts.phase == crate::kinds::pod::facts::Phase::Pending,
        State::Running(_) | State::Exited(_) => false,
    };
    let container = facts.main().find(new)?;
    let reason = format!("container {} is being created", container.name);
    Some(about(&po::PO_STARTUP, pod).word("reason", &reason).proof(pod, waiting_path(container), reason))
}

fn gate(pod: &Record, facts: &PodFacts) -> Option<Finding> {
    let is_up = facts.main().all(|container| container.ready);
    let (gate, _) = facts.readiness_gates().iter().find(|(_, met)| !met).filter(|_| is_up)?;
    let finding = about(&po::PO_GATE, pod).word("gate", gate);
    Some(finding.proof(pod, format!(".status.conditions[?(@.type==\"{gate}\")].status"), "not True"))
}

/// A pod that runs: its readiness probe fails, and an event may say how.
fn unready(world: &World, pod: &Record, facts: &PodFacts) -> Finding {
    let container = facts.main().find(|container| !container.ready);
    let event = said(world, pod, &["Unhealthy", "ProbeWarning"]);
    let probe = container.and_then(|container| container.readiness()).map(probes::text);
    let own = pod.digest.reason.as_deref().unwrap_or("its Ready condition is false");
    let reason = match (&event, probe) {
        (Some((_, message)), Some(probe)) => format!("{message} ({probe})"),
        (Some((_, message)), None) => message.to_string(),
        (None, Some(probe)) => format!("{own} ({probe})"),
        (None, None) if pod.meta.deleted.is_some() => "it is shutting down".to_owned(),
        (None, None) => own.to_owned(),
    };
    let finding = about(&po::PO_READINESS, pod).word("reason", reason);
    let finding = finding.proof(pod, ".status.conditions[?(@.type==\"Ready\")].status", "False");
    match event {
        Some((event, message)) => finding.proof(&event, ".message", message),
        None => finding,
    }
}
