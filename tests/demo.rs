//! The demo clusters as they are built into the program: their story on a virtual clock, seen through their API.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::FutureExt;
use http::Request;
use http_body_util::BodyExt;
use kplumb::demo::Demo;
use kplumb::kinds::secret::KeyState;
use kplumb::kinds::{Catalog, Facts, Interner, SECRET};
use kplumb::manifests::{embedded, mint, shift};
use kplumb::wire::Timestamp;
use serde_json::Value;

const START: i64 = 1_800_000_000;

fn cluster(context: &str) -> Demo {
    let mut documents = embedded::documents(context);
    shift::shift(&mut documents, jiff::Timestamp::from_second(START).unwrap());
    // Keys and certificates are made anew each time; everything else is the same on every run.
    let objects = documents.into_iter().map(|document| document.value);
    let objects = objects.filter(|object| !is_made_anew(object)).collect();
    Demo::new(objects, at(0))
}

fn is_made_anew(object: &Value) -> bool {
    object["kind"] == "Secret" || object["metadata"]["name"] == "kube-root-ca.crt"
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

fn get(demo: &Demo, path: &str) -> Value {
    let request = Request::get(path).body(Bytes::new()).unwrap();
    let body = demo.service().respond(&request).into_body();
    let bytes = body.collect().now_or_never().unwrap().unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

/// Every object of the cluster, by its path.
fn everything(demo: &Demo) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let groups = get(demo, "/apis")["groups"].as_array().unwrap().clone();
    let roots =
        groups.iter().map(|group| format!("/apis/{}", group["preferredVersion"]["groupVersion"].as_str().unwrap()));
    for root in roots.chain(["/api/v1".to_owned()]) {
        for resource in get(demo, &root)["resources"].as_array().unwrap() {
            let readable = resource["verbs"].as_array().unwrap().iter().any(|verb| verb == "list");
            let name = resource["name"].as_str().unwrap();
            if !readable {
                continue;
            }
            for item in get(demo, &format!("{root}/{name}"))["items"].as_array().unwrap() {
                let meta = &item["metadata"];
                found.insert(format!("{root}/{name} {} {}", meta["namespace"], meta["name"]), item.clone());
            }
        }
    }
    found
}

fn pods(demo: &Demo, namespace: &str, labels: &str) -> Vec<Value> {
    let list = get(demo, &format!("/api/v1/namespaces/{namespace}/pods?labelSelector={labels}"));
    list["items"].as_array().unwrap().clone()
}

fn ready(pod: &Value) -> bool {
    pod["status"]["conditions"].as_array().unwrap().iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
}

#[test]
fn a_moment_is_the_same_however_the_clock_got_there() {
    for context in embedded::CONTEXTS {
        let (jump, walk) = (cluster(context), cluster(context));
        jump.advance(at(450));
        for second in 0..=450 {
            walk.advance(at(second));
        }
        let (jump, walk) = (everything(&jump), everything(&walk));
        for (key, object) in &jump {
            assert_eq!(Some(object), walk.get(key), "{context}: {key}");
        }
        assert_eq!(jump.len(), walk.len());
    }
}

#[test]
fn every_object_of_the_folders_is_served() {
    for context in embedded::CONTEXTS {
        let served = everything(&cluster(context));
        for document in embedded::documents(context).iter().filter(|document| !is_made_anew(&document.value)) {
            let name = format!(" {:?}", document.name());
            let found =
                served.iter().any(|(key, object)| key.ends_with(&name) && object["spec"] == document.value["spec"]);
            assert!(found || !document.value["spec"].is_null(), "{context}: {} {name} is not served", document.kind());
        }
    }
}

#[test]
fn hours_of_the_story_neither_grows_nor_empties_the_cluster() {
    let demo = cluster("shop");
    let count = || everything(&demo).keys().filter(|key| !key.contains("/events ")).count();
    let before = count();
    demo.advance(at(2_400));
    let after = count();
    assert!(before * 9 / 10 <= after && after <= before * 3 / 2, "{before} objects became {after}");
}

#[test]
fn the_first_minute_shows_trouble_and_repair() {
    let demo = cluster("shop");
    let restarts = |demo: &Demo| {
        let pods = pods(demo, "shop-prod", "app=orders");
        pods.iter().filter_map(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_i64()).sum::<i64>()
    };
    let before = restarts(&demo);
    demo.advance(at(60));
    assert!(before < restarts(&demo), "orders restarts again");
    let catalog = get(&demo, "/apis/apps/v1/namespaces/shop-prod/deployments/catalog");
    assert!(3 < catalog["status"]["updatedReplicas"].as_i64().unwrap(), "catalog moves on: {}", catalog["status"]);
    let certificate = get(&demo, "/apis/cert-manager.io/v1/namespaces/shop-prod/certificates/shop-tls");
    assert_eq!(certificate["status"]["revision"], 3);
}

#[test]
fn a_renewed_certificate_lies_in_its_secret() {
    let mut documents = embedded::documents("shop");
    shift::shift(&mut documents, jiff::Timestamp::from_second(START).unwrap());
    let objects = documents.into_iter().map(|document| document.value).collect();
    let demo = Demo::new(objects, at(0)).signed_by(mint::pair);
    let end = |demo: &Demo| {
        let secret = get(demo, "/api/v1/namespaces/shop-prod/secrets/shop-tls").to_string();
        let decoder = &Catalog::builtin().get(SECRET).unwrap().decoder.clone();
        let record = decoder.read_json(SECRET, secret.as_bytes(), &mut Interner::default()).unwrap();
        let Facts::Secret(facts) = record.digest.facts else { panic!("no facts") };
        let tls = facts.tls.unwrap();
        assert_eq!(tls.key, KeyState::Matches);
        tls.chain[0].not_after
    };
    assert!(end(&demo) < at(20 * 86_400));
    demo.advance(at(60));
    let certificate = get(&demo, "/apis/cert-manager.io/v1/namespaces/shop-prod/certificates/shop-tls");
    let told = Timestamp::parse(certificate["status"]["notAfter"].as_str().unwrap()).unwrap();
    assert_eq!(end(&demo), told);
}

#[test]
fn events_of_both_groups_are_the_same_objects() {
    let demo = cluster("shop");
    demo.advance(at(60));
    let of = |path: &str, selector: &str| get(&demo, &format!("{path}?fieldSelector={selector}"))["items"].clone();
    let core = of("/api/v1/namespaces/shop-prod/events", "involvedObject.kind%3DPod");
    let young = of("/apis/events.k8s.io/v1/namespaces/shop-prod/events", "regarding.kind%3DPod");
    assert!(!core.as_array().unwrap().is_empty());
    let told = |items: &Value, field: &str| {
        items.as_array().unwrap().iter().map(|item| item[field].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(told(&core, "message"), told(&young, "note"));
}

#[test]
fn catalog_heals_then_gets_stuck_then_misses_its_deadline() {
    let demo = cluster("shop");
    let catalog = |demo: &Demo| get(demo, "/apis/apps/v1/namespaces/shop-prod/deployments/catalog");
    let progressing = |deployment: &Value| {
        let conditions = deployment["status"]["conditions"].as_array().unwrap().clone();
        conditions.iter().find(|one| one["type"] == "Progressing").unwrap()["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(progressing(&catalog(&demo)), "ProgressDeadlineExceeded");
    demo.advance(at(200));
    assert_eq!(progressing(&catalog(&demo)), "NewReplicaSetAvailable");
    assert!(pods(&demo, "shop-prod", "app=catalog").iter().all(ready));
    demo.advance(at(300));
    let waiting = pods(&demo, "shop-prod", "app=catalog");
    let reasons =
        waiting.iter().filter_map(|pod| pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].as_str());
    assert!(reasons.clone().all(|reason| reason.contains("Image")) && reasons.count() == 3);
    demo.advance(at(890));
    assert_eq!(progressing(&catalog(&demo)), "ProgressDeadlineExceeded");
}

#[test]
fn slices_follow_the_readiness_of_pods() {
    let demo = cluster("shop");
    for second in [0, 25, 40, 60, 90, 250, 500] {
        demo.advance(at(second));
        let path = "/apis/discovery.k8s.io/v1/namespaces/shop-prod/endpointslices?labelSelector=kubernetes.io/service-name%3Dstorefront";
        let slices = get(&demo, path);
        let endpoints = slices["items"][0]["endpoints"].as_array().unwrap();
        let serving = endpoints.iter().filter(|endpoint| endpoint["conditions"]["ready"] == true).count();
        let able = pods(&demo, "shop-prod", "app=storefront");
        let able = able.iter().filter(|pod| ready(pod) && pod["metadata"]["deletionTimestamp"].is_null()).count();
        assert_eq!(serving, able, "after {second} s");
    }
}
