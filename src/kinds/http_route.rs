//! HTTPRoute: which host, path and header lead through a Gateway to which Service.

pub mod facts;
pub mod wire;

pub use self::facts::{HttpRouteFacts, ParentStatus, RouteRule};

use self::wire::HttpRoute;
use crate::kinds::condition::{self, Condition, Status};
use crate::kinds::gateway_api::ObjectName;
use crate::kinds::record::is_not_last_applied;
use crate::kinds::{
    Cell, Column, Digest, Facts, HTTP_ROUTE, Health, Interner, KindId, KindSpec, Link, Meta, Object, Relation,
    json_decoder,
};
use crate::wire::meta::ObjectMeta;
use std::sync::Arc;

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
        let (health, reason) = judge(&facts, meta);
        let hostnames = self.spec.hostnames.as_ref().and_then(|h| serde_json::to_string(h).ok());
        let cells = Box::new([hostnames.map_or(Cell::Empty, |h| Cell::Text(interner.intern(&h)))]);
        let links = links(&facts);
        Digest { health: Some(health), reason, cells, links, facts: Facts::HttpRoute(Box::new(facts)) }
    }
}

fn judge(facts: &HttpRouteFacts, meta: &Meta) -> (Health, Option<Arc<str>>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some(Arc::from("being deleted")));
    }
    if facts.parents.is_empty() {
        return (Health::Warn, Some(Arc::from("it names no Gateway, so nothing leads to it")));
    }
    if facts.status.is_empty() {
        return (Health::Progressing, Some(Arc::from("no controller has looked at it yet")));
    }
    if let Some((parent, refused)) = first(facts, |c| condition::denied(c, "Accepted")) {
        let all = facts.status.iter().all(|s| condition::denied(&s.conditions, "Accepted").is_some());
        let reason = format!("{} {} does not accept it: {}", parent.kind, parent.name, refused.reasoned());
        return (if all { Health::Failed } else { Health::Warn }, Some(reason.into()));
    }
    if let Some((_, unresolved)) = first(facts, |c| condition::denied(c, "ResolvedRefs")) {
        return (Health::Failed, Some(unresolved.reasoned()));
    }
    let partial = |c: &'_ [Condition]| condition::holds(c, "PartiallyInvalid");
    if let Some(status) = facts.status.iter().find(|s| partial(&s.conditions)) {
        let words = condition::find(&status.conditions, "PartiallyInvalid").map(Condition::reasoned);
        return (Health::Warn, words);
    }
    if first(facts, |c| condition::find(c, "Accepted").filter(|c| c.is_stale(meta.generation))).is_some() {
        return (Health::Progressing, Some(Arc::from("changed; its controller has not answered yet")));
    }
    let accepted = facts.status.iter().any(|s| condition::holds(&s.conditions, "Accepted"));
    let waiting = facts.status.iter().flat_map(|s| &s.conditions).find(|c| c.status == Status::Unknown);
    match (accepted, waiting) {
        (true, _) => (Health::Ready, None),
        (false, Some(waiting)) => (Health::Progressing, Some(waiting.reasoned())),
        (false, None) => (Health::Progressing, Some(Arc::from("no Gateway has accepted it yet"))),
    }
}

/// The first parent whose conditions hold what is looked for.
fn first(facts: &HttpRouteFacts, pick: impl Fn(&[Condition]) -> Option<&Condition>) -> Option<(&ObjectName, &Condition)> {
    facts.status.iter().find_map(|status| Some((&status.parent.object, pick(&status.conditions)?)))
}

fn links(facts: &HttpRouteFacts) -> Box<[Link]> {
    let mut links: Vec<Link> = Vec::new();
    let mut add = |relation, object: &ObjectName| {
        let Some(target) = object.target() else { return };
        let link = Link { relation, target };
        if !links.contains(&link) {
            links.push(link);
        }
    };
    facts.rules.iter().flat_map(RouteRule::destinations).for_each(|object| add(Relation::RoutesTo, object));
    facts.parents.iter().for_each(|parent| add(Relation::AttachedTo, &parent.object));
    links.into()
}

#[cfg(test)]
mod tests;
