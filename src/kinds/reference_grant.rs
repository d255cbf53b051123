//! ReferenceGrant: which namespaces may point at the Services and Secrets of this one.

use crate::kinds::{Column, Digest, Interner, KindId, KindSpec, Meta, Object, REFERENCE_GRANT, json_decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: REFERENCE_GRANT,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1beta1"],
    kind: "ReferenceGrant",
    plural: "referencegrants",
    short_names: &["refgrant"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::AGE,
    ],
    decoder: json_decoder::<ReferenceGrant>(),
};

/// The slim ReferenceGrant.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReferenceGrant {
    /// Metadata.
    pub metadata: Option<ObjectMeta>,
}

impl Object for ReferenceGrant {
    const KIND: KindId = REFERENCE_GRANT;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
