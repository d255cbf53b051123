//! Order (cert-manager): one certificate asked of an ACME server.

use crate::kinds::{Column, Digest, Interner, KindId, KindSpec, Meta, ORDER, Object, json_decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: ORDER,
    group: "acme.cert-manager.io",
    versions: &["v1"],
    kind: "Order",
    plural: "orders",
    short_names: &[],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("STATE", 0).narrow(),
        Column::text("ISSUER", 1).wide(),
        Column::text("REASON", 2).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<Order>(),
};

/// The slim Order.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Order {
    /// Metadata.
    pub metadata: Option<ObjectMeta>,
}

impl Object for Order {
    const KIND: KindId = ORDER;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
