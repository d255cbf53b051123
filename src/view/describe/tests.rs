//! Details of small clusters, as text.

use super::*;
use crate::kinds::event::EventFacts;
use crate::kinds::pod::facts::{Container, Exit, PodFacts, Role as Purpose, State};
use crate::kinds::{
    Cell, Digest, EVENT, Facts, Link, Meta, Owner, POD, REPLICA_SET, Relation, SERVICE, Selector, Target,
};
use crate::model::{Change, Scope};
use std::fmt::Write;
use std::sync::Arc;

const NOW: Timestamp = Timestamp(1_795_171_327_000_000);

fn apply(cluster: &mut Cluster, record: Record) {
    cluster.apply(Change::Apply(record));
}

fn crashing() -> Record {
    let exit = Exit {
        code: 137,
        signal: 0,
        reason: Some(Arc::from("OOMKilled")),
        started: Some(NOW.plus_seconds(-35)),
        finished: Some(NOW.plus_seconds(-31)),
    };
    let container = Container {
        name: Arc::from("app"),
        image: Arc::from("shop/orders:v2.0"),
        role: Purpose::Main,
        ready: false,
        started: false,
        restarts: 6,
        state: State::Waiting(Some(Arc::from("CrashLoopBackOff"))),
        last_exit: Some(Box::new(exit)),
        memory_limit: Some(128 << 20),
        ..Container::default()
    };
    let owner = Owner {
        api_version: Arc::from("apps/v1"),
        kind: Arc::from("ReplicaSet"),
        name: Arc::from("orders"),
        uid: Arc::from("rs"),
        controller: true,
    };
    Record {
        key: ObjectRef::new(POD, "shop", "orders-1"),
        meta: Meta {
            uid: Arc::from("pod"),
            created: Some(NOW.plus_seconds(-540)),
            owners: Arc::new([owner]),
            labels: Arc::new([(Arc::from("app"), Arc::from("orders"))]),
            ..Meta::default()
        },
        digest: Digest {
            health: Some(Health::Failed),
            reason: Some(Arc::from("OOMKilled: container app used more than 128Mi")),
            cells: Box::new([Cell::Ratio(0, 1)]),
            facts: Facts::Pod(Box::new(PodFacts { containers: Box::new([container]), ..PodFacts::default() })),
            ..Digest::default()
        },
    }
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::default();
    apply(&mut cluster, crashing());
    let key = ObjectRef::new(REPLICA_SET, "shop", "orders");
    let meta = Meta { uid: Arc::from("rs"), ..Meta::default() };
    apply(&mut cluster, Record { key, meta, digest: Digest::default() });
    let selector =
        Selector { equals: Box::new([(Arc::from("app"), Arc::from("orders"))]), requirements: Box::default() };
    let target = Target::Selector { kind: POD, namespace: Some(Arc::from("shop")), selector: Box::new(selector) };
    let links = Arc::new([Link { relation: Relation::Selects, target }]);
    let key = ObjectRef::new(SERVICE, "shop", "orders");
    let meta = Meta { uid: Arc::from("svc"), ..Meta::default() };
    apply(&mut cluster, Record { key, meta, digest: Digest { links, ..Digest::default() } });
    cluster
}

fn picture(detail: &Detail) -> String {
    let mut text = format!("{} {:?}\n{}\n", detail.title, detail.health, detail.answer);
    for section in &detail.sections {
        for line in &section.lines {
            let link = line.link.as_ref().map_or_else(String::new, |key| format!(" -> {}", key.name));
            let _ = writeln!(text, "{}: {}{link}", section.title, line.plain());
        }
    }
    text
}

#[test]
fn a_crashing_pod_tells_why_first() {
    let (cluster, catalog) = (cluster(), Catalog::builtin());
    let key = ObjectRef::new(POD, "shop", "orders-1");
    let raw = serde_json::json!({"status": {"conditions": [
        {"type": "PodScheduled", "status": "True"},
        {"type": "Ready", "status": "False", "reason": "ContainersNotReady"},
    ]}});
    let subject = Subject { cluster: &cluster, catalog: &catalog, key: &key, routes: None, raw: Some(&raw), now: NOW };
    let detail = detail(&subject);
    let text = picture(&detail);
    let want = [
        "pod/orders-1 Some(Failed)",
        "OOMKilled: container app used more than 128Mi",
        "containers: app  waiting: CrashLoopBackOff  6 restarts  shop/orders:v2.0",
        "containers: last run ended 31s ago, exit 137 OOMKilled after 4s, memory limit 128Mi",
        "conditions: Ready False  ContainersNotReady",
        "conditions: PodScheduled",
        "owned by: replicaset/orders -> orders",
        "selected by: service/orders -> orders",
        "labels: app=orders",
    ];
    let mut rest = text.as_str();
    for line in want {
        let at = rest.find(line).unwrap_or_else(|| panic!("{line:?} does not follow in\n{text}"));
        rest = &rest[at..];
    }
    assert_eq!(detail.next_change, Some(NOW.plus_seconds(1)));
}

