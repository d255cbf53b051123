//! What is wrong or worth knowing about a Service itself: its ports, its type, what it promises.

use crate::kinds::ingress::cloud as read;
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::{PortRef, ServiceType};
use crate::kinds::{NODE, Record};
use crate::view::trace::aws;
use crate::view::trace::body::{Body, ports_text};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, sv};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::plan::{Caller, LegEnd, Reach};
use crate::view::trace::request::Vantage;
use crate::view::trace::service::call::{self, Call};
use crate::view::trace::service::chain::Goal;
use crate::view::trace::service::crowd::Crowd;
use crate::view::trace::service::takers::{Source, Takers};
use crate::view::trace::service::{names, ports, selection};
use crate::view::trace::world::Known;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The annotation by which GKE reaches pods instead of node ports.
const NEG: &str = "cloud.google.com/neg";
/// How many nodes a sentence names.
const SHOWN: usize = 3;

/// The hop of a Service, and how the leg ends where the Service itself stops it.
pub fn judge(call: &Call, goal: &Goal, crowd: &Crowd, takers: &Takers) -> (Hop, Option<LegEnd>) {
    let mut end = None;
    let mut hop = Hop::new(HopKind::Service, summary(goal)).at(&goal.record.key);
    if let Some(finding) = protocol(call, goal) {
        hop.findings.push(finding);
        end = Some(LegEnd::NoEndpoints);
    }
    if let Some(finding) = node_port(call, goal) {
        if finding.severity == Severity::Broken {
            end = Some(LegEnd::NoEndpoints);
        } else {
            hop = hop.sure(Confidence::Inferred);
        }
        hop.findings.push(finding);
    }
    hop.findings.extend(selection::judge(call, goal, crowd, takers));
    // A name of another protocol is sought among ports of that one: what is wrong is the protocol.
    if Protocol::of(&goal.chosen.port.protocol) == call.protocol() {
        hop.findings.extend(named_port(goal, crowd));
    }
    hop.findings.extend(family(call, goal, takers));
    hop.findings.extend(by_target(call, goal));
    hop.findings.extend(headless(call, goal, crowd));
    hop.findings.extend(affinity(call, goal));
    if let Some(finding) = local(call, goal, takers) {
        if finding.severity == Severity::Broken {
            end = end.or(Some(LegEnd::Dropped));
        }
        hop.findings.push(finding);
    }
    if goal.facts.publish_not_ready {
        let finding = Finding::of(&sv::SV_PUBLISH_NOTREADY).object("service", &goal.record.key);
        hop.findings.push(finding.proof(goal.record, ".spec.publishNotReadyAddresses", true));
    }
    (hop, end)
}

/// Whether the hop already tells why there is no endpoint.
pub fn explains_nobody(hop: &Hop) -> bool {
    hop.findings
        .iter()
        .any(|finding| finding.severity == Severity::Broken && finding.fault.explains.contains(&"SV-EMPTY-SLICE"))
}

fn summary(goal: &Goal) -> String {
    let port = &goal.chosen.port;
    let kind = if goal.facts.is_headless() { "headless" } else { goal.facts.kind.name() };
    let key = &goal.record.key;
    let name = format!("{}/{}", key.namespace.as_deref().unwrap_or(""), key.name);
    format!("{kind} {name}: port {} goes to {}", port.port, ports::reference(&port.target))
}

fn field(goal: &Goal, name: &str) -> String {
    format!(".spec.ports[{}].{name}", goal.chosen.index)
}

