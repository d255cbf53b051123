//! The demo's API as a client sees it: requests in, bytes out, on a virtual clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;
use futures::FutureExt;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

fn pod(namespace: &str, name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "labels": {"app": name}},
        "spec": {"nodeName": "n1"}, "status": {"phase": phase},
    })
}

fn widgets() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wd"], "categories": ["all"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "selectableFields": [{"jsonPath": ".spec.size"}],
                "additionalPrinterColumns": [
                    {"name": "Size", "type": "string", "jsonPath": ".spec.size"},
                    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                ],
            }],
        },
    })
}

fn demo() -> Demo {
    let widget = json!({
        "apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"namespace": "dev", "name": "w", "creationTimestamp": "2027-01-15T07:00:00Z"},
        "spec": {"size": "big"},
    });
    Demo::new(
        vec![widget, widgets(), pod("dev", "a", "Running"), pod("dev", "b", "Failed"), pod("ops", "c", "Running")],
        NOW,
    )
}

fn ask(demo: &Demo, path: &str, accept: &str) -> http::Response<Body> {
    let request = Request::get(path).header("accept", accept).body(Bytes::new()).unwrap();
    demo.service().respond(&request)
}

fn get_as(demo: &Demo, path: &str, accept: &str) -> (StatusCode, Value) {
    let response = ask(demo, path, accept);
    let status = response.status();
    let body = response.into_body().collect().now_or_never().expect("a whole body").unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

fn get(demo: &Demo, path: &str) -> Value {
    let (status, body) = get_as(demo, path, "application/json");
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

/// The events that a stream holds right now, as `TYPE name`; `end` when it is over.
fn events(body: &mut Body) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(chunk) = body.frame().now_or_never() {
        let Some(chunk) = chunk else {
            found.push("end".to_owned());
            break;
        };
        let Ok(chunk) = chunk else {
            found.push("broken".to_owned());
            break;
        };
        for line in chunk.into_data().unwrap().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let event: Value = serde_json::from_slice(line).unwrap();
            let object = &event["object"];
            let name = object["metadata"]["name"].as_str().or(object["reason"].as_str()).unwrap_or_default();
            found.push(format!("{} {name}", event["type"].as_str().unwrap()).trim_end().to_owned());
        }
    }
    found
}

