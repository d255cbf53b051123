//! The index against a fresh check, after changes in any order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::kinds::service::ServiceType;
use crate::kinds::{CRON_JOB, Catalog, DAEMON_SET, DEPLOYMENT, Facts, Record};
use crate::manifests::{read, records};
use crate::model::{Change, Scope, Sync};
use crate::view::routes::all;
use crate::view::trace::fixture::{self, NOW};
use crate::view::trace::world::{Answers, Probes};
use crate::wire::Timestamp;
use proptest::prelude::*;
use std::path::Path;

/// Several versions of some objects: later documents of a name replace earlier ones.
const POOL: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: nginx
  rules: [{host: a.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: nginx
  rules: [{host: b.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: alias, port: {number: 80}}}}]}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other, namespace: shop}
spec:
  rules: [{host: a.test, http: {paths: [{path: /x, pathType: Exact, backend: {service: {name: web, port: {name: http}}}}]}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: other}, ports: [{port: 81, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: web.shop.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: alias.shop.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: example.com/other}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: rest, namespace: shop, annotations: {nginx.ingress.kubernetes.io/server-alias: b.test}}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: alias, port: {number: 80}}}
  rules: [{host: c.test}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: part, namespace: shop, annotations: {nginx.ingress.kubernetes.io/canary: 'true', nginx.ingress.kubernetes.io/canary-weight: '20'}}
spec:
  ingressClassName: nginx
  rules: [{host: a.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: alias, port: {number: 80}}}}]}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, uid: p1, labels: {app: web}}
