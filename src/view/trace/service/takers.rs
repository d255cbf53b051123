//! Who would take the request: the endpoints of a Service as this caller reads them.

use crate::kinds::endpoint_slice::{Endpoint, EndpointPort, EndpointSliceFacts};
use crate::kinds::service::{PortRef, ServicePort};
use crate::kinds::{ObjectRef, POD, Record};
use crate::view::trace::body::{self, Body};
use crate::view::trace::facts;
use crate::view::trace::outcome;
use crate::view::trace::service::addresses;
use crate::view::trace::service::call::Call;
use crate::view::trace::service::chain::Goal;
use crate::view::trace::service::crowd::{self, Crowd};
use crate::view::trace::service::taker::Taker;
use crate::view::trace::service::{ports, zones};
use crate::view::trace::world::{Known, World};
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

/// How many pods a template stands for at most; more would say nothing new.
const MOST: u32 = 100;

/// All endpoints, and where they were read.
pub struct Takers {
    /// The endpoints.
    pub list: Vec<Taker>,
    /// Where they come from.
    pub source: Source,
    /// Slices of which no port fits.
    pub misnamed: Vec<Arc<Record>>,
    /// Slices of an address family that the Service does not have.
    pub foreign: Vec<Arc<Record>>,
}

/// Where endpoints were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In slices.
    Slices,
    /// Off pods: what the endpoints controller would write.
    Pods,
}

/// The endpoints as the caller reads them.
pub fn find(call: &Call, goal: &Goal, crowd: &Crowd) -> Takers {
    let readable = matches!(crowd.slices_known, Known::Whole | Known::Absent);
    let told = !crowd.slices.is_empty() || (readable && !call.world.is_files());
    if told { from_slices(call, goal, crowd) } else { from_pods(call, goal, crowd) }
}

fn from_slices(call: &Call, goal: &Goal, crowd: &Crowd) -> Takers {
    let mut takers = Takers { list: Vec::new(), source: Source::Slices, misnamed: Vec::new(), foreign: Vec::new() };
    for slice in &crowd.slices {
        let Some(facts) = facts::endpoint_slice(slice) else { continue };
        if is_foreign(call, goal, facts) {
            if !facts.endpoints.is_empty() {
                takers.foreign.push((*slice).clone());
            }
            continue;
        }
        let ports = ports_of(call, goal, facts);
        if ports.is_empty() && !facts.endpoints.is_empty() {
            takers.misnamed.push((*slice).clone());
        }
        for port in ports {
            let list = facts.endpoints.iter().filter(|endpoint| is_meant(goal, endpoint));
            let list = list.filter_map(|endpoint| taker(call, crowd, (slice, endpoint), port));
            takers.list.extend(list);
        }
    }
    fall_back(call, goal, &mut takers.list);
    zones::keep(call, goal, &mut takers.list);
    takers
}

/// Whether an endpoint is the one whose own name led here, where one did.
fn is_meant(goal: &Goal, endpoint: &Endpoint) -> bool {
    goal.only.as_ref().is_none_or(|only| endpoint.hostname.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(only)))
}

/// A Service ignores slices of another address family, and each of its addresses those of the other one. ingress-nginx dials
/// what a slice lists, of whatever family.
fn is_foreign(call: &Call, goal: &Goal, slice: &EndpointSliceFacts) -> bool {
    let is_address = matches!(&*slice.address_type, "IPv4" | "IPv6");
    let families = goal.families(call);
    is_address && !call.is_nginx() && !families.is_empty() && !families.contains(&slice.address_type)
}

/// The ports of a slice that belong to the port of the Service.
fn ports_of(call: &Call, goal: &Goal, slice: &EndpointSliceFacts) -> Vec<u16> {
    let wanted = &goal.chosen.port;
    if goal.facts.is_headless() && (call.is_direct() || goal.bridged) {
        // A name gives addresses, whatever their ports are.
        return vec![goal.dialled];
    }
    let number = |port: Option<i32>| u16::try_from(port.unwrap_or(0)).ok().filter(|port| *port != 0);
    let by_target = match wanted.target {
        PortRef::Number(target) => number(Some(target)),
        PortRef::Name(_) => None,
    };
    if slice.ports.is_empty() {
        return by_target.into_iter().filter(|_| call.is_nginx()).collect();
    }
    let mut found: Vec<u16> = Vec::new();
    for port in slice.ports.iter().filter(|port| port.protocol == wanted.protocol) {
        let fits = port.name == wanted.name || (call.is_nginx() && wanted.name.is_empty());
        let fitting = if fits { number(port.port).or(by_target) } else { None };
        // ingress-nginx takes the pods' port by number where the names differ.
        found.extend(fitting.or(by_target.filter(|_| call.is_nginx())));
    }
    found.dedup();
    found
}

/// Whether a slice has the port under the name that kube-proxy wants.
pub fn is_named_right(wanted: &ServicePort, ports: &[EndpointPort]) -> bool {
    ports.iter().any(|port| port.name == wanted.name && port.protocol == wanted.protocol)
}

