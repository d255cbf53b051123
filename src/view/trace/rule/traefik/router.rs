//! The routers that Traefik makes of Ingresses and of its own routes.

use crate::kinds::ingress::facts::{Backend, IngressPath, IngressRule, PathType};
use crate::kinds::traefik::TraefikTls;
use crate::kinds::{MIDDLEWARE, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::request::Scheme;
use crate::view::trace::rule::location;
use crate::view::trace::rule::settings::truth;
use crate::view::trace::rule::traefik::backends::Service;
use crate::view::trace::rule::traefik::expression::{Rule, parse};
use crate::view::trace::rule::traefik::options::{Entry, Options};
use crate::view::trace::rule::traefik::{route, syntax};
use crate::view::trace::world::World;
use std::sync::Arc;

/// The provider of Ingresses, as arguments write it.
pub const INGRESSES: &str = "kubernetesingress";
/// The provider of Traefik's own kinds.
pub const ROUTES: &str = "kubernetescrd";

/// Where a router comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A path of an Ingress: which rule, which path.
    Path(usize, usize),
    /// The defaultBackend of an Ingress without rules.
    Default,
    /// A rule of an IngressRoute.
    Route(usize),
}

/// A middleware that a router names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An object of the cluster.
    Object(ObjectRef),
    /// One of another provider, which nobody here can read.
    Foreign(String),
    /// One that can be none.
    Nothing(String),
}

/// What is known of a rule.
#[derive(Clone, Debug)]
pub enum Reading {
    /// It can be followed.
    Rule(Rule),
    /// Traefik refuses it, for this reason.
    Refused(String),
}

/// One router.
#[derive(Clone, Debug)]
pub struct Router<'a> {
    /// Its object.
    pub record: &'a Arc<Record>,
    /// Which part of it.
    pub source: Source,
    /// Its rule as text, whose length is its priority unless it says one.
    pub text: String,
    /// Its rule.
    pub rule: Reading,
    /// Its priority.
    pub priority: i64,
    /// Where it listens; empty for everywhere.
    pub entry_points: Vec<String>,
    /// Whether it is for TLS only.
    pub tls: bool,
    /// Its middlewares, in order.
    pub steps: Vec<Step>,
    /// Its backends.
    pub services: Vec<Service>,
    /// The TLSOption that rules handshakes for its hosts, as Traefik calls it: `shop-strict@kubernetescrd`.
    pub options: Option<String>,
    /// The routes that it leads requests on to, the highest priority first.
    pub below: Vec<Router<'a>>,
    /// Why Traefik does not even take it in, where its own words tell.
    pub refused: Option<String>,
    /// Why Traefik takes it in and does not use it.
    pub idle: Option<String>,
}

/// The prefix of annotations for routers.
const NOTE: &str = "traefik.ingress.kubernetes.io/router.";
/// Every router that may be for a host, the highest priority first.
pub fn all<'a>(world: &World<'a>, options: &Options, taken: &[&'a Arc<Record>], name: &str) -> Vec<Router<'a>> {
    let mut routers: Vec<Router> = Vec::new();
    if options.has_provider(INGRESSES) {
        routers.extend(taken.iter().flat_map(|ingress| of_ingress(world, options, ingress, name)));
    }
    if options.has_provider(ROUTES) {
        routers.extend(route::all(world, options, name));
    }
    routers.sort_by_key(|router| std::cmp::Reverse(router.priority));
    routers
}

/// The priority of a rule that says none.
pub fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

/// Reads a rule by a syntax.
pub fn read(text: &str, syntax: Option<&str>) -> Reading {
    let read = if syntax == Some("v2") { syntax::parse(text) } else { parse(text) };
    match read {
        Ok(rule) => Reading::Rule(rule),
        Err(why) => Reading::Refused(why),
    }
}

/// What annotations say of all routers of an Ingress.
struct Notes<'a> {
    ingress: &'a Record,
}

impl<'a> Notes<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        // Names of fields are compared without regard to case.
        let mut all = self.ingress.meta.annotations.iter();
        let own = |key: &str| {
            key.get(..NOTE.len()).is_some_and(|start| start.eq_ignore_ascii_case(NOTE))
                && key[NOTE.len()..].eq_ignore_ascii_case(name)
        };
        all.find(|(key, _)| own(key)).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    fn list(&self, name: &str) -> Vec<String> {
        let parts = self.get(name).unwrap_or("").split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect()
    }

    fn has_tls(&self) -> bool {
        let below = format!("{NOTE}tls.");
        let mut all = self.ingress.meta.annotations.iter();
        self.get("tls").and_then(truth) == Some(true) || all.any(|(key, _)| key.to_lowercase().starts_with(&below))
    }
}

