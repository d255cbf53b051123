//! Namespace: the room that everything else lives in.

use crate::kinds::{Cell, Column, Digest, Facts, Health, Interner, KindSpec, Meta, NAMESPACE, Object, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: NAMESPACE,
    group: "",
    versions: &["v1"],
    kind: "Namespace",
    plural: "namespaces",
    short_names: &["ns", "namespace"],
    namespaced: false,
    columns: &[Column::NAME, Column::text("STATUS", 0).narrow(), Column::AGE],
    decoder: decoder::<Namespace>(),
};

/// The slim Namespace (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Namespace {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Status.
    #[prost(message, optional, tag = "3")]
    pub status: Option<NamespaceStatus>,
}

/// `NamespaceStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceStatus {
    /// `Active` or `Terminating`.
    #[prost(string, tag = "1")]
    pub phase: String,
}

impl Object for Namespace {
    const KIND: crate::kinds::KindId = NAMESPACE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let phase = self.status.as_ref().map_or("", |s| s.phase.as_str());
        let (health, reason) = match phase {
            "Active" => (Health::Ready, None),
            "Terminating" => (Health::Progressing, Some(interner.intern("being deleted"))),
            _ => (Health::Unknown, Some(interner.intern("no phase in its status"))),
        };
        let cells = Box::new([Cell::Text(interner.intern(phase))]);
        Digest { health: Some(health), reason, cells, links: Box::default(), facts: Facts::None }
    }
}
