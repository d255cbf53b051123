//! Which watches a session needs: opened when first needed, closed when nobody needed them for a while.

use super::Session;
use crate::app::effect::Effect;
use crate::app::event::Readable;
use crate::kinds::{Kind, KindId, ObjectRef, Served};
use crate::model::{Scope, Select, Sync};
use crate::view::table::Namespaces;
use crate::wire::Timestamp;

/// The request path and the workloads: watched from the start, because Home and every detail speak of them.
const ALWAYS: [&str; 26] = [
    "pods",
    "namespaces",
    "nodes",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "services",
    "endpointslices",
    "ingresses",
    "ingressclasses",
    "networkpolicies",
    "horizontalpodautoscalers",
    "persistentvolumeclaims",
    "certificates",
    "certificaterequests",
    "orders",
    "challenges",
    "issuers",
    "clusterissuers",
    "gatewayclasses",
    "gateways",
    "httproutes",
    "referencegrants",
];

/// A watch that nobody needed for so long is closed, in seconds.
const IDLE: i64 = 300;
/// The same for the events of one object: details come and go.
const IDLE_EVENTS: i64 = 10;

impl Session {
    /// Opens what is needed and closes what has not been needed for long. `shown` is the kind of the table on screen, `detail`
    /// the object of the open detail; both first, so that the screen fills before the rest.
    pub fn watch(&mut self, shown: Option<KindId>, detail: Option<&ObjectRef>, now: Timestamp) -> Vec<Effect> {
        if !self.is_live() {
            return Vec::new();
        }
        let needed = self.needed(shown, detail);
        let mut effects = Vec::new();
        for scope in &needed {
            if self.open.insert(scope.clone(), None).is_none() && self.cluster.sync(scope) == &Sync::Closed {
                effects.push(Effect::Watch(self.epoch, scope.clone()));
            }
        }
        let epoch = self.epoch;
        let cluster = &mut self.cluster;
        let readable = &self.readable;
        self.open.retain(|scope, idle_since| {
            if needed.contains(scope) {
                return true;
            }
            let since = *idle_since.get_or_insert(now);
            let refused = scope.namespace.is_none() && matches!(readable.get(&scope.kind), Some(Readable::In(_)));
            let keep = !refused && now < since.plus_seconds(patience(scope));
            if !keep {
                effects.push(Effect::Unwatch(epoch, scope.clone()));
                cluster.close(scope);
            }
            keep
        });
        effects
    }

    /// When the next idle watch is due to be closed.
    pub fn next_close(&self) -> Option<Timestamp> {
        self.open.iter().filter_map(|(scope, idle)| Some(idle.as_ref()?.plus_seconds(patience(scope)))).min()
    }

    /// Forgets every watch: the connection is gone, or a new one begins.
    pub fn forget_watches(&mut self) {
        self.open.clear();
    }

    /// The scopes by which a kind is watched.
    pub fn scopes(&self, kind: &Kind) -> Vec<Scope> {
        let select = if &*kind.plural == "secrets" { Select::Type("kubernetes.io/tls") } else { Select::All };
        self.scopes_of(kind, &select)
    }

    fn scopes_of(&self, kind: &Kind, select: &Select) -> Vec<Scope> {
        let whole = || vec![Scope { kind: kind.id, namespace: None, select: select.clone() }];
        let Some(Readable::In(names)) = self.readable.get(&kind.id).filter(|_| kind.namespaced) else { return whole() };
        let mut names = names.clone();
        if let Namespaces::Some(chosen) = &self.namespaces {
            names.extend(chosen.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
        }
        let scope = |namespace| Scope { kind: kind.id, namespace: Some(namespace), select: select.clone() };
        names.into_iter().map(scope).collect()
    }

    fn needed(&self, shown: Option<KindId>, detail: Option<&ObjectRef>) -> Vec<Scope> {
        let mut needed = Vec::new();
        let mut want = |scopes: Vec<Scope>| {
            for scope in scopes {
                if !needed.contains(&scope) {
                    needed.push(scope);
                }
            }
        };
        let is_there = |kind: &&Kind| kind.served != Served::Absent;
        if let Some(kind) = shown.and_then(|id| self.catalog.get(id)).filter(is_there) {
            want(self.scopes_of(kind, &Select::All));
        }
        if let Some(scope) = detail.and_then(|key| self.events_of(key)) {
            want(vec![scope]);
        }
        for kind in ALWAYS.iter().filter_map(|name| self.catalog.find(name)).filter(is_there) {
            want(self.scopes_of(kind, &Select::All));
        }
        if let Some(kind) = self.catalog.find("secrets").filter(is_there) {
            want(self.scopes(kind));
        }
        needed
    }

    /// The events of one object.
    fn events_of(&self, key: &ObjectRef) -> Option<Scope> {
        let events = self.catalog.find("events").filter(|kind| kind.served != Served::Absent)?;
        let select = Select::Regarding(std::sync::Arc::clone(&key.name));
        Some(Scope { kind: events.id, namespace: key.namespace.clone(), select })
    }
}

fn patience(scope: &Scope) -> i64 {
    if matches!(scope.select, Select::Regarding(_)) { IDLE_EVENTS } else { IDLE }
}