fn of_ingress<'a>(world: &World<'a>, options: &Options, ingress: &'a Arc<Record>, name: &str) -> Vec<Router<'a>> {
    let Some(facts) = facts::ingress(ingress) else { return Vec::new() };
    let may =
        |host: &str| host.is_empty() || host.starts_with("*.") || host.trim_end_matches('.').eq_ignore_ascii_case(name);
    let is_meant = |rule: &IngressRule| may(rule.host.as_deref().unwrap_or(""));
    if !facts.rules.is_empty() && !facts.rules.iter().any(is_meant) {
        return Vec::new();
    }
    let notes = Notes { ingress };
    let priority = notes.get("priority").map(str::parse::<i64>);
    let refused = match &priority {
        Some(Err(_)) => {
            Some("its annotation router.priority is no number, so the whole Ingress is left out".to_owned())
        }
        _ => None,
    };
    let steps: Vec<Step> = notes.list("middlewares").iter().map(|name| named(world, name)).collect();
    let syntax = notes.get("rulesyntax").or_else(|| options.get("core.defaultrulesyntax"));
    let router = |source, text: String, backend: &Backend, priority: i64| {
        let rule = read(&text, syntax);
        let (services, odd) = Service::of_ingress(ingress, backend);
        Router {
            record: ingress,
            source,
            rule,
            priority: if priority == 0 { length(&text) } else { priority },
            text,
            entry_points: notes.list("entrypoints"),
            tls: notes.has_tls(),
            steps: steps.clone(),
            services,
            options: notes
                .get("tls.options")
                .filter(|name| *name != "default")
                .map(|name| provided(name, "kubernetes")),
            below: Vec::new(),
            refused: refused.clone().or(odd),
            idle: None,
        }
    };
    if let (true, Some(backend)) = (facts.rules.is_empty(), &facts.default_backend) {
        // Without regard to what the annotations say of priority and syntax.
        let mut last = router(Source::Default, "PathPrefix(`/`)".to_owned(), backend, i64::from(i32::MIN));
        last.rule = read(&last.text, None);
        return vec![last];
    }
    let priority = priority.and_then(Result::ok).unwrap_or(0);
    let is_strict = options.provider_is(INGRESSES, "strictprefixmatching");
    let mut routers = Vec::new();
    for (rule_index, rule) in facts.rules.iter().enumerate().filter(|(_, rule)| is_meant(rule)) {
        for (path_index, path) in rule.paths.iter().enumerate() {
            let host = host_rule(rule.host.as_deref().unwrap_or(""), syntax);
            let text = rule_text(host, path, notes.get("pathmatcher"), is_strict);
            routers.push(router(Source::Path(rule_index, path_index), text, &path.backend, priority));
        }
    }
    routers
}

/// Whether a rule may be for a host, as far as a glance tells.
pub fn may_name(rule: &str, name: &str) -> bool {
    let is_plain = rule.contains("Host(") && !rule.contains(['!', '|']) && !rule.contains("HostRegexp");
    !is_plain || rule.to_ascii_lowercase().contains(name)
}

/// The rule that Traefik writes for a host; none for every host.
fn host_rule(host: &str, syntax: Option<&str>) -> Option<String> {
    match (host.strip_prefix("*."), syntax) {
        _ if host.is_empty() => None,
        (Some(parent), Some("v2")) => Some(format!("HostRegexp(`{{subdomain:[a-zA-Z0-9-]+}}.{parent}`)")),
        (Some(parent), _) => Some(format!("HostRegexp(`^[a-zA-Z0-9-]+\\.{}$`)", quoted(parent))),
        (None, _) => Some(format!("Host(`{host}`)")),
    }
}

/// The rule that Traefik writes for a path.
fn rule_text(of_host: Option<String>, path: &IngressPath, matcher: Option<&str>, is_strict: bool) -> String {
    let text = &*path.path;
    let matcher = match path.path_type {
        PathType::Exact => "Path",
        PathType::Prefix => "PathPrefix",
        PathType::ImplementationSpecific | PathType::Unset => matcher.unwrap_or("PathPrefix"),
    };
    let of_path = match text {
        "" => None,
        _ if is_strict && matcher == "PathPrefix" && text != "/" => {
            let bare = text.strip_suffix('/').unwrap_or(text);
            Some(format!("(Path(`{bare}`) || PathPrefix(`{bare}/`))"))
        }
        _ => Some(format!("{matcher}(`{text}`)")),
    };
    of_host.into_iter().chain(of_path).collect::<Vec<_>>().join(" && ")
}

