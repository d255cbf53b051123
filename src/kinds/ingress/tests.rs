//! Ingresses, read and judged.

use crate::kinds::fixture::{cells, links, read, reason};
use crate::kinds::ingress::{Backend, IngressFacts};
use crate::kinds::service::PortRef;
use crate::kinds::{Facts, Health, INGRESS, Record};
use serde_json::{Value, json};

fn ingress(spec: &Value, status: &Value) -> Record {
    let annotations = json!({"nginx.ingress.kubernetes.io/rewrite-target": "/", "kubectl.kubernetes.io/last-applied-configuration": "{}"});
    let metadata = json!({"name": "web", "namespace": "dev", "annotations": annotations});
    read(INGRESS, &json!({"metadata": metadata, "spec": spec, "status": status}))
}

fn facts(record: &Record) -> &IngressFacts {
    let Facts::Ingress(facts) = &record.digest.facts else { panic!("no facts") };
    facts
}

#[test]
fn rules_tls_and_class_become_cells_and_links() {
    let path = |path: &str, port: Value| json!({"path": path, "pathType": "Prefix", "backend": {"service": {"name": "web", "port": port}}});
    let rule = json!({"host": "a.example.com", "http": {"paths": [path("/", json!({"number": 80})), path("/x", json!({"name": "http"}))]}});
    let spec = json!({"ingressClassName": "nginx", "rules": [rule], "tls": [{"hosts": ["a.example.com"], "secretName": "a-tls"}]});
    let record = ingress(&spec, &json!({"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}));
    assert_eq!(cells(&record), ["nginx", "a.example.com", "203.0.113.9", "80, 443"]);
    assert_eq!(links(&record), ["RoutesTo Service dev/web", "Uses Secret dev/a-tls", "AttachedTo IngressClass nginx"]);
    let ports: Vec<_> = facts(&record).backends().cloned().collect();
    let service = |port| Backend::Service { name: "web".into(), port: Some(port) };
    assert_eq!(ports, [service(PortRef::Number(80)), service(PortRef::Name("http".into()))]);
    assert_eq!(record.digest.health, Some(Health::Ready));
    assert_eq!(record.meta.annotations.len(), 1, "all but kubectl's copy of the object");
}

#[test]
fn hosts_beyond_three_are_counted_as_the_server_counts_rules() {
    let hosts = |hosts: &[&str]| {
        let rules: Vec<Value> = hosts.iter().map(|h| json!({"host": h})).collect();
        cells(&ingress(&json!({"rules": rules}), &json!({})))[1].clone()
    };
    assert_eq!(hosts(&[]), "*");
    assert_eq!(hosts(&["", ""]), "*");
    assert_eq!(hosts(&["a", "b", "c"]), "a,b,c");
    assert_eq!(hosts(&["a", "b", "c", "d", "e"]), "a,b,c + 2 more...");
    assert_eq!(hosts(&["a", "", "b", "c", ""]), "a,b,c + 2 more...");
}

#[test]
fn without_an_address_it_waits_for_a_controller() {
    let record = ingress(&json!({"ingressClassName": "nginx"}), &json!({}));
    assert_eq!(record.digest.health, Some(Health::Progressing));
    assert_eq!(reason(&record), "no address: no controller of class nginx has taken it yet");
}

#[test]
fn rules_without_paths_and_backends_of_other_kinds_are_read() {
    let resource = json!({"resource": {"apiGroup": "k8s.example.com", "kind": "Bucket", "name": "files"}});
    let spec = json!({"defaultBackend": resource, "rules": [{"host": "a.example.com", "http": null}, {"host": "b.example.com"}, {"host": "c.example.com", "http": {"paths": []}}]});
    let record = ingress(&spec, &json!({}));
    let has_http: Vec<bool> = facts(&record).rules.iter().map(|rule| rule.has_http).collect();
    assert_eq!(has_http, [false, false, true], "a rule without paths is not one without http");
    assert!(matches!(facts(&record).default_backend, Some(Backend::Resource { .. })));
    assert!(links(&record).is_empty());
}
