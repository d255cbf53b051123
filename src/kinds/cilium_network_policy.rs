//! CiliumNetworkPolicy: who may talk to whom in a namespace, as Cilium says it; only its presence is read.

use crate::kinds::presence::Present;
use crate::kinds::{As, CILIUM_NETWORK_POLICY, Column, KindSpec, json_decoder};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CILIUM_NETWORK_POLICY,
    group: "cilium.io",
    versions: &["v2"],
    kind: "CiliumNetworkPolicy",
    plural: "ciliumnetworkpolicies",
    short_names: &["cnp", "ciliumnp"],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE, Column::text("VALID", 0).narrow()],
    decoder: json_decoder::<As<{ CILIUM_NETWORK_POLICY.0 }, Present>>(),
};
