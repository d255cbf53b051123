//! Service: one name and address in front of the pods that a selector finds.

pub mod facts;

pub use self::facts::{PortRef, ServiceFacts, ServicePort, ServiceType};

use crate::kinds::load_balancer::{self, LoadBalancerStatus};
use crate::kinds::record::is_not_last_applied;
use crate::kinds::selector::labels_text;
use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Link, Meta, Object, POD, Relation, SERVICE,
    Selector, Target, decoder,
};
use crate::wire::int_or_string::IntOrString;
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: SERVICE,
    group: "",
    versions: &["v1"],
    kind: "Service",
    plural: "services",
    short_names: &["svc"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("TYPE", 0).narrow(),
        Column::text("CLUSTER-IP", 1),
        Column::text("EXTERNAL-IP", 2).narrow(),
        Column::text("PORT(S)", 3).narrow(),
        Column::AGE,
        Column::text("SELECTOR", 4).wide(),
    ],
    decoder: decoder::<Service>(),
};

/// The slim Service (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Spec.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<ServiceSpec>,
    /// Status.
    #[prost(message, optional, tag = "3")]
    pub status: Option<ServiceStatus>,
}

/// `ServiceSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// What it listens on.
    #[prost(message, repeated, tag = "1")]
    pub ports: Vec<WirePort>,
    /// Which pods take its traffic.
    #[prost(btree_map = "string, string", tag = "2")]
    pub selector: BTreeMap<String, String>,
    /// The first of `clusterIPs`; manifests set this one alone.
    #[prost(string, tag = "3")]
    #[serde(rename = "clusterIP")]
    pub cluster_ip: String,
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    #[prost(string, tag = "4")]
    pub r#type: String,
    /// Addresses that somebody else routes to the nodes.
    #[prost(string, repeated, tag = "5")]
    #[serde(rename = "externalIPs")]
    pub external_ips: Vec<String>,
    /// `None` or `ClientIP`.
    #[prost(string, tag = "7")]
    pub session_affinity: String,
    /// Who may connect to the load balancer.
    #[prost(string, repeated, tag = "9")]
    pub load_balancer_source_ranges: Vec<String>,
    /// The name that an `ExternalName` stands for.
    #[prost(string, tag = "10")]
    pub external_name: String,
    /// `Cluster` or `Local`.
    #[prost(string, tag = "11")]
    pub external_traffic_policy: String,
    /// Where a load balancer asks nodes for local endpoints.
    #[prost(int32, tag = "12")]
    pub health_check_node_port: i32,
    /// Whether pods take traffic before they are ready.
    #[prost(bool, tag = "13")]
    pub publish_not_ready_addresses: bool,
    /// `SingleStack`, `PreferDualStack` or `RequireDualStack`.
    #[prost(string, optional, tag = "17")]
    pub ip_family_policy: Option<String>,
    /// Its addresses; `None` for a headless one.
    #[prost(string, repeated, tag = "18")]
    #[serde(rename = "clusterIPs")]
    pub cluster_ips: Vec<String>,
    /// `IPv4`, `IPv6`.
    #[prost(string, repeated, tag = "19")]
    pub ip_families: Vec<String>,
    /// Whether a load balancer goes through node ports.
    #[prost(bool, optional, tag = "20")]
    pub allocate_load_balancer_node_ports: Option<bool>,
    /// Which controller makes the load balancer.
    #[prost(string, optional, tag = "21")]
    pub load_balancer_class: Option<String>,
    /// `Cluster` or `Local`.
    #[prost(string, optional, tag = "22")]
    pub internal_traffic_policy: Option<String>,
    /// `PreferSameZone`, `PreferSameNode`, `PreferClose`.
    #[prost(string, optional, tag = "23")]
    pub traffic_distribution: Option<String>,
}

/// `ServicePort`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WirePort {
    /// Its name; empty where there is only one.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `TCP`, `UDP` or `SCTP`.
    #[prost(string, tag = "2")]
    pub protocol: String,
    /// The port that clients use.
    #[prost(int32, tag = "3")]
    pub port: i32,
    /// The port of the pods, by number or name.
    #[prost(message, optional, tag = "4")]
    pub target_port: Option<IntOrString>,
    /// The port on every node; 0 for none.
    #[prost(int32, tag = "5")]
    pub node_port: i32,
    /// For example `kubernetes.io/h2c`.
    #[prost(string, optional, tag = "6")]
    pub app_protocol: Option<String>,
}

