//! Clusters for the tests of rollouts, from objects in YAML.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

use crate::kinds::{Catalog, KindId, ObjectRef};
use crate::manifests::{read, records};
use crate::model::Cluster;
use crate::wire::Timestamp;
use std::path::Path;

/// The present of all fixtures.
pub fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T10:42:07Z").unwrap()
}

/// The model that a live cluster with these objects gives, statuses and uids as they are written.
pub fn cluster(yaml: &str) -> Cluster {
    let (documents, unreadable) = read::text(Path::new("fixture.yaml"), yaml);
    assert!(unreadable.is_empty(), "{unreadable:?}");
    let catalog = Catalog::builtin();
    let found = records::records(&documents, &catalog, "shop");
    assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
    let mut cluster = Cluster::default();
    for change in found.changes(&catalog) {
        cluster.apply(change);
    }
    cluster
}

/// A reference into the fixtures' namespace.
pub fn key(kind: KindId, name: &str) -> ObjectRef {
    ObjectRef::new(kind, "shop", name)
}
