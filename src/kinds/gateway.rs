//! Gateway: the listeners at which requests arrive, with their certificates and addresses.

pub mod facts;
pub mod wire;

pub use self::facts::{GatewayFacts, Listener, ObjectName};

use self::wire::Gateway;
use crate::kinds::condition::{self, Condition, Status, status_cell};
use crate::kinds::record::is_not_last_applied;
use crate::kinds::{
    Cell, Column, Digest, Facts, GATEWAY, GATEWAY_CLASS, Health, Interner, KindId, KindSpec, Link, Meta, Object,
    Relation, Target, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: GATEWAY,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1beta1"],
    kind: "Gateway",
    plural: "gateways",
    short_names: &["gtw"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("CLASS", 0),
        Column::text("ADDRESS", 1).narrow(),
        Column::text("PROGRAMMED", 2).narrow(),
        Column::AGE,
    ],
    decoder: json_decoder::<Gateway>(),
};

impl Object for Gateway {
    const KIND: KindId = GATEWAY;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    /// DNS and certificates are asked for by annotations.
    fn keeps_annotation(key: &str) -> bool {
        is_not_last_applied(key)
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let facts = GatewayFacts::of(self, namespace.as_ref(), interner);
        let waiting = format!("no controller of class {} has taken it yet", facts.class);
        let (health, reason) = judge(&facts.conditions, &facts.listeners, &waiting, meta);
        let address = self.status.addresses.first().map_or("", |a| &a.value);
        let cells = Box::new([
            interner.non_empty(&facts.class).map_or(Cell::Empty, Cell::Text),
            interner.non_empty(address).map_or(Cell::Empty, Cell::Text),
            status_cell(&self.status.conditions, "Programmed", interner),
        ]);
        let links = links(&facts);
        Digest { health: Some(health), reason, cells, links, facts: Facts::Gateway(Box::new(facts)) }
    }
}

/// How a Gateway or a ListenerSet is; `waiting` says that no controller has taken it.
pub fn judge(
    conditions: &[Condition],
    listeners: &[Listener],
    waiting: &str,
    meta: &Meta,
) -> (Health, Option<Arc<str>>) {
    let told = |health, condition: &Condition| (health, Some(condition.reasoned()));
    if meta.deleted.is_some() {
        return (Health::Progressing, Some(Arc::from("being deleted")));
    }
    let waiting = || Some(Arc::from(waiting));
    for kind in ["Accepted", "Programmed"] {
        match condition::find(conditions, kind) {
            None => return (Health::Progressing, waiting()),
            Some(c) if c.status == Status::False && *c.reason == *"Pending" => return told(Health::Progressing, c),
            Some(c) if c.status == Status::False => return told(Health::Failed, c),
            Some(c) if c.status == Status::Unknown => return (Health::Progressing, waiting()),
            Some(c) if c.is_stale(meta.generation) => {
                return (Health::Progressing, Some(Arc::from("changed; its controller has not answered yet")));
            }
            Some(_) => {}
        }
    }
    for listener in listeners {
        if let Some(trouble) = listener.trouble() {
            return (Health::Warn, Some(format!("listener {}: {}", listener.name, trouble.reasoned()).into()));
        }
    }
    (Health::Ready, None)
}

fn links(facts: &GatewayFacts) -> Arc<[Link]> {
    let class = (!facts.class.is_empty()).then(|| Link {
        relation: Relation::AttachedTo,
        target: Target::Named { kind: GATEWAY_CLASS, namespace: None, name: Arc::clone(&facts.class) },
    });
    let mut links: Vec<Link> = class.into_iter().collect();
    let frontend = facts.frontend.iter().flat_map(|(_, client)| &client.authorities);
    let used = facts.listeners.iter().flat_map(Listener::uses).chain(&facts.client_certificate).chain(frontend);
    add_used(&mut links, used);
    links.into()
}