#[test]
fn of_an_ill_object_the_newest_warnings_stand_above_the_conditions() {
    let (mut cluster, catalog) = (cluster(), Catalog::builtin());
    let key = ObjectRef::new(POD, "shop", "orders-1");
    for (second, warning) in [(1, true), (2, false), (3, true), (4, true), (5, true)] {
        let facts = EventFacts {
            reason: Arc::from(format!("Reason{second}")),
            warning,
            last: Some(NOW.plus_seconds(-second)),
            ..EventFacts::default()
        };
        let target = Target::Named { kind: POD, namespace: key.namespace.clone(), name: Arc::clone(&key.name) };
        let links = Arc::new([Link { relation: Relation::Regards, target }]);
        let digest = Digest { links, facts: Facts::Event(Box::new(facts)), ..Digest::default() };
        let name = format!("event-{second}");
        let meta = Meta { uid: Arc::from(name.as_str()), ..Meta::default() };
        apply(&mut cluster, Record { key: ObjectRef::new(EVENT, "shop", &name), meta, digest });
    }
    let raw = serde_json::json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
    let subject = Subject { cluster: &cluster, catalog: &catalog, key: &key, routes: None, raw: Some(&raw), now: NOW };
    let lines = |title: &str| {
        let detail = detail(&subject);
        let place = detail.sections.iter().position(|section| section.title == title).unwrap();
        let reasons = detail.sections[place].lines.iter().map(|line| line.plain().trim().to_owned());
        (place, reasons.collect::<Vec<_>>())
    };
    let (place, warnings) = lines("warnings");
    assert_eq!(
        warnings.iter().map(|w| w.rsplit(' ').find(|w| !w.is_empty()).unwrap()).collect::<Vec<_>>(),
        ["Reason1", "Reason3", "Reason4"]
    );
    assert!(place < lines("conditions").0);
    assert_eq!(lines("events").1.len(), 2);
}

#[test]
fn links_lead_both_ways() {
    let (cluster, catalog) = (cluster(), Catalog::builtin());
    for (kind, name, title) in [(REPLICA_SET, "orders", "owns"), (SERVICE, "orders", "selects")] {
        let key = ObjectRef::new(kind, "shop", name);
        let subject = Subject { cluster: &cluster, catalog: &catalog, key: &key, routes: None, raw: None, now: NOW };
        let detail = detail(&subject);
        let section = detail.sections.iter().find(|section| section.title == title).unwrap();
        assert_eq!(section.lines[0].link, Some(ObjectRef::new(POD, "shop", "orders-1")));
        assert_eq!(section.lines[0].health, Some(Health::Failed));
    }
}

#[test]
fn an_object_that_is_gone_says_so() {
    let (mut cluster, catalog) = (cluster(), Catalog::builtin());
    cluster.apply(Change::Replace(Scope::all(POD), Vec::new()));
    let key = ObjectRef::new(POD, "shop", "orders-1");
    let subject = Subject { cluster: &cluster, catalog: &catalog, key: &key, routes: None, raw: None, now: NOW };
    assert_eq!(detail(&subject).answer, "not there (any more)");
}

#[test]
fn the_head_tells_of_the_path_where_the_object_is_well() {
    let yaml = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: nginx
  rules:
  - host: a.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
status: {loadBalancer: {ingress: [{ip: 203.0.113.10}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: ClusterIP, clusterIP: 10.96.0.7, selector: {app: web}, ports: [{port: 80}]}
";
    crate::view::trace::fixture::world(yaml, |world| {
        let mut index = Index::of(world.cluster);
        assert!(!index.work(world, || true));
        for (kind, name) in [(SERVICE, "service/web"), (crate::kinds::INGRESS, "ingress/web")] {
            let key = ObjectRef::new(kind, "shop", "web");
            let told = |routes| {
                let (cluster, catalog) = (world.cluster, world.catalog);
                detail(&Subject { cluster, catalog, key: &key, routes, raw: None, now: world.now })
            };
            let alone = told(None);
            assert_eq!((&*alone.title, alone.health), (name, Some(Health::Ready)));
            let found = told(Some(&index));
            assert_eq!((found.health, found.word), (Some(Health::Failed), "failed"), "{}", found.answer);
            assert!(found.answer.starts_with("http://a.example/* is broken: "), "{}", found.answer);
        }
    });
}
