//! What a selector finds: nobody, the pods of somebody else, or of several.

use crate::kinds::{HORIZONTAL_POD_AUTOSCALER, POD, Record, Selector};
use crate::view::trace::body::{self, Body, WORKLOADS};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, sv};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::near::distance;
use crate::view::trace::service::call::{Call, named, owner};
use crate::view::trace::service::chain::Goal;
use crate::view::trace::service::crowd::Crowd;
use crate::view::trace::service::takers::Takers;
use crate::view::trace::service::{names, ports};
use crate::view::trace::world::{Known, World};
use std::collections::BTreeMap;
use std::sync::Arc;

type Labels = [(Arc<str>, Arc<str>)];

/// What is wrong with the selector of a Service. Empty where there is none, or where nothing can be told.
pub fn judge(call: &Call, goal: &Goal, crowd: &Crowd, takers: &Takers) -> Vec<Finding> {
    let selector = &goal.facts.selector;
    if selector.is_empty() {
        return Vec::new();
    }
    if !crowd.is_empty() {
        // The last pods go, and take nothing any more.
        let is_over = crowd.is_going() && takers.ready() == 0;
        let found = is_over.then(|| zero(call.world, goal, crowd)).flatten().or_else(|| wide(call, goal, crowd));
        return found.into_iter().collect();
    }
    if crowd.is_unspoken || !matches!(crowd.pods_known, Known::Whole | Known::Absent) {
        return Vec::new();
    }
    if let Some(finding) = zero(call.world, goal, crowd) {
        return vec![finding];
    }
    // Pods that have ended were found: the endpoints say so.
    if !crowd.ended.is_empty() {
        return Vec::new();
    }
    let mut findings = vec![none(call.world, goal, crowd)];
    findings.extend(elsewhere(call, goal));
    findings
}

/// Labels as kubectl takes them: `app=web,tier=front`.
pub fn text(labels: &Labels) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// Labels as JSON: `{"app":"web"}`.
fn json<'l>(labels: impl Iterator<Item = (&'l Arc<str>, &'l Arc<str>)>) -> String {
    let pairs = labels.map(|(key, value)| format!("\"{key}\":\"{value}\""));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

fn zero(world: &World, goal: &Goal, crowd: &Crowd) -> Option<Finding> {
    let workload = crowd.workloads.iter().find(|workload| body::desired(workload) == Some(0))?;
    // One that wants pods has another reason not to have them.
    if crowd.workloads.iter().any(|workload| body::desired(workload) != Some(0)) {
        return None;
    }
    let namespace = goal.record.key.namespace.as_deref().unwrap_or("");
    let scalers = world.in_namespace(HORIZONTAL_POD_AUTOSCALER, namespace);
    let scaler = scalers
        .into_iter()
        .find(|scaler| facts::autoscaler(scaler).is_some_and(|facts| *facts.target_name == *workload.key.name));
    let finding = Finding::of(&sv::SV_ZERO).object("service", &goal.record.key);
    let finding = finding.word("workload", world.title(&workload.key)).word("owner", named(world, &workload.key));
    let finding = finding.proof(workload, ".spec.replicas", 0);
    Some(match scaler {
        Some(scaler) => finding
            .word("scaler", format!(", and HorizontalPodAutoscaler {} does nothing while it is", scaler.key.name))
            .proof(scaler, ".spec.scaleTargetRef.name", &workload.key.name),
        None => finding.word("scaler", ""),
    })
}

