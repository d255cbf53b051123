//! Which way into the cluster a request takes: the one that DNS leads to, else the one that fits it best.

use crate::kinds::pod::facts::Protocol;
use crate::kinds::{DAEMON_SET, DEPLOYMENT, GATEWAY, ObjectRef, Record, SERVICE, STATEFUL_SET};
use crate::view::trace::entrance::address::{cdn_of, cdn_of_name, is_private};
use crate::view::trace::entrance::claims::{self, Claims};
use crate::view::trace::entrance::controller;
use crate::view::trace::entrance::dns::{self, End, Resolution};
use crate::view::trace::entrance::fitness;
use crate::view::trace::entrance::gate::{self, Behind, Gate, Place, Shape};
use crate::view::trace::facts;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::request::Request;
use crate::view::trace::world::World;
use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

/// The way that a request takes.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The way; none where none is known.
    pub gate: Option<Gate>,
    /// How DNS and the cluster fit.
    pub fit: Fit,
    /// Other ways that it could take as well.
    pub others: Vec<Gate>,
    /// Every way that there is.
    pub gates: Vec<Gate>,
}

/// How what DNS says fits the addresses of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Fit {
    /// The user chose the way.
    Told,
    /// Every address leads here.
    Ours,
    /// These do not.
    Partly(Vec<IpAddr>),
    /// None does.
    Elsewhere,
    /// A CDN stands between.
    Hidden(&'static str),
    /// The cluster's own addresses are not known.
    Incomparable,
    /// DNS gives no address.
    NoAddress,
}

/// Chooses.
pub fn choose(world: &World, request: &Request, found: &Resolution, claims: &Claims) -> Choice {
    if let Some(gate) = request.via.as_ref().and_then(|via| told(world, via)) {
        let gate = gate.by(request.scheme.protocol());
        return Choice { gate: Some(gate), fit: Fit::Told, others: Vec::new(), gates: Vec::new() };
    }
    let protocol = request.scheme.protocol();
    let mut gates: Vec<Gate> = gate::all(world, request.port).into_iter().map(|gate| gate.by(protocol)).collect();
    gates.extend(clouds(world, claims, &gates));
    let fit = fit(world, found, &gates);
    let is_proven = matches!(fit, Fit::Ours | Fit::Partly(_));
    let is_candidate = |gate: &&Gate| match (is_proven, &gate.behind) {
        (true, _) => leads_to(world, found, gate, request.port),
        (false, Behind::Pods) => claims::publishes(&gate.object, request.name()),
        (false, _) => true,
    };
    let mut candidates: Vec<Gate> = gates.iter().filter(is_candidate).cloned().collect();
    candidates.sort_by_cached_key(|gate| Reverse(rank(world, gate, request, claims)));
    let mut candidates = candidates.into_iter();
    let gate = candidates.next();
    let rivals = |other: &Gate| {
        let chosen = gate.as_ref().map(|gate| rank(world, gate, request, claims));
        let own = rank(world, other, request, claims);
        chosen.is_some_and(|chosen| (chosen.serves, chosen.claims) == (own.serves, own.claims) && own.serves)
            && gate.as_ref().is_some_and(|gate| gate.service != other.service || gate.object != other.object)
            && !same_service(gate.as_ref(), other)
    };
    let others = if is_proven { Vec::new() } else { candidates.filter(rivals).collect() };
    Choice { gate, fit, others, gates }
}

fn same_service(gate: Option<&Gate>, other: &Gate) -> bool {
    let service = gate.and_then(|gate| gate.service.as_ref());
    service.is_some_and(|service| other.service.as_ref().is_some_and(|other| other.key == service.key))
}

/// The way that the user chose.
pub fn told(world: &World, via: &ObjectRef) -> Option<Gate> {
    let record = world.get(via)?;
    match via.kind {
        SERVICE => gate::of_service(world, record),
        GATEWAY => Some(gate::gateway(record)),
        DEPLOYMENT | DAEMON_SET | STATEFUL_SET => {
            controller::of_workload(world, record, None).and_then(|controller| gate::alone(world, controller))
        }
        _ => None,
    }
}

/// Load balancers that the provider made for Ingresses, which no Service stands for.
fn clouds(world: &World, claims: &Claims, gates: &[Gate]) -> Vec<Gate> {
    let known: Vec<Place> = gates.iter().flat_map(|gate| gate.places.iter().cloned()).collect();
    let is_cloud = |ingress: &&Arc<Record>| {
        let places = facts::ingress(ingress).map_or_else(Vec::new, |facts| gate::places(&facts.addresses));
        let is_other = !places.iter().any(|place| known.contains(place) || is_this_machine(place));
        !places.is_empty() && is_other && !has_balancer(world, gates, ingress)
    };
    let running = |ingress: &Arc<Record>| {
        gates.iter().find_map(|gate| match &gate.behind {
            Behind::Controller(controller) if controller::takes(world, controller, ingress) => Some(controller.clone()),
            _ => None,
        })
    };
    let cloud = |ingress: &Arc<Record>| {
        let assumed = || Box::new(controller::for_ingresses(world, std::slice::from_ref(ingress)));
        let behind = Behind::Controller(running(ingress).unwrap_or_else(assumed));
        let places = facts::ingress(ingress).map_or_else(Vec::new, |facts| gate::places(&facts.addresses)).into();
        let (object, protocol) = (ingress.clone(), Protocol::Tcp);
        Gate { shape: Shape::Cloud, object, service: None, behind, places, protocol }
    };
    claims.ingresses.iter().filter(is_cloud).map(cloud).collect()
}

