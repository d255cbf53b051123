//! What one stage of a trace hands to the next: the door, the controller behind it, the decision, the arms of a split.

use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::PortRef;
use crate::kinds::{ObjectRef, Record};
use crate::view::trace::fault::Finding;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::Hop;
use crate::view::trace::outcome::Outcome;
use std::sync::Arc;

/// Where a request enters the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Entrance {
    /// DNS, CDN, load balancer: in this order.
    pub hops: Vec<Hop>,
    /// What stands behind.
    pub door: Door,
    /// Found next to it: other entrances that could serve the name.
    pub side: Vec<Finding>,
}

/// What stands behind an entrance.
#[derive(Clone, Debug, PartialEq)]
pub enum Door {
    /// A controller that reads Ingresses (and Traefik's own routes).
    Controller(Box<Controller>),
    /// A Gateway, at this port of its listeners.
    Gateway {
        /// The Gateway.
        gateway: ObjectRef,
        /// The listeners' port.
        port: u16,
    },
    /// A Service without a controller before it.
    Service {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// Its port that was dialled.
        port: u16,
        /// The one endpoint of it that was named.
        only: Option<Arc<str>>,
    },
    /// The request ends here: a name that does not resolve, a port that nobody listens on.
    Closed(Outcome),
}

/// A program that reads Ingresses.
#[derive(Clone, Debug, PartialEq)]
pub struct Controller {
    /// By which rules.
    pub flavour: Flavour,
    /// What IngressClasses call it: `k8s.io/ingress-nginx`.
    pub name: Arc<str>,
    /// Its workload; none where it is only assumed.
    pub workload: Option<Arc<Record>>,
    /// Its namespace; none where it is not known.
    pub namespace: Option<Arc<str>>,
    /// Its pods.
    pub pods: Vec<Arc<Record>>,
    /// The Service in front of it.
    pub service: Option<ObjectRef>,
    /// Whether its pods use their nodes' network.
    pub host_network: bool,
    /// Its arguments; none where they cannot be read.
    pub flags: Option<Vec<Arc<str>>>,
    /// Its ConfigMap.
    pub settings: Settings,
    /// Whether the load balancer before it ends TLS.
    pub tls_ended: bool,
    /// The port by which the request reached it at the entrance: 80, 443 or another.
    pub port: u16,
    /// The Ingress whose own load balancer DNS led to, where a cloud makes them for Ingresses.
    pub ingress: Option<ObjectRef>,
}

/// The options that a controller reads from its ConfigMap.
#[derive(Clone, Debug, PartialEq)]
pub enum Settings {
    /// They can be read.
    Known(Option<Arc<Record>>),
    /// They cannot: no rights, or it is not known which ConfigMap.
    Unreadable,
}

/// What a controller or a Gateway does with a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Which certificate answers; none for requests in the clear.
    pub tls: Option<TlsPlan>,
    /// Controller, rule and filters, in the order of `HopKind`; the TLS hop is made from `tls` and set between.
    pub hops: Vec<Hop>,
    /// What becomes of the request.
    pub action: Action,
    /// What the controller answers instead once it has found a backend that is there (401, 403 or a redirect after the 503 check).
    pub gate: Option<Outcome>,
    /// Found next to the path.
    pub side: Vec<Finding>,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Backends get it.
    Forward(Vec<Arm>),
    /// It ends here: redirects, responses, errors, what cannot be told.
    End(Outcome),
    /// It ends here for a hop that is broken; these would get it next, once that is mended.
    Stop(Outcome, Vec<Arm>),
}

/// One arm of a split; its share is 1 where there is no split.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Where it leads.
    pub target: ArmTarget,
    /// Its share of the requests, from 0 to 1.
    pub share: f64,
    /// The path and query that the backend sees.
    pub path: String,
    /// The Host header that the backend sees.
    pub host: String,
    /// Why this arm: `canary, 20 %`, `header x-beta: always`; empty for the only one.
    pub why: String,
    /// How the controller connects.
    pub reach: Reach,
    /// What is spoken to the Service.
    pub protocol: Protocol,
    /// Which object names the backend, and the field: for evidence and fixes.
    pub named_by: Option<(ObjectRef, String)>,
    /// The controller answers this arm itself with this status: an invalid reference of a route, for example.
    pub answered: Option<u16>,
    /// Hops before its Service that belong to this arm only.
    pub hops: Vec<Hop>,
}

/// Where an arm leads.
#[derive(Clone, Debug, PartialEq)]
pub enum ArmTarget {
    /// A Service.
    Service {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// Its port as the rule names it; none where the rule does not say.
        port: Option<PortRef>,
    },
    /// Nothing that can be followed further.
    Nowhere,
}

/// How a backend is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// At the addresses of its pods.
    #[default]
    Pods,
    /// At the Service's own address, by kube-proxy.
    ServiceAddress,
    /// At a port of the nodes.
    NodePort,
}

