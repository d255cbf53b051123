//! The pods behind a Service, as far as slices, pods or files tell of them.

use crate::kinds::endpoint_slice::SERVICE_LABEL;
use crate::kinds::{ENDPOINT_SLICE, POD, REPLICA_SET, Record};
use crate::view::trace::body::{WORKLOADS, desired, template};
use crate::view::trace::facts;
use crate::view::trace::world::{Known, World};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who is behind a Service.
#[derive(Clone, Debug, Default)]
pub struct Crew {
    /// How many are ready.
    pub ready: usize,
    /// How many there are.
    pub all: usize,
    /// Where those that are ready run.
    pub nodes: BTreeSet<Arc<str>>,
    /// The record that says so.
    pub source: Option<Arc<Record>>,
}

/// Who is behind a Service; none where nothing tells.
pub fn of(world: &World, service: &Arc<Record>) -> Option<Crew> {
    let namespace = service.key.namespace.as_deref().unwrap_or("");
    let label = (Arc::from(SERVICE_LABEL), service.key.name.clone());
    let slices = world.labelled(ENDPOINT_SLICE, namespace, &[label]);
    let own = pods(world, service);
    if slices.is_empty() && own.is_empty() {
        let is_whole = |kind| world.known(kind, Some(namespace)) == Known::Whole;
        let is_known = !world.is_files() && is_whole(ENDPOINT_SLICE) && is_whole(POD);
        let has_selector = facts::service(service).is_some_and(|facts| !facts.selector.is_empty());
        return (is_known && has_selector).then(Crew::default);
    }
    let mut told = Crew::default();
    if slices.is_empty() {
        for pod in own {
            told.add(facts::pod(pod).is_some_and(|facts| facts.ready), facts::pod(pod)?.node.as_ref(), pod);
        }
    }
    for slice in slices {
        told.source.get_or_insert_with(|| slice.clone());
        for endpoint in facts::endpoint_slice(slice).into_iter().flat_map(|facts| facts.endpoints.iter()) {
            told.add(endpoint.ready, endpoint.node.as_ref(), slice);
        }
    }
    Some(told)
}

impl Crew {
    fn add(&mut self, ready: bool, node: Option<&Arc<str>>, source: &Arc<Record>) {
        self.all += 1;
        self.source.get_or_insert_with(|| source.clone());
        if ready {
            self.ready += 1;
            self.nodes.extend(node.cloned());
        }
    }
}

/// How many are ready behind a Service; none where nothing tells.
pub fn ready(world: &World, service: &Arc<Record>) -> Option<usize> {
    of(world, service).map(|crew| crew.ready)
}

/// Whether files that hold pods or workloads of a Service's namespace hold none that makes a pod for it, and no endpoints of
/// it.
pub fn is_nobodys(world: &World, service: &Arc<Record>) -> bool {
    let namespace = service.key.namespace.as_deref().unwrap_or("");
    let selector = facts::service(service).map_or(&[][..], |facts| &facts.selector);
    let workloads: Vec<_> = WORKLOADS.into_iter().flat_map(|kind| world.in_namespace(kind, namespace)).collect();
    let is_told = !workloads.is_empty() || !world.in_namespace(POD, namespace).is_empty();
    let makes = |workload: &&Arc<Record>| {
        desired(workload) != Some(0) && template(workload).is_some_and(|t| is_within(selector, &t.labels))
    };
    world.is_files() && is_told && !selector.is_empty() && !workloads.iter().any(makes)
}

/// The workload that would make the pods of a Service, were it not scaled to zero; none where another wants pods.
pub fn idle<'a>(world: &World<'a>, service: &Record) -> Option<&'a Arc<Record>> {
    let facts = facts::service(service).filter(|facts| !facts.selector.is_empty())?;
    let namespace = service.key.namespace.as_deref().unwrap_or("");
    let all = WORKLOADS.into_iter().filter(|kind| *kind != REPLICA_SET);
    let all = all.flat_map(|kind| world.in_namespace(kind, namespace));
    let mut own = all.filter(|one| template(one).is_some_and(|t| is_within(&facts.selector, &t.labels))).peekable();
    let first = own.peek().copied();
    first.filter(|_| own.all(|workload| desired(workload) == Some(0)))
}

/// The pods that a Service selects and that have not ended.
pub fn pods<'a>(world: &World<'a>, service: &Record) -> Vec<&'a Arc<Record>> {
    let Some(facts) = facts::service(service).filter(|facts| !facts.selector.is_empty()) else { return Vec::new() };
    let namespace = service.key.namespace.as_deref().unwrap_or("");
    let found = world.labelled(POD, namespace, &facts.selector);
    found.into_iter().filter(|pod| facts::pod(pod).is_some_and(|facts| !facts.ended())).collect()
}

/// Whether labels hold every part of a selector; both are sorted by key.
pub fn is_within(selector: &[(Arc<str>, Arc<str>)], labels: &[(Arc<str>, Arc<str>)]) -> bool {
    selector.iter().all(|pair| labels.contains(pair))
}
