//! EndpointSlice: the addresses behind a Service, and which of them take traffic.

pub mod facts;

pub use self::facts::{Endpoint, EndpointPort, EndpointSliceFacts};

use crate::kinds::{
    Cell, Column, Digest, ENDPOINT_SLICE, Facts, Interner, KindId, KindSpec, Link, Meta, Object, POD, Relation,
    SERVICE, Target, decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: ENDPOINT_SLICE,
    group: "discovery.k8s.io",
    versions: &["v1"],
    kind: "EndpointSlice",
    plural: "endpointslices",
    short_names: &["eps"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("ADDRESSTYPE", 0),
        Column::text("PORTS", 1).narrow(),
        Column::text("ENDPOINTS", 2).narrow(),
        Column::AGE,
    ],
    decoder: decoder::<EndpointSlice>(),
};

/// The label that names the Service of a slice.
pub const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// How many ports and addresses the server prints.
const SHOWN: usize = 3;

/// The slim EndpointSlice (k8s.io/api discovery/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlice {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The addresses.
    #[prost(message, repeated, tag = "2")]
    pub endpoints: Vec<WireEndpoint>,
    /// The ports of every address.
    #[prost(message, repeated, tag = "3")]
    pub ports: Vec<WirePort>,
    /// `IPv4`, `IPv6` or `FQDN`.
    #[prost(string, tag = "4")]
    pub address_type: String,
}

/// `Endpoint`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireEndpoint {
    /// One endpoint may have several addresses; consumers use the first.
    #[prost(string, repeated, tag = "1")]
    pub addresses: Vec<String>,
    /// How it is.
    #[prost(message, optional, tag = "2")]
    pub conditions: Option<EndpointConditions>,
    /// Its own name below a headless Service.
    #[prost(string, optional, tag = "3")]
    pub hostname: Option<String>,
    /// The object behind it.
    #[prost(message, optional, tag = "4")]
    pub target_ref: Option<ObjectReference>,
    /// Its node.
    #[prost(string, optional, tag = "6")]
    pub node_name: Option<String>,
    /// Its zone.
    #[prost(string, optional, tag = "7")]
    pub zone: Option<String>,
    /// For whom it is meant.
    #[prost(message, optional, tag = "8")]
    pub hints: Option<EndpointHints>,
}

/// `EndpointConditions`; absent ones are not false.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointConditions {
    /// Whether it takes traffic.
    #[prost(bool, optional, tag = "1")]
    pub ready: Option<bool>,
    /// The same, though it may be going away.
    #[prost(bool, optional, tag = "2")]
    pub serving: Option<bool>,
    /// Whether it is going away.
    #[prost(bool, optional, tag = "3")]
    pub terminating: Option<bool>,
}

/// `EndpointHints`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointHints {
    /// Zones that should use it.
    #[prost(message, repeated, tag = "1")]
    pub for_zones: Vec<Named>,
    /// Nodes that should use it.
    #[prost(message, repeated, tag = "2")]
    pub for_nodes: Vec<Named>,
}

/// `ForZone`, `ForNode`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct Named {
    /// The zone or node.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// `core.v1.ObjectReference`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// Its kind.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Its namespace.
    #[prost(string, tag = "2")]
    pub namespace: String,
    /// Its name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// Its uid.
    #[prost(string, tag = "4")]
    pub uid: String,
}

/// `EndpointPort`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WirePort {
    /// The name of the Service's port.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// `TCP`, `UDP` or `SCTP`.
    #[prost(string, optional, tag = "2")]
    pub protocol: Option<String>,
    /// The number; absent for all ports.
    #[prost(int32, optional, tag = "3")]
    pub port: Option<i32>,
    /// For example `kubernetes.io/h2c`.
    #[prost(string, optional, tag = "4")]
    pub app_protocol: Option<String>,
}

