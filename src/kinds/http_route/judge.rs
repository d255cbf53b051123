//! How routes of every kind are judged, printed and linked: they all attach to parents in the same way.

use crate::kinds::condition::{self, Condition, Status};
use crate::kinds::gateway_api::ObjectName;
use crate::kinds::http_route::facts::{Parent, ParentStatus};
use crate::kinds::{Cell, Health, Interner, Link, Meta, Relation};
use std::sync::Arc;

/// How a route is, by what its controllers say of it.
pub fn route(parents: &[Parent], status: &[ParentStatus], meta: &Meta) -> (Health, Option<Arc<str>>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some(Arc::from("being deleted")));
    }
    if parents.is_empty() {
        return (Health::Warn, Some(Arc::from("it names no Gateway, so nothing leads to it")));
    }
    told(status, meta)
}

/// How something is that controllers accept or refuse, parent by parent or ancestor by ancestor.
pub fn told(status: &[ParentStatus], meta: &Meta) -> (Health, Option<Arc<str>>) {
    if status.is_empty() {
        return (Health::Progressing, Some(Arc::from("no controller has looked at it yet")));
    }
    if let Some((parent, refused)) = first(status, |c| condition::denied(c, "Accepted")) {
        let all = status.iter().all(|s| condition::denied(&s.conditions, "Accepted").is_some());
        let reason = format!("{} {} does not accept it: {}", parent.kind, parent.name, refused.reasoned());
        return (if all { Health::Failed } else { Health::Warn }, Some(reason.into()));
    }
    if let Some((_, unresolved)) = first(status, |c| condition::denied(c, "ResolvedRefs")) {
        return (Health::Failed, Some(unresolved.reasoned()));
    }
    let partial = |c: &'_ [Condition]| condition::holds(c, "PartiallyInvalid");
    if let Some(status) = status.iter().find(|s| partial(&s.conditions)) {
        let words = condition::find(&status.conditions, "PartiallyInvalid").map(Condition::reasoned);
        return (Health::Warn, words);
    }
    if first(status, |c| condition::find(c, "Accepted").filter(|c| c.is_stale(meta.generation))).is_some() {
        return (Health::Progressing, Some(Arc::from("changed; its controller has not answered yet")));
    }
    let accepted = status.iter().any(|s| condition::holds(&s.conditions, "Accepted"));
    let waiting = status.iter().flat_map(|s| &s.conditions).find(|c| c.status == Status::Unknown);
    match (accepted, waiting) {
        (true, _) => (Health::Ready, None),
        (false, Some(waiting)) => (Health::Progressing, Some(waiting.reasoned())),
        (false, None) => (Health::Progressing, Some(Arc::from("no Gateway has accepted it yet"))),
    }
}

/// The first parent whose conditions hold what is looked for.
fn first(
    status: &[ParentStatus],
    pick: impl Fn(&[Condition]) -> Option<&Condition>,
) -> Option<(&ObjectName, &Condition)> {
    status.iter().find_map(|status| Some((&status.parent.object, pick(&status.conditions)?)))
}

/// The hosts of a route as the server prints a list; nothing where it names none.
pub fn hostnames(hostnames: Option<&Vec<String>>, interner: &mut Interner) -> Cell {
    let text = hostnames.and_then(|list| serde_json::to_string(list).ok());
    text.map_or(Cell::Empty, |text| Cell::Text(interner.intern(&text)))
}

/// The links to what a route leads to, and to what it is attached to, each once.
pub fn links<'a>(destinations: impl Iterator<Item = &'a ObjectName>, parents: &'a [Parent]) -> Arc<[Link]> {
    let to = destinations.map(|object| (Relation::RoutesTo, object));
    let at = parents.iter().map(|parent| (Relation::AttachedTo, &parent.object));
    named(to.chain(at))
}

/// Links to objects, each once; none to kinds that kplumb does not follow.
pub fn named<'a>(objects: impl Iterator<Item = (Relation, &'a ObjectName)>) -> Arc<[Link]> {
    let mut links: Vec<Link> = Vec::new();
    for (relation, object) in objects {
        let Some(target) = object.target() else { continue };
        let link = Link { relation, target };
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links.into()
}
