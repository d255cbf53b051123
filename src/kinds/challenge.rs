//! Challenge (cert-manager): the proof for one name that an ACME server asks for.

use crate::kinds::{CHALLENGE, Column, Digest, Interner, KindId, KindSpec, Meta, Object, json_decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CHALLENGE,
    group: "acme.cert-manager.io",
    versions: &["v1"],
    kind: "Challenge",
    plural: "challenges",
    short_names: &[],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("STATE", 0).narrow(),
        Column::text("DOMAIN", 1).narrow(),
        Column::text("REASON", 2).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<Challenge>(),
};

/// The slim Challenge.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Challenge {
    /// Metadata.
    pub metadata: Option<ObjectMeta>,
}

impl Object for Challenge {
    const KIND: KindId = CHALLENGE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
