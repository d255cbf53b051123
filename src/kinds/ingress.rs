//! Ingress: which host and path lead to which Service, and with which certificate.

use crate::kinds::{Column, Digest, INGRESS, Interner, KindId, KindSpec, Meta, Object, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: INGRESS,
    group: "networking.k8s.io",
    versions: &["v1"],
    kind: "Ingress",
    plural: "ingresses",
    short_names: &["ing"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("CLASS", 0),
        Column::text("HOSTS", 1).narrow(),
        Column::text("ADDRESS", 2).narrow(),
        Column::text("PORTS", 3),
        Column::AGE,
    ],
    decoder: decoder::<Ingress>(),
};

/// The slim Ingress.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ingress {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Object for Ingress {
    const KIND: KindId = INGRESS;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
