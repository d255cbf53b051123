//! The routes of the Gateway API: the hosts that a route shares with its listeners, and for each of them its matches.

use super::{Route, get, sample};
use crate::kinds::gateway::facts::Listener;
use crate::kinds::grpc_route::GrpcMatch;
use crate::kinds::http_route::facts::{Parent, PathMatch, RouteBackend, RouteMatch, ValueMatch};
use crate::kinds::{GATEWAY, LISTENER_SET, ObjectRef, Record, SERVICE, UDP_ROUTE, X_LISTENER_SET};
use crate::model::Cluster;
use crate::view::trace::facts;
use crate::view::trace::request::{Request, Scheme};
use std::sync::Arc;

/// A host of a route, and the listener by which it is reached.
struct Door {
    /// The Gateway; none where it is not there.
    via: Option<ObjectRef>,
    scheme: Scheme,
    port: u16,
    /// The host as a pattern; `*` for all.
    host: String,
    address: Option<Arc<str>>,
}

/// The routes of an HTTPRoute: each host with each match.
pub fn http(cluster: &Cluster, record: &Record) -> Vec<Route> {
    let Some(facts) = facts::http_route(record) else { return Vec::new() };
    let mut routes = Vec::new();
    for door in doors(cluster, &facts.parents, &facts.hostnames, &["HTTPS", "HTTP"]) {
        for (rule, of) in facts.rules.iter().enumerate() {
            for (number, wanted) in of.matches.iter().enumerate() {
                let field = format!(".spec.rules[{rule}].matches[{number}]");
                let tried = match wanted.path_type {
                    PathMatch::Regex => sample::regex(&wanted.path),
                    PathMatch::Exact | PathMatch::Prefix => wanted.path.to_string(),
                };
                let is_prefix = wanted.path_type != PathMatch::Exact;
                let place = Place { field, path: &wanted.path, is_prefix, tried: &tried };
                let mut route = route(record, &door, place, services(&of.backends));
                fit(&mut route.request, wanted);
                routes.push(route);
            }
        }
    }
    routes
}

/// The routes of a GRPCRoute: its calls, by the path that they have on the wire.
pub fn grpc(cluster: &Cluster, record: &Record) -> Vec<Route> {
    let Some(facts) = facts::grpc_route(record) else { return Vec::new() };
    let mut routes = Vec::new();
    for door in doors(cluster, &facts.parents, &facts.hostnames, &["HTTPS", "HTTP"]) {
        for (rule, of) in facts.rules.iter().enumerate() {
            for (number, wanted) in of.matches.iter().enumerate() {
                let field = format!(".spec.rules[{rule}].matches[{number}]");
                let path = call(wanted);
                let place = Place { field, path: &path, is_prefix: wanted.method.is_none(), tried: &path };
                let mut route = route(record, &door, place, services(&of.backends));
                "POST".clone_into(&mut route.request.method);
                let headers = wanted.headers.iter().map(value);
                route.request.headers.extend([("Content-Type".to_owned(), "application/grpc".to_owned())]);
                route.request.headers.extend(headers);
                routes.push(route);
            }
        }
    }
    routes
}

/// The routes of a TLSRoute: its server names, for the handshake is all that it reads.
pub fn tls(cluster: &Cluster, record: &Record) -> Vec<Route> {
    let Some(facts) = facts::l4_route(record) else { return Vec::new() };
    let doors = doors(cluster, &facts.parents, &facts.hostnames, &["TLS"]);
    let services: Vec<ObjectRef> = facts.rules.iter().flat_map(|rule| services(&rule.backends)).collect();
    let place = || Place { field: ".spec.hostnames".to_owned(), path: "/", is_prefix: true, tried: "/" };
    doors.iter().map(|door| route(record, door, place(), services.clone())).collect()
}

