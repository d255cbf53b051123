//! From the Service that a rule names, over ExternalNames, to the Service that has endpoints.

use crate::kinds::service::{PortRef, ServiceFacts, ServicePort, ServiceType};
use crate::kinds::{POD, Record, SERVICE};
use crate::view::trace::body::Body;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, sv};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::outcome::Endpoint;
use crate::view::trace::plan::{Leg, LegEnd, Reach};
use crate::view::trace::service::bridge::{self, Bridge, Crossing};
use crate::view::trace::service::call::Call;
use crate::view::trace::service::missing;
use crate::view::trace::service::ports::{self, Chosen};
use std::net::IpAddr;
use std::sync::Arc;

/// Namespace and name of a Service.
type Place = (Arc<str>, Arc<str>);

/// The Service that has endpoints, and its port.
pub struct Goal<'a> {
    /// Its record.
    pub record: &'a Arc<Record>,
    /// Its facts.
    pub facts: &'a ServiceFacts,
    /// Its port that is meant.
    pub chosen: Chosen,
    /// The number that is dialled.
    pub dialled: u16,
    /// Whether an ExternalName led here.
    pub bridged: bool,
    /// The own name of the one endpoint that is meant; none for all of them.
    pub only: Option<Arc<str>>,
}

impl Goal<'_> {
    /// The address of the Service by which a client calls it, where it does.
    pub fn called(&self, call: &Call) -> Option<IpAddr> {
        let host = call.arm.host.strip_prefix('[').and_then(|host| host.split(']').next()).unwrap_or(&call.arm.host);
        let bare = || host.rsplit_once(':')?.0.parse().ok();
        let address: IpAddr = host.parse().ok().or_else(bare)?;
        let is_own = self.facts.cluster_ips.iter().any(|ip| ip.parse() == Ok(address));
        (is_own && call.is_direct()).then_some(address)
    }

    /// The address families by which this call may reach it: one address has one, a name all of them.
    pub fn families(&self, call: &Call) -> Vec<Arc<str>> {
        match self.called(call) {
            Some(IpAddr::V4(_)) => vec![Arc::from("IPv4")],
            Some(IpAddr::V6(_)) => vec![Arc::from("IPv6")],
            None => self.facts.ip_families.to_vec(),
        }
    }
}

/// Walks to the Service that has endpoints. The hops on the way are put on the leg; where the way ends, its end.
pub fn follow<'a>(call: &mut Call<'a, '_>, leg: &mut Leg, start: Place, port: Option<&PortRef>) -> Option<Goal<'a>> {
    let mut trail: Vec<Place> = Vec::new();
    let mut at = start;
    let mut wanted = port.cloned();
    let mut only = None;
    loop {
        let Some(record) = call.world.named(SERVICE, &at.0, &at.1) else {
            absent(call, leg, &at, &trail, wanted.as_ref());
            return None;
        };
        (leg.backend.namespace, leg.backend.service) = at.clone();
        let Some(facts) = facts::service(record) else {
            let note = record.digest.reason.as_deref().unwrap_or("it cannot be read");
            leg.hops.push(Hop::unknown(HopKind::Service, format!("Service {}/{}: {note}", at.0, at.1)).at(&record.key));
            return None;
        };
        if facts.kind != ServiceType::ExternalName {
            let goal = arrive(call, leg, (record, facts), wanted.as_ref(), !trail.is_empty());
            return goal.map(|goal| Goal { only, ..goal });
        }
        let name = facts.external_name.as_deref().unwrap_or("");
        let line = format!("Service {}/{} is only another name for {name}", at.0, at.1);
        leg.hops.push(Hop::new(HopKind::Service, line).at(&record.key));
        trail.push(at.clone());
        let bridge = Bridge { record, facts, name, trail: &trail };
        match bridge::cross(call, leg, &bridge, wanted.as_ref()) {
            Crossing::To(next, port, own) => {
                only = own;
                leg.backend.via.push(at);
                at = next;
                wanted = port;
            }
            Crossing::Over => return None,
        }
    }
}

