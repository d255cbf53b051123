//! Every fault of Services, endpoints and pods: found where it is, and not where all is well.

#![allow(clippy::unwrap_used)]

mod bridges;
mod files;
mod found;
mod systems;

use super::*;
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::PortRef;
use crate::kinds::{INGRESS, ObjectRef};
use crate::view::trace::fault::{self, Finding};
use crate::view::trace::fixture;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::{Controller, Reach, Settings};
use crate::view::trace::request::Vantage;

/// A Service with two pods, and a controller. Each object stands on lines of its own, so that tests can replace parts.
pub const BASE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}
---
apiVersion: v1
kind: Node
metadata: {name: one}
spec: {podCIDR: 10.244.1.0/24}
status: {conditions: [{type: Ready, status: 'True', reason: KubeletReady}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, uid: svc}
spec:
  type: ClusterIP
  clusterIP: 10.96.1.20
  ipFamilies: [IPv4]
  selector: {app: web}
  ports: [{name: http, port: 80, protocol: TCP, targetPort: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x1, namespace: shop, labels: {kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}}
addressType: IPv4
endpoints:
- {addresses: [10.244.1.20], conditions: {ready: true}, nodeName: one, targetRef: {kind: Pod, namespace: shop, name: web-a}}
- {addresses: [10.244.1.21], conditions: {ready: true}, nodeName: one, targetRef: {kind: Pod, namespace: shop, name: web-b}}
ports: [{name: http, port: 8080, protocol: TCP}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, uid: deploy}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080, name: http}], readinessProbe: {httpGet: {path: /ready, port: 8080}}}]}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, uid: rs, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: deploy, controller: true}]}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-a, namespace: shop, uid: a, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: rs, controller: true}]}
spec: {nodeName: one, containers: [{name: web, image: web, ports: [{containerPort: 8080, name: http}], readinessProbe: {httpGet: {path: /ready, port: 8080}}}]}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}], podIPs: [{ip: 10.244.1.20}], containerStatuses: [{name: web, ready: true, started: true, state: {running: {}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-b, namespace: shop, uid: b, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: rs, controller: true}]}
spec: {nodeName: one, containers: [{name: web, image: web, ports: [{containerPort: 8080, name: http}], readinessProbe: {httpGet: {path: /ready, port: 8080}}}]}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}], podIPs: [{ip: 10.244.1.21}], containerStatuses: [{name: web, ready: true, started: true, state: {running: {}}}]}
";

/// Parts of `BASE` and what stands there instead.
pub type Edits<'e> = &'e [(&'e str, &'e str)];

/// `BASE` with parts replaced everywhere; each must be there.
pub fn edited(edits: Edits) -> String {
    let mut text = BASE.to_owned();
    for (part, instead) in edits {
        assert!(text.contains(part), "the base has no {part}");
        text = text.replace(part, instead);
    }
    text
}

/// ingress-nginx, of which only the flags are known.
pub fn nginx(flags: &[&str]) -> Controller {
    Controller {
        flavour: Flavour::Nginx,
        name: Arc::from("k8s.io/ingress-nginx"),
        workload: None,
        namespace: Some(Arc::from("ingress-nginx")),
        pods: Vec::new(),
        service: None,
        host_network: false,
        flags: Some(flags.iter().map(|flag| Arc::from(*flag)).collect()),
        settings: Settings::Unreadable,
        tls_ended: false,
        port: 80,
        ingress: None,
    }
}

/// An arm to a port of a Service.
pub fn arm(namespace: &str, name: &str, port: PortRef) -> Arm {
    let key = ObjectRef::new(INGRESS, namespace, "web");
    Arm {
        target: ArmTarget::Service { namespace: Arc::from(namespace), name: Arc::from(name), port: Some(port) },
        share: 1.0,
        path: "/".to_owned(),
        host: "shop.example.com".to_owned(),
        why: String::new(),
        reach: Reach::Pods,
        protocol: Protocol::Tcp,
        named_by: Some((key, ".spec.rules[0].http.paths[0].backend.service".to_owned())),
        answered: None,
        hops: Vec::new(),
    }
}

/// How a leg is walked in a test.
pub struct Walk {
    /// To where.
    pub arm: Arm,
    /// By whom.
    pub caller: Caller,
}

impl Walk {
    /// By ingress-nginx to port 80 of shop/web.
    pub fn usual() -> Self {
        Self { arm: arm("shop", "web", PortRef::Number(80)), caller: Caller::Controller(Box::new(nginx(&[]))) }
    }

    /// To another port.
    pub fn port(port: PortRef) -> Self {
        Self { arm: arm("shop", "web", port), ..Self::usual() }
    }

