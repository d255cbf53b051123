//! Kinds that come from definitions: a route's weights beside kubectl, and a definition in the same file as an object of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::twins::{OURS, THEIRS, begin, confirm, same, select};
use super::writes;
use crate::control_plane::{Crds, Request};

#[test]
fn the_weights_of_a_route_are_those_that_kubectl_patches() {
    let (plane, mut program) = begin("weights");
    plane.install(Crds::GatewayApi);
    let path = "/apis/gateway.networking.k8s.io/v1/namespaces/weights/httproutes";
    for name in [OURS, THEIRS] {
        plane.apply(&format!(
            "
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: weights}}
spec:
  hostnames: [shop.example.test]
  rules:
  - backendRefs: [{{name: api, port: 80}}]
  - backendRefs: [{{name: blue, port: 80, weight: 90}}, {{name: green, port: 80, weight: 10}}]
"
        ));
    }
    select(&mut program, "httproutes", "weights", OURS);
    program.keys(":weight blue=50 green=50<enter>");
    confirm(&mut program, "rule 2: blue 90 % → 50 %, green 10 % → 50 %", "y");
    program.until("done; z: weight back to blue=90 green=10");
    let patch = r#"[{"op": "add", "path": "/spec/rules/1/backendRefs/0/weight", "value": 50},
        {"op": "add", "path": "/spec/rules/1/backendRefs/1/weight", "value": 50}]"#;
    plane.kubectl(&["-n", "weights", "patch", &format!("httproute/{THEIRS}"), "--type=json", "-p", patch]);
    same(plane, path);
    // Back to what it was, by the same way.
    program.keys("z");
    confirm(&mut program, "blue 50 % → 90 %, green 50 % → 10 %", "y");
    program.until("weight httproute/twin-a in weights: done");
    let weights = |name: &str| -> Vec<Value> {
        let refs = plane.json(&format!("{path}/{name}"))["spec"]["rules"][1]["backendRefs"].clone();
        refs.as_array().unwrap().iter().map(|one| one["weight"].clone()).collect()
    };
    assert_eq!((weights(OURS), weights(THEIRS)), (vec![json!(90), json!(10)], vec![json!(50), json!(50)]));
}

const BOTH: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.test}
spec:
  group: example.test
  names: {kind: Gadget, listKind: GadgetList, plural: gadgets, singular: gadget}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
---
apiVersion: example.test/v1
kind: Gadget
metadata: {name: first, namespace: gadgets}
spec: {size: 3}
";

#[test]
fn a_definition_and_an_object_of_it_in_one_file_take_two_yeses() {
    let (plane, mut program) = begin("gadgets");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("both.yaml");
    std::fs::write(&file, BOTH).unwrap();
    let apply = format!("<esc><esc>:apply {}<enter>", file.display());
    program.keys(&apply);
    program.until("the server has no kind Gadget of example.test/v1");
    program.until("apply that first");
    program.until("apply 1 of 2 objects");
    program.until("type apply 1");
    program.ponder();
    program.keys("apply 1<enter>");
    program.until("apply 1 of 2 objects: done");
    let path = "/apis/example.test/v1/namespaces/gadgets/gadgets";
    plane.wait_for("the kind to be served", || plane.send(&Request::get(path)).status == 200);
    // The program finds the new kind by itself; until then it says the same as before.
    for _ in 0..60 {
        program.keys(&apply);
        program.until(" objects");
        program.ponder();
        if program.screen().contains("apply 2 objects") {
            break;
        }
        program.keys("<esc>");
        program.run(Duration::from_millis(500));
    }
    program.until("apply 2 objects");
    program.until("type apply 2");
    program.ponder();
    program.keys("apply 2<enter>");
    program.until("apply 2 objects: done");
    assert_eq!(plane.json(&format!("{path}/first"))["spec"]["size"], 3);
    let uris: Vec<String> = writes(plane, "twin")
        .iter()
        .map(|entry| entry.uri.split('?').next().unwrap_or_default().to_owned())
        .filter(|uri| uri.contains("gadgets"))
        .collect();
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.example.test";
    assert_eq!(uris, [definition, definition, &format!("{path}/first")]);
    plane.delete(definition);
}
