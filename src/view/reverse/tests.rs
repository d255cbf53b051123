//! Ways in to pods of worlds written beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod traefik;

use super::*;
use crate::kinds::DEPLOYMENT;
use crate::view::trace::fixture;

const YAML: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, uid: d1}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, uid: p1, labels: {app: web}}
spec: {nodeName: one, containers: [{name: web, image: web, ports: [{name: http, containerPort: 8080, hostPort: 9090}]}]}
status: {podIP: 10.0.0.5, podIPs: [{ip: 10.0.0.5}]}
---
apiVersion: v1
kind: Node
metadata: {name: one}
status: {addresses: [{type: InternalIP, address: 192.0.2.7}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  externalIPs: [198.51.100.4]
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http, nodePort: 32080}, {name: odd, port: 81, targetPort: missing}]
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: edge}
spec: {type: ExternalName, externalName: web.shop.svc.cluster.local.}
---
apiVersion: v1
kind: Service
metadata: {name: loop, namespace: edge}
spec: {type: ExternalName, externalName: loop.edge.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: manual, namespace: shop}
spec: {ports: [{port: 70}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: manual-1, namespace: shop, labels: {kubernetes.io/service-name: manual}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.5]}]
ports: [{port: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge, namespace: edge}
spec:
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: alias, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other, namespace: shop}
spec:
  rules:
  - host: other.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}]}
";

fn listed(kind: KindId, name: &str) -> Vec<String> {
    fixture::world(YAML, |world| {
        let record = world.named(kind, "shop", name).unwrap();
        let found = ways(world, record).entrances;
        let via =
            |entrance: &Entrance| entrance.via.iter().map(|key| key.name.to_string()).collect::<Vec<_>>().join(",");
        found.iter().map(|entrance| format!("{} {} {}", entrance.kind.name(), entrance.url, via(entrance))).collect()
    })
}

#[test]
fn a_pod_is_reached_by_routes_aliases_addresses_and_ports() {
    assert_eq!(
        listed(POD, "web-1"),
        [
            "ingress http://shop.example.com/* edge,alias,web",
            "node_port http://192.0.2.7:32080 web",
            "external_ip http://198.51.100.4:80 web",
            "host_port tcp://192.0.2.7:9090 web-1",
            "service http://alias.edge.svc:80 alias,web",
            "service http://manual.shop.svc:70 manual",
            "service http://web.shop.svc:80 web",
        ]
    );
}

#[test]
fn a_workload_without_pods_is_reached_as_its_template_will_be() {
    let found = listed(DEPLOYMENT, "web");
    assert!(found.contains(&"ingress http://shop.example.com/* edge,alias,web".to_owned()), "{found:?}");
    assert!(!found.iter().any(|line| line.contains("manual")), "{found:?}");
}

#[test]
fn what_was_looked_at_is_told() {
    fixture::world(YAML, |world| {
        let record = world.named(SERVICE, "shop", "web").unwrap();
        let reads = ways(world, record).reads;
        assert!(reads.contains(&Read::Kind(INGRESS)), "{reads:?}");
        assert_eq!(world.title(&naming(world, record)[0].owner), "Ingress edge/edge");
    });
}
