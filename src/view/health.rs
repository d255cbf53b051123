//! Home: what is wrong now, worst first, and how every namespace is.

mod certificate;
mod problem;
mod rollout;
pub mod route;

use self::problem::problems;
use crate::kinds::{self, Catalog, Health, KindId, ObjectRef};
use crate::model::{Cluster, Select, Sync};
use crate::wire::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Problems shown at most; the rest are counted.
const MOST: usize = 500;

/// Home, ready to paint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Home {
    /// `4 things are broken, 3 need a look`.
    pub sentence: String,
    /// The worst state of all; none while nothing is known.
    pub worst: Option<Health>,
    /// What is wrong, worst first.
    pub problems: Vec<Problem>,
    /// Problems that were left out of the list.
    pub more: usize,
    /// Headings of the counts.
    pub groups: Vec<&'static str>,
    /// Counts by namespace; objects without one stand under an empty name, last.
    pub namespaces: Vec<Room>,
    /// Rollouts that are not over, the worst first.
    pub rollouts: Vec<Rollout>,
    /// Kinds whose watches are live, of those that are open.
    pub live: usize,
    /// Kinds with an open watch.
    pub open: usize,
    /// Watches that are not live, with what they are instead.
    pub behind: Vec<Behind>,
    /// Objects known.
    pub objects: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The object.
    pub key: ObjectRef,
    /// How bad.
    pub health: Health,
    /// `failed`.
    pub word: &'static str,
    /// `deployment/catalog`.
    pub name: String,
    /// `deploy/catalog`, for narrow screens.
    pub short: String,
    /// Why, in words.
    pub reason: String,
    /// Objects below it that are ill for the same cause and are not listed themselves.
    pub folded: usize,
    /// Since when, as far as that is known.
    pub since: Option<Timestamp>,
    /// The request of a broken path, as a line; none where an object is ill.
    pub route: Option<String>,
}

/// A namespace and its counts, in the order of `Home::groups`.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// The namespace.
    pub name: Arc<str>,
    /// A count for each group.
    pub counts: Vec<Count>,
}

/// How many there are, and how many are ill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub all: u32,
    /// Broken.
    pub failed: u32,
    /// Want a look.
    pub warn: u32,
    /// On their way.
    pub progressing: u32,
    /// Nobody knows.
    pub unknown: u32,
}

/// A watch that is not live.
#[derive(Clone, Debug, PartialEq)]
pub struct Behind {
    /// Plural name of the kind.
    pub kind: Arc<str>,
    /// One namespace, if the watch is for one.
    pub namespace: Option<Arc<str>>,
    /// What it is.
    pub sync: Sync,
}

/// A rollout that is not over.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// The Deployment, StatefulSet or DaemonSet.
    pub key: ObjectRef,
    /// How it goes.
    pub health: Health,
    /// Pods of the newest template.
    pub updated: u32,
    /// Pods wanted.
    pub wanted: u32,
    /// Pods that take traffic.
    pub available: u32,
    /// When it counts as stuck, where it says so.
    pub deadline: Option<Timestamp>,
}

/// The groups of kinds that Home counts.
const GROUPS: [(&str, &[KindId]); 4] = [
    ("pods", &[kinds::POD]),
    ("workloads", &[kinds::DEPLOYMENT, kinds::STATEFUL_SET, kinds::DAEMON_SET, kinds::JOB, kinds::CRON_JOB]),
    ("routes", &[kinds::INGRESS, kinds::HTTP_ROUTE]),
    ("certificates", &[kinds::CERTIFICATE]),
];

/// Home as the cluster stands.
pub fn home(cluster: &Cluster, catalog: &Catalog, now: Timestamp) -> Home {
    let mut problems = problems(cluster, catalog, now);
    let more = problems.len().saturating_sub(MOST);
    let sentence = sentence(&problems);
    let worst = problems.first().map(|p| p.health).or((!cluster.is_empty()).then_some(Health::Ready));
    problems.truncate(MOST);
    let (live, open, behind) = syncs(cluster, catalog);
    Home {
        sentence: if cluster.is_empty() { "nothing is known yet".to_owned() } else { sentence },
        worst,
        problems,
        more,
        groups: GROUPS.iter().map(|(name, _)| *name).collect(),
        namespaces: rooms(cluster),
        rollouts: rollout::under_way(cluster),
        live,
        open,
        behind,
        objects: cluster.len(),
    }
}

