//! Certificates that end soon: the objects cannot tell, because only the present makes an end near.

use super::Problem;
use crate::kinds::{self, Catalog, Facts, Record};
use crate::model::Cluster;
use crate::view::expiry::expiry;
use crate::view::line::word;
use crate::view::{name, short_name};
use crate::wire::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;

/// Certificates and TLS Secrets that ended or end soon. A Secret that a Certificate fills is told by the Certificate;
/// a Certificate that is ill for another reason is told by that.
pub fn problems(cluster: &Cluster, catalog: &Catalog, now: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut filled: HashSet<(Option<&Arc<str>>, &str)> = HashSet::new();
    for record in cluster.of(kinds::CERTIFICATE) {
        let Facts::Certificate(facts) = &record.digest.facts else { continue };
        filled.insert((record.key.namespace.as_ref(), &facts.secret));
        problems.extend(problem(catalog, record, now));
    }
    for record in cluster.of(kinds::SECRET) {
        if !filled.contains(&(record.key.namespace.as_ref(), &*record.key.name)) {
            problems.extend(problem(catalog, record, now));
        }
    }
    problems
}

fn problem(catalog: &Catalog, record: &Record, now: Timestamp) -> Option<Problem> {
    let expiry = expiry(record, now)?;
    Some(Problem {
        key: record.key.clone(),
        health: expiry.health,
        word: word(expiry.health),
        name: name(catalog, &record.key),
        short: short_name(catalog, &record.key),
        reason: expiry.reason,
        folded: 0,
        since: expiry.since,
        route: None,
    })
}
