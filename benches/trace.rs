//! What following requests costs in a cluster of 10,000 pods, 2,000 Services and 2,000 Ingresses: one trace (target 3 ms),
//! every route (2 s), and the index of routes after one pod, one slice or one Ingress changed (10 ms).
//!
//! `cargo bench --bench trace`
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use kplumb::kinds::{Catalog, ENDPOINT_SLICE, INGRESS, KindId, ObjectRef, POD};
use kplumb::manifests::{read, records};
use kplumb::model::{Change, Cluster};
use kplumb::view::routes::{self, index::Index};
use kplumb::view::trace::follow::follow;
use kplumb::view::trace::outcome::{Outcome, Trace};
use kplumb::view::trace::request::Request;
use kplumb::view::trace::world::{Answer, Answers, Lookup, Probes, World};
use kplumb::wire::Timestamp;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

const SERVICES: usize = 2_000;
const PODS: usize = 5;
const NAMESPACES: usize = 40;
const NOW: &str = "2026-11-20T10:42:07Z";

/// The controller, its class, its Service and what its load balancer got.
const EDGE: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx, uid: edge}
spec:
  replicas: 1
  selector: {matchLabels: {app: edge}}
  template:
    metadata: {labels: {app: edge}}
    spec:
      containers:
      - name: controller
        image: registry.k8s.io/ingress-nginx/controller:v1.13.3
        args: [/nginx-ingress-controller, --ingress-class=nginx, --controller-class=k8s.io/ingress-nginx]
        ports: [{name: http, containerPort: 80}, {name: https, containerPort: 443}]
status: {replicas: 1, readyReplicas: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: ingress-nginx-controller-1, namespace: ingress-nginx, uid: edge-1, labels: {app: edge}}
spec:
  nodeName: one
  containers:
  - name: controller
    image: registry.k8s.io/ingress-nginx/controller:v1.13.3
    ports: [{name: http, containerPort: 80}, {name: https, containerPort: 443}]
status:
  phase: Running
  conditions: [{type: Ready, status: 'True'}]
  podIPs: [{ip: 10.255.0.1}]
  containerStatuses: [{name: controller, ready: true, state: {running: {}}}]
---
apiVersion: v1
kind: Service
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.2
  selector: {app: edge}
  ports: [{name: http, port: 80, targetPort: http, nodePort: 30080}, {name: https, port: 443, targetPort: https, nodePort: 30443}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.10}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: edge-1, namespace: ingress-nginx, labels: {kubernetes.io/service-name: ingress-nginx-controller}}
addressType: IPv4
endpoints: [{addresses: [10.255.0.1], conditions: {ready: true}, nodeName: one, targetRef: {kind: Pod, name: ingress-nginx-controller-1, namespace: ingress-nginx, uid: edge-1}}]
ports: [{name: http, port: 80}, {name: https, port: 443}]
";

fn main() {
    let catalog = Catalog::builtin();
    let mut cluster = cluster(&catalog);
    let here = Lookup::Found(vec![Answer::Address("203.0.113.10".parse().unwrap())]);
    let (answers, probes) = (Answers::from([("*.example.com".to_owned(), here)]), Probes::default());
    let now = Timestamp::parse(NOW).unwrap();
    macro_rules! world {
        () => {
            World::new(&cluster, &catalog, now, (&answers, &probes))
        };
    }
    println!("{} pods, {} ingresses", cluster.count(POD), cluster.count(INGRESS));
    let requests: Vec<Request> =
        (0..SERVICES).map(|n| Request::get(&format!("http://app-{n}.example.com/cart")).unwrap()).collect();
    let traces: Vec<(Duration, Trace)> =
        requests.iter().step_by(20).map(|request| timed(|| follow(&world!(), request))).collect();
    report("one trace", 3, traces.iter().map(|(took, _)| *took).collect());
    let forwarded = traces.iter().filter(|(_, trace)| matches!(trace.outcome, Outcome::Forward(_))).count();
    println!("  {forwarded} of {} reach their Service", traces.len());
    let (took, all) = timed(|| routes::all(&cluster));
    println!("list of {} routes: {took:.1?}", all.len());
    let (took, mut index) = timed(|| {
        let mut index = Index::of(&cluster);
        index.work(&world!(), || true);
        index
    });
    println!("check of all: {took:.1?} (target 2 s)");
    for (what, kind) in [("a pod", POD), ("a slice", ENDPOINT_SLICE), ("an Ingress", INGRESS)] {
        let mut turns = Vec::new();
        let mut retraced = 0;
        for n in (0..SERVICES).step_by(100) {
            let touched = change(&mut cluster, &key(kind, n));
            let (took, ()) = timed(|| index.touch(&cluster, &touched));
            retraced += index.due();
            let mut longest = Duration::ZERO;
            let mut whole = took;
            loop {
                let (took, more) = timed(|| index.work(&world!(), || false));
                longest = longest.max(took);
                whole += took;
                if !more {
                    break;
                }
            }
            turns.push(whole);
        }
        report(&format!("index after {what} changed"), 10, turns);
        println!("  {} traces anew for each", retraced / (SERVICES / 100));
    }
}

