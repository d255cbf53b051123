//! What an object hangs together with, both ways: owners, what it owns, what it points at, what points at it, its events.

use super::{Clock, Subject, capped, first_line, ways};
use crate::kinds::event::EventFacts;
use crate::kinds::{EVENT, Facts, Health, Link, ObjectRef, POD, Record, Relation, SERVICE, Target};
use crate::view::expiry;
use crate::view::line::{Line, Role, Span};
use crate::view::name;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Events at most.
const MOST_EVENTS: usize = 20;
/// Warnings that stand above everything else at most: they shall not push the conditions off a small screen.
const MOST_WARNINGS: usize = 3;

/// One section for each relation.
pub fn sections(subject: &Subject, record: &Record) -> Vec<(&'static str, Vec<Line>)> {
    let mut sections = vec![("owned by", owners(subject, record)), ("owns", children(subject, record))];
    if !is_before_fields(record) {
        sections.push(("reached by", entrances(subject, record)));
        sections.push(("entrances", ways::doors(subject, record)));
    }
    let mut by_title: BTreeMap<(Relation, bool), Vec<Line>> = BTreeMap::new();
    for link in record.digest.links.iter().filter(|link| link.relation != Relation::Regards) {
        by_title.entry((link.relation, true)).or_default().extend(targets(subject, link));
    }
    let mut sources = subject.cluster.sources(record);
    sources.sort_by(|a, b| a.digest.health.cmp(&b.digest.health).then_with(|| a.key.cmp(&b.key)));
    for source in sources.into_iter().filter(|source| source.key.kind != EVENT) {
        for link in source.digest.links.iter().filter(|link| points_at(link, record)) {
            let lines = by_title.entry((link.relation, false)).or_default();
            let line = known(subject, source);
            if lines.last() != Some(&line) {
                lines.push(line);
            }
        }
    }
    sections.extend(by_title.into_iter().map(|((relation, forward), lines)| (title(relation, forward), capped(lines))));
    sections
}

/// What happened, the latest first: of what is ill the newest warnings apart, and everything else. Of several objects the
/// first is meant, and what happened to another one says to which.
pub fn events(subject: &Subject, records: &[&Record], is_ill: bool, clock: &mut Clock) -> (Vec<Line>, Vec<Line>) {
    let mut told: Vec<(&EventFacts, Option<&Record>)> = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let events = subject.cluster.sources(record).into_iter().filter(|source| source.key.kind == EVENT);
        let facts = events.filter_map(|event| match &event.digest.facts {
            Facts::Event(facts) => Some(&**facts),
            _ => None,
        });
        let own = facts.filter(|facts| facts.regarding.uid.is_empty() || facts.regarding.uid == record.meta.uid);
        told.extend(own.map(|facts| (facts, (0 < at).then_some(*record))));
    }
    told.sort_by_key(|(facts, _)| Reverse(facts.last));
    let mut warnings = Vec::new();
    let mut others = Vec::new();
    for (facts, other) in told.into_iter().take(MOST_EVENTS) {
        let is_first = is_ill && facts.warning && warnings.len() < MOST_WARNINGS;
        let lines = if is_first { &mut warnings } else { &mut others };
        let name = other.map(|record| crate::view::short_name(subject.catalog, &record.key));
        lines.push(event(facts, name, clock).to(other.map(|record| record.key.clone())));
    }
    (warnings, others)
}

fn event(facts: &EventFacts, name: Option<String>, clock: &mut Clock) -> Line {
    let mut spans = Vec::new();
    if let Some(last) = facts.last {
        spans.push(Span::dim(format!("{:>5}  ", clock.ago(last))));
    }
    spans.push(Span::text(facts.reason.to_string()));
    spans.extend(name.map(|name| Span::text(format!("  {name}"))));
    spans.push(Span::dim(format!("  {}", first_line(&facts.message))));
    if 1 < facts.count {
        spans.push(Span::dim(format!("  ×{}", facts.count)));
    }
    Line::of(spans).state(facts.warning.then_some(Health::Warn))
}

fn owners(subject: &Subject, record: &Record) -> Vec<Line> {
    let owners = record.meta.owners.iter().map(|owner| match subject.cluster.by_uid(&owner.uid) {
        Some(owner) => known(subject, owner),
        None => Line::text(format!("{}/{}", owner.kind.to_lowercase(), owner.name)),
    });
    owners.collect()
}

/// The worst first; of ReplicaSets without pods only as many as fit.
fn children(subject: &Subject, record: &Record) -> Vec<Line> {
    let mut children: Vec<&Arc<Record>> = subject.cluster.children(&record.meta.uid).collect();
    children.sort_by(|a, b| {
        let created = |record: &Record| Reverse(record.meta.created);
        (a.digest.health, created(a), &a.key).cmp(&(b.digest.health, created(b), &b.key))
    });
    capped(children.into_iter().map(|child| known(subject, child)).collect())
}

/// Whether who reaches it is what one asks of the object first.
pub fn is_before_fields(record: &Record) -> bool {
    record.key.kind == SERVICE
}

