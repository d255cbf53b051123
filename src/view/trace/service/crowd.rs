//! Everybody who could stand behind a Service: pods, the workloads that make them, and the slices that name them.

use crate::kinds::endpoint_slice::SERVICE_LABEL;
use crate::kinds::pod::facts::{Phase, PodFacts, State};
use crate::kinds::{ENDPOINT_SLICE, POD, Record, Selector};
use crate::view::trace::body::{self, Body, WORKLOADS};
use crate::view::trace::facts;
use crate::view::trace::service::chain::Goal;
use crate::view::trace::world::{Known, World};
use std::sync::Arc;

/// Who could stand behind a Service.
pub struct Crowd<'a> {
    /// Pods that its selector finds and that have not ended.
    pub pods: Vec<&'a Arc<Record>>,
    /// Pods that its selector finds and that have ended.
    pub ended: Vec<&'a Arc<Record>>,
    /// Workloads whose pods its selector finds, or would find.
    pub workloads: Vec<&'a Arc<Record>>,
    /// Of those, with files, the ones that stand for their pods, because none of their pods was given.
    pub stand_ins: Vec<&'a Arc<Record>>,
    /// Slices that are labelled for it.
    pub slices: Vec<&'a Arc<Record>>,
    /// Whether all pods of its namespace are known.
    pub pods_known: Known,
    /// Whether all slices of its namespace are known.
    pub slices_known: Known,
    /// With files: whether they hold nothing at all that could be a pod, so that finding none proves nothing.
    pub is_unspoken: bool,
}

/// Looks for all of them.
pub fn gather<'a>(world: &World<'a>, goal: &Goal<'a>) -> Crowd<'a> {
    let namespace = goal.record.key.namespace.as_deref().unwrap_or("");
    let selector = &goal.facts.selector;
    let found = if selector.is_empty() { Vec::new() } else { world.labelled(POD, namespace, selector) };
    let (ended, pods) = found.into_iter().partition(|pod| facts::pod(pod).is_some_and(PodFacts::ended));
    let label: [(Arc<str>, Arc<str>); 1] = [(Arc::from(SERVICE_LABEL), goal.record.key.name.clone())];
    let mut crowd = Crowd {
        pods,
        ended,
        workloads: Vec::new(),
        stand_ins: Vec::new(),
        slices: world.labelled(ENDPOINT_SLICE, namespace, &label),
        pods_known: world.known(POD, Some(namespace)),
        slices_known: world.known(ENDPOINT_SLICE, Some(namespace)),
        is_unspoken: false,
    };
    let mut makers = WORKLOADS.into_iter().chain([POD]);
    let nobody = crowd.slices.is_empty() && !makers.any(|kind| world.is_given(kind));
    crowd.is_unspoken = nobody && !selector.is_empty();
    // A live cluster tells of its pods; workloads only explain why there are none.
    if !selector.is_empty() && (world.is_files() || crowd.is_going()) {
        crowd.workloads = workloads(world, namespace, selector);
    }
    if world.is_files() && crowd.slices.is_empty() {
        let has_pods = |workload: &Arc<Record>| {
            let found = world.in_namespace(POD, namespace);
            found.iter().any(|pod| own_selector(workload).is_some_and(|s| s.matches(&pod.meta.labels)))
        };
        let stands = crowd.workloads.iter().copied().filter(|workload| !has_pods(workload));
        crowd.stand_ins = stands.filter(|workload| body::desired(workload) != Some(0)).collect();
    }
    crowd
}

/// The workloads of a namespace whose pods carry these labels; of a Deployment and its ReplicaSets only the first.
pub fn workloads<'a>(world: &World<'a>, namespace: &str, selector: &[(Arc<str>, Arc<str>)]) -> Vec<&'a Arc<Record>> {
    let wanted = Selector { equals: selector.into(), requirements: Box::default() };
    let all = WORKLOADS.iter().flat_map(|kind| world.in_namespace(*kind, namespace));
    let fits = |record: &&Arc<Record>| body::template(record).is_some_and(|t| wanted.matches(&t.labels));
    all.filter(|record| record.meta.controller().is_none()).filter(fits).collect()
}

/// Which pods a workload calls its own.
fn own_selector(workload: &Record) -> Option<&Selector> {
    facts::deployment(workload)
        .and_then(|f| f.selector.as_ref())
        .or_else(|| facts::stateful_set(workload).and_then(|f| f.selector.as_ref()))
        .or_else(|| facts::daemon_set(workload).and_then(|f| f.selector.as_ref()))
        .or_else(|| facts::replica_set(workload).and_then(|f| f.selector.as_ref()))
}

/// Whether a pod takes traffic. With files, a pod whose status was not given is believed to.
pub fn is_ready(world: &World, pod: &Record) -> bool {
    let Some(facts) = facts::pod(pod) else { return false };
    pod.meta.deleted.is_none() && (facts.ready || is_unsaid(world, facts))
}

/// Whether the files do not say how a pod is.
pub fn is_unsaid(world: &World, pod: &PodFacts) -> bool {
    let silent = pod.containers.iter().all(|container| container.state == State::Unreported);
    world.is_files() && pod.phase == Phase::Unknown && silent && pod.ips.is_empty()
}

impl<'a> Crowd<'a> {
    /// The bodies of the pods and of what stands for pods.
    pub fn bodies(&self) -> Vec<Body<'a>> {
        let all = self.pods.iter().chain(&self.stand_ins);
        all.filter_map(|record| Body::of(record)).collect()
    }

    /// Whether there is anybody at all.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.stand_ins.is_empty()
    }

    /// Whether no pod is there to stay.
    pub fn is_going(&self) -> bool {
        self.pods.iter().all(|pod| pod.meta.deleted.is_some())
    }
}
