//! The ways into the cluster: load balancers, external addresses, ports of nodes, Gateways; and what stands behind each.

use crate::kinds::load_balancer::Address;
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::{PortRef, ServiceFacts, ServicePort, ServiceType};
use crate::kinds::template::Template;
use crate::kinds::{GATEWAY, NODE, ObjectRef, Record};
use crate::view::short_name;
use crate::view::trace::body::template;
use crate::view::trace::crew;
use crate::view::trace::entrance::controller;
use crate::view::trace::facts;
use crate::view::trace::plan::Controller;
use crate::view::trace::program;
use crate::view::trace::world::World;
use std::net::IpAddr;
use std::sync::Arc;

/// One way into the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// How it is entered.
    pub shape: Shape,
    /// The object that stands for it: a Service, a Gateway, a workload on its nodes' ports, an Ingress.
    pub object: Arc<Record>,
    /// The Service before the pods, where there is one.
    pub service: Option<Arc<Record>>,
    /// What stands behind it.
    pub behind: Behind,
    /// Where it is entered; empty where that is not known.
    pub places: Arc<[Place]>,
    /// The protocol by which its ports are told apart.
    pub protocol: Protocol,
}

/// How the cluster is entered, the likeliest way of several last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Nothing leads to it that is known.
    Unled,
    /// At a port of every node.
    NodePort,
    /// At a port of the nodes where its pods run.
    HostPort,
    /// At addresses that somebody else routes to the nodes.
    ExternalIp,
    /// At a load balancer of the provider, made for an Ingress.
    Cloud,
    /// At a Gateway's addresses.
    Gateway,
    /// At a load balancer, made for a Service.
    LoadBalancer,
}

/// What stands behind a way into the cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Behind {
    /// A controller that reads Ingresses.
    Controller(Box<Controller>),
    /// A Gateway.
    Gateway(ObjectRef),
    /// Pods of any other kind.
    Pods,
}

/// Where a way is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At an address.
    Address(IpAddr),
    /// At what a name resolves to.
    Name(String),
}

/// Every way into the cluster, by namespace and name. The port tells which ports of nodes are worth a look.
pub fn all(world: &World, port: u16) -> Vec<Gate> {
    let mut gates: Vec<Gate> = world.of(GATEWAY).map(gateway).collect();
    let nodes: Arc<[Place]> = world.of(NODE).flat_map(|node| node_places(node)).collect();
    for (service, may_front) in world.ways_in(port, |service| may_front(world, service)) {
        let Some(facts) = facts::service(service) else { continue };
        let behind = if may_front { behind(world, service, facts) } else { Behind::Pods };
        if let Some(gate) = own_gateway(&mut gates, &behind) {
            gate.service = Some(service.clone());
            gate.places = gate.places.iter().cloned().chain(places(&facts.addresses)).collect();
            continue;
        }
        gates.extend(on_hosts(world, service, &behind));
        for shape in shapes(facts, port, &behind) {
            let places = places_of(facts, shape, &nodes);
            let (object, service) = (service.clone(), Some(service.clone()));
            gates.push(Gate { shape, object, service, behind: behind.clone(), places, protocol: Protocol::Tcp });
        }
    }
    if !gates.iter().any(|gate| matches!(gate.behind, Behind::Controller(_))) {
        gates.extend(controller::running(world).into_iter().filter_map(|controller| alone(world, controller)));
    }
    gates
}

/// The way of the Gateway that stands behind a Service.
fn own_gateway<'g>(gates: &'g mut [Gate], behind: &Behind) -> Option<&'g mut Gate> {
    let Behind::Gateway(key) = behind else { return None };
    gates.iter_mut().filter(|gate| gate.shape == Shape::Gateway).find(|gate| gate.object.key == *key)
}

/// The way that a Service is.
pub fn of_service(world: &World, service: &Arc<Record>) -> Option<Gate> {
    let facts = facts::service(service)?;
    let shape = match facts.kind {
        ServiceType::LoadBalancer => Shape::LoadBalancer,
        _ if !facts.external_ips.is_empty() => Shape::ExternalIp,
        ServiceType::NodePort => Shape::NodePort,
        _ => Shape::Unled,
    };
    let nodes: Arc<[Place]> = world.of(NODE).flat_map(|node| node_places(node)).collect();
    let (behind, places) = (behind(world, service, facts), places_of(facts, shape, &nodes));
    let (object, service) = (service.clone(), Some(service.clone()));
    Some(Gate { shape, object, service, behind, places, protocol: Protocol::Tcp })
}

/// The way that a Gateway is.
pub fn gateway(gateway: &Arc<Record>) -> Gate {
    let behind = Behind::Gateway(gateway.key.clone());
    let addresses = facts::gateway(gateway).into_iter().flat_map(|facts| facts.addresses.iter());
    let places = addresses.map(|(_, value)| Place::of(value)).collect();
    let (object, protocol) = (gateway.clone(), Protocol::Tcp);
    Gate { shape: Shape::Gateway, object, service: None, behind, places, protocol }
}