impl Object for EndpointSlice {
    const KIND: KindId = ENDPOINT_SLICE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = EndpointSliceFacts::of(self, meta, interner);
        Digest {
            health: None,
            reason: None,
            cells: cells(self, interner),
            links: links(&facts, self.namespace(interner).as_ref()),
            facts: Facts::EndpointSlice(Box::new(facts)),
        }
    }
}

fn cells(slice: &EndpointSlice, interner: &mut Interner) -> Box<[Cell]> {
    let ports = slice.ports.iter().map(|p| match (p.port, &p.name) {
        (Some(port), _) => port.to_string(),
        (None, Some(name)) => name.clone(),
        (None, None) => "*".to_owned(),
    });
    let addresses = slice.endpoints.iter().flat_map(|e| e.addresses.iter().cloned());
    let mut text = |text: &str| Cell::Text(interner.intern(text));
    Box::new([text(&slice.address_type), text(&first_few(ports)), Cell::text(first_few(addresses))])
}

/// The first three, and how many there are besides, as the server prints them.
fn first_few(items: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = items.collect();
    if SHOWN < all.len() {
        return format!("{} + {} more...", all[..SHOWN].join(","), all.len() - SHOWN);
    }
    Some(all.join(",")).filter(|t| !t.is_empty()).unwrap_or_else(|| "<unset>".to_owned())
}

fn links(facts: &EndpointSliceFacts, namespace: Option<&Arc<str>>) -> Arc<[Link]> {
    let named = |kind, namespace: Option<&Arc<str>>, name: &Arc<str>| Link {
        relation: Relation::RoutesTo,
        target: Target::Named { kind, namespace: namespace.cloned(), name: Arc::clone(name) },
    };
    let service = facts.service.iter().map(|name| named(SERVICE, namespace, name));
    let targets = facts.endpoints.iter().filter_map(|e| e.target.as_ref()).filter(|t| *t.kind == *"Pod");
    service.chain(targets.map(|t| named(POD, t.namespace.as_ref().or(namespace), &t.name))).collect()
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read};
    use crate::kinds::{ENDPOINT_SLICE, Facts};
    use serde_json::json;

    #[test]
    fn addresses_beyond_three_are_counted() {
        let endpoint = |ip: &str| json!({"addresses": [ip], "targetRef": {"kind": "Pod", "namespace": "dev", "name": ip}});
        let endpoints: Vec<_> = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map(endpoint).into();
        let metadata = json!({"name": "web-x", "namespace": "dev", "labels": {"kubernetes.io/service-name": "web"}});
        let ports = json!([{"name": "http", "port": 8080}, {"name": "any"}, {}]);
        let slice = json!({"metadata": metadata, "addressType": "IPv4", "ports": ports, "endpoints": endpoints});
        let record = read(ENDPOINT_SLICE, &slice);
        assert_eq!(cells(&record), ["IPv4", "8080,any,*", "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more..."]);
        assert_eq!(links(&record)[..2], ["RoutesTo Service dev/web", "RoutesTo Pod dev/10.0.0.1"]);
    }

    #[test]
    fn conditions_that_are_absent_count_as_the_api_says() {
        let condition = |conditions| json!({"addresses": ["10.0.0.1"], "conditions": conditions});
        let endpoints = json!([condition(json!({})), condition(json!({"ready": false, "serving": true, "terminating": true})), {"addresses": []}]);
        let record = read(ENDPOINT_SLICE, &json!({"metadata": {"name": "x", "namespace": "dev"}, "endpoints": endpoints}));
        let Facts::EndpointSlice(facts) = &record.digest.facts else { panic!("no facts") };
        let states: Vec<_> = facts.endpoints.iter().map(|e| (e.ready, e.serving, e.terminating)).collect();
        assert_eq!(states, [(true, true, false), (false, true, true), (true, true, false)]);
        let empty = read(ENDPOINT_SLICE, &json!({"metadata": {"name": "x", "namespace": "dev"}, "addressType": "IPv6"}));
        assert_eq!(cells(&empty), ["IPv6", "<unset>", "<unset>"]);
    }
}
