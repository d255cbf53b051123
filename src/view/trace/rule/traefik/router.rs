//! What Traefik makes of each path of an Ingress and of each of its own routes: a router.

use crate::kinds::traefik::TraefikTls;
use crate::kinds::{ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::request::Scheme;
use crate::view::trace::rule::location;
use crate::view::trace::rule::traefik::expression::{Rule, parse};
use crate::view::trace::rule::traefik::options::{Entry, Options, ROUTES};
use crate::view::trace::rule::traefik::service::Service;
use crate::view::trace::rule::traefik::syntax;
use std::sync::Arc;

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

/// Whether a rule may be for a host, as far as a glance tells.
pub fn may_name(rule: &str, name: &str) -> bool {
    let is_plain = rule.contains("Host(") && !rule.contains(['!', '|']) && !rule.contains("HostRegexp");
    !is_plain || rule.to_ascii_lowercase().contains(name)
}

/// A name of Traefik's own with its provider: `NAME@PROVIDER`.
pub fn provided(name: &str, provider: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@{provider}") }
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
            return match (scheme, self.tls) {
                (Scheme::Http, true) => Some(false),
                // Charts switch TLS on for the whole entry point; without that it would get no handshake.
                (Scheme::Https, false) => None,
                _ => Some(true),
            };
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
