//! Gateway: the listeners at which requests arrive, with their certificates and addresses.

use crate::kinds::{Column, Digest, GATEWAY, Interner, KindId, KindSpec, Meta, Object, json_decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: GATEWAY,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1beta1"],
    kind: "Gateway",
    plural: "gateways",
    short_names: &["gtw"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("CLASS", 0),
        Column::text("ADDRESS", 1).narrow(),
        Column::text("PROGRAMMED", 2).narrow(),
        Column::AGE,
    ],
    decoder: json_decoder::<Gateway>(),
};

/// The slim Gateway.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Gateway {
    /// Metadata.
    pub metadata: Option<ObjectMeta>,
}

impl Object for Gateway {
    const KIND: KindId = GATEWAY;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
