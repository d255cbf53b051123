//! What views read of an AdminNetworkPolicy, a BaselineAdminNetworkPolicy or a ClusterNetworkPolicy.

use super::{PortRange, Spec, WireDestination, WirePeer, WirePods, WirePort, WireProtocol, WireRule, WireSubject};
use crate::kinds::service::PortRef;
use crate::kinds::{BASELINE_ADMIN_NETWORK_POLICY, CLUSTER_NETWORK_POLICY, Interner, KindId, Selector};
use crate::wire::meta::LabelSelector;
use std::sync::Arc;

/// What trace reads of a policy of the cluster's owner.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminPolicyFacts {
    /// When it speaks.
    pub tier: Tier,
    /// In its tier the lowest speaks first.
    pub priority: i32,
    /// The pods that it rules.
    pub subject: Subject,
    /// Who may talk to them; the first rule that fits decides.
    pub ingress: Box<[AdminRule]>,
    /// Whom they may talk to; the first rule that fits decides.
    pub egress: Box<[AdminRule]>,
}

/// When a policy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Before NetworkPolicies.
    Admin,
    /// After them, and only of pods that none of them selects.
    Baseline,
    /// A word that nobody knows yet.
    Unknown,
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
    /// It passes, whatever a NetworkPolicy says; a ClusterNetworkPolicy says `Accept`.
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
    /// The port; none where it is told in a way that nobody knows yet.
    pub port: Option<PortRef>,
    /// The last port of a range.
    pub end: Option<i32>,
}

impl AdminPolicyFacts {
    pub(super) fn of(spec: &Spec, tier: Tier, interner: &mut Interner) -> Self {
        Self {
            tier,
            priority: spec.priority.unwrap_or(0),
            subject: Subject::of(&spec.subject, interner),
            ingress: spec.ingress.iter().map(|r| AdminRule::of(r, interner)).collect(),
            egress: spec.egress.iter().map(|r| AdminRule::of(r, interner)).collect(),
        }
    }
}

impl Tier {
    pub(super) fn of(kind: KindId, tier: Option<&str>) -> Self {
        match (kind, tier) {
            (CLUSTER_NETWORK_POLICY, Some("Admin")) => Self::Admin,
            (CLUSTER_NETWORK_POLICY, Some("Baseline")) | (BASELINE_ADMIN_NETWORK_POLICY, _) => Self::Baseline,
            (CLUSTER_NETWORK_POLICY, _) => Self::Unknown,
            _ => Self::Admin,
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
            "Allow" | "Accept" => Action::Allow,
            "Deny" => Action::Deny,
            "Pass" => Action::Pass,
            _ => Action::Unknown,
        };
        let mut ports: Vec<AdminPort> = wire.ports.iter().flatten().map(|p| AdminPort::of(p, interner)).collect();
        ports.extend(wire.protocols.iter().flatten().map(|p| AdminPort::by(p, interner)));
        let ports = ports.into();
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
    fn of(wire: &WirePort, interner: &mut Interner) -> Self {
        let mut protocol = |text: &str| Some(interner.intern(if text.is_empty() { "TCP" } else { text }));
        match (&wire.port_number, &wire.port_range) {
            (Some(number), _) => Self::numbered(protocol(&number.protocol), number.port, None),
            (None, Some(range)) => Self::numbered(protocol(&range.protocol), range.start, Some(range.end)),
            (None, None) => Self::called(wire.named_port.as_deref(), interner),
        }
    }

    fn by(wire: &WireProtocol, interner: &mut Interner) -> Self {
        let own = [("TCP", &wire.tcp), ("UDP", &wire.udp), ("SCTP", &wire.sctp)];
        match own.into_iter().find_map(|(name, given)| Some((name, given.as_ref()?))) {
            Some((name, destination)) => Self::at(Some(interner.intern(name)), destination),
            None => Self::called(wire.destination_named_port.as_deref(), interner),
        }
    }

    fn at(protocol: Option<Arc<str>>, wire: &WireDestination) -> Self {
        match wire.destination_port.as_ref().map(|port| (port.number, &port.range)) {
            None => Self::numbered(protocol, 0, Some(i32::from(u16::MAX))),
            Some((Some(number), _)) => Self::numbered(protocol, number, None),
            Some((None, Some(PortRange { start, end, .. }))) => Self::numbered(protocol, *start, Some(*end)),
            Some((None, None)) => Self { protocol, port: None, end: None },
        }
    }

    fn numbered(protocol: Option<Arc<str>>, port: i32, end: Option<i32>) -> Self {
        Self { protocol, port: Some(PortRef::Number(port)), end }
    }

    fn called(name: Option<&str>, interner: &mut Interner) -> Self {
        let port = name.map(|name| PortRef::Name(interner.intern(name)));
        Self { protocol: None, port, end: None }
    }
}
