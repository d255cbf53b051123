//! What holds a rollout up: each cause once, on which object, in words, and what can be done about it.

use super::history::{self, Revision, is_over, is_ready};
use super::pace::{Deadline, deadline};
use crate::kinds::pod::facts::{Container, PodFacts, State};
use crate::kinds::rollout::RolloutFacts;
use crate::kinds::stateful_set::StatefulSetFacts;
use crate::kinds::{EVENT, Facts, Health, ObjectRef, RESOURCE_QUOTA, Record, age};
use crate::model::Cluster;
use crate::view::rollout::status;
use crate::wire::Timestamp;
use std::sync::Arc;

/// What kind of thing holds it up, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// No more pods can be made: a quota, or something else that refuses them.
    Refused,
    /// An image cannot be pulled.
    Image,
    /// A container cannot be made: its configuration is wrong.
    Config,
    /// A container ends as soon as it has begun.
    Crash,
    /// No node takes a pod.
    Unscheduled,
    /// A pod runs and never gets ready.
    Probe,
    /// A pod of an old revision is not ready, and the order of a StatefulSet waits for it.
    OutOfOrder,
    /// Pods have begun, and may yet get ready.
    Starting,
    /// Somebody has paused it.
    Paused,
    /// A partition, or a step, keeps the rest as it is.
    Held,
    /// Pods get the new template only when somebody deletes them.
    ByHand,
    /// It was given up.
    Aborted,
    /// There was no progress for too long.
    Deadline,
}

/// One thing that holds a rollout up.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What kind of thing it is.
    pub cause: Cause,
    /// How bad that is.
    pub health: Health,
    /// The object on which it shows.
    pub object: ObjectRef,
    /// How many objects share it.
    pub count: usize,
    /// What it is, in words.
    pub text: String,
    /// What can be done about it; empty where waiting is all.
    pub remedy: String,
}

impl Block {
    /// The same in a few words, as they end a sentence: `3 new pods cannot pull their image`.
    pub fn brief(&self) -> String {
        let one = self.count < 2;
        let pods = if one { "a new pod".to_owned() } else { format!("{} new pods", self.count) };
        let cannot = |what: &str| format!("{pods} cannot {what}");
        match self.cause {
            Cause::Refused => "no more pods can be made".to_owned(),
            Cause::Image if one => cannot("pull its image"),
            Cause::Image => cannot("pull their image"),
            Cause::Config => cannot("be set up"),
            Cause::Crash if one => format!("{pods} crashes"),
            Cause::Crash => format!("{pods} crash"),
            Cause::Unscheduled => format!("no node takes {pods}"),
            Cause::Probe if one => format!("{pods} runs, and is not ready"),
            Cause::Probe => format!("{pods} run, and are not ready"),
            Cause::OutOfOrder => "a pod of an older template is in the way".to_owned(),
            Cause::Starting if one => format!("{pods} is starting"),
            Cause::Starting => format!("{pods} are starting"),
            Cause::Paused => "it is paused".to_owned(),
            Cause::Deadline => "there is no progress".to_owned(),
            Cause::Held | Cause::ByHand | Cause::Aborted => self.text.clone(),
        }
    }
}

/// What holds up the rollout of a workload, the cause before its effects; nothing where nothing does.
pub fn blocks(cluster: &Cluster, record: &Record, revisions: &[Revision], now: Timestamp) -> Vec<Block> {
    let mut found = Vec::new();
    found.extend(refused(cluster, record, revisions));
    if let Facts::StatefulSet(facts) = &record.digest.facts {
        found.extend(out_of_order(record, facts, revisions));
    }
    for revision in revisions.iter().filter(|revision| revision.is_update) {
        pods(revision, &way_back(revisions), &mut found);
    }
    found.extend(held(record));
    found.extend(late(record, revisions, now));
    // What is still on its way comes last; of all else the cause comes before its effects.
    found.sort_by_key(|block| (block.health == Health::Progressing, block.cause));
    found
}