fn timed<T>(act: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = act();
    (begun.elapsed(), done)
}

fn report(what: &str, target: u64, mut took: Vec<Duration>) {
    took.sort_unstable();
    let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
    println!("{what}: median {median:.1?}, worst {worst:.1?} (target {target} ms)");
}

fn namespace(n: usize) -> String {
    format!("team-{:02}", n % NAMESPACES)
}

fn key(kind: KindId, n: usize) -> ObjectRef {
    let name = match kind {
        POD => format!("app-{n}-0"),
        ENDPOINT_SLICE => format!("app-{n}-1"),
        _ => format!("app-{n}"),
    };
    ObjectRef::new(kind, &namespace(n), &name)
}

/// Puts a new version of an object in the place of the old one.
fn change(cluster: &mut Cluster, key: &ObjectRef) -> Vec<ObjectRef> {
    let mut record = (**cluster.get(key).unwrap()).clone();
    record.meta.resource_version = format!("{}1", record.meta.resource_version).into();
    cluster.apply(Change::Apply(record))
}

fn cluster(catalog: &Catalog) -> Cluster {
    let mut cluster = Cluster::default();
    let mut text = EDGE.to_owned();
    for n in 0..SERVICES {
        write(&mut text, n);
    }
    let (documents, unreadable) = read::text(Path::new("bench.yaml"), &text);
    assert!(unreadable.is_empty(), "{unreadable:?}");
    for change in records::records(&documents, catalog, "default").changes(catalog) {
        cluster.apply(change);
    }
    cluster
}

/// An application: its pods, its Service, its slice, its Ingress.
fn write(text: &mut String, n: usize) {
    let namespace = namespace(n);
    let mut endpoints = Vec::new();
    for pod in 0..PODS {
        let ip = format!("10.{}.{}.{}", n / 250, n % 250, pod + 1);
        write!(
            text,
            "
---
apiVersion: v1
kind: Pod
metadata: {{name: app-{n}-{pod}, namespace: {namespace}, uid: pod-{n}-{pod}, labels: {{app: app-{n}, tier: web}}}}
spec: {{nodeName: one, containers: [{{name: web, image: web, ports: [{{name: http, containerPort: 8080}}], readinessProbe: {{httpGet: {{port: http}}}}}}]}}
status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}], podIPs: [{{ip: {ip}}}], containerStatuses: [{{name: web, ready: true, state: {{running: {{}}}}}}]}}"
        )
        .unwrap();
        endpoints.push(format!(
            "{{addresses: [{ip}], conditions: {{ready: true}}, nodeName: one, \
             targetRef: {{kind: Pod, name: app-{n}-{pod}, namespace: {namespace}, uid: pod-{n}-{pod}}}}}"
        ));
    }
    write!(
        text,
        "
---
apiVersion: v1
kind: Service
metadata: {{name: app-{n}, namespace: {namespace}}}
spec: {{clusterIP: 10.97.{}.{}, selector: {{app: app-{n}}}, ports: [{{name: http, port: 80, targetPort: http}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: app-{n}-1, namespace: {namespace}, labels: {{kubernetes.io/service-name: app-{n}}}}}
addressType: IPv4
endpoints: [{}]
ports: [{{name: http, port: 8080}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: app-{n}, namespace: {namespace}, creationTimestamp: '2026-01-01T00:00:00Z'}}
spec:
  ingressClassName: nginx
  rules:
  - host: app-{n}.example.com
    http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: app-{n}, port: {{number: 80}}}}}}}}]}}
status: {{loadBalancer: {{ingress: [{{ip: 203.0.113.10}}]}}}}",
        n / 250,
        n % 250,
        endpoints.join(", ")
    )
    .unwrap();
}
