//! NetworkPolicy: who may talk to the selected pods, and whom they may talk to.

use crate::kinds::{Column, Digest, Interner, KindId, KindSpec, Meta, NETWORK_POLICY, Object, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: NETWORK_POLICY,
    group: "networking.k8s.io",
    versions: &["v1"],
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    short_names: &["netpol", "np"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("POD-SELECTOR", 0).narrow(),
        Column::AGE,
    ],
    decoder: decoder::<NetworkPolicy>(),
};

/// The slim NetworkPolicy.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicy {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Object for NetworkPolicy {
    const KIND: KindId = NETWORK_POLICY;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
