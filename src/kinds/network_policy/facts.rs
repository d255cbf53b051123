//! What views read of a NetworkPolicy.

use crate::kinds::network_policy::{NetworkPolicySpec, WirePeer, WirePort};
use crate::kinds::service::PortRef;
use crate::kinds::{Interner, Selector};
use std::sync::Arc;

/// What trace reads of a NetworkPolicy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkPolicyFacts {
    /// The pods of its namespace that it rules.
    pub selector: Selector,
    /// Whether only `ingress` may come in to them.
    pub isolates_ingress: bool,
    /// Whether only `egress` may go out from them.
    pub isolates_egress: bool,
    /// Who may talk to them.
    pub ingress: Box<[PolicyRule]>,
    /// Whom they may talk to.
    pub egress: Box<[PolicyRule]>,
}

/// One rule: any of the peers, on any of the ports.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyRule {
    /// Ports of the pods that are talked to; none for all.
    pub ports: Box<[PolicyPort]>,
    /// The others; none for everyone.
    pub peers: Box<[Peer]>,
}

/// One port, or a range of them.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyPort {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Arc<str>,
    /// The port; none for all.
    pub port: Option<PortRef>,
    /// The last port of a range.
    pub end: Option<i32>,
}

/// Whom a rule speaks of.
#[derive(Clone, Debug, PartialEq)]
pub enum Peer {
    /// Addresses.
    Block {
        /// The range.
        cidr: Arc<str>,
        /// Ranges inside it that are left out.
        except: Box<[Arc<str>]>,
    },
    /// Pods; where both selectors are there, both must match.
    Pods {
        /// Their namespaces; none for the policy's own.
        namespaces: Option<Selector>,
        /// Which pods there; none for all.
        pods: Option<Selector>,
    },
}

impl NetworkPolicyFacts {
    pub(super) fn of(spec: &NetworkPolicySpec, interner: &mut Interner) -> Self {
        let has = |kind: &str| spec.policy_types.iter().any(|t| t == kind);
        let unset = spec.policy_types.is_empty();
        let ingress = spec.ingress.iter().map(|r| PolicyRule::of(&r.ports, &r.from, interner)).collect();
        let egress = spec.egress.iter().map(|r| PolicyRule::of(&r.ports, &r.to, interner)).collect();
        Self {
            selector: spec.pod_selector.as_ref().map(|s| Selector::of(s, interner)).unwrap_or_default(),
            isolates_ingress: unset || has("Ingress"),
            isolates_egress: has("Egress") || (unset && !spec.egress.is_empty()),
            ingress,
            egress,
        }
    }
}

impl PolicyRule {
    fn of(ports: &[WirePort], peers: &[WirePeer], interner: &mut Interner) -> Self {
        let ports = ports.iter().map(|p| PolicyPort::of(p, interner)).collect();
        Self { ports, peers: peers.iter().map(|p| Peer::of(p, interner)).collect() }
    }
}

impl PolicyPort {
    fn of(port: &WirePort, interner: &mut Interner) -> Self {
        Self {
            protocol: interner.intern(port.protocol.as_deref().unwrap_or("TCP")),
            port: port.port.as_ref().map(|p| PortRef::given(p, interner)),
            end: port.end_port,
        }
    }
}

impl Peer {
    fn of(peer: &WirePeer, interner: &mut Interner) -> Self {
        if let Some(block) = &peer.ip_block {
            return Self::Block { cidr: interner.intern(&block.cidr), except: interner.list(&block.except) };
        }
        Self::Pods {
            namespaces: peer.namespace_selector.as_ref().map(|s| Selector::of(s, interner)),
            pods: peer.pod_selector.as_ref().map(|s| Selector::of(s, interner)),
        }
    }
}
