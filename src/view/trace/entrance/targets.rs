//! Where a port of a load balancer leads: to a port that the controller opens, and that speaks what clients speak there.
//!
//! Facts: ingress-nginx listens on `--http-port` (80) and `--https-port` (443) and on the ports of its maps; TLS at the one
//! is garbage (400 in the clear), and plain HTTP at the other is answered 400 (nginx's error 497).

use crate::kinds::Record;
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::{PortRef, ServicePort};
use crate::view::trace::body::template;
use crate::view::trace::entrance::gate::{Behind, Gate, Shape};
use crate::view::trace::entrance::{controller, endpoints, proxy};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, lb};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::Controller;
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::world::World;
use std::sync::Arc;

/// A port of a Service and its place in the list.
type Port<'a> = (&'a Arc<Record>, usize, &'a ServicePort);

/// What is wrong with where the port leads.
pub fn finding(world: &World, request: &Request, port: Port, gate: &Gate) -> Option<Finding> {
    nameless(world, port, gate).or_else(|| match &gate.behind {
        // Where it takes datagrams its map of UDP ports tells.
        _ if gate.protocol != Protocol::Tcp => None,
        Behind::Controller(controller) if controller.flavour == Flavour::Nginx && controller.flags.is_some() => {
            unheard(world, request, port, controller).or_else(|| garbled(request, port, (gate, controller)))
        }
        _ => None,
    })
}

/// The target that the port for this scheme has, as JSON: for a patch that adds a port.
pub fn usual(gate: &Gate, scheme: Scheme) -> Option<String> {
    let facts = facts::service(gate.service.as_ref()?)?;
    let wanted = if scheme == Scheme::Https { 443 } else { 80 };
    facts.ports.iter().find(|own| own.port == wanted).map(|own| json(&own.target))
}

fn json(target: &PortRef) -> String {
    match target {
        PortRef::Number(number) => number.to_string(),
        PortRef::Name(name) => format!("\"{name}\""),
    }
}

fn begin((service, index, port): Port, target: &str, why: &str) -> Finding {
    let finding = Finding::of(&lb::LB_TARGETPORT).object("service", &service.key).word("port", port.port);
    let finding = finding.word("target", target).word("index", index).word("why", why);
    finding.proof(service, format!(".spec.ports[{index}].targetPort"), json(&port.target).trim_matches('"'))
}

/// The port leads to a name that no pod gives to one of its ports.
fn nameless(world: &World, port: Port, gate: &Gate) -> Option<Finding> {
    let PortRef::Name(target) = &port.2.target else { return None };
    let names = endpoints::port_names(world, port.0, &gate.behind)?;
    if names.iter().any(|name| name == target) {
        return None;
    }
    let have: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let nearest = names.iter().find(|name| name.contains(&**target) || target.contains(&***name)).or(names.first());
    let have = if have.is_empty() { "none with a name".to_owned() } else { have.join(", ") };
    let why = format!("and no pod has one (they have: {have}), so the load balancer forwards to nothing");
    let finding = begin(port, &format!("the port named {target}"), &why);
    Some(match nearest {
        Some(nearest) => finding.word("nearest", format!("\"{nearest}\"")),
        None => finding,
    })
}

/// The ports on which ingress-nginx takes HTTP and HTTPS.
fn own_ports(controller: &Controller) -> (u16, u16) {
    let said = |flag: &str, usual: u16| controller.flag(flag).and_then(|value| value.parse().ok()).unwrap_or(usual);
    (said("--http-port", 80), said("--https-port", 443))
}

/// The TCP ports that the pods declare, with their names.
fn declared(controller: &Controller) -> Vec<(Option<Arc<str>>, u16)> {
    if let Some(pod) = controller.pods.first().and_then(|pod| facts::pod(pod)) {
        let ports = pod.main().flat_map(|container| container.ports.iter());
        let ports = ports.filter(|port| port.protocol == Protocol::Tcp);
        return ports.map(|port| (port.name.clone(), port.number)).collect();
    }
    let template = controller.workload.as_ref().and_then(|workload| template(workload));
    let ports = template.into_iter().flat_map(|template| template.main().flat_map(|container| container.ports.iter()));
    ports.filter(|port| port.protocol == Protocol::Tcp).map(|port| (port.name.clone(), port.number)).collect()
}

