//! What Traefik's own kinds share: how an IngressRoute names entry points, rules, Middlewares and Services.

use crate::kinds::record::is_not_last_applied;
use crate::kinds::service::PortRef;
use crate::kinds::{
    Cell, Digest, Facts, INGRESS_ROUTE, Interner, KindId, Link, MIDDLEWARE, Meta, Relation, SECRET, SERVERS_TRANSPORT,
    SERVICE, Shared, TLS_OPTION, TRAEFIK_SERVICE, Target,
};
use crate::wire::int_or_string::IntOrString;
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;

/// What trace and routes read of an IngressRoute or an IngressRouteTCP; the record keeps all its annotations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IngressRouteFacts {
    /// Where it listens; empty for the entry points that Traefik takes by default.
    pub entry_points: Box<[Arc<str>]>,
    /// Its rules, in order.
    pub routes: Box<[TraefikRoute]>,
    /// Whether and how TLS ends or goes through; none for plain connections only.
    pub tls: Option<TraefikTls>,
    /// The routes that lead requests on to this one; empty for one that takes them itself.
    pub parents: Box<[TraefikRef]>,
}

/// One rule and where it leads.
#[derive(Clone, Debug, PartialEq)]
pub struct TraefikRoute {
    /// The rule as written: ``Host(`a.example.com`) && PathPrefix(`/api`)``.
    pub rule: Arc<str>,
    /// Its priority; none (also for 0) for the length of the rule.
    pub priority: Option<i64>,
    /// `v2` where the rule is written as Traefik 2 had it.
    pub syntax: Option<Arc<str>>,
    /// Whether it is a rule at all; Traefik leaves out what its `kind` calls otherwise.
    pub is_rule: bool,
    /// Whether it says of itself what is logged and measured, which one below another route may not.
    pub is_observed: bool,
    /// What is done with requests, in order.
    pub middlewares: Box<[TraefikRef]>,
    /// Who gets them.
    pub services: Box<[TraefikBackend]>,
}

/// An object of Traefik's own that another names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraefikRef {
    /// Its namespace.
    pub namespace: Option<Arc<str>>,
    /// Its name; `NAME@PROVIDER` stands for one that is no object of the cluster.
    pub name: Arc<str>,
}

/// One backend and its share.
#[derive(Clone, Debug, PartialEq)]
pub struct TraefikBackend {
    /// `Service` or `TraefikService`.
    pub kind: Arc<str>,
    /// The object.
    pub object: TraefikRef,
    /// Which of its ports.
    pub port: Option<PortRef>,
    /// Its share among those that say one.
    pub weight: Option<i64>,
    /// `http`, `https` or `h2c`; none for https on port 443 and http elsewhere.
    pub scheme: Option<Arc<str>>,
    /// Whether Traefik speaks to the Service's own address instead of its pods; none for as its arguments say.
    pub native: Option<bool>,
    /// Whether it has its health checked, which Traefik allows for ExternalName Services only.
    pub has_health_check: bool,
    /// Whether the backend sees the host that the client asked for.
    pub passes_host: bool,
    /// Whether Traefik speaks TLS to a backend of TCP.
    pub tls: bool,
    /// How Traefik speaks TLS to it, an object of its own.
    pub transport: Option<Arc<str>>,
}

/// How TLS ends or goes through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraefikTls {
    /// The Secret in the same namespace.
    pub secret: Option<Arc<str>>,
    /// Who issues certificates for Traefik itself.
    pub resolver: Option<Arc<str>>,
    /// Whether TLS goes through to the backend.
    pub passthrough: bool,
    /// The main name and the others that certificates are asked for.
    pub domains: Box<[Box<[Arc<str>]>]>,
    /// The TLSOption that rules it.
    pub options: Option<TraefikRef>,
}

/// The slim IngressRoute of a kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressRoute {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    entry_points: Vec<String>,
    routes: Vec<WireRoute>,
    tls: Option<WireTls>,
    parent_refs: Vec<WireRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireRoute {
    r#match: String,
    priority: Option<i64>,
    syntax: Option<String>,
    kind: Option<String>,
    observability: Option<IgnoredAny>,
    middlewares: Vec<WireRef>,
    services: Vec<WireBackend>,
}

/// `MiddlewareRef`, `ObjectReference`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireRef {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: Option<String>,
}

