//! Which URLs and other entrances reach a pod, a Service or a workload: what names it is listed, and each URL is followed
//! forward, so that nothing is claimed that a request would not do.

pub mod nearly;
mod others;
pub mod reach;

use self::reach::Reach;
use crate::kinds::{
    CRON_JOB, DAEMON_SET, DEPLOYMENT, GRPC_ROUTE, HTTP_ROUTE, INGRESS, INGRESS_ROUTE, JOB, KindId, MIDDLEWARE,
    ObjectRef, POD, REPLICA_SET, Record, SERVICE, STATEFUL_SET, TCP_ROUTE, TLS_ROUTE, UDP_ROUTE,
};
use crate::view::routes::{self, Route};
use crate::view::trace::follow::follow;
use crate::view::trace::hop::HopKind;
use crate::view::trace::outcome::{Backend, Outcome, Trace, Verdict};
use crate::view::trace::reads::Read;
use crate::view::trace::request::Request;
use crate::view::trace::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One way in.
#[derive(Clone, Debug, PartialEq)]
pub struct Entrance {
    /// The address, as a pattern: `https://api.example.com/*`.
    pub url: String,
    /// What kind of way it is.
    pub kind: Kind,
    /// The objects on the way, from the outside.
    pub via: Vec<ObjectRef>,
    /// The object that takes the requests away, which may be one on their own way; none where they arrive or fail.
    pub shadowed_by: Option<ObjectRef>,
    /// What a request by it came to; none where none was followed.
    pub verdict: Option<Verdict>,
}

/// The kinds of ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An Ingress.
    Ingress,
    /// An HTTPRoute.
    HttpRoute,
    /// A GRPCRoute.
    GrpcRoute,
    /// A TLSRoute.
    TlsRoute,
    /// A TCPRoute.
    TcpRoute,
    /// A UDPRoute.
    UdpRoute,
    /// An IngressRoute of Traefik.
    IngressRoute,
    /// The address of a load balancer.
    LoadBalancer,
    /// A port of the nodes.
    NodePort,
    /// An address that somebody routes to the nodes.
    ExternalIp,
    /// A port of the pod's own node.
    HostPort,
    /// A port that a controller passes on unread.
    TcpService,
    /// The API server calls it about objects.
    Webhook,
    /// The name of a Service inside of the cluster.
    Service,
}

impl Kind {
    /// As the JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::HttpRoute => "httproute",
            Self::GrpcRoute => "grpcroute",
            Self::TlsRoute => "tlsroute",
            Self::TcpRoute => "tcproute",
            Self::UdpRoute => "udproute",
            Self::IngressRoute => "ingressroute",
            Self::LoadBalancer => "load_balancer",
            Self::NodePort => "node_port",
            Self::ExternalIp => "external_ip",
            Self::HostPort => "host_port",
            Self::TcpService => "tcp_service",
            Self::Webhook => "webhook",
            Self::Service => "service",
        }
    }
}

/// Whether objects of the kind are pods, have pods, or stand for them.
pub fn is_reachable(kind: KindId) -> bool {
    [POD, SERVICE, DEPLOYMENT, REPLICA_SET, STATEFUL_SET, DAEMON_SET, JOB, CRON_JOB].contains(&kind)
}

/// Every way in to an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ways {
    /// The ways, the URLs first.
    pub entrances: Vec<Entrance>,
    /// What was looked at to find them.
    pub reads: BTreeSet<Read>,
}

/// Every way in to a pod, a Service or a workload.
pub fn ways(world: &World, object: &Record) -> Ways {
    world.take_reads();
    let reach = Reach::of(world, object);
    let mut entrances = beside_routes(world, &reach);
    let routes = routes(world, &reach);
    let mut reads = world.take_reads();
    let mut followed = |request: &Request| {
        let trace = follow(world, request);
        reads.extend(trace.chain().flat_map(|link| &link.reads).cloned());
        trace
    };
    for entrance in &mut entrances {
        if let Some(request) = others::request(entrance) {
            entrance.judge(&followed(&request), &reach);
        }
    }
    // A port that is passed on unread is among the doors already.
    for (route, chain) in routes.into_iter().filter(|(route, _)| !matches!(route.owner.kind, TCP_ROUTE | UDP_ROUTE)) {
        entrances.push(by_route(&route, &followed(&route.request), chain, &reach));
    }
    entrances.sort_by(|one, other| (one.kind, &one.url, &one.via).cmp(&(other.kind, &other.url, &other.via)));
    entrances.dedup();
    Ways { entrances, reads }
}

/// The ways in that are no routes: names and addresses of Services, ports of nodes, ports that are passed on unread, calls
/// of the API server.
pub fn doors(world: &World, object: &Record) -> Vec<Entrance> {
    let mut entrances = beside_routes(world, &Reach::of(world, object));
    entrances.sort_by(|one, other| (one.kind, &one.url, &one.via).cmp(&(other.kind, &other.url, &other.via)));
    entrances.dedup();
    entrances
}

