//! Endpoints of old, as a live cluster mirrors them: who writes them by hand for a Service without a selector is answered
//! by slices all the same.
//!
//! Facts: pkg/controller/endpointslicemirroring of Kubernetes.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::manifests::document::Document;

/// What says that nobody is to mirror an object: a label of its own, and the lock of a leader.
const KEPT: [(&str, &str); 2] = [
    ("labels", "endpointslice.kubernetes.io/skip-mirror"),
    ("annotations", "control-plane.alpha.kubernetes.io/leader"),
];

/// Whether a document is one of these objects.
pub fn is_endpoints(document: &Document) -> bool {
    document.kind() == "Endpoints" && document.api_version() == "v1"
}

/// The slices of such an object: one for each of its subsets and address families. None where a Service with a selector has
/// the name, for its endpoints are written by the cluster.
pub fn slices(document: &Document, documents: &[Document]) -> Vec<Document> {
    let is_same = |other: &&Document| {
        let key = |document: &Document| (document.namespace().to_owned(), document.name().to_owned());
        other.kind() == "Service" && other.api_version() == "v1" && key(other) == key(document)
    };
    let has_selector = |service: &Document| service.value.pointer("/spec/selector").is_some_and(|s| !s.is_null());
    let is_written = documents.iter().find(is_same).is_none_or(has_selector);
    let is_kept = KEPT.iter().any(|(field, key)| !document.value["metadata"][field][key].is_null());
    if is_written || is_kept {
        return Vec::new();
    }
    let subsets = document.value["subsets"].as_array().into_iter().flatten();
    let all = subsets.flat_map(|subset| families(subset).into_iter().map(move |family| (subset, family)));
    all.enumerate()
        .map(|(at, (subset, (family, endpoints)))| {
            let value = slice(document, subset, family, &endpoints, at);
            Document { value, origin: document.origin.clone() }
        })
        .collect()
}

/// The addresses of a subset, as endpoints, by their families.
fn families(subset: &Value) -> BTreeMap<&'static str, Vec<Value>> {
    let mut found: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
        for address in subset[field].as_array().into_iter().flatten() {
            let Some(ip) = address["ip"].as_str().and_then(|ip| ip.parse::<IpAddr>().ok()) else { continue };
            let mut endpoint = json!({"addresses": [ip.to_string()], "conditions": {"ready": ready}});
            for field in ["hostname", "nodeName", "targetRef"] {
                if !address[field].is_null() {
                    endpoint[field] = address[field].clone();
                }
            }
            found.entry(if ip.is_ipv4() { "IPv4" } else { "IPv6" }).or_default().push(endpoint);
        }
    }
    found
}

fn slice(document: &Document, subset: &Value, family: &str, endpoints: &[Value], at: usize) -> Value {
    let ports = subset["ports"].as_array().into_iter().flatten().map(|port| {
        let mut port = port.clone();
        if port["protocol"].is_null() {
            port["protocol"] = json!("TCP");
        }
        port
    });
    let mut metadata = json!({
        "name": format!("{}-mirrored-{at}", document.name()),
        "labels": {
            "kubernetes.io/service-name": document.name(),
            "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
        },
    });
    if !document.namespace().is_empty() {
        metadata["namespace"] = json!(document.namespace());
    }
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": family,
        "endpoints": endpoints,
        "ports": ports.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::path::Path;

    use super::*;
    use crate::manifests::read;

    fn mirrored(service: &str, metadata: &str) -> Vec<Document> {
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: db}}\nspec: {service}\n---\napiVersion: v1\nkind: Endpoints\nmetadata: {{name: db{metadata}}}\nsubsets: [{{addresses: [{{ip: 10.0.0.5}}, {{ip: 'fd00::5'}}], notReadyAddresses: [{{ip: 10.0.0.6}}], ports: [{{port: 5432}}]}}]\n"
        );
        let (documents, _) = read::text(Path::new("x.yaml"), &text);
        slices(&documents[1], &documents)
    }

    #[test]
    fn endpoints_written_by_hand_become_slices() {
        let found = mirrored("{ports: [{port: 5432}]}", "");
        let told: Vec<_> = found
            .iter()
            .map(|s| (s.value["addressType"].as_str(), s.value["endpoints"].as_array().unwrap().len()))
            .collect();
        assert_eq!(told, [(Some("IPv4"), 2), (Some("IPv6"), 1)]);
        assert_eq!(found[0].value["ports"], json!([{"port": 5432, "protocol": "TCP"}]));
        assert_eq!(found[0].value["endpoints"][1]["conditions"]["ready"], false);
        assert_eq!(found[0].value["metadata"]["labels"]["kubernetes.io/service-name"], "db");
    }

    #[test]
    fn endpoints_that_the_cluster_writes_or_keeps_do_not() {
        assert!(mirrored("{selector: {app: db}}", "").is_empty());
        assert!(mirrored("{}", ", labels: {endpointslice.kubernetes.io/skip-mirror: 'true'}").is_empty());
        assert!(mirrored("{}", ", annotations: {control-plane.alpha.kubernetes.io/leader: x}").is_empty());
    }
}