fn none(world: &World, goal: &Goal, crowd: &Crowd) -> Finding {
    let selector = &goal.facts.selector;
    let finding = Finding::of(&sv::SV_SELECTOR_NONE).object("service", &goal.record.key);
    let finding = finding.word("selector", text(selector)).proof(goal.record, ".spec.selector", text(selector));
    if let Some(workload) = crowd.workloads.first() {
        let reason = workload.digest.reason.as_deref().unwrap_or("it has made none yet");
        let title = world.title(&workload.key);
        return finding.word("closest", format!(": {title} should have made such pods; {reason}"));
    }
    let Some((near, labels)) = closest(world, goal) else {
        return renamed(world, goal, finding);
    };
    let mut wanted: BTreeMap<&Arc<str>, &Arc<str>> = selector.iter().map(|(key, value)| (key, value)).collect();
    let mut differences = Vec::new();
    for (key, value) in selector {
        match label(labels, key) {
            Some(have) if have == value => {}
            Some(have) => {
                differences.push(format!("{key}={have}"));
                wanted.insert(key, have);
            }
            None => {
                differences.push(format!("no label {key}"));
                wanted.remove(key);
            }
        }
    }
    let title = world.title(&near.key);
    let finding = finding.word("closest", format!("; the closest, {title}, has {}", differences.join(" and ")));
    let finding = finding.proof(near, labels_path(near), text(labels));
    // Without a label in common the offer would only be another guess.
    if wanted.is_empty() { finding } else { finding.word("wanted", json(wanted.into_iter())) }
}

/// No pod has any of the labels: one that has the same value under another key was likely meant.
fn renamed(world: &World, goal: &Goal, finding: Finding) -> Finding {
    let values = |wanted: &Arc<str>| {
        let mut all = bodies(world, goal);
        all.find_map(|(record, labels)| {
            let (key, value) = labels.iter().find(|(key, value)| value == wanted && !key.ends_with("-hash"))?;
            Some((record, labels, key, value))
        })
    };
    let found = goal.facts.selector.iter().find_map(|(_, value)| values(value));
    let Some((near, labels, key, value)) = found else {
        return finding.word("closest", "; no pod of its namespace has any of these labels");
    };
    let title = world.title(&near.key);
    let finding = finding.word("closest", format!("; the closest, {title}, has {key}={value}"));
    finding.word("wanted", json(std::iter::once((key, value)))).proof(near, labels_path(near), text(labels))
}

/// The labels of every pod of the namespace, and of those that its workloads make.
fn bodies<'a>(world: &World<'a>, goal: &Goal) -> impl Iterator<Item = (&'a Arc<Record>, &'a Labels)> {
    let namespace = goal.record.key.namespace.as_deref().unwrap_or("");
    let kinds = [POD].into_iter().chain(WORKLOADS);
    let all: Vec<&'a Arc<Record>> = kinds.flat_map(|kind| world.in_namespace(kind, namespace)).collect();
    all.into_iter().filter_map(|record| match Body::of(record) {
        Some(body) if body.is_pod() => Some((record, &*record.meta.labels)),
        Some(_) => body::template(record).map(|template| (record, &*template.labels)),
        None => None,
    })
}

fn labels_path(record: &Record) -> &'static str {
    if record.key.kind == POD { ".metadata.labels" } else { ".spec.template.metadata.labels" }
}

fn label<'l>(labels: &'l Labels, key: &str) -> Option<&'l Arc<str>> {
    labels.iter().find(|(have, _)| **have == *key).map(|(_, value)| value)
}

/// The pod, or the workload, that has most of the wanted labels: equal ones count more than those of other values.
fn closest<'a>(world: &World<'a>, goal: &Goal) -> Option<(&'a Arc<Record>, &'a Labels)> {
    let all = bodies(world, goal);
    let score = |labels: &Labels| {
        let points = goal.facts.selector.iter().map(|(key, value)| match label(labels, key) {
            Some(have) if have == value => 12,
            Some(have) if distance(have, value) <= 2 => 6,
            Some(_) => 4,
            None => 0,
        });
        points.sum::<u32>()
    };
    let named = |record: &Record| u32::from(record.key.name.starts_with(&*goal.record.key.name));
    // The first of equals: pods before workloads, by name.
    all.map(|(record, labels)| (score(labels), record, labels))
        .filter(|(score, ..)| *score != 0)
        .map(|(score, record, labels)| (score + named(record), record, labels))
        .fold(None, |best: Option<(u32, _, _)>, next| if best.is_none_or(|b| b.0 < next.0) { Some(next) } else { best })
        .map(|(_, record, labels)| (record, labels))
}

