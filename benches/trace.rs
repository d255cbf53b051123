//! What following requests costs in a cluster of 10,000 pods, 2,000 Services and 2,000 Ingresses: one trace (target 3 ms,
//! also of a host that nobody serves; 10 ms to a Service with 2,500 pods), every route (2 s), the ways to one pod (10 ms),
//! and the index of routes after one pod, slice, Service or Ingress changed: all of it (10 ms, where it touches one route)
//! and its longest turn (4 ms), which is how long a key can have to wait.
//! What a trace read is counted too: it must not grow with the cluster.
//!
//! `cargo bench --bench trace`, or with a number behind `--` for as many Services and Ingresses.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use kplumb::kinds::{Catalog, DEPLOYMENT, ENDPOINT_SLICE, INGRESS, KindId, ObjectRef, POD, SERVICE};
use kplumb::manifests::{read, records};
use kplumb::model::{Change, Cluster};
use kplumb::view::reverse;
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
/// Pods of a Service that has very many.
const CROWD: usize = 2_500;
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
    let services = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(SERVICES);
    let catalog = Catalog::builtin();
    let mut cluster = cluster(&catalog, services, PODS);
    let here = Lookup::Found(vec![Answer::Address("203.0.113.10".parse().unwrap())]);
    let given = Given {
        catalog: &catalog,
        answers: Answers::from([("*.example.com".to_owned(), here.clone()), ("nobody.example.org".to_owned(), here)]),
        probes: Probes::default(),
        services,
    };
    println!("{} pods, {} Services, {} Ingresses", cluster.count(POD), cluster.count(SERVICE), cluster.count(INGRESS));
    one_by_one(&given, &cluster);
    let crowded = self::cluster(&catalog, 1, CROWD);
    let request = Request::get("http://app-0.example.com/cart").unwrap();
    let took = (0..20).map(|_| timed(|| follow_anew(&given, &crowded, &request)).0).collect();
    report(&format!("one trace to a Service with {CROWD} pods"), 10, took);
    let (took, all) = timed(|| routes::all(&cluster));
    println!("list of {} routes: {took:.1?}", all.len());
    let (took, mut index) = timed(|| {
        let mut index = Index::of(&cluster);
        index.work(&given.world(&cluster), || true);
        index
    });
    println!("check of all: {took:.1?} (target 2 s)");
    for (what, kind) in [
        ("a pod", POD),
        ("a slice", ENDPOINT_SLICE),
        ("a Service", SERVICE),
        ("an Ingress", INGRESS),
        ("a Deployment", DEPLOYMENT),
    ] {
        after(&given, &mut cluster, &mut index, (what, kind));
    }
}

/// What a world needs beside its cluster.
struct Given<'a> {
    catalog: &'a Catalog,
    answers: Answers,
    probes: Probes,
    services: usize,
}

impl Given<'_> {
    fn world<'w>(&'w self, cluster: &'w Cluster) -> World<'w> {
        World::new(cluster, self.catalog, Timestamp::parse(NOW).unwrap(), (&self.answers, &self.probes))
    }

    /// The numbers of some applications, spread over all.
    fn some(&self) -> impl Iterator<Item = usize> {
        (0..self.services).step_by((self.services / 20).max(1))
    }
}

/// Single traces, forward and back.
fn one_by_one(given: &Given, cluster: &Cluster) {
    let request = |n: usize| Request::get(&format!("http://app-{n}.example.com/cart")).unwrap();
    let traced = |n| timed(|| follow_anew(given, cluster, &request(n)));
    let traces: Vec<(Duration, Trace)> = given.some().map(traced).collect();
    report("one trace", 3, traces.iter().map(|(took, _)| *took).collect());
    let forwarded = traces.iter().filter(|(_, trace)| matches!(trace.outcome, Outcome::Forward(_))).count();
    let reads = traces.iter().map(|(_, trace)| trace.reads.len()).max().unwrap_or(0);
    println!("  {forwarded} of {} reach their Service, each by {reads} reads at most", traces.len());
    for (what, host) in [("one that nobody serves", "nobody.example.org"), ("one near to others", "ap-17.example.com")]
    {
        let missed = Request::get(&format!("http://{host}/cart")).unwrap();
        assert!(matches!(
            follow_anew(given, cluster, &missed).outcome,
            Outcome::Respond { status: 404, .. } | Outcome::DnsError(_)
        ));
        let took = (0..20).map(|_| timed(|| follow_anew(given, cluster, &missed)).0).collect();
        report(&format!("one trace of {what}"), 3, took);
    }
    let ways = |n| {
        let pod = cluster.get(&key(POD, n)).unwrap();
        timed(|| reverse::ways(&given.world(cluster), pod).entrances.len())
    };
    let ways: Vec<(Duration, usize)> = given.some().map(ways).collect();
    report("the ways to one pod", 10, ways.iter().map(|(took, _)| *took).collect());
}

/// A trace of which nothing was found before.
fn follow_anew(given: &Given, cluster: &Cluster, request: &Request) -> Trace {
    follow(&given.world(cluster), request)
}

/// The index after one object changed: what one turn takes, and all of them.
fn after(given: &Given, cluster: &mut Cluster, index: &mut Index, (what, kind): (&str, KindId)) {
    let (mut wholes, mut turns, mut retraced) = (Vec::new(), Vec::new(), 0);
    let count = given.some().count();
    for n in given.some() {
        let touched = change(cluster, &key(kind, n));
        let (took, ()) = timed(|| index.touch(cluster, &touched));
        retraced += index.due();
        let (mut whole, mut longest) = (took, took);
        loop {
            let (took, more) = timed(|| index.work(&given.world(cluster), || false));
            longest = longest.max(took);
            whole += took;
            if !more {
                break;
            }
        }
        wholes.push(whole);
        turns.push(longest);
    }
    report(&format!("index after {what} changed"), 10, wholes);
    report("  its longest turn", 4, turns);
    println!("  {} traces anew for each", retraced / count);
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

fn cluster(catalog: &Catalog, services: usize, pods: usize) -> Cluster {
    let mut cluster = Cluster::default();
    let mut text = EDGE.to_owned();
    for n in 0..services {
        write(&mut text, n, pods);
    }
    let (documents, unreadable) = read::text(Path::new("bench.yaml"), &text);
    assert!(unreadable.is_empty(), "{unreadable:?}");
    for change in records::records(&documents, catalog, "default").changes(catalog) {
        cluster.apply(change);
    }
    cluster
}

/// An application: its Deployment, its pods, its Service, its slice, its Ingress.
fn write(text: &mut String, n: usize, pods: usize) {
    let namespace = namespace(n);
    let mut endpoints = Vec::new();
    for pod in 0..pods {
        let ip = format!("10.{}.{}.{}", n / 250, n % 250 + pod / 250, pod % 250 + 1);
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
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app-{n}, namespace: {namespace}}}
spec:
  replicas: {pods}
  selector: {{matchLabels: {{app: app-{n}}}}}
  template:
    metadata: {{labels: {{app: app-{n}, tier: web}}}}
    spec: {{containers: [{{name: web, image: registry.example.com/team/app-{n}:1.2.3, ports: [{{name: http, containerPort: 8080}}]}}]}}
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
