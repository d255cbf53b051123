//! Whether the NetworkPolicies of a pod let a caller in, and which rule was meant to.

use crate::kinds::network_policy::{NetworkPolicyFacts, Peer, PolicyPort, PolicyRule};
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::PortRef;
use crate::kinds::{NETWORK_POLICY, Record, Selector};
use crate::view::line::counted;
use crate::view::trace::body::Body;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, np};
use crate::view::trace::near::distance;
use crate::view::trace::policy::peers::{Address, End, Fits, NAME, opens, ports_text};
use crate::view::trace::world::World;
use std::sync::Arc;

/// A policy and its facts.
pub type Policy<'a> = (&'a Arc<Record>, &'a NetworkPolicyFacts);

/// What the policies of a pod say of a caller.
pub struct Said<'a> {
    /// Whether it may come in.
    pub fits: Fits,
    /// The policies that rule the pod.
    pub policies: Vec<Policy<'a>>,
}

/// A connection to one port of one pod.
#[derive(Clone, Copy)]
pub struct Way<'w> {
    /// Who connects.
    pub from: &'w End,
    /// The pod.
    pub body: &'w Body<'w>,
    /// Its port.
    pub port: u16,
    /// What is spoken there.
    pub protocol: Protocol,
}

impl Way<'_> {
    /// The port and its protocol.
    pub fn at(&self) -> (u16, Protocol) {
        (self.port, self.protocol)
    }
}

/// The policies of a namespace that isolate some pods in one direction.
pub fn policies<'a>(world: &World<'a>, namespace: &str, isolates: fn(&NetworkPolicyFacts) -> bool) -> Vec<Policy<'a>> {
    let all = world.in_namespace(NETWORK_POLICY, namespace);
    let read = all.into_iter().filter_map(|record| Some((record, facts::network_policy(record)?)));
    read.filter(|(_, facts)| isolates(facts)).collect()
}

/// What those of its namespace say.
pub fn ask<'a>(all: &[Policy<'a>], way: Way) -> Said<'a> {
    let policies: Vec<Policy<'a>> =
        all.iter().copied().filter(|(_, facts)| facts.selector.matches(way.body.labels)).collect();
    // Policies do not rule pods on the network of their node, and a node always reaches its own pods.
    if policies.is_empty() || way.body.host_network || is_own_node(way) {
        return Said { fits: Fits::Yes, policies };
    }
    let rules = policies.iter().flat_map(|policy| policy.1.ingress.iter().map(move |rule| (policy, rule)));
    let fits = rules.map(|((record, _), rule)| admits(record, rule, way)).max().unwrap_or(Fits::No);
    Said { fits, policies }
}

fn is_own_node(way: Way) -> bool {
    let node = facts::pod(way.body.record).and_then(|pod| pod.node.as_ref());
    let nodes = &way.from.nodes;
    way.from.is_node() && !nodes.is_empty() && nodes.iter().all(|have| Some(have) == node)
}

fn home(record: &Record) -> &str {
    record.key.namespace.as_deref().unwrap_or("")
}

fn admits(policy: &Record, rule: &PolicyRule, way: Way) -> Fits {
    Fits::of(opens(rule, way.body, way.at())).min(peer(policy, rule, way.from))
}

fn peer(policy: &Record, rule: &PolicyRule, from: &End) -> Fits {
    if rule.peers.is_empty() {
        return Fits::Yes;
    }
    rule.peers.iter().map(|peer| from.is(peer, home(policy))).max().unwrap_or(Fits::No)
}

/// The findings of a caller that is kept out.
pub fn denied(said: &Said, way: Way) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let precise = hostnet(said, way).or_else(|| port(said, way)).or_else(|| label(said, way));
    findings.extend(precise);
    findings.extend(deny(said, way));
    findings.extend(halves(said, way));
    findings
}

fn words(finding: Finding, policy: &Record, way: Way) -> Finding {
    let finding = finding.object("policy", &policy.key).word("caller", &way.from.name).word("more", "");
    let finding = finding.word("pod", &way.body.record.key.name).word("port", way.port);
    match &way.from.namespace {
        Some(namespace) => finding.word("cns", namespace),
        None => finding,
    }
}

/// The policy without rules is the one to speak of: it was written to keep everybody out.
fn deny(said: &Said, way: Way) -> Option<Finding> {
    let first = said.policies.iter().find(|(_, facts)| facts.ingress.is_empty()).or(said.policies.first())?;
    let finding = words(Finding::of(&np::NP_INGRESS_DENY), first.0, way);
    let mut finding = one_more(finding, first.1.ingress.len());
    // Connections that come from a node are in no namespace: a rule for one would not let them in.
    if way.from.is_node() {
        finding.words.remove("cns");
    }
    for (policy, facts) in &said.policies {
        finding = finding.proof(policy, ".spec.ingress", counted(facts.ingress.len(), "rule"));
    }
    Some(finding)
}

