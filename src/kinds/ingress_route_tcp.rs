//! IngressRouteTCP: which connections Traefik leads to which Service.

use crate::kinds::traefik::IngressRoute;
use crate::kinds::{As, Column, INGRESS_ROUTE_TCP, KindSpec, json_decoder};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: INGRESS_ROUTE_TCP,
    group: "traefik.io",
    versions: &["v1alpha1"],
    kind: "IngressRouteTCP",
    plural: "ingressroutetcps",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE, Column::text("RULES", 0).narrow().own()],
    decoder: json_decoder::<As<{ INGRESS_ROUTE_TCP.0 }, IngressRoute>>(),
};
