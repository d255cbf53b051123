//! Home: what is wrong now, worst first, and how every namespace is.

use crate::kinds::{Catalog, Health, Kind, KindId, ObjectRef, Record};
use crate::model::{Cluster, Sync};
use crate::view::line::word;
use crate::wire::Timestamp;
use std::collections::{BTreeMap, HashMap};
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
    /// `deployments/catalog`, with its kind's shortest name.
    pub name: String,
    /// Why, in words.
    pub reason: String,
    /// Objects below it that are ill for the same cause and are not listed themselves.
    pub folded: usize,
    /// Since when, as far as that is known.
    pub since: Option<Timestamp>,
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

/// The groups of kinds that Home counts.
const GROUPS: [(&str, &[&str]); 4] = [
    ("pods", &["pods"]),
    ("workloads", &["deployments", "statefulsets", "daemonsets", "jobs", "cronjobs"]),
    ("routes", &["ingresses", "httproutes"]),
    ("certificates", &["certificates"]),
];

/// Home as the cluster stands.
pub fn home(cluster: &Cluster, catalog: &Catalog, _now: Timestamp) -> Home {
    let mut problems = Vec::new();
    let mut ill: HashMap<Arc<str>, ()> = HashMap::new();
    for kind in catalog.iter().filter(|k| *k.kind != *"Event") {
        for record in cluster.of(kind.id) {
            if record.digest.health.is_some_and(is_ill) {
                ill.insert(Arc::clone(&record.meta.uid), ());
            }
        }
    }
    let mut folded: HashMap<Arc<str>, usize> = HashMap::new();
    for kind in catalog.iter().filter(|k| *k.kind != *"Event") {
        for record in cluster.of(kind.id) {
            let Some(health) = record.digest.health.filter(|h| is_ill(*h)) else { continue };
            match top(cluster, record, &ill) {
                Some(owner) => *folded.entry(owner).or_default() += 1,
                None => problems.push(problem(kind, record, health)),
            }
        }
    }
    for problem in &mut problems {
        if let Some(record) = cluster.get(&problem.key) {
            problem.folded = folded.get(&record.meta.uid).copied().unwrap_or(0);
        }
    }
    problems.sort_by(|a, b| a.health.cmp(&b.health).then_with(|| a.key.cmp(&b.key)));
    let more = problems.len().saturating_sub(MOST);
    let sentence = sentence(&problems);
    let worst = problems.first().map(|p| p.health).or((!cluster.is_empty()).then_some(Health::Ready));
    problems.truncate(MOST);
    let (live, open, behind) = syncs(cluster, catalog);
    Home {
        sentence,
        worst,
        problems,
        more,
        groups: GROUPS.iter().map(|(name, _)| *name).collect(),
        namespaces: rooms(cluster, catalog),
        live,
        open,
        behind,
        objects: cluster.len(),
    }
}

fn is_ill(health: Health) -> bool {
    health < Health::Unknown
}

/// The topmost owner that is ill as well.
fn top(cluster: &Cluster, record: &Record, ill: &HashMap<Arc<str>, ()>) -> Option<Arc<str>> {
    let mut found = None;
    let mut owner = record.meta.controller();
    for _ in 0..8 {
        let Some(next) = owner else { break };
        if ill.contains_key(&next.uid) {
            found = Some(Arc::clone(&next.uid));
        }
        owner = cluster.by_uid(&next.uid).and_then(|r| r.meta.controller());
    }
    found
}

fn problem(kind: &Kind, record: &Record, health: Health) -> Problem {
    Problem {
        key: record.key.clone(),
        health,
        word: word(health),
        name: format!("{}/{}", short(kind), record.key.name),
        reason: record.digest.reason.as_deref().unwrap_or("").to_owned(),
        folded: 0,
        since: record.meta.created,
    }
}

/// How a kind is called in one word: `deployment`.
pub fn short(kind: &Kind) -> String {
    kind.kind.to_lowercase()
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

fn rooms(cluster: &Cluster, catalog: &Catalog) -> Vec<Room> {
    let mut rooms: BTreeMap<Arc<str>, Vec<Count>> = BTreeMap::new();
    for record in cluster.of(crate::kinds::NAMESPACE) {
        rooms.insert(Arc::clone(&record.key.name), vec![Count::default(); GROUPS.len()]);
    }
    for (index, (_, plurals)) in GROUPS.iter().enumerate() {
        for id in plurals.iter().filter_map(|name| catalog.find(name)).map(|kind| kind.id) {
            count(cluster, id, index, &mut rooms);
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
    for (scope, sync) in cluster.syncs() {
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