spec: {containers: [{name: web, image: web, ports: [{name: http, containerPort: 8080}]}]}
status: {phase: Running, podIPs: [{ip: 10.0.0.5}], conditions: [{type: Ready, status: 'True'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, uid: p1, labels: {app: other}}
spec: {containers: [{name: web, image: web}]}
status: {phase: Running, podIPs: [{ip: 10.0.0.5}], conditions: [{type: Ready, status: 'False'}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.5], conditions: {ready: true}, targetRef: {kind: Pod, name: web-1, namespace: shop, uid: p1}}]
ports: [{name: http, port: 8080}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: any}
spec: {controllerName: example.com/any}
status: {conditions: [{type: Accepted, status: 'True'}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: web, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: web, port: 8080, protocol: HTTP, hostname: '*.test'}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: shop}
spec: {parentRefs: [{name: edge}], hostnames: [g.test], rules: [{backendRefs: [{name: web, port: 80}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: outer, namespace: shop}
spec: {routes: [{match: 'Host(`t.test`)', middlewares: [{name: strip}]}, {match: 'Host(`u.test`)', services: [{name: web, port: 80}]}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: inner, namespace: shop}
spec: {routes: [{match: 'PathPrefix(`/v1`)', services: [{name: split, kind: TraefikService}]}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: inner, namespace: shop}
spec: {parentRefs: [{name: outer}], routes: [{match: 'PathPrefix(`/v1`)', services: [{name: split, kind: TraefikService}]}]}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: strip, namespace: shop}
spec: {stripPrefix: {prefixes: [/api]}}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: strip, namespace: shop}
spec: {stripPrefix: {prefixes: [/old]}}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: split, namespace: shop}
spec: {weighted: {services: [{name: web, port: 80}]}}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: split, namespace: shop}
spec: {weighted: {services: [{name: alias, port: 80}, {name: web, port: 80}]}}
";

fn pool() -> Vec<Record> {
    let (documents, unreadable) = read::text(Path::new("pool.yaml"), POOL);
    assert!(unreadable.is_empty(), "{unreadable:?}");
    records::records(&documents, &Catalog::builtin(), "default").records
}

/// A cluster of which everything is known.
fn empty(catalog: &Catalog) -> Cluster {
    let mut cluster = Cluster::default();
    for kind in catalog.iter() {
        cluster.apply(Change::Sync(Scope::all(kind.id), Sync::Live));
    }
    cluster
}

fn check(steps: &[(usize, bool)]) {
    let (catalog, pool) = (Catalog::builtin(), pool());
    let (answers, probes) = (Answers::new(), Probes::default());
    let now = Timestamp::parse(NOW).unwrap();
    let mut cluster = empty(&catalog);
    let mut index = Index::of(&cluster);
    for (at, is_there) in steps {
        let record = &pool[at % pool.len()];
        let change = if *is_there { Change::Apply(record.clone()) } else { Change::Delete(record.key.clone()) };
        let touched = cluster.apply(change);
        index.touch(&cluster, &touched);
        let world = World::new(&cluster, &catalog, now, (&answers, &probes));
        while index.work(&world, || false) {}
        let fresh = all(&cluster).into_iter().map(|route| {
            let told = told(&follow(&world, &route.request));
            (route, Some(told))
        });
        let mut fresh: Vec<(Route, Option<Told>)> = fresh.collect();
        fresh.sort_by(|(one, _), (other, _)| one.owner.cmp(&other.owner));
        let kept: Vec<_> = index.entries().map(|entry| (entry.route.clone(), entry.told.clone())).collect();
        assert_eq!(kept, fresh, "after {steps:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_index_equals_a_fresh_check(steps in prop::collection::vec((any::<usize>(), prop::bool::weighted(0.8)), 1..24)) {
        check(&steps);
    }
}

#[test]
fn only_what_a_change_can_touch_is_followed_anew() {
    let (catalog, pool) = (Catalog::builtin(), pool());
    let (answers, probes) = (Answers::new(), Probes::default());
    let mut cluster = empty(&catalog);
    for record in &pool {
        cluster.apply(Change::Apply(record.clone()));
    }
    let mut index = Index::of(&cluster);
    let routes = index.due();
    assert_eq!(routes, 9);
    let world = World::new(&cluster, &catalog, Timestamp::parse(NOW).unwrap(), (&answers, &probes));
    assert!(index.work(&world, || false), "one route a turn");
    while index.work(&world, || false) {}
    index.touch(&cluster, &[ObjectRef::new(CRON_JOB, "elsewhere", "nightly")]);
    assert_eq!(index.due(), 0, "no request asks for a CronJob");
    index.age();
    assert_eq!(index.due(), routes);
}

/// Two applications of one namespace.
fn pair() -> String {
    let one = |name: &str, ip: &str| {
        format!(
            "
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}-1, namespace: shop, uid: {name}, labels: {{app: {name}}}}}
spec: {{nodeName: one, containers: [{{name: web, image: web, ports: [{{containerPort: 8080}}], readinessProbe: {{httpGet: {{port: 8080}}}}}}]}}
status: {{phase: Running, podIPs: [{{ip: {ip}}}], conditions: [{{type: Ready, status: 'True'}}], containerStatuses: [{{name: web, ready: true, state: {{running: {{}}}}}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 8080}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
endpoints: [{{addresses: [{ip}], conditions: {{ready: true}}, targetRef: {{kind: Pod, name: {name}-1, namespace: shop, uid: {name}}}}}]
ports: [{{port: 8080}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, namespace: shop, creationTimestamp: '2026-01-01T00:00:00Z'}}
spec:
  ingressClassName: nginx
  rules: [{{host: {name}.test, http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: {name}, port: {{number: 80}}}}}}}}]}}}}]"
        )
    };
    let class = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: k8s.io/ingress-nginx}";
    format!("{class}{}{}", one("web", "10.0.0.5"), one("api", "10.0.0.6"))
}

/// How many routes are followed anew after an object was put.
fn due(index: &mut Index, cluster: &mut Cluster, record: Record) -> usize {
    let (catalog, answers, probes) = (Catalog::builtin(), Answers::new(), Probes::default());
    let touched = cluster.apply(Change::Apply(record));
    index.touch(cluster, &touched);
    let due = index.due();
    let world = World::new(cluster, &catalog, Timestamp::parse(NOW).unwrap(), (&answers, &probes));
    while index.work(&world, || true) {}
    due
}

