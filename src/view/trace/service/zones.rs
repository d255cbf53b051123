//! Hints of endpoints: which of them kube-proxy keeps for a caller in a zone, or on a node.
//!
//! Facts: `CategorizeEndpoints` and `topologyModeFromHints` of kube-proxy's topology.go.

use crate::kinds::NODE;
use crate::view::trace::facts;
use crate::view::trace::plan::Caller;
use crate::view::trace::request::Vantage;
use crate::view::trace::service::call::Call;
use crate::view::trace::service::chain::Goal;
use crate::view::trace::service::taker::Taker;
use std::sync::Arc;

/// The label of a node that names its zone.
const ZONE: &str = "topology.kubernetes.io/zone";

/// What hints make of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Some endpoints have none: they count for nothing.
    Partial,
    /// It is not known where the caller is.
    Anywhere,
    /// Those for the caller's node or zone take everything; says which it is.
    Kept(String),
    /// None is for the caller's zone: they count for nothing.
    Ignored(String),
}

/// Leaves the endpoints that are for the caller, where it is known where it is.
pub fn keep(call: &Call, goal: &Goal, list: &mut Vec<Taker>) {
    if !call.by_address || goal.facts.is_headless() {
        return;
    }
    let Some((node, zone)) = place(call) else { return };
    match choice(list, Some((&node, zone.as_deref()))) {
        Choice::Kept(_) if is_for_node(list, &node) => list.retain(|taker| taker.hints.1.contains(&node)),
        Choice::Kept(_) => list.retain(|taker| zone.as_ref().is_some_and(|zone| taker.hints.0.contains(zone))),
        Choice::Partial | Choice::Anywhere | Choice::Ignored(_) => {}
    }
}

/// What the hints of a list come to for a call.
pub fn of(call: &Call, list: &[Taker]) -> Choice {
    let place = place(call);
    choice(list, place.as_ref().map(|(node, zone)| (node, zone.as_deref())))
}

fn choice(list: &[Taker], place: Option<(&Arc<str>, Option<&str>)>) -> Choice {
    let ready = || list.iter().filter(|taker| taker.ready);
    if !ready().all(Taker::is_hinted) {
        return Choice::Partial;
    }
    let Some((node, zone)) = place else { return Choice::Anywhere };
    if is_for_node(list, node) {
        return Choice::Kept(format!("on node {node}"));
    }
    let Some(zone) = zone else { return Choice::Ignored(format!("node {node}, whose zone is not known")) };
    let is_here = |taker: &Taker| taker.hints.0.iter().any(|have| **have == *zone);
    if ready().any(is_here) { Choice::Kept(format!("in zone {zone}")) } else { Choice::Ignored(format!("zone {zone}")) }
}

fn is_for_node(list: &[Taker], node: &Arc<str>) -> bool {
    list.iter().any(|taker| taker.ready && taker.hints.1.contains(node))
}

/// The node of the pod that calls, and its zone.
fn place(call: &Call) -> Option<(Arc<str>, Option<Arc<str>>)> {
    let Caller::Direct(Vantage::Pod { namespace, name }) = call.caller else { return None };
    let pod = call.world.named(crate::kinds::POD, namespace, name)?;
    let node = facts::pod(pod)?.node.clone()?;
    let zone = call.world.of(NODE).find(|record| record.key.name == node)?.meta.label(ZONE).cloned();
    Some((node, zone))
}
