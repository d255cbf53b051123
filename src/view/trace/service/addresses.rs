//! Addresses in slices: who wrote them, which nobody may list, and which belong to nobody.

use crate::kinds::{NODE, POD, Record};
use crate::view::trace::facts;
use crate::view::trace::service::call::Call;
use crate::view::trace::world::{Known, World};
use crate::wire::ranges::contains;
use std::net::IpAddr;

/// The label that says who writes a slice.
const MANAGER: &str = "endpointslice.kubernetes.io/managed-by";
/// The controller that writes the slices of Services with a selector.
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// Why an address must not stand in a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bad {
    /// It is the caller's own.
    Loopback,
    /// It is only known on its own link.
    LinkLocal,
    /// It is the address of a Service: `shop/web`.
    ClusterIp(String),
    /// It is no address at all.
    Name,
}

/// Whether the endpoints controller writes a slice.
pub fn is_managed(slice: &Record) -> bool {
    slice.meta.label(MANAGER).is_some_and(|manager| **manager == *CONTROLLER)
}

/// What is wrong with an address.
pub fn bad(world: &World, address: &str) -> Option<Bad> {
    let Ok(ip) = address.parse::<IpAddr>() else { return Some(Bad::Name) };
    if ip.is_loopback() || ip.is_unspecified() {
        return Some(Bad::Loopback);
    }
    let is_link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.segments()[0] & 0xffc0 == 0xfe80,
    };
    if is_link_local {
        return Some(Bad::LinkLocal);
    }
    let owner = world.by_cluster_ip(ip)?;
    Some(Bad::ClusterIp(format!("{}/{}", owner.key.namespace.as_deref().unwrap_or(""), owner.key.name)))
}

impl Bad {
    /// Whether requests of this caller do not get there. ingress-nginx dials what a slice lists, so that the address of
    /// a Service works for it, and for nobody else; Traefik looks names up.
    pub fn stops(&self, call: &Call) -> bool {
        match self {
            Self::ClusterIp(_) => !call.is_nginx(),
            Self::Name => call.by_address || !call.is_traefik(),
            Self::Loopback | Self::LinkLocal => true,
        }
    }

    /// What it is, for a sentence.
    pub fn text(&self) -> String {
        match self {
            Self::Loopback => "a loopback address".to_owned(),
            Self::LinkLocal => "a link-local address".to_owned(),
            Self::ClusterIp(service) => format!("the address of Service {service}"),
            Self::Name => "a name, where an address must stand".to_owned(),
        }
    }
}

/// Whether an address that is no pod's lies where only pods have addresses.
pub fn is_orphan(world: &World, address: &str) -> bool {
    let Ok(ip) = address.parse::<IpAddr>() else { return false };
    let nodes: Vec<_> = world.of(NODE).filter_map(|node| facts::node(node)).collect();
    if !nodes.iter().flat_map(|node| &node.pod_cidrs).any(|range| contains(range, ip)) {
        return false;
    }
    let is_whole = matches!(world.known(POD, None), Known::Whole | Known::Absent);
    is_whole && !world.of(POD).any(|pod| facts::pod(pod).is_some_and(|facts| facts.ips.contains(&ip)))
}