fn beside_routes(world: &World, reach: &Reach) -> Vec<Entrance> {
    let mut entrances = others::by_services(world, reach);
    entrances.extend(others::by_pods(world, reach));
    entrances.extend(others::by_ports(world, reach));
    entrances.extend(others::by_webhooks(world, reach));
    entrances
}

/// The routes that name one of the object's Services, for `service/N --routes`.
pub fn naming(world: &World, object: &Record) -> Vec<Route> {
    let reach = Reach::of(world, object);
    routes(world, &reach).into_iter().map(|(route, _)| route).collect()
}

/// The routes that name a Service by which the object is reached, each with what is walked
/// through from there: TraefikServices, ExternalNames and the Service at the end.
fn routes(world: &World, reach: &Reach) -> Vec<(Route, Vec<ObjectRef>)> {
    let mut services: Vec<_> = reach.chains().filter_map(|(service, _)| world.get(service)).collect();
    services.extend(routes::traefik::sharing(world, &services).into_values());
    // Where a route stands below another one, what the Middlewares above it do says which addresses lead to it.
    world.depends_on(MIDDLEWARE);
    let records = routes::KINDS.into_iter().flat_map(|kind| {
        // The list itself is a look at every object that names routes; those that name a Service hold a link to it.
        world.depends_on(kind);
        let named = services.iter().flat_map(|service| world.sources(service, kind));
        named.map(|record| (&record.key, record)).collect::<BTreeMap<_, _>>().into_values()
    });
    let routes = records.flat_map(|record| routes::of(world.cluster, record));
    let named = routes.filter_map(|route| {
        let (service, chain) = route.services.iter().find_map(|service| Some((service, reach.chain(service)?)))?;
        let between = routes::traefik::between(world.cluster, &route.owner, service);
        Some((route, between.into_iter().chain(chain.iter().cloned()).collect()))
    });
    named.collect()
}

impl Entrance {
    /// Takes in what a request to an address came to. One that a controller takes says nothing of the pods at the address.
    fn judge(&mut self, trace: &Trace, reach: &Reach) {
        let mut hops = trace.chain().flat_map(|link| &link.hops);
        if !hops.any(|hop| hop.kind == HopKind::Controller) {
            self.verdict = Some(trace.verdict);
            self.shadowed_by = taker(trace, &self.via, reach);
        }
    }
}

fn by_route(route: &Route, trace: &Trace, chain: Vec<ObjectRef>, reach: &Reach) -> Entrance {
    let mut via: Vec<ObjectRef> = route.request.via.iter().cloned().collect();
    via.extend(route.above.iter().cloned());
    via.push(route.owner.clone());
    via.extend(chain);
    Entrance {
        url: route.pattern(),
        kind: kind(&route.owner),
        shadowed_by: taker(trace, &via, reach),
        via,
        verdict: Some(trace.verdict),
    }
}

/// Whether the first answer of a trace comes from the object.
fn reaches(link: &Trace, reach: &Reach) -> bool {
    let Outcome::Forward(backends) = &link.outcome else { return false };
    backends.iter().any(|backend| {
        let service = ObjectRef {
            kind: SERVICE,
            namespace: Some(Arc::clone(&backend.namespace)),
            name: Arc::clone(&backend.service),
        };
        reach.is_end(&service) && (reach.pods.is_empty() || reach.takes_all || has_pod(backend, reach))
    })
}

fn has_pod(backend: &Backend, reach: &Reach) -> bool {
    let inferred = backend.endpoints.iter().any(|endpoint| endpoint.pod.is_none());
    let is_ours = |(namespace, name): &(Arc<str>, Arc<str>)| {
        reach.pods.iter().any(|pod| pod.key.namespace.as_ref() == Some(namespace) && pod.key.name == *name)
    };
    inferred || backend.endpoints.iter().filter_map(|endpoint| endpoint.pod.as_ref()).any(is_ours)
}

/// The object that takes requests away, where they do not arrive: one that is not on their way, or one on it that sends them
/// elsewhere. None where they only fail.
fn taker(trace: &Trace, via: &[ObjectRef], reach: &Reach) -> Option<ObjectRef> {
    if trace.chain().any(|link| reaches(link, reach)) {
        return None;
    }
    let decides = |link: &Trace| {
        let of = |kind| link.hops.iter().rev().find(move |hop| hop.kind == kind && hop.object.is_some());
        of(HopKind::Rule).or_else(|| of(HopKind::Service)).and_then(|hop| hop.object.clone())
    };
    let deciding: Vec<ObjectRef> = trace.chain().filter_map(decides).collect();
    let own = deciding.iter().find(|object| via.contains(object));
    match own {
        Some(own) => (Verdict::Unknown < trace.verdict).then(|| own.clone()),
        None => deciding.into_iter().next(),
    }
}

fn kind(owner: &ObjectRef) -> Kind {
    match owner.kind {
        INGRESS => Kind::Ingress,
        HTTP_ROUTE => Kind::HttpRoute,
        GRPC_ROUTE => Kind::GrpcRoute,
        TLS_ROUTE => Kind::TlsRoute,
        INGRESS_ROUTE => Kind::IngressRoute,
        _ => Kind::Service,
    }
}

#[cfg(test)]
mod tests;
