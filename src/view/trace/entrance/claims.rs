//! Who in the cluster speaks for a host: Ingresses, routes with their Gateways, and objects that have their name published.

use crate::kinds::gateway_api::ObjectName;
use crate::kinds::http_route::facts::Parent;
use crate::kinds::{
    GATEWAY, GRPC_ROUTE, HTTP_ROUTE, INGRESS, INGRESS_ROUTE, INGRESS_ROUTE_TCP, LISTENER_SET, ObjectRef, Record,
    TLS_ROUTE, X_LISTENER_SET,
};
use crate::view::trace::facts;
use crate::view::trace::world::World;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The annotation by which ingress-nginx is given more names for the hosts of an Ingress.
const ALIASES: &str = "nginx.ingress.kubernetes.io/server-alias";

/// The annotations by which external-dns is given names: now and before.
pub const HOSTNAMES: [&str; 2] = ["external-dns.kubernetes.io/hostname", "external-dns.alpha.kubernetes.io/hostname"];

/// Who speaks for some names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// Ingresses with a rule for one of them.
    pub ingresses: Vec<Arc<Record>>,
    /// Routes of the Gateway API that list one of them.
    pub routes: Vec<Arc<Record>>,
    /// Traefik's own routes whose rules name one of them.
    pub traefik: Vec<Arc<Record>>,
    /// Traefik's own routes that are for every host.
    pub open: Vec<Arc<Record>>,
    /// Gateways that such a route is for.
    pub gateways: BTreeSet<ObjectRef>,
    /// Gateways with a listener for one of them.
    pub listeners: BTreeSet<ObjectRef>,
}

/// Who speaks for any of these names.
pub fn of(world: &World, names: &[&str]) -> Claims {
    let mut claims = Claims::default();
    for ingress in world.for_hosts(INGRESS, names) {
        if names.iter().any(|name| lists(ingress, name)) {
            claims.ingresses.push(ingress.clone());
        }
    }
    let is_meant = |host: &str| names.iter().any(|name| covers_all(host, name));
    for route in [HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE].into_iter().flat_map(|kind| world.for_hosts(kind, names)) {
        let Some((hostnames, parents)) = hostnames(route) else { continue };
        if hostnames.iter().any(|host| is_meant(host)) {
            claims.routes.push(route.clone());
            claims.gateways.extend(parents.iter().filter_map(|parent| gateway(world, &parent.object)));
        }
    }
    for route in [INGRESS_ROUTE, INGRESS_ROUTE_TCP].into_iter().flat_map(|kind| world.of(kind)) {
        let Some(facts) = facts::ingress_route(route) else { continue };
        if facts.routes.iter().any(|own| names.iter().any(|name| names_host(&own.rule, name))) {
            claims.traefik.push(route.clone());
        } else if facts.routes.iter().any(|own| !own.rule.to_ascii_lowercase().contains("host")) {
            claims.open.push(route.clone());
        }
    }
    for gateway in world.of(GATEWAY) {
        let listeners = facts::gateway(gateway).into_iter().flat_map(|facts| facts.listeners.iter());
        if listeners.filter_map(|listener| listener.hostname.as_deref()).any(is_meant) {
            claims.listeners.insert(gateway.key.clone());
        }
    }
    for set in [LISTENER_SET, X_LISTENER_SET].into_iter().flat_map(|kind| world.of(kind)) {
        let Some(facts) = facts::listener_set(set) else { continue };
        if facts.listeners.iter().filter_map(|listener| listener.hostname.as_deref()).any(is_meant) {
            claims.listeners.extend(gateway(world, &facts.parent));
        }
    }
    claims
}

/// Whether a route is for a Gateway, or for listeners that are added to it.
pub fn is_for(world: &World, route: &Record, own: &ObjectRef) -> bool {
    let parents = hostnames(route).map_or(&[][..], |(_, parents)| parents);
    parents.iter().any(|parent| gateway(world, &parent.object).as_ref() == Some(own))
}

