//! Rollout (Argo Rollouts): a Deployment that goes step by step, or to a second set of pods first.

pub mod wire;

use self::wire::{RolloutSpec, RolloutStatus, WireStep};
use crate::kinds::template::Template;
use crate::kinds::wording::why;
use crate::kinds::workload::{self, Replicas, count};
use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, ROLLOUT, Selector, json_decoder,
};
use crate::wire::Timestamp;
use crate::wire::int_or_string::IntOrString;
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// The annotation in which its controller counts revisions, on Rollouts and their ReplicaSets.
pub const REVISION: &str = "rollout.argoproj.io/revision";

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: ROLLOUT,
    group: "argoproj.io",
    versions: &["v1alpha1"],
    kind: "Rollout",
    plural: "rollouts",
    short_names: &["ro"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::number("DESIRED", 0).narrow(),
        Column::number("CURRENT", 1),
        Column::number("UP-TO-DATE", 2).narrow(),
        Column::number("AVAILABLE", 3).narrow(),
        Column::AGE,
        Column::text("STATUS", 4).narrow().own(),
        Column::text("STEP", 5).own(),
    ],
    decoder: json_decoder::<Rollout>(),
};

/// What views read of a Rollout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RolloutFacts {
    /// Wanted and there.
    pub replicas: Replicas,
    /// How it goes.
    pub strategy: Strategy,
    /// The phase that its controller gives; none while that speaks of an older generation.
    pub phase: Option<Arc<str>>,
    /// What its controller says about the phase.
    pub message: Option<Arc<str>>,
    /// Whether somebody has paused it.
    pub paused: bool,
    /// Why its controller has paused it, and since when: `CanaryPauseStep`, `BlueGreenPause` …
    pub pauses: Box<[(Arc<str>, Option<Timestamp>)]>,
    /// Whether it was aborted.
    pub aborted: bool,
    /// The hash of the newest pods.
    pub current_hash: Option<Arc<str>>,
    /// The hash of the pods that are known to be good.
    pub stable_hash: Option<Arc<str>>,
    /// Which of the steps it is at, from 0.
    pub step: Option<u32>,
    /// The share of traffic that the newest pods get, where a router splits it.
    pub weight: Option<u32>,
    /// The revision that its controller has counted.
    pub revision: Option<i64>,
    /// Which pods are its own.
    pub selector: Option<Selector>,
    /// What its pods are made of; empty where it refers to another workload for that.
    pub template: Template,
    /// `Deployment/web`, where the template stands there.
    pub template_from: Option<Arc<str>>,
}

/// How a Rollout goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Strategy {
    /// It does not say.
    #[default]
    Unknown,
    /// Step by step.
    Canary {
        /// The steps.
        steps: Box<[Step]>,
        /// How many may be there beyond those wanted.
        max_surge: Option<Arc<str>>,
        /// How many may be missing meanwhile.
        max_unavailable: Option<Arc<str>>,
    },
    /// A second set of pods beside the first.
    BlueGreen {
        /// The Service that leads to the good pods.
        active: Arc<str>,
        /// The Service that leads to the new ones.
        preview: Option<Arc<str>>,
    },
}

/// One step of a canary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The newest pods get this share.
    Weight(u32),
    /// It waits: for so long, or until somebody says so.
    Pause(Option<Arc<str>>),
    /// Anything else, by its name: `analysis`, `experiment` …
    Other(Arc<str>),
}

/// The slim Rollout.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rollout {
    metadata: Option<ObjectMeta>,
    spec: RolloutSpec,
    status: RolloutStatus,
}

impl Object for Rollout {
    const KIND: KindId = ROLLOUT;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        matches!(key, REVISION | workload::CHANGE_CAUSE)
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = facts(&self.spec, &self.status, meta, interner);
        let (health, reason) = health(meta, &facts);
        let number = |number: Option<i64>| number.map_or(Cell::Empty, Cell::Int);
        let word = facts.phase.clone().map_or(Cell::Empty, Cell::Text);
        let step = facts.step_text().map_or(Cell::Empty, |t| Cell::Text(interner.intern(&t)));
        let status = &self.status;
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: Box::new([
                number(self.spec.replicas),
                number(status.replicas),
                number(status.updated_replicas),
                number(status.available_replicas),
                word,
                step,
            ]),
            links: workload::links(
                self.metadata.as_ref(),
                self.spec.selector.as_ref(),
                self.spec.template.as_ref(),
                interner,
            ),
            facts: Facts::Rollout(Box::new(facts)),
        }
    }
}