/// Whether a rollout is under way, held or stuck: something is still to come.
pub fn is_under_way(record: &Record) -> bool {
    status::status(record).is_some_and(|status| status.stage == status::Stage::Waiting)
        || matches!(deadline(record), Deadline::Passed(_))
        || matches!(&record.digest.facts, Facts::Rollout(facts) if facts.phase.as_deref() == Some("Degraded"))
}

fn block(cause: Cause, health: Health, object: &ObjectRef, text: String, remedy: String) -> Block {
    Block { cause, health, object: object.clone(), count: 1, text, remedy }
}

/// No more pods can be made.
fn refused(cluster: &Cluster, record: &Record, revisions: &[Revision]) -> Option<Block> {
    let by_set = revisions.iter().filter(|r| r.is_update).find_map(|r| Some((&r.key, r.refused.clone()?)));
    let (object, message) = match by_set {
        Some((object, message)) => (object.clone(), message),
        // StatefulSets and DaemonSets say it in an event only; it counts as long as pods are missing.
        None => (record.key.clone(), refusal_event(cluster, record)?),
    };
    let object = full_quota(cluster, record, &message).unwrap_or(object);
    let is_quota = message.contains("exceeded quota");
    let remedy = if is_quota {
        "make room: raise the quota, ask for less, or allow fewer pods beyond those wanted (maxSurge)"
    } else {
        "mend what the server refuses, or undo"
    };
    Some(block(Cause::Refused, Health::Failed, &object, words(&message), remedy.to_owned()))
}

fn refusal_event(cluster: &Cluster, record: &Record) -> Option<Arc<str>> {
    let replicas = super::replicas(record)?;
    if replicas.desired <= replicas.current {
        return None;
    }
    let events = cluster.sources(record).into_iter().filter(|source| source.key.kind == EVENT);
    let facts = events.filter_map(|event| match &event.digest.facts {
        Facts::Event(facts) if facts.warning && *facts.reason == *"FailedCreate" => Some(facts),
        _ => None,
    });
    facts.max_by_key(|facts| facts.last).map(|facts| Arc::clone(&facts.message))
}

/// The quota that a refusal names, if it is known.
fn full_quota(cluster: &Cluster, record: &Record, message: &str) -> Option<ObjectRef> {
    let name = message.split("exceeded quota: ").nth(1)?.split(',').next()?.trim();
    let key = ObjectRef { kind: RESOURCE_QUOTA, namespace: record.key.namespace.clone(), name: Arc::from(name) };
    cluster.get(&key).map(|quota| quota.key.clone())
}

/// The telling part of a refusal: without the name of a pod that never was.
fn words(message: &str) -> String {
    let told = message.split_once(" is forbidden: ").map_or(message, |(_, rest)| rest);
    told.split_once("exceeded quota: ").map_or_else(|| told.to_owned(), |(_, rest)| format!("quota {rest}"))
}

/// A pod of another revision is not ready: a StatefulSet in order waits for it, and an undo does not help.
fn out_of_order(record: &Record, facts: &StatefulSetFacts, revisions: &[Revision]) -> Option<Block> {
    let update = facts.update_revision.as_ref()?;
    if facts.parallel || facts.on_delete {
        return None;
    }
    let pods = revisions.iter().flat_map(|revision| &revision.pods);
    let stuck =
        pods.filter(|pod| !is_over(pod) && !is_ready(pod)).find(|pod| history::pod_revision(pod) != Some(update))?;
    let is_ill = stuck.digest.health.is_some_and(|health| health <= Health::Warn) || shows_trouble(stuck);
    is_ill.then(|| {
        let why = stuck.digest.reason.as_deref().unwrap_or("not ready");
        let text = format!(
            "{} still has an older template and is not ready: {why}; {} waits for it",
            stuck.key.name, record.key.name
        );
        let remedy = format!("an undo does not help: {}", line(stuck, "delete pod "));
        block(Cause::OutOfOrder, Health::Failed, &stuck.key, text, remedy)
    })
}

