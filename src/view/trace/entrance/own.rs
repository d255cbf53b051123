//! Addresses that are the cluster's own and yet no way in: those of its nodes and of its pods.

use crate::kinds::{NODE, ObjectRef, POD, Record, SERVICE};
use crate::view::trace::entrance::dns::{End, Resolution};
use crate::view::trace::facts;
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::world::World;
use std::net::IpAddr;
use std::sync::Arc;

/// Whose address it is, and what that says of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The node or the pod.
    pub object: ObjectRef,
    /// `198.51.100.11 is an address of Node n1`.
    pub says: String,
    /// What becomes of the request, as far as it can be told.
    pub detail: String,
}

/// Finds the node or the pod with the address that a request is sent to; none where it is nobody's.
pub fn of(world: &World, request: &Request, found: &Resolution) -> Option<Own> {
    let End::Addresses(addresses) = &found.end else { return None };
    addresses.iter().find_map(|address| node(world, request, *address).or_else(|| pod(world, request, *address)))
}

fn node(world: &World, request: &Request, address: IpAddr) -> Option<Own> {
    let has = |(_, value): &(Arc<str>, Arc<str>)| value.parse() == Ok(address);
    let node = world.of(NODE).find(|node| facts::node(node).is_some_and(|facts| facts.addresses.iter().any(has)))?;
    let says = format!("{address} is an address of {}", world.title(&node.key));
    let port = request.port;
    let missing = world.known(SERVICE, None).missing("services").map(|missing| format!(" ({missing})"));
    let detail = format!(
        "{says}, and no Service has port {port} there{}: unless a process of the node listens on it, the connection is refused",
        missing.unwrap_or_default()
    );
    Some(Own { object: node.key.clone(), says, detail })
}

fn pod(world: &World, request: &Request, address: IpAddr) -> Option<Own> {
    let has =
        |pod: &&Arc<Record>| facts::pod(pod).is_some_and(|facts| !facts.host_network && facts.ips.contains(&address));
    let pod = world.of(POD).find(has)?;
    let says = format!("{address} is the address of {}", world.title(&pod.key));
    let what = match request.vantage {
        Vantage::External => {
            "from outside of the cluster most networks lead nobody there; from inside (--from-namespace) it goes to the pod"
        }
        Vantage::Namespace(_) | Vantage::Pod { .. } => {
            "the connection goes to that pod and past every Service; follow a Service in front of it to see more"
        }
    };
    let detail = format!("{says}: {what}");
    Some(Own { object: pod.key.clone(), says, detail })
}
