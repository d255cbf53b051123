//! Whether a rollout is over, in the very words of `kubectl rollout status`, and by its rules.

use crate::kinds::daemon_set::DaemonSetFacts;
use crate::kinds::deployment::DeploymentFacts;
use crate::kinds::rollout::RolloutFacts;
use crate::kinds::stateful_set::StatefulSetFacts;
use crate::kinds::{Facts, Record};

/// What kubectl refuses to tell of workloads whose pods somebody has to delete.
const ROLLING_ONLY: &str = "rollout status is only available for RollingUpdate strategy type";

/// How a rollout stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether it goes on.
    pub stage: Stage,
    /// The words, without the end of the line.
    pub text: String,
}

/// Where a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not over.
    Waiting,
    /// Over.
    Done,
    /// Failed, or not to be told: kubectl ends with an error.
    Refused,
}

/// How the rollout of a workload stands; none for kinds that do not roll out.
pub fn status(record: &Record) -> Option<Status> {
    let name = &*record.key.name;
    let is_seen = |observed: i64| record.meta.generation <= observed;
    Some(match &record.digest.facts {
        Facts::Deployment(facts) => deployment(name, facts, is_seen(facts.observed_generation)),
        Facts::DaemonSet(facts) => daemon_set(name, facts, is_seen(facts.observed_generation)),
        Facts::StatefulSet(facts) => {
            stateful_set(facts, facts.observed_generation != 0 && is_seen(facts.observed_generation))
        }
        Facts::Rollout(facts) => argo(name, facts),
        _ => return None,
    })
}

/// The refusal where somebody asks for a revision that does not run: `--revision N`.
pub fn of_revision(record: &Record, wanted: i64) -> Option<Status> {
    let Facts::Deployment(facts) = &record.digest.facts else { return None };
    let running = facts.revision.unwrap_or(0);
    (0 < wanted && wanted != running)
        .then(|| refused(format!("desired revision ({wanted}) is different from the running revision ({running})")))
}

fn waiting(text: String) -> Status {
    Status { stage: Stage::Waiting, text }
}

fn done(text: String) -> Status {
    Status { stage: Stage::Done, text }
}

fn refused(text: String) -> Status {
    Status { stage: Stage::Refused, text }
}

fn deployment(name: &str, facts: &DeploymentFacts, is_seen: bool) -> Status {
    if !is_seen {
        return waiting("Waiting for deployment spec update to be observed...".to_owned());
    }
    if facts.progressing.as_ref().is_some_and(|p| *p.reason == *"ProgressDeadlineExceeded") {
        return refused(format!("deployment {name:?} exceeded its progress deadline"));
    }
    let wait = |what: String| waiting(format!("Waiting for deployment {name:?} rollout to finish: {what}..."));
    let r = facts.replicas;
    if r.updated < r.desired {
        return wait(format!("{} out of {} new replicas have been updated", r.updated, r.desired));
    }
    if r.updated < r.current {
        return wait(format!("{} old replicas are pending termination", r.current - r.updated));
    }
    if r.available < r.updated {
        return wait(format!("{} of {} updated replicas are available", r.available, r.updated));
    }
    done(format!("deployment {name:?} successfully rolled out"))
}

fn daemon_set(name: &str, facts: &DaemonSetFacts, is_seen: bool) -> Status {
    if facts.on_delete {
        return refused(ROLLING_ONLY.to_owned());
    }
    if !is_seen {
        return waiting("Waiting for daemon set spec update to be observed...".to_owned());
    }
    let wait = |what: String| waiting(format!("Waiting for daemon set {name:?} rollout to finish: {what}..."));
    let r = facts.replicas;
    if r.updated < r.desired {
        return wait(format!("{} out of {} new pods have been updated", r.updated, r.desired));
    }
    if r.available < r.desired {
        return wait(format!("{} of {} updated pods are available", r.available, r.desired));
    }
    done(format!("daemon set {name:?} successfully rolled out"))
}

fn stateful_set(facts: &StatefulSetFacts, is_seen: bool) -> Status {
    if facts.on_delete {
        return refused(ROLLING_ONLY.to_owned());
    }
    if !is_seen {
        return waiting("Waiting for statefulset spec update to be observed...".to_owned());
    }
    let r = facts.replicas;
    if r.ready < r.desired {
        return waiting(format!("Waiting for {} pods to be ready...", r.desired - r.ready));
    }
    if facts.rolls {
        let wanted = i64::from(r.desired) - i64::from(facts.partition);
        if i64::from(r.updated) < wanted {
            let text = "Waiting for partitioned roll out to finish";
            return waiting(format!("{text}: {} out of {wanted} new pods have been updated...", r.updated));
        }
        return done(format!("partitioned roll out complete: {} new pods have been updated...", r.updated));
    }
    let revision = |revision: &Option<std::sync::Arc<str>>| revision.as_deref().unwrap_or("").to_owned();
    if facts.update_revision != facts.current_revision {
        let (updated, revision) = (r.updated, revision(&facts.update_revision));
        let text = "waiting for statefulset rolling update to complete";
        return waiting(format!("{text} {updated} pods at revision {revision}..."));
    }
    let (pods, revision) = (facts.at_current, revision(&facts.current_revision));
    done(format!("statefulset rolling update complete {pods} pods at revision {revision}..."))
}

/// Argo's controller gives the word itself, with what it has to say.
fn argo(name: &str, facts: &RolloutFacts) -> Status {
    let Some(phase) = facts.phase.as_deref() else {
        return waiting(format!("Waiting for rollout {name:?} spec update to be observed..."));
    };
    let message = facts.message.as_deref().map_or(String::new(), |message| format!(" - {message}"));
    let text = format!("{phase}{message}");
    match phase {
        "Healthy" => done(text),
        "Degraded" => refused(text),
        _ => waiting(text),
    }
}