fn protocol(call: &Call, goal: &Goal) -> Option<Finding> {
    let port = &goal.chosen.port;
    let wanted = call.protocol();
    if Protocol::of(&port.protocol) == wanted {
        return None;
    }
    let needs = match (wanted, call.is_direct()) {
        (Protocol::Udp, false) => "a UDPRoute needs UDP",
        (Protocol::Udp, true) => "datagrams need UDP",
        _ => "HTTP needs TCP",
    };
    let finding = Finding::of(&sv::SV_UDP).object("service", &goal.record.key).word("port", port.port);
    let finding = finding.word("protocol", &port.protocol).word("needs", needs);
    // Who dials the Service may have the wrong protocol himself: then there is nothing to change on it.
    let finding =
        if call.is_direct() { finding } else { finding.word("index", goal.chosen.index).word("wanted", wanted.text()) };
    Some(finding.proof(goal.record, field(goal, "protocol"), &port.protocol))
}

/// Controllers that only know node ports.
fn node_port(call: &Call, goal: &Goal) -> Option<Finding> {
    let flavour = call.flavour()?;
    let has_ports = matches!(goal.facts.kind, ServiceType::NodePort | ServiceType::LoadBalancer);
    if has_ports || goal.bridged || call.arm.reach != Reach::NodePort {
        return None;
    }
    let annotations = &goal.record.meta;
    let (mut is_perhaps, mut setting) = (false, None);
    let instead = match flavour {
        Flavour::Gce if annotations.annotation(NEG).is_some_and(|said| read::has_group_for_ingresses(said)) => {
            return None;
        }
        Flavour::Gce => format!("annotation {NEG}: '{{\"ingress\": true}}'"),
        Flavour::Alb => {
            let (ingress, _) = call.arm.named_by.as_ref()?;
            let ingress = call.world.get(ingress)?;
            let said = aws::target_type(call.world, call.controller()?, (ingress, Some(&**goal.record)));
            is_perhaps = said.is_none();
            let by_service = aws::said(goal.record, "target-type");
            setting = by_service.map(|said| (aws::annotation("target-type"), said));
            let place = if by_service.is_some() { "Service" } else { "Ingress" };
            format!("annotation {}: ip on the {place}", aws::annotation("target-type"))
        }
        _ => "a controller that reaches pods".to_owned(),
    };
    let finding = Finding::of(&sv::SV_NODEPORT_REQ).object("service", &goal.record.key);
    let finding = finding.word("kind", goal.facts.kind.name()).word("controller", flavour.name());
    let finding = finding.word("instead", instead);
    let finding = finding.proof(goal.record, ".spec.type", goal.facts.kind.name());
    let finding = match setting {
        Some((name, said)) => finding.proof(goal.record, format!(".metadata.annotations[{name}]"), said),
        None => finding,
    };
    // Most clusters of GKE annotate Services themselves when they are created ("Container-native load balancing" of its manual).
    is_perhaps |= flavour == Flavour::Gce && call.world.is_files() && annotations.annotation(NEG).is_none();
    Some(if is_perhaps { finding.severe(Severity::Warn) } else { finding })
}

/// A port by name that none of the pods has, or not all.
fn named_port(goal: &Goal, crowd: &Crowd) -> Option<Finding> {
    let PortRef::Name(name) = &goal.chosen.port.target else { return None };
    let bodies = crowd.bodies();
    let lacks: Vec<&Body> = bodies.iter().filter(|body| ports::resolve(&goal.chosen.port, body).is_none()).collect();
    let first = lacks.first()?;
    let fault = if lacks.len() == bodies.len() { &sv::SV_NAMED_PORT } else { &sv::SV_NAMED_PORT_PARTIAL };
    let finding = Finding::of(fault).object("service", &goal.record.key).word("target", name);
    let finding = finding.word("lacking", lacks.len()).word("all", bodies.len()).word("pod", &first.record.key.name);
    let finding = finding.word("have", first.ports_text()).word("index", goal.chosen.index);
    let finding = finding.word("selector", selection::text(&goal.facts.selector));
    let candidate = candidate(name, first);
    let finding = match candidate {
        Some(candidate) => finding.word("candidate", candidate),
        None => finding,
    };
    let finding = finding.proof(goal.record, field(goal, "targetPort"), name);
    Some(finding.proof(first.record, ports_path(first), ports_text(first.ports())))
}

