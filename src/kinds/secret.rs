//! Secret: names and sizes of its keys and what its certificates say; no value ever leaves the decoder.

use crate::kinds::{Column, Digest, Interner, KindId, KindSpec, Meta, Object, SECRET, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: SECRET,
    group: "",
    versions: &["v1"],
    kind: "Secret",
    plural: "secrets",
    short_names: &["sec"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("TYPE", 0).narrow(),
        Column::number("DATA", 1).narrow(),
        Column::AGE,
    ],
    decoder: decoder::<Secret>(),
};

/// The slim Secret.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Secret {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Object for Secret {
    const KIND: KindId = SECRET;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
