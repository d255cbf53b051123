//! CiliumClusterwideNetworkPolicy: who may talk to whom in the whole cluster, as Cilium says it; only its presence is read.

use crate::kinds::presence::Present;
use crate::kinds::{As, CILIUM_CLUSTERWIDE_NETWORK_POLICY, Column, KindSpec, json_decoder};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CILIUM_CLUSTERWIDE_NETWORK_POLICY,
    group: "cilium.io",
    versions: &["v2"],
    kind: "CiliumClusterwideNetworkPolicy",
    plural: "ciliumclusterwidenetworkpolicies",
    short_names: &["ccnp"],
    namespaced: false,
    columns: &[Column::NAME, Column::text("VALID", 0).narrow(), Column::AGE.own()],
    decoder: json_decoder::<As<{ CILIUM_CLUSTERWIDE_NETWORK_POLICY.0 }, Present>>(),
};