/// Adds the Secrets and ConfigMaps that certificates and authorities are read from, each once.
pub fn add_used<'a>(links: &mut Vec<Link>, used: impl Iterator<Item = &'a ObjectName>) {
    for target in used.filter_map(ObjectName::target) {
        let link = Link { relation: Relation::Uses, target };
        if !links.contains(&link) {
            links.push(link);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::gateway::facts::FromNamespaces;
    use crate::kinds::{Facts, GATEWAY, Health, Record};
    use serde_json::{Value, json};

    fn gateway(status: &Value) -> Record {
        let certificates = json!([{"name": "shop-tls"}, {"name": "shop-tls"}, {"name": "other", "namespace": "certs"}]);
        let listeners = json!([{"name": "https", "hostname": "*.example.com", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": certificates}}, {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}]);
        let spec = json!({"gatewayClassName": "edge", "listeners": listeners});
        read(GATEWAY, &json!({"metadata": {"name": "g", "namespace": "dev", "generation": 2}, "spec": spec, "status": status}))
    }

    fn conditions(accepted: &str, programmed: &str, reason: &str) -> Value {
        json!([{"type": "Accepted", "status": accepted, "reason": reason, "observedGeneration": 2}, {"type": "Programmed", "status": programmed, "reason": reason, "message": "words"}])
    }

    #[test]
    fn a_programmed_gateway_prints_its_first_address() {
        let addresses = json!([{"type": "IPAddress", "value": "203.0.113.9"}, {"value": "203.0.113.10"}]);
        let record = gateway(&json!({"addresses": addresses, "conditions": conditions("True", "True", "Programmed")}));
        assert_eq!(cells(&record), ["edge", "203.0.113.9", "True"]);
        assert_eq!(links(&record), ["AttachedTo GatewayClass edge", "Uses Secret dev/shop-tls", "Uses Secret certs/other"]);
        assert_eq!(record.digest.health, Some(Health::Ready));
        let Facts::Gateway(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.listeners.len(), facts.addresses.len()), (2, 2));
    }

    #[test]
    fn a_gateway_that_is_not_programmed_says_why() {
        let failed = gateway(&json!({"conditions": conditions("True", "False", "AddressNotAssigned")}));
        assert_eq!((failed.digest.health, reason(&failed)), (Some(Health::Failed), "AddressNotAssigned: words"));
        let waiting = gateway(&json!({"conditions": conditions("Unknown", "Unknown", "Pending")}));
        assert_eq!(reason(&waiting), "no controller of class edge has taken it yet");
        assert_eq!(gateway(&json!({})).digest.health, Some(Health::Progressing));
    }

    #[test]
    fn a_listener_in_trouble_is_a_warning() {
        let broken = json!([{"type": "ResolvedRefs", "status": "False", "reason": "InvalidCertificateRef", "message": "no such Secret"}]);
        let listeners = json!([{"name": "https", "attachedRoutes": 1, "conditions": broken}]);
        let record = gateway(&json!({"conditions": conditions("True", "True", ""), "listeners": listeners}));
        assert_eq!((record.digest.health, reason(&record)), (Some(Health::Warn), "listener https: InvalidCertificateRef: no such Secret"));
    }

    #[test]
    fn what_it_asks_for_and_how_clients_introduce_themselves_is_kept() {
        let validation = |name: &str, mode: &str| json!({"validation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": name}], "mode": mode}});
        let per_port = json!([{"port": 8443, "tls": validation("strict-ca", "AllowValidOnly")}]);
        let frontend = json!({"default": validation("ca", "AllowInsecureFallback"), "perPort": per_port});
        let tls = json!({"backend": {"clientCertificateRef": {"name": "client-tls"}}, "frontend": frontend});
        let parameters = json!({"group": "example.com", "kind": "Settings", "name": "edge"});
        let infrastructure = json!({"annotations": {"example.com/internal": "true"}, "parametersRef": parameters});
        let spec = json!({"gatewayClassName": "edge", "addresses": [{"value": "203.0.113.9"}], "tls": tls,
            "infrastructure": infrastructure, "allowedListeners": {"namespaces": {}}});
        let status = json!({"attachedListenerSets": 2});
        let record = read(GATEWAY, &json!({"metadata": {"name": "g", "namespace": "dev"}, "spec": spec, "status": status}));
        let used = ["Uses Secret dev/client-tls", "Uses ConfigMap dev/ca", "Uses ConfigMap dev/strict-ca"];
        assert_eq!(links(&record)[1..], used);
        let Facts::Gateway(facts) = &record.digest.facts else { panic!("no facts") };
        let clients: Vec<_> = facts.frontend.iter().map(|(port, client)| (*port, client.is_lenient)).collect();
        assert_eq!(clients, [(None, true), (Some(8443), false)]);
        assert_eq!((facts.allowed_listeners.as_ref(), facts.listener_sets), (Some(&FromNamespaces::Nowhere), Some(2)));
        assert_eq!((facts.wanted_addresses.len(), facts.infrastructure.annotations.len()), (1, 1));
    }
}