/// The port that was meant, as JSON: the nearest name, else the only port, else the first.
fn candidate(name: &str, body: &Body) -> Option<String> {
    let names = body.ports().filter_map(|port| port.name.as_deref());
    let near = crate::view::trace::near::nearest(name, names);
    let first = body.ports().next();
    match (near, first) {
        (Some(near), _) => Some(format!("\"{near}\"")),
        (None, Some(port)) => {
            Some(port.name.as_ref().map_or_else(|| port.number.to_string(), |name| format!("\"{name}\"")))
        }
        (None, None) => None,
    }
}

/// Where the ports of a pod or of a template stand.
pub fn ports_path(body: &Body) -> &'static str {
    if body.is_pod() { ".spec.containers[*].ports" } else { ".spec.template.spec.containers[*].ports" }
}

/// Endpoints of another address family only; or a Service of both, of which one leads to nobody.
fn family(call: &Call, goal: &Goal, takers: &Takers) -> Option<Finding> {
    let of = |slice: &Arc<Record>| facts::endpoint_slice(slice).map(|facts| facts.address_type.clone());
    let families = goal.families(call);
    let all = families.iter().map(|family| &**family).collect::<Vec<_>>().join(" and ");
    let told = |slice: &Arc<Record>, family: &str, have: &str, effect: &str| {
        let finding = Finding::of(&sv::SV_FAMILY).object("service", &goal.record.key).word("effect", effect);
        let finding = finding.word("family", family).word("have", have);
        finding.proof(goal.record, ".spec.ipFamilies", &all).proof(slice, ".addressType", have)
    };
    if let Some(slice) = takers.foreign.first().filter(|_| takers.list.is_empty()) {
        return Some(told(slice, &all, &of(slice)?, "nobody of its own address family takes requests"));
    }
    if !call.is_direct() || goal.facts.is_headless() || families.len() < 2 {
        return None;
    }
    let slices = takers.list.iter().filter(|taker| taker.ready).filter_map(|taker| taker.slice.as_ref());
    let slices: Vec<&Arc<Record>> = slices.collect();
    let idle = families.iter().find(|family| slices.iter().all(|slice| of(slice).as_ref() != Some(*family)))?;
    let first = slices.first()?;
    let effect = format!("clients that take its {idle} address are refused");
    Some(told(first, &format!("{all} alike"), &of(first)?, &effect).severe(Severity::Warn))
}

fn by_target(call: &Call, goal: &Goal) -> Option<Finding> {
    if !goal.chosen.by_target {
        return None;
    }
    let port = &goal.chosen.port;
    let target = ports::reference(&port.target);
    let finding = call.named(Finding::of(&sv::SV_TARGETPORT_USED)).object("service", &goal.record.key);
    let finding = call.proven(finding.word("port", &target).word("candidate", port.port), &target);
    Some(finding.proof(goal.record, field(goal, "port"), port.port).proof(
        goal.record,
        field(goal, "targetPort"),
        target,
    ))
}

/// Clients of a headless Service get addresses, and nobody translates ports.
fn headless(call: &Call, goal: &Goal, crowd: &Crowd) -> Option<Finding> {
    let port = &goal.chosen.port;
    if !goal.facts.is_headless() || !call.is_direct() || goal.bridged {
        return None;
    }
    let target = match &port.target {
        PortRef::Number(number) => u16::try_from(*number).ok(),
        // A name is only the same number where every pod says so.
        PortRef::Name(_) => {
            let numbers: BTreeSet<_> = crowd.bodies().iter().map(|body| ports::resolve(port, body)).collect();
            numbers.first().copied().flatten().filter(|_| numbers.len() == 1)
        }
    };
    let target = target.filter(|target| *target != goal.dialled)?;
    let finding = Finding::of(&sv::SV_HEADLESS).object("service", &goal.record.key).word("port", goal.dialled);
    let finding = finding.word("target", target).word("index", goal.chosen.index);
    Some(finding.proof(goal.record, ".spec.clusterIP", "None").proof(
        goal.record,
        field(goal, "targetPort"),
        ports::reference(&port.target),
    ))
}

