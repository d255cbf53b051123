//! Names that only the cluster's own DNS knows: `web.shop.svc.cluster.local`, and what search paths make of `web`.

use crate::kinds::endpoint_slice::{Endpoint, SERVICE_LABEL};
use crate::kinds::{CONFIG_MAP, ENDPOINT_SLICE, NAMESPACE, ObjectRef, POD, Record, SERVICE, STATEFUL_SET, Selector};
use crate::view::trace::body;
use crate::view::trace::entrance::gate::{self, Behind};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, dns};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Controller, Door, Entrance};
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::world::{Known, World};
use std::net::IpAddr;
use std::sync::Arc;

/// The domain of a cluster that does not say.
const DOMAIN: &str = "cluster.local";

/// Enters by a name or an address of the cluster's own; none where the host is none.
pub fn enter(world: &World, request: &Request) -> Option<Entrance> {
    let mut only = None;
    let key = if let Ok(address) = request.host.parse::<IpAddr>() {
        by_address(world, &address.to_string())?
    } else {
        match by_name(world, request)? {
            Name::Service(namespace, name) => ObjectRef::new(SERVICE, &namespace, &name),
            Name::Endpoint(namespace, name, own) => {
                let key = ObjectRef::new(SERVICE, &namespace, &name);
                let found = endpoint(world, &namespace, &name, &own);
                let is_told = world.known(ENDPOINT_SLICE, Some(&namespace)) == Known::Whole && !world.is_files();
                let (found, is_told) =
                    if is_told { (found, true) } else { made(world, &key, &own).unwrap_or((found, false)) };
                if found.is_none() && is_told {
                    return Some(nobody(world, request, &key, &own));
                }
                only = found.filter(|address| !address.is_empty());
                key
            }
            Name::Nothing => {
                let hops =
                    vec![Hop::new(HopKind::Dns, format!("{} has more labels than names in the cluster", request.host))];
                let outcome = Outcome::DnsError("no Service and no pod has such a name".to_owned());
                return Some(Entrance { hops, door: Door::Closed(outcome), side: Vec::new() });
            }
            Name::Pod(text) => {
                let hops = vec![Hop::new(HopKind::Dns, format!("{} is the name of a pod's address", request.host))];
                return Some(Entrance { hops, door: Door::Closed(Outcome::Unknown(text)), side: Vec::new() });
            }
        }
    };
    let record = world.get(&key);
    let summary = format!("{} stands for {} in the cluster's own DNS", request.host, world.title(&key));
    let sure = if record.is_some() { Confidence::Proven } else { Confidence::Inferred };
    let hop = Hop::new(HopKind::Dns, summary).at(&key).sure(sure);
    let door = controller(world, request, &key).unwrap_or_else(|| Door::Service {
        namespace: key.namespace.clone().unwrap_or_default(),
        name: key.name.clone(),
        port: request.port,
        only,
    });
    Some(Entrance { hops: vec![hop], door, side: Vec::new() })
}

/// A controller answers by the Host header: where one was given, its rules are meant and not its pods.
fn controller(world: &World, request: &Request, key: &ObjectRef) -> Option<Door> {
    request.host_header.as_ref().filter(|host| **host != request.host)?;
    let service = world.get(key)?;
    match gate::behind(world, service, facts::service(service)?) {
        Behind::Controller(controller) => {
            Some(Door::Controller(Box::new(Controller { port: request.port, ..*controller })))
        }
        Behind::Gateway(gateway) => Some(Door::Gateway { gateway, port: request.port }),
        Behind::Pods => None,
    }
}

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
enum Name {
    /// A Service: namespace and name.
    Service(String, String),
    /// A pod of a Service: namespace, Service, its own name.
    Endpoint(String, String, String),
    /// The address of a pod.
    Pod(String),
    /// Nobody, whatever objects there are.
    Nothing,
}

/// The address of the endpoint with a name of its own: the one that its slice gives it, else its address with dashes.
fn endpoint(world: &World, namespace: &str, service: &str, own: &str) -> Option<Arc<str>> {
    let label = (Arc::from(SERVICE_LABEL), Arc::from(service));
    let slices = world.labelled(ENDPOINT_SLICE, namespace, &[label]);
    let mut endpoints = slices.iter().filter_map(|slice| facts::endpoint_slice(slice)).flat_map(|f| &f.endpoints);
    let is_it = |endpoint: &&Endpoint| match (&endpoint.hostname, endpoint.addresses.first()) {
        (Some(name), _) => name.eq_ignore_ascii_case(own),
        (None, Some(address)) => address.replace(['.', ':'], "-") == *own,
        (None, None) => false,
    };
    endpoints
        .find(|endpoint| endpoint.ready && is_it(endpoint))
        .and_then(|endpoint| endpoint.addresses.first().cloned())
}

