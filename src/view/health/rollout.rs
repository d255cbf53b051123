//! Rollouts that are not over: how far they are, and how long until they count as stuck.

use super::Rollout;
use crate::kinds::{Health, Record, age};
use crate::model::Cluster;
use crate::view::rollout::pace::{self, Deadline};
use crate::view::rollout::{KINDS, replicas};
use crate::wire::Timestamp;

/// Every rollout that is under way or stuck.
pub fn under_way(cluster: &Cluster) -> Vec<Rollout> {
    let records = KINDS.into_iter().flat_map(|kind| cluster.of(kind));
    let mut rollouts: Vec<Rollout> = records.filter_map(|record| rollout(record)).collect();
    rollouts.sort_by(|a, b| (a.health, &a.key).cmp(&(b.health, &b.key)));
    rollouts
}

fn rollout(record: &Record) -> Option<Rollout> {
    let health = record.digest.health.filter(|health| *health < Health::Unknown)?;
    let replicas = replicas(record)?;
    (replicas.updated < replicas.desired || health == Health::Progressing).then(|| Rollout {
        key: record.key.clone(),
        health,
        updated: replicas.updated,
        wanted: replicas.desired,
        available: replicas.available,
        deadline: deadline(record),
    })
}

fn deadline(record: &Record) -> Option<Timestamp> {
    match pace::deadline(record) {
        Deadline::Runs(end) => Some(end),
        Deadline::None | Deadline::Passed(_) => None,
    }
}

/// `7m12s to the deadline`, while it goes on.
pub fn time_left(record: &Record, now: Timestamp) -> Option<String> {
    let is_under_way = record.digest.health == Some(Health::Progressing);
    let left = deadline(record).filter(|_| is_under_way)?.micros_since(now);
    (0 < left).then(|| format!("{} to the deadline", age::duration(left)))
}