fn shows_trouble(pod: &Record) -> bool {
    matches!(&pod.digest.facts, Facts::Pod(facts) if cause(facts).is_some_and(|cause| cause != Cause::Starting))
}

/// The pods of the newest revision that are not ready, by their cause.
fn pods(revision: &Revision, back: &str, found: &mut Vec<Block>) {
    for pod in revision.pods.iter().filter(|pod| !is_over(pod) && !is_ready(pod)) {
        let Facts::Pod(facts) = &pod.digest.facts else { continue };
        let Some(cause) = cause(facts) else { continue };
        let text = pod.digest.reason.as_deref().unwrap_or("not ready yet").to_owned();
        if let Some(same) = found.iter_mut().find(|block| block.cause == cause && block.text == text) {
            same.count += 1;
            continue;
        }
        // A pod that has only begun is no trouble yet: how bad it is, the pod itself says.
        let health = pod.digest.health.filter(|health| *health < Health::Unknown).unwrap_or(Health::Progressing);
        let remedy = remedy(cause, &text, back);
        found.push(block(cause, health, &pod.key, text, remedy));
    }
}

/// How to go back: to what runs well; where nothing shows that of any other revision, none is recommended.
fn way_back(revisions: &[Revision]) -> String {
    match history::proven(revisions) {
        Some(back) => format!(", or undo to revision {} ({})", back.number, back.tags()),
        // What pods of it run already is itself what somebody went back to.
        None if revisions.iter().any(|revision| revision.is_update && revision.works) => String::new(),
        None if 1 < revisions.len() => ", or undo to a revision that ran well (h lists them all)".to_owned(),
        None => String::new(),
    }
}

fn remedy(cause: Cause, text: &str, undo: &str) -> String {
    match cause {
        Cause::Image => format!("set an image that can be pulled{undo}"),
        Cause::Config => format!("make what its template names, or mend the template{undo}"),
        Cause::Crash => format!("read its logs (l){undo}"),
        Cause::Unscheduled if text.contains("PersistentVolumeClaim") => {
            "see to its volume claims: they are not bound".to_owned()
        }
        Cause::Unscheduled if text.contains("scheduling gate") => "lift its scheduling gates".to_owned(),
        Cause::Unscheduled => format!("make room on nodes, or ask for less{undo}"),
        Cause::Probe => format!("read its logs (l), check port and path of the probe{undo}"),
        _ => String::new(),
    }
}

/// Why a pod that should be ready is not; none where it is not told.
fn cause(facts: &PodFacts) -> Option<Cause> {
    if let Some(rare) = &facts.rare
        && (rare.unscheduled.is_some() || !rare.scheduling_gates.is_empty())
    {
        return Some(Cause::Unscheduled);
    }
    let causes = facts.containers.iter().filter_map(container_cause);
    causes.min().or(Some(Cause::Starting)).filter(|_| !facts.ready)
}

fn container_cause(container: &Container) -> Option<Cause> {
    match &container.state {
        State::Waiting(Some(reason)) => match &**reason {
            "ErrImagePull"
            | "ImagePullBackOff"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed" => Some(Cause::Image),
            "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => Some(Cause::Config),
            "CrashLoopBackOff" => Some(Cause::Crash),
            _ => None,
        },
        State::Exited(exit) if exit.code != 0 => Some(Cause::Crash),
        State::Running(_) if !container.ready && container.last_exit.is_some() => Some(Cause::Crash),
        State::Running(_) if !container.ready && is_asked(container) => Some(Cause::Probe),
        _ => None,
    }
}

fn is_asked(container: &Container) -> bool {
    container.readiness().is_some() || container.startup().is_some()
}