fn version(demo: &Demo) -> String {
    get(demo, "/api/v1/pods")["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

#[test]
fn lists_select_by_namespace_label_and_field() {
    let demo = demo();
    assert_eq!(names(&get(&demo, "/api/v1/pods")), ["a", "b", "c"]);
    assert_eq!(names(&get(&demo, "/api/v1/namespaces/dev/pods")), ["a", "b"]);
    assert_eq!(names(&get(&demo, "/api/v1/pods?labelSelector=app+in+(a,c)")), ["a", "c"]);
    assert_eq!(names(&get(&demo, "/api/v1/pods?fieldSelector=status.phase%21%3DRunning")), ["b"]);
    assert_eq!(names(&get(&demo, "/apis/example.com/v1/widgets?fieldSelector=spec.size%3Dbig")), ["w"]);
    let (status, body) = get_as(&demo, "/api/v1/pods?fieldSelector=spec.x=y", "*/*");
    assert_eq!((status.as_u16(), body["reason"].as_str()), (400, Some("BadRequest")));
}

#[test]
fn pages_show_one_moment_and_count_the_rest() {
    let demo = demo();
    let first = get(&demo, "/api/v1/pods?limit=1");
    assert_eq!((names(&first), &first["metadata"]["remainingItemCount"]), (vec!["a"], &json!(2)));
    demo.remove("pods", "dev", "b");
    demo.put(pod("dev", "bb", "Running"));
    let next = first["metadata"]["continue"].as_str().unwrap();
    let second = get(&demo, &format!("/api/v1/pods?limit=5&continue={next}"));
    assert_eq!(names(&second), ["b", "c"]);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    assert_eq!(names(&get(&demo, "/api/v1/pods?limit=1&resourceVersion=0")), ["a", "bb", "c"]);
}

#[test]
fn a_page_of_a_forgotten_moment_has_expired_and_says_how_to_go_on() {
    let demo = demo();
    let first = get(&demo, "/api/v1/pods?limit=1");
    demo.put(pod("dev", "d", "Running"));
    demo.compact();
    let next = first["metadata"]["continue"].as_str().unwrap();
    let (status, body) = get_as(&demo, &format!("/api/v1/pods?limit=1&continue={next}"), "*/*");
    assert_eq!((status.as_u16(), body["reason"].as_str()), (410, Some("Expired")));
    let next = body["metadata"]["continue"].as_str().unwrap();
    assert_eq!(names(&get(&demo, &format!("/api/v1/pods?continue={next}"))), ["b", "d", "c"]);
}

#[test]
fn versions_that_are_gone_or_to_come_are_refused() {
    let demo = demo();
    let old = version(&demo);
    demo.put(pod("dev", "d", "Running"));
    let exact = format!("/api/v1/pods?resourceVersion={old}&resourceVersionMatch=Exact");
    assert_eq!(names(&get(&demo, &exact)), ["a", "b", "c"]);
    let not_older = format!("/api/v1/pods?resourceVersion={old}&resourceVersionMatch=NotOlderThan");
    assert_eq!(names(&get(&demo, &not_older)).len(), 4);
    demo.compact();
    assert_eq!(get_as(&demo, &exact, "*/*").0.as_u16(), 410);
    assert_eq!(get_as(&demo, "/api/v1/pods?resourceVersion=99999999", "*/*").0.as_u16(), 504);
    assert_eq!(get_as(&demo, "/api/v1/pods?resourceVersionMatch=Exact", "*/*").0.as_u16(), 422);
}

#[test]
fn a_watch_reports_what_enters_changes_and_leaves() {
    let demo = demo();
    let path = format!("/api/v1/namespaces/dev/pods?watch=1&labelSelector=app&resourceVersion={}", version(&demo));
    let mut body = ask(&demo, &path, "application/json").into_body();
    assert_eq!(events(&mut body), [""; 0]);
    demo.put(pod("dev", "a", "Failed"));
    demo.put(pod("ops", "c", "Failed"));
    demo.remove("pods", "dev", "b");
    let mut unlabelled = pod("dev", "a", "Failed");
    unlabelled["metadata"]["labels"] = Value::Null;
    demo.put(unlabelled);
    demo.put(pod("dev", "a", "Failed"));
    assert_eq!(events(&mut body), ["MODIFIED a", "DELETED b", "DELETED a", "ADDED a"]);
    demo.cut();
    assert_eq!(events(&mut body), ["broken"]);
}

#[test]
fn a_watch_bookmarks_and_ends_by_the_clock() {
    let demo = demo();
    let path =
        format!("/api/v1/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=90&resourceVersion={}", version(&demo));
    let mut body = ask(&demo, &path, "application/json").into_body();
    demo.advance(NOW.plus_seconds(59));
    assert_eq!(events(&mut body), [""; 0]);
    demo.advance(NOW.plus_seconds(61));
    assert_eq!(events(&mut body), ["BOOKMARK"]);
    demo.advance(NOW.plus_seconds(90));
    assert_eq!(events(&mut body), ["BOOKMARK", "end"]);
}

#[test]
fn initial_events_end_with_an_annotated_bookmark() {
    let demo = demo();
    let path = "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut body = ask(&demo, path, "application/json").into_body();
    assert_eq!(events(&mut body), ["ADDED a", "ADDED b", "ADDED c", "BOOKMARK"]);
    let (status, body) = get_as(&demo, "/api/v1/pods?watch=1&sendInitialEvents=true", "*/*");
    assert_eq!((status.as_u16(), body["reason"].as_str()), (422, Some("Invalid")));
}

#[test]
fn a_watch_from_a_compacted_version_is_told_so_inside_the_stream() {
    let demo = demo();
    let old = version(&demo);
    demo.put(pod("dev", "d", "Running"));
    demo.compact();
    let mut body = ask(&demo, &format!("/api/v1/pods?watch=1&resourceVersion={old}"), "*/*").into_body();
    assert_eq!(events(&mut body), ["ERROR Expired", "end"]);
}

#[test]
fn definitions_serve_their_resources_while_they_are_there() {
    let demo = demo();
    let list = get(&demo, "/apis/example.com/v1");
    assert_eq!(list["resources"][0]["shortNames"], json!(["wd"]));
    let aggregated = ask(&demo, "/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    assert_eq!(aggregated.headers()["content-type"], discovery::AGGREGATED);
    demo.remove(CRDS, "", "widgets.example.com");
    assert_eq!(
        ask(&demo, "/apis/example.com/v1/widgets", "*/*").headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    demo.put(widgets());
    assert_eq!(names(&get(&demo, "/apis/example.com/v1/widgets")), ["w"]);
}

#[test]
fn a_custom_resource_prints_its_declared_columns() {
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    let (_, body) = get_as(&demo(), "/apis/example.com/v1/namespaces/dev/widgets", table);
    assert_eq!(body["kind"], "Table");
    assert_eq!(body["rows"][0]["cells"], json!(["w", "big", "60m"]));
    assert_eq!(body["rows"][0]["object"]["kind"], "PartialObjectMetadata");
}

#[test]
fn a_custom_resource_has_no_protobuf() {
    let (status, body) = get_as(&demo(), "/apis/example.com/v1/widgets", "application/x-unknown");
    assert_eq!((status.as_u16(), body["reason"].as_str()), (406, Some("NotAcceptable")));
}

#[test]
fn what_may_not_be_read_is_forbidden_and_reviews_agree() {
    let demo = demo();
    let denial = |namespace: &str| Denial { verb: "list".into(), resource: "pods".into(), namespace: namespace.into() };
    demo.deny(vec![denial(""), denial("ops")]);
    assert_eq!(get_as(&demo, "/api/v1/pods", "*/*").0.as_u16(), 403);
    assert_eq!(get_as(&demo, "/api/v1/namespaces/dev/pods", "*/*").0.as_u16(), 200);
    let (_, body) = get_as(&demo, "/api/v1/namespaces/ops/pods", "*/*");
    assert_eq!(
        body["message"],
        "pods is forbidden: User \"demo\" cannot list resource \"pods\" in API group \"\" in the namespace \"ops\""
    );
    for (verb, namespace, allowed) in [("list", "dev", true), ("list", "ops", false), ("delete", "dev", true)] {
        let review =
            json!({"spec": {"resourceAttributes": {"verb": verb, "resource": "pods", "namespace": namespace}}});
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let request = Request::post(path).body(Bytes::from(review.to_string())).unwrap();
        let response = demo.service().respond(&request);
        let body = response.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(answer["status"]["allowed"], allowed, "{verb} in {namespace}");
    }
}

#[test]
fn long_lists_are_compressed_for_those_who_can_read_that() {
    let demo = Demo::synthetic(40, NOW);
    let list = |encoding: &str| {
        let request = Request::get("/api/v1/pods").header("accept-encoding", encoding).body(Bytes::new()).unwrap();
        let response = demo.service().respond(&request);
        let zipped = response.headers().contains_key("content-encoding");
        (zipped, response.into_body().collect().now_or_never().unwrap().unwrap().to_bytes())
    };
    let ((plain, long), (zipped, short)) = (list("identity"), list("gzip"));
    assert!(!plain && zipped && short.len() * 4 < long.len());
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*short), &mut text).unwrap();
    assert_eq!(text, long);
}

#[test]
fn churn_is_seen_by_a_watch() {
    let demo = Demo::synthetic(100, NOW);
    let path = format!("/api/v1/pods?watch=1&resourceVersion={}", version(&demo));
    let mut body = ask(&demo, &path, "application/json").into_body();
    demo.churn(90, 20);
    let seen = events(&mut body);
    assert!(seen.len() == 20 && seen.iter().all(|event| event.starts_with("MODIFIED ")));
}

mod rollouts;
mod writes;
