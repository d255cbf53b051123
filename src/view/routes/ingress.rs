//! The routes of an Ingress: each host with each of its paths, and the backend for all the rest.

use super::{Route, get, sample};
use crate::kinds::Record;
use crate::kinds::ingress::facts::{IngressFacts, PathType};
use crate::view::trace::facts;
use crate::view::trace::request::Scheme;

/// Annotations that make every path of an Ingress a regular expression.
const REGEX: [&str; 2] = ["nginx.ingress.kubernetes.io/rewrite-target", "nginx.ingress.kubernetes.io/use-regex"];

/// The routes in the order of the rules; that of the default backend last.
pub fn routes(record: &Record) -> Vec<Route> {
    let Some(ingress) = facts::ingress(record) else { return Vec::new() };
    let mut routes = Vec::new();
    for (index, rule) in ingress.rules.iter().enumerate() {
        let host = rule.host.as_deref().unwrap_or("*");
        if rule.paths.is_empty() && ingress.default_backend.is_some() {
            routes.push(route(record, ingress, format!(".spec.rules[{index}]"), (host, "/"), "/"));
        }
        for (number, path) in rule.paths.iter().enumerate() {
            let field = format!(".spec.rules[{index}].http.paths[{number}]");
            let tried = tried(record, &path.path, path.path_type);
            routes.push(route(record, ingress, field, (host, &path.path), &tried));
        }
    }
    let has_all = routes.iter().any(|route| route.host == "*" && route.request.path == "/");
    if ingress.default_backend.is_some() && !has_all {
        routes.push(route(record, ingress, ".spec.defaultBackend".to_owned(), ("*", "/"), "/"));
    }
    routes
}

fn route(record: &Record, ingress: &IngressFacts, field: String, (host, path): (&str, &str), tried: &str) -> Route {
    let scheme = if has_tls(ingress, host) { Scheme::Https } else { Scheme::Http };
    let address = ingress.addresses.first().map(|address| &*address.value);
    let request = get(scheme, &sample::host(host, address), scheme.port(), tried);
    let path = if path.is_empty() { "/" } else { path };
    Route { owner: record.key.clone(), field, host: host.to_owned(), path: path.to_owned(), request }
}

/// What somebody would type for a path.
fn tried(record: &Record, path: &str, kind: PathType) -> String {
    let is_regex = match kind {
        PathType::Exact => false,
        PathType::Prefix => REGEX.iter().any(|key| record.meta.annotation(key).is_some()),
        PathType::ImplementationSpecific | PathType::Unset => true,
    };
    if is_regex && sample::is_regex(path) { sample::regex(path) } else { path.to_owned() }
}

fn has_tls(ingress: &IngressFacts, host: &str) -> bool {
    let covers = |pattern: &str| {
        let parent = |name: &str| name.split_once('.').map(|(_, parent)| parent.to_lowercase());
        pattern.eq_ignore_ascii_case(host) || pattern.starts_with("*.") && parent(pattern) == parent(host)
    };
    ingress.tls.iter().any(|tls| tls.hosts.is_empty() || tls.hosts.iter().any(|pattern| covers(pattern)))
}
