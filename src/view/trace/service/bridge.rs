//! One ExternalName: where it leads, by which port, and what stops it.

use crate::kinds::http_route::facts::Filter;
use crate::kinds::service::{PortRef, ServiceFacts, ServicePort, ServiceType};
use crate::kinds::{INGRESS_ROUTE, ObjectRef, Record, SERVICE, TRAEFIK_SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, sv};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::outcome::Endpoint;
use crate::view::trace::plan::{Controller, Leg, LegEnd};
use crate::view::trace::service::call::{self, Call};
use crate::view::trace::service::names::{self, Meaning, Spelling};
use crate::view::trace::service::{outside, ports};
use std::net::IpAddr;
use std::sync::Arc;

/// CoreDNS follows this many names and no more.
const LONGEST: usize = 11;

/// An ExternalName Service on the way.
pub struct Bridge<'a, 't> {
    /// Its record.
    pub record: &'a Arc<Record>,
    /// Its facts.
    pub facts: &'a ServiceFacts,
    /// The name that it stands for.
    pub name: &'a str,
    /// The ExternalNames so far, this one last.
    pub trail: &'t [(Arc<str>, Arc<str>)],
}

/// Where a bridge leads.
pub enum Crossing {
    /// To another Service, whose port is dialled by number; of its pods perhaps to the one of this name.
    To((Arc<str>, Arc<str>), Option<PortRef>, Option<Arc<str>>),
    /// Nowhere further: the leg says how it ended.
    Over,
}

/// Crosses one bridge and puts its hop on the leg.
pub fn cross(call: &Call, leg: &mut Leg, bridge: &Bridge, wanted: Option<&PortRef>) -> Crossing {
    let mut hop = Hop::new(HopKind::ExternalName, format!("leads to {}", bridge.name)).at(&bridge.record.key);
    let mut is_refused = false;
    if bridge.trail.len() == 1
        && let Some(finding) = call.controller().and_then(|controller| disabled(call, controller, bridge))
    {
        let end = if call.flavour() == Some(Flavour::Traefik) { LegEnd::NoService } else { LegEnd::NoEndpoints };
        end_with(leg, end);
        hop = hop.with(finding);
        is_refused = true;
    }
    if bridge.trail.len() == 1 && call.flavour() == Some(Flavour::Gce) {
        let missing = "whether gce follows an ExternalName: only a request tells";
        leg.hops.push(Hop::unknown(HopKind::ExternalName, missing).at(&bridge.record.key));
        end_with(leg, LegEnd::Unknown(missing.to_owned()));
        return Crossing::Over;
    }
    let port = match number(call, bridge, wanted) {
        Ok(port) => port,
        // Who refuses the Service does not ask for its port.
        Err(_) if is_refused => None,
        Err(finding) => {
            hop.findings.push(*finding);
            // Traefik asks the Service for the port, and leaves out who names another.
            let is_traefik = call.flavour() == Some(Flavour::Traefik);
            end_with(leg, if is_traefik { LegEnd::NoService } else { LegEnd::Refused });
            None
        }
    };
    if bridge.trail.len() == LONGEST + 1 {
        hop.findings.push(long(call, bridge));
        end_with(leg, LegEnd::NoName);
    }
    let home = bridge.record.key.namespace.as_deref().unwrap_or("");
    let meaning = names::meaning(call, home, bridge.name);
    let Meaning::Service { namespace, name, spelling, own } = meaning else {
        leave(call, leg, bridge, (hop, port), &meaning);
        return Crossing::Over;
    };
    if let Spelling::Short(right) = spelling {
        hop.findings.push(short(call, bridge, &right));
        // DNS takes the target of a CNAME as it is written; only resolvers of their own complete it.
        if call.controller().is_none() {
            end_with(leg, LegEnd::NoName);
        }
    }
    let next = (namespace, name);
    if bridge.trail.contains(&next) {
        hop.findings.push(cycle(call, bridge, &next));
        leg.hops.push(hop);
        end_with(leg, LegEnd::NoName);
        return Crossing::Over;
    }
    hop.summary = match &port {
        Some(PortRef::Number(port)) => format!("leads to Service {}/{}, port {port}", next.0, next.1),
        _ => format!("leads to Service {}/{}", next.0, next.1),
    };
    leg.hops.push(hop);
    Crossing::To(next, port, own)
}

