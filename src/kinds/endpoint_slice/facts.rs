//! What views read of an EndpointSlice.

use crate::kinds::endpoint_slice::{EndpointSlice, Named, ObjectReference, SERVICE_LABEL, WireEndpoint, WirePort};
use crate::kinds::{Interner, Meta};
use std::sync::Arc;

/// What trace and routes read of an EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointSliceFacts {
    /// The Service of the same namespace that it belongs to.
    pub service: Option<Arc<str>>,
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: Arc<str>,
    /// The ports of every endpoint.
    pub ports: Box<[EndpointPort]>,
    /// The endpoints.
    pub endpoints: Box<[Endpoint]>,
}

/// One port of a slice.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointPort {
    /// The name of the Service's port; empty where there is only one.
    pub name: Arc<str>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Arc<str>,
    /// The number; none for all ports.
    pub port: Option<i32>,
    /// For example `kubernetes.io/h2c`.
    pub app_protocol: Option<Arc<str>>,
}

/// One endpoint of a slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Its addresses; consumers use the first.
    pub addresses: Box<[Arc<str>]>,
    /// Whether it takes traffic.
    pub ready: bool,
    /// The same, though it may be going away.
    pub serving: bool,
    /// Whether it is going away.
    pub terminating: bool,
    /// Whether the slice says any of this: what is not said counts as ready, but not to Traefik.
    pub is_told: bool,
    /// The object behind it.
    pub target: Option<EndpointTarget>,
    /// Its node.
    pub node: Option<Arc<str>>,
    /// Its zone.
    pub zone: Option<Arc<str>>,
    /// Its own name below a headless Service.
    pub hostname: Option<Arc<str>>,
    /// Zones that should use it; empty for all.
    pub for_zones: Box<[Arc<str>]>,
    /// Nodes that should use it; empty for all.
    pub for_nodes: Box<[Arc<str>]>,
}

/// The object behind an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointTarget {
    /// Its kind.
    pub kind: Arc<str>,
    /// Its namespace.
    pub namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
    /// Its uid.
    pub uid: Arc<str>,
}

impl EndpointSliceFacts {
    pub(super) fn of(slice: &EndpointSlice, meta: &Meta, interner: &mut Interner) -> Self {
        Self {
            service: meta.label(SERVICE_LABEL).cloned(),
            address_type: interner.intern(&slice.address_type),
            ports: slice.ports.iter().map(|p| EndpointPort::of(p, interner)).collect(),
            endpoints: slice.endpoints.iter().map(|e| Endpoint::of(e, interner)).collect(),
        }
    }
}

impl EndpointPort {
    fn of(port: &WirePort, interner: &mut Interner) -> Self {
        Self {
            name: interner.intern(port.name.as_deref().unwrap_or("")),
            protocol: interner.intern(port.protocol.as_deref().unwrap_or("TCP")),
            port: port.port,
            app_protocol: port.app_protocol.as_deref().and_then(|p| interner.non_empty(p)),
        }
    }
}

impl Endpoint {
    fn of(endpoint: &WireEndpoint, interner: &mut Interner) -> Self {
        let conditions = endpoint.conditions.clone().unwrap_or_default();
        let ready = conditions.ready.unwrap_or(true);
        let hints = endpoint.hints.as_ref();
        let names = |list: &[Named], interner: &mut Interner| list.iter().map(|n| interner.intern(&n.name)).collect();
        Self {
            addresses: interner.list(&endpoint.addresses),
            ready,
            serving: conditions.serving.unwrap_or(ready),
            terminating: conditions.terminating.unwrap_or(false),
            is_told: conditions.ready.is_some() || conditions.serving.is_some(),
            target: endpoint.target_ref.as_ref().map(|t| EndpointTarget::of(t, interner)),
            node: endpoint.node_name.as_deref().and_then(|n| interner.non_empty(n)),
            zone: endpoint.zone.as_deref().and_then(|z| interner.non_empty(z)),
            hostname: endpoint.hostname.as_deref().and_then(|h| interner.non_empty(h)),
            for_zones: hints.map(|h| names(&h.for_zones, interner)).unwrap_or_default(),
            for_nodes: hints.map(|h| names(&h.for_nodes, interner)).unwrap_or_default(),
        }
    }
}

impl EndpointTarget {
    fn of(reference: &ObjectReference, interner: &mut Interner) -> Self {
        Self {
            kind: interner.intern(&reference.kind),
            namespace: interner.non_empty(&reference.namespace),
            name: interner.intern(&reference.name),
            uid: interner.intern(&reference.uid),
        }
    }
}
