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
