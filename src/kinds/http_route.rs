//! HTTPRoute: which host, path and header lead through a Gateway to which Service.

pub mod facts;
pub mod judge;
pub mod wire;

pub use self::facts::{HttpRouteFacts, ParentStatus, RouteRule};

use self::wire::HttpRoute;
use crate::kinds::record::is_not_last_applied;
use crate::kinds::{
    Column, Digest, Facts, HTTP_ROUTE, Interner, KindId, KindSpec, Meta, Object, json_decoder,
};
use crate::wire::meta::ObjectMeta;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: HTTP_ROUTE,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1beta1"],
    kind: "HTTPRoute",
    plural: "httproutes",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::text("HOSTNAMES", 0).narrow(), Column::AGE],
    decoder: json_decoder::<HttpRoute>(),
};

impl Object for HttpRoute {
    const KIND: KindId = HTTP_ROUTE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        is_not_last_applied(key)
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = HttpRouteFacts::of(self, self.namespace(interner).as_ref(), interner);
        let (health, reason) = judge::route(&facts.parents, &facts.status, meta);
        let cells = Box::new([judge::hostnames(self.spec.hostnames.as_ref(), interner)]);
        let links = judge::links(facts.rules.iter().flat_map(RouteRule::destinations), &facts.parents);
        Digest { health: Some(health), reason, cells, links, facts: Facts::HttpRoute(Box::new(facts)) }
    }
}

#[cfg(test)]
mod tests;