/// Who connects to the backend.
#[derive(Clone, Debug, PartialEq)]
pub enum Caller {
    /// A controller that reads Ingresses.
    Controller(Box<Controller>),
    /// The data plane of a Gateway: its pods where they are known.
    Gateway {
        /// The Gateway.
        gateway: ObjectRef,
        /// Its pods; empty where they are not known.
        pods: Vec<Arc<Record>>,
    },
    /// A client itself, through kube-proxy: from outside, or from a pod or namespace.
    Direct(crate::view::trace::request::Vantage),
}

/// How the request to one arm ended: its hops, and what the backend is.
#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    /// Service, ExternalName, endpoints, policy, pod, port: in this order.
    pub hops: Vec<Hop>,
    /// The backend, as far as it was found; its status is filled in from `end`.
    pub backend: crate::view::trace::outcome::Backend,
    /// Why nobody takes it.
    pub end: Option<LegEnd>,
    /// Found next to the path.
    pub side: Vec<Finding>,
}

/// Why no backend takes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegEnd {
    /// There is no such Service, or it has no such port.
    NoService,
    /// Nobody is ready.
    NoEndpoints,
    /// A name does not resolve.
    NoName,
    /// Nobody listens there.
    Refused,
    /// The connection is dropped on the way.
    Dropped,
    /// The other end speaks another protocol.
    Protocol,
    /// It comes back to the same place for ever.
    Loop,
    /// It cannot be told; says what is missing.
    Unknown(String),
}

/// Which certificate answers a handshake, before anyone looked into it.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsPlan {
    /// The name of the handshake.
    pub name: String,
    /// What a certificate must name besides to be shown at all: ingress-nginx chooses one by the host of the rules.
    pub rule_host: Option<String>,
    /// The Ingress, Gateway, ListenerSet or IngressRoute that decides; none where nobody does.
    pub owner: Option<ObjectRef>,
    /// The field of the owner that names the Secret: `.spec.tls[0].secretName`.
    pub field: String,
    /// The Secrets that it names: namespace and name; of several the one that fits the name is served.
    pub secrets: Vec<(Arc<str>, Arc<str>)>,
    /// Secrets that are named for other hosts: one whose certificate is good for the name is served all the same.
    pub tried: Vec<(Arc<str>, Arc<str>)>,
    /// Where TLS ends.
    pub end: TlsEnd,
    /// What is served where none of the Secrets can be.
    pub fallback: Fallback,
    /// What the stage before found about it.
    pub findings: Vec<Finding>,
}

/// Where TLS ends.
#[derive(Clone, Debug, PartialEq)]
pub enum TlsEnd {
    /// At the controller.
    Controller,
    /// At the load balancer, which this Service stands for.
    LoadBalancer(Option<ObjectRef>),
    /// In the pods.
    Pods,
}

/// The subject of the certificate that Traefik makes itself.
pub const TRAEFIK_CERT: &str = "CN=TRAEFIK DEFAULT CERT";

/// What is served where there is no certificate for a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Fallback {
    /// The controller's own: its subject, its issuer, its names.
    Own(&'static str, &'static [&'static str]),
    /// A Secret that the controller was given, namespace and name; and what is shown where it cannot be.
    Secret(Arc<str>, Arc<str>, Box<Self>),
    /// The handshake fails.
    Reject,
    /// The handshake fails, and this says why.
    Refuse(Box<Finding>),
    /// It is not known.
    Unknown,
}

impl LegEnd {
    /// What the controller answers to a client where a leg ended so; none where it cannot be told.
    pub fn answer(&self, flavour: Flavour) -> Option<u16> {
        match (flavour, self) {
            // For a Service that is not there the AWS controller writes a fixed answer; of all else no manual of these tells.
            (_, Self::Unknown(_))
            | (Flavour::Gce | Flavour::Alb, Self::NoEndpoints | Self::NoName)
            | (Flavour::Gce, Self::NoService)
            // The Ingress specification leaves it open.
            | (Flavour::Spec, Self::NoService | Self::NoEndpoints | Self::NoName) => None,
            // Traefik finds out about a name when it dials.
            (Flavour::Traefik, Self::NoName) | (_, Self::Refused | Self::Protocol) => Some(502),
            (_, Self::Dropped | Self::Loop) => Some(504),
            (Flavour::Traefik | Flavour::Haproxy, Self::NoService) | (Flavour::Traefik, Self::NoEndpoints) => Some(404),
            (_, Self::NoService | Self::NoEndpoints | Self::NoName) => Some(503),
        }
    }
}

impl Controller {
    /// Whether it is haproxytech's HAProxy, not the HAProxy Ingress.
    pub fn is_haproxytech(&self) -> bool {
        self.name.starts_with("haproxy.org/")
    }

    /// The value of a flag: `--ingress-class=nginx`, or true for a flag without a value.
    pub fn flag(&self, name: &str) -> Option<&str> {
        let flags = self.flags.as_ref()?;
        let said =
            |flag: &Arc<str>| flag.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
        let at = flags.iter().position(said)?;
        match flags[at][name.len()..].strip_prefix('=') {
            Some(value) => Some(value),
            None => flags.get(at + 1).map(|next| &**next).filter(|next| !next.starts_with('-')).or(Some("true")),
        }
    }
}
