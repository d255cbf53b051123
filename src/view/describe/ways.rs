//! The paths that lead to an object, each with its verdict; the other ways in; what stands behind a Service.

use super::{Subject, capped};
use crate::kinds::endpoint_slice::{Endpoint, EndpointSliceFacts, SERVICE_LABEL};
use crate::kinds::{ENDPOINT_SLICE, Facts, Health, ObjectRef, POD, Record, SERVICE, Selector, Target};
use crate::view::line::{Line, Role, Span};
use crate::view::reverse;
use crate::view::routes::index::{Entry, Index, Told};
use crate::view::short_name;
use crate::view::trace::fault::Finding;
use crate::view::trace::world::{Answers, Probes, World};
use std::sync::Arc;

/// The routes that the object names itself.
pub fn own(subject: &Subject, record: &Record) -> Vec<Line> {
    let Some(index) = subject.routes else { return Vec::new() };
    let lines = index.owned(&record.key).map(|entry| {
        let first = entry.route.services.first().cloned();
        line(subject, entry, None).to(first)
    });
    capped(lines.collect())
}

/// The worst path that an object names or that leads through a Service, where it is broken or only half works: how it is,
/// and which one says so.
pub fn worst(subject: &Subject, record: &Record) -> Option<(Health, String)> {
    let index = subject.routes?;
    let is_through = |told: &Told| record.key.kind == SERVICE && told.through.contains(&record.key);
    let told = |entry: &'_ Entry| {
        let told = entry.told.as_ref()?;
        (entry.route.owner == record.key || is_through(told)).then(|| told.verdict.health())
    };
    let all = index.entries().filter_map(|entry| Some((told(entry)?, entry)));
    let ill = all.filter(|(health, _)| *health < Health::Progressing);
    let (health, entry) = ill.min_by_key(|(health, _)| *health)?;
    let told = entry.told.as_ref()?;
    let why = told.headline.as_ref().map(Finding::message).or_else(|| told.untold.clone());
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    Some((health, format!("{} is {}{why}", entry.route.pattern(), told.verdict.name())))
}

/// The routes that lead to these Services, the worst first.
pub fn through(subject: &Subject, index: &Index, services: &[&Record]) -> Vec<Line> {
    let mut found: Vec<(&Entry, &Record)> = Vec::new();
    for entry in index.entries() {
        let passes = |key: &ObjectRef| {
            entry.route.services.contains(key) || entry.told.as_ref().is_some_and(|told| told.through.contains(key))
        };
        found.extend(services.iter().find(|service| passes(&service.key)).map(|service| (entry, *service)));
    }
    found.sort_by_key(|(entry, _)| entry.told.as_ref().map_or(Health::Progressing, |told| told.verdict.health()));
    let lines = found
        .into_iter()
        .map(|(entry, service)| line(subject, entry, Some(service)).to(Some(entry.route.owner.clone())));
    capped(lines.collect())
}

/// One route: where it leads and how it is; beside a Service, which object names it.
fn line(subject: &Subject, entry: &Entry, service: Option<&Record>) -> Line {
    let mut spans = vec![Span::new(entry.route.pattern(), Role::Link)];
    let Some(told) = &entry.told else {
        spans.push(Span::dim("  not followed yet"));
        return Line::of(spans).follow(entry.route.request.line(subject.catalog));
    };
    spans.push(Span::text("  "));
    spans.push(Span::new(told.verdict.name(), Role::State(told.verdict.health())));
    match service {
        Some(service) => {
            spans.push(Span::dim(format!("  by {}", short_name(subject.catalog, &entry.route.owner))));
            if !told.through.contains(&service.key) {
                spans.push(Span::dim("  does not get here"));
            }
        }
        None => {
            let names: Vec<String> = told.backends.iter().map(|(_, name)| format!("service/{name}")).collect();
            if !names.is_empty() {
                spans.push(Span::text(format!("  → {}", names.join(", "))));
            }
        }
    }
    if let Some(other) = entry.taken_by() {
        spans.push(Span::text(format!("  taken by {}", short_name(subject.catalog, other))));
    }
    spans.extend(told.why().map(|why| Span::dim(format!("  {why}"))));
    let line = Line::of(spans).state(Some(told.verdict.health()));
    line.follow(entry.route.request.line(subject.catalog))
}

