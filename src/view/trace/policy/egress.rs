//! Whether the NetworkPolicies of a caller let it out: to a pod, and to DNS.

use crate::kinds::network_policy::{Peer, PolicyRule};
use crate::kinds::service::PortRef;
use crate::kinds::{Record, Selector};
use crate::view::line::counted;
use crate::view::trace::fault::{Finding, np};
use crate::view::trace::policy::ingress::{Policy, Way, one_more, policies};
use crate::view::trace::policy::peers::{Address, End, Fits, opens};
use crate::view::trace::world::World;
use std::sync::Arc;

/// Where DNS listens.
const DNS: i32 = 53;
/// The namespace of the cluster's DNS.
const SYSTEM: &str = "kube-system";

/// The policies that rule what the caller may connect to; none where none does or where its labels are not known.
pub fn of_caller<'a>(world: &World<'a>, from: &End) -> Vec<Policy<'a>> {
    let (Some(namespace), Some(labels)) = (&from.namespace, &from.labels) else { return Vec::new() };
    if from.address == Address::Outside || from.is_node() {
        return Vec::new();
    }
    let all = policies(world, namespace, |facts| facts.isolates_egress);
    all.into_iter().filter(|(_, facts)| facts.selector.matches(labels)).collect()
}

/// Whether the caller may connect to a pod.
pub fn ask(all: &[Policy], way: Way, to: &End) -> Fits {
    if all.is_empty() {
        return Fits::Yes;
    }
    let rules = all.iter().flat_map(|(record, facts)| facts.egress.iter().map(move |rule| (*record, rule)));
    let fits = rules.map(|(record, rule)| {
        let home = record.key.namespace.as_deref().unwrap_or("");
        let peers = rule.peers.iter().map(|peer| to.is(peer, home));
        let peer = if rule.peers.is_empty() { Fits::Yes } else { peers.max().unwrap_or(Fits::No) };
        Fits::of(opens(rule, way.body, way.at())).min(peer)
    });
    fits.max().unwrap_or(Fits::No)
}

/// The finding of a caller that may not connect.
pub fn denied(all: &[Policy], way: Way) -> Option<Finding> {
    let (policy, facts) = all.first()?;
    let finding = one_more(Finding::of(&np::NP_EGRESS), facts.egress.len());
    let finding = finding.word("caller", &way.from.name).word("policy", &policy.key.name);
    let finding = finding.word("cns", policy.key.namespace.as_deref().unwrap_or("")).word("more", "");
    let finding = finding.object("pod", &way.body.record.key).word("port", way.port);
    Some(proof(finding, all))
}

fn proof(finding: Finding, all: &[Policy]) -> Finding {
    let mut finding = finding;
    for (policy, facts) in all {
        finding = finding.proof(policy, ".spec.egress", counted(facts.egress.len(), "rule"));
    }
    finding
}

/// The finding of a caller that may not ask DNS.
pub fn no_dns(all: &[Policy], from: &End, target: &str) -> Option<Finding> {
    let (policy, _) = all.first()?;
    let rules = all.iter().flat_map(|(record, facts)| facts.egress.iter().map(move |rule| (*record, rule)));
    if rules.into_iter().any(|(record, rule)| reaches_dns(record, rule)) {
        return None;
    }
    let finding = Finding::of(&np::NP_DNS).word("caller", &from.name).word("policy", &policy.key.name);
    let finding = finding.word("cns", policy.key.namespace.as_deref().unwrap_or("")).word("target", target);
    Some(proof(finding, all))
}

/// Whether a rule lets somebody ask DNS, or may do so.
fn reaches_dns(policy: &Record, rule: &PolicyRule) -> bool {
    let port = rule.ports.is_empty()
        || rule.ports.iter().any(|open| match (&open.port, open.end) {
            (None, _) => true,
            (Some(PortRef::Number(first)), Some(end)) => *first <= DNS && DNS <= end,
            (Some(PortRef::Number(only)), None) => *only == DNS,
            // Which number the pods of DNS give a name is not looked up.
            (Some(PortRef::Name(name)), _) => name.starts_with("dns"),
        });
    port && (rule.peers.is_empty() || rule.peers.iter().any(|peer| is_dns(policy, peer)))
}

fn is_dns(policy: &Record, peer: &Peer) -> bool {
    let label = |key: &str, value: &str| (Arc::<str>::from(key), Arc::<str>::from(value));
    let name = label(crate::view::trace::policy::peers::NAME, SYSTEM);
    let own_labels = [label("k8s-app", "kube-dns")];
    let is_system = |selector: &Selector| {
        // Other labels of that namespace are not looked up: they may be right.
        selector.matches(std::slice::from_ref(&name)) || selector.equals.iter().all(|(key, _)| *key != name.0)
    };
    match peer {
        Peer::Block { .. } => true,
        Peer::Pods { namespaces, pods } => {
            let placed = match namespaces {
                Some(selector) => is_system(selector),
                None => policy.key.namespace.as_deref() == Some(SYSTEM),
            };
            let known = pods.as_ref().filter(|selector| selector.equals.iter().any(|(key, _)| **key == *"k8s-app"));
            placed && known.is_none_or(|selector| selector.matches(&own_labels))
        }
    }
}