/// Pods of other namespaces that the selector would find.
fn elsewhere(call: &Call, goal: &Goal) -> Option<Finding> {
    let (world, selector) = (call.world, &goal.facts.selector);
    let wanted = Selector { equals: selector.clone(), requirements: Box::default() };
    let is_other = |record: &&Arc<Record>| record.key.namespace != goal.record.key.namespace;
    let mut pods = world.of(POD).filter(is_other);
    let found = pods.find(|pod| wanted.matches(&pod.meta.labels)).or_else(|| {
        let mut all = WORKLOADS.iter().flat_map(|kind| world.of(*kind)).filter(is_other);
        all.find(|record| body::template(record).is_some_and(|template| wanted.matches(&template.labels)))
    })?;
    let place = found.key.namespace.as_deref().unwrap_or("");
    let finding = Finding::of(&sv::SV_SELECTOR_OTHER_NS).object("service", &goal.record.key);
    let finding = finding.word("selector", text(selector)).word("other", place);
    let port = &goal.chosen.port;
    let finding = finding.word("port", port.port).word("target", ports::reference(&port.target));
    // Where the caller follows names that stand for others, the Service can become one for that of the other namespace.
    let finding = if call.is_direct() || matches!(call.flavour(), Some(Flavour::Nginx | Flavour::Haproxy)) {
        let (domains, _) = names::domains(world);
        let domain = domains.first().map_or("", |domain| &**domain);
        finding.word("domain", domain).word("port_name", &port.name)
    } else {
        finding
    };
    let finding = finding.proof(goal.record, ".spec.selector", text(selector));
    let value = if found.key.kind == POD { text(&found.meta.labels) } else { text(selector) };
    Some(finding.proof(found, labels_path(found), value))
}

/// Pods of several owners.
fn wide(call: &Call, goal: &Goal, crowd: &Crowd) -> Option<Finding> {
    let mut owners: BTreeMap<String, &Record> = BTreeMap::new();
    for record in crowd.pods.iter().chain(&crowd.stand_ins) {
        let name = owner(call.world, record).map_or_else(|| "pods of nobody".to_owned(), |(name, _)| name);
        owners.entry(name).or_insert(record);
    }
    if owners.len() < 2 {
        return None;
    }
    let selector = &goal.facts.selector;
    let names: Vec<&str> = owners.keys().map(String::as_str).collect();
    let finding = Finding::of(&sv::SV_SELECTOR_WIDE).object("service", &goal.record.key);
    let mut finding = finding.word("selector", text(selector)).word("owners", names.join(" and "));
    // The owner that is called like the Service is the one that was meant.
    let is_named = |(name, _): &(&String, &&Record)| name.rsplit('/').next() == Some(&*goal.record.key.name);
    let meant = owners.iter().find(is_named).map(|(_, record)| *record);
    let is_other = |record: &&Record| meant.is_none_or(|meant| meant.key != record.key);
    let in_turn = meant.into_iter().chain(owners.values().copied().filter(is_other));
    if let Some(wanted) = narrower(selector, in_turn) {
        finding = finding.word("wanted", wanted);
    }
    finding = finding.proof(goal.record, ".spec.selector", text(selector));
    for record in owners.values() {
        let labels = if record.key.kind == POD { text(&record.meta.labels) } else { text(selector) };
        finding = finding.proof(record, labels_path(record), labels);
    }
    Some(finding)
}

/// The selector with one label more that tells the first owner's pods from the others'.
fn narrower<'l>(selector: &Labels, mut records: impl Iterator<Item = &'l Record>) -> Option<String> {
    let labels = |record: &'l Record| match body::template(record) {
        Some(template) => &*template.labels,
        None => &*record.meta.labels,
    };
    let (first, others) = (labels(records.next()?), records.map(labels).collect::<Vec<_>>());
    let tells = |(key, value): &&(Arc<str>, Arc<str>)| {
        !key.ends_with("-hash") && others.iter().all(|other| label(other, key) != Some(value))
    };
    let (key, value) = first.iter().find(tells)?;
    let all = selector.iter().chain([first.iter().find(|(k, _)| k == key)?]);
    let pairs: BTreeMap<&Arc<str>, &Arc<str>> = all.map(|(key, value)| (key, value)).chain([(key, value)]).collect();
    Some(json(pairs.into_iter()))
}
