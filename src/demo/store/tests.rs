//! What the store promises: versions, history, snapshots.
#![allow(clippy::unwrap_used)]
use super::*;

const NOW: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

fn pod(name: &str, phase: &str) -> Value {
    json!({"metadata": {"namespace": "dev", "name": name}, "status": {"phase": phase}})
}

fn names(objects: &BTreeMap<Key, Arc<Object>>) -> Vec<String> {
    objects.values().map(|object| format!("{} {}", object.key.1, object.value["status"]["phase"])).collect()
}

#[test]
fn a_snapshot_is_the_past_whatever_happened_since() {
    let mut store = Store::new();
    store.create("pods", pod("a", "Pending"), NOW).unwrap();
    store.create("pods", pod("b", "Pending"), NOW).unwrap();
    let then = store.version();
    store.update("pods", pod("a", "Running")).unwrap();
    store.delete("pods", "dev", "b").unwrap();
    store.create("pods", pod("c", "Pending"), NOW).unwrap();
    store.create("pods", pod("b", "Failed"), NOW).unwrap();
    assert_eq!(names(&store.snapshot("pods", then).unwrap()), ["a \"Pending\"", "b \"Pending\""]);
    assert_eq!(names(&store.snapshot("pods", store.version()).unwrap()).len(), 3);
}

#[test]
fn a_compacted_version_has_expired_and_a_future_one_is_not_there() {
    let mut store = Store::new();
    store.create("pods", pod("a", "Pending"), NOW).unwrap();
    let then = store.version();
    store.update("pods", pod("a", "Running")).unwrap();
    store.compact();
    let current = store.version();
    assert_eq!(store.since("pods", then).err(), Some(Elsewhen::Expired { oldest: current }));
    assert_eq!(store.snapshot("pods", then).err(), Some(Elsewhen::Expired { oldest: current }));
    assert_eq!(store.since("pods", current + 1).err(), Some(Elsewhen::Future { current }));
    assert_eq!(store.since("pods", current).unwrap().count(), 0);
}

#[test]
fn an_update_of_nothing_is_no_event_and_a_stale_one_conflicts() {
    let mut store = Store::new();
    let first = store.create("pods", pod("a", "Pending"), NOW).unwrap();
    let same = store.update("pods", first.value.clone()).unwrap();
    assert_eq!(same.version, first.version);
    store.update("pods", pod("a", "Running")).unwrap();
    assert_eq!(store.update("pods", first.value.clone()).err(), Some(Refused::Conflict));
}

#[test]
fn a_changed_spec_raises_the_generation_and_a_status_does_not() {
    let mut store = Store::new();
    let mut value = json!({"metadata": {"namespace": "dev", "name": "web"}, "spec": {"replicas": 1}});
    store.create("deployments.apps", value.clone(), NOW).unwrap();
    value["status"] = json!({"replicas": 1});
    value["metadata"]["generation"] = json!(1);
    value["metadata"]["creationTimestamp"] = json!("1970-01-01T00:00:00Z");
    assert_eq!(store.update("deployments.apps", value.clone()).unwrap().value["metadata"]["generation"], 1);
    value["spec"]["replicas"] = json!(2);
    assert_eq!(store.update("deployments.apps", value).unwrap().value["metadata"]["generation"], 2);
}

#[test]
fn listing_one_namespace_stops_at_its_end() {
    let mut store = Store::new();
    for (namespace, name) in [("a", "x"), ("ab", "y"), ("b", "z")] {
        store.create("pods", json!({"metadata": {"namespace": namespace, "name": name}}), NOW).unwrap();
    }
    let found: Vec<_> = store.list("pods", Some("ab")).map(|object| object.key.1.clone()).collect();
    assert_eq!(found, ["y"]);
    assert_eq!(store.list("pods", None).count(), 3);
}

#[test]
fn uids_are_stable_and_look_like_uids() {
    assert_eq!(uid("x"), uid("x"));
    assert_ne!(uid("x"), uid("y"));
    assert_eq!(uid("x").len(), 36);
}
