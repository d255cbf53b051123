//! The demo's API server against its two referees: kubectl, and the real API server with the
//! same objects and the same requests.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http_body_util::BodyExt;
use kplumb::demo::Demo;
use kplumb::demo::listen::{Named, kubeconfig, serve};
use kplumb::manifests::{embedded, shift};
use kplumb::wire::Timestamp;
use serde_json::Value;

use crate::cases::{NAMESPACE, post_all, still_plane};
use crate::control_plane::{ControlPlane, Request, program};

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_microsecond())
}

/// The shop, served on a port of its own, and the kubeconfig that leads to it.
pub struct Served {
    pub folder: std::path::PathBuf,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Served {
    /// The shop, whose clock stands still.
    pub fn shop() -> Self {
        Self::at_pace(None)
    }

    fn at_pace(tick: Option<Duration>) -> Self {
        let mut documents = embedded::documents("shop");
        shift::shift(&mut documents, jiff::Timestamp::now());
        let demo = Demo::new(documents.into_iter().map(|document| document.value).collect(), now());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, told) = sync_channel(1);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let clusters = [Named { name: "shop".to_owned(), demo: demo.clone() }];
                tokio::select! {
                    () = serve(&clusters, listener, stopped.map(|_| ())) => {}
                    () = run_ahead(&demo, tick) => {}
                }
            });
        });
        let address = told.recv().unwrap();
        let folder = std::env::temp_dir().join(format!("kplumb-demo-{}-{}", std::process::id(), address.port()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config"), kubeconfig(address, &["shop"])).unwrap();
        Self { folder, stop: Some(stop), thread: Some(thread) }
    }

    /// What kubectl prints, whether it succeeds or not.
    pub fn kubectl(&self, line: &str) -> String {
        let output = Command::new(program("kubectl"))
            .env("KUBECONFIG", self.folder.join("config"))
            .env("KUBECACHEDIR", self.folder.join("cache"))
            .args(line.split(' '))
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }
}