/// Whether the controller that takes an Ingress has a load balancer of its own: then a status may only be an old one.
fn has_balancer(world: &World, gates: &[Gate], ingress: &Record) -> bool {
    let is_own = |gate: &Gate| match &gate.behind {
        Behind::Controller(controller) => controller::takes(world, controller, ingress),
        _ => false,
    };
    gates.iter().any(|gate| matches!(gate.shape, Shape::LoadBalancer | Shape::ExternalIp) && is_own(gate))
}

/// `localhost` in a status means that nothing was published.
fn is_this_machine(place: &Place) -> bool {
    match place {
        Place::Address(address) => address.is_loopback(),
        Place::Name(name) => name == "localhost",
    }
}

/// How somebody behind a way speaks for a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// Not at all.
    None,
    /// A listener would take it.
    Listener,
    /// A rule or a route lists it.
    Rule,
}

/// How well a way fits a request; the first that differs counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    serves: bool,
    claims: Voice,
    /// How much of the request's path they speak for.
    path: usize,
    has_address: bool,
    shape: Shape,
    /// Older before younger, then by name.
    age: Reverse<(bool, Option<crate::wire::Timestamp>, ObjectRef)>,
}

fn rank(world: &World, gate: &Gate, request: &Request, claims: &Claims) -> Rank {
    let created = gate.object.meta.created;
    Rank {
        serves: gate.serves(request.port),
        claims: speaks_for(world, gate, request, claims),
        path: fitness::behind(world, gate, request, claims),
        has_address: !gate.places.is_empty(),
        shape: gate.shape,
        age: Reverse((created.is_none(), created, gate.object.key.clone())),
    }
}

/// How somebody behind a way speaks for the host.
pub fn speaks_for(world: &World, gate: &Gate, request: &Request, claims: &Claims) -> Voice {
    let is_listed = match &gate.behind {
        Behind::Controller(controller) => {
            let own = |ingress: &Arc<Record>| gate.shape != Shape::Cloud || ingress.key == gate.object.key;
            let mut ingresses = claims.ingresses.iter().filter(|ingress| own(ingress));
            let is_own = ingresses.any(|ingress| controller::takes(world, controller, ingress));
            is_own || controller.flavour == Flavour::Traefik && !claims.traefik.is_empty()
        }
        Behind::Gateway(gateway) => claims.gateways.contains(gateway),
        Behind::Pods => false,
    };
    // A listener that would take it says nothing of a host that an Ingress names: who serves that one is asked first.
    let is_named = !claims.ingresses.is_empty() || !claims.traefik.is_empty();
    let hears = !is_named && matches!(&gate.behind, Behind::Gateway(gateway) if claims.listeners.contains(gateway));
    if is_listed || claims::publishes(&gate.object, request.name()) {
        return Voice::Rule;
    }
    if hears { Voice::Listener } else { Voice::None }
}

/// How what DNS says of a name fits the addresses of the cluster.
pub fn fit(world: &World, found: &Resolution, gates: &[Gate]) -> Fit {
    if let Some(cdn) = found.names.iter().skip(1).find_map(|name| cdn_of_name(name)) {
        return Fit::Hidden(cdn);
    }
    // A name that a status publishes needs no address.
    let is_published = |name: &String| gates.iter().any(|gate| gate.places.contains(&Place::Name(name.clone())));
    let End::Addresses(addresses) = &found.end else {
        return if found.names.iter().any(is_published) { Fit::Ours } else { Fit::NoAddress };
    };
    let known = comparable(world, gates);
    let stale: Vec<IpAddr> = addresses.iter().copied().filter(|address| !known.contains(address)).collect();
    if stale.is_empty() || found.names.iter().any(is_published) {
        return Fit::Ours;
    }
    if stale.len() < addresses.len() {
        return Fit::Partly(stale);
    }
    if let Some(cdn) = addresses.iter().find_map(|address| cdn_of(*address)) {
        return Fit::Hidden(cdn);
    }
    let is_read = |gate: &Gate| gate.places.iter().all(|place| !addresses_of(world, place).is_empty());
    let mut open = gates.iter().filter(|gate| gate.is_published()).peekable();
    let is_incomparable = open.peek().is_none() || !open.all(is_read) || addresses.iter().all(IpAddr::is_loopback);
    // Behind a router the world knows a private address by another one.
    let is_translated = known.iter().all(|own| is_private(*own)) && !addresses.iter().all(|own| is_private(*own));
    if is_incomparable || is_translated {
        return Fit::Incomparable;
    }
    Fit::Elsewhere
}

/// Every address of the cluster.
fn comparable(world: &World, gates: &[Gate]) -> Vec<IpAddr> {
    gates.iter().flat_map(|gate| gate.places.iter()).flat_map(|place| addresses_of(world, place)).collect()
}

/// The addresses of a place; empty where its name does not resolve.
pub fn addresses_of(world: &World, place: &Place) -> Vec<IpAddr> {
    match place {
        Place::Address(address) => vec![*address],
        Place::Name(name) => dns::resolve(world, name).addresses().to_vec(),
    }
}

/// Whether DNS leads to a way. Ports of nodes count only where the request asks for them, for all share the addresses.
fn leads_to(world: &World, found: &Resolution, gate: &Gate, port: u16) -> bool {
    if matches!(gate.shape, Shape::NodePort | Shape::HostPort) && !gate.serves(port) {
        return false;
    }
    gate.places.iter().any(|place| match place {
        Place::Name(name) if found.names.contains(name) => true,
        place => addresses_of(world, place).iter().any(|address| found.addresses().contains(address)),
    })
}
