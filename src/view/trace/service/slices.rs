//! What is wrong with EndpointSlices: names, addresses, labels, two sets of them, hints.

use crate::kinds::{ENDPOINT_SLICE, POD, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, sv};
use crate::view::trace::service::addresses::{bad, is_managed, is_orphan};
use crate::view::trace::service::call::Call;
use crate::view::trace::service::chain::Goal;
use crate::view::trace::service::crowd::Crowd;
use crate::view::trace::service::ports;
use crate::view::trace::service::taker::Taker;
use crate::view::trace::service::takers::{Takers, is_named_right};
use crate::view::trace::service::zones::{self, Choice};
use crate::view::trace::world::Known;
use std::sync::Arc;

/// Everything that is wrong with the slices of a Service.
pub fn judge(call: &Call, goal: &Goal, crowd: &Crowd, takers: &Takers) -> Vec<Finding> {
    let others = takers.ready() != 0;
    let weigh = |finding: Finding| if others { finding.severe(Severity::Warn) } else { finding };
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(unlabelled(call, goal, takers).map(weigh));
    findings.extend(port_name(call, goal, crowd).map(weigh));
    findings.extend(bad_address(call, crowd).map(weigh));
    findings.extend(stale(call, crowd, takers));
    findings.extend(two_writers(goal, crowd));
    findings.extend(hints(call, goal, takers));
    findings
}

/// A slice that nobody wrote the label on, while the Service has no endpoints and nobody to look for them.
fn unlabelled(call: &Call, goal: &Goal, takers: &Takers) -> Option<Finding> {
    if !goal.facts.selector.is_empty() || !takers.list.is_empty() {
        return None;
    }
    let namespace = goal.record.key.namespace.as_deref().unwrap_or("");
    let slices = call.world.in_namespace(ENDPOINT_SLICE, namespace);
    let free = slices.into_iter().filter(|slice| {
        facts::endpoint_slice(slice).is_some_and(|facts| facts.service.is_none() && !facts.endpoints.is_empty())
    });
    // Of several, one that is called like the Service was meant for it.
    let slice =
        free.min_by_key(|slice| (!slice.key.name.starts_with(&*goal.record.key.name), slice.key.name.clone()))?;
    let finding = Finding::of(&sv::ES_LABEL).object("slice", &slice.key).word("service", &goal.record.key.name);
    Some(finding.proof(slice, ".metadata.labels", "no kubernetes.io/service-name"))
}

fn port_name(call: &Call, goal: &Goal, crowd: &Crowd) -> Option<Finding> {
    let wanted = &goal.chosen.port;
    if goal.facts.is_headless() && (call.is_direct() || goal.bridged) {
        return None;
    }
    let (slice, facts) = crowd.slices.iter().find_map(|slice| {
        let facts = facts::endpoint_slice(slice)?;
        let is_read = !facts.ports.is_empty() || !call.is_nginx();
        let is_wrong = !is_managed(slice) && !facts.endpoints.is_empty() && is_read;
        (is_wrong && !is_named_right(wanted, &facts.ports)).then_some((slice, facts))
    })?;
    let names: Vec<String> = facts.ports.iter().map(|port| format!("\"{}\"", port.name)).collect();
    let effect = if call.is_nginx() {
        "ingress-nginx goes by the number instead, kube-proxy and others send nothing there"
    } else {
        "the names must be equal, so nothing is sent there"
    };
    let finding = Finding::of(&sv::ES_PORTNAME).object("slice", &slice.key).word("service", &goal.record.key.name);
    let finding = finding.word("want", format!("\"{}\"", wanted.name)).word("effect", effect);
    let finding = if names.is_empty() {
        finding
            .word("calls", "lists no port")
            .word("number", ports::reference(&wanted.target))
            .word("own", &wanted.name)
    } else {
        finding.word("calls", format!("calls its port {}", names.join(", "))).word("name", &wanted.name)
    };
    let finding = finding.proof(slice, ".ports[*].name", names.join(", "));
    Some(finding.proof(goal.record, format!(".spec.ports[{}].name", goal.chosen.index), &wanted.name))
}

fn bad_address(call: &Call, crowd: &Crowd) -> Option<Finding> {
    for slice in crowd.slices.iter().filter(|slice| !is_managed(slice)) {
        let Some(facts) = facts::endpoint_slice(slice) else { continue };
        for (at, endpoint) in facts.endpoints.iter().enumerate() {
            let Some(address) = endpoint.addresses.first() else { continue };
            let Some(bad) = bad(call.world, address) else { continue };
            let finding = Finding::of(&sv::ES_BAD_ADDR).object("slice", &slice.key);
            let finding = finding.word("address", address).word("what", bad.text());
            return Some(finding.proof(slice, format!(".endpoints[{at}].addresses[0]"), address));
        }
    }
    None
}

