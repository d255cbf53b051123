//! GRPCRoute: which host, gRPC service and method lead through a Gateway to which Service.

use crate::kinds::gateway_api::{ObjectName, WireRef};
use crate::kinds::http_route::facts::{self, Filter, Parent, ParentStatus, RouteBackend, ValueMatch};
use crate::kinds::http_route::judge;
use crate::kinds::http_route::wire::{Status, WireBackend, WireFilter, WireValue};
use crate::kinds::record::is_not_last_applied;
use crate::kinds::{
    Column, Digest, Facts, GRPC_ROUTE, Interner, KindId, KindSpec, Meta, Object, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: GRPC_ROUTE,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1alpha2"],
    kind: "GRPCRoute",
    plural: "grpcroutes",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::text("HOSTNAMES", 0).narrow(), Column::AGE],
    decoder: json_decoder::<GrpcRoute>(),
};

/// What trace and routes read of a GRPCRoute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GrpcRouteFacts {
    /// The hosts that it is for; empty for those of its listeners.
    pub hostnames: Box<[Arc<str>]>,
    /// Where it wants to be attached.
    pub parents: Box<[Parent]>,
    /// What it does with calls, in order.
    pub rules: Box<[GrpcRule]>,
    /// What controllers say of it, parent by parent.
    pub status: Box<[ParentStatus]>,
}

/// One rule: calls that any match fits, the filters that change them, the backends that share them.
#[derive(Clone, Debug, PartialEq)]
pub struct GrpcRule {
    /// Its name.
    pub name: Option<Arc<str>>,
    /// What a call must look like; never empty, for no match means every call.
    pub matches: Box<[GrpcMatch]>,
    /// What is done with it.
    pub filters: Box<[Filter]>,
    /// Who gets it.
    pub backends: Box<[RouteBackend]>,
}

/// What a call must look like: all of it. On the wire its path is `/SERVICE/METHOD`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcMatch {
    /// The gRPC service, with its package; none for all.
    pub service: Option<Arc<str>>,
    /// The method; none for all.
    pub method: Option<Arc<str>>,
    /// Whether both are regular expressions.
    pub is_regex: bool,
    /// Headers.
    pub headers: Box<[ValueMatch]>,
}

/// The slim GRPCRoute.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GrpcRoute {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    parent_refs: Vec<WireRef>,
    hostnames: Option<Vec<String>>,
    rules: Vec<WireRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireRule {
    name: Option<String>,
    matches: Vec<WireMatch>,
    filters: Vec<WireFilter>,
    backend_refs: Vec<WireBackend>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireMatch {
    method: WireMethod,
    headers: Vec<WireValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireMethod {
    r#type: Option<String>,
    service: Option<String>,
    method: Option<String>,
}

impl Object for GrpcRoute {
    const KIND: KindId = GRPC_ROUTE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        is_not_last_applied(key)
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = GrpcRouteFacts::of(self, self.namespace(interner).as_ref(), interner);
        let (health, reason) = judge::route(&facts.parents, &facts.status, meta);
        let cells = Box::new([judge::hostnames(self.spec.hostnames.as_ref(), interner)]);
        let links = judge::links(facts.rules.iter().flat_map(GrpcRule::destinations), &facts.parents);
        Digest { health: Some(health), reason, cells, links, facts: Facts::GrpcRoute(Box::new(facts)) }
    }
}

impl GrpcRouteFacts {
    fn of(route: &GrpcRoute, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let spec = &route.spec;
        Self {
            hostnames: interner.list(spec.hostnames.as_deref().unwrap_or(&[])),
            parents: Parent::all(&spec.parent_refs, namespace, interner),
            rules: spec.rules.iter().map(|r| GrpcRule::of(r, namespace, interner)).collect(),
            status: ParentStatus::all(&route.status, namespace, interner),
        }
    }
}

impl GrpcRule {
    fn of(rule: &WireRule, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let mut matches: Vec<GrpcMatch> = rule.matches.iter().map(|m| GrpcMatch::of(m, interner)).collect();
        if matches.is_empty() {
            matches.push(GrpcMatch::default());
        }
        Self {
            name: rule.name.as_deref().and_then(|n| interner.non_empty(n)),
            matches: matches.into(),
            filters: Filter::all(&rule.filters, namespace, interner),
            backends: RouteBackend::all(&rule.backend_refs, namespace, interner),
        }
    }

    /// Everything that its calls, or copies of them, may reach.
    pub fn destinations(&self) -> impl Iterator<Item = &ObjectName> {
        facts::destinations(&self.backends, &self.filters)
    }
}

impl GrpcMatch {
    fn of(wire: &WireMatch, interner: &mut Interner) -> Self {
        let method = &wire.method;
        Self {
            service: method.service.as_deref().and_then(|s| interner.non_empty(s)),
            method: method.method.as_deref().and_then(|m| interner.non_empty(m)),
            is_regex: method.r#type.as_deref() == Some("RegularExpression"),
            headers: wire.headers.iter().map(|h| ValueMatch::of(h, interner)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read};
    use crate::kinds::http_route::facts::Filter;
    use crate::kinds::{Facts, GRPC_ROUTE, Health};
    use serde_json::json;

    #[test]
    fn a_call_is_matched_by_service_and_method_and_filters_of_a_backend_are_kept() {
        let filters = json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x", "value": "1"}]}}]);
        let backends = json!([{"name": "cart", "port": 9000, "weight": 3, "filters": filters}]);
        let matches = json!([{"method": {"service": "shop.Cart", "method": "Add"}, "headers": [{"name": "canary", "value": "1"}]}]);
        let rules = json!([{"name": "cart", "matches": matches, "backendRefs": backends}, {"backendRefs": [{"name": "web"}]}]);
        let spec = json!({"parentRefs": [{"name": "edge"}], "hostnames": ["grpc.example.com"], "rules": rules});
        let metadata = json!({"name": "r", "namespace": "dev"});
        let record = read(GRPC_ROUTE, &json!({"metadata": metadata, "spec": spec}));
        assert_eq!(cells(&record), [r#"["grpc.example.com"]"#]);
        assert_eq!(links(&record), ["RoutesTo Service dev/cart", "RoutesTo Service dev/web", "AttachedTo Gateway dev/edge"]);
        assert_eq!(record.digest.health, Some(Health::Progressing));
        let Facts::GrpcRoute(facts) = &record.digest.facts else { panic!("no facts") };
        let call = &facts.rules[0].matches[0];
        assert_eq!((call.service.as_deref(), call.method.as_deref(), call.headers.len()), (Some("shop.Cart"), Some("Add"), 1));
        assert!(matches!(facts.rules[0].backends[0].filters[..], [Filter::RequestHeaders(_)]));
        assert_eq!(facts.rules[1].matches.len(), 1, "no match means every call");
    }
}
