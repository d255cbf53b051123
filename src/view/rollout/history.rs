//! The revisions of a workload: of a Deployment and of Argo's Rollout by their ReplicaSets, of StatefulSets and DaemonSets by
//! their ControllerRevisions.
//!
//! `history(cluster, workload)` gives them, the newest first; `previous` is the one to which `kubectl rollout undo` goes when
//! nobody says which; `find` the one of a number. What a revision is made of stands in `Revision::key`, a ReplicaSet at
//! `.spec.template`, a ControllerRevision at `.data`, and is fetched when it is needed.

use crate::kinds::{
    CONTROLLER_REVISION, DAEMON_SET, DEPLOYMENT, Facts, Health, ObjectRef, POD, REPLICA_SET, ROLLOUT, Record,
    STATEFUL_SET, workload,
};
use crate::model::Cluster;
use crate::wire::Timestamp;
use std::cmp::Reverse;
use std::fmt::Write;
use std::sync::Arc;

/// The label by which pods name their ControllerRevision.
const REVISION_HASH: &str = "controller-revision-hash";

/// One template that a workload has had, or has.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its number, by which kubectl knows it.
    pub number: i64,
    /// The ReplicaSet or the ControllerRevision that holds its template.
    pub key: ObjectRef,
    /// The uid of that object.
    pub uid: Arc<str>,
    /// Since when it is known.
    pub created: Option<Timestamp>,
    /// The containers that do the work, each with its image.
    pub images: Vec<(Arc<str>, Arc<str>)>,
    /// Why it was made, if somebody said so.
    pub cause: Option<Arc<str>>,
    /// How many pods of it are wanted; none where nothing says so for a single revision.
    pub wanted: Option<u32>,
    /// Its pods, those in trouble first; those that have ended or are ending last.
    pub pods: Vec<Arc<Record>>,
    /// Pods that are there and are not going.
    pub there: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that are going.
    pub ending: u32,
    /// Why no more of its pods can be made, in the server's words.
    pub refused: Option<Arc<str>>,
    /// Whether pods of it are ready now, which is the only proof that it runs well.
    pub works: bool,
    /// Whether it is the newest template, to which pods are brought.
    pub is_update: bool,
    /// Whether it is the template that pods had before that, or have since nothing changes.
    pub is_current: bool,
}

/// The revisions of a workload, the newest first; none for kinds that have none.
pub fn history(cluster: &Cluster, record: &Record) -> Vec<Revision> {
    let mut revisions = match record.key.kind {
        DEPLOYMENT | ROLLOUT => by_replica_sets(cluster, record),
        STATEFUL_SET | DAEMON_SET => by_revisions(cluster, record),
        _ => Vec::new(),
    };
    revisions.sort_by_key(|revision| (Reverse(revision.number), revision.key.clone()));
    mark(record, &mut revisions);
    for revision in &mut revisions {
        revision.works |= 0 < revision.ready;
    }
    revisions
}

/// The revision of that number.
pub fn find(revisions: &[Revision], number: i64) -> Option<&Revision> {
    revisions.iter().find(|revision| revision.number == number)
}

/// The revision to which an undo goes: the second of the newest-first list, whatever pods run.
pub fn previous(revisions: &[Revision]) -> Option<&Revision> {
    revisions.get(1)
}

/// The latest other revision whose pods run well, to which an undo is worth its while; none where nothing proves that.
pub fn proven(revisions: &[Revision]) -> Option<&Revision> {
    revisions.iter().find(|revision| !revision.is_update && revision.works)
}

/// The revision to which pods are brought.
pub fn update(revisions: &[Revision]) -> Option<&Revision> {
    revisions.iter().find(|revision| revision.is_update)
}

/// The table that `kubectl rollout history` prints below its heading, the oldest first.
pub fn table(revisions: &[Revision]) -> String {
    if revisions.is_empty() {
        return "No rollout history found.\n".to_owned();
    }
    let number_width = revisions.iter().map(|r| r.number.to_string().len()).max().unwrap_or(0).max("REVISION".len());
    let mut text = format!("{:<number_width$}  CHANGE-CAUSE\n", "REVISION");
    for revision in revisions.iter().rev() {
        let cause = revision.cause.as_deref().unwrap_or("<none>");
        let _ = writeln!(text, "{:<number_width$}  {cause}", revision.number);
    }
    text
}

impl Revision {
    /// What its images are called: the tags where repositories do not matter, `v2.3.1`; several joined by commas.
    pub fn tags(&self) -> String {
        let tags: Vec<&str> = self.images.iter().map(|(_, image)| tag(image)).collect();
        tags.join(",")
    }

    /// The worst state of its pods that are not going; none without such.
    pub fn health(&self) -> Option<Health> {
        let alive = self.pods.iter().filter(|pod| pod.meta.deleted.is_none());
        alive.filter_map(|pod| pod.digest.health).min()
    }
}

