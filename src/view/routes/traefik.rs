//! The routes of an IngressRoute: the hosts and the first path that each of its rules names. A rule below another route, by
//! parentRefs, names only what is left: the hosts and the path before it are those of the rules above.
//!
//! Facts: `loadRouters` and `resolveParentRouters` of pkg/provider/kubernetes/crd in Traefik v3.6; a router below hears what
//! the one above it leads on, after the middlewares of that one.

mod between;

pub use self::between::{between, sharing};

use super::{Route, get, sample};
use crate::kinds::http_route::facts::PathMatch;
use crate::kinds::middleware::Deed;
use crate::kinds::traefik::{IngressRouteFacts, TraefikRef, TraefikRoute};
use crate::kinds::{INGRESS_ROUTE, KindId, MIDDLEWARE, ObjectRef, Record, TRAEFIK_SERVICE};
use crate::model::Cluster;
use crate::view::trace::facts;
use crate::view::trace::request::Scheme;

/// Words of rules that name a path, and how it is compared.
const PATHS: [(&str, PathMatch); 3] =
    [("PathPrefix", PathMatch::Prefix), ("Path", PathMatch::Exact), ("PathRegexp", PathMatch::Regex)];

/// Routes may stand below each other, and Middlewares lead to others; deeper than this none is followed.
const DEEPEST: usize = 8;

/// Whether the routes of an IngressRoute may depend on other objects of this kind.
pub fn depends(record: &Record, on: KindId) -> bool {
    let Some(facts) = facts::ingress_route(record) else { return false };
    let is_below = !facts.parents.is_empty();
    match on {
        TRAEFIK_SERVICE => facts.routes.iter().flat_map(|rule| &rule.services).any(between::is_shared),
        MIDDLEWARE => is_below,
        INGRESS_ROUTE => is_below || facts.routes.iter().any(|rule| rule.services.is_empty()),
        _ => false,
    }
}

/// The routes in the order of the rules. A rule that leads requests on to other routes and names no Service has none of its
/// own: those of the routes below stand for it.
pub fn routes(cluster: &Cluster, record: &Record) -> Vec<Route> {
    let Some(facts) = facts::ingress_route(record) else { return Vec::new() };
    let leads_on = cluster.sources(record).iter().any(|source| source.key.kind == INGRESS_ROUTE);
    let mut above = Above::all(cluster, facts, &mut vec![record.key.clone()]);
    if above.is_empty() {
        // Nothing leads there: that it is followed as if it stood alone shows it.
        above.push(Above::nothing(Scheme::Http));
    }
    let mut routes = Vec::new();
    for (index, rule) in facts.routes.iter().enumerate().filter(|(_, rule)| !leads_on || !rule.services.is_empty()) {
        let services = between::services(cluster, record, rule);
        for above in &above {
            let meant = Meant::of(&rule.rule, above);
            let tried = if meant.kind == PathMatch::Regex { sample::regex(&meant.path) } else { meant.path.clone() };
            for host in &meant.hosts {
                routes.push(Route {
                    owner: record.key.clone(),
                    field: format!(".spec.routes[{index}].match"),
                    above: above.objects.clone(),
                    host: host.clone(),
                    path: meant.path.clone(),
                    is_prefix: meant.kind != PathMatch::Exact,
                    services: services.clone(),
                    request: get(above.scheme, &sample::host(host, None), above.scheme.port(), &tried),
                });
            }
        }
    }
    routes
}

/// What a client asks for, for one rule.
struct Meant {
    /// The hosts; `*` for all.
    hosts: Vec<String>,
    /// The path, as the client sends it.
    path: String,
    /// How it is compared.
    kind: PathMatch,
}

/// What the rules above one have let through.
#[derive(Clone)]
struct Above {
    /// The routes, the outermost first.
    objects: Vec<ObjectRef>,
    /// Whether requests come by TLS, which only the outermost says.
    scheme: Scheme,
    hosts: Vec<String>,
    path: String,
    kind: PathMatch,
    /// What was done to the path so far, and what the path was that the rule before it named.
    deeds: Vec<(Deed, String)>,
}

impl Above {
    /// Nothing, which lets everything through.
    fn nothing(scheme: Scheme) -> Self {
        let (hosts, path) = (vec!["*".to_owned()], "/".to_owned());
        Self { objects: Vec::new(), scheme, hosts, path, kind: PathMatch::Prefix, deeds: Vec::new() }
    }