/// What waits for somebody: pauses, partitions, steps, pods that are to be deleted by hand.
fn held(record: &Record) -> Option<Block> {
    let held = |cause, text: String, remedy: String| Some(block(cause, Health::Warn, &record.key, text, remedy));
    match &record.digest.facts {
        Facts::Deployment(facts) if facts.paused => held(
            Cause::Paused,
            "paused: changes of its template wait".to_owned(),
            line(record, "rollout resume deployment/"),
        ),
        Facts::StatefulSet(facts) => {
            let old = facts.replicas.desired.saturating_sub(facts.replicas.updated);
            let is_changing = facts.current_revision != facts.update_revision && 0 < old;
            if is_changing && facts.on_delete {
                return held(
                    Cause::ByHand,
                    format!("{old} of {} pods keep the old template until they are deleted", facts.replicas.desired),
                    String::new(),
                );
            }
            let kept = facts.partition.min(facts.replicas.desired);
            (is_changing && 0 < kept).then(|| {
                let text = format!(
                    "partition {}: {kept} of {} pods keep the old template",
                    facts.partition, facts.replicas.desired
                );
                block(Cause::Held, Health::Warn, &record.key, text, "lower the partition to go on".to_owned())
            })
        }
        Facts::DaemonSet(facts) if facts.on_delete && facts.replicas.updated < facts.replicas.desired => {
            let old = facts.replicas.desired - facts.replicas.updated;
            held(
                Cause::ByHand,
                format!("{old} of {} pods keep the old template until they are deleted", facts.replicas.desired),
                String::new(),
            )
        }
        Facts::Rollout(facts) => argo(record, facts),
        _ => None,
    }
}

fn argo(record: &Record, facts: &RolloutFacts) -> Option<Block> {
    let message = facts.message.as_deref().unwrap_or("");
    if facts.aborted {
        let text = format!("aborted: {message}");
        let remedy =
            "retry-rollout tries it again, undo makes the way back whole: its template still is the new one".to_owned();
        return Some(block(
            Cause::Aborted,
            Health::Failed,
            &record.key,
            text.trim_end_matches([':', ' ']).to_owned(),
            remedy,
        ));
    }
    if facts.paused {
        let remedy = "resume lets it go on with its steps".to_owned();
        return Some(block(Cause::Paused, Health::Warn, &record.key, "paused by hand".to_owned(), remedy));
    }
    let (reason, _) = facts.pauses.first()?;
    let step = facts.step_text().map_or(String::new(), |step| format!(" at step {step}"));
    let what = match &**reason {
        "CanaryPauseStep" => "waits to be promoted",
        "BlueGreenPause" => "the new pods wait to be made the active ones",
        "InconclusiveAnalysisRun" | "InconclusiveExperiment" => "an analysis came to no conclusion",
        other => other,
    };
    Some(block(
        Cause::Held,
        Health::Warn,
        &record.key,
        format!("{what}{step}"),
        "b promotes it, x aborts it".to_owned(),
    ))
}

/// There was no progress for too long; the controller goes on trying.
fn late(record: &Record, revisions: &[Revision], now: Timestamp) -> Option<Block> {
    let Deadline::Passed(since) = deadline(record) else { return None };
    let Facts::Deployment(facts) = &record.digest.facts else { return None };
    let limit = facts
        .progress_deadline_seconds
        .map_or(String::new(), |s| format!(" for {}", age::duration(i64::from(s) * 1_000_000)));
    let ago = since.map_or(String::new(), |at| format!(", the deadline passed {} ago", age::age(now, Some(at))));
    let remedy = history::proven(revisions).map_or(String::new(), |back| {
        format!("nothing is undone by itself: undo to revision {} ({})", back.number, back.tags())
    });
    Some(block(Cause::Deadline, Health::Failed, &record.key, format!("no progress{limit}{ago}"), remedy))
}

fn line(record: &Record, verb: &str) -> String {
    let namespace = record.key.namespace.as_deref().map_or(String::new(), |n| format!(" -n {n}"));
    format!("kubectl{namespace} {verb}{}", record.key.name)
}
