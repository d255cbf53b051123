//! Service: one name and address in front of the pods that a selector finds.

use crate::kinds::{Column, Digest, Interner, KindId, KindSpec, Meta, Object, SERVICE, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: SERVICE,
    group: "",
    versions: &["v1"],
    kind: "Service",
    plural: "services",
    short_names: &["svc"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("TYPE", 0).narrow(),
        Column::text("CLUSTER-IP", 1),
        Column::text("EXTERNAL-IP", 2).narrow(),
        Column::text("PORT(S)", 3).narrow(),
        Column::AGE,
        Column::text("SELECTOR", 4).wide(),
    ],
    decoder: decoder::<Service>(),
};

/// The slim Service.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Object for Service {
    const KIND: KindId = SERVICE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
