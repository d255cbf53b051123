//! The slices of a Service as its controller would write them, for pods and a selector that nobody has yet.

use super::Behind;
use super::pods::Pods;
use crate::kinds::endpoint_slice::facts::{EndpointPort, EndpointSliceFacts, EndpointTarget};
use crate::kinds::endpoint_slice::{Endpoint, SERVICE_LABEL};
use crate::kinds::pod::facts::{PodFacts, Protocol};
use crate::kinds::service::{PortRef, ServiceFacts};
use crate::kinds::{Digest, ENDPOINT_SLICE, Facts, Meta, ObjectRef, POD, Record};
use crate::model::Supposed;
use crate::view::reverse::reach::selects;
use crate::view::rollout::history::is_ready;
use crate::view::trace::facts;
use crate::view::trace::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What becomes of one Service.
pub struct Rebuilt {
    /// Its slices.
    pub supposed: Vec<Supposed>,
    /// How many endpoints are ready.
    pub behind: Behind,
    /// Whether it leads to other ports.
    pub has_other_ports: bool,
}

/// The slices of a Service as they would be: `then` is the Service as it would be, none where it would be gone.
pub fn rebuilt(world: &World, now: &Record, then: Option<&Record>, pods: &Pods) -> Rebuilt {
    let namespace = now.key.namespace.as_deref().unwrap_or_default();
    let label = (Arc::from(SERVICE_LABEL), Arc::clone(&now.key.name));
    let slices = world.labelled(ENDPOINT_SLICE, namespace, &[label]);
    let before: Vec<&EndpointSliceFacts> = slices.iter().filter_map(|slice| facts::endpoint_slice(slice)).collect();
    let now_ready = ready(before.iter().copied());
    let mut rebuilt = Rebuilt {
        supposed: Vec::new(),
        behind: Behind {
            service: now.key.clone(),
            now: now_ready,
            then: now_ready,
            least: now_ready.saturating_sub(missing(now, pods)),
            is_gone: then.is_none(),
        },
        has_other_ports: false,
    };
    let Some(then) = then else {
        rebuilt.supposed = slices.iter().map(|slice| (slice.key.clone(), None)).collect();
        (rebuilt.behind.then, rebuilt.behind.least) = (0, 0);
        return rebuilt;
    };
    // Where it selects nobody, somebody else writes the slices.
    let Some(service) = facts::service(then).filter(|facts| !facts.selector.is_empty()) else { return rebuilt };
    rebuilt.has_other_ports = !same_ports(now, then);
    let chosen = chosen(world, then, pods);
    let mut all: Vec<(ObjectRef, Meta, EndpointSliceFacts)> = slices
        .iter()
        .filter_map(|slice| Some((slice.key.clone(), slice.meta.clone(), facts::endpoint_slice(slice)?.clone())))
        .collect();
    if all.is_empty() {
        all.push(first(then));
    }
    for (_, _, slice) in &mut all {
        slice.endpoints = slice.endpoints.iter().filter(|endpoint| stays(endpoint, &chosen)).cloned().collect();
        if rebuilt.has_other_ports || !pods.changed.is_empty() {
            slice.ports = ports(service, &chosen, &slice.ports);
        }
    }
    add(&mut all, service, &chosen);
    rebuilt.behind.then = ready(all.iter().map(|(_, _, slice)| slice));
    rebuilt.behind.least = rebuilt.behind.least.min(rebuilt.behind.then);
    rebuilt.supposed.extend(all.into_iter().map(|(key, meta, slice)| {
        let digest = Digest { facts: Facts::EndpointSlice(Box::new(slice)), ..Digest::default() };
        (key.clone(), Some(Arc::new(Record { key, meta, digest })))
    }));
    rebuilt
}

/// Whether two versions of a Service lead to the same ports.
fn same_ports(one: &Record, other: &Record) -> bool {
    facts::service(one).map(|facts| &facts.ports) == facts::service(other).map(|facts| &facts.ports)
}

/// How many ready endpoints are missing at most while pods are replaced.
fn missing(service: &Record, pods: &Pods) -> usize {
    let of = |(pods, missing): &(Vec<Arc<Record>>, usize)| {
        let is_its = |pod: &&Arc<Record>| selects(service, &pod.meta.labels) && is_ready(pod);
        pods.iter().filter(is_its).count().min(*missing)
    };
    pods.rolling.iter().map(of).sum()
}

/// The pods that the Service would select.
fn chosen(world: &World, service: &Record, pods: &Pods) -> Vec<Arc<Record>> {
    let namespace = service.key.namespace.as_deref().unwrap_or_default();
    let selector = facts::service(service).map_or(&[][..], |facts| &facts.selector);
    let now = world.labelled(POD, namespace, selector).into_iter().filter(|pod| !pods.changed.contains_key(&pod.key));
    let new = pods
        .changed
        .values()
        .flatten()
        .filter(|pod| pod.key.namespace == service.key.namespace && selects(service, &pod.meta.labels));
    let takes = |pod: &&Arc<Record>| facts::pod(pod).is_some_and(|pod| !pod.ended() && !pod.ips.is_empty());
    now.chain(new).filter(takes).cloned().collect()
}

