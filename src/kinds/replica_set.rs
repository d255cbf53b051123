//! ReplicaSet: one revision of a Deployment, or a number of equal pods on its own.

use crate::kinds::pod::spec::PodTemplateSpec;
use crate::kinds::rollout;
use crate::kinds::template::Template;
use crate::kinds::wording::why;
use crate::kinds::workload::{self, Replicas, WorkloadCondition, container_cells, count, selector_cell};
use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, REPLICA_SET, Selector, decoder,
};
use crate::wire::meta::{LabelSelector, ObjectMeta};
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: REPLICA_SET,
    group: "apps",
    versions: &["v1"],
    kind: "ReplicaSet",
    plural: "replicasets",
    short_names: &["rs", "replicaset"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::number("DESIRED", 0).narrow(),
        Column::number("CURRENT", 1).narrow(),
        Column::number("READY", 2).narrow(),
        Column::AGE,
        Column::text("CONTAINERS", 3).wide(),
        Column::text("IMAGES", 4).wide(),
        Column::text("SELECTOR", 5).wide(),
    ],
    decoder: decoder::<ReplicaSet>(),
};

/// What rollout and trace read of a ReplicaSet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaSetFacts {
    /// Wanted and there.
    pub replicas: Replicas,
    /// Which revision of its Deployment it is.
    pub revision: Option<i64>,
    /// Which pods are its own; none where it does not say.
    pub selector: Option<Selector>,
    /// What its pods are made of.
    pub template: Template,
    /// Why its controller could not create pods, in the server's words.
    pub refused: Option<Arc<str>>,
    /// The generation that its controller has seen.
    pub observed_generation: i64,
}

/// The slim ReplicaSet (k8s.io/api apps/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSet {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<ReplicaSetSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<ReplicaSetStatus>,
}

/// `ReplicaSetSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetSpec {
    /// How many pods; 1 when not said.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Which pods are its own.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<LabelSelector>,
    /// What pods are made of.
    #[prost(message, optional, tag = "3")]
    pub template: Option<PodTemplateSpec>,
}

/// `ReplicaSetStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetStatus {
    /// Pods that are there.
    #[prost(int32, tag = "1")]
    pub replicas: i32,
    /// The generation that its controller has seen.
    #[prost(int64, tag = "3")]
    pub observed_generation: i64,
    /// Ready.
    #[prost(int32, tag = "4")]
    pub ready_replicas: i32,
    /// Ready for long enough.
    #[prost(int32, tag = "5")]
    pub available_replicas: i32,
    /// Conditions.
    #[prost(message, repeated, tag = "6")]
    pub conditions: Vec<WorkloadCondition>,
}

impl Object for ReplicaSet {
    const KIND: KindId = REPLICA_SET;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        matches!(key, workload::REVISION | rollout::REVISION | workload::CHANGE_CAUSE)
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        let desired = count(spec.replicas.unwrap_or(1));
        let replicas = Replicas {
            desired,
            current: count(status.replicas),
            updated: count(status.replicas),
            ready: count(status.ready_replicas),
            available: count(status.available_replicas),
            unavailable: desired.saturating_sub(count(status.available_replicas)),
        };
        let (health, reason) = health(self.metadata.as_ref(), &status, replicas);
        let [names, images] = container_cells(spec.template.as_ref(), interner);
        let [desired, current, ready] =
            [replicas.desired, replicas.current, replicas.ready].map(|n| Cell::Int(n.into()));
        let selector = selector_cell(spec.selector.as_ref(), interner);
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: Box::new([desired, current, ready, names, images, selector]),
            links: workload::links(self.metadata.as_ref(), spec.selector.as_ref(), spec.template.as_ref(), interner),
            facts: Facts::ReplicaSet(Box::new(ReplicaSetFacts {
                replicas,
                revision: revision(meta),
                selector: spec.selector.as_ref().map(|s| Selector::of(s, interner)),
                template: Template::of(spec.template.as_ref(), interner),
                refused: workload::refused(&status.conditions, interner),
                observed_generation: status.observed_generation,
            })),
        }
    }
}

/// The number by which the Deployment or the Rollout that owns it counts it.
fn revision(meta: &Meta) -> Option<i64> {
    [workload::REVISION, rollout::REVISION].into_iter().find_map(|key| meta.annotation(key)?.parse().ok())
}

fn health(metadata: Option<&ObjectMeta>, status: &ReplicaSetStatus, replicas: Replicas) -> (Health, Option<String>) {
    if let Some(verdict) = workload::unsettled(metadata, status.observed_generation) {
        return verdict;
    }
    if let Some(refused) = status.conditions.iter().find(|c| c.r#type == "ReplicaFailure" && c.status == "True") {
        return (Health::Failed, Some(why(&refused.reason, &refused.message)));
    }
    if replicas.desired < replicas.current {
        let surplus = replicas.current - replicas.desired;
        return (Health::Progressing, Some(format!("scaling to {}, {surplus} too many", replicas.desired)));
    }
    if replicas.ready < replicas.desired {
        return (Health::Progressing, Some(format!("{} of {} ready", replicas.ready, replicas.desired)));
    }
    (Health::Ready, None)
}
