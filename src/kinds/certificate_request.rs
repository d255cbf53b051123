//! CertificateRequest (cert-manager): one try to have a certificate signed.

use crate::kinds::{CERTIFICATE_REQUEST, Column, Digest, Interner, KindId, KindSpec, Meta, Object, json_decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CERTIFICATE_REQUEST,
    group: "cert-manager.io",
    versions: &["v1"],
    kind: "CertificateRequest",
    plural: "certificaterequests",
    short_names: &["cr", "crs"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("APPROVED", 0),
        Column::text("DENIED", 1),
        Column::text("READY", 2).narrow(),
        Column::text("ISSUER", 3).narrow(),
        Column::text("REQUESTER", 4),
        Column::text("STATUS", 5).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<CertificateRequest>(),
};

/// The slim CertificateRequest.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateRequest {
    /// Metadata.
    pub metadata: Option<ObjectMeta>,
}

impl Object for CertificateRequest {
    const KIND: KindId = CERTIFICATE_REQUEST;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
