//! The routers that Traefik makes of IngressRoutes: those that take requests, and below them those that get what they lead on.

use crate::kinds::traefik::{IngressRouteFacts, TraefikRef, TraefikRoute};
use crate::kinds::{INGRESS_ROUTE, MIDDLEWARE, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::rule::traefik::options::{Options, ROUTES};
use crate::view::trace::rule::traefik::router::{Reading, Router, Source, Step, length, may_name, provided, read};
use crate::view::trace::rule::traefik::service::Service;
use crate::view::trace::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Routes may stand below each other; deeper than this none is followed.
const DEEPEST: usize = 8;

/// Every router of an IngressRoute without parents that may be for a host, with those below it.
pub fn all<'a>(world: &World<'a>, options: &Options, name: &str) -> Vec<Router<'a>> {
    let tree = Tree::of(world, options);
    let roots = world.of(INGRESS_ROUTE).filter(|record| options.serves(record));
    let mut routers = Vec::new();
    for record in roots {
        let Some(facts) = facts::ingress_route(record).filter(|facts| facts.parents.is_empty()) else { continue };
        let meant = facts.routes.iter().enumerate().filter(|(_, route)| may_name(&route.rule, name));
        routers.extend(meant.map(|(at, route)| tree.router((record, facts), (at, route), &mut Vec::new())));
    }
    routers
}

/// Each router of one IngressRoute, without those below it.
pub fn bare<'a>(options: &Options, record: &'a Arc<Record>) -> Vec<Router<'a>> {
    let Some(facts) = facts::ingress_route(record) else { return Vec::new() };
    let tree = Tree { options, below: BTreeMap::new(), astray: BTreeMap::new() };
    let routes = facts.routes.iter().enumerate();
    routes.map(|route| tree.router((record, facts), route, &mut Vec::new())).collect()
}

/// The hosts that rules of IngressRoutes name, each once.
pub fn hosts(world: &World, options: &Options) -> Vec<String> {
    let served = world.of(INGRESS_ROUTE).filter(|record| options.serves(record));
    let rules = served.flat_map(|record| bare(options, record));
    let hosts = rules.flat_map(|router| match &router.rule {
        Reading::Rule(rule) => rule.hosts(),
        Reading::Refused(_) => Vec::new(),
    });
    hosts.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Every router of an IngressRoute that names a parent which Traefik does not find, and why that is. With a parent: of those
/// that name this one among others.
pub fn orphans<'a>(world: &World<'a>, options: &Options, parent: Option<&ObjectRef>) -> Vec<(Router<'a>, String)> {
    let tree = Tree { options, below: BTreeMap::new(), astray: BTreeMap::new() };
    let mut found = Vec::new();
    for record in world.of(INGRESS_ROUTE).filter(|record| options.serves(record)) {
        let Some(facts) = facts::ingress_route(record) else { continue };
        if parent.is_some_and(|wanted| !facts.parents.iter().any(|own| key(INGRESS_ROUTE, own) == *wanted)) {
            continue;
        }
        let Some(why) = facts.parents.iter().find_map(|parent| tree.astray(world, record, parent)) else { continue };
        let routes = facts.routes.iter().enumerate();
        found.extend(routes.map(|route| (tree.router((record, facts), route, &mut Vec::new()), why.clone())));
    }
    found
}

/// Which IngressRoutes stand below which.
struct Tree<'o, 'a> {
    options: &'o Options,
    below: BTreeMap<ObjectRef, Vec<&'a Arc<Record>>>,
    /// Those that name one as their parent, and that Traefik does not take in: why.
    astray: BTreeMap<ObjectRef, String>,
}

impl<'o, 'a> Tree<'o, 'a> {
    fn of(world: &World<'a>, options: &'o Options) -> Self {
        let mut tree = Self { options, below: BTreeMap::new(), astray: BTreeMap::new() };
        for record in world.of(INGRESS_ROUTE).filter(|record| options.serves(record)) {
            let parents = facts::ingress_route(record).map_or(&[][..], |facts| &facts.parents);
            let keys = parents.iter().map(|parent| key(INGRESS_ROUTE, parent));
            // One parent that cannot be found, and the route has none.
            let astray = parents.iter().find_map(|parent| tree.astray(world, record, parent));
            for key in keys {
                match &astray {
                    Some(why) => drop(tree.astray.insert(key, why.clone())),
                    None => tree.below.entry(key).or_default().push(record),
                }
            }
        }
        tree
    }

    /// Why Traefik does not find a parent.
    fn astray(&self, world: &World, child: &Record, parent: &TraefikRef) -> Option<String> {
        let title = |key: &ObjectRef| format!("{}/{}", key.namespace.as_deref().unwrap_or(""), key.name);
        let (above, child_title) = (key(INGRESS_ROUTE, parent), title(&child.key));
        if above.namespace != child.key.namespace && !self.options.crosses() {
            let parent = title(&above);
            return Some(format!(
                "IngressRoute {child_title} names its parent {parent} in another namespace, which allowCrossNamespace would have to permit"
            ));
        }
        let is_gone =
            world.get(&above).is_none() && world.known(INGRESS_ROUTE, None).missing("ingressroutes").is_none();
        is_gone.then(|| format!("IngressRoute {child_title} names the parent {}, and there is none", title(&above)))
    }

