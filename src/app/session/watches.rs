//! Which watches a session needs: opened when first needed, closed when nobody needed them for a while.

use super::Session;
use crate::app::effect::Effect;
use crate::app::event::Readable;
use crate::kinds::{self, Kind, KindId, ObjectRef, Served};
use crate::model::{Scope, Select};
use crate::view::table::Namespaces;
use crate::wire::Timestamp;

/// The request path, the workloads and what holds them up: watched from the start, because Home and every detail speak of them.
pub const ALWAYS: [KindId; 29] = [
    kinds::POD,
    kinds::NAMESPACE,
    kinds::NODE,
    kinds::DEPLOYMENT,
    kinds::REPLICA_SET,
    kinds::STATEFUL_SET,
    kinds::DAEMON_SET,
    kinds::JOB,
    kinds::CRON_JOB,
    kinds::SERVICE,
    kinds::ENDPOINT_SLICE,
    kinds::INGRESS,
    kinds::INGRESS_CLASS,
    kinds::NETWORK_POLICY,
    kinds::HORIZONTAL_POD_AUTOSCALER,
    kinds::PERSISTENT_VOLUME_CLAIM,
    kinds::CERTIFICATE,
    kinds::CERTIFICATE_REQUEST,
    kinds::ORDER,
    kinds::CHALLENGE,
    kinds::ISSUER,
    kinds::CLUSTER_ISSUER,
    kinds::GATEWAY_CLASS,
    kinds::GATEWAY,
    kinds::HTTP_ROUTE,
    kinds::REFERENCE_GRANT,
    kinds::CONTROLLER_REVISION,
    kinds::POD_DISRUPTION_BUDGET,
    kinds::RESOURCE_QUOTA,
];

/// The rest of the request path, and workloads of others, which few clusters have: watched from the start where discovery has found it.
pub const WHERE_SERVED: [KindId; 29] = [
    kinds::GRPC_ROUTE,
    kinds::TLS_ROUTE,
    kinds::TCP_ROUTE,
    kinds::UDP_ROUTE,
    kinds::LISTENER_SET,
    kinds::X_LISTENER_SET,
    kinds::BACKEND_TLS_POLICY,
    kinds::INGRESS_ROUTE,
    kinds::INGRESS_ROUTE_TCP,
    kinds::MIDDLEWARE,
    kinds::TRAEFIK_SERVICE,
    kinds::TLS_OPTION,
    kinds::SERVERS_TRANSPORT,
    kinds::TLS_STORE,
    kinds::MANAGED_CERTIFICATE,
    kinds::FRONTEND_CONFIG,
    kinds::BACKEND_CONFIG,
    kinds::INGRESS_CLASS_PARAMS,
    kinds::DNS_ENDPOINT,
    kinds::VALIDATING_WEBHOOK_CONFIGURATION,
    kinds::ADMIN_NETWORK_POLICY,
    kinds::BASELINE_ADMIN_NETWORK_POLICY,
    kinds::CLUSTER_NETWORK_POLICY,
    kinds::CILIUM_NETWORK_POLICY,
    kinds::CILIUM_CLUSTERWIDE_NETWORK_POLICY,
    kinds::CALICO_NETWORK_POLICY,
    kinds::CALICO_GLOBAL_NETWORK_POLICY,
    kinds::PEER_AUTHENTICATION,
    kinds::ROLLOUT,
];

/// A watch that nobody needed for so long is closed, in seconds.
const IDLE: i64 = 300;
/// The same for events, which are many: of one object, or of all while their table is open.
const IDLE_EVENTS: i64 = 10;

/// What the user looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whether the session is the one on screen.
    pub on_screen: bool,
    /// The kind of the table on screen.
    pub shown: Option<KindId>,
    /// The object of the open detail.
    pub detail: Option<ObjectRef>,
    /// Others whose events are told there.
    pub also: Vec<ObjectRef>,
    /// Whether Secrets are never read.
    pub no_secrets: bool,
}

impl Session {
    /// Opens what is needed and closes what has not been needed for long.
    pub fn watch(&mut self, needs: &Needs, now: Timestamp) -> Vec<Effect> {
        if !self.is_live() {
            return Vec::new();
        }
        let needed = self.needed(needs);
        let mut effects = Vec::new();
        for scope in &needed {
            if self.open.insert(scope.clone(), None).is_none() {
                self.paths.opened();
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

    /// The scopes by which a kind's table is watched.
    pub fn scopes(&self, kind: &Kind) -> Vec<Scope> {
        self.scopes_of(kind, &Select::All)
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

    /// What is on screen comes first, so that it fills before the rest; a context that nobody looks at needs nothing.
    fn needed(&self, needs: &Needs) -> Vec<Scope> {
        let mut needed = Vec::new();
        if !needs.on_screen {
            return needed;
        }
        let mut want = |scopes: Vec<Scope>| {
            for scope in scopes {
                if !needed.contains(&scope) {
                    needed.push(scope);
                }
            }
        };
        let allowed = |kind: &&Kind| kind.served != Served::Absent && !(needs.no_secrets && kind.id == kinds::SECRET);
        let kind = |id| self.catalog.get(id).filter(allowed);
        let shown = needs.shown.filter(|id| self.knows_columns(*id));
        if let Some(kind) = shown.and_then(kind) {
            want(self.scopes_of(kind, &Select::All));
        }
        want(needs.detail.iter().chain(&needs.also).filter_map(|key| self.events_of(key)).collect());
        for kind in ALWAYS.into_iter().filter_map(kind) {
            want(self.scopes_of(kind, &Select::All));
        }
        let is_served = |kind: &&Kind| matches!(kind.served, Served::Yes { .. });
        for kind in WHERE_SERVED.into_iter().filter_map(kind).filter(is_served) {
            want(self.scopes_of(kind, &Select::All));
        }
        if let Some(kind) = kind(kinds::SECRET) {
            want(self.scopes_of(kind, &Select::Type("kubernetes.io/tls")));
        }
        want(self.paths_lack().into_iter().filter(|scope| kind(scope.kind).is_some()).collect());
        needed
    }

    /// The events of one object.
    fn events_of(&self, key: &ObjectRef) -> Option<Scope> {
        let events = self.catalog.get(kinds::EVENT).filter(|kind| kind.served != Served::Absent)?;
        let select = Select::Regarding(std::sync::Arc::clone(&key.name));
        Some(Scope { kind: events.id, namespace: key.namespace.clone(), select })
    }
}

fn patience(scope: &Scope) -> i64 {
    if scope.kind == kinds::EVENT { IDLE_EVENTS } else { IDLE }
}
