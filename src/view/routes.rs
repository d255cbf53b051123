//! Every route of a cluster: each host and path that an Ingress, a route of the Gateway API or an IngressRoute names, as a
//! request that can be followed.

mod gateway;
pub mod index;
mod ingress;
pub mod sample;
pub mod traefik;

use crate::kinds::{
    GRPC_ROUTE, HTTP_ROUTE, INGRESS, INGRESS_ROUTE, KindId, ObjectRef, Record, TCP_ROUTE, TLS_ROUTE, UDP_ROUTE,
};
use crate::model::Cluster;
use crate::view::trace::request::{Request, Scheme};

/// The kinds whose objects name hosts, paths or ports.
pub const KINDS: [KindId; 7] = [INGRESS, HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE, TCP_ROUTE, UDP_ROUTE, INGRESS_ROUTE];

/// One host and path, and the request that stands for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The object that names it.
    pub owner: ObjectRef,
    /// The field that does: `.spec.rules[0].http.paths[1]`.
    pub field: String,
    /// The routes that lead requests on to that one, the outermost first: Traefik's routes may stand below each other.
    pub above: Vec<ObjectRef>,
    /// The host as it is written; `*` for all.
    pub host: String,
    /// The path as it is written.
    pub path: String,
    /// Whether longer paths are meant too.
    pub is_prefix: bool,
    /// The Services that it names, or that stand behind the TraefikServices that it names.
    pub services: Vec<ObjectRef>,
    /// A request that it is meant for.
    pub request: Request,
}

/// Every route, in the order of kind, namespace and name.
pub fn all(cluster: &Cluster) -> Vec<Route> {
    KINDS.into_iter().flat_map(|kind| cluster.of(kind)).flat_map(|record| of(cluster, record)).collect()
}

/// The routes that one object names.
pub fn of(cluster: &Cluster, record: &Record) -> Vec<Route> {
    match record.key.kind {
        INGRESS => ingress::routes(record),
        HTTP_ROUTE => gateway::http(cluster, record),
        GRPC_ROUTE => gateway::grpc(cluster, record),
        TLS_ROUTE => gateway::tls(cluster, record),
        TCP_ROUTE | UDP_ROUTE => gateway::ports(cluster, record),
        INGRESS_ROUTE => traefik::routes(cluster, record),
        _ => Vec::new(),
    }
}

/// The routes that one object stands for: those that it names, else those to which it leads requests on.
pub fn meant(cluster: &Cluster, record: &Record) -> Vec<Route> {
    let own = of(cluster, record);
    if !own.is_empty() || record.key.kind != INGRESS_ROUTE {
        return own;
    }
    let below = cluster.of(INGRESS_ROUTE).flat_map(|below| of(cluster, below));
    below.filter(|route| route.above.contains(&record.key)).collect()
}

impl Route {
    /// The address of the request that stands for it. What goes through a TCPRoute is its clients' own business.
    pub fn url(&self) -> String {
        if self.owner.kind == TCP_ROUTE {
            return format!("tcp://{}", self.request.place());
        }
        self.request.url()
    }

    /// The address as a pattern, with a star where more paths are meant: `https://*.example.com/cart*`.
    pub fn pattern(&self) -> String {
        let (request, port) = (&self.request, self.request.port);
        if self.owner.kind == TCP_ROUTE || request.scheme == Scheme::Udp {
            let scheme = if request.scheme == Scheme::Udp { "udp" } else { "tcp" };
            return format!("{scheme}://{}:{port}", self.host);
        }
        let port = if port == request.scheme.port() { String::new() } else { format!(":{port}") };
        let path = if self.path.starts_with('/') { self.path.as_str() } else { "/" };
        let plain = sample::plain(path);
        let star = if self.is_prefix || plain.len() < path.len() { "*" } else { "" };
        format!("{}://{}{port}{plain}{star}", request.scheme.name(), self.host)
    }
}

/// A plain GET.
fn get(scheme: Scheme, host: &str, port: u16, path: &str) -> Request {
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Request::plain(scheme, host, port, &path)
}

#[cfg(test)]
mod tests;