/// The words by which a patch adds a rule to those that a policy has; the first one needs the list, too.
pub fn one_more(finding: Finding, have: usize) -> Finding {
    let [at, open, close] = if have == 0 { ["", "[", "]"] } else { ["/-", "", ""] };
    finding.word("at", at).word("open", open).word("close", close)
}

fn rules<'s, 'a>(said: &'s Said<'a>) -> impl Iterator<Item = (&'a Arc<Record>, usize, &'a PolicyRule)> + use<'s, 'a> {
    said.policies
        .iter()
        .flat_map(|(record, facts)| facts.ingress.iter().enumerate().map(move |(at, rule)| (*record, at, rule)))
}

/// A rule that means the caller, and another port.
fn port(said: &Said, way: Way) -> Option<Finding> {
    let is_meant = |policy: &Record, rule: &PolicyRule| {
        peer(policy, rule, way.from) == Fits::Yes && !opens(rule, way.body, way.at())
    };
    // A rule for everybody is for other ports on purpose; one that names the caller was written for it.
    let found = rules(said).filter(|(policy, _, rule)| is_meant(policy, rule));
    let (policy, at, rule) = found.min_by_key(|(_, _, rule)| rule.peers.is_empty())?;
    if rule.peers.is_empty() && rules(said).any(|(policy, _, rule)| !is_meant(policy, rule)) {
        return None;
    }
    let names = rule.ports.iter().any(|open| matches!(&open.port, Some(PortRef::Name(_))));
    let finding = words(Finding::of(&np::NP_PORT), policy, way).word("opened", ports_text(rule)).word("rule", at);
    // The same port of another protocol is another door.
    let protocol = way.protocol.text();
    let finding = finding.word("protocol", protocol);
    let is_other = |open: &PolicyPort| Protocol::of(&open.protocol) != way.protocol;
    let finding = match rule.ports.iter().position(|open| is_other(open) && is_at(open, way)) {
        Some(spoken) => finding.word("hint", format!(", and by {protocol}")).word("spoken", spoken),
        None if names => finding.word("hint", ": no port of the pod is called so").word("opening", 0),
        // A range has an end, which has to change with its beginning.
        None if rule.ports.first().is_some_and(|open| open.end.is_some()) => {
            finding.word("hint", ", which is what policies see, not the Service's port").word("ranged", 0)
        }
        None => finding.word("hint", ", which is what policies see, not the Service's port").word("opening", 0),
    };
    Some(finding.proof(policy, format!(".spec.ingress[{at}].ports"), ports_text(rule)))
}

/// Whether a port of a rule is the port of a connection, of whatever protocol.
fn is_at(open: &PolicyPort, way: Way) -> bool {
    let number = i32::from(way.port);
    match (&open.port, open.end) {
        (None, _) => true,
        (Some(PortRef::Number(first)), end) => *first <= number && number <= end.unwrap_or(*first),
        (Some(PortRef::Name(_)), _) => false,
    }
}

/// A rule whose namespaceSelector was meant for the caller's namespace.
fn label(said: &Said, way: Way) -> Option<Finding> {
    let namespace = way.from.namespace.as_deref()?;
    for (policy, at, rule) in rules(said).filter(|(_, _, rule)| opens(rule, way.body, way.at())) {
        for (index, peer) in rule.peers.iter().enumerate() {
            let Peer::Pods { namespaces: Some(selector), pods } = peer else { continue };
            let misses = way.from.in_namespaces(selector) == Fits::No && way.from.chosen(pods.as_ref()) == Fits::Yes;
            if !misses || !is_meant(selector, namespace, &way.from.namespaces) {
                continue;
            }
            let wanted = text(selector);
            let finding = words(Finding::of(&np::NP_NS_LABEL), policy, way).word("wanted", &wanted);
            let finding = finding.word("rule", at).word("peer", index);
            let path = format!(".spec.ingress[{at}].from[{index}].namespaceSelector");
            let labels = way.from.namespace_labels.0.iter().map(|(key, value)| format!("{key}={value}"));
            let labels = labels.collect::<Vec<_>>().join(",");
            let key = crate::kinds::ObjectRef::new(crate::kinds::NAMESPACE, "", namespace);
            return Some(finding.proof(policy, path, wanted).fact(Some(key), ".metadata.labels", labels));
        }
    }
    None
}

