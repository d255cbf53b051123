//! The way into the cluster as a hop: whether it has an address, listens on the port, and has pods behind it.

use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::{PortRef, ServiceFacts};
use crate::kinds::{EVENT, Record};
use crate::view::trace::entrance::address::blocks_of;
use crate::view::trace::entrance::choice::{Choice, Fit};
use crate::view::trace::entrance::dns::{self, End, Resolution};
use crate::view::trace::entrance::endpoints;
use crate::view::trace::entrance::gate::{Behind, Gate, Place, Shape};
use crate::view::trace::entrance::proxy;
use crate::view::trace::entrance::scheme;
use crate::view::trace::entrance::targets;
use crate::view::trace::entrance::walls;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, lb};
use crate::view::trace::hop::{Confidence, Hop, HopKind, Standing};
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::world::{Dial, World};
use crate::wire::ranges::Block;
use std::net::IpAddr;
use std::sync::Arc;

/// Seconds that a provider may take to give an address.
const PATIENCE: i64 = 120;

/// The hop of a gate; none where files say nothing of one.
pub fn hop(world: &World, request: &Request, found: &Resolution, choice: &Choice) -> Option<Hop> {
    let gate = choice.gate.as_ref()?;
    let title = world.title(&gate.object.key);
    if gate.shape == Shape::Unled {
        let missing = format!("nothing outside the cluster is known to lead to {title}");
        return (!world.is_files()).then(|| Hop::unknown(HopKind::LoadBalancer, missing).at(&gate.object.key));
    }
    let is_open = gate.serves(request.port);
    if matches!(gate.shape, Shape::NodePort | Shape::HostPort) && !is_open {
        let ports = gate.ports();
        let missing = format!(
            "nothing in the cluster listens on port {}; {title} is on port {ports} of the nodes, and something before it must lead there",
            request.port
        );
        return Some(Hop::unknown(HopKind::LoadBalancer, missing).at(&gate.object.key));
    }
    let mut text = summary(&title, request, gate);
    if let Some(why) = scheme::inside(world, gate).filter(|_| request.vantage == Vantage::External) {
        text = format!("{text}; clients outside of its network do not reach it ({why})");
    }
    let mut hop = Hop::new(HopKind::LoadBalancer, text).at(&gate.object.key);
    hop.findings = findings(world, request, (gate, found), &choice.fit);
    dial(world, request, &mut hop);
    let is_seen = matches!(choice.fit, Fit::Told | Fit::Ours | Fit::Partly(_)) || request.vantage != Vantage::External;
    Some(if is_seen { hop } else { hop.sure(Confidence::Inferred) })
}

/// What a connection did when it was tried, where nobody took it: the objects alone may look well.
fn dial(world: &World, request: &Request, hop: &mut Hop) {
    let said = match world.probes.tcp.get(&format!("{}:{}", request.host, request.port)) {
        Some(Dial::Refused) => "refuses connections",
        Some(Dial::Timeout) => "does not answer",
        Some(Dial::Open) | None => return,
    };
    hop.standing = Standing::Unknown;
    hop.confidence = Confidence::NeedsProbe;
    hop.summary = format!("{}; asked, it {said}", hop.summary);
}

fn summary(title: &str, request: &Request, gate: &Gate) -> String {
    let places = gate.places_text();
    let at = if places.is_empty() { String::new() } else { format!(" at {places}") };
    let to = match gate.service_port(request.port) {
        Some((_, port)) => format!(" → {}", target_text(&port.target)),
        None => String::new(),
    };
    format!("{title}{at}, port {}{to}", request.port)
}

fn target_text(target: &PortRef) -> String {
    match target {
        PortRef::Number(number) => number.to_string(),
        PortRef::Name(name) => name.to_string(),
    }
}

