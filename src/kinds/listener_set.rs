//! ListenerSet: listeners that a namespace adds to a Gateway of another.

use std::sync::Arc;
use crate::kinds::condition::{Condition, status_cell};
use crate::kinds::gateway::facts::Listener;
use crate::kinds::gateway::wire::{ListenerStatus, WireListener};
use crate::kinds::gateway;
use crate::kinds::gateway_api::{ObjectName, PARENT, WireRef};
use crate::kinds::record::is_not_last_applied;
use crate::kinds::{As, 
    Column, Digest, Facts, Interner, KindId, KindSpec, LISTENER_SET, Link, Meta, Shared, Relation, json_decoder,
};
use crate::wire::meta::{self, ObjectMeta};
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: LISTENER_SET,
    group: "gateway.networking.k8s.io",
    versions: &["v1"],
    kind: "ListenerSet",
    plural: "listenersets",
    short_names: &["lset"],
    namespaced: true,
    columns: COLUMNS,
    decoder: json_decoder::<As<{ LISTENER_SET.0 }, ListenerSet>>(),
};

/// The columns of a ListenerSet, in the group that it stands in and in the one where it was tried out.
pub const COLUMNS: &[Column] = &[
    Column::NAME,
    Column::text("ACCEPTED", 0).narrow(),
    Column::text("PROGRAMMED", 1).narrow(),
    Column::AGE,
];

/// What trace and routes read of a ListenerSet.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerSetFacts {
    /// The Gateway that it joins.
    pub parent: ObjectName,
    /// Its listeners, in order.
    pub listeners: Box<[Listener]>,
    /// All conditions.
    pub conditions: Box<[Condition]>,
}

/// The slim ListenerSet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListenerSet {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    parent_ref: WireRef,
    listeners: Vec<WireListener>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    conditions: Vec<meta::Condition>,
    listeners: Vec<ListenerStatus>,
}

impl Shared for ListenerSet {
    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    /// Certificates are asked for by annotations.
    fn keeps_annotation(key: &str) -> bool {
        is_not_last_applied(key)
    }

    fn digest(&self, _kind: KindId, meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let (spec, status) = (&self.spec, &self.status);
        let facts = ListenerSetFacts {
            parent: spec.parent_ref.named(PARENT, namespace.as_ref(), interner),
            listeners: Listener::all(&spec.listeners, &status.listeners, namespace.as_ref(), interner),
            conditions: Condition::all(&status.conditions, interner),
        };
        let waiting = "no controller has taken it yet";
        let (health, reason) = gateway::judge(&facts.conditions, &facts.listeners, waiting, meta);
        let cells = Box::new([
            status_cell(&status.conditions, "Accepted", interner),
            status_cell(&status.conditions, "Programmed", interner),
        ]);
        let links = facts.links();
        Digest { health: Some(health), reason, cells, links, facts: Facts::ListenerSet(Box::new(facts)) }
    }
}

impl ListenerSetFacts {
    fn links(&self) -> Arc<[Link]> {
        let parent = self.parent.target().map(|target| Link { relation: Relation::AttachedTo, target });
        let mut links: Vec<Link> = parent.into_iter().collect();
        gateway::add_used(&mut links, self.listeners.iter().flat_map(Listener::uses));
        links.into()
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::{Facts, Health, KindId, LISTENER_SET, Record, X_LISTENER_SET};
    use serde_json::{Value, json};

    fn set(kind: KindId, conditions: &Value) -> Record {
        let tls = json!({"certificateRefs": [{"name": "shop-tls"}], "options": {"example.com/a": "b"}});
        let listeners = json!([{"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "shop.example.com", "tls": tls}]);
        let spec = json!({"parentRef": {"name": "edge", "namespace": "net"}, "listeners": listeners});
        let said = json!([{"name": "https", "attachedRoutes": 1, "conditions": [], "supportedKinds": [{"kind": "HTTPRoute"}]}]);
        let status = json!({"conditions": conditions, "listeners": said});
        read(kind, &json!({"metadata": {"name": "s", "namespace": "shop"}, "spec": spec, "status": status}))
    }

    #[test]
    fn both_groups_read_listeners_with_their_status() {
        let conditions = json!([{"type": "Accepted", "status": "True"}, {"type": "Programmed", "status": "True"}]);
        for kind in [LISTENER_SET, X_LISTENER_SET] {
            let record = set(kind, &conditions);
            assert_eq!(cells(&record), ["True", "True"]);
            assert_eq!(links(&record), ["AttachedTo Gateway net/edge", "Uses Secret shop/shop-tls"]);
            assert_eq!(record.digest.health, Some(Health::Ready));
            let Facts::ListenerSet(facts) = &record.digest.facts else { panic!("no facts") };
            let listener = &facts.listeners[0];
            assert_eq!((listener.attached, listener.supported.len(), listener.options.len()), (1, 1, 1));
        }
    }

    #[test]
    fn a_gateway_that_lets_none_join_is_a_failure() {
        let refused = json!([{"type": "Accepted", "status": "False", "reason": "NotAllowed", "message": "none may join"}]);
        let record = set(LISTENER_SET, &refused);
        assert_eq!((record.digest.health, reason(&record)), (Some(Health::Failed), "NotAllowed: none may join"));
        assert_eq!(reason(&set(LISTENER_SET, &json!([]))), "no controller has taken it yet");
    }
}
