//! How workloads change: which revisions they have had, how far a change is, and what holds it up.
//!
//! Facts: kubectl's polymorphichelpers (status, history) and the controllers of apps/v1.

pub mod blocked;
pub mod history;
pub mod pace;
pub mod page;
pub mod status;
pub mod tray;

use crate::kinds::workload::Replicas;
use crate::kinds::{DAEMON_SET, DEPLOYMENT, Facts, KindId, ROLLOUT, Record, STATEFUL_SET};

/// The kinds that roll out.
pub const KINDS: [KindId; 4] = [DEPLOYMENT, STATEFUL_SET, DAEMON_SET, ROLLOUT];

/// The pods of a workload that rolls out, counted; none for other kinds.
pub fn replicas(record: &Record) -> Option<Replicas> {
    match &record.digest.facts {
        Facts::Deployment(facts) => Some(facts.replicas),
        Facts::StatefulSet(facts) => Some(facts.replicas),
        Facts::DaemonSet(facts) => Some(facts.replicas),
        Facts::Rollout(facts) => Some(facts.replicas),
        _ => None,
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
