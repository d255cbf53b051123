//! Policies of the cluster's owner: those that speak before NetworkPolicies, and those that speak after.

use crate::kinds::admin_network_policy::{Action, AdminPeer, AdminPolicyFacts, AdminPort, AdminRule, Subject};
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::PortRef;
use crate::kinds::{ADMIN_NETWORK_POLICY, BASELINE_ADMIN_NETWORK_POLICY, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, np};
use crate::view::trace::policy::ingress::Way;
use crate::view::trace::policy::peers::{Address, End, Fits};
use crate::view::trace::world::World;
use crate::wire::ranges::contains;
use std::sync::Arc;

/// What a tier of policies says of a connection.
pub enum Says {
    /// It passes, whatever a NetworkPolicy says.
    Allows,
    /// It is dropped.
    Denies(Box<Finding>),
    /// NetworkPolicies decide.
    Nothing,
    /// A rule cannot be read, and may decide.
    Unclear,
}

/// Those that speak first, in their order: of both directions the stricter counts.
pub fn first(world: &World, way: Way, to: &End) -> Says {
    let mut all: Vec<_> = world.of(ADMIN_NETWORK_POLICY).filter_map(|r| Some((r, facts::admin_policy(r)?))).collect();
    all.sort_by(|(a, one), (b, other)| (one.priority, &a.key.name).cmp(&(other.priority, &b.key.name)));
    tier(&all, way, to)
}

/// The baseline, for pods that no NetworkPolicy selects.
pub fn last(world: &World, way: Way, to: &End) -> Says {
    let all: Vec<_> =
        world.of(BASELINE_ADMIN_NETWORK_POLICY).filter_map(|r| Some((r, facts::admin_policy(r)?))).collect();
    tier(&all, way, to)
}

type Policies<'a> = [(&'a Arc<Record>, &'a AdminPolicyFacts)];

fn tier(all: &Policies, way: Way, to: &End) -> Says {
    let ingress = direction(all, way, (to, way.from), |facts| &facts.ingress);
    let egress = direction(all, way, (way.from, to), |facts| &facts.egress);
    match (ingress, egress) {
        (Says::Denies(finding), _) | (_, Says::Denies(finding)) => Says::Denies(finding),
        (Says::Unclear, _) | (_, Says::Unclear) => Says::Unclear,
        (Says::Allows, _) => Says::Allows,
        (Says::Nothing, _) => Says::Nothing,
    }
}

/// The first rule that fits, of the policies whose subject is `ruled`.
fn direction(
    all: &Policies,
    way: Way,
    (ruled, other): (&End, &End),
    rules: fn(&AdminPolicyFacts) -> &[AdminRule],
) -> Says {
    let mut unclear = false;
    for (record, facts) in all {
        if is_subject(ruled, &facts.subject) != Fits::Yes {
            continue;
        }
        for rule in rules(facts) {
            match fits(rule, way, other) {
                Fits::No => {}
                Fits::Maybe => unclear = true,
                Fits::Yes => match rule.action {
                    Action::Allow if !unclear => return Says::Allows,
                    Action::Pass if !unclear => return Says::Nothing,
                    Action::Deny if !unclear => return Says::Denies(Box::new(finding(record, facts, rule, way))),
                    _ => return Says::Unclear,
                },
            }
        }
    }
    if unclear { Says::Unclear } else { Says::Nothing }
}

fn is_subject(end: &End, subject: &Subject) -> Fits {
    if end.address == Address::Outside || end.is_node() {
        return Fits::No;
    }
    match subject {
        Subject::Namespaces(selector) => end.in_namespaces(selector),
        Subject::Pods { namespaces, pods } => end.in_namespaces(namespaces).min(end.among(pods)),
        Subject::Unknown => Fits::Maybe,
    }
}

fn fits(rule: &AdminRule, way: Way, other: &End) -> Fits {
    let port = rule.ports.is_empty() || rule.ports.iter().any(|open| opens(open, way));
    let peer = rule.peers.iter().map(|peer| is_peer(other, peer)).max().unwrap_or(Fits::No);
    Fits::of(port).min(peer)
}

fn opens(open: &AdminPort, way: Way) -> bool {
    if open.protocol.as_deref().is_some_and(|protocol| protocol != "TCP") {
        return false;
    }
    let number = i32::from(way.port);
    match (&open.port, open.end) {
        (PortRef::Number(first), Some(end)) => *first <= number && number <= end,
        (PortRef::Number(only), None) => *only == number,
        (PortRef::Name(name), _) => way.body.named(name, Protocol::Tcp) == Some(way.port),
    }
}

fn is_peer(end: &End, peer: &AdminPeer) -> Fits {
    let is_pod = matches!(end.address, Address::Pod(_));
    match peer {
        AdminPeer::Namespaces(selector) if is_pod => end.in_namespaces(selector),
        AdminPeer::Pods { namespaces, pods } if is_pod => end.in_namespaces(namespaces).min(end.among(pods)),
        AdminPeer::Nodes(_) if end.is_node() => Fits::Maybe,
        AdminPeer::Namespaces(_) | AdminPeer::Pods { .. } | AdminPeer::Domains(_) | AdminPeer::Nodes(_) => Fits::No,
        AdminPeer::Networks(ranges) => match &end.address {
            Address::Outside => Fits::Maybe,
            Address::Pod(ips) | Address::Node(ips) => {
                Fits::of(ips.iter().any(|ip| ranges.iter().any(|range| contains(range, *ip))))
            }
        },
        AdminPeer::Unknown => Fits::Maybe,
    }
}

fn finding(record: &Record, facts: &AdminPolicyFacts, rule: &AdminRule, way: Way) -> Finding {
    let (kind, resource) = if facts.is_baseline {
        ("BaselineAdminNetworkPolicy", "baselineadminnetworkpolicy")
    } else {
        ("AdminNetworkPolicy", "adminnetworkpolicy")
    };
    let name = rule.name.as_ref().map(|name| format!(", by its rule {name}")).unwrap_or_default();
    let finding = Finding::of(&np::NP_ANP).object("pod", &way.body.record.key).word("policy", &record.key.name);
    let finding = finding.word("kind", kind).word("resource", resource).word("rule", name).word("more", "");
    let finding = finding.word("caller", &way.from.name).word("port", way.port);
    let finding = finding.proof(record, ".spec.priority", facts.priority);
    finding.proof(record, ".spec.*.action", "Deny")
}