fn findings(world: &World, request: &Request, (gate, found): (&Gate, &Resolution), fit: &Fit) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    let service = gate.service.as_ref().and_then(|service| Some((service, facts::service(service)?)));
    if let (Shape::LoadBalancer, Some((service, facts))) = (gate.shape, service) {
        all.extend(pending(world, service, facts));
        all.extend(port_error(service, facts, request.port));
        all.extend(source_ranges(service, facts, request, fit));
        all.extend(status_hostname(world, (service, facts), request));
    }
    // Which ports a Gateway has is said by its listeners.
    let cdn_may_use_http = matches!(fit, Fit::Hidden(_)) && request.port == 443 && gate.serves(80);
    if gate.shape != Shape::Gateway && !gate.serves(request.port) && !cdn_may_use_http {
        all.push(port_absent(world, request, gate));
    }
    if let Some((service, facts)) = service.filter(|_| gate.shape != Shape::HostPort) {
        let port = gate.service_port(request.port);
        let wrong = port.and_then(|(index, port)| targets::finding(world, request, (service, index, port), gate));
        all.extend(wrong);
        all.extend(endpoints::findings(world, (gate, service, facts), found.addresses()));
    } else {
        all.extend(endpoints::of_pods(world, gate));
    }
    all.extend(proxy::findings(world, request, gate));
    all.extend(walls::findings(world, request, gate));
    all
}

/// No address after a while.
fn pending(world: &World, service: &Arc<Record>, facts: &ServiceFacts) -> Option<Finding> {
    if !facts.addresses.is_empty() {
        return None;
    }
    let age = world.now.micros_since(service.meta.created?) / 1_000_000;
    if age < PATIENCE {
        return None;
    }
    let namespace = service.key.namespace.as_deref().unwrap_or("");
    let events = world.in_namespace(EVENT, namespace).into_iter().filter(|event| is_about(event, service));
    let told = events.filter_map(|event| Some((event, facts::event(event)?))).rfind(|(_, facts)| facts.warning);
    if world.is_files() && !service.meta.is_stored() && told.is_none() {
        // A manifest has no status yet.
        return None;
    }
    let class = facts.load_balancer_class.as_ref().filter(|_| told.is_none());
    let fault = if class.is_some() { &lb::LB_CLASS_ORPHAN } else { &lb::LB_PENDING };
    let reason =
        told.map_or("no event says why".to_owned(), |(_, event)| format!("{}: {}", event.reason, event.message));
    let finding = Finding::of(fault).object("service", &service.key).word("age", span(age)).word("reason", reason);
    let finding = finding.proof(service, ".status.loadBalancer", "{}");
    let finding = match class {
        Some(class) => finding.word("class", class).proof(service, ".spec.loadBalancerClass", class),
        None => finding,
    };
    Some(match told {
        Some((event, facts)) => finding.proof(event, ".message", &facts.message),
        None => finding,
    })
}

fn is_about(event: &Record, object: &Record) -> bool {
    let Some(facts) = facts::event(event) else { return false };
    *facts.regarding.name == *object.key.name && *facts.regarding.kind == *"Service"
}

/// A span in words: `5m`, `3h`, `2d`.
fn span(seconds: i64) -> String {
    match seconds {
        s if s < 3600 => format!("{}m", s / 60),
        s if s < 86_400 => format!("{}h", s / 3600),
        s => format!("{}d", s / 86_400),
    }
}

fn port_error(service: &Arc<Record>, facts: &ServiceFacts, port: u16) -> Option<Finding> {
    let errors = facts.addresses.iter().flat_map(|address| address.errors.iter());
    let (number, error) = errors.into_iter().find(|(number, _)| *number == i32::from(port))?;
    let finding = Finding::of(&lb::LB_PORT_ERROR).object("service", &service.key);
    let finding = finding.word("port", number).word("error", error);
    Some(finding.proof(service, format!(".status.loadBalancer.ingress[*].ports[?(@.port=={number})].error"), error))
}

fn port_absent(world: &World, request: &Request, gate: &Gate) -> Finding {
    let (name, effect) = match gate.protocol {
        Protocol::Tcp => ("", "connections are refused"),
        _ => ("UDP ", "packets get no answer"),
    };
    let finding = Finding::of(&lb::LB_PORT_ABSENT).word("gate", world.title(&gate.object.key));
    let finding = finding.word("port", request.port).word("have", gate.ports()).word("resource", gate.resource(world));
    let finding = finding.word("transport", name).word("protocol", gate.protocol.text()).word("effect", effect);
    // A port that is added must lead to one that the controller opens.
    let is_http = gate.protocol == Protocol::Tcp && matches!(gate.behind, Behind::Controller(_));
    let usual = is_http.then(|| targets::usual(gate, request.scheme)).flatten();
    let finding = finding.word("inner", usual.unwrap_or_else(|| request.port.to_string()));
    let finding = match &gate.service {
        Some(service) => finding.object("service", &service.key),
        None => finding,
    };
    finding.proof(&gate.object, ".spec.ports[*].port", gate.ports())
}