    /// What may stand above the rules of an IngressRoute: one for each way down to it; of one without parents nothing. `known` are the routes on the way, so that a circle ends.
    fn all(cluster: &Cluster, facts: &IngressRouteFacts, known: &mut Vec<ObjectRef>) -> Vec<Self> {
        if facts.parents.is_empty() {
            return vec![Self::nothing(if facts.tls.is_some() { Scheme::Https } else { Scheme::Http })];
        }
        let mut all = Vec::new();
        for parent in &facts.parents {
            let key = key(INGRESS_ROUTE, parent);
            if known.contains(&key) || DEEPEST <= known.len() {
                continue;
            }
            let Some(above) = cluster.get(&key).and_then(|record| facts::ingress_route(record)) else { continue };
            known.push(key.clone());
            for before in Self::all(cluster, above, known) {
                all.extend(above.routes.iter().map(|rule| before.further(cluster, &key, rule)));
            }
            known.pop();
        }
        all
    }

    /// The same, one rule further down.
    fn further(&self, cluster: &Cluster, key: &ObjectRef, rule: &TraefikRoute) -> Self {
        let Meant { hosts, path, kind } = Meant::of(&rule.rule, self);
        let mut next = Self { hosts, path, kind, ..self.clone() };
        next.objects.push(key.clone());
        let own = place(&rule.rule).map_or("/", |(path, _)| path);
        let mut deeds = Vec::new();
        for middleware in &rule.middlewares {
            done(cluster, middleware, &mut deeds, 0);
        }
        next.deeds.extend(deeds.into_iter().map(|deed| (deed, own.to_owned())));
        next
    }

    /// The path that a client sends, for one that arrives here; none where all arrive as one and the same.
    fn sent(&self, arrives: &str) -> Option<String> {
        let mut path = arrives.to_owned();
        for (deed, named) in self.deeds.iter().rev() {
            path = match deed {
                Deed::AddPrefix(added) => path.strip_prefix(&**added).unwrap_or(&path).to_owned(),
                Deed::StripPrefix(prefixes) => {
                    let fits = |prefix: &&&str| named.starts_with(**prefix) || prefix.starts_with(named.as_str());
                    let all: Vec<&str> = prefixes.iter().map(|prefix| prefix.trim_end_matches('/')).collect();
                    all.iter().find(fits).map_or(path.clone(), |prefix| format!("{prefix}{path}"))
                }
                Deed::StripPrefixRegex(patterns) => {
                    let before = patterns.first().map(|pattern| sample::regex(pattern)).unwrap_or_default();
                    format!("{}{path}", before.trim_end_matches('/'))
                }
                Deed::ReplacePath(_) | Deed::ReplacePathRegex { .. } => return None,
                _ => continue,
            };
        }
        Some(if path.starts_with('/') { path } else { format!("/{path}") })
    }
}

impl Meant {
    fn of(rule: &str, above: &Above) -> Self {
        let own = named(rule, "Host");
        let is_let_through = |host: &&&str| above.hosts.iter().any(|have| have == "*" || have == **host);
        let both: Vec<String> = own.iter().filter(is_let_through).map(|host| (*host).to_owned()).collect();
        let hosts = match (own.is_empty(), both.is_empty()) {
            (true, _) => above.hosts.clone(),
            // No host is let through: which one it names shows that best.
            (false, true) => own.into_iter().map(str::to_owned).collect(),
            (false, false) => both,
        };
        let sent = place(rule).and_then(|(path, kind)| Some((above.sent(path)?, kind)));
        let (path, kind) = sent.unwrap_or_else(|| (above.path.clone(), above.kind));
        Self { hosts, path, kind }
    }
}

/// What a Middleware does to the path, and what those do that it leads to.
fn done(cluster: &Cluster, middleware: &TraefikRef, deeds: &mut Vec<Deed>, depth: usize) {
    let found = cluster.get(&key(MIDDLEWARE, middleware)).and_then(|record| facts::middleware(record));
    for deed in found.iter().flat_map(|facts| &facts.deeds) {
        match deed {
            Deed::Chain(others) if depth < DEEPEST => {
                for other in others {
                    done(cluster, other, deeds, depth + 1);
                }
            }
            deed => deeds.push(deed.clone()),
        }
    }
}

fn key(kind: KindId, reference: &TraefikRef) -> ObjectRef {
    ObjectRef { kind, namespace: reference.namespace.clone(), name: reference.name.clone() }
}

/// The first path that a rule names, and how it is compared.
fn place(rule: &str) -> Option<(&str, PathMatch)> {
    PATHS.iter().find_map(|(word, kind)| Some((named(rule, word).into_iter().next()?, *kind)))
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
