//! The port of the container: whether anybody says that somebody listens there.

use crate::kinds::service::PortRef;
use crate::kinds::{POD, Record};
use crate::view::trace::body::Body;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, po, sv};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::plan::LegEnd;
use crate::view::trace::service::call::Call;
use crate::view::trace::service::chain::Goal;
use crate::view::trace::service::front::ports_path;
use crate::view::trace::service::probes;
use crate::view::trace::service::taker::Taker;
use crate::view::trace::service::takers::Takers;
use crate::view::trace::world::{Dial, World};
use std::sync::Arc;

/// The hop, and how the leg ends where a probe was refused by all; none where there is nobody to connect to.
pub fn judge(call: &Call, goal: &Goal, takers: &Takers) -> Option<(Hop, Option<LegEnd>)> {
    let bodies = takers.bodies();
    let (first, port) = bodies.first()?;
    let body = Body::of(first)?;
    let mut hop = Hop::new(HopKind::Port, summary(&body, *port)).at(&first.key);
    let ready: Vec<&Taker> = takers.list.iter().filter(|taker| taker.ready).collect();
    let refused: Vec<&Taker> = ready.iter().copied().filter(|t| dial(call.world, t) == Some(Dial::Refused)).collect();
    let all_refused = !refused.is_empty() && refused.len() == ready.len();
    let is_open = ready.iter().any(|taker| dial(call.world, taker) == Some(Dial::Open));
    let is_certain = is_open || bodies.iter().all(|(record, port)| is_proven(record, *port));
    hop.findings.extend(listen(goal, &refused, all_refused));
    if !is_certain {
        hop = hop.sure(Confidence::NeedsProbe);
        hop.findings.extend(undeclared(goal, &bodies));
    }
    hop.findings.extend(around(&bodies));
    Some((hop, all_refused.then_some(LegEnd::Refused)))
}

fn summary(body: &Body, port: u16) -> String {
    let container = body.at(port).map_or("", |part| &**part.name);
    let declared = body.ports().find(|declared| declared.number == port);
    match declared.map(|declared| declared.name.as_deref()) {
        Some(Some(name)) => format!("container {container} declares port {port} ({name})"),
        Some(None) => format!("container {container} declares port {port}"),
        None => format!("no container declares port {port}"),
    }
}

fn dial(world: &World, taker: &Taker) -> Option<Dial> {
    let address = taker.address.as_ref()?;
    let host = if address.contains(':') { format!("[{address}]") } else { address.to_string() };
    world.probes.tcp.get(&format!("{host}:{}", taker.port)).copied()
}

/// Whether a probe that the pod passes asks at this very port.
fn is_proven(record: &Arc<Record>, port: u16) -> bool {
    let passes = facts::pod(record).is_some_and(|facts| facts.ready);
    passes && Body::of(record).is_some_and(|body| probes::proves(&body, port))
}

fn listen(goal: &Goal, refused: &[&Taker], all: bool) -> Option<Finding> {
    let first = refused.first()?;
    let (address, pod) = (first.address.as_ref()?, first.body.as_ref()?);
    let more = if refused.len() == 1 { String::new() } else { format!(" (and {} more)", refused.len() - 1) };
    let finding = Finding::of(&po::PO_LISTEN).object("pod", &pod.key).word("address", address).word("port", first.port);
    let finding = finding.word("more", more).severe(if all { Severity::Broken } else { Severity::Warn });
    Some(finding.proof(goal.record, format!(".spec.ports[{}].targetPort", goal.chosen.index), first.port).fact(
        Some(pod.key.clone()),
        format!("tcp {address}:{}", first.port),
        "refused",
    ))
}

/// A number that no container declares. It is only information for people, so the process may listen all the same.
fn undeclared(goal: &Goal, bodies: &[(Arc<Record>, u16)]) -> Option<Finding> {
    let PortRef::Number(target) = goal.chosen.port.target else { return None };
    if bodies.iter().any(|(_, port)| i32::from(*port) != target) {
        // A name was dialled at another port than the Service's pods have: that is told already.
        return None;
    }
    let (record, port) = bodies.iter().find(|(record, port)| {
        !is_proven(record, *port) && Body::of(record).is_some_and(|body| !body.declares(*port))
    })?;
    let body = Body::of(record)?;
    let finding = Finding::of(&sv::SV_PORT_NOT_DECLARED).object("service", &goal.record.key).word("target", port);
    let finding = finding.word("pod", &record.key.name).word("have", body.ports_text());
    let finding = finding.word("index", goal.chosen.index).word("item", probes::item(record));
    let finding = match body.ports().next() {
        Some(declared) => finding.word("candidate", declared.number),
        None => finding,
    };
    let finding = finding.proof(goal.record, format!(".spec.ports[{}].targetPort", goal.chosen.index), port);
    Some(finding.proof(record, ports_path(&body), body.ports_text()))
}

/// Ports of the node that lead to the same container.
fn around(bodies: &[(Arc<Record>, u16)]) -> Option<Finding> {
    let found = |(record, port): &(Arc<Record>, u16)| {
        let body = Body::of(record)?;
        let declared = body.ports().find(|declared| declared.number == *port);
        let host = declared.map_or(0, |declared| declared.host);
        if body.host_network {
            Some((*port, ".spec.hostNetwork"))
        } else {
            (host != 0).then_some((host, ".spec.containers[*].ports[*].hostPort"))
        }
    };
    let all: Vec<_> = bodies.iter().filter_map(|body| Some((&body.0, found(body)?))).collect();
    let (record, (host, path)) = all.first()?;
    let node = match facts::pod(record).and_then(|facts| facts.node.clone()) {
        Some(node) => format!("node {node}"),
        None => "its node".to_owned(),
    };
    let more = if all.len() == 1 { String::new() } else { format!(" (and {} more)", all.len() - 1) };
    let kind = if record.key.kind == POD { "pod" } else { probes::item(record) };
    let finding = Finding::of(&po::PO_HOSTPORT).object("pod", &record.key).word("more", more).word("host", host);
    Some(finding.word("node", node).word("item", kind).proof(record, *path, host))
}
