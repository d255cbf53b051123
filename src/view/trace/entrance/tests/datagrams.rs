//! Datagrams at the doors of Services.

use super::cluster;
use super::{ask, codes, door, hop};
use crate::view::trace::hop::{HopKind, Status};

const ANSWER: &str = "dns.example.com=203.0.113.9";

/// A Service for datagrams and connections at one number, and its pod.
fn resolver(kind: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: resolver, namespace: net}}
spec:
  type: {kind}
  clusterIP: 10.96.0.10
  selector: {{app: resolver}}
  ports:
  - {{name: dns, port: 53, protocol: UDP, targetPort: 5353, nodePort: 30053}}
  - {{name: dns-tcp, port: 53, protocol: TCP, targetPort: 5353, nodePort: 30054}}
  - {{name: metrics, port: 9153, protocol: TCP}}
status: {{loadBalancer: {{ingress: [{{ip: 203.0.113.9}}]}}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: resolver-1, namespace: net, labels: {{app: resolver}}}}
spec: {{nodeName: n1, containers: [{{name: dns, image: x, ports: [{{containerPort: 5353, protocol: UDP}}]}}]}}
status: {{phase: Running, podIP: 10.1.0.53, conditions: [{{type: Ready, status: 'True'}}]}}
"
    )
}

#[test]
fn a_load_balancer_has_ports_for_each_protocol() {
    let yaml = cluster::of(&[&resolver("LoadBalancer"), cluster::NODE]);
    ask(&yaml, "udp://dns.example.com:53").dns(ANSWER).check(|_, entrance| {
        assert_eq!((door(&entrance).as_str(), codes(&entrance).len()), ("service net/resolver:53", 0));
        assert_eq!(hop(&entrance, HopKind::LoadBalancer).unwrap().status(), Status::Ok);
    });
    ask(&yaml, "udp://dns.example.com:9153").dns(ANSWER).check(|_, entrance| {
        assert_eq!(codes(&entrance), ["LB-PORT-ABSENT"], "the metrics are TCP");
    });
    ask(&yaml, "udp://198.51.100.11:30053").check(|_, entrance| {
        assert_eq!(door(&entrance), "service net/resolver:53");
    });
}

#[test]
fn a_name_of_the_cluster_s_own_leads_to_the_port_of_the_protocol() {
    let url = "udp://resolver.net.svc.cluster.local:53";
    ask(&resolver("ClusterIP"), url).check(|_, entrance| {
        assert_eq!((door(&entrance).as_str(), codes(&entrance).len()), ("service net/resolver:53", 0));
    });
}

#[test]
fn a_controller_passes_on_the_datagrams_of_its_map_alone() {
    let flag = "'--tcp-services-configmap=edge/tcp'";
    let shop = cluster::shop().replace(flag, "'--udp-services-configmap=edge/udp'");
    let shop = shop.replace(
        "ports: [{name: http, port: 80,",
        "ports: [{name: dns, port: 53, protocol: UDP}, {name: http, port: 80,",
    );
    let map =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: udp, namespace: edge}\ndata: {'53': 'net/resolver:53'}\n";
    let url = "udp://dns.example.com:53";
    let answer = "dns.example.com=203.0.113.20";
    ask(&cluster::of(&[&shop, map, &resolver("ClusterIP")]), url).dns(answer).check(|_, entrance| {
        assert_eq!((door(&entrance).as_str(), codes(&entrance).len()), ("service net/resolver:53", 0));
    });
    ask(&shop, url).dns(answer).check(|_, entrance| {
        assert_eq!((door(&entrance).as_str(), codes(&entrance).len()), ("closed unknown", 0));
        assert_eq!(hop(&entrance, HopKind::Rule).unwrap().status(), Status::Unknown);
    });
    let gone = map.replace("net/resolver", "net/nobody");
    ask(&cluster::of(&[&shop, &gone, &resolver("ClusterIP")]), url).dns(answer).check(|_, entrance| {
        assert_eq!(codes(&entrance), ["RT-TCP-CM"]);
    });
}
