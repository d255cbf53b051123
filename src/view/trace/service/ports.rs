//! Which port of a Service a rule means, and which port of a pod that is.

use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::{PortRef, ServiceFacts, ServicePort};
use crate::view::trace::body::Body;
use crate::view::trace::fault::{Finding, sv};
use crate::view::trace::plan::Caller;
use crate::view::trace::service::call::Call;

/// A port of a Service that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// It.
    pub port: ServicePort,
    /// Its place among the Service's ports.
    pub index: usize,
    /// Whether it was named by the port of its pods, which only ingress-nginx understands.
    pub by_target: bool,
}

/// The port that is meant; where a rule names none, the first one.
pub fn choose(facts: &ServiceFacts, wanted: Option<&PortRef>, call: &Call) -> Option<Chosen> {
    let chosen = |index: usize, by_target| Chosen { port: facts.ports[index].clone(), index, by_target };
    let Some(wanted) = wanted else { return (!facts.ports.is_empty()).then(|| chosen(0, false)) };
    let own = |port: &ServicePort| match wanted {
        PortRef::Number(number) => port.port == *number,
        PortRef::Name(name) => !name.is_empty() && port.name == *name,
    };
    // ingress-nginx takes the first port of which anything fits, in the order of the Service, where it looks for pods.
    let fits = |port: &ServicePort| own(port) || (call.is_nginx() && port.target == *wanted);
    // A number may be there once for each protocol. Who reads Ingresses takes the first, whatever it speaks.
    let spoken = |port: &ServicePort| fits(port) && Protocol::of(&port.protocol) == call.protocol();
    let tells_apart = !matches!(call.caller, Caller::Controller(_));
    let spoken = if tells_apart { facts.ports.iter().position(spoken) } else { None };
    if let Some(index) = spoken.or_else(|| facts.ports.iter().position(fits)) {
        return Some(chosen(index, !own(&facts.ports[index])));
    }
    let PortRef::Number(number) = wanted else { return None };
    let at_node = |port: &ServicePort| call.is_direct() && port.node_port != 0 && port.node_port == *number;
    let spoken = |port: &ServicePort| at_node(port) && Protocol::of(&port.protocol) == call.protocol();
    let found = facts.ports.iter().position(spoken).or_else(|| facts.ports.iter().position(at_node));
    found.map(|index| chosen(index, false))
}

/// The port of a pod behind a port of a Service; none where the pod has no port of that name.
pub fn resolve(port: &ServicePort, body: &Body) -> Option<u16> {
    match &port.target {
        PortRef::Number(number) => u16::try_from(*number).ok().filter(|number| *number != 0),
        PortRef::Name(name) => body.named(name, Protocol::of(&port.protocol)),
    }
}

/// The ports of a Service for people: `80 (http), 443`, or `no port`.
pub fn text(facts: &ServiceFacts) -> String {
    let texts = facts.ports.iter().map(|port| match &*port.name {
        "" => port.port.to_string(),
        name => format!("{} ({name})", port.port),
    });
    let text = texts.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "no port".to_owned() } else { text }
}

/// A port reference as people write it.
pub fn reference(port: &PortRef) -> String {
    match port {
        PortRef::Number(number) => number.to_string(),
        PortRef::Name(name) => name.to_string(),
    }
}

/// What is wrong where a Service has no such port.
pub fn missing(facts: &ServiceFacts, wanted: &PortRef, call: &Call) -> Finding {
    let fault = match wanted {
        PortRef::Number(_) => &sv::SV_PORT_MISSING,
        PortRef::Name(_) => &sv::SV_PORT_NAME,
    };
    let finding = call.named(Finding::of(fault)).word("port", reference(wanted)).word("have", text(facts));
    let spoken = |port: &&ServicePort| Protocol::of(&port.protocol) == call.protocol();
    match facts.ports.iter().find(spoken).or(facts.ports.first()) {
        Some(port) => finding.word("candidate", port.port),
        None => finding,
    }
}
