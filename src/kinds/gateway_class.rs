//! GatewayClass: which controller serves the Gateways of a class.

use crate::kinds::{Column, Digest, GATEWAY_CLASS, Interner, KindId, KindSpec, Meta, Object, json_decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: GATEWAY_CLASS,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1beta1"],
    kind: "GatewayClass",
    plural: "gatewayclasses",
    short_names: &["gc"],
    namespaced: false,
    columns: &[
        Column::NAME,
        Column::text("CONTROLLER", 0).narrow(),
        Column::text("ACCEPTED", 1).narrow(),
        Column::AGE,
        Column::text("DESCRIPTION", 2).wide(),
    ],
    decoder: json_decoder::<GatewayClass>(),
};

/// The slim GatewayClass.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayClass {
    /// Metadata.
    pub metadata: Option<ObjectMeta>,
}

impl Object for GatewayClass {
    const KIND: KindId = GATEWAY_CLASS;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
