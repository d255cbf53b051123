//! HorizontalPodAutoscaler: as many pods as the metrics ask for.

pub mod metrics;

use crate::kinds::horizontal_pod_autoscaler::metrics::{MetricSpec, MetricStatus};
use crate::kinds::wording::why;
use crate::kinds::workload::{self, WorkloadCondition, count};
use crate::kinds::{
    Cell, Column, Digest, Facts, HORIZONTAL_POD_AUTOSCALER, Health, Interner, KindId, KindSpec, Link, Meta, Object,
    Relation, Target, decoder, named,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: HORIZONTAL_POD_AUTOSCALER,
    group: "autoscaling",
    versions: &["v2"],
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    short_names: &["hpa", "horizontalpodautoscaler"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("REFERENCE", 0).narrow(),
        Column::text("TARGETS", 1).narrow(),
        Column::number("MINPODS", 2),
        Column::number("MAXPODS", 3),
        Column::number("REPLICAS", 4).narrow(),
        Column::AGE,
    ],
    decoder: decoder::<HorizontalPodAutoscaler>(),
};

/// What rollout and Home read of an autoscaler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AutoscalerFacts {
    /// Fewest pods.
    pub min: u32,
    /// Most pods.
    pub max: u32,
    /// How many there are.
    pub current: u32,
    /// How many it wants.
    pub desired: u32,
    /// Kind of what it scales.
    pub target_kind: Arc<str>,
    /// Name of what it scales.
    pub target_name: Arc<str>,
}

/// The slim HorizontalPodAutoscaler (k8s.io/api autoscaling/v2 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscaler {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<AutoscalerSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<AutoscalerStatus>,
}

/// `HorizontalPodAutoscalerSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoscalerSpec {
    /// What is scaled.
    #[prost(message, optional, tag = "1")]
    pub scale_target_ref: Option<TargetReference>,
    /// Fewest pods; 1 when not said.
    #[prost(int32, optional, tag = "2")]
    pub min_replicas: Option<i32>,
    /// Most pods.
    #[prost(int32, tag = "3")]
    pub max_replicas: i32,
    /// What decides.
    #[prost(message, repeated, tag = "4")]
    pub metrics: Vec<MetricSpec>,
}

/// `CrossVersionObjectReference`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TargetReference {
    /// `Deployment` …
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// `apps/v1` …
    #[prost(string, tag = "3")]
    pub api_version: String,
}

/// `HorizontalPodAutoscalerStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoscalerStatus {
    /// How many pods there are.
    #[prost(int32, tag = "3")]
    pub current_replicas: i32,
    /// How many it wants.
    #[prost(int32, tag = "4")]
    pub desired_replicas: i32,
    /// What was measured.
    #[prost(message, repeated, tag = "5")]
    pub current_metrics: Vec<MetricStatus>,
    /// Conditions.
    #[prost(message, repeated, tag = "6")]
    pub conditions: Vec<WorkloadCondition>,
}

impl Object for HorizontalPodAutoscaler {
    const KIND: KindId = HORIZONTAL_POD_AUTOSCALER;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        let target = spec.scale_target_ref.clone().unwrap_or_default();
        let (health, reason) = health(self.metadata.as_ref(), &spec, &status);
        let text = metrics::text(&spec.metrics, &status.current_metrics);
        let min = spec.min_replicas.map_or_else(|| Cell::text("<unset>"), |n| Cell::Int(n.into()));
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: Box::new([
                Cell::Text(interner.intern(&format!("{}/{}", target.kind, target.name))),
                Cell::text(text),
                min,
                Cell::Int(spec.max_replicas.into()),
                Cell::Int(status.current_replicas.into()),
            ]),
            links: link(self.metadata.as_ref(), &target, interner).into_iter().collect(),
            facts: Facts::Autoscaler(Box::new(AutoscalerFacts {
                min: spec.min_replicas.map_or(1, count),
                max: count(spec.max_replicas),
                current: count(status.current_replicas),
                desired: count(status.desired_replicas),
                target_kind: interner.intern(&target.kind),
                target_name: interner.intern(&target.name),
            })),
        }
    }
}

fn link(metadata: Option<&ObjectMeta>, target: &TargetReference, interner: &mut Interner) -> Option<Link> {
    let kind = named(&target.api_version, &target.kind)?;
    let namespace = interner.non_empty(&metadata?.namespace);
    let target = Target::Named { kind, namespace, name: interner.non_empty(&target.name)? };
    Some(Link { relation: Relation::Scales, target })
}

fn health(metadata: Option<&ObjectMeta>, spec: &AutoscalerSpec, status: &AutoscalerStatus) -> (Health, Option<String>) {
    // Autoscalers carry no generation, so nothing but deletion unsettles them.
    if let Some(verdict) = workload::unsettled(metadata, i64::MAX) {
        return verdict;
    }
    let condition = |r#type: &str| status.conditions.iter().find(|c| c.r#type == r#type);
    if let Some(unable) = condition("AbleToScale").filter(|c| c.status == "False") {
        return (Health::Failed, Some(why(&unable.reason, &unable.message)));
    }
    if let Some(idle) = condition("ScalingActive").filter(|c| c.status == "False") {
        return match idle.reason.as_str() {
            "ScalingDisabled" => (Health::Ready, Some("off: its target is scaled to 0".to_owned())),
            reason => (Health::Warn, Some(why(reason, &idle.message))),
        };
    }
    if status.current_replicas != status.desired_replicas {
        let reason = format!("scaling from {} to {}", status.current_replicas, status.desired_replicas);
        return (Health::Progressing, Some(reason));
    }
    if condition("ScalingLimited").is_some_and(|c| c.status == "True" && c.reason == "TooManyReplicas") {
        return (Health::Warn, Some(format!("wants more than its maximum of {}", spec.max_replicas)));
    }
    if status.conditions.is_empty() {
        return (Health::Progressing, Some("its controller has not looked at it yet".to_owned()));
    }
    (Health::Ready, None)
}