/// Moves the demo's clock on; for ever, or never.
async fn run_ahead(demo: &Demo, tick: Option<Duration>) {
    let Some(tick) = tick else { return std::future::pending().await };
    let mut ticks = tokio::time::interval(tick);
    loop {
        ticks.tick().await;
        demo.advance(Timestamp(demo.now().0 + 500_000));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn kubectl_is_content_with_the_demo() {
    let shop = Served::shop();
    let pod = "orders-5d8c7b9f4d-k2x9q";
    for (line, expected) in [
        ("get pods -n shop-prod", "CrashLoopBackOff"),
        ("get pods -A -o wide", "NOMINATED NODE"),
        ("get pods -n shop-prod -l app=orders -o name", "pod/orders-5d8c7b9f4d-k2x9q"),
        ("get pods -A --field-selector spec.nodeName=worker-3 -o name", "pod/kube-proxy"),
        ("get deploy -n shop-prod catalog -o yaml", "kind: Deployment"),
        ("get deploy,svc,ing -n shop-prod", "ingress.networking.k8s.io/shop"),
        ("get certs -n shop-prod", "shop-tls"),
        ("get all -n shop-prod", "deployment.apps/catalog"),
        ("get events -n shop-prod --field-selector reason=BackOff", "Back-off"),
        ("get pods -n shop-prod --watch-only --request-timeout=1s", ""),
        ("describe pod -n shop-prod orders-5d8c7b9f4d-k2x9q", "OOMKilled"),
        ("describe deploy -n shop-prod catalog", "ProgressDeadlineExceeded"),
        ("describe svc -n shop-prod storefront", "Endpoints:"),
        ("describe node worker-3", "Unschedulable:      true"),
        ("describe ingress -n shop-prod shop", "shop.example.com"),
        ("logs -n shop-prod orders-5d8c7b9f4d-k2x9q -c app --tail=5", "heap limit reached"),
        ("logs -n shop-prod orders-5d8c7b9f4d-k2x9q -c app -f --timestamps", "heap limit reached"),
        ("logs -n shop-prod orders-5d8c7b9f4d-k2x9q -c app --previous", "heap limit reached"),
        ("logs -n shop-prod deploy/storefront --since=5m", "HTTP/1.1"),
        ("logs -n shop-prod catalog-77b6d5c9f8-7hv4k", "trying and failing to pull image"),
        ("api-resources", "certificates"),
        ("api-versions", "gateway.networking.k8s.io/v1"),
        ("explain deployment.spec.strategy", "rollingUpdate"),
        ("auth can-i list pods", "yes"),
        ("auth can-i delete pods", "yes"),
        ("auth can-i create pods --subresource=exec", "yes"),
        ("auth whoami", "demo"),
        ("version", "v1.36.3"),
        ("get pods -n shop-prod nobody", "pods \"nobody\" not found"),
        ("exec -n shop-prod orders-5d8c7b9f4d-k2x9q -- ls", "Defaulted container \"app\""),
        ("exec -n shop-prod catalog-6c4d9f8b75-5kxzs -- ls", "README"),
        ("explain pod.spec.containers", "Environment variables"),
        ("rollout history deploy/catalog -n shop-prod", "v2.3.1"),
    ] {
        let printed = shop.kubectl(line);
        assert!(printed.contains(expected), "kubectl {line}\n{printed}\nlacks {expected:?}");
        assert!(!printed.contains("panic"), "kubectl {line}\n{printed}");
        assert!(!printed.contains("Unhandled Error"), "kubectl {line}\n{printed}");
    }
    let row = shop.kubectl(&format!("get pod -n shop-prod {pod} --no-headers"));
    assert_eq!(row.split_whitespace().take(4).collect::<Vec<_>>(), [pod, "0/1", "CrashLoopBackOff", "6"]);
}

/// A demo that holds what the real server holds.
pub fn twin(plane: &ControlPlane) -> Demo {
    let mut objects = Vec::new();
    let kinds = [
        ("/api/v1", "namespaces", "v1", "Namespace"),
        ("/api/v1", "pods", "v1", "Pod"),
        ("/api/v1", "services", "v1", "Service"),
        ("/api/v1", "nodes", "v1", "Node"),
        ("/api/v1", "configmaps", "v1", "ConfigMap"),
        ("/apis/apps/v1", "deployments", "apps/v1", "Deployment"),
        ("/apis/batch/v1", "jobs", "batch/v1", "Job"),
        ("/apis/batch/v1", "cronjobs", "batch/v1", "CronJob"),
        ("/apis/autoscaling/v2", "horizontalpodautoscalers", "autoscaling/v2", "HorizontalPodAutoscaler"),
    ];
    for (root, plural, api_version, kind) in kinds {
        let list = plane.send(&Request::get(&format!("{root}/{plural}")).accept("application/json"));
        for mut item in list.ok(plural).json()["items"].as_array().unwrap().clone() {
            item["apiVersion"] = api_version.into();
            item["kind"] = kind.into();
            objects.push(item);
        }
    }
    Demo::new(objects, now())
}

fn ask(demo: &Demo, path: &str, accept: &str) -> (u16, Value) {
    let request = http::Request::get(path).header("accept", accept).body(Bytes::new()).unwrap();
    let response = demo.service().respond(&request);
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
    (code, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// What the two count differently, or print by the second.
pub fn settled(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.retain(|key, _| !["resourceVersion", "continue", "description"].contains(&key.as_str()));
            map.values_mut().for_each(|value| *value = settled(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = settled(value.take())),
        _ => {}
    }
    value
}

#[test]
fn the_demo_answers_as_the_real_server_does() {
    let plane = still_plane();
    post_all(&plane);
    let demo = twin(&plane);
    let (json, list) = ("application/json", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    let pods = format!("/api/v1/namespaces/{NAMESPACE}/pods");
    for (path, accept) in [
        ("/api/v1/namespaces", json),
        (pods.as_str(), json),
        (&format!("{pods}?limit=3"), json),
        (&format!("{pods}?fieldSelector=status.phase%3DRunning"), json),
        (&format!("{pods}?labelSelector=nothing"), json),
        (&pods, list),
        (&format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments"), json),
        (&format!("{pods}/nobody"), json),
        (&format!("{pods}?fieldSelector=spec.x%3Dy"), json),
        (&format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments?fieldSelector=spec.x%3Dy"), json),
        (&format!("{pods}?resourceVersionMatch=Exact"), json),
        (&format!("{pods}?watch=1&sendInitialEvents=true"), json),
        ("/apis/nowhere.example.com/v1/things", json),
        ("/apis/apps/v1/nothings", json),
        ("/nowhere", json),
    ] {
        let real = plane.send(&Request::get(path).accept(accept));
        let (code, body) = ask(&demo, path, accept);
        assert_eq!(code, real.status, "{path}: {body}\n{}", real.text());
        assert_eq!(settled(body), settled(serde_json::from_str(&real.text()).unwrap_or_default()), "{path}");
    }
}

#[test]
fn the_demo_prints_the_columns_of_the_real_server() {
    let plane = still_plane();
    post_all(&plane);
    let demo = twin(&plane);
    let table = "application/json;as=Table;g=meta.k8s.io;v=v1";
    for path in [
        format!("/api/v1/namespaces/{NAMESPACE}/pods"),
        format!("/api/v1/namespaces/{NAMESPACE}/services"),
        format!("/api/v1/namespaces/{NAMESPACE}/configmaps"),
        format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments"),
        format!("/apis/batch/v1/namespaces/{NAMESPACE}/cronjobs"),
        format!("/apis/batch/v1/namespaces/{NAMESPACE}/jobs"),
        format!("/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers"),
        "/api/v1/nodes".to_owned(),
    ] {
        let real = settled(plane.send(&Request::get(&path).accept(table)).ok("a table").json());
        let ours = settled(ask(&demo, &path, table).1);
        assert_eq!(ours["columnDefinitions"], real["columnDefinitions"], "{path}");
        let names = real["columnDefinitions"].as_array().unwrap();
        // Ages, and what is told as an age, may fall on either side of a second.
        let moving: BTreeSet<usize> = (0..names.len())
            .filter(|at| {
                ["Age", "Restarts", "Duration", "Last Schedule"].iter().any(|name| names[*at]["name"] == *name)
            })
            .collect();
        let cells = |table: &Value| -> Vec<Vec<Value>> {
            let rows = table["rows"].as_array().unwrap().iter();
            let still = |row: &Value| {
                let cells = row["cells"].as_array().unwrap().iter().enumerate();
                cells.filter(|(at, _)| !moving.contains(at)).map(|(_, cell)| cell.clone()).collect()
            };
            rows.map(still).collect()
        };
        assert_eq!(cells(&ours), cells(&real), "{path}");
    }
}
