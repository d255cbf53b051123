//! The routes of an IngressRoute: the hosts and the first path that each of its rules names.

use super::{Route, get, sample};
use crate::kinds::http_route::facts::PathMatch;
use crate::kinds::{ObjectRef, Record, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::request::Scheme;

/// Words of rules that name a path, and how it is compared.
const PATHS: [(&str, PathMatch); 3] =
    [("PathPrefix", PathMatch::Prefix), ("Path", PathMatch::Exact), ("PathRegexp", PathMatch::Regex)];

/// The routes in the order of the rules.
pub fn routes(record: &Record) -> Vec<Route> {
    let Some(facts) = facts::ingress_route(record) else { return Vec::new() };
    let scheme = if facts.tls.is_some() { Scheme::Https } else { Scheme::Http };
    let mut routes = Vec::new();
    for (index, rule) in facts.routes.iter().enumerate() {
        let found = PATHS.iter().find_map(|(word, kind)| Some((named(&rule.rule, word).into_iter().next()?, *kind)));
        let (path, kind) = found.unwrap_or(("/", PathMatch::Prefix));
        let tried = if kind == PathMatch::Regex { sample::regex(path) } else { path.to_owned() };
        let mut hosts = named(&rule.rule, "Host");
        if hosts.is_empty() {
            hosts.push("*");
        }
        let services = rule.services.iter().filter(|service| &*service.kind == "Service").map(|service| ObjectRef {
            kind: SERVICE,
            namespace: service.object.namespace.clone().or_else(|| record.key.namespace.clone()),
            name: service.object.name.clone(),
        });
        let services: Vec<ObjectRef> = services.collect();
        for host in hosts {
            routes.push(Route {
                owner: record.key.clone(),
                field: format!(".spec.routes[{index}].match"),
                host: host.to_owned(),
                path: path.to_owned(),
                is_prefix: kind != PathMatch::Exact,
                services: services.clone(),
                request: get(scheme, &sample::host(host, None), scheme.port(), &tried),
            });
        }
    }
    routes
}

/// The arguments of a word of the rule, but for where it is negated: ``Host(`a`, `b`)``.
fn named<'a>(rule: &'a str, word: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = rule[from..].find(word).map(|at| at + from) {
        from = at + word.len();
        let starts = !rule[..at].ends_with(|c: char| c.is_alphanumeric() || c == '!');
        let Some(inside) = rule[from..].strip_prefix('(').filter(|_| starts) else { continue };
        let inside = inside.split(')').next().unwrap_or("");
        let quoted = inside.split(',').map(|text| text.trim().trim_matches(['`', '"', '\'']));
        found.extend(quoted.filter(|text| !text.is_empty()));
    }
    found
}
