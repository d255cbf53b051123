//! Node: where pods run, and whether more may come.

pub mod facts;

use crate::kinds::node::facts::NodeFacts;
use crate::kinds::{Cell, Column, Digest, Facts, Health, Interner, KindSpec, Meta, NODE, Object, decoder};
use crate::wire::meta::ObjectMeta;
use crate::wire::quantity::Quantity;
use crate::wire::time::Time;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: NODE,
    group: "",
    versions: &["v1"],
    kind: "Node",
    plural: "nodes",
    short_names: &["no", "node"],
    namespaced: false,
    columns: &[
        Column::NAME,
        Column::text("STATUS", 0).narrow(),
        Column::text("ROLES", 1),
        Column::AGE,
        Column::text("VERSION", 2),
        Column::text("INTERNAL-IP", 3).wide(),
        Column::text("EXTERNAL-IP", 4).wide(),
        Column::text("OS-IMAGE", 5).wide(),
        Column::text("KERNEL-VERSION", 6).wide(),
        Column::text("CONTAINER-RUNTIME", 7).wide(),
        Column::number("CPU", 8).wide().own(),
        Column::number("MEMORY", 9).wide().own(),
        Column::number("PODS", 10).wide().own(),
    ],
    decoder: decoder::<Node>(),
};
use std::sync::Arc;

/// The slim Node (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<NodeSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<NodeStatus>,
}

/// `NodeSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// The first of `podCIDRs`; manifests may set this one alone.
    #[prost(string, tag = "1")]
    #[serde(rename = "podCIDR")]
    pub pod_cidr: String,
    /// Whether new pods are kept away.
    #[prost(bool, tag = "4")]
    pub unschedulable: bool,
    /// What keeps away pods that do not tolerate it.
    #[prost(message, repeated, tag = "5")]
    pub taints: Vec<Taint>,
    /// The ranges from which its pods get their addresses.
    #[prost(string, repeated, tag = "7")]
    #[serde(rename = "podCIDRs")]
    pub pod_cidrs: Vec<String>,
}

/// `Taint`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Taint {
    /// Key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Value, often empty.
    #[prost(string, tag = "2")]
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[prost(string, tag = "3")]
    pub effect: String,
}

/// `NodeStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    /// All there is.
    #[prost(btree_map = "string, message", tag = "1")]
    pub capacity: BTreeMap<String, Quantity>,
    /// What pods may have of it.
    #[prost(btree_map = "string, message", tag = "2")]
    pub allocatable: BTreeMap<String, Quantity>,
    /// Conditions.
    #[prost(message, repeated, tag = "4")]
    pub conditions: Vec<NodeCondition>,
    /// Addresses.
    #[prost(message, repeated, tag = "5")]
    pub addresses: Vec<NodeAddress>,
    /// What it runs.
    #[prost(message, optional, tag = "7")]
    pub node_info: Option<NodeSystemInfo>,
}

/// `NodeCondition`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeCondition {
    /// `Ready`, `MemoryPressure`, `DiskPressure` …
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// When `status` last changed.
    #[prost(message, optional, tag = "4")]
    pub last_transition_time: Option<Time>,
    /// One CamelCase word.
    #[prost(string, tag = "5")]
    pub reason: String,
    /// A sentence for people.
    #[prost(string, tag = "6")]
    pub message: String,
}

/// `NodeAddress`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAddress {
    /// `InternalIP`, `ExternalIP`, `Hostname` …
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// The address.
    #[prost(string, tag = "2")]
    pub address: String,
}

/// `NodeSystemInfo`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSystemInfo {
    /// Kernel.
    #[prost(string, tag = "4")]
    pub kernel_version: String,
    /// Distribution.
    #[prost(string, tag = "5")]
    pub os_image: String,
    /// Container runtime.
    #[prost(string, tag = "6")]
    pub container_runtime_version: String,
    /// Kubelet.
    #[prost(string, tag = "7")]
    pub kubelet_version: String,
    /// Processor.
    #[prost(string, tag = "10")]
    pub architecture: String,
}

