//! StatefulSet: numbered pods with storage of their own, started and replaced in order.

use crate::kinds::pod::spec::PodTemplateSpec;
use crate::kinds::template::Template;
use crate::kinds::workload::{self, Replicas, container_cells, count};
use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, STATEFUL_SET, Selector, decoder,
};
use crate::wire::int_or_string::IntOrString;
use crate::wire::meta::{LabelSelector, ObjectMeta};
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: STATEFUL_SET,
    group: "apps",
    versions: &["v1"],
    kind: "StatefulSet",
    plural: "statefulsets",
    short_names: &["sts", "statefulset"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("READY", 0).narrow(),
        Column::AGE,
        Column::text("CONTAINERS", 1).wide(),
        Column::text("IMAGES", 2).wide(),
    ],
    decoder: decoder::<StatefulSet>(),
};

/// What rollout and Home read of a StatefulSet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatefulSetFacts {
    /// Wanted and there.
    pub replicas: Replicas,
    /// Whether pods get a new template only when somebody deletes them.
    pub on_delete: bool,
    /// Whether it says how a rolling update goes; the server fills that in.
    pub rolls: bool,
    /// Pods with a number below this keep the old template.
    pub partition: u32,
    /// How many may be missing meanwhile, where it says so.
    pub max_unavailable: Option<Arc<str>>,
    /// Whether pods are replaced and created without waiting for the one before.
    pub parallel: bool,
    /// Pods that still have the revision from before the last change.
    pub at_current: u32,
    /// The revision that all pods had before the last change.
    pub current_revision: Option<Arc<str>>,
    /// The revision of the newest template.
    pub update_revision: Option<Arc<str>>,
    /// The headless Service that gives the pods their names.
    pub service: Option<Arc<str>>,
    /// Which pods are its own; none where it does not say.
    pub selector: Option<Selector>,
    /// What its pods are made of.
    pub template: Template,
    /// The generation that its controller has seen.
    pub observed_generation: i64,
}

/// The slim StatefulSet (k8s.io/api apps/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSet {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<StatefulSetSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<StatefulSetStatus>,
}

/// `StatefulSetSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetSpec {
    /// How many pods; 1 when not said.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Which pods are its own.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<LabelSelector>,
    /// What pods are made of.
    #[prost(message, optional, tag = "3")]
    pub template: Option<PodTemplateSpec>,
    /// The headless Service that gives the pods their names.
    #[prost(string, tag = "5")]
    pub service_name: String,
    /// `OrderedReady` or `Parallel`.
    #[prost(string, tag = "6")]
    pub pod_management_policy: String,
    /// How pods are replaced.
    #[prost(message, optional, tag = "7")]
    pub update_strategy: Option<UpdateStrategy>,
}

/// `StatefulSetUpdateStrategy`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateStrategy {
    /// `RollingUpdate` or `OnDelete`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// How a rolling update goes.
    #[prost(message, optional, tag = "2")]
    pub rolling_update: Option<RollingUpdate>,
}

/// `RollingUpdateStatefulSetStrategy`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdate {
    /// Pods with a number below this keep the old template.
    #[prost(int32, optional, tag = "1")]
    pub partition: Option<i32>,
    /// How many may be missing meanwhile.
    #[prost(message, optional, tag = "2")]
    pub max_unavailable: Option<IntOrString>,
}

/// `StatefulSetStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetStatus {
    /// The generation that its controller has seen.
    #[prost(int64, tag = "1")]
    pub observed_generation: i64,
    /// Pods that are there.
    #[prost(int32, tag = "2")]
    pub replicas: i32,
    /// Ready.
    #[prost(int32, tag = "3")]
    pub ready_replicas: i32,
    /// Of the revision before the last change.
    #[prost(int32, tag = "4")]
    pub current_replicas: i32,
    /// Of the newest template.
    #[prost(int32, tag = "5")]
    pub updated_replicas: i32,
    /// The revision that all pods had before the last change.
    #[prost(string, tag = "6")]
    pub current_revision: String,
    /// The revision of the newest template.
    #[prost(string, tag = "7")]
    pub update_revision: String,
    /// Ready for long enough.
    #[prost(int32, tag = "11")]
    pub available_replicas: i32,
}

