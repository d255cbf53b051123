//! How cert-manager's kinds name their issuer: one of its own, or one that somebody else's controller serves.

use crate::kinds::{CLUSTER_ISSUER, ISSUER, Interner, Link, Relation, Target};
use serde::Deserialize;
use std::sync::Arc;

/// `meta.v1.IssuerReference`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IssuerReference {
    /// Its name.
    pub name: String,
    /// `Issuer` (also when it does not say), `ClusterIssuer`, or a kind of another group.
    pub kind: String,
    /// Its group; cert-manager's when it does not say.
    pub group: String,
}

/// An issuer as views read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuerRef {
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: Arc<str>,
    /// Its group; none for cert-manager's own.
    pub group: Option<Arc<str>>,
}

impl IssuerReference {
    /// The slim form.
    pub fn slim(&self, interner: &mut Interner) -> IssuerRef {
        let kind = if self.kind.is_empty() { "Issuer" } else { &self.kind };
        let foreign = Some(self.group.as_str()).filter(|g| *g != "cert-manager.io");
        IssuerRef {
            name: interner.intern(&self.name),
            kind: interner.intern(kind),
            group: foreign.and_then(|g| interner.non_empty(g)),
        }
    }
}

impl IssuerRef {
    /// The link to it; none to an issuer of another group.
    pub fn link(&self, namespace: Option<&Arc<str>>) -> Option<Link> {
        let (kind, namespace) = match (&self.group, &*self.kind) {
            (None, "Issuer") => (ISSUER, namespace.cloned()),
            (None, "ClusterIssuer") => (CLUSTER_ISSUER, None),
            _ => return None,
        };
        let target = Target::Named { kind, namespace, name: Arc::clone(&self.name) };
        Some(Link { relation: Relation::IssuedBy, target })
    }
}