/// Whether an endpoint is one of these pods, or of something else than a pod.
fn stays(endpoint: &Endpoint, chosen: &[Arc<Record>]) -> bool {
    let Some(target) = endpoint.target.as_ref().filter(|target| *target.kind == *"Pod") else { return true };
    let pod = chosen.iter().find(|pod| pod.key.name == target.name);
    // One that changes its address is written anew.
    let has_address = |pod: &&Arc<Record>| {
        let ips = facts::pod(pod).map_or(&[][..], |pod| &pod.ips);
        endpoint.addresses.iter().any(|address| ips.iter().any(|ip| ip.to_string() == **address))
    };
    pod.as_ref().is_some_and(has_address)
}

/// Adds the pods that no slice lists yet.
fn add(all: &mut [(ObjectRef, Meta, EndpointSliceFacts)], service: &ServiceFacts, chosen: &[Arc<Record>]) {
    let listed: BTreeSet<Arc<str>> = all
        .iter()
        .flat_map(|(_, _, slice)| slice.endpoints.iter())
        .filter_map(|endpoint| endpoint.target.as_ref().map(|target| Arc::clone(&target.name)))
        .collect();
    let new = chosen.iter().filter(|pod| !listed.contains(&pod.key.name));
    let new: Vec<(&Arc<Record>, &PodFacts)> = new.filter_map(|pod| Some((pod, facts::pod(pod)?))).collect();
    for (pod, facts) in new {
        let ready = facts.ready || service.publish_not_ready;
        let slice = all.iter_mut().find(|(_, _, slice)| {
            let is_six = *slice.address_type == *"IPv6";
            facts.ips.iter().any(|ip| ip.is_ipv6() == is_six)
        });
        let Some((_, _, slice)) = slice else { continue };
        let is_six = *slice.address_type == *"IPv6";
        let address = facts.ips.iter().find(|ip| ip.is_ipv6() == is_six).map(|ip| Arc::from(ip.to_string()));
        let mut endpoints = slice.endpoints.to_vec();
        endpoints.push(Endpoint {
            addresses: address.into_iter().collect(),
            ready,
            serving: ready,
            terminating: false,
            is_told: true,
            target: Some(EndpointTarget {
                kind: Arc::from("Pod"),
                namespace: pod.key.namespace.clone(),
                name: Arc::clone(&pod.key.name),
                uid: Arc::clone(&pod.meta.uid),
            }),
            node: facts.node.clone(),
            zone: None,
            hostname: None,
            for_zones: Box::default(),
            for_nodes: Box::default(),
        });
        slice.endpoints = endpoints.into();
    }
}

/// The ports of the Service at its pods; one that no pod has by its name leads nowhere.
fn ports(service: &ServiceFacts, chosen: &[Arc<Record>], own: &[EndpointPort]) -> Box<[EndpointPort]> {
    // With nobody behind it, a slice keeps no ports that mean anything.
    if chosen.is_empty() {
        return own.into();
    }
    let number = |port: &PortRef, protocol: &str| match port {
        PortRef::Number(number) => Some(*number),
        PortRef::Name(name) => {
            let found = chosen.iter().find_map(|pod| facts::pod(pod)?.port(name, Protocol::of(protocol)));
            found.map(i32::from)
        }
    };
    let all = service.ports.iter().filter_map(|port| {
        let number = number(&port.target, &port.protocol)?;
        let (name, protocol) = (Arc::clone(&port.name), Arc::clone(&port.protocol));
        Some(EndpointPort { name, protocol, port: Some(number), app_protocol: port.app_protocol.clone() })
    });
    all.collect()
}

/// The first slice of a Service that had none.
fn first(service: &Record) -> (ObjectRef, Meta, EndpointSliceFacts) {
    let namespace = service.key.namespace.as_deref().unwrap_or_default();
    let key = ObjectRef::new(ENDPOINT_SLICE, namespace, &format!("{}-new", service.key.name));
    let label = (Arc::from(SERVICE_LABEL), Arc::clone(&service.key.name));
    let meta = Meta { labels: Arc::new([label]), ..Meta::default() };
    let slice = EndpointSliceFacts {
        service: Some(Arc::clone(&service.key.name)),
        address_type: Arc::from("IPv4"),
        ..EndpointSliceFacts::default()
    };
    (key, meta, slice)
}

/// How many different endpoints are ready. One without ports takes nothing.
fn ready<'a>(slices: impl Iterator<Item = &'a EndpointSliceFacts>) -> usize {
    let endpoints = slices.filter(|slice| !slice.ports.is_empty()).flat_map(|slice| slice.endpoints.iter());
    let names = endpoints.filter(|endpoint| endpoint.ready).filter_map(|endpoint| {
        endpoint.target.as_ref().map(|target| Arc::clone(&target.name)).or_else(|| endpoint.addresses.first().cloned())
    });
    names.collect::<BTreeSet<_>>().len()
}