/// A selector by name means another namespace, unless it is only written wrongly: there is none of that name among those
/// that are known, and it shares a word with the right one.
fn is_meant(selector: &Selector, namespace: &str, known: &[Arc<str>]) -> bool {
    let by_name = selector.equals.iter().find(|(key, _)| **key == *NAME);
    by_name.is_none_or(|(_, value)| {
        let is_gone = known.iter().any(|have| **have == *namespace) && !known.contains(value);
        let is_alike = || value.split('-').any(|part| namespace.split('-').any(|own| own == part));
        distance(value, namespace) <= 2 || is_gone && is_alike()
    })
}

/// A rule that means the caller's pods, whose connections come from a node.
fn hostnet(said: &Said, way: Way) -> Option<Finding> {
    let Address::Node(ips) = &way.from.address else { return None };
    let (policy, at, _) = rules(said).find(|(policy, _, rule)| {
        let means = |peer: &Peer| match peer {
            Peer::Pods { namespaces, pods } => {
                let placed = way.from.placed(namespaces.as_ref(), home(policy));
                placed.min(way.from.chosen(pods.as_ref())) != Fits::No
            }
            Peer::Block { .. } => false,
        };
        opens(rule, way.body, way.at()) && rule.peers.iter().any(means)
    })?;
    let block = ips.first().map(|ip| format!("{ip}/{}", if ip.is_ipv4() { 32 } else { 128 }));
    let finding = words(Finding::of(&np::NP_HOSTNET), policy, way);
    let finding = match block {
        Some(block) => finding.word("block", block),
        None => finding,
    };
    Some(finding.proof(policy, format!(".spec.ingress[{at}].from"), "selectors only"))
}

/// Two selectors in one element both must fit; one alone means pods of the policy's own namespace.
fn halves(said: &Said, way: Way) -> Option<Finding> {
    if way.from.is_node() {
        return None;
    }
    for (policy, at, rule) in rules(said).filter(|(_, _, rule)| opens(rule, way.body, way.at())) {
        for peer in &rule.peers {
            let Peer::Pods { namespaces, pods: Some(pods) } = peer else { continue };
            if pods.is_empty() {
                continue;
            }
            let (placed, chosen) = (way.from.placed(namespaces.as_ref(), home(policy)), way.from.among(pods));
            let problem = match (namespaces, placed, chosen) {
                (Some(_), Fits::Yes, Fits::No) => format!(
                    "its namespaceSelector admits the namespace of {}, but the podSelector in the same element asks for {} too; as two elements either would do",
                    way.from.name,
                    text(pods)
                ),
                (None, Fits::No, Fits::Yes) => format!(
                    "its podSelector {} fits {}, but alone it means pods of namespace {}; a namespaceSelector in the same element would reach further",
                    text(pods),
                    way.from.name,
                    home(policy)
                ),
                _ => continue,
            };
            let finding = words(Finding::of(&np::NP_AND_OR), policy, way).word("rule", at).word("problem", problem);
            return Some(finding.proof(policy, format!(".spec.ingress[{at}].from"), text(pods)));
        }
    }
    None
}

/// A rule that admits the caller by one of two elements that were meant to be one.
pub fn too_open(said: &Said, way: Way) -> Option<Finding> {
    for (policy, at, rule) in rules(said) {
        let by_place = |peer: &&Peer| {
            matches!(peer, Peer::Pods { namespaces: Some(_), pods: None })
                && way.from.is(peer, home(policy)) == Fits::Yes
        };
        let alone = rule.peers.iter().find_map(|peer| match peer {
            Peer::Pods { namespaces: None, pods: Some(pods) } if !pods.is_empty() => Some(pods),
            _ => None,
        });
        let (Some(_), Some(pods)) = (rule.peers.iter().find(by_place), alone) else { continue };
        if !opens(rule, way.body, way.at()) {
            continue;
        }
        let problem = format!(
            "namespaceSelector and podSelector {} stand in two elements, so either is enough: all pods of the namespace of {} come in",
            text(pods),
            way.from.name
        );
        let finding = words(Finding::of(&np::NP_AND_OR), policy, way).word("rule", at).word("problem", problem);
        return Some(finding.proof(policy, format!(".spec.ingress[{at}].from"), "two elements"));
    }
    None
}

/// A selector for people.
fn text(selector: &Selector) -> String {
    use crate::kinds::Requirement;
    let equals = selector.equals.iter().map(|(key, value)| format!("{key}={value}"));
    let list = |values: &[Arc<str>]| values.iter().map(|value| &**value).collect::<Vec<_>>().join(",");
    let others = selector.requirements.iter().map(|requirement| match requirement {
        Requirement::In(key, values) => format!("{key} in ({})", list(values)),
        Requirement::NotIn(key, values) => format!("{key} notin ({})", list(values)),
        Requirement::Exists(key) => key.to_string(),
        Requirement::DoesNotExist(key) => format!("!{key}"),
        Requirement::Never => "something unknown".to_owned(),
    });
    equals.chain(others).collect::<Vec<_>>().join(",")
}