/// The routes of a TCPRoute or a UDPRoute: the ports of its listeners.
pub fn ports(cluster: &Cluster, record: &Record) -> Vec<Route> {
    let Some(facts) = facts::l4_route(record) else { return Vec::new() };
    let services: Vec<ObjectRef> = facts.rules.iter().flat_map(|rule| services(&rule.backends)).collect();
    let place = || Place { field: ".spec.rules[0]".to_owned(), path: "/", is_prefix: true, tried: "/" };
    let way = if record.key.kind == UDP_ROUTE { ("UDP", Scheme::Udp) } else { ("TCP", Scheme::Http) };
    let doors = open(cluster, &facts.parents, way);
    doors.iter().map(|door| route(record, door, place(), services.clone())).collect()
}

/// Every port of its Gateways that passes a protocol on; the usual one of none where there is no such Gateway.
fn open(cluster: &Cluster, parents: &[Parent], (protocol, scheme): (&str, Scheme)) -> Vec<Door> {
    let mut doors: Vec<Door> = Vec::new();
    for parent in parents {
        let Some((via, listeners, address)) = listeners(cluster, parent) else { continue };
        for listener in listeners.iter().filter(|listener| &*listener.protocol == protocol && suits(listener, parent)) {
            let Ok(port) = u16::try_from(listener.port) else { continue };
            if !doors.iter().any(|door| door.port == port && door.via.as_ref() == Some(&via)) {
                let (via, host, address) = (Some(via.clone()), "*".to_owned(), address.clone());
                doors.push(Door { via, scheme, port, host, address });
            }
        }
    }
    if doors.is_empty() {
        doors.push(Door { via: None, scheme, port: scheme.port(), host: "*".to_owned(), address: None });
    }
    doors
}

/// The Services among backends that get a share.
fn services(backends: &[RouteBackend]) -> Vec<ObjectRef> {
    let services = backends.iter().filter(|backend| 0 < backend.weight && backend.object.kind_id() == Some(SERVICE));
    let key = |backend: &RouteBackend| {
        let (namespace, name) = (backend.object.namespace.clone(), backend.object.name.clone());
        ObjectRef { kind: SERVICE, namespace, name }
    };
    services.map(key).collect()
}

/// Where a route stands, and what is tried for it.
struct Place<'a> {
    field: String,
    path: &'a str,
    is_prefix: bool,
    tried: &'a str,
}

fn route(record: &Record, door: &Door, place: Place, services: Vec<ObjectRef>) -> Route {
    let Place { field, path, is_prefix, tried } = place;
    let host = sample::host(&door.host, door.address.as_deref());
    let mut request = get(door.scheme, &host, door.port, tried);
    request.via.clone_from(&door.via);
    let (owner, host, path) = (record.key.clone(), door.host.clone(), path.to_owned());
    Route { owner, field, above: Vec::new(), host, path, is_prefix, services, request }
}

/// Gives the request what the match wants beside its path.
fn fit(request: &mut Request, wanted: &RouteMatch) {
    if let Some(method) = &wanted.method {
        method.to_string().clone_into(&mut request.method);
    }
    request.headers.extend(wanted.headers.iter().map(value));
    let query: Vec<String> = wanted.query.iter().map(value).map(|(name, value)| format!("{name}={value}")).collect();
    if !query.is_empty() {
        request.query = Some(query.join("&"));
    }
}

fn value(wanted: &ValueMatch) -> (String, String) {
    let value = if wanted.is_regex {
        sample::regex(&wanted.value).trim_start_matches('/').to_owned()
    } else {
        wanted.value.to_string()
    };
    (wanted.name.to_string(), value)
}

/// The path of a call: `/package.Service/Method`.
fn call(wanted: &GrpcMatch) -> String {
    let part = |text: &Option<Arc<str>>, any: &str| match text {
        Some(text) if wanted.is_regex => sample::regex(text).trim_start_matches('/').to_owned(),
        Some(text) => text.to_string(),
        None => any.to_owned(),
    };
    format!("/{}/{}", part(&wanted.service, "any.Service"), part(&wanted.method, "Any"))
}

