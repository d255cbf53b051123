//! PersistentVolume: a piece of storage, and the claim that holds it.

use crate::kinds::{Column, Digest, Interner, KindId, KindSpec, Meta, Object, PERSISTENT_VOLUME, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: PERSISTENT_VOLUME,
    group: "",
    versions: &["v1"],
    kind: "PersistentVolume",
    plural: "persistentvolumes",
    short_names: &["pv"],
    namespaced: false,
    columns: &[
        Column::NAME,
        Column::number("CAPACITY", 0).narrow(),
        Column::text("ACCESS MODES", 1),
        Column::text("RECLAIM POLICY", 2),
        Column::text("STATUS", 3).narrow(),
        Column::text("CLAIM", 4).narrow(),
        Column::text("STORAGECLASS", 5),
        Column::text("VOLUMEATTRIBUTESCLASS", 6),
        Column::text("REASON", 7),
        Column::AGE,
        Column::text("VOLUMEMODE", 8).wide(),
    ],
    decoder: decoder::<PersistentVolume>(),
};

/// The slim PersistentVolume.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolume {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Object for PersistentVolume {
    const KIND: KindId = PERSISTENT_VOLUME;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
