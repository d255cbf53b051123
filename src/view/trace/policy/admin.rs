//! Policies of the cluster's owner: those that speak before NetworkPolicies, and those that speak after.

use crate::kinds::admin_network_policy::{Action, AdminPeer, AdminPolicyFacts, AdminPort, AdminRule, Subject, Tier};
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::PortRef;
use crate::kinds::{ADMIN_NETWORK_POLICY, BASELINE_ADMIN_NETWORK_POLICY, CLUSTER_NETWORK_POLICY, KindId, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, np};
use crate::view::trace::policy::ingress::Way;
use crate::view::trace::policy::peers::{Address, End, Fits};
use crate::view::trace::world::World;
use crate::wire::ranges::contains;
use std::mem::discriminant;
use std::sync::Arc;

/// The kinds of policies that the owner of a cluster writes.
pub const KINDS: [KindId; 3] = [ADMIN_NETWORK_POLICY, BASELINE_ADMIN_NETWORK_POLICY, CLUSTER_NETWORK_POLICY];

/// What a tier of policies says of a connection, in one direction.
pub enum Says {
    /// It passes, whatever a NetworkPolicy says.
    Allows,
    /// It is dropped.
    Denies(Box<Finding>),
    /// The next tier decides.
    Passes,
    /// No rule fits.
    Nothing,
    /// A rule cannot be read, or rules of the same rank disagree, and may decide.
    Unclear,
}

/// The policies of one tier, those that speak first first.
pub struct Rulers<'a>(Vec<(&'a Arc<Record>, &'a AdminPolicyFacts)>);

/// Those of a tier. One whose tier cannot be read may be of either.
pub fn of_tier<'a>(world: &World<'a>, tier: Tier) -> Rulers<'a> {
    let all = KINDS.into_iter().flat_map(|kind| world.of(kind));
    let read = all.filter_map(|record| Some((record, facts::admin_policy(record)?)));
    let mut all: Vec<_> = read.filter(|(_, facts)| facts.tier == tier || facts.tier == Tier::Unknown).collect();
    all.sort_by(|(a, one), (b, other)| (one.priority, &a.key.name).cmp(&(other.priority, &b.key.name)));
    Rulers(all)
}

impl Rulers<'_> {
    /// What they say of who comes in to the pod.
    pub fn inward(&self, way: Way, to: &End) -> Says {
        self.ask(way, (to, way.from), |facts| &facts.ingress)
    }

    /// What they say of whom the caller may go out to.
    pub fn outward(&self, way: Way, to: &End) -> Says {
        self.ask(way, (way.from, to), |facts| &facts.egress)
    }

    /// Of policies with one priority any may be applied: they must say the same.
    fn ask(&self, way: Way, (ruled, other): (&End, &End), rules: fn(&AdminPolicyFacts) -> &[AdminRule]) -> Says {
        for rank in self.0.chunk_by(|(_, one), (_, other)| one.priority == other.priority) {
            let mut said = Says::Nothing;
            for (record, facts) in rank {
                let subject = is_subject(ruled, &facts.subject);
                if subject == Fits::No {
                    continue;
                }
                let own = decide(record, facts, (subject, rules(facts)), way, other);
                said = match (said, own) {
                    (said, Says::Nothing) => said,
                    (Says::Nothing, own) => own,
                    (said, own) if discriminant(&said) == discriminant(&own) => said,
                    _ => Says::Unclear,
                };
            }
            if !matches!(said, Says::Nothing) {
                return said;
            }
        }
        Says::Nothing
    }
}

/// What one policy says: by the first of its rules that fits.
fn decide(
    record: &Record,
    facts: &AdminPolicyFacts,
    (subject, rules): (Fits, &[AdminRule]),
    way: Way,
    other: &End,
) -> Says {
    for rule in rules {
        let sure = if facts.tier == Tier::Unknown { Fits::Maybe } else { subject };
        match (fits(rule, way, other).min(sure), rule.action) {
            (Fits::No, _) => {}
            (Fits::Maybe, _) | (Fits::Yes, Action::Unknown) => return Says::Unclear,
            (Fits::Yes, Action::Allow) => return Says::Allows,
            (Fits::Yes, Action::Pass) => return Says::Passes,
            (Fits::Yes, Action::Deny) => return Says::Denies(Box::new(finding(record, facts, rule, way))),
        }
    }
    Says::Nothing
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
    let port = rule.ports.iter().map(|open| opens(open, way)).max();
    let port = if rule.ports.is_empty() { Fits::Yes } else { port.unwrap_or(Fits::No) };
    let peer = rule.peers.iter().map(|peer| is_peer(other, peer)).max().unwrap_or(Fits::No);
    port.min(peer)
}

fn opens(open: &AdminPort, way: Way) -> Fits {
    if open.protocol.as_deref().is_some_and(|protocol| Protocol::of(protocol) != way.protocol) {
        return Fits::No;
    }
    let number = i32::from(way.port);
    match (&open.port, open.end) {
        (Some(PortRef::Number(first)), Some(end)) => Fits::of(*first <= number && number <= end),
        (Some(PortRef::Number(only)), None) => Fits::of(*only == number),
        (Some(PortRef::Name(name)), _) => Fits::of(way.body.named(name, way.protocol) == Some(way.port)),
        (None, _) => Fits::Maybe,
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
    let (kind, resource) = match record.key.kind {
        BASELINE_ADMIN_NETWORK_POLICY => ("BaselineAdminNetworkPolicy", "baselineadminnetworkpolicy"),
        CLUSTER_NETWORK_POLICY => ("ClusterNetworkPolicy", "clusternetworkpolicy"),
        _ => ("AdminNetworkPolicy", "adminnetworkpolicy"),
    };
    let name = rule.name.as_ref().map(|name| format!(", by its rule {name}")).unwrap_or_default();
    let finding = Finding::of(&np::NP_ANP).object("pod", &way.body.record.key).word("policy", &record.key.name);
    let finding = finding.word("kind", kind).word("resource", resource).word("rule", name).word("more", "");
    let finding = finding.word("caller", &way.from.name).word("port", way.port);
    let finding = finding.proof(record, ".spec.priority", facts.priority);
    finding.proof(record, ".spec.*.action", "Deny")
}
