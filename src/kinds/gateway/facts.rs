//! What views read of a Gateway.

pub use crate::kinds::gateway_api::ObjectName;

use crate::kinds::condition::{self, Condition};
use crate::kinds::gateway::wire::{self, Allowed, Gateway, GroupKind, ListenerStatus, WireAddress, WireListener, WireValidation};
use crate::kinds::gateway_api::{AUTHORITY, CERTIFICATE, EXTENSION, GROUP};
use crate::kinds::{Interner, Selector};
use std::collections::BTreeMap;
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
    /// Type and value of each address that it asks for.
    pub wanted_addresses: Box<[(Arc<str>, Arc<str>)]>,
    /// From where ListenerSets may join; none for nowhere.
    pub allowed_listeners: Option<FromNamespaces>,
    /// How many ListenerSets have joined, where its controller counts.
    pub listener_sets: Option<i32>,
    /// What is put on the Service and the workload that its controller makes for it.
    pub infrastructure: Infrastructure,
    /// The Secret by which it introduces itself to backends.
    pub client_certificate: Option<ObjectName>,
    /// How clients must introduce themselves: for one port, or (none) for all others.
    pub frontend: Box<[(Option<i32>, ClientValidation)]>,
    /// All conditions.
    pub conditions: Box<[Condition]>,
}

/// What is put on the objects that a controller makes for a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Infrastructure {
    /// Labels, sorted by key.
    pub labels: Box<[(Arc<str>, Arc<str>)]>,
    /// Annotations, sorted by key.
    pub annotations: Box<[(Arc<str>, Arc<str>)]>,
    /// More settings, in an object of the controller's own kind.
    pub parameters: Option<ObjectName>,
}

/// How clients must introduce themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientValidation {
    /// The objects that hold the authorities.
    pub authorities: Box<[ObjectName]>,
    /// Whether a client without a valid certificate is let in all the same.
    pub is_lenient: bool,
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
    /// Options of the controller's own, sorted by key.
    pub options: Box<[(Arc<str>, Arc<str>)]>,
    /// How clients must introduce themselves, where the listener says so itself.
    pub client: Option<ClientValidation>,
    /// From which namespaces routes may attach.
    pub from: FromNamespaces,
    /// Group and kind of the routes that may attach; empty for those of its protocol.
    pub kinds: Box<[(Arc<str>, Arc<str>)]>,
    /// How many routes are attached.
    pub attached: i32,
    /// Group and kind of the routes that its controller lets attach; empty when it says nothing of it.
    pub supported: Box<[(Arc<str>, Arc<str>)]>,
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
        let listeners = Listener::all(&spec.listeners, &status.listeners, namespace, interner);
        let default = spec.tls.frontend.default.validation.as_ref().map(|v| (None, Some(v)));
        // What is said for a port stands for what is said for all, even if it is nothing.
        let ports = spec.tls.frontend.per_port.iter().map(|p| (Some(p.port), p.tls.validation.as_ref()));
        let frontend = default.into_iter().chain(ports);
        let client = spec.tls.backend.client_certificate_ref.as_ref();
        Self {
            class: interner.intern(&spec.gateway_class_name),
            listeners,
            addresses: addresses(&status.addresses, interner),
            wanted_addresses: addresses(&spec.addresses, interner),
            listener_sets: status.attached_listener_sets,
            infrastructure: Infrastructure::of(&spec.infrastructure, namespace, interner),
            client_certificate: client.map(|c| c.named(CERTIFICATE, namespace, interner)),
            frontend: frontend
                .map(|(port, v)| (port, v.map_or_else(ClientValidation::none, |v| ClientValidation::of(v, namespace, interner))))
                .collect(),
            allowed_listeners: spec.allowed_listeners.as_ref().map(|a| FromNamespaces::of(a, "None", interner)),
            conditions: Condition::all(&status.conditions, interner),
        }
    }
}

