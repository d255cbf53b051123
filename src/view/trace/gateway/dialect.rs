//! Where an implementation departs from the Gateway API. Traefik makes routers of its rules, as it does of Ingresses: paths
//! count before hosts, listeners of a port are one, and expressions fit anywhere in a text.
//!
//! Facts: pkg/provider/kubernetes/gateway of Traefik v3.6; `tests/real/traefik/gates.rs` compares them with what it answers.

use crate::kinds::gateway_api::ObjectName;
use crate::kinds::http_route::facts::filter::{PathChange, Redirect};
use crate::kinds::http_route::facts::{Filter, RouteMatch};
use crate::kinds::{GRPC_ROUTE, Record};
use crate::view::trace::uri;

/// Whose reading of the Gateway API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The specification's.
    Spec,
    /// Traefik's.
    Traefik,
}

impl Dialect {
    /// By the name of the controller in the GatewayClass.
    pub fn of(controller: &str) -> Self {
        if controller == "traefik.io/gateway-controller" { Self::Traefik } else { Self::Spec }
    }

    /// Whether it is Traefik's.
    pub fn is_traefik(self) -> bool {
        self == Self::Traefik
    }

    /// The path that rules are asked about.
    pub fn routed(self, path: &str) -> String {
        match self {
            Self::Spec => path.to_owned(),
            Self::Traefik => uri::routed(&self.forwarded(path)),
        }
    }

    /// The path that goes on.
    pub fn forwarded(self, path: &str) -> String {
        match self {
            Self::Spec => path.to_owned(),
            Self::Traefik => uri::clean(path).unwrap_or_else(|| path.to_owned()),
        }
    }
}

/// Whether a controller reads certificates of listeners from Secrets alone, as its source shows: Envoy Gateway
/// (internal/gatewayapi/validate.go), Istio (pilot/pkg/config/kube/gateway/conversion.go), Traefik
/// (pkg/provider/kubernetes/gateway). Others may know kinds of their own.
pub fn takes_secrets_only(controller: &str) -> bool {
    const CONTROLLERS: [&str; 3] = [
        "gateway.envoyproxy.io/gatewayclass-controller",
        "istio.io/gateway-controller",
        "traefik.io/gateway-controller",
    ];
    CONTROLLERS.contains(&controller)
}

/// Why Traefik answers 500 to all that a rule takes: a filter that it does not know.
pub fn unknown_filter(filters: &[Filter]) -> Option<String> {
    filters.iter().find_map(|filter| match filter {
        Filter::Mirror { .. } => Some("RequestMirror".to_owned()),
        Filter::Cors(_) => Some("CORS".to_owned()),
        Filter::ExternalAuth { .. } => Some("ExternalAuth".to_owned()),
        Filter::Other(kind) => Some(kind.to_string()),
        Filter::Extension(object) if *object.group != *"traefik.io" || *object.kind != *"Middleware" => {
            Some(format!("{} {}", object.kind, object.name))
        }
        _ => None,
    })
}

/// Whether Traefik takes an object that is no Service for a backend: a TraefikService, and never of GRPCRoutes.
pub fn is_backend(route: &Record, object: &ObjectName) -> bool {
    let is_own = *object.group == *"traefik.io" || object.name.contains('@');
    route.key.kind != GRPC_ROUTE && *object.kind == *"TraefikService" && is_own
}

/// Whether Traefik leaves a rule out: it redirects with these codes only.
pub fn is_left_out(filters: &[Filter]) -> bool {
    filters.iter().any(|filter| matches!(filter, Filter::Redirect(redirect) if !matches!(redirect.status, 301 | 302)))
}

/// A path after its change: joined, whatever slashes prefix and replacement end with.
pub fn changed(change: &PathChange, path: &str, matched: &RouteMatch) -> String {
    match change {
        PathChange::Full(full) => full.to_string(),
        PathChange::Prefix(replacement) => {
            let rest = path.strip_prefix(&*matched.path).unwrap_or(path);
            let joined = join(replacement, rest);
            if path.ends_with('/') && !joined.ends_with('/') { format!("{joined}/") } else { joined }
        }
    }
}

/// As Go joins two parts of a path.
fn join(one: &str, other: &str) -> String {
    let whole = [one, other].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let parts: Vec<&str> = whole.split('/').filter(|part| !part.is_empty()).collect();
    let start = if whole.starts_with('/') { "/" } else { "" };
    format!("{start}{}", parts.join("/"))
}

/// Whether a redirect keeps the port that the client asked for: only where it names neither scheme nor port.
pub fn keeps_port(redirect: &Redirect) -> bool {
    redirect.port.is_none() && !matches!(redirect.scheme.as_deref(), Some("http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::http_route::facts::PathMatch;
    use std::sync::Arc;

    #[test]
    fn a_prefix_that_ends_with_a_slash_stays_in_a_path_without_it() {
        let of = |path: &str| RouteMatch {
            path_type: PathMatch::Prefix,
            path: Arc::from(path),
            method: None,
            headers: Box::default(),
            query: Box::default(),
        };
        for (path, prefix, by, wanted) in [
            ("/api/x", "/api", "/new", "/new/x"),
            ("/api/", "/api", "/new", "/new/"),
            ("/api", "/api", "/", "/"),
            ("/api/x", "/api", "", "/x"),
            ("/api", "/api/", "/new", "/new/api"),
        ] {
            assert_eq!(changed(&PathChange::Prefix(Arc::from(by)), path, &of(prefix)), wanted, "{path} {prefix} {by}");
        }
    }
}
