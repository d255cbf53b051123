//! ConfigMap: configuration that pods mount; names and sizes of its keys are kept, not the values.

use crate::kinds::{CONFIG_MAP, Column, Digest, Interner, KindId, KindSpec, Meta, Object, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CONFIG_MAP,
    group: "",
    versions: &["v1"],
    kind: "ConfigMap",
    plural: "configmaps",
    short_names: &["cm"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::number("DATA", 0).narrow(),
        Column::AGE,
    ],
    decoder: decoder::<ConfigMap>(),
};

/// The slim ConfigMap.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMap {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Object for ConfigMap {
    const KIND: KindId = CONFIG_MAP;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
