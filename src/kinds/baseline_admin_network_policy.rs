//! BaselineAdminNetworkPolicy: what holds between pods that no NetworkPolicy speaks of.

use crate::kinds::admin_network_policy::AdminNetworkPolicy;
use crate::kinds::{As, BASELINE_ADMIN_NETWORK_POLICY, Column, KindSpec, json_decoder};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: BASELINE_ADMIN_NETWORK_POLICY,
    group: "policy.networking.k8s.io",
    versions: &["v1alpha1"],
    kind: "BaselineAdminNetworkPolicy",
    plural: "baselineadminnetworkpolicies",
    short_names: &["banp"],
    namespaced: false,
    columns: &[Column::NAME, Column::AGE],
    decoder: json_decoder::<As<{ BASELINE_ADMIN_NETWORK_POLICY.0 }, AdminNetworkPolicy>>(),
};