fn end_with(leg: &mut Leg, end: LegEnd) {
    leg.end = leg.end.take().or(Some(end));
}

/// The number that is dialled. Only the first bridge of a chain is asked for it: the others are only names.
fn number(call: &Call, bridge: &Bridge, wanted: Option<&PortRef>) -> Result<Option<PortRef>, Box<Finding>> {
    if 1 < bridge.trail.len() || call.is_direct() {
        return Ok(wanted.cloned());
    }
    let Some(wanted) = wanted else {
        return Ok(bridge.facts.ports.first().map(|port| PortRef::Number(port.port)));
    };
    let fits = |port: &&ServicePort| match wanted {
        PortRef::Number(number) => port.port == *number,
        PortRef::Name(name) => port.name == *name,
    };
    let is_traefik = call.flavour() == Some(Flavour::Traefik);
    let is_ingress = call.arm.named_by.as_ref().is_some_and(|(object, _)| object.kind == crate::kinds::INGRESS);
    match (bridge.facts.ports.iter().find(fits), wanted) {
        (Some(port), _) if is_traefik => Ok(Some(PortRef::Number(port.port))),
        (None, PortRef::Number(_)) if is_traefik && is_ingress => {
            let finding = ports::missing(bridge.facts, wanted, call).object("service", &bridge.record.key);
            let finding = call.proven(finding, &ports::reference(wanted));
            Err(Box::new(finding.proof(bridge.record, ".spec.ports", ports::text(bridge.facts))))
        }
        (Some(port), _) => match port.target {
            PortRef::Number(number) if number != 0 => Ok(Some(PortRef::Number(number))),
            _ => Ok(Some(PortRef::Number(port.port))),
        },
        (None, PortRef::Number(number)) => Ok(Some(PortRef::Number(*number))),
        (None, PortRef::Name(name)) => {
            let finding = call.named(Finding::of(&sv::EN_PORT_NAMED)).object("service", &bridge.record.key);
            let finding = call.proven(finding.word("port", name), name);
            Err(Box::new(finding.proof(bridge.record, ".spec.ports", ports::text(bridge.facts))))
        }
    }
}

/// Whether the controller refuses ExternalNames.
fn disabled(call: &Call, controller: &Controller, bridge: &Bridge) -> Option<Finding> {
    let is_on = |name: &str| controller.flag(name).is_some_and(|value| value != "false");
    let is_route =
        call.arm.named_by.as_ref().is_some_and(|(object, _)| matches!(object.kind, INGRESS_ROUTE | TRAEFIK_SERVICE));
    let provider = if is_route { "kubernetescrd" } else { "kubernetesingress" };
    let allows = |flag: &str| {
        let (name, value) = flag.split_once('=').unwrap_or((flag, "true"));
        let wanted = format!("--providers.{provider}.allowexternalnameservices");
        name.eq_ignore_ascii_case(&wanted) && value != "false"
    };
    let (why, path) = match controller.flavour {
        Flavour::Nginx if is_on("--disable-svc-external-name") => {
            ("it runs with --disable-svc-external-name", "--disable-svc-external-name")
        }
        Flavour::Haproxy if is_on("--disable-service-external-name") => {
            ("it runs with --disable-service-external-name", "--disable-service-external-name")
        }
        // Traefik may also be told by a file or the environment, but its flags are where it is told as a rule.
        Flavour::Traefik if controller.flags.as_ref().is_some_and(|flags| !flags.iter().any(|flag| allows(flag))) => {
            ("it runs without allowExternalNameServices", "--providers.kubernetesingress.allowExternalNameServices")
        }
        Flavour::Alb => ("it takes Services with pods or node ports only", ""),
        _ => return None,
    };
    let finding = Finding::of(&sv::EN_DISABLED).object("service", &bridge.record.key);
    let finding = finding.word("controller", controller.flavour.name()).word("why", why);
    let finding = finding.proof(bridge.record, ".spec.type", "ExternalName");
    let Some(workload) = &controller.workload else { return Some(finding) };
    let finding = finding.word("ctlns", workload.key.namespace.as_deref().unwrap_or(""));
    let kind = match workload.key.kind {
        crate::kinds::DAEMON_SET => "daemonset",
        _ => "deployment",
    };
    let finding = finding.word("ctlowner", format!("{kind}/{}", workload.key.name));
    Some(finding.proof(workload, ".spec.template.spec.containers[*].args", path))
}

