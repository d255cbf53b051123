//! TCPRoute: which listener's connections lead to which Service.

use crate::kinds::l4_route::L4Route;
use crate::kinds::{As, Column, KindSpec, TCP_ROUTE, json_decoder};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: TCP_ROUTE,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1alpha2"],
    kind: "TCPRoute",
    plural: "tcproutes",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE],
    decoder: json_decoder::<As<{ TCP_ROUTE.0 }, L4Route>>(),
};
