//! ReferenceGrant: which namespaces may point at the Services and Secrets of this one.

use crate::kinds::{
    Column, Digest, Facts, Interner, KindId, KindSpec, Meta, Object, REFERENCE_GRANT, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: REFERENCE_GRANT,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1beta1"],
    kind: "ReferenceGrant",
    plural: "referencegrants",
    short_names: &["refgrant"],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE],
    decoder: json_decoder::<ReferenceGrant>(),
};

/// What trace reads of a ReferenceGrant: any of `from` may point at any of `to` in its namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceGrantFacts {
    /// Who may point.
    pub from: Box<[GrantFrom]>,
    /// At what.
    pub to: Box<[GrantTo]>,
}

/// Objects that may point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantFrom {
    /// Their group.
    pub group: Arc<str>,
    /// Their kind.
    pub kind: Arc<str>,
    /// Their namespace.
    pub namespace: Arc<str>,
}

/// Objects that may be pointed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantTo {
    /// Their group.
    pub group: Arc<str>,
    /// Their kind.
    pub kind: Arc<str>,
    /// One of them; none for all.
    pub name: Option<Arc<str>>,
}

/// The slim ReferenceGrant.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReferenceGrant {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    from: Vec<Side>,
    to: Vec<Side>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Side {
    group: String,
    kind: String,
    namespace: String,
    name: Option<String>,
}

impl Object for ReferenceGrant {
    const KIND: KindId = REFERENCE_GRANT;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let from = self.spec.from.iter().map(|side| GrantFrom {
            group: interner.intern(&side.group),
            kind: interner.intern(&side.kind),
            namespace: interner.intern(&side.namespace),
        });
        let from = from.collect();
        let to = self.spec.to.iter().map(|side| GrantTo {
            group: interner.intern(&side.group),
            kind: interner.intern(&side.kind),
            name: side.name.as_deref().and_then(|n| interner.non_empty(n)),
        });
        let facts = ReferenceGrantFacts { from, to: to.collect() };
        Digest { facts: Facts::ReferenceGrant(Box::new(facts)), ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::read;
    use crate::kinds::{Facts, REFERENCE_GRANT};
    use serde_json::json;

    #[test]
    fn both_sides_are_kept() {
        let from = json!([{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "web"}]);
        let to = json!([{"group": "", "kind": "Service"}, {"group": "", "kind": "Secret", "name": "tls"}]);
        let record = read(REFERENCE_GRANT, &json!({"metadata": {"name": "g", "namespace": "dev"}, "spec": {"from": from, "to": to}}));
        let Facts::ReferenceGrant(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((&*facts.from[0].namespace, facts.to[1].name.as_deref()), ("web", Some("tls")));
        assert_eq!((record.digest.health, facts.to[0].name.as_deref()), (None, None));
    }
}