/// What files say of the pod of a StatefulSet that has this name, where slices were not given: its address, empty where only
/// the StatefulSet was given; and that the name is told at all, which it is where a StatefulSet stands behind the Service.
fn made(world: &World, service: &ObjectRef, own: &str) -> Option<(Option<Arc<str>>, bool)> {
    let namespace = service.namespace.as_deref().unwrap_or("");
    let read = facts::service(world.get(service)?)?;
    let wanted = Selector { equals: read.selector.clone(), requirements: Box::default() };
    let sets = world.in_namespace(STATEFUL_SET, namespace).into_iter();
    let is_behind = |set: &&Arc<Record>| body::template(set).is_some_and(|template| wanted.matches(&template.labels));
    let sets: Vec<&Arc<Record>> = sets.filter(is_behind).collect();
    if read.selector.is_empty() || sets.is_empty() {
        return None;
    }
    let makes = |set: &&Arc<Record>| {
        let facts = facts::stateful_set(set)?;
        let number: u32 = own.strip_prefix(&*set.key.name)?.strip_prefix('-')?.parse().ok()?;
        let is_its = facts.service.as_ref() == Some(&service.name) && number < body::desired(set).unwrap_or(1);
        is_its.then_some(())
    };
    if !sets.iter().any(|set| makes(set).is_some()) {
        return Some((None, true));
    }
    let Some(pod) = world.named(POD, namespace, own) else { return Some((Some(Arc::from("")), true)) };
    let facts = facts::pod(pod)?;
    let is_there = facts.ready || read.publish_not_ready;
    Some((facts.ips.first().filter(|_| is_there).map(|ip| Arc::from(ip.to_string())), true))
}

/// The Service below which a StatefulSet gives its pods such names, where it is another one.
fn below(world: &World, service: &ObjectRef, own: &str) -> String {
    let sets = world.in_namespace(STATEFUL_SET, service.namespace.as_deref().unwrap_or("")).into_iter();
    let mut sets = sets.filter(|set| own.strip_prefix(&*set.key.name).is_some_and(|rest| rest.starts_with('-')));
    let other = sets.find_map(|set| {
        let name = facts::stateful_set(set)?.service.clone().filter(|name| *name != service.name)?;
        Some(format!(" ({} names its pods below Service {name}, its serviceName)", world.title(&set.key)))
    });
    other.unwrap_or_default()
}

/// No endpoint that takes requests has this name.
fn nobody(world: &World, request: &Request, key: &ObjectRef, own: &str) -> Entrance {
    let why = format!("no endpoint of {} that is ready is called {own}", world.title(key));
    let finding = Finding::of(&dns::DNS_NXDOMAIN).object("service", key).word("host", &request.host).word(
        "wanted",
        format!("a ready pod of {}, which has none called {own}{}", world.title(key), below(world, key, own)),
    );
    let hop = Hop::new(HopKind::Dns, format!("{}: {why}", request.host)).at(key);
    let hop = hop.with(finding.fact(Some(key.clone()), "endpoints by this name", "none"));
    Entrance { hops: vec![hop], door: Door::Closed(Outcome::DnsError(why)), side: Vec::new() }
}

fn by_name(world: &World, request: &Request) -> Option<Name> {
    let own = match &request.vantage {
        Vantage::External => None,
        Vantage::Namespace(namespace) | Vantage::Pod { namespace, .. } => Some(namespace),
    };
    let host = domains(world).iter().find_map(|domain| {
        let front = request.host.strip_suffix(domain.as_ref())?.strip_suffix('.')?;
        Some(front.to_owned())
    });
    let is_whole = host.is_some();
    let host = host.unwrap_or_else(|| request.host.clone());
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        [name, namespace, "svc"] => Some(Name::Service((*namespace).to_owned(), (*name).to_owned())),
        [own, name, namespace, "svc"] => {
            Some(Name::Endpoint((*namespace).to_owned(), (*name).to_owned(), (*own).to_owned()))
        }
        [.., "svc"] if 4 < labels.len() && (is_whole || own.is_some()) => Some(Name::Nothing),
        [_, _, "pod"] if is_whole || own.is_some() => Some(Name::Pod(format!("{host} is the address of a pod"))),
        _ if is_whole => None,
        [name] => own.map(|namespace| Name::Service(namespace.to_string(), (*name).to_owned())),
        [name, namespace] if own.is_some() && is_namespace(world, name, namespace) => {
            Some(Name::Service((*namespace).to_owned(), (*name).to_owned()))
        }
        [pod, name] => own
            .filter(|own| world.named(SERVICE, own, name).is_some())
            .map(|namespace| Name::Endpoint(namespace.to_string(), (*name).to_owned(), (*pod).to_owned())),
        [pod, name, namespace] if own.is_some() && world.named(SERVICE, namespace, name).is_some() => {
            Some(Name::Endpoint((*namespace).to_owned(), (*name).to_owned(), (*pod).to_owned()))
        }
        _ => None,
    }
}

/// Whether the second label of a short name is a namespace: it is one, or it holds such a Service.
fn is_namespace(world: &World, name: &str, namespace: &str) -> bool {
    let key = ObjectRef { kind: NAMESPACE, namespace: None, name: Arc::from(namespace) };
    world.get(&key).is_some() || world.named(SERVICE, namespace, name).is_some()
}

/// The domains of the cluster, as CoreDNS is told.
pub fn domains(world: &World) -> Vec<Arc<str>> {
    let corefile = world.named(CONFIG_MAP, "kube-system", "coredns").and_then(|map| facts::config_map(map));
    let told = corefile.map_or(&[][..], |facts| &facts.cluster_domains);
    if told.is_empty() { vec![Arc::from(DOMAIN)] } else { told.to_vec() }
}

/// The Service with this address of its own.
fn by_address(world: &World, address: &str) -> Option<ObjectRef> {
    world.by_cluster_ip(address.parse().ok()?).map(|service| service.key.clone())
}
