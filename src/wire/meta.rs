//! The metadata that every object carries, without managedFields, and the conditions that most statuses hold.

use crate::wire::time::Time;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The fields of metadata that only the server writes.
pub const BY_THE_SERVER: [&str; 8] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "selfLink",
];

/// `metav1.ObjectMeta`, the part that kplumb reads (k8s.io/apimachinery meta/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMeta {
    /// Unique within a namespace and kind.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Empty for cluster-scoped objects.
    #[prost(string, tag = "3")]
    pub namespace: String,
    /// Unique in time and space.
    #[prost(string, tag = "5")]
    pub uid: String,
    /// Opaque version of the object.
    #[prost(string, tag = "6")]
    pub resource_version: String,
    /// Rises with each change of the spec; 0 where the kind has none.
    #[prost(int64, tag = "7")]
    pub generation: i64,
    /// When the object was created.
    #[prost(message, optional, tag = "8")]
    pub creation_timestamp: Option<Time>,
    /// When the object will be gone at the latest; set once deletion has begun.
    #[prost(message, optional, tag = "9")]
    pub deletion_timestamp: Option<Time>,
    /// Seconds between the wish to delete and `deletion_timestamp`.
    #[prost(int64, optional, tag = "10")]
    pub deletion_grace_period_seconds: Option<i64>,
    /// Labels.
    #[prost(btree_map = "string, string", tag = "11")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[prost(btree_map = "string, string", tag = "12")]
    pub annotations: BTreeMap<String, String>,
    /// Objects that own this one.
    #[prost(message, repeated, tag = "13")]
    pub owner_references: Vec<OwnerReference>,
    /// What must happen before a deleted object goes away.
    #[prost(string, repeated, tag = "14")]
    pub finalizers: Vec<String>,
}

/// `metav1.OwnerReference`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// Kind of the owner, for example `ReplicaSet`.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Name of the owner.
    #[prost(string, tag = "3")]
    pub name: String,
    /// Uid of the owner.
    #[prost(string, tag = "4")]
    pub uid: String,
    /// Group and version of the owner, for example `apps/v1`.
    #[prost(string, tag = "5")]
    pub api_version: String,
    /// Whether this owner is the managing controller.
    #[prost(bool, optional, tag = "6")]
    pub controller: Option<bool>,
}

/// `metav1.LabelSelector` (meta/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// All of these must be equal.
    #[prost(btree_map = "string, string", tag = "1")]
    pub match_labels: BTreeMap<String, String>,
    /// And all of these must hold.
    #[prost(message, repeated, tag = "2")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// `metav1.LabelSelectorRequirement`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelectorRequirement {
    /// The label's key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    #[prost(string, tag = "2")]
    pub operator: String,
    /// Values for `In` and `NotIn`.
    #[prost(string, repeated, tag = "3")]
    pub values: Vec<String>,
}

/// `metav1.Condition`, which networking, Gateway API and policy kinds use. (Pods, Nodes and workloads number the fields differently: their files have their own.)
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// For example `Ready`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// Generation that the condition speaks of.
    #[prost(int64, tag = "3")]
    pub observed_generation: i64,
    /// When `status` last changed.
    #[prost(message, optional, tag = "4")]
    pub last_transition_time: Option<Time>,
    /// One CamelCase word.
    #[prost(string, tag = "5")]
    pub reason: String,
    /// A sentence for people.
    #[prost(string, tag = "6")]
    pub message: String,
}
