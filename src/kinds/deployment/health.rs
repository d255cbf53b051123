//! How a Deployment is: rolled out, on its way, stuck, refused, paused or short of pods.

use crate::kinds::Health;
use crate::kinds::deployment::{DeploymentCondition, DeploymentFacts, DeploymentStatus};
use crate::kinds::wording::why;
use crate::kinds::workload::unsettled;
use crate::wire::meta::ObjectMeta;

type Verdict = (Health, Option<String>);

/// Health and reason of a Deployment.
pub fn health(metadata: Option<&ObjectMeta>, status: &DeploymentStatus, facts: &DeploymentFacts) -> Verdict {
    if let Some(verdict) = unsettled(metadata, status.observed_generation) {
        return verdict;
    }
    let condition = |r#type: &str| status.conditions.iter().find(|c| c.r#type == r#type);
    let progress = progress(facts);
    if let Some(refused) = condition("ReplicaFailure").filter(|c| c.status == "True") {
        return (Health::Failed, Some(why(&refused.reason, &refused.message)));
    }
    if condition("Progressing").is_some_and(|c| c.reason == "ProgressDeadlineExceeded") {
        return (Health::Failed, Some(format!("ProgressDeadlineExceeded: {progress}")));
    }
    if facts.paused {
        return paused(facts, &progress);
    }
    let replicas = facts.replicas;
    if replicas.desired == 0 {
        return match replicas.current {
            0 => (Health::Ready, Some("scaled to 0".to_owned())),
            left => (Health::Progressing, Some(format!("scaling to 0, {left} left"))),
        };
    }
    if !rolled_out(facts) {
        return (Health::Progressing, Some(progress));
    }
    if replicas.desired <= replicas.available {
        return (Health::Ready, None);
    }
    short(facts, condition("Progressing"), condition("Available"))
}

fn progress(facts: &DeploymentFacts) -> String {
    let replicas = facts.replicas;
    let old = replicas.current.saturating_sub(replicas.updated);
    let old = if old == 0 { String::new() } else { format!(", {old} old") };
    format!("{} of {} updated, {} available{old}", replicas.updated, replicas.desired, replicas.available)
}

fn paused(facts: &DeploymentFacts, progress: &str) -> Verdict {
    if rolled_out(facts) && facts.replicas.desired <= facts.replicas.available {
        return (Health::Ready, Some("paused".to_owned()));
    }
    (Health::Warn, Some(format!("paused: {progress}")))
}

/// Whether every pod is of the newest template and no more are to be made or ended.
fn rolled_out(facts: &DeploymentFacts) -> bool {
    let replicas = facts.replicas;
    replicas.desired <= replicas.updated && replicas.current <= replicas.updated && replicas.updated <= replicas.desired
}

/// All pods are there, some are not available: a rollout's last step, or a workload that has lost pods.
fn short(
    facts: &DeploymentFacts,
    progressing: Option<&DeploymentCondition>,
    available: Option<&DeploymentCondition>,
) -> Verdict {
    let replicas = facts.replicas;
    if progressing.is_some_and(|c| c.status == "True" && c.reason != "NewReplicaSetAvailable") {
        return (Health::Progressing, Some(progress(facts)));
    }
    let reason = format!("{} of {} available", replicas.available, replicas.desired);
    let below = available.is_some_and(|c| c.status == "False");
    let health = if below && replicas.available == 0 { Health::Failed } else { Health::Warn };
    (health, Some(reason))
}
