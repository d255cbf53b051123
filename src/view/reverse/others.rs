//! Ways in without a URL's rule: names and addresses of Services, ports of nodes, ports that a route or a controller passes
//! on unread, and the API server's own calls.

use super::reach::Reach;
use super::{Entrance, Kind};
use crate::kinds::http_route::facts::RouteBackend;
use crate::kinds::service::facts::{ServiceFacts, ServicePort, ServiceType};
use crate::kinds::{
    CONFIG_MAP, DAEMON_SET, DEPLOYMENT, GATEWAY, KindId, MUTATING_WEBHOOK_CONFIGURATION, NODE, ObjectRef, Record,
    SERVICE, TCP_ROUTE, UDP_ROUTE, VALIDATING_WEBHOOK_CONFIGURATION,
};
use crate::view::trace::facts;
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::world::World;

/// Stands for a node whose address is not known.
const ANY_NODE: &str = "NODE";

/// Names and addresses of the Services themselves.
pub fn by_services(world: &World, reach: &Reach) -> Vec<Entrance> {
    let mut found = Vec::new();
    for (key, chain) in reach.chains() {
        let Some(service) = world.get(key).and_then(|record| facts::service(record)) else { continue };
        let Some(end) = chain.last().and_then(|end| world.get(end)).and_then(|record| facts::service(record)) else {
            continue;
        };
        let name = format!("{}.{}.svc", key.name, key.namespace.as_deref().unwrap_or(""));
        for port in end.ports.iter().filter(|port| reach.has_port(port)) {
            found.push(entrance(address(&name, port.port, port), Kind::Service, chain));
        }
        if service.kind != ServiceType::ExternalName {
            found.extend(from_outside(world, service, reach).map(|(url, kind)| entrance(url, kind, chain)));
        }
    }
    found
}

/// Load balancers, external addresses and node ports of one Service.
fn from_outside<'a>(
    world: &'a World,
    service: &'a ServiceFacts,
    reach: &'a Reach,
) -> impl Iterator<Item = (String, Kind)> + 'a {
    let ports = service.ports.iter().filter(|port| reach.has_port(port));
    ports.flat_map(|port| {
        let balancers = service.addresses.iter().map(|a| (address(&a.value, port.port, port), Kind::LoadBalancer));
        let external = service.external_ips.iter().map(|ip| (address(ip, port.port, port), Kind::ExternalIp));
        let mut found: Vec<(String, Kind)> = balancers.chain(external).collect();
        if port.node_port != 0 {
            found.push((address(&any_node(world), port.node_port, port), Kind::NodePort));
        }
        found
    })
}

/// Ports of the nodes that lead to one of the pods alone.
pub fn by_pods(world: &World, reach: &Reach) -> Vec<Entrance> {
    let mut found = Vec::new();
    for pod in &reach.pods {
        let Some(facts) = facts::pod(pod) else { continue };
        let node =
            facts.node.as_deref().and_then(|node| address_of(world, node)).unwrap_or_else(|| ANY_NODE.to_owned());
        for port in facts.main().flat_map(|container| container.ports.iter()) {
            let number = if facts.host_network { port.number } else { port.host };
            if number != 0 {
                let url = format!("{}://{}:{number}", port.protocol.text().to_lowercase(), bracketed(&node));
                found.push(entrance(url, Kind::HostPort, std::slice::from_ref(&pod.key)));
            }
        }
    }
    found
}

/// Ports that a TCPRoute, a UDPRoute or a controller's ConfigMap passes on.
pub fn by_ports(world: &World, reach: &Reach) -> Vec<Entrance> {
    let mut found = Vec::new();
    for (kind, way, scheme) in [(TCP_ROUTE, Kind::TcpRoute, "tcp"), (UDP_ROUTE, Kind::UdpRoute, "udp")] {
        for record in world.of(kind) {
            found.extend(by_unread_route(world, record, reach, (way, scheme)));
        }
    }
    for (controller, map) in maps(world) {
        let Some(values) = world.get(&map).and_then(|record| facts::config_map(record)) else { continue };
        for (port, value) in &values.values {
            // `namespace/service:port`, and whether the PROXY protocol is spoken behind more colons.
            let Some((namespace, rest)) = value.split_once('/') else { continue };
            let name = rest.split(':').next().unwrap_or("");
            let Some(chain) = reach.chain(&ObjectRef::new(SERVICE, namespace, name)) else { continue };
            if port.parse::<u16>().is_ok() {
                let way: Vec<ObjectRef> =
                    [controller.clone(), map.clone()].into_iter().chain(chain.iter().cloned()).collect();
                found.push(entrance(format!("tcp://*:{port}"), Kind::TcpService, &way));
            }
        }
    }
    found
}