#[test]
fn a_service_that_changes_touches_its_own_routes_and_a_circle_those_of_its_namespace() {
    let mut cluster = fixture::cluster_in("shop", &pair());
    let mut index = Index::of(&cluster);
    let web = ObjectRef::new(SERVICE, "shop", "web");
    let mut service = (**cluster.get(&web).unwrap()).clone();
    assert_eq!(due(&mut index, &mut cluster, service.clone()), 2, "all of them at first");
    service.meta.labels = [(Arc::from("a"), Arc::from("b"))].into();
    assert_eq!(due(&mut index, &mut cluster, service.clone()), 1, "the route that leads to it");
    let circle = "apiVersion: v1\nkind: Service\nmetadata: {name: odd, namespace: shop}\nspec: {type: ExternalName, externalName: odd.shop.svc.cluster.local}";
    let circle = fixture::cluster_in("shop", circle);
    let mut odd = (**circle.get(&ObjectRef::new(SERVICE, "shop", "odd")).unwrap()).clone();
    assert_eq!(due(&mut index, &mut cluster, odd.clone()), 2, "each tells of the circle beside it");
    let Facts::Service(facts) = &mut odd.digest.facts else { panic!("no facts") };
    facts.kind = ServiceType::ClusterIp;
    assert_eq!(due(&mut index, &mut cluster, odd), 2, "and that there is none any more");
}

#[test]
fn a_workload_that_serves_nobody_s_routes_touches_none_of_them() {
    let edge = "
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: nginx, namespace: edge}
spec: {selector: {matchLabels: {app: edge}}, template: {metadata: {labels: {app: edge}}, spec: {hostNetwork: true, containers: [{name: c, image: 'registry.k8s.io/ingress-nginx/controller:v1.13.3', ports: [{containerPort: 80, hostPort: 80}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mail, namespace: mail}
spec: {selector: {matchLabels: {app: mail}}, template: {metadata: {labels: {app: mail}}, spec: {containers: [{name: c, image: mail}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: mail-1, namespace: mail, labels: {app: mail}}
spec: {containers: [{name: c, image: mail}]}
---
apiVersion: v1
kind: Service
metadata: {name: mail, namespace: mail}
spec: {type: LoadBalancer, selector: {app: mail}, ports: [{port: 25}]}
---
apiVersion: v1
kind: Service
metadata: {name: node, namespace: mail}
spec: {type: NodePort, selector: {app: mail}, ports: [{port: 25, nodePort: 30025}]}
";
    let mut cluster = fixture::cluster_in("shop", &(pair() + edge));
    let mut index = Index::of(&cluster);
    let held = |cluster: &Cluster, key: &ObjectRef| (**cluster.get(key).unwrap()).clone();
    let mut mail = held(&cluster, &ObjectRef::new(DEPLOYMENT, "mail", "mail"));
    assert_eq!(due(&mut index, &mut cluster, mail.clone()), 2, "all of them at first");
    mail.meta.labels = [(Arc::from("a"), Arc::from("b"))].into();
    assert_eq!(due(&mut index, &mut cluster, mail.clone()), 0);
    let mut pod = held(&cluster, &ObjectRef::new(POD, "mail", "mail-1"));
    pod.meta.labels = [(Arc::from("app"), Arc::from("mail")), (Arc::from("x"), Arc::from("y"))].into();
    assert_eq!(due(&mut index, &mut cluster, pod), 0, "a pod behind an open Service that serves no routes");
    let mut nginx = held(&cluster, &ObjectRef::new(DAEMON_SET, "edge", "nginx"));
    nginx.meta.labels = [(Arc::from("a"), Arc::from("b"))].into();
    assert_eq!(due(&mut index, &mut cluster, nginx), 2, "the controller of both");
    let Facts::Deployment(facts) = &mut mail.digest.facts else { panic!("no facts") };
    facts.template.may_control = true;
    assert_eq!(due(&mut index, &mut cluster, mail), 2, "what becomes a controller may take them");
}