/// `LoadBalancerSpec`, and the weight of a `Service`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireBackend {
    kind: Option<String>,
    name: String,
    namespace: Option<String>,
    port: Option<IntOrString>,
    weight: Option<i64>,
    scheme: Option<String>,
    #[serde(rename = "nativeLB")]
    native: Option<bool>,
    pass_host_header: Option<bool>,
    tls: Option<bool>,
    servers_transport: Option<String>,
    health_check: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireTls {
    secret_name: Option<String>,
    cert_resolver: Option<String>,
    passthrough: bool,
    domains: Vec<WireDomain>,
    options: Option<WireRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireDomain {
    main: String,
    sans: Vec<String>,
}

impl Shared for IngressRoute {
    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    /// The class stands in an annotation, as do the wishes of external-dns.
    fn keeps_annotation(key: &str) -> bool {
        is_not_last_applied(key)
    }

    fn digest(&self, _kind: KindId, _meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let (spec, namespace) = (&self.spec, namespace.as_ref());
        let facts = IngressRouteFacts {
            entry_points: interner.list(&spec.entry_points),
            routes: spec.routes.iter().map(|r| TraefikRoute::of(r, namespace, interner)).collect(),
            tls: spec.tls.as_ref().map(|t| TraefikTls::of(t, namespace, interner)),
            parents: spec.parent_refs.iter().map(|p| TraefikRef::of(p, namespace, interner)).collect(),
        };
        let rules: Vec<&str> = facts.routes.iter().map(|route| &*route.rule).collect();
        let cells = Box::new([interner.non_empty(&rules.join(", ")).map_or(Cell::Empty, Cell::Text)]);
        let links = facts.links(namespace);
        // Traefik writes no status: whether it has taken the route cannot be read off the object.
        Digest { cells, links, facts: Facts::IngressRoute(Box::new(facts)), ..Digest::default() }
    }
}

impl IngressRouteFacts {
    fn links(&self, namespace: Option<&Arc<str>>) -> Arc<[Link]> {
        let services = self.routes.iter().flat_map(|route| &route.services);
        let services = services.filter_map(TraefikBackend::link);
        let middlewares = self.routes.iter().flat_map(|route| &route.middlewares);
        let middlewares = middlewares.filter_map(|middleware| middleware.link(Relation::Uses, MIDDLEWARE));
        let secret = self.tls.iter().filter_map(|tls| tls.secret.as_ref());
        let secret = secret.map(|name| Link {
            relation: Relation::Uses,
            target: Target::Named { kind: SECRET, namespace: namespace.cloned(), name: Arc::clone(name) },
        });
        let options = self.tls.iter().filter_map(|tls| tls.options.as_ref());
        let options = options.filter_map(|options| options.link(Relation::Uses, TLS_OPTION));
        let parents = self.parents.iter().filter_map(|parent| parent.link(Relation::Uses, INGRESS_ROUTE));
        let transports =
            self.routes.iter().flat_map(|route| &route.services).filter_map(TraefikBackend::transport_link);
        each_once(services.chain(transports).chain(middlewares).chain(secret).chain(options).chain(parents))
    }
}

/// The same links without repetition.
pub fn each_once(links: impl Iterator<Item = Link>) -> Arc<[Link]> {
    let mut all: Vec<Link> = Vec::new();
    for link in links {
        if !all.contains(&link) {
            all.push(link);
        }
    }
    all.into()
}

impl TraefikRoute {
    fn of(wire: &WireRoute, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        Self {
            rule: interner.intern(&wire.r#match),
            priority: wire.priority.filter(|priority| *priority != 0),
            syntax: wire.syntax.as_deref().and_then(|s| interner.non_empty(s)),
            is_rule: matches!(wire.kind.as_deref(), None | Some("" | "Rule")),
            is_observed: wire.observability.is_some(),
            middlewares: wire.middlewares.iter().map(|m| TraefikRef::of(m, namespace, interner)).collect(),
            services: wire.services.iter().map(|s| TraefikBackend::of(s, namespace, interner)).collect(),
        }
    }
}

impl TraefikRef {
    /// The slim form, seen from `namespace`, which is not that of what another provider has.
    pub fn of(wire: &WireRef, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let own = wire.namespace.as_deref().and_then(|n| interner.non_empty(n));
        let home = namespace.filter(|_| !wire.name.contains('@'));
        Self { namespace: own.or_else(|| home.cloned()), name: interner.intern(&wire.name) }
    }

    /// The link to it; none to what is no object of the cluster.
    pub fn link(&self, relation: Relation, kind: KindId) -> Option<Link> {
        let (namespace, name) = (self.namespace.clone(), Arc::clone(&self.name));
        let is_object = !name.is_empty() && !name.contains('@');
        is_object.then_some(Link { relation, target: Target::Named { kind, namespace, name } })
    }
}

impl TraefikBackend {
    /// The slim form, seen from `namespace`.
    pub fn of(wire: &WireBackend, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let own = wire.namespace.as_deref().and_then(|n| interner.non_empty(n));
        Self {
            kind: interner.intern(wire.kind.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("Service")),
            object: TraefikRef { namespace: own.or_else(|| namespace.cloned()), name: interner.intern(&wire.name) },
            port: wire.port.as_ref().map(|p| PortRef::given(p, interner)),
            weight: wire.weight,
            scheme: wire.scheme.as_deref().and_then(|s| interner.non_empty(s)),
            native: wire.native,
            has_health_check: wire.health_check.is_some(),
            passes_host: wire.pass_host_header != Some(false),
            tls: wire.tls == Some(true),
            transport: wire.servers_transport.as_deref().and_then(|t| interner.non_empty(t)),
        }
    }

    /// The link to its ServersTransport, which Traefik looks for where the Service is.
    pub fn transport_link(&self) -> Option<Link> {
        let name = self.transport.clone()?;
        TraefikRef { namespace: self.object.namespace.clone(), name }.link(Relation::Uses, SERVERS_TRANSPORT)
    }

    /// The link to it, if it is a Service or a TraefikService.
    pub fn link(&self) -> Option<Link> {
        let kind = match &*self.kind {
            "Service" => SERVICE,
            "TraefikService" => TRAEFIK_SERVICE,
            _ => return None,
        };
        self.object.link(Relation::RoutesTo, kind)
    }
}

impl TraefikTls {
    fn of(wire: &WireTls, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let names = |domain: &WireDomain, interner: &mut Interner| {
            let main = interner.non_empty(&domain.main);
            main.into_iter().chain(interner.list(&domain.sans)).collect()
        };
        Self {
            secret: wire.secret_name.as_deref().and_then(|s| interner.non_empty(s)),
            resolver: wire.cert_resolver.as_deref().and_then(|r| interner.non_empty(r)),
            passthrough: wire.passthrough,
            domains: wire.domains.iter().map(|d| names(d, interner)).collect(),
            options: wire.options.as_ref().map(|o| TraefikRef::of(o, namespace, interner)),
        }
    }
}
