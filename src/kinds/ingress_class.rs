//! IngressClass: which controller serves the Ingresses of a class.

use crate::kinds::{Column, Digest, INGRESS_CLASS, Interner, KindId, KindSpec, Meta, Object, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: INGRESS_CLASS,
    group: "networking.k8s.io",
    versions: &["v1"],
    kind: "IngressClass",
    plural: "ingressclasses",
    short_names: &["ic"],
    namespaced: false,
    columns: &[
        Column::text("NAME", 0).narrow(),
        Column::text("CONTROLLER", 1).narrow(),
        Column::text("PARAMETERS", 2),
        Column::AGE,
    ],
    decoder: decoder::<IngressClass>(),
};

/// The slim IngressClass.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressClass {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Object for IngressClass {
    const KIND: KindId = INGRESS_CLASS;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
