//! Calico's GlobalNetworkPolicy: only its presence is read.

use crate::kinds::presence::Present;
use crate::kinds::{As, CALICO_GLOBAL_NETWORK_POLICY, Column, KindSpec, json_decoder};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CALICO_GLOBAL_NETWORK_POLICY,
    group: "crd.projectcalico.org",
    versions: &["v1"],
    kind: "GlobalNetworkPolicy",
    plural: "globalnetworkpolicies",
    short_names: &[],
    namespaced: false,
    columns: &[Column::NAME, Column::AGE],
    decoder: json_decoder::<As<{ CALICO_GLOBAL_NETWORK_POLICY.0 }, Present>>(),
};
