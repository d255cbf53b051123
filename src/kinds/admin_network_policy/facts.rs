//! What views read of an AdminNetworkPolicy or a BaselineAdminNetworkPolicy.

use super::{Spec, WirePeer, WirePods, WirePort, WireRule, WireSubject};
use crate::kinds::service::PortRef;
use crate::kinds::{Interner, Selector};
use crate::wire::meta::LabelSelector;
use std::sync::Arc;

/// What trace reads of a policy of the cluster's owner.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminPolicyFacts {
    /// Whether it speaks last, and only of pods that no NetworkPolicy selects.
    pub is_baseline: bool,
    /// Among those that speak first, the lowest speaks first.
    pub priority: i32,
    /// The pods that it rules.
    pub subject: Subject,
    /// Who may talk to them; the first rule that fits decides.
    pub ingress: Box<[AdminRule]>,
    /// Whom they may talk to; the first rule that fits decides.
    pub egress: Box<[AdminRule]>,
}

/// The pods that a policy rules.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// All pods of some namespaces.
    Namespaces(Selector),
    /// Some pods of some namespaces.
    Pods {
        /// The namespaces.
        namespaces: Selector,
        /// Which pods there.
        pods: Selector,
    },
    /// It does not say, or in a way that nobody knows yet.
    Unknown,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminRule {
    /// Its name.
    pub name: Option<Arc<str>>,
    /// What becomes of the traffic that fits.
    pub action: Action,
    /// The others: any of them.
    pub peers: Box<[AdminPeer]>,
    /// Ports of the pods that are talked to; none for all.
    pub ports: Box<[AdminPort]>,
}

/// What becomes of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It passes, whatever a NetworkPolicy says.
    Allow,
    /// It is dropped.
    Deny,
    /// The NetworkPolicies decide, and the rest of the policies of its tier is skipped.
    Pass,
    /// A word that nobody knows yet.
    Unknown,
}

/// Whom a rule speaks of.
#[derive(Clone, Debug, PartialEq)]
pub enum AdminPeer {
    /// All pods of some namespaces.
    Namespaces(Selector),
    /// Some pods of some namespaces.
    Pods {
        /// The namespaces.
        namespaces: Selector,
        /// Which pods there.
        pods: Selector,
    },
    /// Nodes, and pods that use their node's own network.
    Nodes(Selector),
    /// Addresses.
    Networks(Box<[Arc<str>]>),
    /// Names outside of the cluster.
    Domains(Box<[Arc<str>]>),
    /// A way that nobody knows yet: it must be taken as closed.
    Unknown,
}

/// One port, or a range of them.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminPort {
    /// `TCP`, `UDP` or `SCTP`; none for a port by name.
    pub protocol: Option<Arc<str>>,
    /// The port.
    pub port: PortRef,
    /// The last port of a range.
    pub end: Option<i32>,
}

impl AdminPolicyFacts {
    pub(super) fn of(spec: &Spec, is_baseline: bool, interner: &mut Interner) -> Self {
        Self {
            is_baseline,
            priority: spec.priority.unwrap_or(0),
            subject: Subject::of(&spec.subject, interner),
            ingress: spec.ingress.iter().map(|r| AdminRule::of(r, interner)).collect(),
            egress: spec.egress.iter().map(|r| AdminRule::of(r, interner)).collect(),
        }
    }
}

impl Subject {
    fn of(wire: &WireSubject, interner: &mut Interner) -> Self {
        match (&wire.namespaces, &wire.pods) {
            (Some(namespaces), _) => Self::Namespaces(Selector::of(namespaces, interner)),
            (None, Some(both)) => {
                let (namespaces, pods) = selectors(both, interner);
                Self::Pods { namespaces, pods }
            }
            (None, None) => Self::Unknown,
        }
    }
}

fn selectors(wire: &WirePods, interner: &mut Interner) -> (Selector, Selector) {
    (Selector::of(&wire.namespace_selector, interner), Selector::of(&wire.pod_selector, interner))
}

impl AdminRule {
    fn of(wire: &WireRule, interner: &mut Interner) -> Self {
        let action = match wire.action.as_str() {
            "Allow" => Action::Allow,
            "Deny" => Action::Deny,
            "Pass" => Action::Pass,
            _ => Action::Unknown,
        };
        let ports = wire.ports.iter().flatten().filter_map(|p| AdminPort::of(p, interner));
        let ports = ports.collect();
        let peers = wire.from.iter().map(|p| AdminPeer::of(p, interner)).collect();
        Self { name: interner.non_empty(&wire.name), action, peers, ports }
    }
}

impl AdminPeer {
    fn of(wire: &WirePeer, interner: &mut Interner) -> Self {
        let selector = |selector: &LabelSelector, interner: &mut Interner| Selector::of(selector, interner);
        if let Some(namespaces) = &wire.namespaces {
            return Self::Namespaces(selector(namespaces, interner));
        }
        if let Some(both) = &wire.pods {
            let (namespaces, pods) = selectors(both, interner);
            return Self::Pods { namespaces, pods };
        }
        if let Some(nodes) = &wire.nodes {
            return Self::Nodes(selector(nodes, interner));
        }
        match (&wire.networks, &wire.domain_names) {
            (Some(networks), _) => Self::Networks(interner.list(networks)),
            (None, Some(domains)) => Self::Domains(interner.list(domains)),
            (None, None) => Self::Unknown,
        }
    }
}

impl AdminPort {
    fn of(wire: &WirePort, interner: &mut Interner) -> Option<Self> {
        let mut protocol = |text: &str| Some(interner.intern(if text.is_empty() { "TCP" } else { text }));
        if let Some(number) = &wire.port_number {
            return Some(Self { protocol: protocol(&number.protocol), port: PortRef::Number(number.port), end: None });
        }
        if let Some(range) = &wire.port_range {
            let (port, end) = (PortRef::Number(range.start), Some(range.end));
            return Some(Self { protocol: protocol(&range.protocol), port, end });
        }
        let name = wire.named_port.as_deref()?;
        Some(Self { protocol: None, port: PortRef::Name(interner.intern(name)), end: None })
    }
}