impl Object for Node {
    const KIND: crate::kinds::KindId = NODE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    /// Of all that kubelets, plugins and drivers note on nodes, the path of a request knows only what makes addresses known.
    fn keeps_annotation(key: &str) -> bool {
        ["external-dns.", "metallb."].iter().any(|prefix| key.starts_with(prefix))
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = facts::facts(self, interner);
        let (health, reason) = health(self, &facts);
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: cells(self, meta, &facts, interner),
            links: Arc::default(),
            facts: Facts::Node(Box::new(facts)),
        }
    }
}

fn health(node: &Node, facts: &NodeFacts) -> (Health, Option<String>) {
    let conditions = node.status.as_ref().map_or(&[][..], |s| &s.conditions);
    let ready = conditions.iter().find(|c| c.r#type == "Ready");
    let Some(ready) = ready else { return (Health::Unknown, Some("no readiness in its status".to_owned())) };
    if ready.status == "Unknown" {
        return (Health::Failed, Some("its kubelet does not report".to_owned()));
    }
    if ready.status != "True" {
        let message = crate::kinds::wording::sentence(&ready.message);
        let reason = [ready.reason.as_str(), &message].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>();
        return (Health::Failed, Some(reason.join(": ")));
    }
    let pressures: Vec<&str> = facts.pressures.iter().map(|p| &**p).collect();
    match (pressures.is_empty(), facts.cordoned) {
        (false, _) => (Health::Warn, Some(pressures.join(", "))),
        (true, true) => (Health::Warn, Some("cordoned: takes no new pods".to_owned())),
        (true, false) => (Health::Ready, None),
    }
}

fn cells(node: &Node, meta: &Meta, facts: &NodeFacts, interner: &mut Interner) -> Box<[Cell]> {
    let info = node.status.as_ref().and_then(|s| s.node_info.clone()).unwrap_or_default();
    let unknown = |text: String| if text.is_empty() { "<unknown>".to_owned() } else { text };
    let mut kernel = unknown(info.kernel_version);
    if !info.architecture.is_empty() {
        kernel = format!("{kernel} ({})", info.architecture);
    }
    let address = |kind: &str| facts.address(kind).map_or(Cell::text("<none>"), |a| Cell::Text(a.clone()));
    let allocatable = node.status.as_ref().map(|s| &s.allocatable);
    let amount = |name: &str| allocatable.and_then(|a| a.get(name)).map_or(Cell::Empty, Cell::quantity);
    let mut words = |text: String| Cell::Text(interner.intern(&text));
    Box::new([
        words(status(node, facts)),
        words(roles(meta)),
        words(info.kubelet_version),
        address("InternalIP"),
        address("ExternalIP"),
        words(unknown(info.os_image)),
        words(kernel),
        words(unknown(info.container_runtime_version)),
        amount("cpu"),
        amount("memory"),
        amount("pods"),
    ])
}

fn status(node: &Node, facts: &NodeFacts) -> String {
    let conditions = node.status.as_ref().map_or(&[][..], |s| &s.conditions);
    // Of several conditions of one type the server reads the last.
    let ready = conditions.iter().rfind(|c| c.r#type == "Ready");
    let word = ready.map_or("Unknown", |c| if c.status == "True" { "Ready" } else { "NotReady" });
    format!("{word}{}", if facts.cordoned { ",SchedulingDisabled" } else { "" })
}

/// The roles that the labels `node-role.kubernetes.io/ROLE` and `kubernetes.io/role` give it.
fn roles(meta: &Meta) -> String {
    let role = |(key, value): &'_ (std::sync::Arc<str>, std::sync::Arc<str>)| match key
        .strip_prefix("node-role.kubernetes.io/")
    {
        Some(role) => Some(role.to_owned()),
        None => (&**key == "kubernetes.io/role").then(|| value.to_string()),
    };
    let roles: BTreeSet<String> = meta.labels.iter().filter_map(role).filter(|r| !r.is_empty()).collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.into_iter().collect::<Vec<_>>().join(",") }
}