/// The way to a controller without a Service.
pub fn alone(world: &World, controller: Controller) -> Option<Gate> {
    let object = controller.workload.clone()?;
    let is_on_hosts = !host_ports(&controller).is_empty();
    let places = if is_on_hosts { host_places(world, &controller) } else { Arc::default() };
    let shape = if is_on_hosts { Shape::HostPort } else { Shape::Unled };
    let behind = Behind::Controller(Box::new(controller));
    Some(Gate { shape, object, service: None, behind, places, protocol: Protocol::Tcp })
}

/// The way to a controller behind a Service that also listens on its nodes.
fn on_hosts(world: &World, service: &Arc<Record>, behind: &Behind) -> Option<Gate> {
    let Behind::Controller(controller) = behind else { return None };
    if host_ports(controller).is_empty() {
        return None;
    }
    let (object, service) = (controller.workload.clone()?, Some(service.clone()));
    let places = host_places(world, controller);
    let (behind, protocol) = (behind.clone(), Protocol::Tcp);
    Some(Gate { shape: Shape::HostPort, object, service, behind, places, protocol })
}

fn shapes(facts: &ServiceFacts, port: u16, behind: &Behind) -> Vec<Shape> {
    let mut shapes = Vec::new();
    if facts.kind == ServiceType::LoadBalancer {
        shapes.push(Shape::LoadBalancer);
    }
    if !facts.external_ips.is_empty() {
        shapes.push(Shape::ExternalIp);
    }
    let is_edge = facts.kind == ServiceType::NodePort && *behind != Behind::Pods;
    if is_edge || facts.ports.iter().any(|own| own.node_port == i32::from(port)) {
        shapes.push(Shape::NodePort);
    }
    shapes
}

fn places_of(facts: &ServiceFacts, shape: Shape, nodes: &Arc<[Place]>) -> Arc<[Place]> {
    match shape {
        Shape::LoadBalancer => places(&facts.addresses).into(),
        Shape::ExternalIp => facts.external_ips.iter().map(|ip| Place::of(ip)).collect(),
        Shape::NodePort => nodes.clone(),
        _ => Arc::default(),
    }
}

/// The addresses of the nodes where a controller's pods run; of all nodes where that is not known.
fn host_places(world: &World, controller: &Controller) -> Arc<[Place]> {
    let pods = controller.pods.iter().filter_map(|pod| facts::pod(pod)?.node.clone());
    let names: Vec<Arc<str>> = pods.collect();
    let is_own = |node: &&Arc<Record>| names.is_empty() || names.contains(&node.key.name);
    world.of(NODE).filter(is_own).flat_map(|node| node_places(node)).collect()
}

/// What stands behind a Service.
pub fn behind(world: &World, service: &Arc<Record>, facts: &ServiceFacts) -> Behind {
    if let Some(gateway) = owning_gateway(service) {
        return Behind::Gateway(gateway);
    }
    let known = |controller: Controller| Behind::Controller(Box::new(controller));
    if !facts.selector.is_empty() {
        let namespace = service.key.namespace.as_deref().unwrap_or("");
        let is_own = |template: &Template| crew::is_within(&facts.selector, &template.labels);
        let workloads = world.controllers(service.key.namespace.as_ref()).into_iter();
        let mut own = workloads.filter(|workload| template(workload).is_some_and(is_own));
        if let Some(found) = own.find_map(|workload| controller::of_workload(world, workload, Some(&service.key))) {
            return known(found);
        }
        let pods = world.controller_pods(namespace, &facts.selector).into_iter().cloned().collect();
        if let Some(found) = controller::of_pods(pods, &service.key) {
            return known(found);
        }
    }
    // Labels only tell where there is nothing to look at: files without the workload, or no rights.
    controller::of_labels(service).filter(|_| crew::pods(world, service).is_empty()).map_or(Behind::Pods, known)
}

/// Whether a controller or a Gateway may stand behind a Service: [`behind`] tells whether it does.
fn may_front(world: &World, service: &Record) -> bool {
    let (namespace, labels) = (service.key.namespace.as_ref(), &service.meta.labels);
    let pods = || {
        let selector = facts::service(service).map_or(&[][..], |facts| &facts.selector);
        !selector.is_empty() && !world.controller_pods(namespace.map_or("", |name| name), selector).is_empty()
    };
    owning_gateway(service).is_some()
        || program::of_labels(labels).is_some()
        || !world.controllers(namespace).is_empty()
        || pods()
}

/// The Gateway whose data plane a Service fronts.
fn owning_gateway(service: &Record) -> Option<ObjectRef> {
    let label = |key| service.meta.label(key);
    let namespace = service.key.namespace.clone();
    let of = |namespace: Option<Arc<str>>, name: &Arc<str>| ObjectRef { kind: GATEWAY, namespace, name: name.clone() };
    if let Some(name) = label("gateway.envoyproxy.io/owning-gateway-name") {
        return Some(of(label("gateway.envoyproxy.io/owning-gateway-namespace").cloned().or(namespace), name));
    }
    let named = label("gateway.networking.k8s.io/gateway-name").or_else(|| label("io.cilium.gateway/owning-gateway"));
    let owned = || service.meta.owners.iter().find(|owner| *owner.kind == *"Gateway").map(|owner| &owner.name);
    named.or_else(owned).map(|name| of(namespace, name))
}

