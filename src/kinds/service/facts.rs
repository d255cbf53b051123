//! What views read of a Service.

use crate::kinds::Interner;
use crate::kinds::load_balancer::{Address, LoadBalancerStatus};
use crate::kinds::service::{ServiceSpec, WirePort};
use crate::wire::int_or_string::IntOrString;
use std::sync::Arc;

/// What trace, routes and Home read of a Service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceFacts {
    /// Its type.
    pub kind: ServiceType,
    /// Its addresses; `None` for a headless one.
    pub cluster_ips: Box<[Arc<str>]>,
    /// `IPv4`, `IPv6`.
    pub ip_families: Box<[Arc<str>]>,
    /// What it listens on.
    pub ports: Box<[ServicePort]>,
    /// Which pods take its traffic, sorted by key; empty where somebody else writes the slices.
    pub selector: Box<[(Arc<str>, Arc<str>)]>,
    /// The name that an `ExternalName` stands for.
    pub external_name: Option<Arc<str>>,
    /// Addresses that somebody else routes to the nodes.
    pub external_ips: Box<[Arc<str>]>,
    /// What the load balancer gave.
    pub addresses: Box<[Address]>,
    /// Which controller makes the load balancer; none for the cloud's own.
    pub load_balancer_class: Option<Arc<str>>,
    /// Who may connect to the load balancer; empty for everyone.
    pub source_ranges: Box<[Arc<str>]>,
    /// Whether traffic from outside goes only to endpoints of the node it reached.
    pub external_local: bool,
    /// Whether traffic from inside goes only to endpoints of its own node.
    pub internal_local: bool,
    /// Whether pods take traffic before they are ready.
    pub publish_not_ready: bool,
    /// Whether a client stays with one endpoint.
    pub client_ip_affinity: bool,
    /// Whether the load balancer goes through node ports.
    pub allocates_node_ports: bool,
    /// Where a load balancer asks nodes for local endpoints; 0 for nowhere.
    pub health_check_node_port: i32,
    /// `PreferSameZone`, `PreferSameNode`, `PreferClose`.
    pub traffic_distribution: Option<Arc<str>>,
}

/// How a Service is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ServiceType {
    /// From inside the cluster.
    #[default]
    ClusterIp,
    /// On a port of every node too.
    NodePort,
    /// Through a load balancer too.
    LoadBalancer,
    /// It is only another name.
    ExternalName,
    /// A type that nobody knows yet.
    Other(Arc<str>),
}

/// One port of a Service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServicePort {
    /// Its name; empty where there is only one.
    pub name: Arc<str>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Arc<str>,
    /// The port that clients use.
    pub port: i32,
    /// The port of the pods.
    pub target: PortRef,
    /// The port on every node; 0 for none.
    pub node_port: i32,
    /// For example `kubernetes.io/h2c`.
    pub app_protocol: Option<Arc<str>>,
}

/// A port by number or by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PortRef {
    /// By number.
    Number(i32),
    /// By the name that each pod gives it.
    Name(Arc<str>),
}

impl ServiceFacts {
    pub(super) fn of(spec: &ServiceSpec, status: Option<&LoadBalancerStatus>, interner: &mut Interner) -> Self {
        let is = |value: Option<&str>, wanted: &str| value == Some(wanted);
        let mut cluster_ips = interner.list(&spec.cluster_ips);
        if cluster_ips.is_empty() {
            cluster_ips = interner.non_empty(&spec.cluster_ip).into_iter().collect();
        }
        Self {
            kind: ServiceType::of(&spec.r#type, interner),
            cluster_ips,
            ip_families: interner.list(&spec.ip_families),
            ports: spec.ports.iter().map(|p| ServicePort::of(p, interner)).collect(),
            selector: spec.selector.iter().map(|(k, v)| (interner.intern(k), interner.intern(v))).collect(),
            external_name: interner.non_empty(&spec.external_name),
            external_ips: interner.list(&spec.external_ips),
            addresses: status.map(|s| s.addresses(interner)).unwrap_or_default(),
            load_balancer_class: spec.load_balancer_class.as_deref().and_then(|c| interner.non_empty(c)),
            source_ranges: interner.list(&spec.load_balancer_source_ranges),
            external_local: spec.external_traffic_policy == "Local",
            internal_local: is(spec.internal_traffic_policy.as_deref(), "Local"),
            publish_not_ready: spec.publish_not_ready_addresses,
            client_ip_affinity: spec.session_affinity == "ClientIP",
            allocates_node_ports: spec.allocate_load_balancer_node_ports != Some(false),
            health_check_node_port: spec.health_check_node_port,
            traffic_distribution: spec.traffic_distribution.as_deref().and_then(|t| interner.non_empty(t)),
        }
    }

    /// Whether clients get the addresses of the pods instead of one of its own.
    pub fn is_headless(&self) -> bool {
        self.cluster_ips.first().is_some_and(|ip| **ip == *"None")
    }

    /// Namespace and name of the Service that an `ExternalName` leads back to, as `name.namespace.svc.cluster.local` says.
    pub fn external_service(&self) -> Option<(&str, &str)> {
        let mut labels = self.external_name.as_deref()?.split('.');
        let (name, namespace) = (labels.next()?, labels.next()?);
        labels.next().is_some_and(|l| l.eq_ignore_ascii_case("svc")).then_some((namespace, name))
    }
}

impl ServiceType {
    fn of(text: &str, interner: &mut Interner) -> Self {
        match text {
            "" | "ClusterIP" => Self::ClusterIp,
            "NodePort" => Self::NodePort,
            "LoadBalancer" => Self::LoadBalancer,
            "ExternalName" => Self::ExternalName,
            other => Self::Other(interner.intern(other)),
        }
    }

    /// The type as the API spells it.
    pub fn name(&self) -> &str {
        match self {
            Self::ClusterIp => "ClusterIP",
            Self::NodePort => "NodePort",
            Self::LoadBalancer => "LoadBalancer",
            Self::ExternalName => "ExternalName",
            Self::Other(name) => name,
        }
    }
}

impl ServicePort {
    fn of(port: &WirePort, interner: &mut Interner) -> Self {
        let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
        Self {
            name: interner.intern(&port.name),
            protocol: interner.intern(protocol),
            port: port.port,
            target: PortRef::of(port.target_port.as_ref(), port.port, interner),
            node_port: port.node_port,
            app_protocol: port.app_protocol.as_deref().and_then(|p| interner.non_empty(p)),
        }
    }

    /// `80/TCP`, or `80:30080/TCP` with a node port, as the server prints it.
    pub fn text(&self) -> String {
        if 0 < self.node_port {
            return format!("{}:{}/{}", self.port, self.node_port, self.protocol);
        }
        format!("{}/{}", self.port, self.protocol)
    }
}

impl PortRef {
    /// A port off the wire.
    pub fn given(port: &IntOrString, interner: &mut Interner) -> Self {
        port.as_int().map_or_else(|| Self::Name(interner.intern(&port.str_val)), Self::Number)
    }

    /// A port off the wire; one that says nothing is the port it stands behind.
    fn of(port: Option<&IntOrString>, default: i32, interner: &mut Interner) -> Self {
        let said = port.filter(|p| p.int_val != 0 || !p.str_val.is_empty());
        said.map_or(Self::Number(default), |p| Self::given(p, interner))
    }
}