    /// By a pod of another namespace, through kube-proxy.
    pub fn inside() -> Self {
        let caller = Caller::Direct(Vantage::Namespace(Arc::from("shop")));
        let arm = Arm { reach: Reach::ServiceAddress, named_by: None, ..arm("shop", "web", PortRef::Number(80)) };
        Self { arm, caller }
    }

    /// By another controller.
    pub fn by(flavour: Flavour) -> Self {
        Self { caller: Caller::Controller(Box::new(Controller { flavour, ..nginx(&[]) })), ..Self::usual() }
    }

    /// In a live cluster of these objects.
    pub fn cluster(&self, yaml: &str) -> Leg {
        fixture::world(yaml, |world| walk(world, &self.arm, &self.caller))
    }

    /// With files of these objects.
    pub fn files(&self, yaml: &str) -> Leg {
        fixture::files(yaml, |world| walk(world, &self.arm, &self.caller))
    }
}

/// All findings of a leg, those beside the path last; each must have all its words.
pub fn findings(leg: &Leg) -> Vec<&Finding> {
    let all: Vec<&Finding> = leg.hops.iter().flat_map(|hop| &hop.findings).chain(&leg.side).collect();
    for finding in &all {
        let (text, whole) = fault::fill(finding.fault.message, &finding.words);
        assert!(whole, "{}: {text}", finding.code());
        assert!(!finding.evidence.is_empty(), "{} has no evidence", finding.code());
        assert!(!finding.fix().is_empty(), "{} has no fix", finding.code());
    }
    all
}

/// The codes of a leg, but for those that only inform.
pub fn codes(leg: &Leg) -> Vec<&'static str> {
    let mut codes: Vec<&str> =
        findings(leg).iter().filter(|f| f.severity != fault::Severity::Info).map(|f| f.code()).collect();
    codes.sort_unstable();
    codes
}

/// A finding by its code.
pub fn finding<'l>(leg: &'l Leg, code: &str) -> &'l Finding {
    let all = findings(leg);
    let found = all.iter().find(|finding| finding.code() == code);
    found.unwrap_or_else(|| panic!("no {code} but {:?}", all.iter().map(|f| f.message()).collect::<Vec<_>>()))
}

#[test]
fn a_healthy_service_gives_its_pods() {
    let leg = Walk::usual().cluster(BASE);
    assert_eq!((codes(&leg), &leg.end), (vec![], &None));
    let kinds: Vec<&str> = leg.hops.iter().map(|hop| hop.kind.name()).collect();
    assert_eq!(kinds, ["service", "endpoints", "network_policy", "pod", "port"]);
    assert_eq!((&*leg.backend.namespace, &*leg.backend.service, leg.backend.port), ("shop", "web", 80));
    let first = &leg.backend.endpoints[0];
    assert_eq!((first.address.as_deref(), first.port, first.ready), (Some("10.244.1.20"), 8080, true));
    assert_eq!(
        first.pod.as_ref().map(|(namespace, name)| format!("{namespace}/{name}")).as_deref(),
        Some("shop/web-a")
    );
    assert_eq!(leg.hops[1].summary, "2 of 2 ready: 10.244.1.20:8080, 10.244.1.21:8080");
}

#[test]
fn what_may_not_be_read_is_unknown_and_never_broken() {
    use crate::kinds::{Catalog, ENDPOINT_SLICE, POD, SERVICE};
    use crate::model::{Change, Cluster, Scope, Select, Sync};
    use crate::view::trace::world::{Answers, Probes};
    let walk = Walk::usual();
    for (kind, word) in [(SERVICE, "services"), (ENDPOINT_SLICE, "endpointslices"), (POD, "pods")] {
        fixture::world(BASE, |whole| {
            let mut cluster = Cluster::default();
            let catalog = Catalog::builtin();
            for (scope, sync) in whole.cluster.syncs() {
                let sync = if scope.kind == kind { Sync::Forbidden } else { sync.clone() };
                cluster.apply(Change::Sync(Scope { kind: scope.kind, namespace: None, select: Select::All }, sync));
            }
            for spec in catalog.iter().filter(|other| other.id != kind) {
                for record in whole.cluster.of(spec.id) {
                    cluster.apply(Change::Apply((**record).clone()));
                }
            }
            let (answers, probes) = (Answers::new(), Probes::default());
            let world = World::new(&cluster, &catalog, whole.now, (&answers, &probes));
            let leg = super::walk(&world, &walk.arm, &walk.caller);
            let Some(LegEnd::Unknown(missing)) = &leg.end else { panic!("{word}: {:?} {:?}", leg.end, codes(&leg)) };
            assert!(missing.contains(&format!("you may not list {word}")), "{missing}");
            assert!(codes(&leg).is_empty(), "{word}: {:?}", codes(&leg));
        });
    }
}
