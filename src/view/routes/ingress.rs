//! The routes of an Ingress: each host with each of its paths, and the backend for all the rest.

use super::{Route, get, sample};
use crate::kinds::ingress::facts::{Backend, IngressFacts, PathType};
use crate::kinds::{ObjectRef, Record, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::request::Scheme;

/// Annotations that make every path of an Ingress a regular expression.
const REGEX: [&str; 2] = ["nginx.ingress.kubernetes.io/rewrite-target", "nginx.ingress.kubernetes.io/use-regex"];

/// The routes in the order of the rules; that of the default backend last.
pub fn routes(record: &Record) -> Vec<Route> {
    let Some(ingress) = facts::ingress(record) else { return Vec::new() };
    let default = ingress.default_backend.as_ref();
    let mut routes = Vec::new();
    for (index, rule) in ingress.rules.iter().enumerate() {
        let host = rule.host.as_deref().unwrap_or("*");
        if let Some(backend) = default.filter(|_| rule.paths.is_empty()) {
            let place = Place {
                field: format!(".spec.rules[{index}]"),
                host,
                path: "/",
                kind: PathType::Prefix,
                tried: "/".to_owned(),
            };
            routes.push(route(record, ingress, place, backend));
        }
        for (number, path) in rule.paths.iter().enumerate() {
            let field = format!(".spec.rules[{index}].http.paths[{number}]");
            let tried = tried(record, &path.path, path.path_type);
            routes.push(route(
                record,
                ingress,
                Place { field, host, path: &path.path, kind: path.path_type, tried },
                &path.backend,
            ));
        }
    }
    let has_all = routes.iter().any(|route| route.host == "*" && route.request.path == "/");
    if let Some(backend) = default.filter(|_| !has_all) {
        let place = Place {
            field: ".spec.defaultBackend".to_owned(),
            host: "*",
            path: "/",
            kind: PathType::Prefix,
            tried: "/".to_owned(),
        };
        routes.push(route(record, ingress, place, backend));
    }
    routes
}

/// Where a route stands, and what is tried for it.
struct Place<'a> {
    field: String,
    host: &'a str,
    path: &'a str,
    kind: PathType,
    tried: String,
}

fn route(record: &Record, ingress: &IngressFacts, place: Place, backend: &Backend) -> Route {
    let Place { field, host, path, kind, tried } = place;
    let is_prefix = kind != PathType::Exact;
    let scheme = if has_tls(ingress, host) { Scheme::Https } else { Scheme::Http };
    let address = ingress.addresses.first().map(|address| &*address.value);
    let request = get(scheme, &sample::host(host, address), scheme.port(), &tried);
    let path = if path.is_empty() { "/" } else { path };
    let services = match backend {
        Backend::Service { name, .. } => {
            vec![ObjectRef { kind: SERVICE, namespace: record.key.namespace.clone(), name: name.clone() }]
        }
        Backend::Resource { .. } | Backend::Missing => Vec::new(),
    };
    Route {
        owner: record.key.clone(),
        field,
        above: Vec::new(),
        host: host.to_owned(),
        path: path.to_owned(),
        is_prefix,
        services,
        request,
    }
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
