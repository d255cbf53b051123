//! NetworkPolicy: who may talk to the selected pods, and whom they may talk to.

pub mod facts;

pub use self::facts::{NetworkPolicyFacts, Peer, PolicyPort, PolicyRule};

use crate::kinds::selector::selector_text;
use crate::kinds::{
    Cell, Column, Digest, Facts, Interner, KindId, KindSpec, Meta, NETWORK_POLICY, Object, POD, Relation, decoder,
};
use crate::wire::int_or_string::IntOrString;
use crate::wire::meta::{LabelSelector, ObjectMeta};
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: NETWORK_POLICY,
    group: "networking.k8s.io",
    versions: &["v1"],
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    short_names: &["netpol", "np"],
    namespaced: true,
    columns: &[Column::NAME, Column::text("POD-SELECTOR", 0).narrow(), Column::AGE],
    decoder: decoder::<NetworkPolicy>(),
};
use std::sync::Arc;

/// The slim NetworkPolicy (k8s.io/api networking/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicy {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Spec.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<NetworkPolicySpec>,
}

/// `NetworkPolicySpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicySpec {
    /// The pods that it rules; an empty one is all of the namespace.
    #[prost(message, optional, tag = "1")]
    pub pod_selector: Option<LabelSelector>,
    /// Who may talk to them.
    #[prost(message, repeated, tag = "2")]
    pub ingress: Vec<IngressRule>,
    /// Whom they may talk to.
    #[prost(message, repeated, tag = "3")]
    pub egress: Vec<EgressRule>,
    /// `Ingress`, `Egress`.
    #[prost(string, repeated, tag = "4")]
    pub policy_types: Vec<String>,
}

/// `NetworkPolicyIngressRule`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct IngressRule {
    /// Ports of the selected pods; none for all.
    #[prost(message, repeated, tag = "1")]
    pub ports: Vec<WirePort>,
    /// Who; none for everyone.
    #[prost(message, repeated, tag = "2")]
    pub from: Vec<WirePeer>,
}

/// `NetworkPolicyEgressRule`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct EgressRule {
    /// Ports of the others; none for all.
    #[prost(message, repeated, tag = "1")]
    pub ports: Vec<WirePort>,
    /// Whom; none for everyone.
    #[prost(message, repeated, tag = "2")]
    pub to: Vec<WirePeer>,
}

/// `NetworkPolicyPeer`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WirePeer {
    /// Pods of the policy's own namespace, or of the namespaces beside it.
    #[prost(message, optional, tag = "1")]
    pub pod_selector: Option<LabelSelector>,
    /// Namespaces.
    #[prost(message, optional, tag = "2")]
    pub namespace_selector: Option<LabelSelector>,
    /// Addresses.
    #[prost(message, optional, tag = "3")]
    pub ip_block: Option<IpBlock>,
}

/// `IPBlock`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct IpBlock {
    /// The range.
    #[prost(string, tag = "1")]
    pub cidr: String,
    /// Ranges inside it that are left out.
    #[prost(string, repeated, tag = "2")]
    pub except: Vec<String>,
}

/// `NetworkPolicyPort`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WirePort {
    /// `TCP`, `UDP` or `SCTP`.
    #[prost(string, optional, tag = "1")]
    pub protocol: Option<String>,
    /// The pod's port, by number or name; absent for all.
    #[prost(message, optional, tag = "2")]
    pub port: Option<IntOrString>,
    /// The last port of a range.
    #[prost(int32, optional, tag = "3")]
    pub end_port: Option<i32>,
}

impl Object for NetworkPolicy {
    const KIND: KindId = NETWORK_POLICY;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let empty = NetworkPolicySpec::default();
        let spec = self.spec.as_ref().unwrap_or(&empty);
        let text = spec.pod_selector.as_ref().map_or_else(|| "<none>".to_owned(), selector_text);
        let facts = NetworkPolicyFacts::of(spec, interner);
        let link = facts.selector.clone().link(Relation::Selects, POD, self.namespace(interner));
        let cells = Box::new([Cell::Text(interner.intern(&text))]);
        let facts = Facts::NetworkPolicy(Box::new(facts));
        Digest { cells, links: Arc::new([link]), facts, ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read};
    use crate::kinds::network_policy::{NetworkPolicyFacts, Peer};
    use crate::kinds::{Facts, NETWORK_POLICY, Record};
    use serde_json::{Value, json};

    fn policy(spec: &Value) -> Record {
        read(NETWORK_POLICY, &json!({"metadata": {"name": "p", "namespace": "dev"}, "spec": spec}))
    }

    fn facts(record: &Record) -> &NetworkPolicyFacts {
        let Facts::NetworkPolicy(facts) = &record.digest.facts else { panic!("no facts") };
        facts
    }

    #[test]
    fn peers_keep_what_is_and_ed_apart_from_what_is_or_ed() {
        let from = json!([{"podSelector": {"matchLabels": {"app": "web"}}, "namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]);
        let spec = json!({"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"], "ingress": [{"from": from, "ports": [{"port": 5432}, {"port": "metrics", "endPort": 9}]}]});
        let record = policy(&spec);
        assert_eq!((cells(&record), links(&record)), (vec!["app=db".to_owned()], vec!["Selects Pod dev/app=db".to_owned()]));
        let rule = &facts(&record).ingress[0];
        assert!(matches!(&rule.peers[0], Peer::Pods { namespaces: Some(n), pods: Some(p) } if n.is_empty() && !p.is_empty()));
        assert!(matches!(&rule.peers[1], Peer::Block { cidr, except } if **cidr == *"10.0.0.0/8" && except.len() == 1));
        assert_eq!((rule.ports.len(), facts(&record).isolates_ingress, facts(&record).isolates_egress), (2, true, false));
    }

    #[test]
    fn without_policy_types_ingress_is_isolated_and_egress_only_where_it_has_rules() {
        let bare = policy(&json!({"podSelector": {}}));
        assert_eq!(cells(&bare), ["<none>"]);
        assert_eq!((facts(&bare).isolates_ingress, facts(&bare).isolates_egress), (true, false));
        let egress = policy(&json!({"podSelector": {}, "egress": [{}]}));
        assert!(facts(&egress).isolates_egress && facts(&egress).egress[0].peers.is_empty());
    }
}
