//! Ports that ingress-nginx passes on as they are, by its map of TCP ports.

use crate::kinds::{Record, SERVICE};
use crate::view::trace::entrance::controller;
use crate::view::trace::entrance::gate::Gate;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, rt};
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
    let map = controller::named_map(world, controller, "--tcp-services-configmap")?.ok()?;
    let target = facts::config_map(&map)?.value(&request.port.to_string())?.clone();
    let mut parts = target.split(':');
    let (namespace, name) = parts.next()?.split_once('/')?;
    let port = parts.next().unwrap_or("");
    let begin = |why: &str| {
        let finding = Finding::of(&rt::RT_TCP_CM).word("port", request.port).word("target", &target).word("why", why);
        let finding = finding.word("config", &map.key.name);
        let finding = finding.word("config_namespace", map.key.namespace.as_deref().unwrap_or(""));
        finding.proof(&map, format!(".data['{}']", request.port), &target)
    };
    let service = world.named(SERVICE, namespace, name);
    let Some(number) = service.and_then(|service| number(service, port)).or_else(|| port.parse().ok()) else {
        let finding = begin("and there is no such port");
        return Some((Some(finding), Door::Closed(Outcome::Refused(format!("{target} does not exist")))));
    };
    let is_absent = service.is_none() && world.known(SERVICE, Some(namespace)) == Known::Whole && !world.is_files();
    let finding = match (is_absent, gate.serves(request.port)) {
        (true, _) => Some(begin("and there is no such Service")),
        (false, false) => {
            let why = format!("and {} does not listen on port {}", world.title(&gate.object.key), request.port);
            Some(begin(&why).proof(&gate.object, ".spec.ports[*].port", gate.ports()))
        }
        (false, true) => None,
    };
    let door = Door::Service { namespace: Arc::from(namespace), name: Arc::from(name), port: number, only: None };
    Some((finding, door))
}

/// The port of a Service by number or name.
fn number(service: &Record, port: &str) -> Option<u16> {
    let ports = &facts::service(service)?.ports;
    let found = ports.iter().find(|own| own.port.to_string() == port || *own.name == *port)?;
    u16::try_from(found.port).ok()
}
