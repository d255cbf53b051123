//! ClusterNetworkPolicy: what the owner of a cluster accepts and denies between pods, before or after NetworkPolicies.

use crate::kinds::admin_network_policy::AdminNetworkPolicy;
use crate::kinds::{As, CLUSTER_NETWORK_POLICY, Column, KindSpec, json_decoder};

/// What kplumb knows of the kind. Its own short name, `cnp`, is Cilium's here.
pub static SPEC: KindSpec = KindSpec {
    id: CLUSTER_NETWORK_POLICY,
    group: "policy.networking.k8s.io",
    versions: &["v1alpha2"],
    kind: "ClusterNetworkPolicy",
    plural: "clusternetworkpolicies",
    short_names: &[],
    namespaced: false,
    columns: &[Column::NAME, Column::text("TIER", 1).narrow(), Column::text("PRIORITY", 0).narrow(), Column::AGE],
    decoder: json_decoder::<As<{ CLUSTER_NETWORK_POLICY.0 }, AdminNetworkPolicy>>(),
};