    /// The router of a route, with those below it. `above` are the routes over it.
    fn router(
        &self,
        (record, facts): (&'a Arc<Record>, &'a IngressRouteFacts),
        (at, route): (usize, &'a TraefikRoute),
        above: &mut Vec<(ObjectRef, usize)>,
    ) -> Router<'a> {
        let options = self.options;
        let is_root = facts.parents.is_empty();
        above.push((record.key.clone(), at));
        let (below, circle) = self.below(record, above);
        above.pop();
        let native = options.provider_is(ROUTES, "nativelbbydefault");
        let home = record.key.namespace.as_deref().unwrap_or("");
        let services: Vec<Service> =
            route.services.iter().map(|backend| Service::of_route(options, backend, home, native)).collect();
        let lonely = services.is_empty() && below.is_empty();
        let idle = circle.or_else(|| if is_root { None } else { own_settings(facts, route) });
        Router {
            record,
            source: Source::Route(at),
            text: route.rule.to_string(),
            rule: read(&route.rule, route.syntax.as_deref().or_else(|| options.get("core.defaultrulesyntax"))),
            priority: route.priority.unwrap_or_else(|| length(&route.rule)),
            entry_points: facts.entry_points.iter().map(ToString::to_string).collect(),
            tls: facts.tls.is_some(),
            steps: route.middlewares.iter().map(|reference| step(options, reference)).collect(),
            options: facts.tls.as_ref().and_then(|tls| tls.options.as_ref()).and_then(option_name),
            refused: refused(options, home, facts, route),
            idle: idle.or_else(|| lonely.then(|| self.alone(&record.key))),
            services,
            below,
        }
    }

    /// The routers below a route, the highest priority first; and why it is out of the game where they lead back to it.
    fn below(&self, record: &Record, above: &mut Vec<(ObjectRef, usize)>) -> (Vec<Router<'a>>, Option<String>) {
        let (mut below, mut circle) = (Vec::new(), None);
        for child in self.below.get(&record.key).into_iter().flatten() {
            let Some(facts) = facts::ingress_route(child) else { continue };
            for (at, route) in facts.routes.iter().enumerate() {
                if above.contains(&(child.key.clone(), at)) || DEEPEST <= above.len() {
                    let (namespace, name) = (child.key.namespace.as_deref().unwrap_or(""), &child.key.name);
                    circle = Some(format!("it leads back to IngressRoute {namespace}/{name}, which stands above it"));
                } else {
                    below.push(self.router((child, facts), (at, route), above));
                }
            }
        }
        below.sort_by_key(|router| std::cmp::Reverse(router.priority));
        (below, circle)
    }

    /// Why a route without Services leads nowhere.
    fn alone(&self, key: &ObjectRef) -> String {
        match self.astray.get(key) {
            Some(why) => format!("it names no Service, and no route stands below it: {why}"),
            None => "it names no Service, and no route stands below it".to_owned(),
        }
    }
}

/// What Traefik forbids to routes below others.
fn own_settings(facts: &IngressRouteFacts, route: &TraefikRoute) -> Option<String> {
    let what = match (facts.tls.is_some(), route.is_observed, facts.entry_points.is_empty()) {
        (true, ..) => "tls",
        (_, true, _) => "observability",
        (.., false) => "entryPoints",
        _ => return None,
    };
    Some(format!("it stands below another route, and so may not say {what} itself"))
}

/// Why Traefik does not take a route in.
fn refused(options: &Options, home: &str, facts: &IngressRouteFacts, route: &TraefikRoute) -> Option<String> {
    if !route.is_rule {
        return Some("its kind is not Rule, which is the only one".to_owned());
    }
    if route.rule.is_empty() {
        return Some("it has no rule".to_owned());
    }
    if options.crosses() {
        return None;
    }
    let is_foreign = |reference: &TraefikRef| reference.namespace.as_deref() != Some(home);
    let by_name = |reference: &&TraefikRef| reference.name.ends_with("@kubernetescrd");
    if let Some(named) = route.middlewares.iter().find(by_name) {
        return Some(format!(
            "it names {} without a namespace, which allowCrossNamespace would have to permit",
            named.name
        ));
    }
    let middlewares = route.middlewares.iter().filter(|reference| !reference.name.contains('@'));
    let named = facts.tls.as_ref().and_then(|tls| tls.options.as_ref()).filter(|options| !options.name.is_empty());
    let abroad = middlewares.chain(named).find(|reference| is_foreign(reference))?;
    let (namespace, name) = (abroad.namespace.as_deref().unwrap_or("?"), &abroad.name);
    Some(format!("{namespace}/{name} is in another namespace, which allowCrossNamespace would have to permit"))
}

fn step(options: &Options, reference: &TraefikRef) -> Step {
    match reference.name.split_once('@') {
        Some((_, "kubernetescrd")) if !options.crosses() => Step::Nothing(reference.name.to_string()),
        Some(_) => Step::Foreign(reference.name.to_string()),
        None => Step::Object(key(MIDDLEWARE, reference)),
    }
}

/// A TLSOption as Traefik calls it.
fn option_name(reference: &TraefikRef) -> Option<String> {
    if reference.name.is_empty() {
        return None;
    }
    let name = match &reference.namespace {
        Some(namespace) if !reference.name.contains('@') => format!("{namespace}-{}", reference.name),
        _ => reference.name.to_string(),
    };
    Some(provided(&name, ROUTES))
}

fn key(kind: crate::kinds::KindId, reference: &TraefikRef) -> ObjectRef {
    ObjectRef { kind, namespace: reference.namespace.clone(), name: reference.name.clone() }
}