fn addresses(list: &[WireAddress], interner: &mut Interner) -> Box<[(Arc<str>, Arc<str>)]> {
    let address = |a: &WireAddress| {
        (interner.intern(a.r#type.as_deref().unwrap_or("IPAddress")), interner.intern(&a.value))
    };
    list.iter().map(address).collect()
}

fn pairs(map: &BTreeMap<String, String>, interner: &mut Interner) -> Box<[(Arc<str>, Arc<str>)]> {
    map.iter().map(|(key, value)| (interner.intern(key), interner.intern(value))).collect()
}

fn group_kinds(list: &[GroupKind], interner: &mut Interner) -> Box<[(Arc<str>, Arc<str>)]> {
    let kind = |k: &GroupKind| (interner.intern(k.group.as_deref().unwrap_or(GROUP)), interner.intern(&k.kind));
    list.iter().map(kind).collect()
}

impl Infrastructure {
    fn of(wire: &wire::Infrastructure, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let parameters = wire.parameters_ref.as_ref();
        Self {
            labels: pairs(&wire.labels, interner),
            annotations: pairs(&wire.annotations, interner),
            parameters: parameters.map(|p| p.named(EXTENSION, namespace, interner)),
        }
    }
}

impl ClientValidation {
    /// Clients need no certificate.
    fn none() -> Self {
        Self { authorities: Box::default(), is_lenient: true }
    }

    fn of(wire: &WireValidation, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let authorities = wire.ca_certificate_refs.iter().map(|a| a.named(AUTHORITY, namespace, interner));
        Self {
            authorities: authorities.collect(),
            is_lenient: wire.mode.as_deref() == Some("AllowInsecureFallback"),
        }
    }
}

impl Listener {
    /// All listeners of a Gateway or a ListenerSet, each with its status.
    pub fn all(
        listeners: &[WireListener],
        status: &[ListenerStatus],
        namespace: Option<&Arc<str>>,
        interner: &mut Interner,
    ) -> Box<[Self]> {
        let listeners = listeners.iter().map(|listener| {
            let said = status.iter().find(|s| s.name == listener.name);
            Self::of(listener, said, namespace, interner)
        });
        listeners.collect()
    }

    fn of(
        listener: &WireListener,
        said: Option<&ListenerStatus>,
        namespace: Option<&Arc<str>>,
        interner: &mut Interner,
    ) -> Self {
        let tls = listener.tls.as_ref();
        let certificates = tls.map_or(&[][..], |t| &t.certificate_refs);
        let validation = tls.and_then(|t| t.frontend_validation.as_ref());
        Self {
            name: interner.intern(&listener.name),
            hostname: listener.hostname.as_deref().and_then(|h| interner.non_empty(h)),
            port: listener.port,
            protocol: interner.intern(&listener.protocol),
            passthrough: tls.map(|t| t.mode.as_deref() == Some("Passthrough")),
            certificates: certificates.iter().map(|c| c.named(CERTIFICATE, namespace, interner)).collect(),
            options: tls.map(|t| pairs(&t.options, interner)).unwrap_or_default(),
            client: validation.map(|v| ClientValidation::of(v, namespace, interner)),
            from: FromNamespaces::of(&listener.allowed_routes, "Same", interner),
            kinds: group_kinds(&listener.allowed_routes.kinds, interner),
            attached: said.map_or(0, |s| s.attached_routes),
            supported: said.map(|s| group_kinds(&s.supported_kinds, interner)).unwrap_or_default(),
            conditions: said.map(|s| Condition::all(&s.conditions, interner)).unwrap_or_default(),
        }
    }

    /// The objects that it reads certificates and authorities from.
    pub fn uses(&self) -> impl Iterator<Item = &ObjectName> {
        self.certificates.iter().chain(self.client.iter().flat_map(|client| &client.authorities))
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
                // Without a selector nothing is selected; an empty one selects all.
                let selector = allowed.namespaces.selector.as_ref();
                selector.map_or(Self::Nowhere, |s| Self::Selector(Selector::of(s, interner)))
            }
            _ => Self::Same,
        }
    }
}
