//! Who in the cluster speaks for a host: Ingresses, routes with their Gateways, and objects that have their name published.

use crate::kinds::gateway_api::ObjectName;
use crate::kinds::{GATEWAY, HTTP_ROUTE, INGRESS, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::world::World;
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
    /// Routes that list one of them.
    pub routes: Vec<Arc<Record>>,
    /// Gateways with a listener for one of them, or that such a route is for.
    pub gateways: BTreeSet<ObjectRef>,
}

/// Who speaks for any of these names.
pub fn of(world: &World, names: &[&str]) -> Claims {
    let mut claims = Claims::default();
    for ingress in world.of(INGRESS) {
        if names.iter().any(|name| lists(ingress, name)) {
            claims.ingresses.push(ingress.clone());
        }
    }
    for route in world.of(HTTP_ROUTE) {
        let Some(facts) = facts::http_route(route) else { continue };
        if facts.hostnames.iter().any(|host| names.iter().any(|name| covers_all(host, name))) {
            claims.routes.push(route.clone());
            claims.gateways.extend(facts.parents.iter().filter_map(|parent| gateway(&parent.object)));
        }
    }
    for gateway in world.of(GATEWAY) {
        let Some(facts) = facts::gateway(gateway) else { continue };
        let hosts = facts.listeners.iter().filter_map(|listener| listener.hostname.as_deref());
        let mut hosts = hosts.filter(|host| names.iter().any(|name| covers_all(host, name)));
        if hosts.next().is_some() {
            claims.gateways.insert(gateway.key.clone());
        }
    }
    claims
}

impl Claims {
    /// Whether nobody does.
    pub fn is_empty(&self) -> bool {
        self.ingresses.is_empty() && self.routes.is_empty() && self.gateways.is_empty()
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
fn covers_one(host: &str, name: &str) -> bool {
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

fn gateway(object: &ObjectName) -> Option<ObjectRef> {
    let kind = object.kind_id().filter(|kind| *kind == GATEWAY)?;
    Some(ObjectRef { kind, namespace: object.namespace.clone(), name: object.name.clone() })
}
