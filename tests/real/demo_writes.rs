//! Writes on the demo's API server: kubectl does its work there, and what the real server refuses the demo refuses
//! in the same words.

use bytes::Bytes;
use futures::FutureExt;
use http_body_util::BodyExt;
use kplumb::demo::Demo;
use serde_json::{Value, json};

use crate::cases::{NAMESPACE, still_plane};
use crate::control_plane::Request;
use crate::demo_server::{Served, settled, twin};

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop-dev}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: app, image: 'registry.example.com/web:1', env: [{name: LEVEL, value: info}], ports: [{containerPort: 8080}]}
";

/// Runs lines one after the other, each with what it must print.
fn follow(shop: &Served, lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        let line = line.replace("FOLDER", shop.folder.to_str().unwrap());
        let printed = shop.kubectl(&line);
        assert!(printed.contains(expected), "kubectl {line}\n{printed}\nlacks {expected:?}");
    }
}

fn write(shop: &Served, name: &str, text: &str) {
    std::fs::write(shop.folder.join(name), text).unwrap();
}

#[test]
fn kubectl_applies_rolls_out_and_undoes() {
    let shop = Served::running();
    write(&shop, "web.yaml", WEB);
    write(&shop, "web2.yaml", &WEB.replace("web:1", "web:2").replace("info", "debug"));
    write(&shop, "typo.yaml", &WEB.replace("replicas:", "replica:"));
    follow(
        &shop,
        &[
            ("apply --dry-run=server -f FOLDER/web.yaml", "deployment.apps/web created (server dry run)"),
            ("get deploy web -n shop-dev", "not found"),
            ("apply -f FOLDER/web.yaml", "deployment.apps/web created"),
            ("apply -f FOLDER/web.yaml", "deployment.apps/web unchanged"),
            ("rollout status deploy/web -n shop-dev", "deployment \"web\" successfully rolled out"),
            ("diff -f FOLDER/web2.yaml", "registry.example.com/web:2"),
            ("apply -f FOLDER/web2.yaml", "deployment.apps/web configured"),
            ("rollout status deploy/web -n shop-dev", "deployment \"web\" successfully rolled out"),
            ("get deploy web -n shop-dev -o jsonpath={.spec.template.spec.containers[0].env[0].value}", "debug"),
            ("rollout history deploy/web -n shop-dev", "2         <none>"),
            ("rollout undo deploy/web -n shop-dev", "deployment.apps/web rolled back"),
            ("rollout status deploy/web -n shop-dev", "deployment \"web\" successfully rolled out"),
            ("rollout history deploy/web -n shop-dev", "3         <none>"),
            ("apply -f FOLDER/typo.yaml", "unknown field \"spec.replica\""),
            ("apply --server-side -f FOLDER/web2.yaml", "Apply failed with"),
            ("apply --server-side --force-conflicts -f FOLDER/web2.yaml", "deployment.apps/web serverside-applied"),
            ("replace -f FOLDER/web.yaml", "deployment.apps/web replaced"),
            ("delete -f FOLDER/web.yaml", "deployment.apps \"web\" deleted"),
        ],
    );
}

#[test]
fn kubectl_changes_what_runs() {
    let shop = Served::running();
    follow(
        &shop,
        &[
            ("create deployment tmp --image=registry.example.com/tmp:1 -n shop-dev", "deployment.apps/tmp created"),
            ("scale deploy/tmp --replicas=2 -n shop-dev", "deployment.apps/tmp scaled"),
            ("scale deploy/tmp --replicas=3 --current-replicas=9 -n shop-dev", "Expected replicas to be 9, was 2"),
            ("rollout status deploy/tmp -n shop-dev", "successfully rolled out"),
            ("set image deploy/tmp tmp=registry.example.com/tmp:2 -n shop-dev", "deployment.apps/tmp image updated"),
            ("rollout pause deploy/tmp -n shop-dev", "deployment.apps/tmp paused"),
            ("rollout restart deploy/tmp -n shop-dev", "can't restart paused deployment"),
            ("rollout resume deploy/tmp -n shop-dev", "deployment.apps/tmp resumed"),
            ("rollout restart deploy/tmp -n shop-dev", "deployment.apps/tmp restarted"),
            ("rollout status deploy/tmp -n shop-dev", "successfully rolled out"),
            ("label deploy/tmp team=web -n shop-dev", "deployment.apps/tmp labeled"),
            ("annotate deploy/tmp note=here -n shop-dev", "deployment.apps/tmp annotated"),
            ("expose deploy/tmp --port=80 -n shop-dev", "service/tmp exposed"),
            ("get endpointslices -n shop-dev -l kubernetes.io/service-name=tmp", "tmp-"),
            ("delete deploy tmp -n shop-dev --dry-run=server", "deployment.apps \"tmp\" deleted"),
            ("delete deploy,svc tmp -n shop-dev", "deployment.apps \"tmp\" deleted"),
            ("rollout restart statefulset/redis -n shop-data", "statefulset.apps/redis restarted"),
            ("rollout status statefulset/redis -n shop-data", "roll out complete"),
            ("rollout restart daemonset/log-agent -n logging", "daemonset.apps/log-agent restarted"),
            ("rollout status daemonset/log-agent -n logging", "successfully rolled out"),
            ("cordon worker-1", "node/worker-1 cordoned"),
            ("uncordon worker-1", "node/worker-1 uncordoned"),
            ("create namespace tmp", "namespace/tmp created"),
            ("create configmap c --from-literal=a=b -n tmp", "configmap/c created"),
            ("delete namespace tmp", "namespace \"tmp\" deleted"),
        ],
    );
}

