//! Ports that ingress-nginx passes on as they are, by its maps of TCP and UDP ports.

use crate::kinds::pod::facts::Protocol;
use crate::kinds::{CONFIG_MAP, ObjectRef, Record, SERVICE};
use crate::view::trace::entrance::gate::Gate;
use crate::view::trace::entrance::{controller, targets};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Controller, Door};
use crate::view::trace::request::Request;
use crate::view::trace::world::{Known, World};
use std::sync::Arc;

/// Where a port of the map leads, and what is wrong with it; none where the map says nothing of the port.
pub fn mapped(
    world: &World,
    controller: &Controller,
    gate: &Gate,
    request: &Request,
) -> Option<(Option<Finding>, Door)> {
    // What arrives is told apart by the port of the pods.
    let target = gate.service_port(request.port).map(|(_, own)| &own.target);
    let number = target.and_then(|target| targets::number(controller, target)).unwrap_or(request.port);
    let is_udp = gate.protocol == Protocol::Udp;
    let flag = if is_udp { "--udp-services-configmap" } else { "--tcp-services-configmap" };
    let map = match controller::named_map(world, controller, flag)? {
        Err(_) if is_udp => return None,
        Ok(map) => map,
        Err(may_be_there) => return unmapped(world, controller, (gate, request), (number, may_be_there)),
    };
    let target = facts::config_map(&map)?.value(&number.to_string())?.clone();
    let mut parts = target.split(':');
    let (namespace, name) = parts.next()?.split_once('/')?;
    let port = parts.next().unwrap_or("");
    let begin = |why: &str| {
        let finding = Finding::of(&rt::RT_TCP_CM).word("port", number).word("target", &target).word("why", why);
        let finding = finding.word("config", &map.key.name);
        let finding = finding.word("config_namespace", map.key.namespace.as_deref().unwrap_or(""));
        finding.proof(&map, format!(".data['{number}']"), &target)
    };
    let service = world.named(SERVICE, namespace, name);
    let is_whole = if world.is_files() {
        !world.in_namespace(SERVICE, namespace).is_empty()
    } else {
        world.known(SERVICE, Some(namespace)) == Known::Whole
    };
    let found = service.and_then(|service| own_port(service, (port, gate.protocol)));
    // ingress-nginx leaves out what it finds no endpoints for: getStreamServices of its controller.go.
    let finding = match (service, found, gate.serves(request.port)) {
        (None, _, _) if is_whole => Some(begin("and there is no such Service, so nginx does not listen there")),
        (Some(service), None, _) => {
            let have = facts::service(service).map_or_else(String::new, |facts| {
                facts.ports.iter().map(|own| own.port.to_string()).collect::<Vec<_>>().join(", ")
            });
            let why = format!("and that Service has no such port (it has: {have}), so nginx does not listen there");
            Some(begin(&why).proof(service, ".spec.ports[*].port", have))
        }
        (_, _, false) => {
            let why = format!("and {} does not listen on port {}", world.title(&gate.object.key), request.port);
            Some(begin(&why).proof(&gate.object, ".spec.ports[*].port", gate.ports()))
        }
        (_, _, true) => None,
    };
    let Some(port) = found.or_else(|| port.parse().ok()) else {
        return Some((finding, Door::Closed(Outcome::Refused(format!("{target} does not exist")))));
    };
    let door = Door::Service { namespace: Arc::from(namespace), name: Arc::from(name), port, only: None };
    Some((finding, door))
}

/// The map that a flag names is not there, and the port is none of the controller's own.
fn unmapped(
    world: &World,
    controller: &Controller,
    (gate, request): (&Gate, &Request),
    (number, may_be_there): (u16, bool),
) -> Option<(Option<Finding>, Door)> {
    let said = controller.flag("--tcp-services-configmap")?;
    let (namespace, name) = said.split_once('/').unwrap_or((controller.namespace.as_deref().unwrap_or(""), said));
    // Files that hold other ConfigMaps of the namespace would hold this one.
    let is_gone = !may_be_there || world.is_files() && !world.in_namespace(CONFIG_MAP, namespace).is_empty();
    if !is_gone
        || !gate.serves(request.port)
        || controller.flavour != Flavour::Nginx
        || targets::is_own(controller, number)
    {
        return None;
    }
    let why = "because there is no such ConfigMap, so nginx does not listen there";
    let finding = Finding::of(&rt::RT_TCP_CM).word("port", number).word("target", "nothing").word("why", why);
    let finding = finding.word("config", name).word("config_namespace", namespace);
    let finding = finding.fact(Some(ObjectRef::new(CONFIG_MAP, namespace, name)), ".metadata.name", "not found");
    let finding = finding.proof(&gate.object, ".spec.ports[*].port", request.port);
    let outcome = Outcome::Refused(format!("ConfigMap {namespace}/{name} does not exist"));
    Some((Some(finding), Door::Closed(outcome)))
}

/// The port of a Service by number or name.
fn own_port(service: &Record, (port, protocol): (&str, Protocol)) -> Option<u16> {
    let ports = &facts::service(service)?.ports;
    let mut ports = ports.iter().filter(|own| Protocol::of(&own.protocol) == protocol);
    let found = ports.find(|own| own.port.to_string() == port || *own.name == *port && !port.is_empty())?;
    u16::try_from(found.port).ok()
}
