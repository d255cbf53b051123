//! EndpointSlice: the addresses behind a Service, and which of them take traffic.

use crate::kinds::{Column, Digest, ENDPOINT_SLICE, Interner, KindId, KindSpec, Meta, Object, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: ENDPOINT_SLICE,
    group: "discovery.k8s.io",
    versions: &["v1"],
    kind: "EndpointSlice",
    plural: "endpointslices",
    short_names: &["eps"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("ADDRESSTYPE", 0),
        Column::text("PORTS", 1).narrow(),
        Column::text("ENDPOINTS", 2).narrow(),
        Column::AGE,
    ],
    decoder: decoder::<EndpointSlice>(),
};

/// The slim EndpointSlice.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlice {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Object for EndpointSlice {
    const KIND: KindId = ENDPOINT_SLICE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
