//! AdminNetworkPolicy: what the owner of a cluster allows and denies between pods, before any NetworkPolicy speaks. The
//! kinds of its family are read here, too.

pub mod facts;

pub use self::facts::{Action, AdminPeer, AdminPolicyFacts, AdminPort, AdminRule, Subject, Tier};

use crate::kinds::{As, 
    ADMIN_NETWORK_POLICY, Cell, Column, Digest, Facts, Interner, KindId, KindSpec, Meta,
    NAMESPACE, Shared, Relation, json_decoder,
};
use crate::wire::meta::{LabelSelector, ObjectMeta};
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: ADMIN_NETWORK_POLICY,
    group: "policy.networking.k8s.io",
    versions: &["v1alpha1"],
    kind: "AdminNetworkPolicy",
    plural: "adminnetworkpolicies",
    short_names: &["anp"],
    namespaced: false,
    columns: &[Column::NAME, Column::text("PRIORITY", 0).narrow(), Column::AGE],
    decoder: json_decoder::<As<{ ADMIN_NETWORK_POLICY.0 }, AdminNetworkPolicy>>(),
};

/// The slim policy of a kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AdminNetworkPolicy {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    tier: Option<String>,
    priority: Option<i32>,
    subject: WireSubject,
    ingress: Vec<WireRule>,
    egress: Vec<WireRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireSubject {
    namespaces: Option<LabelSelector>,
    pods: Option<WirePods>,
}

/// `NamespacedPod`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WirePods {
    namespace_selector: LabelSelector,
    pod_selector: LabelSelector,
}

