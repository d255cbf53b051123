//! What views read of an Ingress.

use crate::kinds::Interner;
use crate::kinds::ingress::wire;
use crate::kinds::load_balancer::Address;
use crate::kinds::service::PortRef;
use std::sync::Arc;

/// What trace and routes read of an Ingress; the record keeps all its annotations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IngressFacts {
    /// `spec.ingressClassName`.
    pub class: Option<Arc<str>>,
    /// Where requests go that no rule matches.
    pub default_backend: Option<Backend>,
    /// Hosts and paths, in order.
    pub rules: Box<[IngressRule]>,
    /// Certificates.
    pub tls: Box<[IngressTls]>,
    /// The addresses that the controller published.
    pub addresses: Box<[Address]>,
}

/// One host and its paths.
#[derive(Clone, Debug, PartialEq)]
pub struct IngressRule {
    /// The host; none for all.
    pub host: Option<Arc<str>>,
    /// Whether it has `http` at all: without, its host leads nowhere, and some tools fall over it.
    pub has_http: bool,
    /// Its paths; none where it has no `http`.
    pub paths: Box<[IngressPath]>,
}

/// One path and where it leads.
#[derive(Clone, Debug, PartialEq)]
pub struct IngressPath {
    /// The path; empty for all.
    pub path: Arc<str>,
    /// How it matches.
    pub path_type: PathType,
    /// Where it leads.
    pub backend: Backend,
}

/// How a path matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathType {
    /// Letter by letter.
    Exact,
    /// Element by element.
    Prefix,
    /// As the controller likes.
    ImplementationSpecific,
    /// Not said, or in a word that nobody knows.
    Unset,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A Service of the same namespace.
    Service {
        /// Its name.
        name: Arc<str>,
        /// Which of its ports; none when it does not say.
        port: Option<PortRef>,
    },
    /// An object of another kind.
    Resource {
        /// Its group.
        group: Arc<str>,
        /// Its kind.
        kind: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
    /// It names nothing.
    Missing,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct IngressTls {
    /// The hosts that it is for.
    pub hosts: Box<[Arc<str>]>,
    /// The Secret in the same namespace; none for the controller's default certificate.
    pub secret: Option<Arc<str>>,
}

impl IngressFacts {
    pub(super) fn of(ingress: &wire::Ingress, interner: &mut Interner) -> Self {
        let status = ingress.status.as_ref().and_then(|s| s.load_balancer.as_ref());
        let addresses = status.map(|s| s.addresses(interner)).unwrap_or_default();
        let Some(spec) = &ingress.spec else { return Self { addresses, ..Self::default() } };
        Self {
            class: spec.ingress_class_name.as_deref().map(|c| interner.intern(c)),
            default_backend: spec.default_backend.as_ref().map(|b| Backend::of(Some(b), interner)),
            rules: spec.rules.iter().map(|r| IngressRule::of(r, interner)).collect(),
            tls: spec.tls.iter().map(|t| IngressTls::of(t, interner)).collect(),
            addresses,
        }
    }

    /// Every place that it leads to, the default one first.
    pub fn backends(&self) -> impl Iterator<Item = &Backend> {
        let paths = self.rules.iter().flat_map(|r| &r.paths);
        self.default_backend.iter().chain(paths.map(|p| &p.backend))
    }
}

impl IngressRule {
    fn of(rule: &wire::IngressRule, interner: &mut Interner) -> Self {
        let http = rule.value.as_ref().and_then(|v| v.http.as_ref());
        let paths = http.map_or(&[][..], |h| &h.paths).iter().map(|p| IngressPath::of(p, interner)).collect();
        Self { host: interner.non_empty(&rule.host), has_http: http.is_some(), paths }
    }
}

impl IngressPath {
    fn of(path: &wire::HttpIngressPath, interner: &mut Interner) -> Self {
        let path_type = match path.path_type.as_deref() {
            Some("Exact") => PathType::Exact,
            Some("Prefix") => PathType::Prefix,
            Some("ImplementationSpecific") => PathType::ImplementationSpecific,
            _ => PathType::Unset,
        };
        Self { path: interner.intern(&path.path), path_type, backend: Backend::of(path.backend.as_ref(), interner) }
    }
}

impl Backend {
    fn of(backend: Option<&wire::IngressBackend>, interner: &mut Interner) -> Self {
        match backend.map(|b| (&b.service, &b.resource)) {
            Some((Some(service), _)) => {
                let port = service.port.as_ref().and_then(|p| match p.number {
                    0 => interner.non_empty(&p.name).map(PortRef::Name),
                    number => Some(PortRef::Number(number)),
                });
                Self::Service { name: interner.intern(&service.name), port }
            }
            Some((None, Some(resource))) => Self::Resource {
                group: interner.intern(resource.api_group.as_deref().unwrap_or("")),
                kind: interner.intern(&resource.kind),
                name: interner.intern(&resource.name),
            },
            _ => Self::Missing,
        }
    }
}

impl IngressTls {
    fn of(tls: &wire::IngressTls, interner: &mut Interner) -> Self {
        Self { hosts: interner.list(&tls.hosts), secret: interner.non_empty(&tls.secret_name) }
    }
}