impl RolloutFacts {
    /// The step that it is at and how many there are: `2/5 setWeight 40`; none without steps.
    pub fn step_text(&self) -> Option<String> {
        let Strategy::Canary { steps, .. } = &self.strategy else { return None };
        let (at, count) = (usize::try_from(self.step?).ok()?, steps.len());
        if count == 0 {
            return None;
        }
        Some(steps.get(at).map_or_else(|| format!("{count}/{count}"), |step| format!("{at}/{count} {}", step.text())))
    }
}

impl Step {
    /// `setWeight 40`, `pause`, `pause 10m`.
    pub fn text(&self) -> String {
        match self {
            Self::Weight(share) => format!("setWeight {share}"),
            Self::Pause(None) => "pause".to_owned(),
            Self::Pause(Some(time)) => format!("pause {time}"),
            Self::Other(name) => name.to_string(),
        }
    }
}

fn facts(spec: &RolloutSpec, status: &RolloutStatus, meta: &Meta, interner: &mut Interner) -> RolloutFacts {
    let number = |number: Option<i64>| u32::try_from(number.unwrap_or(0)).unwrap_or(0);
    let desired = spec.replicas.map_or(1, |n| u32::try_from(n).unwrap_or(0));
    let available = number(status.available_replicas);
    let pauses = status.pause_conditions.iter().flatten();
    // The controller writes the generation that it has seen as a text.
    let is_current = status.observed_generation().is_some_and(|seen| meta.generation <= seen);
    RolloutFacts {
        replicas: Replicas {
            desired,
            current: number(status.replicas),
            updated: number(status.updated_replicas),
            ready: number(status.ready_replicas),
            available,
            unavailable: desired.saturating_sub(available),
        },
        strategy: strategy(spec, interner),
        phase: interner.non_empty(&status.phase).filter(|_| is_current),
        message: interner.non_empty(&status.message).filter(|_| is_current),
        paused: spec.paused,
        pauses: pauses.map(|p| (interner.intern(&p.reason), workload::instant(p.start_time))).collect(),
        aborted: status.abort,
        current_hash: interner.non_empty(&status.current_pod_hash),
        stable_hash: interner.non_empty(&status.stable_rs),
        step: status.current_step_index.map(count),
        weight: status.canary.weights.as_ref().map(|w| count(w.canary.weight)),
        revision: meta.annotation(REVISION).and_then(|r| r.parse().ok()),
        selector: spec.selector.as_ref().map(|s| Selector::of(s, interner)),
        template: Template::with_flags(spec.template.as_ref(), interner),
        template_from: spec.workload_ref.as_ref().map(|r| interner.intern(&format!("{}/{}", r.kind, r.name))),
    }
}

fn strategy(spec: &RolloutSpec, interner: &mut Interner) -> Strategy {
    if let Some(canary) = &spec.strategy.canary {
        let mut text = |value: Option<&IntOrString>| value.map(|v| interner.intern(&v.text()));
        let [max_surge, max_unavailable] =
            [canary.max_surge.as_ref(), canary.max_unavailable.as_ref()].map(&mut text);
        let steps = canary.steps.iter().map(|step| step_of(step, interner)).collect();
        return Strategy::Canary { steps, max_surge, max_unavailable };
    }
    spec.strategy.blue_green.as_ref().map_or(Strategy::Unknown, |both| Strategy::BlueGreen {
        active: interner.intern(&both.active_service),
        preview: interner.non_empty(&both.preview_service),
    })
}

