//! Clusters for the tests of rollouts, from objects in YAML.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

use crate::kinds::{KindId, ObjectRef};
use crate::model::Cluster;
use crate::view::trace;
use crate::wire::Timestamp;

/// The present of all fixtures.
pub fn now() -> Timestamp {
    Timestamp::parse(trace::fixture::NOW).unwrap()
}

/// The model that a live cluster with these objects gives.
pub fn cluster(yaml: &str) -> Cluster {
    trace::fixture::cluster_in("shop", yaml)
}

/// A reference into the fixtures' namespace.
pub fn key(kind: KindId, name: &str) -> ObjectRef {
    ObjectRef::new(kind, "shop", name)
}
