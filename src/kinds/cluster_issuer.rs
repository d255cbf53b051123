//! ClusterIssuer (cert-manager): who signs certificates in every namespace.

use crate::kinds::issuer::Issuer;
use crate::kinds::{
    CLUSTER_ISSUER, Column, Digest, Interner, KindId, KindSpec, Meta, Object, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CLUSTER_ISSUER,
    group: "cert-manager.io",
    versions: &["v1"],
    kind: "ClusterIssuer",
    plural: "clusterissuers",
    short_names: &["ciss"],
    namespaced: false,
    columns: &[
        Column::NAME,
        Column::text("READY", 0).narrow(),
        Column::text("STATUS", 1).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<ClusterIssuer>(),
};

/// The slim ClusterIssuer.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct ClusterIssuer(Issuer);

impl Object for ClusterIssuer {
    const KIND: KindId = CLUSTER_ISSUER;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.0.metadata()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        self.0.digest_in(None, meta, interner)
    }
}