/// A rule of either direction; `from` and `to` never stand together.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireRule {
    name: String,
    action: String,
    #[serde(alias = "to")]
    from: Vec<WirePeer>,
    ports: Option<Vec<WirePort>>,
    protocols: Option<Vec<WireProtocol>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WirePeer {
    namespaces: Option<LabelSelector>,
    pods: Option<WirePods>,
    nodes: Option<LabelSelector>,
    networks: Option<Vec<String>>,
    domain_names: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WirePort {
    port_number: Option<PortNumber>,
    port_range: Option<PortRange>,
    named_port: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PortNumber {
    protocol: String,
    port: i32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PortRange {
    protocol: String,
    start: i32,
    end: i32,
}

/// What a ClusterNetworkPolicy has in place of ports.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireProtocol {
    tcp: Option<WireDestination>,
    udp: Option<WireDestination>,
    sctp: Option<WireDestination>,
    destination_named_port: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireDestination {
    destination_port: Option<DestinationPort>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DestinationPort {
    number: Option<i32>,
    range: Option<PortRange>,
}

impl Shared for AdminNetworkPolicy {
    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, kind: KindId, _meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = AdminPolicyFacts::of(&self.spec, Tier::of(kind, self.spec.tier.as_deref()), interner);
        // Pods of chosen namespaces cannot be said by a link.
        let link = match &facts.subject {
            Subject::Namespaces(selector) => Some(selector.clone().link(Relation::Selects, NAMESPACE, None)),
            _ => None,
        };
        let priority = self.spec.priority.map_or(Cell::Empty, |priority| Cell::Int(i64::from(priority)));
        let tier = self.spec.tier.as_deref().map_or(Cell::Empty, Cell::text);
        let facts = Facts::AdminPolicy(Box::new(facts));
        Digest { cells: Box::new([priority, tier]), links: link.into_iter().collect(), facts, ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{BASELINE_ADMIN_NETWORK_POLICY, CLUSTER_NETWORK_POLICY, Record};
    use crate::kinds::fixture::{cells, links, read};
    use serde_json::{Value, json};

    fn facts(record: &Record) -> &AdminPolicyFacts {
        let Facts::AdminPolicy(facts) = &record.digest.facts else { panic!("no facts") };
        facts
    }

    fn policy(kind: KindId, spec: &Value) -> Record {
        read(kind, &json!({"metadata": {"name": "default"}, "spec": spec}))
    }

    #[test]
    fn rules_keep_their_order_their_peers_and_their_ports() {
        let pods = json!({"namespaceSelector": {"matchLabels": {"team": "edge"}}, "podSelector": {}});
        let ports = json!([{"portNumber": {"protocol": "UDP", "port": 53}}, {"portRange": {"start": 1, "end": 9}}, {"namedPort": "http"}]);
        let ingress = json!([{"name": "let-in", "action": "Allow", "from": [{"pods": pods}], "ports": ports}, {"action": "Deny", "from": [{"namespaces": {}}]}]);
        let egress = json!([{"action": "Pass", "to": [{"networks": ["10.0.0.0/8"]}, {"nodes": {}}, {"surprise": {}}]}]);
        let spec = json!({"priority": 0, "subject": {"namespaces": {"matchLabels": {"a": "b"}}}, "ingress": ingress, "egress": egress});
        let record = policy(ADMIN_NETWORK_POLICY, &spec);
        assert_eq!((cells(&record).swap_remove(0), links(&record)), ("0".to_owned(), vec!["Selects Namespace a=b".to_owned()]));
        let facts = facts(&record);
        let actions: Vec<Action> = facts.ingress.iter().chain(&facts.egress).map(|rule| rule.action).collect();
        assert_eq!(actions, [Action::Allow, Action::Deny, Action::Pass]);
        assert!(matches!(&facts.ingress[0].peers[0], AdminPeer::Pods { namespaces, pods } if !namespaces.is_empty() && pods.is_empty()));
        assert_eq!(facts.ingress[0].ports.iter().map(|p| p.end.is_some()).collect::<Vec<_>>(), [false, true, false]);
        assert!(matches!(facts.egress[0].peers[..], [AdminPeer::Networks(_), AdminPeer::Nodes(_), AdminPeer::Unknown]));
    }

    #[test]
    fn the_baseline_has_no_priority_and_speaks_last() {
        let record = policy(BASELINE_ADMIN_NETWORK_POLICY, &json!({"subject": {"pods": {}}, "ingress": [{"action": "Deny"}]}));
        assert!(facts(&record).tier == Tier::Baseline && matches!(facts(&record).subject, Subject::Pods { .. }));
        assert!(links(&record).is_empty());
        assert_eq!(facts(&policy(ADMIN_NETWORK_POLICY, &json!({}))).tier, Tier::Admin);
    }

    #[test]
    fn a_policy_of_the_cluster_says_its_tier_and_speaks_of_protocols() {
        let of = |tier: &str| policy(CLUSTER_NETWORK_POLICY, &json!({"tier": tier, "priority": 7, "subject": {"namespaces": {}}}));
        let tiers = ["Admin", "Baseline", "Surprise"].map(|tier| facts(&of(tier)).tier);
        assert_eq!(tiers, [Tier::Admin, Tier::Baseline, Tier::Unknown]);
        assert_eq!(cells(&of("Admin")), ["7", "Admin"]);
        let protocols = json!([{"tcp": {}}, {"tcp": {"destinationPort": {"number": 80}}}, {"udp": {"destinationPort": {"range": {"start": 1, "end": 9}}}}, {"destinationNamedPort": "http"}, {"surprise": {}}, {"tcp": {"destinationPort": {"surprise": 1}}}]);
        let rule = json!([{"action": "Accept", "from": [{"pods": {"podSelector": {}}}], "protocols": protocols}]);
        let record = policy(CLUSTER_NETWORK_POLICY, &json!({"tier": "Admin", "ingress": rule}));
        let rule = &facts(&record).ingress[0];
        assert_eq!((rule.action, rule.ports.len()), (Action::Allow, 6));
        assert!(rule.ports[4].port.is_none() && rule.ports[5].port.is_none(), "what nobody knows yet is no port");
        assert_eq!(rule.ports[0].end, Some(i32::from(u16::MAX)), "a protocol alone means all its ports");
    }
}
