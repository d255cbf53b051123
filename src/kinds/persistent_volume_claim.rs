//! PersistentVolumeClaim: the storage that a pod asks for, and the volume it got.

use crate::kinds::{Column, Digest, Interner, KindId, KindSpec, Meta, Object, PERSISTENT_VOLUME_CLAIM, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: PERSISTENT_VOLUME_CLAIM,
    group: "",
    versions: &["v1"],
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    short_names: &["pvc"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("STATUS", 0).narrow(),
        Column::text("VOLUME", 1),
        Column::number("CAPACITY", 2).narrow(),
        Column::text("ACCESS MODES", 3),
        Column::text("STORAGECLASS", 4),
        Column::text("VOLUMEATTRIBUTESCLASS", 5),
        Column::AGE,
        Column::text("VOLUMEMODE", 6).wide(),
    ],
    decoder: decoder::<PersistentVolumeClaim>(),
};

/// The slim PersistentVolumeClaim.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaim {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Object for PersistentVolumeClaim {
    const KIND: KindId = PERSISTENT_VOLUME_CLAIM;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