/// The ports of its nodes on which a controller listens.
pub fn host_ports(controller: &Controller) -> Vec<u16> {
    let template = controller.workload.as_ref().and_then(|workload| template(workload));
    let declared = template.into_iter().flat_map(|template| template.main().flat_map(|c| c.ports.iter()));
    let on_node = |port: &'_ crate::kinds::pod::facts::Port| match (port.host, controller.host_network) {
        (0, true) => port.number,
        (host, _) => host,
    };
    let mut ports: Vec<u16> = declared.filter(|port| port.protocol == Protocol::Tcp).map(on_node).collect();
    if controller.host_network {
        let flags =
            ["--http-port", "--https-port"].into_iter().filter_map(|flag| controller.flag(flag)?.parse::<u16>().ok());
        ports.extend(flags);
    }
    ports.retain(|port| *port != 0);
    ports
}

impl Gate {
    /// The port of the Service by which a port is entered, and its index.
    pub fn service_port(&self, port: u16) -> Option<(usize, &ServicePort)> {
        let facts = facts::service(self.service.as_ref()?)?;
        let port = i32::from(port);
        let wanted =
            |own: &ServicePort| if self.shape == Shape::NodePort { own.node_port == port } else { own.port == port };
        facts.ports.iter().enumerate().find(|(_, own)| Protocol::of(&own.protocol) == self.protocol && wanted(own))
    }

    /// Whether it listens on a port.
    pub fn serves(&self, port: u16) -> bool {
        match (self.shape, &self.behind) {
            (Shape::HostPort | Shape::Cloud, _) if self.protocol != Protocol::Tcp => false,
            (Shape::HostPort, Behind::Controller(controller)) => host_ports(controller).contains(&port),
            // On which ports it listens, the rules of its Ingresses tell.
            (Shape::Cloud, Behind::Controller(controller)) if controller.flavour.is_hosted() => true,
            (Shape::Cloud, _) => port == 80 || port == 443,
            (Shape::Gateway, _) => {
                let listeners = facts::gateway(&self.object).into_iter().flat_map(|facts| facts.listeners.iter());
                listeners.into_iter().any(|listener| listener.port == i32::from(port))
            }
            _ => self.service_port(port).is_some(),
        }
    }

    /// Whether its addresses are those that names should lead to; before the ports of nodes there may be anything.
    pub fn is_published(&self) -> bool {
        !self.places.is_empty() && !matches!(self.shape, Shape::NodePort | Shape::HostPort | Shape::Unled)
    }

    /// The same way, of which the ports of a protocol are meant.
    pub fn by(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// The ports on which it listens, as one reads them.
    pub fn ports(&self) -> String {
        let service = self.service.as_ref().and_then(|service| facts::service(service)).into_iter();
        let own = service.flat_map(|facts| facts.ports.iter());
        let spoken = |port: &&ServicePort| Protocol::of(&port.protocol) == self.protocol;
        let numbers: Vec<String> = match (self.shape, &self.behind) {
            (Shape::HostPort, Behind::Controller(controller)) => {
                host_ports(controller).iter().map(ToString::to_string).collect()
            }
            (Shape::NodePort, _) => own.filter(spoken).map(|port| port.node_port.to_string()).collect(),
            _ => own.filter(spoken).map(|port| port.port.to_string()).collect(),
        };
        if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") }
    }

    /// As kubectl names the object: `svc/web`.
    pub fn resource(&self, world: &World) -> String {
        short_name(world.catalog, &self.object.key)
    }

    /// Its places, as one reads them; empty where it has none.
    pub fn places_text(&self) -> String {
        let mut list: Vec<String> = self.places.iter().map(Place::text).collect();
        list.dedup();
        list.join(", ")
    }
}

impl Place {
    /// From what a status says.
    pub fn of(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Name(text.trim_end_matches('.').to_lowercase()), Self::Address)
    }

    /// As one reads it.
    pub fn text(&self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

/// The places of a status.
pub fn places(addresses: &[Address]) -> Vec<Place> {
    addresses.iter().map(|address| Place::of(&address.value)).collect()
}

fn node_places(node: &Record) -> Vec<Place> {
    let addresses = facts::node(node).into_iter().flat_map(|facts| facts.addresses.iter());
    addresses.filter_map(|(_, address)| address.parse().ok().map(Place::Address)).collect()
}

/// The number of a port of pods, where they agree on it or it is a number.
pub fn target_number(target: &PortRef, pods: &[&Arc<Record>]) -> Option<u16> {
    match target {
        PortRef::Number(number) => u16::try_from(*number).ok(),
        PortRef::Name(name) => pods.iter().find_map(|pod| facts::pod(pod)?.port(name, Protocol::Tcp)),
    }
}