/// The part of an image's name that changes: its tag, the beginning of its digest, or its last word.
pub fn tag(image: &str) -> &str {
    if let Some((_, digest)) = image.split_once('@') {
        let digest = digest.split_once(':').map_or(digest, |(_, hex)| hex);
        return digest.char_indices().nth(12).map_or(digest, |(at, _)| &digest[..at]);
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once(':').map_or(last, |(_, tag)| tag)
}

fn controlled<'a>(cluster: &'a Cluster, owner: &'a Record) -> impl Iterator<Item = &'a Arc<Record>> {
    let is_own = |child: &&Arc<Record>| child.meta.controller().is_some_and(|by| by.uid == owner.meta.uid);
    cluster.children(&owner.meta.uid).filter(is_own)
}

fn by_replica_sets(cluster: &Cluster, record: &Record) -> Vec<Revision> {
    let mut revisions = Vec::new();
    for set in controlled(cluster, record).filter(|child| child.key.kind == REPLICA_SET) {
        let Facts::ReplicaSet(facts) = &set.digest.facts else { continue };
        // Without a number it counts as 0 to kubectl: its controller has not looked at it yet.
        let number = facts.revision.unwrap_or(0);
        let pods: Vec<Arc<Record>> =
            controlled(cluster, set).filter(|child| child.key.kind == POD).map(Arc::clone).collect();
        let mut revision = revision(set, number, pods);
        revision.images = facts.template.main().map(|c| (Arc::clone(&c.name), Arc::clone(&c.image))).collect();
        revision.wanted = Some(facts.replicas.desired);
        revision.refused.clone_from(&facts.refused);
        revision.works = 0 < facts.replicas.ready;
        revisions.push(revision);
    }
    revisions
}

fn by_revisions(cluster: &Cluster, record: &Record) -> Vec<Revision> {
    let pods: Vec<&Arc<Record>> = controlled(cluster, record).filter(|child| child.key.kind == POD).collect();
    let mut revisions = Vec::new();
    for held in controlled(cluster, record).filter(|child| child.key.kind == CONTROLLER_REVISION) {
        let Facts::Revision(facts) = &held.digest.facts else { continue };
        // Pods of a StatefulSet carry the name of the revision, those of a DaemonSet its hash.
        let hash = held.meta.label(REVISION_HASH);
        let is_of = |pod: &&&Arc<Record>| {
            let label = pod.meta.label(REVISION_HASH);
            label.is_some_and(|label| *label == held.key.name || Some(label) == hash)
        };
        let own = pods.iter().filter(is_of).map(|pod| Arc::clone(pod)).collect();
        let mut revision = revision(held, facts.revision, own);
        revision.images = facts.images.to_vec();
        revisions.push(revision);
    }
    revisions
}

fn revision(held: &Arc<Record>, number: i64, mut pods: Vec<Arc<Record>>) -> Revision {
    pods.sort_by(|a, b| order(a).cmp(&order(b)));
    let alive = |pod: &&Arc<Record>| !is_over(pod);
    Revision {
        number,
        key: held.key.clone(),
        uid: Arc::clone(&held.meta.uid),
        created: held.meta.created,
        images: Vec::new(),
        cause: held.meta.annotation(workload::CHANGE_CAUSE).cloned(),
        wanted: None,
        there: size(pods.iter().filter(alive).count()),
        ready: size(pods.iter().filter(alive).filter(|pod| is_ready(pod)).count()),
        ending: size(pods.iter().filter(|pod| pod.meta.deleted.is_some()).count()),
        pods,
        refused: None,
        works: false,
        is_update: false,
        is_current: false,
    }
}

fn order(pod: &Record) -> (bool, Option<Health>, &ObjectRef) {
    (is_over(pod), pod.digest.health, &pod.key)
}

/// Whether a pod is going or has ended.
pub fn is_over(pod: &Record) -> bool {
    pod.meta.deleted.is_some() || matches!(&pod.digest.facts, Facts::Pod(facts) if facts.ended())
}

/// Whether a pod is ready.
pub fn is_ready(pod: &Record) -> bool {
    matches!(&pod.digest.facts, Facts::Pod(facts) if facts.ready)
}

fn size(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Says of each revision whether pods are brought to it or had it before.
fn mark(record: &Record, revisions: &mut [Revision]) {
    match &record.digest.facts {
        // Until its controller has seen the last change, nobody knows which is the newest.
        Facts::Deployment(facts) if facts.observed_generation < record.meta.generation => {}
        Facts::Deployment(facts) => {
            let newest = facts.revision;
            // The template of a paused one may have changed since: then no ReplicaSet is made for it, and no pod counts as updated.
            let is_stale = |revision: &Revision| facts.paused && facts.replicas.updated < revision.there;
            mark_by(revisions, |revision| Some(revision.number) == newest && !is_stale(revision));
        }
        Facts::StatefulSet(facts) => {
            for revision in revisions {
                revision.is_update = facts.update_revision.as_ref() == Some(&revision.key.name);
                revision.is_current = facts.current_revision.as_ref() == Some(&revision.key.name);
            }
        }
        Facts::DaemonSet(facts) if facts.observed_generation < record.meta.generation => {}
        Facts::DaemonSet(_) => {
            let newest = revisions.first().map(|revision| revision.number);
            mark_by(revisions, |revision| Some(revision.number) == newest);
        }
        Facts::Rollout(facts) => {
            let ends = |revision: &Revision, hash: &Option<Arc<str>>| {
                hash.as_ref().is_some_and(|hash| revision.key.name.ends_with(&format!("-{hash}")))
            };
            for revision in revisions {
                revision.is_update = ends(revision, &facts.current_hash);
                revision.is_current = ends(revision, &facts.stable_hash);
            }
        }
        _ => {}
    }
}

/// The newest is given; what pods had before is the latest other one that still has pods, or else the newest itself.
fn mark_by(revisions: &mut [Revision], is_newest: impl Fn(&Revision) -> bool) {
    for revision in revisions.iter_mut() {
        revision.is_update = is_newest(revision);
    }
    let before = revisions.iter().position(|r| !r.is_update && (0 < r.there || r.wanted.is_some_and(|n| 0 < n)));
    if let Some(index) = before.or_else(|| revisions.iter().position(|r| r.is_update)) {
        revisions[index].is_current = true;
    }
}

/// The revision by which a pod of a StatefulSet or DaemonSet was made.
pub fn pod_revision(pod: &Record) -> Option<&Arc<str>> {
    pod.meta.label(REVISION_HASH)
}
