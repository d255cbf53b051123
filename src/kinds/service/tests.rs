//! Services of every type, read and judged.

use crate::kinds::fixture::{cells, links, read, reason};
use crate::kinds::{Facts, Health, Record, SERVICE};
use serde_json::{Value, json};

fn service(spec: &Value, status: &Value) -> Record {
    let object = json!({"metadata": {"name": "web", "namespace": "dev"}, "spec": spec, "status": status});
    read(SERVICE, &object)
}

#[test]
fn a_cluster_ip_prints_as_the_server_does_and_selects_its_pods() {
    let ports = json!([{"port": 80, "targetPort": "http", "name": "http", "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]);
    let spec = json!({"type": "ClusterIP", "clusterIPs": ["10.96.0.10"], "ports": ports, "selector": {"app": "web"}});
    let record = service(&spec, &json!({"loadBalancer": {}}));
    assert_eq!(cells(&record), ["ClusterIP", "10.96.0.10", "<none>", "80/TCP,53/UDP", "app=web"]);
    assert_eq!(links(&record), ["Selects Pod dev/app=web"]);
    assert_eq!(record.digest.health, Some(Health::Ready));
}

#[test]
fn a_load_balancer_without_address_is_pending() {
    let spec = json!({"type": "LoadBalancer", "clusterIPs": ["10.96.0.10"], "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}]});
    let record = service(&spec, &json!({"loadBalancer": {}}));
    assert_eq!(cells(&record), ["LoadBalancer", "10.96.0.10", "<pending>", "80:30080/TCP", "<none>"]);
    assert_eq!((record.digest.health, reason(&record)), (Some(Health::Progressing), "no address yet from a load balancer"));
}

#[test]
fn addresses_of_a_load_balancer_are_sorted_and_external_ips_follow() {
    let spec = json!({"type": "LoadBalancer", "clusterIPs": ["10.96.0.10"], "externalIPs": ["192.0.2.9"]});
    let ingress = json!([{"ip": "203.0.113.9"}, {"hostname": "lb.example.com"}, {"ip": "203.0.113.10"}]);
    let record = service(&spec, &json!({"loadBalancer": {"ingress": ingress}}));
    assert_eq!(cells(&record)[2], "203.0.113.10,203.0.113.9,lb.example.com,192.0.2.9");
    assert_eq!(record.digest.health, Some(Health::Ready));
}

#[test]
fn a_port_that_the_provider_refused_is_a_warning() {
    let ingress = json!([{"ip": "203.0.113.9", "ports": [{"port": 443, "protocol": "TCP", "error": "quota"}]}]);
    let record = service(&json!({"type": "LoadBalancer"}), &json!({"loadBalancer": {"ingress": ingress}}));
    assert_eq!(reason(&record), "the load balancer does not serve port 443: quota");
}

#[test]
fn an_external_name_into_the_cluster_links_to_the_service_it_stands_for() {
    let record = service(&json!({"type": "ExternalName", "externalName": "web.shop.svc.cluster.local"}), &json!({}));
    assert_eq!(cells(&record), ["ExternalName", "<none>", "web.shop.svc.cluster.local", "<none>", "<none>"]);
    assert_eq!(links(&record), ["RoutesTo Service shop/web"]);
    let address = service(&json!({"type": "ExternalName", "externalName": "192.0.2.7"}), &json!({}));
    assert_eq!(address.digest.health, Some(Health::Warn));
}

#[test]
fn a_service_with_nothing_in_it_is_still_read() {
    let record = read(SERVICE, &json!({"metadata": {"name": "web"}, "spec": {"ports": null, "selector": null}}));
    assert_eq!(cells(&record), ["ClusterIP", "<none>", "<none>", "<none>", "<none>"]);
    let Facts::Service(facts) = &record.digest.facts else { panic!("no facts") };
    assert!(facts.ports.is_empty() && !facts.is_headless());
}