/// The routes that lead to a Service, to a pod, or to a workload's pods through their Services.
pub fn entrances(subject: &Subject, record: &Record) -> Vec<Line> {
    let services = services(subject, record);
    let mut lines = Vec::new();
    if let Some(index) = subject.routes {
        let records: Vec<&Record> = services.iter().map(AsRef::as_ref).collect();
        lines.extend(ways::through(subject, index, &records));
        if record.key.kind != SERVICE && record.key.kind != POD {
            lines.extend(services.into_iter().map(|service| known(subject, service)));
        }
        return lines;
    }
    for service in services {
        for route in subject.cluster.sources(service) {
            let routes = route.digest.links.iter().any(|l| l.relation == Relation::RoutesTo && points_at(l, service));
            if routes && route.key.kind != crate::kinds::ENDPOINT_SLICE {
                let mut line = known(subject, route);
                line.spans.push(Span::dim(format!("  through service/{}", service.key.name)));
                lines.push(line);
            }
        }
        if record.key.kind != POD {
            lines.push(known(subject, service));
        }
    }
    capped(lines)
}

/// The Service itself, or those that select the pod, or the first pod of a workload.
fn services<'a>(subject: &Subject<'a>, record: &Record) -> Vec<&'a Arc<Record>> {
    if record.key.kind == SERVICE {
        return subject.cluster.get(&record.key).filter(|_| subject.routes.is_some()).into_iter().collect();
    }
    let Some(pod) = first_pod(subject, record) else { return Vec::new() };
    subject.cluster.sources(pod).into_iter().filter(|source| source.key.kind == SERVICE).collect()
}

/// The pod itself, or the first of those below a workload.
fn first_pod<'a>(subject: &Subject<'a>, record: &Record) -> Option<&'a Record> {
    if record.key.kind == POD {
        return subject.cluster.get(&record.key).map(AsRef::as_ref);
    }
    let mut children: Vec<&'a Arc<Record>> = subject.cluster.children(&record.meta.uid).collect();
    children.sort_by_key(|child| Reverse(child.meta.created));
    let below = children.iter().flat_map(|child| subject.cluster.children(&child.meta.uid));
    children.iter().copied().chain(below).map(AsRef::as_ref).find(|child| child.key.kind == POD)
}

fn targets(subject: &Subject, link: &Link) -> Vec<Line> {
    let found = subject.cluster.targets(&link.target);
    if let (true, Target::Named { kind, namespace, name }) = (found.is_empty(), &link.target) {
        let key = ObjectRef { kind: *kind, namespace: namespace.clone(), name: Arc::clone(name) };
        let text = super::name(subject.catalog, &key);
        return vec![Line::of(vec![Span::new(text, Role::Link)]).to(Some(key))];
    }
    found.into_iter().map(|record| known(subject, record)).collect()
}

/// An object with its state and reason; Enter opens it.
fn known(subject: &Subject, record: &Record) -> Line {
    let mut spans = vec![Span::new(name(subject.catalog, &record.key), Role::Link)];
    if record.key.namespace.is_some() && record.key.namespace != subject.key.namespace {
        spans.push(Span::dim(format!("  in {}", record.key.namespace.as_deref().unwrap_or(""))));
    }
    let (health, reason, _) = expiry::state(record, subject.now);
    if let Some(reason) = reason {
        spans.push(Span::dim(format!("  {}", first_line(&reason))));
    }
    Line::of(spans).to(Some(record.key.clone())).state(health)
}

fn points_at(link: &Link, record: &Record) -> bool {
    match &link.target {
        Target::Named { kind, namespace, name } => {
            (kind, namespace, name) == (&record.key.kind, &record.key.namespace, &record.key.name)
        }
        Target::Selector { kind, namespace, selector } => {
            let here = namespace.is_none() || *namespace == record.key.namespace;
            *kind == record.key.kind && here && selector.matches(&record.meta.labels)
        }
    }
}

fn title(relation: Relation, forward: bool) -> &'static str {
    match (relation, forward) {
        (Relation::RunsOn, true) => "runs on",
        (Relation::RunsOn, false) => "runs",
        (Relation::Selects, true) => "selects",
        (Relation::Selects, false) => "selected by",
        (Relation::Mounts, true) => "mounts",
        (Relation::Mounts, false) => "mounted by",
        (Relation::RoutesTo, true) => "routes to",
        (Relation::RoutesTo, false) => "routed by",
        (Relation::Scales, true) => "scales",
        (Relation::Scales, false) => "scaled by",
        (Relation::Binds, true) => "bound to",
        (Relation::Binds, false) => "bound by",
        (Relation::IssuedBy, true) => "issued by",
        (Relation::IssuedBy, false) => "issues",
        (Relation::Uses, true) => "uses",
        (Relation::Uses, false) => "used by",
        (Relation::AttachedTo, true) => "attached to",
        (Relation::AttachedTo, false) => "holds",
        (Relation::Regards, true) => "regards",
        (Relation::Regards, false) => "regarded by",
    }
}