fn taker(call: &Call, crowd: &Crowd, (slice, endpoint): (&Arc<Record>, &Endpoint), port: u16) -> Option<Taker> {
    let address = endpoint.addresses.first()?;
    // Traefik takes only what says so, and sends nobody new to those that are going away; where kube-proxy stands between
    // it does not ask.
    let is_picky = !call.by_address && call.is_traefik();
    let ready = endpoint.ready && (!is_picky || endpoint.is_told && !endpoint.terminating);
    let is_barred =
        !addresses::is_managed(slice) && addresses::bad(call.world, address).is_some_and(|bad| bad.stops(call));
    Some(Taker {
        address: Some(address.clone()),
        port,
        ready: ready && !is_barred,
        serving: endpoint.serving,
        terminating: endpoint.terminating,
        body: pod_behind(call.world, crowd, slice, endpoint),
        node: endpoint.node.clone(),
        hints: (endpoint.for_zones.clone(), endpoint.for_nodes.clone()),
        slice: Some(slice.clone()),
    })
}

fn pod_behind(world: &World, crowd: &Crowd, slice: &Record, endpoint: &Endpoint) -> Option<Arc<Record>> {
    if let Some(target) = endpoint.target.as_ref().filter(|target| *target.kind == *"Pod") {
        let namespace = target.namespace.as_deref().or(slice.key.namespace.as_deref()).unwrap_or("");
        return world.named(POD, namespace, &target.name).cloned();
    }
    let address: IpAddr = endpoint.addresses.first()?.parse().ok()?;
    let has = |pod: &&&Arc<Record>| facts::pod(pod).is_some_and(|facts| facts.ips.contains(&address));
    crowd.pods.iter().find(has).map(|pod| (*pod).clone())
}

/// kube-proxy takes those that shut down where nobody else is left.
fn fall_back(call: &Call, goal: &Goal, list: &mut [Taker]) {
    // A name without an address of its own leads to pods that are ready, and kube-proxy has no part in it.
    if call.by_address && !goal.facts.is_headless() && !list.iter().any(|taker| taker.ready) {
        for taker in list.iter_mut().filter(|taker| taker.serving && taker.terminating) {
            taker.ready = true;
        }
    }
}

fn from_pods(call: &Call, goal: &Goal, crowd: &Crowd) -> Takers {
    let (world, mut list) = (call.world, Vec::new());
    let port = |record: &Record| {
        let body = Body::of(record)?;
        if goal.facts.is_headless() && (goal.bridged || call.is_direct()) {
            Some(goal.dialled)
        } else {
            ports::resolve(&goal.chosen.port, &body)
        }
    };
    for pod in &crowd.pods {
        let (Some(port), Some(facts)) = (port(pod), facts::pod(pod)) else { continue };
        list.push(Taker {
            address: facts.ips.first().map(|ip| Arc::from(ip.to_string())),
            port,
            ready: crowd::is_ready(world, pod) || goal.facts.publish_not_ready,
            serving: facts.ready,
            terminating: pod.meta.deleted.is_some(),
            body: Some((*pod).clone()),
            node: facts.node.clone(),
            hints: Default::default(),
            slice: None,
        });
    }
    for workload in &crowd.stand_ins {
        let Some(port) = port(workload) else { continue };
        let count = body::desired(workload).unwrap_or(1).min(MOST);
        list.extend((0..count).map(|_| Taker {
            address: None,
            port,
            ready: true,
            serving: true,
            terminating: false,
            body: Some((*workload).clone()),
            node: None,
            hints: Default::default(),
            slice: None,
        }));
    }
    Takers { list, source: Source::Pods, misnamed: Vec::new(), foreign: Vec::new() }
}

impl Takers {
    /// How many take requests.
    pub fn ready(&self) -> usize {
        self.list.iter().filter(|taker| taker.ready).count()
    }

    /// Whose two of those are that take requests, where there are two: nothing stands for an address of somebody else.
    pub fn two(&self) -> Vec<Option<&ObjectRef>> {
        let mut keys = self.list.iter().filter(|taker| taker.ready).map(|taker| Some(&taker.body.as_ref()?.key));
        let Some(first) = keys.next() else { return Vec::new() };
        std::iter::once(first).chain(keys.find(|key| *key != first)).collect()
    }

    /// The pods behind them, each with its port; those that take requests, or all where none does.
    pub fn bodies(&self) -> Vec<(Arc<Record>, u16)> {
        let any = self.ready() != 0;
        // Thousands stand behind one Service.
        let mut known = HashSet::new();
        let taking = self.list.iter().filter(|taker| taker.ready || !any);
        let bodies = taking.filter_map(|taker| Some((taker.body.as_ref()?, taker.port)));
        bodies
            .filter(|(body, port)| known.insert((&body.key, *port)))
            .map(|(body, port)| (body.clone(), port))
            .collect()
    }

    /// As the outcome shows them.
    pub fn endpoints(&self) -> Vec<outcome::Endpoint> {
        let endpoint = |taker: &Taker| outcome::Endpoint {
            address: taker.address.clone(),
            port: taker.port,
            ready: taker.ready,
            pod: taker
                .body
                .as_ref()
                .filter(|body| body.key.kind == POD)
                .and_then(|pod| Some((pod.key.namespace.clone()?, pod.key.name.clone()))),
            node: taker.node.clone(),
        };
        self.list.iter().map(endpoint).collect()
    }
}