fn by_unread_route(world: &World, record: &Record, reach: &Reach, (kind, scheme): (Kind, &str)) -> Vec<Entrance> {
    let Some(route) = facts::l4_route(record) else { return Vec::new() };
    let mut found = Vec::new();
    for backend in route.rules.iter().flat_map(|rule| &rule.backends) {
        let Some(chain) = service(backend).and_then(|key| reach.chain(&key).map(<[ObjectRef]>::to_vec)) else {
            continue;
        };
        for parent in &route.parents {
            let namespace = parent.object.namespace.as_deref().unwrap_or("");
            let gateway = ObjectRef::new(GATEWAY, namespace, &parent.object.name);
            let Some(gateway_facts) = world.get(&gateway).and_then(|record| facts::gateway(record)) else { continue };
            let host = gateway_facts.addresses.first().map_or("*", |(_, value)| value);
            let fits = |name: &str, port: i32| {
                parent.section.as_deref().is_none_or(|section| section == name) && parent.port.is_none_or(|p| p == port)
            };
            let listeners = gateway_facts.listeners.iter();
            for listener in listeners.filter(|l| l.protocol.eq_ignore_ascii_case(scheme) && fits(&l.name, l.port)) {
                let way: Vec<ObjectRef> =
                    [gateway.clone(), record.key.clone()].into_iter().chain(chain.iter().cloned()).collect();
                found.push(entrance(format!("{scheme}://{}:{}", bracketed(host), listener.port), kind, &way));
            }
        }
    }
    found
}

/// Calls of the API server about objects.
pub fn by_webhooks(world: &World, reach: &Reach) -> Vec<Entrance> {
    let kinds = [VALIDATING_WEBHOOK_CONFIGURATION, MUTATING_WEBHOOK_CONFIGURATION];
    let records = kinds.into_iter().flat_map(|kind| world.of(kind));
    let mut found = Vec::new();
    for record in records {
        let services = facts::admission(record).into_iter().flat_map(|admission| &admission.webhooks);
        for service in services.filter_map(|webhook| webhook.service.as_ref()) {
            let Some(chain) = reach.chain(&ObjectRef::new(SERVICE, &service.namespace, &service.name)) else {
                continue;
            };
            let path = service.path.as_deref().unwrap_or("/");
            let url = format!("https://{}.{}.svc:{}{path}", service.name, service.namespace, service.port);
            let way: Vec<ObjectRef> = std::iter::once(record.key.clone()).chain(chain.iter().cloned()).collect();
            found.push(entrance(url, Kind::Webhook, &way));
        }
    }
    found
}

/// The controllers that pass ports on, and the ConfigMap that says which: `--tcp-services-configmap=NAMESPACE/NAME`.
fn maps(world: &World) -> Vec<(ObjectRef, ObjectRef)> {
    let of = |kind: KindId| world.of(kind);
    let workloads = of(DEPLOYMENT).chain(of(DAEMON_SET));
    let mut found = Vec::new();
    for record in workloads {
        let template = match record.key.kind {
            DEPLOYMENT => facts::deployment(record).map(|facts| &facts.template),
            _ => facts::daemon_set(record).map(|facts| &facts.template),
        };
        let arguments = template.into_iter().flat_map(|template| &template.containers).flat_map(|c| &c.flags);
        let named = arguments.filter_map(|argument| argument.strip_prefix("--tcp-services-configmap="));
        for named in named {
            let own = record.key.namespace.as_deref().unwrap_or("");
            let named = named.replace("$(POD_NAMESPACE)", own);
            let (namespace, name) = named.split_once('/').unwrap_or((own, &named));
            found.push((record.key.clone(), ObjectRef::new(CONFIG_MAP, namespace, name)));
        }
    }
    found
}

/// A request to an address that was found: one to the name of a Service comes from its namespace. None where no address is
/// known, or where it is no web server's.
pub fn request(entrance: &Entrance) -> Option<Request> {
    let vantage = match entrance.kind {
        Kind::Service => Vantage::Namespace(entrance.via.first()?.namespace.clone()?),
        Kind::LoadBalancer | Kind::ExternalIp | Kind::NodePort => Vantage::External,
        _ => return None,
    };
    let request = Request::get(&entrance.url).ok()?;
    let request = Some(request).filter(|request| !request.host.eq_ignore_ascii_case(ANY_NODE))?;
    Some(Request { vantage, ..request })
}

fn entrance(url: String, kind: Kind, via: &[ObjectRef]) -> Entrance {
    Entrance { url, kind, via: via.to_vec(), shadowed_by: None, verdict: None }
}

fn service(backend: &RouteBackend) -> Option<ObjectRef> {
    let (namespace, name) = (backend.object.namespace.clone(), backend.object.name.clone());
    (backend.object.kind_id() == Some(SERVICE)).then_some(ObjectRef { kind: SERVICE, namespace, name })
}

/// `http://host:port` for what looks like a web server, else the bare protocol.
fn address(host: &str, number: i32, port: &ServicePort) -> String {
    let host = bracketed(host);
    let is_tls = number == 443 || &*port.name == "https" || port.app_protocol.as_deref() == Some("https");
    match (&*port.protocol, is_tls) {
        ("TCP", true) => format!("https://{host}:{number}"),
        ("TCP", false) => format!("http://{host}:{number}"),
        (protocol, _) => format!("{}://{host}:{number}", protocol.to_lowercase()),
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// The address of some node, for ports that every node has.
fn any_node(world: &World) -> String {
    let mut names = world.of(NODE).map(|node| node.key.name.clone());
    names.find_map(|name| address_of(world, &name)).unwrap_or_else(|| ANY_NODE.to_owned())
}

fn address_of(world: &World, node: &str) -> Option<String> {
    let record = world.get(&ObjectRef::new(NODE, "", node))?;
    let facts = facts::node(record)?;
    let address = facts.address("ExternalIP").or_else(|| facts.address("InternalIP"));
    address.map(ToString::to_string)
}
