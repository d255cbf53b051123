//! The pods right behind the way into the cluster: whether any is ready, and on which nodes.

use crate::kinds::service::ServiceFacts;
use crate::kinds::{NODE, POD, Record};
use crate::view::short_name;
use crate::view::trace::body::template;
use crate::view::trace::crew::{self, Crew};
use crate::view::trace::entrance::gate::{Behind, Gate, Shape};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, lb};
use crate::view::trace::world::{Known, World};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// Nodes with this label take no traffic from load balancers.
const EXCLUDED: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// What is wrong behind a Service; the addresses are those that DNS leads to.
pub fn findings(
    world: &World,
    (gate, service, facts): (&Gate, &Arc<Record>, &ServiceFacts),
    addresses: &[IpAddr],
) -> Vec<Finding> {
    let Some(behind) = crew::of(world, service) else { return Vec::new() };
    let mut found = Vec::new();
    if behind.ready == 0 {
        found.push(nobody(world, gate, (service, &behind)));
    }
    found.extend(local(world, (gate, service, facts), &behind, addresses));
    found
}

/// What is wrong with a controller that listens on its nodes, without a Service.
pub fn of_pods(world: &World, gate: &Gate) -> Option<Finding> {
    let Behind::Controller(controller) = &gate.behind else { return None };
    let is_ready = |pod: &Arc<Record>| facts::pod(pod).is_some_and(|facts| facts.ready);
    let ready = controller.pods.iter().filter(|pod| is_ready(pod)).count();
    let namespace = controller.namespace.as_deref().unwrap_or("");
    let is_told = !controller.pods.is_empty() || !world.is_files() && world.known(POD, Some(namespace)) == Known::Whole;
    let source = controller.pods.first().cloned();
    let all = controller.pods.len();
    let behind = Crew { ready, all, nodes: BTreeSet::new(), source };
    (ready == 0 && is_told && controller.workload.is_some()).then(|| nobody(world, gate, (&gate.object, &behind)))
}

fn nobody(world: &World, gate: &Gate, (object, behind): (&Arc<Record>, &Crew)) -> Finding {
    let workload = match &gate.behind {
        Behind::Controller(controller) => controller.workload.as_ref(),
        _ => None,
    };
    let pods = if behind.all == 0 { "there is none".to_owned() } else { format!("0 of {}", behind.all) };
    let finding = Finding::of(&lb::LB_NO_ENDPOINT).word("gate", world.title(&object.key)).word("pods", &pods);
    let finding = finding.object("service", &object.key);
    let finding = match workload {
        Some(workload) => finding.word("workload", short_name(world.catalog, &workload.key)),
        None => finding,
    };
    match &behind.source {
        Some(source) => finding.proof(source, ready_path(source), "false"),
        None => finding.fact(Some(object.key.clone()), "endpoints", pods),
    }
}

fn ready_path(source: &Record) -> &'static str {
    if source.key.kind == POD {
        ".status.conditions[?(@.type==\"Ready\")].status"
    } else {
        ".endpoints[*].conditions.ready"
    }
}

/// Traffic stays on the node that it reaches, and some nodes have nobody to take it.
fn local(
    world: &World,
    (gate, service, facts): (&Gate, &Arc<Record>, &ServiceFacts),
    behind: &Crew,
    addresses: &[IpAddr],
) -> Option<Finding> {
    if !facts.external_local || !matches!(gate.shape, Shape::LoadBalancer | Shape::NodePort | Shape::Gateway) {
        return None;
    }
    let is_meant = |node: &&Arc<Record>| {
        let Some(facts) = facts::node(node) else { return false };
        let has = |address: &IpAddr| facts.addresses.iter().any(|(_, own)| **own == *address.to_string());
        let is_dialled = gate.shape != Shape::NodePort || addresses.is_empty() || addresses.iter().any(has);
        is_dialled && facts.ready && node.meta.label(EXCLUDED).is_none()
    };
    let nodes: Vec<&Arc<Record>> = world.of(NODE).filter(is_meant).collect();
    let idle: Vec<&Arc<Record>> = nodes.iter().copied().filter(|node| !behind.nodes.contains(&node.key.name)).collect();
    let first = idle.first()?;
    let severity = if idle.len() == nodes.len() { Severity::Broken } else { Severity::Warn };
    let finding = Finding::of(&lb::LB_LOCAL_NO_EP).severe(severity).object("service", &service.key);
    let which = match nodes.as_slice() {
        [one] => format!("node {} has", one.key.name),
        several => format!("{} of {} nodes have", idle.len(), several.len()),
    };
    let finding = finding.word("which", which);
    let finding = finding.proof(service, ".spec.externalTrafficPolicy", "Local");
    Some(finding.proof(first, ".metadata.name", &first.key.name))
}

/// The names of the ports of the pods behind a Service; none where nothing tells.
pub fn port_names(world: &World, service: &Record, behind: &Behind) -> Option<Vec<Arc<str>>> {
    let pods = crew::pods(world, service);
    let mut names: Vec<Arc<str>> = pods
        .iter()
        .filter_map(|pod| facts::pod(pod))
        .flat_map(|facts| facts.containers.iter().flat_map(|container| container.ports.iter()))
        .filter_map(|port| port.name.clone())
        .collect();
    if pods.is_empty() {
        let Behind::Controller(controller) = behind else { return None };
        let template = controller.workload.as_ref().and_then(|workload| template(workload))?;
        let ports = template.containers.iter().flat_map(|container| container.ports.iter());
        names = ports.filter_map(|port| port.name.clone()).collect();
    }
    names.sort();
    names.dedup();
    Some(names)
}
