//! Certificates that end soon: the objects cannot tell, because only the present makes an end near.

use super::Problem;
use crate::kinds::{self, Catalog, Facts, Health, Record, age};
use crate::model::Cluster;
use crate::view::line::word;
use crate::view::{name, short_name};
use crate::wire::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;

/// An end within so many seconds wants a look.
const NEAR: i64 = 14 * 86_400;

/// Certificates and TLS Secrets that ended or end soon. A Secret that a Certificate fills is told by the Certificate;
/// a Certificate that is ill for another reason is told by that.
pub fn problems(cluster: &Cluster, catalog: &Catalog, now: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut filled: HashSet<(Option<&Arc<str>>, &str)> = HashSet::new();
    for record in cluster.of(kinds::CERTIFICATE) {
        let Facts::Certificate(facts) = &record.digest.facts else { continue };
        filled.insert((record.key.namespace.as_ref(), &facts.secret));
        let is_well = record.digest.health.is_none_or(|health| Health::Unknown <= health);
        if let (true, Some(end)) = (is_well, facts.not_after) {
            let failures = if facts.failures == 0 {
                String::new()
            } else if facts.failures == 1 {
                ", renewal failed once".to_owned()
            } else {
                format!(", renewal failed {} times", facts.failures)
            };
            // Short-lived ones are renewed in time by design: near means that the renewal is due, too.
            let is_due = facts.renewal.is_none_or(|renewal| renewal < now);
            problems.extend(problem(catalog, record, end, now).filter(|_| is_due).map(|p| p.with(&failures)));
        }
    }
    for record in cluster.of(kinds::SECRET) {
        let Facts::Secret(facts) = &record.digest.facts else { continue };
        let is_well = record.digest.health.is_none_or(|health| Health::Unknown <= health);
        let leaf = facts.tls.as_ref().and_then(|tls| tls.chain.first());
        let is_told = filled.contains(&(record.key.namespace.as_ref(), &*record.key.name));
        if let (Some(leaf), true, false) = (leaf, is_well, is_told) {
            problems.extend(problem(catalog, record, leaf.not_after, now));
        }
    }
    problems
}

fn problem(catalog: &Catalog, record: &Record, end: Timestamp, now: Timestamp) -> Option<Problem> {
    let left = end.micros_since(now);
    let (health, reason) = if left <= 0 {
        (Health::Failed, format!("expired {} ago", age::duration(-left)))
    } else if left < NEAR * 1_000_000 {
        (Health::Warn, format!("{} left", age::duration(left)))
    } else {
        return None;
    };
    Some(Problem {
        key: record.key.clone(),
        health,
        word: word(health),
        name: name(catalog, &record.key),
        short: short_name(catalog, &record.key),
        reason,
        folded: 0,
        since: (left <= 0).then_some(end),
    })
}

impl Problem {
    fn with(mut self, more: &str) -> Self {
        self.reason.push_str(more);
        self
    }
}