/// `ServiceStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    /// What the provider gave.
    #[prost(message, optional, tag = "1")]
    pub load_balancer: Option<LoadBalancerStatus>,
}

impl Object for Service {
    const KIND: KindId = SERVICE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    /// Load balancers, DNS and controllers are told what to do by annotations of many vendors.
    fn keeps_annotation(key: &str) -> bool {
        is_not_last_applied(key)
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let empty = ServiceSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&empty);
        let status = self.status.as_ref().and_then(|s| s.load_balancer.as_ref());
        let facts = ServiceFacts::of(spec, status, interner);
        let (health, reason) = judge(&facts, meta);
        Digest {
            health: Some(health),
            reason,
            cells: cells(spec, &facts, interner),
            links: links(spec, &facts, namespace, interner),
            facts: Facts::Service(Box::new(facts)),
        }
    }
}

fn judge(facts: &ServiceFacts, meta: &Meta) -> (Health, Option<Arc<str>>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some(Arc::from("being deleted")));
    }
    if let Some(refused) = load_balancer::refused(&facts.addresses) {
        return (Health::Warn, Some(refused));
    }
    match facts.kind {
        ServiceType::LoadBalancer if facts.addresses.is_empty() => {
            let reason = match &facts.load_balancer_class {
                Some(class) => format!("no address yet from load balancer class {class}"),
                None => "no address yet from a load balancer".to_owned(),
            };
            (Health::Progressing, Some(reason.into()))
        }
        ServiceType::ExternalName => judge_external_name(facts.external_name.as_deref().unwrap_or("")),
        _ => (Health::Ready, None),
    }
}

/// DNS answers with a CNAME, and an address is no name.
fn judge_external_name(name: &str) -> (Health, Option<Arc<str>>) {
    if name.parse::<std::net::IpAddr>().is_ok() {
        let reason = format!("externalName {name} is an address: DNS looks it up as a name, and fails");
        return (Health::Warn, Some(reason.into()));
    }
    (Health::Ready, None)
}

fn cells(spec: &ServiceSpec, facts: &ServiceFacts, interner: &mut Interner) -> Box<[Cell]> {
    let cluster_ip = facts.cluster_ips.first().map_or("<none>", |ip| ip.as_ref());
    let ports: Vec<String> = facts.ports.iter().map(ServicePort::text).collect();
    let ports = if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") };
    let mut text = |text: &str| Cell::Text(interner.intern(text));
    Box::new([
        text(facts.kind.name()),
        text(cluster_ip),
        text(&external_ip(facts)),
        text(&ports),
        text(&labels_text(&spec.selector)),
    ])
}

fn external_ip(facts: &ServiceFacts) -> String {
    let external = facts.external_ips.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",");
    match facts.kind {
        ServiceType::ExternalName => facts.external_name.as_deref().unwrap_or("").to_owned(),
        ServiceType::LoadBalancer => {
            let given = load_balancer::joined(&facts.addresses);
            let all: Vec<&str> = [given.as_str(), &external].into_iter().filter(|t| !t.is_empty()).collect();
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        _ if external.is_empty() => "<none>".to_owned(),
        _ => external,
    }
}

fn links(
    spec: &ServiceSpec,
    facts: &ServiceFacts,
    namespace: Option<Arc<str>>,
    interner: &mut Interner,
) -> Arc<[Link]> {
    if facts.kind == ServiceType::ExternalName {
        return facts.external_service().map(|(namespace, name)| alias(namespace, name, interner)).into_iter().collect();
    }
    if spec.selector.is_empty() {
        return Arc::default();
    }
    let selector = Selector::equals(&spec.selector, interner);
    Arc::new([selector.link(Relation::Selects, POD, namespace)])
}

fn alias(namespace: &str, name: &str, interner: &mut Interner) -> Link {
    let (namespace, name) = (interner.non_empty(namespace), interner.intern(name));
    Link { relation: Relation::RoutesTo, target: Target::Named { kind: SERVICE, namespace, name } }
}

#[cfg(test)]
mod tests;