#[test]
fn kubectl_drains_a_node() {
    let shop = Served::running();
    let line = "drain worker-3 --ignore-daemonsets --delete-emptydir-data --force --timeout=20s";
    let printed = shop.kubectl(line);
    assert!(printed.contains("evicting pod"), "{printed}");
    assert!(printed.contains("node/worker-3 drained") || printed.contains("disruption budget"), "{printed}");
}

/// One write to the demo.
fn send(demo: &Demo, method: &str, path: &str, media: &str, body: &str) -> (u16, Value) {
    let request = http::Request::builder().method(method).uri(path).header("content-type", media);
    let response = demo.service().respond(&request.body(Bytes::from(body.to_owned())).unwrap());
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
    (code, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[test]
fn the_demo_refuses_what_the_real_server_refuses() {
    let plane = still_plane();
    let deployments = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments");
    let template =
        json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}});
    let web = json!({"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template}});
    plane.create(&deployments, &web);
    let demo = twin(&plane);
    let mut typo = web.clone();
    typo["metadata"]["name"] = json!("typo");
    typo["spec"]["replica"] = json!(1);
    let mut strange = typo.clone();
    strange["spec"] = json!({"selector": {"matchLabels": {"app": "x"}}, "template": template});
    let mut stale = web.clone();
    stale["metadata"]["resourceVersion"] = json!("1");
    let (json, merge, patch) = ("application/json", "application/merge-patch+json", "application/json-patch+json");
    let one = format!("{deployments}/web");
    let immutable = json!({"spec": {"selector": {"matchLabels": {"app": "y"}}}});
    let test = json!([{"op": "test", "path": "/spec/replicas", "value": 9}]);
    for (method, path, media, body) in [
        ("POST", deployments.as_str(), json, &web),
        ("POST", &format!("{deployments}?fieldValidation=Strict"), json, &typo),
        ("POST", &deployments, json, &strange),
        ("POST", "/apis/apps/v1/namespaces/nowhere/deployments", json, &web),
        ("PUT", &one, json, &stale),
        ("PATCH", &one, merge, &json!({"metadata": {"resourceVersion": "1"}})),
        ("PATCH", &one, patch, &test),
        ("PATCH", &one, "text/plain", &json!({})),
        ("PATCH", &one, merge, &immutable),
        ("PATCH", &format!("{deployments}/nobody"), merge, &json!({})),
        ("PATCH", &format!("{one}/scale"), merge, &json!({"spec": {"replicas": -1}})),
        ("DELETE", &format!("{deployments}/nobody"), json, &json!({})),
        ("DELETE", &one, json, &json!({"preconditions": {"resourceVersion": "1"}})),
    ] {
        let text = body.to_string();
        let real = plane.send(&Request::new(method, path).body(media, text.as_bytes()));
        let (code, ours) = send(&demo, method, path, media, &text);
        let theirs = settled(serde_json::from_str(&real.text()).unwrap_or_default());
        assert_eq!(code, real.status, "{method} {path}: {ours}\n{theirs}");
        let said = |answer: &Value| plain(answer["message"].as_str().unwrap_or_default());
        assert_eq!(said(&ours), said(&theirs), "{method} {path} {body}");
        assert_eq!(ours["reason"], theirs["reason"], "{method} {path} {body}");
    }
}

/// A refusal without the versions that two servers count differently.
fn plain(message: &str) -> String {
    message.split("in record (").next().unwrap_or_default().to_owned()
}
