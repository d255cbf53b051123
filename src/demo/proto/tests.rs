//! The encoder against bytes that a real API server sent, and against the decoders of `wire`.
#![allow(clippy::unwrap_used)]

use prost::Message;
use serde_json::json;

use super::*;
use crate::wire::envelope;
use crate::wire::meta::ObjectMeta;

#[derive(Clone, PartialEq, Message)]
struct Bare {
    #[prost(message, optional, tag = "1")]
    metadata: Option<ObjectMeta>,
}

#[test]
fn metadata_arrives_whole() {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "web", "namespace": "dev", "uid": "u", "resourceVersion": "7", "generation": 3,
            "creationTimestamp": "2026-11-20T10:42:07Z", "labels": {"app": "web"}, "finalizers": ["x"],
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "o", "controller": true}],
        },
    });
    let opened = envelope::open(&object(&Schema::embedded(), &pod).unwrap()).unwrap();
    assert_eq!(opened.type_meta.unwrap().kind, "Pod");
    let metadata = Bare::decode(opened.raw.as_slice()).unwrap().metadata.unwrap();
    let from_json: ObjectMeta = serde_json::from_value(pod["metadata"].clone()).unwrap();
    assert_eq!(metadata, from_json);
}

#[test]
fn a_status_is_encoded_as_go_encodes_it() {
    let status = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure", "message": "no", "reason": "Gone",
        "code": 410,
    });
    let body = object(&Schema::embedded(), &status).unwrap();
    let opened = envelope::open(&body).unwrap();
    let expected = b"\x0a\x06\x0a\x00\x12\x00\x1a\x00\x12\x07Failure\x1a\x02no\x22\x04Gone\x30\x9a\x03";
    assert_eq!(opened.raw, expected);
    assert!(body.ends_with(b"\x1a\x00\x22\x00"));
}

#[test]
fn unions_and_quantities_take_their_own_shapes() {
    assert_eq!(int_or_string(&json!(8080)), b"\x08\x00\x10\x90\x3f\x1a\x00");
    assert_eq!(int_or_string(&json!("http")), b"\x08\x01\x10\x00\x1a\x04http");
    assert_eq!(quantity(&json!("500m")), b"\x0a\x04500m");
    assert_eq!(time("2026-11-20T10:42:07.5Z", 1_000_000_000), time("2026-11-20T10:42:07Z", 1_000_000_000));
    assert_eq!(time("", 1), b"");
}

#[test]
fn a_custom_kind_has_no_protobuf() {
    assert_eq!(object(&Schema::embedded(), &json!({"apiVersion": "a/v1", "kind": "B"})), None);
}

/// Pairs of the same object as the real API server wrote it, in JSON and in protobuf.
#[test]
fn recorded_objects_are_encoded_byte_for_byte() {
    let schema = Schema::embedded();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds");
    let (mut equal, mut complaints) = (0, Vec::new());
    for kind in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(kind.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let recorded = path.with_extension("json");
            if path.extension().is_none_or(|extension| extension != "pb") || !recorded.exists() {
                continue;
            }
            let value: Value = serde_json::from_slice(&std::fs::read(recorded).unwrap()).unwrap();
            let (ours, theirs) = (object(&schema, &value).unwrap(), std::fs::read(&path).unwrap());
            if ours == theirs {
                equal += 1;
            } else {
                let at = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
                let at = at.unwrap_or(ours.len().min(theirs.len()));
                let near = |bytes: &[u8]| {
                    String::from_utf8_lossy(&bytes[at.saturating_sub(30)..bytes.len().min(at + 40)]).into_owned()
                };
                complaints.push(format!(
                    "{}: at {at}\n ours   {:?}\n theirs {:?}",
                    path.display(),
                    near(&ours),
                    near(&theirs)
                ));
            }
        }
    }
    assert!(complaints.is_empty() && 0 < equal, "{equal} equal\n{}", complaints.join("\n"));
}

#[test]
fn a_posted_review_is_read_back() {
    let schema = Schema::embedded();
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "dev"}},
    });
    let read = decode::object(&schema, &object(&schema, &review).unwrap()).unwrap();
    assert_eq!(read["spec"]["resourceAttributes"]["verb"], "list");
    assert_eq!(read["kind"], "SelfSubjectAccessReview");
    assert_eq!(read["spec"].get("nonResourceAttributes"), None);
}
