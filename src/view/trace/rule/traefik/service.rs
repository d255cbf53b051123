//! What a router sends requests to: one Service or TraefikService of those that it names.

use crate::kinds::Record;
use crate::kinds::ingress::facts::Backend;
use crate::kinds::service::PortRef;
use crate::kinds::traefik::TraefikBackend;
use crate::view::trace::rule::traefik::options::Options;
use std::sync::Arc;

/// One backend of a router.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its port.
    pub port: Option<PortRef>,
    /// Its part.
    pub weight: i64,
    /// Whether it is a TraefikService.
    pub is_shared: bool,
    /// Whether it is reached at its own address.
    pub native: bool,
    /// Whether it sees the host that the client asked for.
    pub passes_host: bool,
    /// Whether its health is checked, which Traefik allows for ExternalName Services only.
    pub is_checked: bool,
    /// How Traefik connects to it, by the name of a ServersTransport.
    pub transport: Option<Arc<str>>,
    /// The protocol that is said for it; none for the one of its port.
    pub scheme: Option<Arc<str>>,
    /// Why Traefik refuses it, where its own words tell.
    pub refused: Option<String>,
}

impl Service {
    /// The Service of a backend of an Ingress; or why there is none.
    pub fn of_ingress(ingress: &Record, backend: &Backend) -> (Vec<Self>, Option<String>) {
        let Backend::Service { name, port } = backend else {
            return (Vec::new(), Some("its backend is no Service".to_owned()));
        };
        let namespace = ingress.key.namespace.clone().unwrap_or_default();
        let service = Self {
            namespace,
            name: name.clone(),
            port: port.clone(),
            weight: 1,
            is_shared: false,
            native: false,
            passes_host: true,
            is_checked: false,
            transport: None,
            scheme: None,
            refused: None,
        };
        (vec![service], None)
    }

    /// What a route or a TraefikService of this namespace names.
    pub fn of_route(options: &Options, backend: &TraefikBackend, home: &str, native: bool) -> Self {
        let namespace = backend.object.namespace.clone().unwrap_or_default();
        let bare = |name: &Arc<str>| name.strip_suffix("@kubernetescrd").map_or_else(|| name.clone(), Arc::from);
        let name = bare(&backend.object.name);
        let scheme = backend.scheme.as_deref().filter(|scheme| !matches!(*scheme, "http" | "https" | "h2c"));
        let by_provider = backend.transport.as_deref().filter(|name| name.ends_with("@kubernetescrd"));
        let refused = match &*backend.kind {
            _ if *namespace != *home && !options.crosses() => Some(format!(
                "{namespace}/{name} is in another namespace, which allowCrossNamespace would have to permit"
            )),
            "Service" => scheme
                .map(|scheme| format!("{scheme} is no scheme for Service {namespace}/{name}"))
                .or_else(|| by_provider.filter(|_| !options.crosses()).map(|transport| format!(
                    "Service {namespace}/{name} names the ServersTransport {transport} with its provider, which allowCrossNamespace would have to permit"
                ))),
            "TraefikService" => None,
            kind => Some(format!("{kind} {namespace}/{name} is of a kind that Traefik does not know here")),
        };
        Self {
            namespace,
            name,
            port: backend.port.clone(),
            weight: backend.weight.unwrap_or(1),
            is_shared: *backend.kind == *"TraefikService",
            native: backend.native.unwrap_or(native),
            passes_host: backend.passes_host,
            is_checked: backend.has_health_check,
            transport: backend.transport.clone(),
            scheme: backend.scheme.clone(),
            refused,
        }
    }

    /// `Service shop/web` or `TraefikService shop/web`.
    pub fn title(&self) -> String {
        let kind = if self.is_shared { "TraefikService" } else { "Service" };
        format!("{kind} {}/{}", self.namespace, self.name)
    }
}
