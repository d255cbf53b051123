//! Certificate (cert-manager): the names that a Secret's certificate must carry, and how its issuing goes.

use crate::kinds::{CERTIFICATE, Column, Digest, Interner, KindId, KindSpec, Meta, Object, json_decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CERTIFICATE,
    group: "cert-manager.io",
    versions: &["v1"],
    kind: "Certificate",
    plural: "certificates",
    short_names: &["cert", "certs"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("READY", 0).narrow(),
        Column::text("SECRET", 1).narrow(),
        Column::text("ISSUER", 2).wide(),
        Column::text("STATUS", 3).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<Certificate>(),
};

/// The slim Certificate.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Certificate {
    /// Metadata.
    pub metadata: Option<ObjectMeta>,
}

impl Object for Certificate {
    const KIND: KindId = CERTIFICATE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