/// Every host of a route once for each Gateway that serves it, by the best of the protocols, which come best first.
fn doors(cluster: &Cluster, parents: &[Parent], hostnames: &[Arc<str>], protocols: &[&str]) -> Vec<Door> {
    let any: [Arc<str>; 1] = [Arc::from("*")];
    let hostnames = if hostnames.is_empty() { &any } else { hostnames };
    let mut doors: Vec<(usize, Door)> = Vec::new();
    for parent in parents {
        let Some((via, listeners, address)) = listeners(cluster, parent) else { continue };
        for listener in listeners.iter().filter(|listener| suits(listener, parent)) {
            let Some(rank) = protocols.iter().position(|protocol| *protocol == &*listener.protocol) else { continue };
            let shared = hostnames.iter().filter_map(|host| shared(host, listener.hostname.as_deref().unwrap_or("*")));
            for host in shared {
                let scheme = if &*listener.protocol == "HTTP" { Scheme::Http } else { Scheme::Https };
                let port = u16::try_from(listener.port).unwrap_or(scheme.port());
                let door =
                    Door { via: Some(via.clone()), scheme, port, host: host.to_owned(), address: address.clone() };
                let same = |(_, other): &&mut (usize, Door)| other.host == door.host && other.via == door.via;
                match doors.iter_mut().find(same) {
                    Some(known) if known.0 <= rank => {}
                    Some(known) => *known = (rank, door),
                    None => doors.push((rank, door)),
                }
            }
        }
    }
    if doors.is_empty() {
        // Nobody serves it: the requests that it is meant for are followed all the same, and say so.
        let scheme = if protocols.contains(&"TLS") { Scheme::Https } else { Scheme::Http };
        let door =
            |host: &Arc<str>| Door { via: None, scheme, port: scheme.port(), host: host.to_string(), address: None };
        return hostnames.iter().map(door).collect();
    }
    doors.into_iter().map(|(_, door)| door).collect()
}

/// A Gateway, the listeners that a parent of it offers, and its address.
type Offered<'a> = (ObjectRef, &'a [Listener], Option<Arc<str>>);

/// The Gateway behind a parent, the listeners that the parent offers, and an address of the Gateway.
fn listeners<'a>(cluster: &'a Cluster, parent: &Parent) -> Option<Offered<'a>> {
    let namespace = parent.object.namespace.as_deref().unwrap_or("");
    let gateway = |namespace: &str, name: &str| cluster.get(&ObjectRef::new(GATEWAY, namespace, name));
    if &*parent.object.kind == "Gateway" {
        let record = gateway(namespace, &parent.object.name)?;
        let facts = facts::gateway(record)?;
        let address = facts.addresses.first().map(|(_, value)| Arc::clone(value));
        return Some((record.key.clone(), &facts.listeners, address));
    }
    let kinds = [LISTENER_SET, X_LISTENER_SET].into_iter().filter(|_| parent.object.kind.ends_with("ListenerSet"));
    let mut sets = kinds.filter_map(|kind| cluster.get(&ObjectRef::new(kind, namespace, &parent.object.name)));
    let set = facts::listener_set(sets.next()?)?;
    let record = gateway(set.parent.namespace.as_deref().unwrap_or(namespace), &set.parent.name)?;
    let address = facts::gateway(record)?.addresses.first().map(|(_, value)| Arc::clone(value));
    Some((record.key.clone(), &set.listeners, address))
}

fn suits(listener: &Listener, parent: &Parent) -> bool {
    parent.section.as_ref().is_none_or(|section| *section == listener.name)
        && parent.port.is_none_or(|port| port == listener.port)
}

/// The narrower of two hosts where one covers the other.
fn shared<'a>(one: &'a str, other: &'a str) -> Option<&'a str> {
    let covers = |wide: &str, narrow: &str| match wide.strip_prefix('*') {
        Some(tail) => narrow.strip_prefix('*').unwrap_or(narrow).ends_with(tail),
        None => wide == narrow,
    };
    if covers(other, one) {
        return Some(one);
    }
    covers(one, other).then_some(other)
}
