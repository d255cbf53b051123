//! How well those who speak for a host fit a request: an Ingress that somebody serves before one that nobody does, the
//! longer path before the shorter one, the older before the younger.

use crate::kinds::http_route::facts::PathMatch;
use crate::kinds::ingress::CLASS_ANNOTATION;
use crate::kinds::ingress::facts::PathType;
use crate::kinds::{INGRESS_CLASS, ObjectRef, Record};
use crate::view::trace::entrance::claims::{self, Claims};
use crate::view::trace::entrance::controller;
use crate::view::trace::entrance::gate::{Behind, Gate};
use crate::view::trace::facts;
use crate::view::trace::program;
use crate::view::trace::request::Request;
use crate::view::trace::uri;
use crate::view::trace::world::World;
use std::cmp::Reverse;
use std::sync::Arc;

/// Ingresses, the one that fits a request best first. Their names only count where nothing else tells them apart.
pub fn in_order(world: &World, request: &Request, ingresses: &[Arc<Record>]) -> Vec<Arc<Record>> {
    let mut all = ingresses.to_vec();
    all.sort_by_cached_key(|ingress| {
        let created = ingress.meta.created;
        let fits = (may_be_served(world, ingress), of_ingress(ingress, request));
        (Reverse(fits), created.is_none(), created, ingress.key.clone())
    });
    all
}

/// Whether somebody may serve an Ingress, as far as its class tells: one that is named and not there is nobody's.
fn may_be_served(world: &World, ingress: &Record) -> bool {
    if !world.is_given(INGRESS_CLASS) {
        return true;
    }
    let is_there =
        |name: &Arc<str>| world.get(&ObjectRef { kind: INGRESS_CLASS, namespace: None, name: name.clone() }).is_some();
    let field = facts::ingress(ingress).and_then(|facts| facts.class.as_ref());
    match (field, ingress.meta.annotation(CLASS_ANNOTATION)) {
        (Some(class), _) => is_there(class),
        // A controller that goes by the annotation needs no such object.
        (None, Some(class)) => is_there(class) || program::of_class(class).is_some(),
        (None, None) => {
            world.of(INGRESS_CLASS).any(|class| facts::ingress_class(class).is_some_and(|facts| facts.is_default))
        }
    }
}

/// How much of the request's path an Ingress speaks for: one more than the letters of its longest path that takes it, zero
/// where none does.
fn of_ingress(ingress: &Record, request: &Request) -> usize {
    let Some(facts) = facts::ingress(ingress) else { return 0 };
    let is_meant = |host: Option<&str>| host.is_none_or(|host| claims::covers_one(host, request.name()));
    let rules = facts.rules.iter().filter(|rule| is_meant(rule.host.as_deref()));
    let paths = rules.flat_map(|rule| rule.paths.iter());
    let longest = paths.filter_map(|own| taken(&own.path, own.path_type, &request.path)).max();
    longest.or_else(|| facts.default_backend.is_some().then_some(0)).map_or(0, |letters| letters + 1)
}

/// The letters of a path of an Ingress that takes the asked one; none where it does not. Of a regular expression, which
/// only the controller can read, its plain beginning counts.
fn taken(own: &str, kind: PathType, asked: &str) -> Option<usize> {
    if let Some(at) = own.find(['(', '[', '*', '+', '|', '^', '$', '\\', '{']) {
        let plain = own[..at].trim_end_matches(['/', '.']);
        return asked.to_lowercase().starts_with(&plain.to_lowercase()).then_some(plain.len());
    }
    let takes = if kind == PathType::Exact { own == asked } else { uri::behind(own, asked).is_some() };
    takes.then_some(own.len())
}

/// The same for everybody behind a way into the cluster.
pub fn behind(world: &World, gate: &Gate, request: &Request, claims: &Claims) -> usize {
    match &gate.behind {
        Behind::Controller(controller) => {
            let own = claims.ingresses.iter().filter(|ingress| controller::takes(world, controller, ingress));
            own.map(|ingress| of_ingress(ingress, request)).max().unwrap_or(0)
        }
        Behind::Gateway(gateway) => {
            let routes = claims.routes.iter().filter(|route| claims::is_for(world, route, gateway));
            routes.map(|route| of_route(route, request)).max().unwrap_or(0)
        }
        Behind::Pods => 0,
    }
}

fn of_route(route: &Record, request: &Request) -> usize {
    let Some(facts) = facts::http_route(route) else { return 0 };
    let matches = facts.rules.iter().flat_map(|rule| rule.matches.iter());
    let longest = matches.filter_map(|own| match own.path_type {
        PathMatch::Exact => (*own.path == *request.path).then_some(own.path.len()),
        PathMatch::Prefix => uri::behind(&own.path, &request.path).is_some().then_some(own.path.len()),
        PathMatch::Regex => Some(0),
    });
    longest.max().map_or(0, |letters| letters + 1)
}