/// Names, addresses and ports by which a Service or a pod is reached without a route.
pub fn doors(subject: &Subject, record: &Record) -> Vec<Line> {
    if subject.routes.is_none() || ![SERVICE, POD].contains(&record.key.kind) {
        return Vec::new();
    }
    let (answers, probes) = (Answers::new(), Probes::default());
    let world = World::new(subject.cluster, subject.catalog, subject.now, (&answers, &probes));
    let lines = reverse::doors(&world, record).into_iter().map(|door| {
        let by = door.via.first().filter(|first| **first != record.key).map(|key| short_name(subject.catalog, key));
        let mut spans = vec![Span::text(door.url), Span::dim(format!("  {}", door.kind.name().replace('_', " ")))];
        spans.extend(by.map(|name| Span::dim(format!("  by {name}"))));
        Line::of(spans).to(door.via.first().cloned())
    });
    capped(lines.collect())
}

/// What takes the traffic of a Service, those that do not first.
pub fn endpoints(subject: &Subject, record: &Record) -> Vec<Line> {
    if record.key.kind != SERVICE {
        return Vec::new();
    }
    let label = (Arc::from(SERVICE_LABEL), Arc::clone(&record.key.name));
    let selector = Selector { equals: Box::new([label]), requirements: Box::default() };
    let (kind, namespace) = (ENDPOINT_SLICE, record.key.namespace.clone());
    let target = Target::Selector { kind, namespace, selector: Box::new(selector) };
    let slices = subject.cluster.targets(&target);
    let mut lines = Vec::new();
    for slice in &slices {
        let Facts::EndpointSlice(facts) = &slice.digest.facts else { continue };
        lines.extend(facts.endpoints.iter().map(|endpoint| endpoint_line(facts, endpoint, slice)));
    }
    lines.sort_by_key(|line| line.health);
    if let (true, Some(slice)) = (lines.is_empty(), slices.first()) {
        let none = Line::of(vec![Span::new("nobody takes its traffic", Role::State(Health::Failed))]);
        lines.push(none.state(Some(Health::Failed)).to(Some(slice.key.clone())));
    }
    capped(lines)
}

fn endpoint_line(slice: &EndpointSliceFacts, endpoint: &Endpoint, record: &Record) -> Line {
    let (health, word) = match (endpoint.ready, endpoint.terminating) {
        (true, _) => (Health::Ready, "ready"),
        (false, true) => (Health::Progressing, "going away"),
        (false, false) => (Health::Failed, "not ready"),
    };
    let address = endpoint.addresses.first().map_or("no address", AsRef::as_ref);
    let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    let ports: Vec<String> =
        slice.ports.iter().filter_map(|port| port.port).map(|port| format!("{address}:{port}")).collect();
    let place = if ports.is_empty() { address } else { ports.join(" ") };
    let mut spans = vec![Span::new(word, Role::State(health)), Span::text(format!("  {place}"))];
    let target = endpoint.target.as_ref();
    spans.extend(target.map(|target| Span::text(format!("  {}/{}", target.kind.to_lowercase(), target.name))));
    spans.extend(endpoint.node.as_ref().map(|node| Span::dim(format!("  on {node}"))));
    let pod = target.filter(|target| *target.kind == *"Pod").map(|target| ObjectRef {
        kind: POD,
        namespace: target.namespace.clone().or_else(|| record.key.namespace.clone()),
        name: Arc::clone(&target.name),
    });
    Line::of(spans).state(Some(health)).to(pod.or_else(|| Some(record.key.clone())))
}
