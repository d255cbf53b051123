//! HTTPRoute: which host, path and header lead through a Gateway to which Service.

use crate::kinds::{Column, Digest, HTTP_ROUTE, Interner, KindId, KindSpec, Meta, Object, json_decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: HTTP_ROUTE,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1beta1"],
    kind: "HTTPRoute",
    plural: "httproutes",
    short_names: &[],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("HOSTNAMES", 0).narrow(),
        Column::AGE,
    ],
    decoder: json_decoder::<HttpRoute>(),
};

/// The slim HTTPRoute.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRoute {
    /// Metadata.
    pub metadata: Option<ObjectMeta>,
}

impl Object for HttpRoute {
    const KIND: KindId = HTTP_ROUTE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, _interner: &mut Interner) -> Digest {
        Digest::default()
    }
}
