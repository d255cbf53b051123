//! READY, STATUS and RESTARTS as the API server prints them.
//!
//! Facts: `printPod` of k8s.io/kubernetes pkg/printers/internalversion.

use crate::kinds::pod::Pod;
use crate::kinds::pod::spec::{Container, PodSpec};
use crate::kinds::pod::status::{ContainerStatus, PodStatus, Terminated};
use crate::kinds::{Cell, Interner};
use crate::wire::Timestamp;
use std::borrow::Cow;

/// What the table says of a pod's containers, before it is put into cells.
#[derive(Default)]
struct Row<'a> {
    status: Cow<'a, str>,
    ready: u32,
    restarts: i64,
    restarted: Option<Timestamp>,
    initializing: bool,
}

/// The cells of a pod, in the order of its columns.
pub fn cells(pod: &Pod, interner: &mut Interner) -> Box<[Cell]> {
    let (spec, status) = (pod.spec(), pod.status());
    let mut row = initial(spec, status);
    if !row.initializing || status.is("Initialized") {
        settle(&mut row, status);
    }
    if let Some(word) = deletion(pod) {
        row.status = Cow::Borrowed(word);
    }
    let sidecars = spec.init_containers.iter().filter(|c| c.is_sidecar()).count();
    let restarted = row.restarted.filter(|_| row.restarts != 0);
    let mut words = |text: &str| Cell::Text(interner.intern(if text.is_empty() { "<none>" } else { text }));
    let (node, nominated) = (words(&spec.node_name), words(&status.nominated_node_name));
    let address = status.addresses().next().filter(|ip| !ip.is_empty()).map_or_else(|| words(""), Cell::address);
    let gates = if spec.readiness_gates.is_empty() { words("") } else { gates(spec, status) };
    Box::new([
        Cell::Ratio(row.ready, (spec.containers.len() + sidecars) as u32),
        Cell::Text(interner.intern(&row.status)),
        Cell::Count(row.restarts, restarted.map(Box::new)),
        address,
        node,
        nominated,
        gates,
    ])
}

/// Reads the init containers: the first that is not done gives the status.
fn initial<'a>(spec: &PodSpec, status: &'a PodStatus) -> Row<'a> {
    let phase = if status.reason.is_empty() { &status.phase } else { &status.reason };
    let is_gate =
        |c: &crate::kinds::pod::status::PodCondition| c.r#type == "PodScheduled" && c.reason == "SchedulingGated";
    let gated = status.conditions.iter().any(is_gate);
    let mut row = Row { status: Cow::Borrowed(if gated { "SchedulingGated" } else { phase }), ..Row::default() };
    let (mut sidecar_restarts, mut sidecar_restarted) = (0, None);
    for (index, container) in status.init_container_statuses.iter().enumerate() {
        let is_sidecar =
            spec.init_containers.iter().rfind(|c| c.name == container.name).is_some_and(Container::is_sidecar);
        row.restarts += i64::from(container.restart_count);
        row.restarted = row.restarted.max(ended(container));
        if is_sidecar {
            sidecar_restarts += i64::from(container.restart_count);
            sidecar_restarted = sidecar_restarted.max(ended(container));
        }
        if container.terminated().is_some_and(|t| t.exit_code == 0) {
            continue;
        }
        if is_sidecar && container.started == Some(true) {
            row.ready += u32::from(container.ready);
            continue;
        }
        row.status = init_status(container, index, spec.init_containers.len());
        row.initializing = true;
        break;
    }
    if !row.initializing || status.is("Initialized") {
        (row.restarts, row.restarted) = (sidecar_restarts, sidecar_restarted);
    }
    row
}

fn init_status(container: &ContainerStatus, index: usize, count: usize) -> Cow<'static, str> {
    let waiting = container.waiting().map_or("", |w| w.reason.as_str());
    Cow::Owned(match container.terminated() {
        Some(end) => format!("Init:{}", ended_word(end)),
        None if !waiting.is_empty() && waiting != "PodInitializing" => format!("Init:{waiting}"),
        None => format!("Init:{index}/{count}"),
    })
}

/// Reads the containers, last first: the first that waits or has ended gives the status.
fn settle<'a>(row: &mut Row<'a>, status: &'a PodStatus) {
    let mut running = false;
    let mut error = None;
    for container in status.container_statuses.iter().rev() {
        row.restarts += i64::from(container.restart_count);
        row.restarted = row.restarted.max(ended(container));
        if let Some(waiting) = container.waiting().filter(|w| !w.reason.is_empty()) {
            row.status = Cow::Borrowed(&waiting.reason);
        } else if let Some(end) = container.terminated() {
            row.status = ended_word(end);
            if end.exit_code != 0 {
                error = Some(row.status.clone());
            }
        } else if container.ready && container.running().is_some() {
            running = true;
            row.ready += 1;
        }
    }
    if row.status != "Completed" {
        return;
    }
    if running && status.conditions.iter().any(|c| c.r#type == "Ready" && c.status == "True") {
        row.status = Cow::Borrowed("Running");
    } else if let Some(error) = error {
        row.status = error;
    } else if running {
        row.status = Cow::Borrowed("NotReady");
    }
}

fn ended_word(end: &Terminated) -> Cow<'_, str> {
    if !end.reason.is_empty() {
        Cow::Borrowed(&end.reason)
    } else if end.signal != 0 {
        Cow::Owned(format!("Signal:{}", end.signal))
    } else {
        Cow::Owned(format!("ExitCode:{}", end.exit_code))
    }
}

fn ended(container: &ContainerStatus) -> Option<Timestamp> {
    container.last_terminated()?.finished_at?.instant()
}

fn deletion(pod: &Pod) -> Option<&'static str> {
    let (metadata, status) = (pod.metadata.as_ref()?, pod.status());
    metadata.deletion_timestamp?.instant()?;
    if status.reason == "NodeLost" {
        return Some("Unknown");
    }
    (!matches!(status.phase.as_str(), "Succeeded" | "Failed")).then_some("Terminating")
}

fn gates(spec: &PodSpec, status: &PodStatus) -> Cell {
    let met = spec.readiness_gates.iter().filter(|gate| status.is(&gate.condition_type)).count();
    Cell::Ratio(met as u32, spec.readiness_gates.len() as u32)
}