/// The Service is not there: at the start of the way, or at the end of a bridge.
fn absent(call: &Call, leg: &mut Leg, at: &Place, trail: &[Place], wanted: Option<&PortRef>) {
    let (namespace, name) = at;
    if let Some(missing) = call.world.known(SERVICE, Some(namespace)).missing("services") {
        leg.hops.push(Hop::unknown(HopKind::Service, format!("{missing}, so Service {namespace}/{name} is not known")));
        return;
    }
    (leg.backend.namespace, leg.backend.service) = at.clone();
    if trail.is_empty() {
        leg.hops.push(missing::service(call, namespace, name));
        leg.end = leg.end.take().or(Some(LegEnd::NoService));
        return;
    }
    if missing::is_unspoken(call.world, namespace) {
        let line = format!("Service {namespace}/{name} is taken to be there: nothing of its namespace was given");
        leg.hops.push(Hop::new(HopKind::Service, line).sure(Confidence::Inferred));
        let port = match wanted {
            Some(PortRef::Number(number)) => u16::try_from(*number).unwrap_or(0),
            _ => 0,
        };
        leg.backend.port = port;
        leg.backend.endpoints = vec![Endpoint { address: None, port, ready: true, pod: None, node: None }];
        return;
    }
    if let Some(hop) = leg.hops.last_mut() {
        hop.findings.push(missing::target(call, &trail[trail.len() - 1], at));
    }
    leg.end = leg.end.take().or(Some(LegEnd::NoName));
}

/// At the Service that has endpoints: which of its ports is meant.
fn arrive<'a>(
    call: &mut Call<'a, '_>,
    leg: &mut Leg,
    (record, facts): (&'a Arc<Record>, &'a ServiceFacts),
    wanted: Option<&PortRef>,
    bridged: bool,
) -> Option<Goal<'a>> {
    if bridged {
        // Somebody dials the name: a Service with an address of its own is reached through kube-proxy.
        call.by_address = !facts.is_headless();
        return arrive_by_name(call, leg, (record, facts), wanted);
    }
    let found = ports::choose(facts, wanted, call).or_else(|| free(call, facts, wanted));
    let Some(chosen) = found else {
        let any = PortRef::Number(0);
        let wanted = wanted.unwrap_or(&any);
        let finding = ports::missing(facts, wanted, call).object("service", &record.key);
        let finding = call.proven(finding, &ports::reference(wanted));
        let finding = finding.proof(record, ".spec.ports", ports::text(facts));
        let line = format!("has no port {}", ports::reference(wanted));
        leg.hops.push(Hop::new(HopKind::Service, line).at(&record.key).with(finding));
        // A Service's own address drops what is sent to another port.
        let is_nginx = call.flavour() == Some(Flavour::Nginx);
        let is_dialled = call.is_direct() || is_nginx && call.arm.reach == Reach::ServiceAddress;
        let end = if is_dialled { LegEnd::Dropped } else { LegEnd::NoService };
        leg.end = leg.end.take().or(Some(end));
        return None;
    };
    let dialled = u16::try_from(chosen.port.port).unwrap_or(0);
    leg.backend.port = dialled;
    Some(Goal { record, facts, chosen, dialled, bridged, only: None })
}

/// The name of a headless Service leads to its pods, which are dialled at any port, whatever ports it lists.
fn free(call: &Call, facts: &ServiceFacts, wanted: Option<&PortRef>) -> Option<Chosen> {
    let Some(PortRef::Number(number)) = wanted else { return None };
    if !call.is_direct() || !facts.is_headless() {
        return None;
    }
    let index = facts.ports.iter().position(|port| port.target == PortRef::Number(*number));
    let port = match index {
        Some(index) => ServicePort { port: *number, ..facts.ports[index].clone() },
        None => made_up(*number),
    };
    Some(Chosen { port, index: index.unwrap_or(0), by_target: false })
}

fn made_up(number: i32) -> ServicePort {
    ServicePort {
        name: Arc::from(""),
        protocol: Arc::from("TCP"),
        port: number,
        target: PortRef::Number(number),
        node_port: 0,
        app_protocol: None,
    }
}