/// The hosts and parents of a route.
fn hostnames(route: &Record) -> Option<(&[Arc<str>], &[Parent])> {
    let http = facts::http_route(route).map(|facts| (&*facts.hostnames, &*facts.parents));
    let grpc = || facts::grpc_route(route).map(|facts| (&*facts.hostnames, &*facts.parents));
    http.or_else(grpc).or_else(|| facts::l4_route(route).map(|facts| (&*facts.hostnames, &*facts.parents)))
}

/// Whether a rule of Traefik's names a host: ``Host(`a.example.com`)``, or an expression that it fits.
fn names_host(rule: &str, name: &str) -> bool {
    let mut parts = rule.split(['`', '"']);
    let is_named = rule.contains("Host") && parts.clone().any(|part| part.eq_ignore_ascii_case(name));
    let mut before = parts.next().unwrap_or("");
    let mut expressions = parts.filter(|part| std::mem::replace(&mut before, part).ends_with("HostRegexp("));
    is_named || expressions.any(|text| Regex::new(text).is_ok_and(|regex| regex.is_match(name)))
}

impl Claims {
    /// Whether nobody does.
    pub fn is_empty(&self) -> bool {
        self.is_unlisted() && self.listeners.is_empty()
    }

    /// Whether no Ingress and no route does.
    fn is_unlisted(&self) -> bool {
        self.ingresses.is_empty() && self.routes.is_empty() && self.traefik.is_empty()
    }

    /// A Gateway that does: the one of a route, else one with a listener.
    pub fn gateway(&self) -> Option<&ObjectRef> {
        self.gateways.first().or_else(|| self.listeners.first())
    }

    /// The object that should own the name in DNS: the oldest Ingress, else a route.
    pub fn owner(&self) -> Option<&Arc<Record>> {
        let oldest = self.ingresses.iter().min_by_key(|ingress| (ingress.meta.created, ingress.key.clone()));
        oldest.or_else(|| self.routes.first())
    }
}

/// Whether an Ingress has a rule, or another name, for this host.
pub fn lists(ingress: &Record, name: &str) -> bool {
    let Some(facts) = facts::ingress(ingress) else { return false };
    let aliases = ingress.meta.annotation(ALIASES).map_or("", |names| names);
    let hosts = facts.rules.iter().filter_map(|rule| rule.host.as_deref());
    hosts.chain(aliases.split(',').map(str::trim)).any(|host| covers_one(host, name))
}

/// Whether an object asks external-dns to publish this name.
pub fn publishes(record: &Record, name: &str) -> bool {
    let values = HOSTNAMES.iter().filter_map(|key| record.meta.annotation(key));
    values.flat_map(|value| value.split(',')).any(|host| covers_all(host.trim(), name))
}

/// Whether a host of an Ingress covers a name: a wildcard stands for one label.
pub fn covers_one(host: &str, name: &str) -> bool {
    match host.strip_prefix("*.") {
        Some(parent) => name.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => host.eq_ignore_ascii_case(name) && !host.is_empty(),
    }
}

/// Whether a host of the Gateway API covers a name: a wildcard stands for any number of labels.
fn covers_all(host: &str, name: &str) -> bool {
    match host.strip_prefix('*') {
        Some(suffix) => suffix.len() < name.len() && name.to_lowercase().ends_with(&suffix.to_lowercase()),
        None => host.eq_ignore_ascii_case(name) && !host.is_empty(),
    }
}

/// The Gateway that a parent is, or belongs to.
fn gateway(world: &World, object: &ObjectName) -> Option<ObjectRef> {
    let key = ObjectRef { kind: object.kind_id()?, namespace: object.namespace.clone(), name: object.name.clone() };
    match key.kind {
        GATEWAY => Some(key),
        LISTENER_SET | X_LISTENER_SET => {
            let parent = &facts::listener_set(world.get(&key)?)?.parent;
            let kind = parent.kind_id().filter(|kind| *kind == GATEWAY)?;
            Some(ObjectRef { kind, namespace: parent.namespace.clone(), name: parent.name.clone() })
        }
        _ => None,
    }
}