/// The number of the pods' port that a target means.
pub fn number(controller: &Controller, target: &PortRef) -> Option<u16> {
    match target {
        PortRef::Number(number) => u16::try_from(*number).ok(),
        PortRef::Name(name) => {
            let mut declared = declared(controller).into_iter();
            declared.find(|(own, _)| own.as_ref() == Some(name)).map(|(_, number)| number)
        }
    }
}

/// Whether ingress-nginx takes HTTP or HTTPS there, or declares the port.
pub fn is_own(controller: &Controller, number: u16) -> bool {
    let (http, https) = own_ports(controller);
    [http, https].contains(&number) || declared(controller).iter().any(|(_, own)| *own == number)
}

/// Whether ingress-nginx surely does not listen on a port of its own.
pub fn is_closed(world: &World, controller: &Controller, number: u16) -> bool {
    // What a snippet or a map that cannot be read adds is not told.
    let snippets = ["main-snippet", "http-snippet", "stream-snippet"];
    let has_snippet = snippets.iter().any(|key| controller::option(controller, key).is_some());
    let may_pass = match controller::named_map(world, controller, "--tcp-services-configmap") {
        None | Some(Err(false)) => false,
        Some(Err(true)) => true,
        Some(Ok(map)) => facts::config_map(&map).is_some_and(|facts| facts.value(&number.to_string()).is_some()),
    };
    !is_own(controller, number) && !declared(controller).is_empty() && !has_snippet && !may_pass
}

/// The port leads to one on which nobody listens.
fn unheard(world: &World, request: &Request, port: Port, controller: &Controller) -> Option<Finding> {
    let number = number(controller, &port.2.target)?;
    if !is_closed(world, controller, number) {
        return None;
    }
    let (http, https) = own_ports(controller);
    let why = format!(
        "where ingress-nginx does not listen (it takes HTTP at {http} and HTTPS at {https}), so connections are refused"
    );
    let finding = begin(port, &format!("port {number} of the pods"), &why);
    Some(finding.word("nearest", wanted(controller, request.scheme)))
}

/// The target that speaks what the client speaks, as JSON.
fn wanted(controller: &Controller, scheme: Scheme) -> String {
    let (http, https) = own_ports(controller);
    let number = if scheme == Scheme::Https { https } else { http };
    let named = declared(controller).into_iter().find(|(_, own)| *own == number).and_then(|(name, _)| name);
    named.map_or_else(|| number.to_string(), |name| format!("\"{name}\""))
}

/// The port leads to one that speaks TLS where the client does not, or the other way round.
fn garbled(request: &Request, port: Port, (gate, controller): (&Gate, &Controller)) -> Option<Finding> {
    // Whatever else a provider is told of certificates and protocols may change what arrives.
    let may_change = |(key, _): &(Arc<str>, Arc<str>)| {
        let is_about = ["ssl", "tls", "cert", "protocol"].iter().any(|word| key.contains(word));
        is_about && !key.contains("proxy-protocol")
    };
    let is_ended = proxy::ends_tls(port.0, request.port).is_some();
    if gate.shape != Shape::LoadBalancer || is_ended || port.0.meta.annotations.iter().any(may_change) {
        return None;
    }
    let number = number(controller, &port.2.target)?;
    let (http, https) = own_ports(controller);
    let (answer, why) = match request.scheme {
        Scheme::Https if number == http => ("tls", "where ingress-nginx speaks plain HTTP, so the TLS handshake fails"),
        Scheme::Http if number == https => {
            ("400", "where ingress-nginx expects TLS, so it answers 400 (a plain HTTP request at an HTTPS port)")
        }
        _ => return None,
    };
    let finding = begin(port, &format!("port {number} of the pods"), why).word("answer", answer);
    Some(finding.word("nearest", wanted(controller, request.scheme)))
}