fn sentence(problems: &[Problem]) -> String {
    let count = |wanted: Health| problems.iter().filter(|p| p.health == wanted).count();
    let (failed, warn, progressing) = (count(Health::Failed), count(Health::Warn), count(Health::Progressing));
    let mut parts = Vec::new();
    if failed > 0 {
        parts.push(if failed == 1 { "1 thing is broken".to_owned() } else { format!("{failed} things are broken") });
    }
    if warn > 0 {
        parts.push(if warn == 1 { "1 needs a look".to_owned() } else { format!("{warn} need a look") });
    }
    if progressing > 0 {
        let verb = if progressing == 1 { "is" } else { "are" };
        parts.push(format!("{progressing} {verb} on the way"));
    }
    if parts.is_empty() { "nothing is wrong".to_owned() } else { parts.join(", ") }
}

fn rooms(cluster: &Cluster) -> Vec<Room> {
    let mut rooms: BTreeMap<Arc<str>, Vec<Count>> = BTreeMap::new();
    for record in cluster.of(kinds::NAMESPACE) {
        rooms.insert(Arc::clone(&record.key.name), vec![Count::default(); GROUPS.len()]);
    }
    for (index, (_, kinds)) in GROUPS.iter().enumerate() {
        for kind in *kinds {
            count(cluster, *kind, index, &mut rooms);
        }
    }
    rooms.into_iter().map(|(name, counts)| Room { name, counts }).collect()
}

/// Objects come namespace by namespace, so each namespace is looked up once.
fn count(cluster: &Cluster, kind: KindId, group: usize, rooms: &mut BTreeMap<Arc<str>, Vec<Count>>) {
    let mut current: Option<(Arc<str>, Count)> = None;
    let mut put = |entry: Option<(Arc<str>, Count)>| {
        if let Some((name, count)) = entry {
            let counts = rooms.entry(name).or_insert_with(|| vec![Count::default(); GROUPS.len()]);
            counts[group].add(count);
        }
    };
    for record in cluster.of(kind) {
        let Some(namespace) = &record.key.namespace else { continue };
        if current.as_ref().is_none_or(|(name, _)| name != namespace) {
            put(current.replace((Arc::clone(namespace), Count::default())));
        }
        if let Some((_, count)) = &mut current {
            count.see(record.digest.health);
        }
    }
    put(current);
}

impl Count {
    fn see(&mut self, health: Option<Health>) {
        self.all += 1;
        match health {
            Some(Health::Failed) => self.failed += 1,
            Some(Health::Warn) => self.warn += 1,
            Some(Health::Progressing) => self.progressing += 1,
            Some(Health::Unknown) => self.unknown += 1,
            Some(Health::Ready) | None => {}
        }
    }

    fn add(&mut self, other: Self) {
        self.all += other.all;
        self.failed += other.failed;
        self.warn += other.warn;
        self.progressing += other.progressing;
        self.unknown += other.unknown;
    }
}

fn syncs(cluster: &Cluster, catalog: &Catalog) -> (usize, usize, Vec<Behind>) {
    let mut live = 0;
    let mut open = 0;
    let mut behind = Vec::new();
    // What is watched by name is no kind of its own.
    for (scope, sync) in cluster.syncs().filter(|(scope, _)| !matches!(scope.select, Select::Name(_))) {
        open += 1;
        if *sync == Sync::Live {
            live += 1;
            continue;
        }
        if let Some(kind) = catalog.get(scope.kind) {
            let (kind, namespace) = (Arc::clone(&kind.plural), scope.namespace.clone());
            behind.push(Behind { kind, namespace, sync: sync.clone() });
        }
    }
    (live, open, behind)
}

#[cfg(test)]
mod tests;