/// A name of Traefik's own with its provider: `NAME@PROVIDER`.
pub fn provided(name: &str, provider: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@{provider}") }
}

/// A host in an expression: only these letters need a sign before them.
fn quoted(host: &str) -> String {
    host.replace('.', "\\.")
}

/// A middleware that an annotation names: `namespace-name@kubernetescrd`; which dash divides it only the objects tell.
fn named(world: &World, text: &str) -> Step {
    let Some((whole, provider)) = text.split_once('@') else { return Step::Nothing(text.to_owned()) };
    if provider != "kubernetescrd" {
        return Step::Foreign(text.to_owned());
    }
    let is_it = |record: &&Arc<Record>| {
        let namespace = record.key.namespace.as_deref().unwrap_or("");
        whole.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('-')) == Some(&*record.key.name)
    };
    match world.of(MIDDLEWARE).find(is_it) {
        Some(record) => Step::Object(record.key.clone()),
        // Which one is meant cannot be told, only that there is none.
        None => Step::Object(ObjectRef { kind: MIDDLEWARE, namespace: None, name: Arc::from(whole) }),
    }
}

impl<'a> Router<'a> {
    /// Whether it listens where the request enters; none where names and arguments do not tell.
    pub fn listens(&self, options: &Options, entry: &Entry) -> Option<bool> {
        let named = match &entry.name {
            Some(name) if self.entry_points.is_empty() => options.is_default(name),
            Some(name) => self.entry_points.iter().any(|own| own == name),
            None if self.entry_points.is_empty() => true,
            None => return self.by_usual_name(entry.scheme),
        };
        if !named {
            return Some(false);
        }
        let tls = self.tls || entry.name.as_deref().is_some_and(|name| options.has_tls(name));
        match (entry.scheme, tls) {
            (Scheme::Https, false) if !options.is_known() => None,
            (Scheme::Http, true) | (Scheme::Https, false) => Some(false),
            _ => Some(true),
        }
    }

    /// By the names that charts give to entry points.
    fn by_usual_name(&self, scheme: Scheme) -> Option<bool> {
        let of_name = |name: &String| match name.to_ascii_lowercase().as_str() {
            "web" | "http" => Some(Scheme::Http),
            "websecure" | "https" => Some(Scheme::Https),
            _ => None,
        };
        let named: Vec<Option<Scheme>> = self.entry_points.iter().map(of_name).collect();
        if named.contains(&Some(scheme)) {
            return if scheme == Scheme::Http && self.tls { Some(false) } else { Some(true) };
        }
        if named.contains(&None) { None } else { Some(false) }
    }

    /// TLS of its IngressRoute.
    pub fn route_tls(&self) -> Option<&'a TraefikTls> {
        facts::ingress_route(self.record)?.tls.as_ref()
    }

    /// Whether it comes from an IngressRoute.
    pub fn is_route(&self) -> bool {
        matches!(self.source, Source::Route(_))
    }

    /// The TLSOption by which handshakes for its hosts go at an entry point; none for the default.
    pub fn options_at(&self, options: &Options, entry: &Entry) -> Option<String> {
        if self.tls {
            return self.options.clone();
        }
        let name = options.get(&format!("entrypoints.{}.http.tls.options", entry.name.as_deref()?))?;
        let provider = if self.is_route() { ROUTES } else { "kubernetes" };
        (name != "default").then(|| provided(name, provider))
    }

    /// `Ingress shop/web` or `IngressRoute shop/web`.
    pub fn title(&self) -> String {
        let kind = if self.is_route() { "IngressRoute" } else { "Ingress" };
        format!("{kind} {}/{}", self.record.key.namespace.as_deref().unwrap_or(""), self.record.key.name)
    }

    /// The field that holds its rule.
    pub fn place(&self) -> String {
        match self.source {
            Source::Path(rule, path) => location::field((rule, path)),
            Source::Default => ".spec.defaultBackend".to_owned(),
            Source::Route(at) => format!(".spec.routes[{at}].match"),
        }
    }

    /// The field that names a backend.
    pub fn field(&self, at: usize) -> String {
        match self.source {
            Source::Path(rule, path) => format!("{}.backend", location::field((rule, path))),
            Source::Default => ".spec.defaultBackend".to_owned(),
            Source::Route(rule) => format!(".spec.routes[{rule}].services[{at}]"),
        }
    }
}