impl Object for StatefulSet {
    const KIND: KindId = STATEFUL_SET;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        let facts = facts(&spec, &status, interner);
        let (health, reason) = health(self.metadata.as_ref(), &facts);
        let [names, images] = container_cells(spec.template.as_ref(), interner);
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: Box::new([Cell::Ratio(facts.replicas.ready, facts.replicas.desired), names, images]),
            links: workload::links(self.metadata.as_ref(), spec.selector.as_ref(), spec.template.as_ref(), interner),
            facts: Facts::StatefulSet(Box::new(facts)),
        }
    }
}

fn facts(spec: &StatefulSetSpec, status: &StatefulSetStatus, interner: &mut Interner) -> StatefulSetFacts {
    let desired = count(spec.replicas.unwrap_or(1));
    let strategy = spec.update_strategy.as_ref();
    let rolling = strategy.and_then(|s| s.rolling_update.as_ref());
    let max_unavailable = rolling.and_then(|r| r.max_unavailable.as_ref());
    StatefulSetFacts {
        replicas: Replicas {
            desired,
            current: count(status.replicas),
            updated: count(status.updated_replicas),
            ready: count(status.ready_replicas),
            available: count(status.available_replicas),
            unavailable: desired.saturating_sub(count(status.available_replicas)),
        },
        on_delete: strategy.is_some_and(|s| s.r#type == "OnDelete"),
        rolls: rolling.is_some(),
        partition: rolling.and_then(|r| r.partition).map_or(0, count),
        max_unavailable: max_unavailable.map(|m| interner.intern(&m.text())),
        parallel: spec.pod_management_policy == "Parallel",
        at_current: count(status.current_replicas),
        current_revision: interner.non_empty(&status.current_revision),
        update_revision: interner.non_empty(&status.update_revision),
        service: interner.non_empty(&spec.service_name),
        selector: spec.selector.as_ref().map(|s| Selector::of(s, interner)),
        template: Template::with_flags(spec.template.as_ref(), interner),
        observed_generation: status.observed_generation,
    }
}

fn health(metadata: Option<&ObjectMeta>, facts: &StatefulSetFacts) -> (Health, Option<String>) {
    if let Some(verdict) = workload::unsettled(metadata, facts.observed_generation) {
        return verdict;
    }
    let replicas = facts.replicas;
    if replicas.desired < replicas.current {
        let surplus = replicas.current - replicas.desired;
        return (Health::Progressing, Some(format!("scaling to {}, {surplus} too many", replicas.desired)));
    }
    let changed = facts.current_revision != facts.update_revision;
    let wanted = replicas.desired.saturating_sub(facts.partition);
    if changed && !facts.on_delete && replicas.updated < wanted {
        let reason = format!("{} of {wanted} updated, {} ready", replicas.updated, replicas.ready);
        return (Health::Progressing, Some(reason));
    }
    if replicas.current < replicas.desired {
        return (Health::Progressing, Some(format!("{} of {} created", replicas.current, replicas.desired)));
    }
    if replicas.ready < replicas.desired {
        return (Health::Warn, Some(format!("{} of {} ready", replicas.ready, replicas.desired)));
    }
    let old = replicas.desired.saturating_sub(replicas.updated);
    match (changed && old != 0, facts.on_delete, replicas.desired) {
        (true, true, _) => (Health::Warn, Some(format!("{old} keep the old template until they are deleted"))),
        (true, false, _) => {
            (Health::Ready, Some(format!("{old} keep the old template: partition {}", facts.partition)))
        }
        (false, _, 0) => (Health::Ready, Some("scaled to 0".to_owned())),
        (false, ..) => (Health::Ready, None),
    }
}
