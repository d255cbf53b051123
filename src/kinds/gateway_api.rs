//! What the kinds of the Gateway API share: how they name each other, with the defaults of the specification filled in.

use crate::kinds::{CONFIG_MAP, GATEWAY, Interner, KindId, LISTENER_SET, SECRET, SERVICE, Target, X_LISTENER_SET};
use serde::Deserialize;
use std::sync::Arc;

/// The group of the Gateway API.
pub const GROUP: &str = "gateway.networking.k8s.io";
/// The group of what it only tries out.
pub const X_GROUP: &str = "gateway.networking.x-k8s.io";

/// `ParentReference`, `BackendObjectReference` and `SecretObjectReference`: absent fields have defaults that differ by place.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireRef {
    /// Its group.
    pub group: Option<String>,
    /// Its kind.
    pub kind: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// One listener of a Gateway.
    pub section_name: Option<String>,
    /// A port of the Service, or of the listeners.
    pub port: Option<i32>,
}

/// An object that a route or a Gateway names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName {
    /// Its group; empty for the core group.
    pub group: Arc<str>,
    /// Its kind.
    pub kind: Arc<str>,
    /// Its namespace; none only where the object that names it has none.
    pub namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
}

/// Group and kind where a reference does not say.
#[derive(Clone, Copy, Debug)]
pub struct Fallback(pub &'static str, pub &'static str);

/// A parent that does not say is a Gateway.
pub const PARENT: Fallback = Fallback(GROUP, "Gateway");
/// A backend that does not say is a Service.
pub const BACKEND: Fallback = Fallback("", "Service");
/// A certificate that does not say is a Secret.
pub const CERTIFICATE: Fallback = Fallback("", "Secret");
/// An authority that does not say is a ConfigMap.
pub const AUTHORITY: Fallback = Fallback("", "ConfigMap");
/// Filters and parameters of a controller's own kind always say which.
pub const EXTENSION: Fallback = Fallback("", "");

impl WireRef {
    /// The slim form, seen from `namespace`.
    pub fn named(&self, default: Fallback, namespace: Option<&Arc<str>>, interner: &mut Interner) -> ObjectName {
        let own = self.namespace.as_deref().and_then(|n| interner.non_empty(n));
        ObjectName {
            group: interner.intern(self.group.as_deref().unwrap_or(default.0)),
            kind: interner.intern(self.kind.as_deref().unwrap_or(default.1)),
            namespace: own.or_else(|| namespace.cloned()),
            name: interner.intern(&self.name),
        }
    }
}

impl ObjectName {
    /// The kind that kplumb knows by group and kind.
    pub fn kind_id(&self) -> Option<KindId> {
        match (&*self.group, &*self.kind) {
            ("", "Service") => Some(SERVICE),
            ("", "Secret") => Some(SECRET),
            ("", "ConfigMap") => Some(CONFIG_MAP),
            (GROUP, "Gateway") => Some(GATEWAY),
            (GROUP, "ListenerSet") => Some(LISTENER_SET),
            (X_GROUP, "XListenerSet") => Some(X_LISTENER_SET),
            _ => None,
        }
    }

    /// Where a link to it points; none to kinds that kplumb does not follow.
    pub fn target(&self) -> Option<Target> {
        let (namespace, name) = (self.namespace.clone(), Arc::clone(&self.name));
        Some(Target::Named { kind: self.kind_id()?, namespace, name })
    }
}
