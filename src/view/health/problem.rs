//! What is wrong, worst first: what is ill because something above it is ill is folded into that.

use super::{Problem, certificate, rollout};
use crate::kinds::{self, Catalog, Facts, Health, KindId, Record};
use crate::model::Cluster;
use crate::view::line::word;
use crate::view::{name, short_name};
use crate::wire::Timestamp;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// Owners above owners: Pod, ReplicaSet, Deployment, and what an operator puts on top.
const HIGHEST: usize = 8;

/// What is folded into one problem.
#[derive(Default)]
struct Folded {
    count: usize,
    worst: Option<Health>,
    /// How often each reason was given.
    reasons: HashMap<Arc<str>, usize>,
    /// What the issuer said of a certificate's challenge or order.
    issuing: Option<Arc<str>>,
}

/// Everything that is wrong.
pub fn problems(cluster: &Cluster, catalog: &Catalog, now: Timestamp) -> Vec<Problem> {
    let ill = ill(cluster, catalog);
    let mut folded: HashMap<Arc<str>, Folded> = HashMap::new();
    let mut tops = Vec::new();
    for record in ill.values() {
        match top(cluster, record, &ill) {
            Some(owner) => folded.entry(owner).or_default().add(record),
            None => tops.push(*record),
        }
    }
    let mut problems: Vec<(u8, Problem)> = tops
        .into_iter()
        .map(|record| (rank(record.key.kind), problem(catalog, record, folded.remove(&record.meta.uid), now)))
        .collect();
    problems.extend(certificate::problems(cluster, catalog, now).into_iter().map(|p| (rank(p.key.kind), p)));
    problems.sort_by(|(x, a), (y, b)| {
        (a.health, x, Reverse(a.since), &a.key).cmp(&(b.health, y, Reverse(b.since), &b.key))
    });
    problems.into_iter().map(|(_, problem)| problem).collect()
}

/// Every object that is worse than unknown, by uid. Events are no objects of their own.
fn ill<'a>(cluster: &'a Cluster, catalog: &Catalog) -> HashMap<Arc<str>, &'a Record> {
    let kinds = catalog.iter().map(|kind| kind.id).filter(|kind| *kind != kinds::EVENT);
    let records = kinds.flat_map(|kind| cluster.of(kind));
    let ill = records.filter(|record| record.digest.health.is_some_and(|health| health < Health::Unknown));
    ill.map(|record| (Arc::clone(&record.meta.uid), record.as_ref())).collect()
}

/// The topmost owner that is ill as well.
fn top(cluster: &Cluster, record: &Record, ill: &HashMap<Arc<str>, &Record>) -> Option<Arc<str>> {
    let mut found = None;
    let mut owner = record.meta.controller();
    for _ in 0..HIGHEST {
        let Some(next) = owner else { break };
        if ill.contains_key(&next.uid) {
            found = Some(Arc::clone(&next.uid));
        }
        owner = cluster.by_uid(&next.uid).and_then(|record| record.meta.controller());
    }
    found.filter(|uid| *uid != record.meta.uid)
}

impl Folded {
    fn add(&mut self, record: &Record) {
        self.count += 1;
        let health = record.digest.health;
        match &record.digest.facts {
            // A challenge tells more than the order that waits for it.
            Facts::Challenge(facts) => self.issuing = facts.reason.clone().or(self.issuing.take()),
            Facts::Order(facts) if self.issuing.is_none() => self.issuing.clone_from(&facts.reason),
            _ => {}
        }
        // What is folded worst decides which reason is told.
        if self.worst.is_none() || health < self.worst {
            self.worst = health;
            self.reasons.clear();
        }
        let reason = record.digest.reason.as_ref().filter(|_| record.key.kind == kinds::POD);
        if let Some(reason) = reason.filter(|_| health == self.worst) {
            *self.reasons.entry(Arc::clone(reason)).or_default() += 1;
        }
    }

    /// The cause, or the reason given most often.
    fn reason(&self) -> Option<&Arc<str>> {
        if self.issuing.is_some() {
            return self.issuing.as_ref();
        }
        self.reasons.iter().max_by(|(x, a), (y, b)| a.cmp(b).then_with(|| y.cmp(x))).map(|(reason, _)| reason)
    }
}

fn problem(catalog: &Catalog, record: &Record, folded: Option<Folded>, now: Timestamp) -> Problem {
    let folded = folded.unwrap_or_default();
    let own = record.digest.health.unwrap_or(Health::Unknown);
    let health = folded.worst.map_or(own, |worst| worst.min(own));
    // The cause comes first: what stands above it says only how far it got.
    let mut reason = record.digest.reason.as_deref().unwrap_or("").to_owned();
    if let Some(below) = folded.reason().filter(|below| !reason.contains(&***below)) {
        reason = if reason.is_empty() { below.to_string() } else { format!("{below}; {reason}") };
    }
    if let Some(left) = rollout::time_left(record, now) {
        reason = format!("{reason}, {left}");
    }
    Problem {
        key: record.key.clone(),
        health,
        word: word(health),
        name: name(catalog, &record.key),
        short: short_name(catalog, &record.key),
        reason,
        folded: folded.count,
        since: since(record),
        route: None,
    }
}

/// Since when it has been so, as far as the object tells; else since it was made.
fn since(record: &Record) -> Option<Timestamp> {
    let told = match &record.digest.facts {
        Facts::Pod(pod) => {
            let ended = pod.containers.iter().filter_map(|c| c.last_exit.as_ref()?.finished).max();
            ended.or(pod.ready_since)
        }
        Facts::Node(node) => node.ready_since,
        Facts::Deployment(deployment) => deployment.progressing.as_ref().and_then(|progress| progress.updated),
        Facts::Certificate(certificate) => {
            let ready = certificate.conditions.iter().find(|condition| &*condition.kind == "Ready");
            certificate.last_failure.or(ready.and_then(|condition| condition.since))
        }
        _ => None,
    };
    told.or(record.meta.created)
}

/// Among problems equally bad: nodes first, then what serves, then the rest.
fn rank(kind: KindId) -> u8 {
    match kind {
        kinds::NODE => 0,
        kinds::DEPLOYMENT | kinds::STATEFUL_SET | kinds::DAEMON_SET => 1,
        kinds::INGRESS | kinds::HTTP_ROUTE | kinds::GATEWAY | kinds::SERVICE => 2,
        kinds::POD => 3,
        kinds::CERTIFICATE => 4,
        kinds::JOB | kinds::CRON_JOB => 5,
        _ => 6,
    }
}
