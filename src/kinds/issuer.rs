//! Issuer (cert-manager): who signs certificates in one namespace.

use crate::kinds::{Column, Digest, ISSUER, Interner, KindId, KindSpec, Meta, Object, json_decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: ISSUER,
    group: "cert-manager.io",
    versions: &["v1"],
    kind: "Issuer",
    plural: "issuers",
    short_names: &["iss"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("READY", 0).narrow(),
        Column::text("STATUS", 1).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<Issuer>(),
};

/// The slim Issuer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Issuer {
    /// Metadata.
    pub metadata: Option<ObjectMeta>,
}

impl Object for Issuer {
    const KIND: KindId = ISSUER;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
