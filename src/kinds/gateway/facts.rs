//! What views read of a Gateway.

pub use crate::kinds::gateway_api::ObjectName;

use crate::kinds::condition::{self, Condition};
use crate::kinds::gateway::wire::{Allowed, Gateway, ListenerStatus, WireListener};
use crate::kinds::gateway_api::{CERTIFICATE, GROUP};
use crate::kinds::{Interner, Selector};
use std::sync::Arc;

/// What trace and routes read of a Gateway; the record keeps all its annotations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GatewayFacts {
    /// The GatewayClass.
    pub class: Arc<str>,
    /// Where requests arrive, in order.
    pub listeners: Box<[Listener]>,
    /// Type (`IPAddress`, `Hostname`) and value of each address that it got.
    pub addresses: Box<[(Arc<str>, Arc<str>)]>,
    /// From where ListenerSets may join; none for nowhere.
    pub allowed_listeners: Option<FromNamespaces>,
    /// All conditions.
    pub conditions: Box<[Condition]>,
}

/// One listener, with what its controller says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Its name, by which routes choose it.
    pub name: Arc<str>,
    /// The host that it is for; none for all.
    pub hostname: Option<Arc<str>>,
    /// Its port.
    pub port: i32,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP` or `UDP`.
    pub protocol: Arc<str>,
    /// Whether TLS goes through to the backend instead of ending here; none without TLS.
    pub passthrough: Option<bool>,
    /// The Secrets that hold its certificates.
    pub certificates: Box<[ObjectName]>,
    /// From which namespaces routes may attach.
    pub from: FromNamespaces,
    /// Group and kind of the routes that may attach; empty for those of its protocol.
    pub kinds: Box<[(Arc<str>, Arc<str>)]>,
    /// How many routes are attached.
    pub attached: i32,
    /// Its conditions; empty when its controller says nothing of it.
    pub conditions: Box<[Condition]>,
}

/// From which namespaces something may attach.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FromNamespaces {
    /// Its own.
    #[default]
    Same,
    /// All.
    All,
    /// Those whose labels match.
    Selector(Selector),
    /// None.
    Nowhere,
}

impl GatewayFacts {
    pub(super) fn of(gateway: &Gateway, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let (spec, status) = (&gateway.spec, &gateway.status);
        let address = |kind: Option<&str>| kind.unwrap_or("IPAddress").to_owned();
        let listeners = spec.listeners.iter().map(|listener| {
            let said = status.listeners.iter().find(|s| s.name == listener.name);
            Listener::of(listener, said, namespace, interner)
        });
        let listeners = listeners.collect();
        Self {
            class: interner.intern(&spec.gateway_class_name),
            listeners,
            addresses: status
                .addresses
                .iter()
                .map(|a| (interner.intern(&address(a.r#type.as_deref())), interner.intern(&a.value)))
                .collect(),
            allowed_listeners: spec.allowed_listeners.as_ref().map(|a| FromNamespaces::of(a, "None", interner)),
            conditions: Condition::all(&status.conditions, interner),
        }
    }
}

impl Listener {
    fn of(
        listener: &WireListener,
        said: Option<&ListenerStatus>,
        namespace: Option<&Arc<str>>,
        interner: &mut Interner,
    ) -> Self {
        let tls = listener.tls.as_ref();
        let certificates = tls.map_or(&[][..], |t| &t.certificate_refs);
        let kinds = listener.allowed_routes.kinds.iter();
        Self {
            name: interner.intern(&listener.name),
            hostname: listener.hostname.as_deref().and_then(|h| interner.non_empty(h)),
            port: listener.port,
            protocol: interner.intern(&listener.protocol),
            passthrough: tls.map(|t| t.mode.as_deref() == Some("Passthrough")),
            certificates: certificates.iter().map(|c| c.named(CERTIFICATE, namespace, interner)).collect(),
            from: FromNamespaces::of(&listener.allowed_routes, "Same", interner),
            kinds: kinds
                .map(|k| (interner.intern(k.group.as_deref().unwrap_or(GROUP)), interner.intern(&k.kind)))
                .collect(),
            attached: said.map_or(0, |s| s.attached_routes),
            conditions: said.map(|s| Condition::all(&s.conditions, interner)).unwrap_or_default(),
        }
    }

    /// The condition that keeps it from serving.
    pub fn trouble(&self) -> Option<&Condition> {
        let conflict = condition::find(&self.conditions, "Conflicted").filter(|c| c.status == condition::Status::True);
        let denied = |kind| condition::denied(&self.conditions, kind);
        conflict.or_else(|| ["Accepted", "ResolvedRefs", "Programmed"].into_iter().find_map(denied))
    }
}

impl FromNamespaces {
    fn of(allowed: &Allowed, default: &str, interner: &mut Interner) -> Self {
        match allowed.namespaces.from.as_deref().unwrap_or(default) {
            "All" => Self::All,
            "None" => Self::Nowhere,
            "Selector" => {
                let selector = allowed.namespaces.selector.as_ref();
                Self::Selector(selector.map(|s| Selector::of(s, interner)).unwrap_or_default())
            }
            _ => Self::Same,
        }
    }
}