fn arrive_by_name<'a>(
    call: &Call<'a, '_>,
    leg: &mut Leg,
    (record, facts): (&'a Arc<Record>, &'a ServiceFacts),
    wanted: Option<&PortRef>,
) -> Option<Goal<'a>> {
    let number = match wanted {
        Some(PortRef::Number(number)) => *number,
        // No number could be told; what a right one would lead to is still worth knowing.
        _ => facts.ports.first().map_or(0, |port| port.port),
    };
    let dialled = u16::try_from(number).unwrap_or(0);
    let chosen = |index: usize| Chosen { port: facts.ports[index].clone(), index, by_target: false };
    let found = if facts.is_headless() {
        at_pods(call, record, facts, dialled)
    } else {
        facts.ports.iter().position(|port| port.port == number).map(|index| (index, Vec::new()))
    };
    if let Some((index, _)) = &found {
        leg.backend.port = u16::try_from(facts.ports[*index].port).unwrap_or(0);
        return Some(Goal { record, facts, chosen: chosen(*index), dialled, bridged: true, only: None });
    }
    if facts.is_headless() && facts.ports.is_empty() {
        leg.backend.port = dialled;
        let chosen = Chosen { port: made_up(number), index: 0, by_target: false };
        return Some(Goal { record, facts, chosen, dialled, bridged: true, only: None });
    }
    let (fault, end) =
        if facts.is_headless() { (&sv::EN_HEADLESS_PORT, LegEnd::Refused) } else { (&sv::EN_PORT, LegEnd::Dropped) };
    let bridge = leg.backend.via.last().cloned();
    let finding = wrong_port(call, Finding::of(fault), bridge, (record, facts), dialled);
    if let Some(hop) = leg.hops.last_mut() {
        hop.findings.push(finding);
    }
    leg.end = leg.end.take().or(Some(end));
    // Which pods would take it with the right port is told all the same.
    let first = (!facts.ports.is_empty()).then(|| chosen(0))?;
    leg.backend.port = u16::try_from(first.port.port).unwrap_or(0);
    Some(Goal { record, facts, chosen: first, dialled, bridged: true, only: None })
}

/// The port of a headless Service whose pods listen on the dialled number.
fn at_pods(call: &Call, record: &Record, facts: &ServiceFacts, dialled: u16) -> Option<(usize, Vec<u16>)> {
    let namespace = record.key.namespace.as_deref().unwrap_or("");
    let pods = call.world.labelled(POD, namespace, &facts.selector);
    let bodies: Vec<Body> = pods.iter().filter_map(|pod| Body::of(pod)).collect();
    let leads = |port: &ServicePort| match &port.target {
        PortRef::Number(number) => u16::try_from(*number) == Ok(dialled),
        PortRef::Name(_) => bodies.iter().any(|body| ports::resolve(port, body) == Some(dialled)),
    };
    facts.ports.iter().position(leads).map(|index| (index, Vec::new()))
}

fn wrong_port(
    call: &Call,
    finding: Finding,
    bridge: Option<Place>,
    (record, facts): (&Record, &ServiceFacts),
    port: u16,
) -> Finding {
    let (namespace, service) = bridge.unwrap_or((Arc::from(""), Arc::from("")));
    let place = record.key.namespace.as_deref().unwrap_or("");
    let have = if facts.is_headless() {
        facts.ports.iter().map(|port| ports::reference(&port.target)).collect::<Vec<_>>().join(", ")
    } else {
        ports::text(facts)
    };
    let candidate = facts.ports.first().and_then(|port| match (&port.target, facts.is_headless()) {
        (PortRef::Number(number), true) => Some(*number),
        (PortRef::Name(_), true) => {
            let pods = call.world.labelled(POD, place, &facts.selector);
            pods.iter().filter_map(|pod| Body::of(pod)).find_map(|body| ports::resolve(port, &body)).map(i32::from)
        }
        _ => Some(port.port),
    });
    let mut finding = finding
        .word("namespace", namespace)
        .word("service", service)
        .word("port", port)
        .word("target", format!("{place}/{}", record.key.name))
        .word("tns", place)
        .word("tname", &record.key.name)
        .word("have", &have)
        .severe(Severity::Broken);
    if let Some(candidate) = candidate {
        finding = finding.word("candidate", candidate);
    }
    finding.proof(record, ".spec.ports", have)
}