/// Everything but another Service: outside, or nobody.
fn leave(call: &Call, leg: &mut Leg, bridge: &Bridge, (hop, port): (Hop, Option<PortRef>), meaning: &Meaning) {
    let finding = |fault| {
        let finding = Finding::of(fault).object("service", &bridge.record.key).word("target", bridge.name);
        finding.proof(bridge.record, ".spec.externalName", bridge.name)
    };
    let number = match port {
        Some(PortRef::Number(number)) => u16::try_from(number).unwrap_or(0),
        _ => 0,
    };
    let broken = match meaning {
        Meaning::Loopback => finding(&sv::EN_LOOPBACK),
        Meaning::Address(address) => addressed(bridge, finding(&sv::EN_IP), *address, number),
        Meaning::OtherDomain { domain, right } => {
            finding(&sv::EN_DOMAIN).word("domain", domain).word("candidate", right)
        }
        Meaning::Nobody { right } => {
            let effect = "no caller here can complete, so it has no address";
            finding(&sv::EN_SHORT_NAME).word("effect", effect).word("candidate", right).severe(Severity::Broken)
        }
        Meaning::Empty => {
            leg.hops.push(Hop::unknown(HopKind::ExternalName, "it has no externalName").at(&bridge.record.key));
            return;
        }
        Meaning::Outside | Meaning::Service { .. } => {
            go_outside(call, leg, bridge, (hop, number));
            return;
        }
    };
    leg.hops.push(hop.with(broken));
    end_with(leg, LegEnd::NoName);
}

fn go_outside(call: &Call, leg: &mut Leg, bridge: &Bridge, (mut hop, port): (Hop, u16)) {
    let name = bridge.name.strip_suffix('.').unwrap_or(bridge.name);
    hop.summary = format!("leaves the cluster for {name}:{port}");
    hop = hop.sure(Confidence::NeedsProbe);
    if let Some(finding) = outside::comes_back(call, bridge.record, name) {
        hop = hop.with(finding);
        end_with(leg, LegEnd::Loop);
    }
    let host = outside::seen_host(call);
    if !call.is_direct() && !host.eq_ignore_ascii_case(name) {
        let finding = call.named(Finding::of(&sv::EN_HOST_HEADER)).object("service", &bridge.record.key);
        let finding = finding.word("target", name).word("host", host).word("user", call::who(call.caller));
        let finding = renamed(call, finding, name);
        hop = hop.with(finding.proof(bridge.record, ".spec.externalName", bridge.name));
    }
    leg.hops.push(hop);
    leg.backend.port = port;
    let address = Some(Arc::from(name));
    leg.backend.endpoints = vec![Endpoint { address, port, ready: true, pod: None, node: None }];
}

/// The words by which whoever passes requests on is told to send another Host header, where it can be told.
fn renamed(call: &Call, finding: Finding, name: &str) -> Finding {
    match call.controller() {
        Some(controller) if controller.flavour == Flavour::Nginx => finding.word("vhost", name),
        Some(controller) if controller.flavour == Flavour::Traefik => finding.word("pass", "false"),
        Some(controller) if controller.is_haproxytech() => finding.word("set_host", name),
        Some(_) => finding,
        None => in_route(call, finding, name),
    }
}

