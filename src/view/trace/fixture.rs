//! Worlds for tests, from manifests written beside them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

use crate::kinds::Catalog;
use crate::manifests::{read, records, shift};
use crate::model::Cluster;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::world::{Answers, Probes, Source, World};
use crate::wire::Timestamp;
use std::path::Path;

/// The present of all fixtures.
pub const NOW: &str = "2026-11-20T10:42:07Z";

/// The model that a live cluster with these objects gives; those without a namespace are in this one.
pub fn cluster_in(namespace: &str, yaml: &str) -> Cluster {
    let (mut documents, mut unreadable) = read::text(Path::new("fixture.yaml"), yaml);
    unreadable.extend(shift::shift(&mut documents, NOW.parse().unwrap()));
    assert!(unreadable.is_empty(), "{unreadable:?}");
    let catalog = Catalog::builtin();
    let found = records::records(&documents, &catalog, namespace);
    assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
    let mut cluster = Cluster::default();
    for change in found.changes(&catalog) {
        cluster.apply(change);
    }
    cluster
}

/// Runs a check in a world of these objects, as a live cluster would hold them.
pub fn world<T>(yaml: &str, check: impl FnOnce(&World) -> T) -> T {
    let (cluster, catalog) = (cluster_in("default", yaml), Catalog::builtin());
    let (answers, probes) = (Answers::new(), Probes::default());
    check(&World::new(&cluster, &catalog, Timestamp::parse(NOW).unwrap(), (&answers, &probes)))
}

/// Runs a check in a world of these objects, as files hold them.
pub fn files<T>(yaml: &str, check: impl FnOnce(&World) -> T) -> T {
    files_of(yaml, None, check)
}

/// The same with the controller that `--controller` names.
pub fn files_of<T>(yaml: &str, controller: Option<Flavour>, check: impl FnOnce(&World) -> T) -> T {
    let (cluster, catalog) = (cluster_in("default", yaml), Catalog::builtin());
    let (answers, probes) = (Answers::new(), Probes::default());
    let world = World::new(&cluster, &catalog, Timestamp::parse(NOW).unwrap(), (&answers, &probes));
    check(&world.from(Source::Files { controller }))
}