fn affinity(call: &Call, goal: &Goal) -> Option<Finding> {
    if !goal.facts.client_ip_affinity || call.by_address {
        return None;
    }
    let finding = call.named(Finding::of(&sv::SV_AFFINITY_IGNORED)).object("service", &goal.record.key);
    let finding = finding.word("user", call::who(call.caller));
    Some(finding.proof(goal.record, ".spec.sessionAffinity", "ClientIP"))
}

/// A Service that keeps traffic on the caller's node, and nodes that have no endpoint.
fn local(call: &Call, goal: &Goal, takers: &Takers) -> Option<Finding> {
    if !goal.facts.internal_local || !call.by_address || takers.source != Source::Slices {
        return None;
    }
    if *call.caller == Caller::Direct(Vantage::External) && !is_own_name(call, goal) {
        return None;
    }
    let able: BTreeSet<&str> =
        takers.list.iter().filter(|taker| taker.ready).filter_map(|taker| taker.node.as_deref()).collect();
    if able.is_empty() {
        return None;
    }
    let callers = caller_nodes(call);
    let nodes: Vec<Arc<str>> = match &callers {
        Some(nodes) => nodes.clone(),
        None if matches!(call.world.known(NODE, None), Known::Whole) => {
            let ready = |node: &&Arc<Record>| facts::node(node).is_some_and(|facts| facts.ready);
            call.world.of(NODE).filter(ready).map(|node| node.key.name.clone()).collect()
        }
        None => Vec::new(),
    };
    let without: Vec<&str> = nodes.iter().map(|node| &**node).filter(|node| !able.contains(node)).collect();
    if without.is_empty() {
        return None;
    }
    let text = match without.as_slice() {
        [one] => format!("node {one} is"),
        several if several.len() <= SHOWN => format!("nodes {} are", several.join(", ")),
        several => format!("nodes {} and {} more are", several[..SHOWN].join(", "), several.len() - SHOWN),
    };
    let finding = Finding::of(&sv::SV_INTERNAL_LOCAL).object("service", &goal.record.key).word("nodes", text);
    let finding = finding.proof(goal.record, ".spec.internalTrafficPolicy", "Local");
    // Where every node that the caller can call from lacks an endpoint, no call gets through.
    let is_certain = callers.is_some() && without.len() == nodes.len();
    Some(if is_certain { finding.severe(Severity::Broken) } else { finding })
}

/// Whether the Service is called by a name or an address that only the cluster knows.
fn is_own_name(call: &Call, goal: &Goal) -> bool {
    let host = &*call.arm.host;
    let name =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(n, _)| n);
    let (domains, _) = names::domains(call.world);
    let is_name =
        name.strip_suffix(".svc").is_some() || domains.iter().any(|domain| name.ends_with(&format!(".svc.{domain}")));
    is_name || goal.called(call).is_some()
}

/// The nodes from which the caller calls, where they are known.
fn caller_nodes(call: &Call) -> Option<Vec<Arc<str>>> {
    let of = |pods: &[Arc<Record>]| {
        let nodes: BTreeSet<Arc<str>> = pods.iter().filter_map(|pod| facts::pod(pod)?.node.clone()).collect();
        (!nodes.is_empty()).then(|| nodes.into_iter().collect::<Vec<_>>())
    };
    match call.caller {
        Caller::Controller(controller) if controller.flavour.is_hosted() => None,
        Caller::Controller(controller) => of(&controller.pods),
        Caller::Gateway { pods, .. } => of(pods),
        Caller::Direct(Vantage::Pod { namespace, name }) => {
            let pod = call.world.named(crate::kinds::POD, namespace, name)?;
            of(std::slice::from_ref(pod))
        }
        Caller::Direct(Vantage::External | Vantage::Namespace(_)) => None,
    }
}
