//! ReferenceGrants, and from which namespaces something may attach.

use crate::kinds::gateway::facts::FromNamespaces;
use crate::kinds::gateway_api::{GROUP, ObjectName};
use crate::kinds::reference_grant::ReferenceGrantFacts;
use crate::kinds::{NAMESPACE, ObjectRef, REFERENCE_GRANT, Requirement, Selector};
use crate::view::trace::facts;
use crate::view::trace::world::World;
use std::sync::Arc;

/// Whether something may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum May {
    /// It may.
    Yes,
    /// It may, if what was not given is as it should be.
    Perhaps,
    /// It may not.
    No,
    /// It cannot be told; says what is missing.
    Unknown(String),
}

/// Whether an object of this kind and namespace may point at an object, by the ReferenceGrants there.
pub fn grant(world: &World, from: (&str, &str), to: &ObjectName) -> May {
    let (kind, namespace) = from;
    let there = to.namespace.as_deref().unwrap_or("");
    if there == namespace {
        return May::Yes;
    }
    let grants = world.in_namespace(REFERENCE_GRANT, there);
    let granted = grants.iter().filter_map(|grant| facts::reference_grant(grant)).any(|grant| {
        let from = |from: &&crate::kinds::reference_grant::GrantFrom| {
            *from.group == *GROUP && *from.kind == *kind && *from.namespace == *namespace
        };
        let at = |at: &&crate::kinds::reference_grant::GrantTo| {
            at.group == to.group && at.kind == to.kind && at.name.as_ref().is_none_or(|name| *name == to.name)
        };
        grant.from.iter().any(|side| from(&side)) && grant.to.iter().any(|side| at(&side))
    });
    match world.known(REFERENCE_GRANT, Some(there)).missing("referencegrants") {
        _ if granted => May::Yes,
        Some(missing) => May::Unknown(format!("{missing} in namespace {there}")),
        None => May::No,
    }
}

/// The grant there that comes nearest, and what it is for: written for something else than this reference.
pub fn near(world: &World, to: &ObjectName) -> String {
    let grants = world.in_namespace(REFERENCE_GRANT, to.namespace.as_deref().unwrap_or(""));
    let read = grants.into_iter().filter_map(|record| Some((record, facts::reference_grant(record)?)));
    let points = |grant: &ReferenceGrantFacts| grant.to.iter().filter(|at| at.kind == to.kind).count();
    let Some((record, grant)) = read.max_by_key(|(_, grant)| points(grant)) else { return String::new() };
    let from = grant.from.iter().map(|side| format!("{}s of {}", side.kind, side.namespace));
    let at = grant.to.iter().map(|at| {
        let odd = at.kind == to.kind && at.group != to.group;
        let group =
            if odd { format!(" of group {:?}, and it is of group {:?}", at.group, to.group) } else { String::new() };
        match &at.name {
            Some(name) => format!("{} {name}{group}", at.kind),
            None => format!("{}s{group}", at.kind),
        }
    });
    let (from, at) = (from.collect::<Vec<_>>().join(", "), at.collect::<Vec<_>>().join(", "));
    format!(" (ReferenceGrant {} lets {from} point at {at})", record.key.name)
}

/// Whether a listener (or a Gateway) in its own namespace lets something of another one attach.
pub fn admits(world: &World, from: &FromNamespaces, own: &str, namespace: &str) -> May {
    match from {
        FromNamespaces::All => May::Yes,
        FromNamespaces::Same if own == namespace => May::Yes,
        FromNamespaces::Same | FromNamespaces::Nowhere => May::No,
        FromNamespaces::Selector(selector) => selected(world, selector, namespace),
    }
}

fn selected(world: &World, selector: &Selector, namespace: &str) -> May {
    let yes_or_no = |matches: bool| if matches { May::Yes } else { May::No };
    if let Some(record) = world.get(&ObjectRef::new(NAMESPACE, "", namespace)) {
        // A file may leave out the label that a cluster sets on every namespace.
        let own: (Arc<str>, Arc<str>) = (Arc::from(OWN_NAME), Arc::from(namespace));
        let mut labels = record.meta.labels.to_vec();
        if record.meta.label(OWN_NAME).is_none() {
            labels.push(own);
            labels.sort();
        }
        return yes_or_no(selector.matches(&labels));
    }
    let own = [(Arc::from(OWN_NAME), Arc::from(namespace))];
    let by_name = selector.equals.iter().map(|(key, _)| key).chain(selector.requirements.iter().filter_map(label));
    if !selector.is_empty() && by_name.into_iter().all(|key| **key == *OWN_NAME) {
        return yes_or_no(selector.matches(&own));
    }
    if world.is_files() {
        return May::Perhaps;
    }
    match world.known(NAMESPACE, None).missing("namespaces") {
        Some(missing) => May::Unknown(missing),
        None => May::No,
    }
}

/// The label by which every namespace carries its own name.
const OWN_NAME: &str = "kubernetes.io/metadata.name";

fn label(requirement: &Requirement) -> Option<&Arc<str>> {
    match requirement {
        Requirement::In(key, _)
        | Requirement::NotIn(key, _)
        | Requirement::Exists(key)
        | Requirement::DoesNotExist(key) => Some(key),
        Requirement::Never => None,
    }
}

/// The labels that a selector wants, in words.
fn wanted(selector: &Selector) -> String {
    let equal = selector.equals.iter().map(|(key, value)| format!("{key}={value}"));
    let rest = selector.requirements.iter().filter_map(|requirement| match requirement {
        Requirement::In(key, values) => Some(format!("{key} in ({})", values.join(", "))),
        Requirement::NotIn(key, values) => Some(format!("{key} not in ({})", values.join(", "))),
        Requirement::Exists(key) => Some(format!("a label {key}")),
        Requirement::DoesNotExist(key) => Some(format!("no label {key}")),
        Requirement::Never => None,
    });
    let all: Vec<String> = equal.chain(rest).collect();
    if all.is_empty() { "certain labels".to_owned() } else { all.join(", ") }
}

/// The labels that a namespace lacks to be selected, as `kubectl label` takes them; none where it takes more than labels.
pub fn lacking(from: &FromNamespaces) -> Option<String> {
    let FromNamespaces::Selector(selector) = from else { return None };
    let equal = selector.equals.iter().map(|(key, value)| format!("{key}={value}"));
    let all: Vec<String> = equal.collect();
    (selector.requirements.is_empty() && !all.is_empty()).then(|| all.join(" "))
}

/// The labels of a namespace, in words; empty where it was not given.
pub fn labels(world: &World, namespace: &str) -> String {
    let Some(record) = world.get(&ObjectRef::new(NAMESPACE, "", namespace)) else { return String::new() };
    let all: Vec<String> = record.meta.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if all.is_empty() { " (which has no label)".to_owned() } else { format!(" (labels: {})", all.join(", ")) }
}

/// From which namespaces, in words.
pub fn shown(from: &FromNamespaces, own: &str) -> String {
    match from {
        FromNamespaces::All => "every namespace".to_owned(),
        FromNamespaces::Same => format!("its own namespace {own} only"),
        FromNamespaces::Selector(selector) => format!("namespaces with {} only", wanted(selector)),
        FromNamespaces::Nowhere => "no namespace".to_owned(),
    }
}