/// A rule has one list of filters, and one that rewrites at most.
fn in_route(call: &Call, finding: Finding, name: &str) -> Finding {
    let Some((object, field)) = &call.arm.named_by else { return finding };
    let at = field.strip_prefix(".spec.rules[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
    let route = call.world.get(object).and_then(|record| facts::http_route(record));
    let Some((at, rule)) = at.zip(route).and_then(|(at, route)| Some((at, route.rules.get(at)?))) else {
        return finding;
    };
    if rule.filters.iter().any(|filter| matches!(filter, Filter::Rewrite { .. })) {
        return finding;
    }
    let [place, open, close] = if rule.filters.is_empty() { ["", "[", "]"] } else { ["/-", "", ""] };
    let finding = finding.word("rule", at).word("hostname", name);
    finding.word("at", place).word("open", open).word("close", close)
}

fn short(call: &Call, bridge: &Bridge, right: &str) -> Finding {
    let finding = Finding::of(&sv::EN_SHORT_NAME).object("service", &bridge.record.key);
    let finding = finding.word("target", bridge.name).word("candidate", right);
    let finding = finding.proof(bridge.record, ".spec.externalName", bridge.name);
    if call.controller().is_some() {
        return finding.word("effect", format!("only the search list of {} completes", call::who(call.caller)));
    }
    finding.word("effect", "DNS does not complete, so it has no address").severe(Severity::Broken)
}

/// The finding speaks of the Service at which the circle is entered.
fn cycle(call: &Call, bridge: &Bridge, entry: &(Arc<str>, Arc<str>)) -> Finding {
    let from = bridge.trail.iter().position(|place| place == entry).unwrap_or(0);
    let circle = bridge.trail[from..].iter().chain([entry]);
    let chain = circle.map(|(namespace, name)| format!("{namespace}/{name}")).collect::<Vec<_>>().join(" → ");
    let key = ObjectRef::new(SERVICE, &entry.0, &entry.1);
    let named = |record: &Record| crate::view::trace::facts::service(record).and_then(|f| f.external_name.clone());
    let record = call.world.get(&key);
    let target = record.and_then(|record| named(record)).unwrap_or_else(|| Arc::from(bridge.name));
    let finding = Finding::of(&sv::EN_CYCLE).object("service", &key).word("target", &target).word("chain", chain);
    // Where requests come through it, another target mends them; without it they would miss the Service.
    let finding = finding.word("used", &entry.1);
    let finding = match record {
        Some(record) => finding.proof(record, ".spec.externalName", &target),
        None => finding,
    };
    if key == bridge.record.key {
        return finding;
    }
    finding.proof(bridge.record, ".spec.externalName", bridge.name)
}

/// The words by which a Service without a selector and an EndpointSlice take the place of a name that is an address.
fn addressed(bridge: &Bridge, finding: Finding, address: IpAddr, number: u16) -> Finding {
    let number = i32::from(if number == 0 { 80 } else { number });
    let dials = |port: &&ServicePort| port.target == PortRef::Number(number) || port.port == number;
    let own = bridge.facts.ports.iter().find(dials);
    let finding = finding.word("family", if address.is_ipv4() { "IPv4" } else { "IPv6" }).word("address", address);
    let finding = finding.word("port_name", own.map_or("", |own| &*own.name));
    finding.word("port", own.map_or(number, |own| own.port)).word("number", number)
}

/// The chain is told whole, with all that follow the one at which DNS gives up.
fn long(call: &Call, bridge: &Bridge) -> Finding {
    let key = |(namespace, name): &(Arc<str>, Arc<str>)| ObjectRef::new(SERVICE, namespace, name);
    let first = bridge.trail.first().map_or_else(|| bridge.record.key.clone(), key);
    let mut trail = bridge.trail.to_vec();
    let next = |trail: &[(Arc<str>, Arc<str>)]| {
        let record = call.world.get(&key(trail.last()?))?;
        let name = facts::service(record)?.external_name.as_deref()?;
        match names::meaning(call, record.key.namespace.as_deref().unwrap_or(""), name) {
            Meaning::Service { namespace, name, .. } => Some((namespace, name)),
            _ => None,
        }
    };
    let is_bridge = |place: &(Arc<str>, Arc<str>)| {
        let read = call.world.get(&key(place)).and_then(|record| facts::service(record));
        read.is_some_and(|read| read.kind == ServiceType::ExternalName)
    };
    while let Some(place) = next(&trail).filter(|place| is_bridge(place) && !trail.contains(place)) {
        trail.push(place);
    }
    let finding = Finding::of(&sv::EN_CHAIN_LONG).object("service", &first).word("count", trail.len());
    // The one to which the last of them leads has no name to be followed.
    let finding = match next(&trail) {
        Some((namespace, name)) if !trail.contains(&(namespace.clone(), name.clone())) => {
            let domain = names::domains(call.world).0.first().map_or_else(String::new, ToString::to_string);
            finding.word("candidate", format!("{name}.{namespace}.svc.{domain}"))
        }
        _ => finding,
    };
    finding.word("limit", LONGEST).proof(bridge.record, ".spec.externalName", bridge.name)
}