/// The load balancer lets only some connect, and not this client, or nobody knows.
fn source_ranges(service: &Arc<Record>, facts: &ServiceFacts, request: &Request, fit: &Fit) -> Option<Finding> {
    let annotated = service.meta.annotation("service.beta.kubernetes.io/load-balancer-source-ranges");
    let annotated = annotated.iter().flat_map(|list| list.split(',')).map(str::trim);
    let ranges: Vec<&str> = facts.source_ranges.iter().map(AsRef::as_ref).chain(annotated).collect();
    let blocks: Vec<Block> = ranges.iter().filter_map(|range| Block::parse(range)).collect();
    if blocks.is_empty() || blocks.iter().any(Block::is_everything) || request.vantage != Vantage::External {
        return None;
    }
    let lets = |address: IpAddr| blocks.iter().any(|block| block.contains(address));
    let (client, add) = match (fit, request.client) {
        (Fit::Hidden(cdn), _) => {
            let network =
                |block: &&&str| block.split('/').next().and_then(|text| text.parse().ok()).is_some_and(|a| !lets(a));
            let missing = blocks_of(cdn).iter().find(network)?;
            (format!("{cdn} comes from {missing} too"), (*missing).to_owned())
        }
        (_, Some(client)) if lets(client) => return None,
        (_, Some(client)) => {
            (format!("{client} is not among them"), format!("{client}/{}", if client.is_ipv4() { 32 } else { 128 }))
        }
        (_, None) => ("the client's address is not known".to_owned(), "ADDRESS/32".to_owned()),
    };
    let list = ranges.join(", ");
    // A client whose address is known and not among them gets nowhere.
    let is_shut_out = request.client.is_some() && !matches!(fit, Fit::Hidden(_));
    let severity = if is_shut_out { Severity::Broken } else { Severity::Warn };
    let finding = Finding::of(&lb::LB_SOURCE_RANGES).severe(severity);
    let finding = finding.object("service", &service.key).word("ranges", &list);
    Some(finding.word("client", client).word("add", add).proof(service, ".spec.loadBalancerSourceRanges", list))
}

/// The load balancer is known by a name that has no address.
fn status_hostname(
    world: &World,
    (service, facts): (&Arc<Record>, &ServiceFacts),
    request: &Request,
) -> Option<Finding> {
    let wanted = "service.beta.kubernetes.io/do-loadbalancer-hostname";
    let published = facts.addresses.iter().find(|address| address.is_hostname).map(|address| address.value.clone());
    // Files seldom have a status; the annotation says what it will be.
    let asked = || service.meta.annotation(wanted).filter(|_| facts.addresses.is_empty()).cloned();
    let (path, hostname) = match published {
        Some(hostname) => (".status.loadBalancer.ingress[*].hostname".to_owned(), hostname),
        None => (format!(".metadata.annotations['{wanted}']"), asked()?),
    };
    let resolution = dns::resolve(world, &hostname);
    if !matches!(resolution.end, End::NxDomain | End::NoData | End::Gap(_)) {
        return None;
    }
    let finding = Finding::of(&crate::view::trace::fault::dns::DNS_STATUS_HOSTNAME).object("service", &service.key);
    let finding =
        finding.word("gate", world.title(&service.key)).word("hostname", &hostname).word("host", &request.host);
    Some(resolution.prove(finding.proof(service, path, hostname)))
}

/// The name or address by which a record should lead to a gate.
pub fn wanted(gate: Option<&Gate>) -> String {
    let places = gate.map_or_else(String::new, Gate::places_text);
    if places.is_empty() { "the load balancer's address".to_owned() } else { places }
}

/// Whether a place is an address of this version.
pub fn has_version(gate: &Gate, v6: bool) -> bool {
    gate.places.iter().any(|place| matches!(place, Place::Address(address) if address.is_ipv6() == v6))
}
