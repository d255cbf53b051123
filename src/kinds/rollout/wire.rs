//! A Rollout as its controller writes it: JSON only, with fields that come and go between versions.

use crate::kinds::pod::spec::PodTemplateSpec;
use crate::wire::int_or_string::IntOrString;
use crate::wire::meta::LabelSelector;
use crate::wire::time::Time;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// `spec`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutSpec {
    /// How many pods.
    pub replicas: Option<i64>,
    /// Whether somebody has paused it.
    pub paused: bool,
    /// Which pods are its own.
    pub selector: Option<LabelSelector>,
    /// What they are made of.
    pub template: Option<PodTemplateSpec>,
    /// Where the template stands instead.
    pub workload_ref: Option<WorkloadRef>,
    /// How it goes.
    pub strategy: WireStrategy,
}

/// Where a template stands.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WorkloadRef {
    /// `Deployment`, `ReplicaSet`, `PodTemplate`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// `spec.strategy`: one of the two.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireStrategy {
    /// Step by step.
    pub canary: Option<Canary>,
    /// A second set of pods.
    pub blue_green: Option<BlueGreen>,
}

/// `spec.strategy.canary`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Canary {
    /// The steps.
    pub steps: Vec<WireStep>,
    /// How many may be there beyond those wanted.
    pub max_surge: Option<IntOrString>,
    /// How many may be missing.
    pub max_unavailable: Option<IntOrString>,
}

/// One step: an object with one field.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct WireStep(pub BTreeMap<String, Value>);

/// `spec.strategy.blueGreen`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlueGreen {
    /// The Service of the good pods.
    pub active_service: String,
    /// The Service of the new ones.
    pub preview_service: String,
}

/// `status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutStatus {
    /// `Healthy`, `Progressing`, `Paused`, `Degraded`.
    pub phase: String,
    /// What is said about the phase.
    pub message: String,
    /// A text in every version so far, a number perhaps one day.
    pub observed_generation: Value,
    /// Whether it was aborted.
    pub abort: bool,
    /// Why and since when the controller has paused it.
    pub pause_conditions: Option<Vec<PauseCondition>>,
    /// The hash of the newest pods.
    pub current_pod_hash: String,
    /// The hash of the good pods.
    #[serde(rename = "stableRS")]
    pub stable_rs: String,
    /// Which step it is at.
    pub current_step_index: Option<i32>,
    /// Pods.
    pub replicas: Option<i64>,
    /// Pods of the newest template.
    pub updated_replicas: Option<i64>,
    /// Ready ones.
    pub ready_replicas: Option<i64>,
    /// Available ones.
    pub available_replicas: Option<i64>,
    /// What a canary has reached.
    pub canary: CanaryStatus,
}

/// One reason to pause.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PauseCondition {
    /// `CanaryPauseStep`, `BlueGreenPause` …
    pub reason: String,
    /// Since when.
    pub start_time: Option<Time>,
}

/// `status.canary`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CanaryStatus {
    /// Traffic shares, where a router splits it.
    pub weights: Option<Weights>,
}

/// `status.canary.weights`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Weights {
    /// Of the newest pods.
    pub canary: Weight,
}

/// One share.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Weight {
    /// Of a hundred.
    pub weight: i32,
}

impl RolloutStatus {
    /// The generation that the controller has seen; none where it does not say or says nonsense.
    pub fn observed_generation(&self) -> Option<i64> {
        let value = &self.observed_generation;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }
}