fn step_of(step: &WireStep, interner: &mut Interner) -> Step {
    let Some((name, value)) = step.0.iter().next() else { return Step::Other(interner.intern("nothing")) };
    match name.as_str() {
        "setWeight" => Step::Weight(value.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)),
        "pause" => {
            let time = &value["duration"];
            let text = time.as_str().map(str::to_owned).or_else(|| time.as_i64().map(|n| format!("{n}s")));
            Step::Pause(text.map(|t| interner.intern(&t)))
        }
        other => Step::Other(interner.intern(other)),
    }
}

fn health(meta: &Meta, facts: &RolloutFacts) -> (Health, Option<String>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some("being deleted".to_owned()));
    }
    let message = facts.message.as_deref().unwrap_or("");
    let Some(phase) = facts.phase.as_deref() else {
        return (Health::Progressing, Some("its controller has not seen the last change yet".to_owned()));
    };
    match phase {
        "Healthy" => (Health::Ready, None),
        "Degraded" => (Health::Failed, Some(why(phase, message))),
        "Paused" => {
            let step = facts.step_text().map_or(String::new(), |step| format!(" at step {step}"));
            (Health::Warn, Some(format!("paused{step}: {}", why("", message))))
        }
        "Progressing" => {
            let step = facts.step_text().map_or(String::new(), |step| format!(", step {step}"));
            let replicas = facts.replicas;
            let counts = format!("{} of {} updated, {} available", replicas.updated, replicas.desired, replicas.available);
            (Health::Progressing, Some(format!("{counts}{step}")))
        }
        other => (Health::Unknown, Some(why(other, message))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Record;
    use crate::kinds::fixture::{cells, read, reason};
    use serde_json::{Value, json};

    fn rollout(strategy: &Value, status: &Value) -> Record {
        let metadata = json!({"name": "web", "namespace": "dev", "generation": 3, "annotations": {REVISION: "8"}});
        let spec = json!({"replicas": 5, "strategy": strategy, "selector": {"matchLabels": {"app": "web"}}});
        read(ROLLOUT, &json!({"metadata": metadata, "spec": spec, "status": status}))
    }

    fn canary() -> Value {
        json!({"canary": {"maxSurge": "25%", "steps": [{"setWeight": 20}, {"pause": {}}, {"pause": {"duration": "10m"}}, {"analysis": {}}]}})
    }

    #[test]
    fn a_canary_tells_its_step_and_why_it_waits() {
        let pause = json!([{"reason": "CanaryPauseStep", "startTime": "2026-11-20T10:00:00Z"}]);
        let status = json!({"phase": "Paused", "message": "CanaryPauseStep", "observedGeneration": "3", "currentStepIndex": 1, "replicas": 5,
            "updatedReplicas": 1, "availableReplicas": 5, "currentPodHash": "b", "stableRS": "a", "pauseConditions": pause});
        let record = rollout(&canary(), &status);
        assert_eq!(cells(&record), ["5", "5", "1", "5", "Paused", "1/4 pause"]);
        assert_eq!((record.digest.health, reason(&record)), (Some(Health::Warn), "paused at step 1/4 pause: CanaryPauseStep"));
        let Facts::Rollout(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.revision, facts.pauses.len(), facts.step), (Some(8), 1, Some(1)));
        let Strategy::Canary { steps, .. } = &facts.strategy else { panic!("no canary") };
        let words: Vec<String> = steps.iter().map(Step::text).collect();
        assert_eq!(words, ["setWeight 20", "pause", "pause 10m", "analysis"]);
    }

    #[test]
    fn a_phase_of_an_older_generation_is_not_believed() {
        let old = rollout(&canary(), &json!({"phase": "Healthy", "observedGeneration": "2"}));
        assert_eq!(old.digest.health, Some(Health::Progressing));
        let new = rollout(&canary(), &json!({"phase": "Healthy", "observedGeneration": "3"}));
        assert_eq!(new.digest.health, Some(Health::Ready));
        let broken = json!({"phase": "Degraded", "message": "RolloutAborted: metric failed", "observedGeneration": "3", "abort": true});
        let broken = rollout(&json!({"blueGreen": {"activeService": "web"}}), &broken);
        assert_eq!((broken.digest.health, reason(&broken)), (Some(Health::Failed), "Degraded: RolloutAborted: metric failed"));
    }
}
