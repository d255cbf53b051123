//! TraefikServices between a rule and the Services that get its requests: by weight, by the client's address, mirrored.
//!
//! Who only gets copies is left out: no client ever sees what a mirror answers.

use crate::kinds::traefik::{TraefikBackend, TraefikRoute};
use crate::kinds::traefik_service::Sharing;
use crate::kinds::{ObjectRef, Record, SERVICE, TRAEFIK_SERVICE};
use crate::model::Cluster;
use crate::view::trace::facts;
use crate::view::trace::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// TraefikServices may name others; deeper than this none is followed.
const DEEPEST: usize = 16;

/// The provider that a name may say: the same objects.
const PROVIDER: &str = "@kubernetescrd";

/// Whether a backend is a TraefikService.
pub fn is_shared(backend: &TraefikBackend) -> bool {
    *backend.kind == *"TraefikService"
}

/// The Services that get requests of a rule, each once.
pub fn services(cluster: &Cluster, record: &Record, rule: &TraefikRoute) -> Vec<ObjectRef> {
    let mut found = Vec::new();
    for backend in &rule.services {
        walk(cluster, (record, backend), &mut Vec::new(), &mut |service, _| {
            if !found.contains(service) {
                found.push(service.clone());
            }
        });
    }
    found
}

/// The TraefikServices between a route's object and a Service, the first way that leads there.
pub fn between(cluster: &Cluster, owner: &ObjectRef, service: &ObjectRef) -> Vec<ObjectRef> {
    let mut found = None;
    let Some(record) = cluster.get(owner) else { return Vec::new() };
    let rules = facts::ingress_route(record).map_or(&[][..], |facts| &facts.routes);
    for backend in rules.iter().flat_map(|rule| &rule.services) {
        walk(cluster, (record, backend), &mut Vec::new(), &mut |end, through| {
            if end == service {
                found.get_or_insert_with(|| through.to_vec());
            }
        });
    }
    found.unwrap_or_default()
}

/// Every TraefikService that leads to one of these Services, by its key.
pub fn sharing<'a>(world: &World<'a>, services: &[&'a Arc<Record>]) -> BTreeMap<ObjectRef, &'a Arc<Record>> {
    let mut found = BTreeMap::new();
    let mut next: Vec<&Arc<Record>> = services.to_vec();
    while let Some(record) = next.pop() {
        for source in world.sources(record, TRAEFIK_SERVICE) {
            if found.insert(source.key.clone(), source).is_none() {
                next.push(source);
            }
        }
    }
    found
}

/// Visits every Service behind a backend, with the TraefikServices on the way.
fn walk(
    cluster: &Cluster,
    (home, backend): (&Record, &TraefikBackend),
    through: &mut Vec<ObjectRef>,
    visit: &mut impl FnMut(&ObjectRef, &[ObjectRef]),
) {
    let kind = match &*backend.kind {
        "Service" => SERVICE,
        "TraefikService" => TRAEFIK_SERVICE,
        _ => return,
    };
    let namespace = backend.object.namespace.clone().or_else(|| home.key.namespace.clone());
    let name = &backend.object.name;
    let name = name.strip_suffix(PROVIDER).map_or_else(|| name.clone(), Arc::from);
    let key = ObjectRef { kind, namespace, name };
    if kind == SERVICE {
        return visit(&key, through);
    }
    if through.contains(&key) || DEEPEST <= through.len() {
        return;
    }
    let Some(record) = cluster.get(&key) else { return };
    through.push(key);
    let sharing = facts::traefik_service(record).map_or(&Sharing::Nothing, |facts| &facts.sharing);
    let mut backends = sharing.backends();
    if matches!(sharing, Sharing::Mirroring { .. }) {
        backends.truncate(1);
    }
    for (backend, _) in backends {
        walk(cluster, (record, backend), through, visit);
    }
    through.pop();
}
