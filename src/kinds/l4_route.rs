//! What TLSRoute, TCPRoute and UDPRoute share: they lead the connections of a listener to Services, unread.

use crate::kinds::gateway_api::WireRef;
use crate::kinds::http_route::facts::{Parent, ParentStatus, RouteBackend};
use crate::kinds::http_route::judge;
use crate::kinds::http_route::wire::{Status, WireBackend};
use crate::kinds::record::is_not_last_applied;
use crate::kinds::{Digest, Facts, Interner, KindId, Meta, Shared};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What trace and routes read of a TLSRoute, a TCPRoute or a UDPRoute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct L4RouteFacts {
    /// Of a TLSRoute the server names that it is for; empty for those of its listeners.
    pub hostnames: Box<[Arc<str>]>,
    /// Where it wants to be attached.
    pub parents: Box<[Parent]>,
    /// Where connections go; the first rule that can be served takes all of them.
    pub rules: Box<[L4Rule]>,
    /// What controllers say of it, parent by parent.
    pub status: Box<[ParentStatus]>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct L4Rule {
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Who gets the connections.
    pub backends: Box<[RouteBackend]>,
}

/// The slim route of a kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct L4Route {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    parent_refs: Vec<WireRef>,
    hostnames: Option<Vec<String>>,
    rules: Vec<WireRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireRule {
    name: Option<String>,
    backend_refs: Vec<WireBackend>,
}

impl Shared for L4Route {
    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        is_not_last_applied(key)
    }

    fn digest(&self, _kind: KindId, meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let namespace = namespace.as_ref();
        let spec = &self.spec;
        let rule = |rule: &WireRule| L4Rule {
            name: rule.name.as_deref().and_then(|n| interner.non_empty(n)),
            backends: RouteBackend::all(&rule.backend_refs, namespace, interner),
        };
        let rules = spec.rules.iter().map(rule).collect();
        let facts = L4RouteFacts {
            hostnames: interner.list(spec.hostnames.as_deref().unwrap_or(&[])),
            parents: Parent::all(&spec.parent_refs, namespace, interner),
            rules,
            status: ParentStatus::all(&self.status, namespace, interner),
        };
        let (health, reason) = judge::route(&facts.parents, &facts.status, meta);
        let cells = Box::new([judge::hostnames(spec.hostnames.as_ref(), interner)]);
        let backends = facts.rules.iter().flat_map(|rule| &rule.backends);
        let links = judge::links(backends.map(|backend| &backend.object), &facts.parents);
        Digest { health: Some(health), reason, cells, links, facts: Facts::L4Route(Box::new(facts)) }
    }
}
