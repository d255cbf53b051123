//! What is noted, and when a silence counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::view::trace::fixture;

const YAML: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web, tier: front}}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: shop, labels: {app: other}}
";

#[test]
fn every_look_is_noted_also_at_what_is_not_there() {
    fixture::world(YAML, |world| {
        assert!(world.named(SERVICE, "shop", "web").is_some());
        assert!(world.named(SERVICE, "shop", "gone").is_none());
        let (key, value): (Arc<str>, Arc<str>) = (Arc::from("app"), Arc::from("web"));
        let found = world.labelled(POD, "shop", &[(key.clone(), value.clone())]);
        assert_eq!(found.iter().map(|pod| &*pod.key.name).collect::<Vec<_>>(), ["web-1"]);
        let reads = world.take_reads();
        assert!(reads.contains(&Read::Object(ObjectRef::new(SERVICE, "shop", "gone"))));
        assert!(reads.contains(&Read::Label(POD, Arc::from("shop"), key, value)));
        assert!(world.take_reads().is_empty());
    });
}

#[test]
fn of_several_services_with_an_address_it_is_the_first_s_however_often_one_looks() {
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{clusterIP: 10.96.0.7}}\n"
        )
    };
    fixture::world(&[service("b"), service("a")].join("---\n"), |world| {
        let found = || world.by_cluster_ip("10.96.0.7".parse().unwrap()).map(|record| record.key.name.to_string());
        let names: BTreeSet<_> = (0..100).map(|_| found()).collect();
        assert_eq!(names, BTreeSet::from([Some("a".to_owned())]));
    });
}

#[test]
fn a_silence_is_absence_only_where_the_list_is_whole() {
    let (cluster, catalog) = (Cluster::default(), Catalog::builtin());
    let (answers, probes) = (Answers::new(), Probes::default());
    let now = Timestamp::parse(fixture::NOW).unwrap();
    let world = World::new(&cluster, &catalog, now, (&answers, &probes));
    assert_eq!(world.known(SERVICE, Some("shop")), Known::Partial);
    // The end of the list is worth another look, though nothing else was looked at.
    assert!(world.take_reads().iter().any(|read| read.kind() == SERVICE));
    assert_eq!(Known::Forbidden.missing("services").as_deref(), Some("you may not list services"));
    let files = world.from(Source::Files { controller: None });
    assert_eq!(files.known(SERVICE, Some("shop")), Known::Whole);
    assert!(!files.is_given(SERVICE));
    fixture::world(YAML, |world| assert_eq!(world.known(SERVICE, None), Known::Whole));
    let damaged = Sync::Stale { reason: Arc::from("cannot be read"), since: now };
    let mut cluster = Cluster::default();
    cluster.apply(crate::model::Change::Sync(Scope::namespace(SERVICE, "shop"), damaged));
    let world = World::new(&cluster, &catalog, now, (&answers, &probes)).from(Source::Files { controller: None });
    assert_eq!(world.known(SERVICE, Some("shop")), Known::Damaged);
    assert_eq!((world.known(SERVICE, None), world.known(SERVICE, Some("dev"))), (Known::Damaged, Known::Whole));
}
