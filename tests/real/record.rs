//! Bytes of the real API server for tests that run without one: `tests/kinds/KIND/CASE.pb` and
//! `.json` of every case, and lists, watches and refusals in `tests/wire/`.
//! `RECORD=1 cargo test --features real --test real record` writes them anew; without it
//! the server's answers are compared with what was recorded.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cases::{NAMESPACE, post_all, still_plane};
use crate::control_plane::{ControlPlane, Request};

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const STREAM: &str = "application/vnd.kubernetes.protobuf;stream=watch";

/// What differs from one run to the next.
const VOLATILE: &[&str] = &[
    "batch.kubernetes.io/controller-uid",
    "controller-uid",
    "clusterIP",
    "clusterIPs",
    "creationTimestamp",
    "deletionTimestamp",
    "lastPhaseTransitionTime",
    "lastTransitionTime",
    "managedFields",
    "nodePort",
    "resourceVersion",
    "tls.crt",
    "tls.key",
    "uid",
];

fn records() -> bool {
    std::env::var_os("RECORD").is_some()
}

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

fn write(path: &str, bytes: &[u8]) {
    let path = file(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for records");
    fs::write(&path, bytes).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

fn read(path: &str) -> Vec<u8> {
    fs::read(file(path)).unwrap_or_else(|error| panic!("tests/{path}: {error}; record it with RECORD=1"))
}

/// Leaves out what differs between runs.
fn settled(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| !VOLATILE.contains(&name.as_str()));
            kept.map(|(name, value)| (name, settled(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(settled).collect(),
        Value::String(text) if text.starts_with("kube-api-access-") => "kube-api-access".into(),
        other => other,
    }
}

#[test]
fn recorded_objects_are_what_the_server_sends() {
    let plane = still_plane();
    let mut differences = Vec::new();
    for case in post_all(&plane) {
        let stem = format!("kinds/{}/{}", case.kind, case.name);
        let object = plane.get(&case.path, JSON).body;
        if records() {
            write(&format!("{stem}.json"), &object);
        }
        let recorded = serde_json::from_slice(&read(&format!("{stem}.json"))).expect("recorded JSON");
        let served = serde_json::from_slice(&object).expect("served JSON");
        let (recorded, served) = (settled(recorded), settled(served));
        if recorded != served {
            differences.push(format!("{stem}\n  recorded: {recorded}\n  served:   {served}"));
        }
        if case.has_protobuf {
            let message = plane.get(&case.path, PROTOBUF).body;
            if records() {
                write(&format!("{stem}.pb"), &message);
            }
            assert!(read(&format!("{stem}.pb")).starts_with(b"k8s\0"), "{stem}.pb");
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn recorded_answers_are_what_the_server_sends() {
    let plane = still_plane();
    let configmaps = format!("/api/v1/namespaces/{NAMESPACE}/configmaps");
    for n in 0..5 {
        plane.create(&configmaps, &json!({"metadata": {"name": format!("number-{n}")}, "data": {"n": format!("{n}")}}));
    }
    let old = plane.json(&configmaps)["metadata"]["resourceVersion"].as_str().expect("a version").to_owned();
    plane.create(&configmaps, &json!({"metadata": {"name": "last"}}));
    let get = |path: &str| Request::get(path).accept(PROTOBUF);
    let watch = |query: &str| Request::get(&format!("{configmaps}?watch=1&timeoutSeconds=1&{query}")).accept(STREAM);
    check(&plane, "list-page.pb", 200, &get(&format!("{configmaps}?limit=2")));
    check(&plane, "list.pb", 200, &get(&configmaps));
    check(&plane, "watch-changes.pb", 200, &watch(&format!("resourceVersion={old}")));
    let initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    check(&plane, "watch-initial-events.pb", 200, &watch(initial));
    check(&plane, "status-403.pb", 403, &get(&configmaps).by("guest"));
    check(&plane, "status-401.pb", 401, &get(&configmaps).bearer("nobody"));
    check(&plane, "status-404.pb", 404, &get(&format!("{configmaps}/missing")));
    check(&plane, "group-404.txt", 404, &get("/apis/example.test/v1/things"));
    plane.compact();
    plane.restart_server();
    check(&plane, "watch-410.pb", 200, &watch(&format!("resourceVersion={old}")));
    let exact = format!("{configmaps}?limit=1&resourceVersionMatch=Exact&resourceVersion={old}");
    check(&plane, "status-410.pb", 410, &get(&exact));
}

/// Asks, and records the answer or compares its kind with the recorded one.
fn check(plane: &ControlPlane, name: &str, status: u16, request: &Request) {
    let answer = plane.send(request);
    assert_eq!(answer.status, status, "{name}: {}", answer.text());
    let path = format!("wire/{name}");
    if records() {
        write(&path, &answer.body);
    }
    let recorded = read(&path);
    let head = |bytes: &[u8]| bytes.iter().copied().take(4).collect::<Vec<u8>>();
    if name.starts_with("watch") {
        // Frames open with their length, and then the envelope's sign.
        assert_eq!(recorded[4..8], answer.body[4..8], "{name}");
    } else {
        assert_eq!(head(&recorded), head(&answer.body), "{name}");
    }
}