/// Endpoints that are no pod's any more. Of files only their own pods are known.
fn stale(call: &Call, crowd: &Crowd, takers: &Takers) -> Option<Finding> {
    let pods_known = matches!(crowd.pods_known, Known::Whole | Known::Absent);
    if !pods_known || (call.world.is_files() && crowd.pods.is_empty()) {
        return None;
    }
    let stale: Vec<&Taker> = takers.list.iter().filter(|taker| is_stale(call, taker)).collect();
    let first = stale.first()?;
    let (slice, address) = (first.slice.as_ref()?, first.address.as_ref()?);
    let more = match stale.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let finding = Finding::of(&sv::ES_STALE).object("slice", &slice.key).word("address", address).word("more", more);
    Some(finding.proof(slice, ".endpoints[*].addresses", address))
}

fn is_stale(call: &Call, taker: &Taker) -> bool {
    let (Some(slice), Some(address)) = (&taker.slice, &taker.address) else { return false };
    let Ok(ip) = address.parse::<std::net::IpAddr>() else { return false };
    if let Some(pod) = &taker.body {
        let ips = facts::pod(pod).map_or(&[][..], |facts| &facts.ips);
        return !ips.is_empty() && !ips.contains(&ip);
    }
    let names_a_pod = facts::endpoint_slice(slice).is_some_and(|facts| {
        let mut here = facts.endpoints.iter().filter(|endpoint| endpoint.addresses.first() == Some(address));
        here.any(|endpoint| endpoint.target.as_ref().is_some_and(|target| *target.kind == *"Pod"))
    });
    names_a_pod || is_managed(slice) || is_orphan(call.world, address)
}

fn two_writers(goal: &Goal, crowd: &Crowd) -> Option<Finding> {
    if goal.facts.selector.is_empty() {
        return None;
    }
    let by_hand = |slice: &&&Arc<Record>| {
        !is_managed(slice) && facts::endpoint_slice(slice).is_some_and(|facts| !facts.endpoints.is_empty())
    };
    let slice = crowd.slices.iter().find(by_hand)?;
    let finding = Finding::of(&sv::ES_DUP_MANAGER).object("service", &goal.record.key).word("slice", &slice.key.name);
    let selector = crate::view::trace::service::selection::text(&goal.facts.selector);
    let finding = finding.proof(goal.record, ".spec.selector", selector);
    Some(finding.proof(slice, ".metadata.labels", "not managed by the endpoints controller"))
}

fn hints(call: &Call, goal: &Goal, takers: &Takers) -> Option<Finding> {
    let by_flag = call.controller().and_then(|controller| controller.flag("--enable-topology-aware-routing"));
    if !call.by_address && by_flag.is_none_or(|value| value == "false") {
        return None;
    }
    let ready: Vec<&Taker> = takers.list.iter().filter(|taker| taker.ready).collect();
    let hinted = ready.iter().filter(|taker| taker.is_hinted()).count();
    let slice = ready.iter().find(|taker| taker.is_hinted()).and_then(|taker| taker.slice.as_ref())?;
    let effect = match zones::of(call, &takers.list) {
        Choice::Partial => "hints are ignored unless all have them, so requests go everywhere".to_owned(),
        Choice::Anywhere => {
            "requests stay in the caller's zone or on its node, and its endpoints take all of them; from where there is none, they go everywhere".to_owned()
        }
        Choice::Kept(place) => format!("this caller's requests stay {place}"),
        Choice::Ignored(place) => format!("none is for {place}, so this caller's requests go everywhere"),
    };
    let finding = Finding::of(&sv::SV_HINTS).object("service", &goal.record.key);
    let finding = finding.word("hinted", hinted).word("all", ready.len()).word("effect", effect);
    Some(finding.proof(slice, ".endpoints[*].hints", format!("{hinted} of {}", ready.len())))
}

/// The slices as evidence of an empty Service: how many there are and what they hold.
pub fn evidence(finding: Finding, goal: &Goal, crowd: &Crowd) -> Finding {
    let mut finding = finding;
    for slice in &crowd.slices {
        let ready = facts::endpoint_slice(slice).map_or(0, |facts| facts.endpoints.iter().filter(|e| e.ready).count());
        finding = finding.proof(slice, ".endpoints[*].conditions.ready", format!("{ready} ready"));
    }
    if crowd.slices.is_empty() {
        let key = crate::kinds::ObjectRef { kind: ENDPOINT_SLICE, ..goal.record.key.clone() };
        finding = finding.fact(Some(key), ".endpoints", "no slice");
    }
    finding
}

/// The pods as evidence: their Ready condition.
pub fn pods_evidence(finding: Finding, crowd: &Crowd) -> Finding {
    let mut finding = finding;
    for pod in crowd.pods.iter().chain(&crowd.ended).take(3).filter(|pod| pod.key.kind == POD) {
        let reason = pod.digest.reason.as_deref().unwrap_or("Ready");
        finding = finding.proof(pod, ".status.conditions", reason);
    }
    finding
}
