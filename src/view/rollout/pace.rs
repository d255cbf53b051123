//! How fast a rollout may go: how many pods more and less than wanted, and until when there has to be progress.
//!
//! Facts: `ResolveFenceposts` of the Deployment controller, and its counterparts for DaemonSets and StatefulSets.

use crate::kinds::deployment::DeploymentFacts;
use crate::kinds::{Facts, Record, rollout};
use crate::wire::Timestamp;

/// What a Deployment says when it says nothing.
const QUARTER: &str = "25%";

/// The limits of a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// `RollingUpdate`, `Recreate`, `OnDelete`, `canary`, `blue-green`.
    pub strategy: &'static str,
    /// How many pods there may be beyond those wanted, as written and as counted; none where the kind has no such thing.
    pub surge: Option<(String, u32)>,
    /// How many may be missing meanwhile, as written and as counted.
    pub unavailable: Option<(String, u32)>,
}

/// Whether there has to be progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Nothing is said, or nothing goes on.
    None,
    /// There has to be progress until then.
    Runs(Timestamp),
    /// There was none until then.
    Passed(Option<Timestamp>),
}

/// The limits of a workload's rollouts; none for kinds that do not roll out.
pub fn pace(record: &Record) -> Option<Pace> {
    match &record.digest.facts {
        Facts::Deployment(facts) if facts.recreate => Some(whole("Recreate")),
        Facts::Deployment(facts) => Some(fenced(
            "RollingUpdate",
            facts.max_surge.as_deref(),
            facts.max_unavailable.as_deref(),
            facts.replicas.desired,
        )),
        Facts::DaemonSet(facts) if facts.on_delete => Some(whole("OnDelete")),
        Facts::DaemonSet(facts) => {
            let wanted = facts.replicas.desired;
            let surge = text(facts.max_surge.as_deref(), "0");
            let missing = text(facts.max_unavailable.as_deref(), "1");
            let [more, less] = [&surge, &missing].map(|text| share(text, wanted, true));
            let less = if more == 0 { less.max(1) } else { less };
            Some(Pace { strategy: "RollingUpdate", surge: Some((surge, more)), unavailable: Some((missing, less)) })
        }
        Facts::StatefulSet(facts) if facts.on_delete => Some(whole("OnDelete")),
        Facts::StatefulSet(facts) => {
            let missing = text(facts.max_unavailable.as_deref(), "1");
            let less = share(&missing, facts.replicas.desired, false).max(1);
            Some(Pace { strategy: "RollingUpdate", surge: None, unavailable: Some((missing, less)) })
        }
        Facts::Rollout(facts) => Some(match &facts.strategy {
            rollout::Strategy::Canary { max_surge, max_unavailable, .. } => {
                fenced("canary", max_surge.as_deref(), max_unavailable.as_deref(), facts.replicas.desired)
            }
            rollout::Strategy::BlueGreen { .. } => whole("blue-green"),
            rollout::Strategy::Unknown => whole("unknown"),
        }),
        _ => None,
    }
}

/// How far the deadline of a workload's rollout is.
pub fn deadline(record: &Record) -> Deadline {
    match &record.digest.facts {
        Facts::Deployment(facts) => of_deployment(facts, record.meta.generation),
        _ => Deadline::None,
    }
}

fn of_deployment(facts: &DeploymentFacts, generation: i64) -> Deadline {
    let Some(progress) = &facts.progressing else { return Deadline::None };
    match &*progress.reason {
        "ProgressDeadlineExceeded" => Deadline::Passed(progress.updated),
        // The clock of a rollout that is over, or that somebody has paused, stands still.
        "NewReplicaSetAvailable" if generation <= facts.observed_generation => Deadline::None,
        _ if facts.paused => Deadline::None,
        _ => match (progress.updated, facts.progress_deadline_seconds) {
            // The largest number stands for no deadline at all.
            (Some(since), Some(seconds)) if seconds < i32::MAX as u32 => {
                Deadline::Runs(since.plus_seconds(i64::from(seconds)))
            }
            _ => Deadline::None,
        },
    }
}

fn whole(strategy: &'static str) -> Pace {
    Pace { strategy, surge: None, unavailable: None }
}

fn fenced(strategy: &'static str, surge: Option<&str>, unavailable: Option<&str>, wanted: u32) -> Pace {
    let (surge, missing) = (text(surge, QUARTER), text(unavailable, QUARTER));
    let more = share(&surge, wanted, true);
    let less = share(&missing, wanted, false);
    // With neither, nothing could ever move: then one may be missing.
    let less = if more == 0 && less == 0 { 1 } else { less.min(wanted) };
    Pace { strategy, surge: Some((surge, more)), unavailable: Some((missing, less)) }
}

fn text(written: Option<&str>, default: &str) -> String {
    written.unwrap_or(default).to_owned()
}

/// A number, or a share of `whole`; what cannot be read counts as nothing.
fn share(text: &str, whole: u32, round_up: bool) -> u32 {
    let Some(percent) = text.strip_suffix('%') else { return text.parse().unwrap_or(0) };
    let part = percent.parse::<u64>().unwrap_or(0).saturating_mul(u64::from(whole));
    let part = if round_up { part.div_ceil(100) } else { part / 100 };
    u32::try_from(part).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fences(surge: &str, missing: &str, wanted: u32) -> (u32, u32) {
        let pace = fenced("RollingUpdate", Some(surge), Some(missing), wanted);
        (pace.surge.unwrap().1, pace.unavailable.unwrap().1)
    }

    #[test]
    fn surge_rounds_up_and_unavailable_down_and_never_both_are_none() {
        assert_eq!(fences("25%", "25%", 6), (2, 1));
        assert_eq!(fences("25%", "25%", 1), (1, 0));
        assert_eq!(fences("0", "0", 4), (0, 1));
        assert_eq!(fences("0", "10%", 4), (0, 1));
        assert_eq!(fences("1", "0", 4), (1, 0));
        assert_eq!(fences("0", "9", 4), (0, 4));
        assert_eq!(fences("100%", "100%", 3), (3, 3));
        assert_eq!(fences("odd", "%", 3), (0, 1));
    }
}
