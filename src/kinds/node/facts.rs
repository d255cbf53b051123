//! What trace, health and the node column's details read of a Node.

use crate::kinds::Interner;
use crate::kinds::node::Node;
use crate::wire::Timestamp;
use crate::wire::quantity::Quantity;
use crate::wire::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What views read of a Node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeFacts {
    /// Whether the Ready condition is true.
    pub ready: bool,
    /// Since when it has been so.
    pub ready_since: Option<Timestamp>,
    /// Other conditions that are true, which is bad: `DiskPressure`, `NetworkUnavailable` …
    pub pressures: Box<[Arc<str>]>,
    /// Whether new pods are kept away.
    pub cordoned: bool,
    /// What keeps away pods that do not tolerate it: `key=value:effect`.
    pub taints: Box<[Arc<str>]>,
    /// All there is.
    pub capacity: Resources,
    /// What pods may have of it.
    pub allocatable: Resources,
    /// Type and address, in the order of the status.
    pub addresses: Box<[(Arc<str>, Arc<str>)]>,
    /// The ranges from which its pods get their addresses.
    pub pod_cidrs: Box<[Arc<str>]>,
}

/// Amounts of what pods need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Thousandths of a processor.
    pub cpu_milli: i64,
    /// Bytes of memory.
    pub memory: i64,
    /// How many pods.
    pub pods: i64,
}

impl NodeFacts {
    /// The first address of a type, such as `InternalIP`.
    pub fn address(&self, r#type: &str) -> Option<&Arc<str>> {
        self.addresses.iter().find(|(t, _)| **t == *r#type).map(|(_, address)| address)
    }
}

/// Reads the facts of a node.
pub fn facts(node: &Node, interner: &mut Interner) -> NodeFacts {
    let status = node.status.clone().unwrap_or_default();
    let spec = node.spec.clone().unwrap_or_default();
    let ready = status.conditions.iter().find(|c| c.r#type == "Ready");
    let pressures = status.conditions.iter().filter(|c| c.r#type != "Ready" && c.status == "True");
    let taint = |t: &crate::kinds::node::Taint| match t.value.as_str() {
        "" => format!("{}:{}", t.key, t.effect),
        value => format!("{}={value}:{}", t.key, t.effect),
    };
    NodeFacts {
        ready: ready.is_some_and(|c| c.status == "True"),
        ready_since: ready.and_then(|c| c.last_transition_time).and_then(Time::instant),
        pressures: pressures.map(|c| interner.intern(&c.r#type)).collect(),
        cordoned: spec.unschedulable,
        taints: spec.taints.iter().map(|t| interner.intern(&taint(t))).collect(),
        capacity: resources(&status.capacity),
        allocatable: resources(&status.allocatable),
        addresses: status
            .addresses
            .iter()
            .map(|a| (interner.intern(&a.r#type), Arc::from(a.address.as_str())))
            .collect(),
        pod_cidrs: match spec.pod_cidrs.as_slice() {
            [] => interner.non_empty(&spec.pod_cidr).into_iter().collect(),
            ranges => interner.list(ranges),
        },
    }
}

fn resources(amounts: &BTreeMap<String, Quantity>) -> Resources {
    let nanos = |name: &str| amounts.get(name).and_then(Quantity::amount).map_or(0, |(nanos, _)| nanos);
    let clamp = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
    Resources {
        cpu_milli: clamp(nanos("cpu") / 1_000_000),
        memory: clamp(nanos("memory") / 1_000_000_000),
        pods: clamp(nanos("pods") / 1_000_000_000),
    }
}
