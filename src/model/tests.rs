//! Random changes against a plain map: the cluster must agree with it, and its indexes with its records.

use super::*;
use crate::kinds::{Digest, Link, Meta, Owner, POD, Relation, Selector};
use proptest::prelude::*;

/// Namespace and name, in the order in which the server lists.
type Key = (Option<Arc<str>>, Arc<str>);

fn record(namespace: &str, name: &str, version: u8, team: u8, owner: u8) -> Record {
    let text = |t: String| -> Arc<str> { Arc::from(t) };
    let label = (Arc::from("team"), text(team.to_string()));
    let owner = Owner {
        api_version: Arc::from("apps/v1"),
        kind: Arc::from("ReplicaSet"),
        name: Arc::from("rs"),
        uid: text(format!("owner-{owner}")),
        controller: true,
    };
    let selector = Selector { equals: Box::new([label.clone()]), requirements: Box::default() };
    let select = Link {
        relation: Relation::Selects,
        target: Target::Selector { kind: POD, namespace: Some(Arc::from(namespace)), selector: Box::new(selector) },
    };
    let name_link = Target::Named { kind: POD, namespace: Some(Arc::from(namespace)), name: Arc::from("a") };
    let named = Link { relation: Relation::Mounts, target: name_link };
    Record {
        key: ObjectRef::new(POD, namespace, name),
        meta: Meta {
            uid: text(format!("{namespace}/{name}")),
            resource_version: text(version.to_string()),
            labels: Arc::new([label]),
            owners: Arc::new([owner]),
            ..Meta::default()
        },
        digest: Digest { links: Arc::new([select, named]), ..Digest::default() },
    }
}

fn records() -> impl Strategy<Value = Record> {
    ("[xy]", "[a-e]", 0..4_u8, 0..3_u8, 0..3_u8)
        .prop_map(|(ns, name, v, team, owner)| record(&ns, &name, v, team, owner))
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => records().prop_map(Change::Apply),
        2 => ("[xy]", "[a-e]").prop_map(|(ns, name)| Change::Delete(ObjectRef::new(POD, &ns, &name))),
        1 => proptest::collection::vec(records(), 0..6).prop_map(|r| Change::Replace(Scope::all(POD), r)),
        1 => proptest::collection::vec(records(), 0..6).prop_map(|mut r| {
            r.retain(|r| r.key.namespace.as_deref() == Some("x"));
            Change::Replace(Scope::namespace(POD, "x"), r)
        }),
    ]
}

proptest! {
    #[test]
    fn any_changes_leave_the_plain_list_and_true_indexes(changes in proptest::collection::vec(changes(), 0..40)) {
        let mut cluster = Cluster::default();
        let mut plain: BTreeMap<Key, Record> = BTreeMap::new();
        for change in changes {
            let place = |r: &Record| (r.key.namespace.clone(), Arc::clone(&r.key.name));
            match &change {
                Change::Apply(record) => { plain.insert(place(record), record.clone()); }
                Change::Delete(key) => { plain.remove(&(key.namespace.clone(), Arc::clone(&key.name))); }
                Change::Replace(scope, records) => {
                    plain.retain(|_, r| !scope.covers(r));
                    plain.extend(records.iter().map(|r| (place(r), r.clone())));
                }
                Change::Sync(..) => {}
            }
            cluster.apply(change);
            prop_assert_eq!(cluster.check(), Vec::<String>::new());
            let kept: Vec<&Record> = cluster.of(POD).map(Arc::as_ref).collect();
            prop_assert_eq!(kept, plain.values().collect::<Vec<_>>());
        }
        for record in plain.values() {
            for link in record.digest.links.iter() {
                for target in cluster.targets(&link.target) {
                    prop_assert!(cluster.sources(target).iter().any(|s| s.key == record.key));
                }
            }
        }
    }
}

#[test]
fn an_unchanged_object_touches_nothing() {
    let mut cluster = Cluster::default();
    assert_eq!(cluster.apply(Change::Apply(record("x", "a", 1, 0, 0))).len(), 1);
    assert_eq!(cluster.apply(Change::Apply(record("x", "a", 1, 0, 0))).len(), 0);
    assert_eq!(cluster.apply(Change::Replace(Scope::all(POD), vec![record("x", "a", 1, 0, 0)])).len(), 0);
}

#[test]
fn relist_removes_vanished_pods_inside_its_scope_only() {
    let mut cluster = Cluster::default();
    for (namespace, name) in [("x", "a"), ("x", "b"), ("y", "a")] {
        cluster.apply(Change::Apply(record(namespace, name, 1, 0, 0)));
    }
    let touched = cluster.apply(Change::Replace(Scope::namespace(POD, "x"), vec![record("x", "b", 1, 0, 0)]));
    assert_eq!(touched, [ObjectRef::new(POD, "x", "a")]);
    assert_eq!(cluster.count(POD), 2);
}

#[test]
fn an_outage_keeps_the_rows_and_a_refusal_drops_them() {
    let mut cluster = Cluster::default();
    let scope = Scope::all(POD);
    cluster.apply(Change::Replace(scope.clone(), vec![record("x", "a", 1, 0, 0)]));
    let stale = Sync::Stale { reason: Arc::from("connection refused"), since: crate::wire::Timestamp(0) };
    cluster.apply(Change::Sync(scope.clone(), stale.clone()));
    assert_eq!((cluster.count(POD), cluster.sync(&scope)), (1, &stale));
    cluster.apply(Change::Sync(scope.clone(), Sync::Forbidden));
    assert_eq!((cluster.count(POD), cluster.sync(&scope)), (0, &Sync::Forbidden));
}
