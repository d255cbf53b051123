//! DaemonSet: one pod on every node that it wants.

use crate::kinds::deployment::Strategy;
use crate::kinds::pod::spec::PodTemplateSpec;
use crate::kinds::selector::labels_text;
use crate::kinds::template::Template;
use crate::kinds::workload::{self, Replicas, container_cells, count, selector_cell};
use crate::kinds::{
    Cell, Column, DAEMON_SET, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, Selector, decoder,
};
use crate::wire::meta::{LabelSelector, ObjectMeta};
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: DAEMON_SET,
    group: "apps",
    versions: &["v1"],
    kind: "DaemonSet",
    plural: "daemonsets",
    short_names: &["ds", "daemonset"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::number("DESIRED", 0).narrow(),
        Column::number("CURRENT", 1),
        Column::number("READY", 2).narrow(),
        Column::number("UP-TO-DATE", 3),
        Column::number("AVAILABLE", 4).narrow(),
        Column::text("NODE SELECTOR", 5),
        Column::AGE,
        Column::text("CONTAINERS", 6).wide(),
        Column::text("IMAGES", 7).wide(),
        Column::text("SELECTOR", 8).wide(),
    ],
    decoder: decoder::<DaemonSet>(),
};

/// What rollout and Home read of a DaemonSet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonSetFacts {
    /// Wanted and there.
    pub replicas: Replicas,
    /// Pods on nodes that should have none.
    pub misscheduled: u32,
    /// Whether pods get a new template only when somebody deletes them.
    pub on_delete: bool,
    /// How many may be there beyond those wanted.
    pub max_surge: Option<Arc<str>>,
    /// How many may be missing meanwhile.
    pub max_unavailable: Option<Arc<str>>,
    /// Which pods are its own; none where it does not say.
    pub selector: Option<Selector>,
    /// What its pods are made of.
    pub template: Template,
    /// The generation that its controller has seen.
    pub observed_generation: i64,
}

/// The slim DaemonSet (k8s.io/api apps/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSet {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<DaemonSetSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<DaemonSetStatus>,
}

/// `DaemonSetSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetSpec {
    /// Which pods are its own.
    #[prost(message, optional, tag = "1")]
    pub selector: Option<LabelSelector>,
    /// What pods are made of.
    #[prost(message, optional, tag = "2")]
    pub template: Option<PodTemplateSpec>,
    /// How they are replaced.
    #[prost(message, optional, tag = "3")]
    pub update_strategy: Option<Strategy>,
}

/// `DaemonSetStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetStatus {
    /// Nodes that have a pod and should.
    #[prost(int32, tag = "1")]
    pub current_number_scheduled: i32,
    /// Nodes that have a pod and should not.
    #[prost(int32, tag = "2")]
    pub number_misscheduled: i32,
    /// Nodes that should have a pod.
    #[prost(int32, tag = "3")]
    pub desired_number_scheduled: i32,
    /// Ready.
    #[prost(int32, tag = "4")]
    pub number_ready: i32,
    /// The generation that its controller has seen.
    #[prost(int64, tag = "5")]
    pub observed_generation: i64,
    /// Of the newest template.
    #[prost(int32, tag = "6")]
    pub updated_number_scheduled: i32,
    /// Ready for long enough.
    #[prost(int32, tag = "7")]
    pub number_available: i32,
    /// Missing or not available.
    #[prost(int32, tag = "8")]
    pub number_unavailable: i32,
}

impl Object for DaemonSet {
    const KIND: KindId = DAEMON_SET;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        let facts = facts(&spec, &status, interner);
        let (health, reason) = health(self.metadata.as_ref(), &facts);
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: cells(&spec, facts.replicas, interner),
            links: workload::links(self.metadata.as_ref(), spec.selector.as_ref(), spec.template.as_ref(), interner),
            facts: Facts::DaemonSet(Box::new(facts)),
        }
    }
}

fn cells(spec: &DaemonSetSpec, replicas: Replicas, interner: &mut Interner) -> Box<[Cell]> {
    let nodes = spec.template.as_ref().and_then(|t| t.spec.as_ref()).map(|s| labels_text(&s.node_selector));
    let nodes = Cell::Text(interner.intern(nodes.as_deref().unwrap_or("<none>")));
    let [names, images] = container_cells(spec.template.as_ref(), interner);
    let Replicas { desired, current, updated, ready, available, .. } = replicas;
    let [desired, current, ready, updated, available] =
        [desired, current, ready, updated, available].map(|n| Cell::Int(n.into()));
    let selector = selector_cell(spec.selector.as_ref(), interner);
    Box::new([desired, current, ready, updated, available, nodes, names, images, selector])
}

fn facts(spec: &DaemonSetSpec, status: &DaemonSetStatus, interner: &mut Interner) -> DaemonSetFacts {
    let strategy = spec.update_strategy.as_ref();
    let rolling = strategy.and_then(|s| s.rolling_update.as_ref());
    DaemonSetFacts {
        replicas: Replicas {
            desired: count(status.desired_number_scheduled),
            current: count(status.current_number_scheduled),
            updated: count(status.updated_number_scheduled),
            ready: count(status.number_ready),
            available: count(status.number_available),
            unavailable: count(status.number_unavailable),
        },
        misscheduled: count(status.number_misscheduled),
        on_delete: strategy.is_some_and(|s| s.r#type == "OnDelete"),
        max_surge: rolling.and_then(|r| r.max_surge.as_ref()).map(|v| interner.intern(&v.text())),
        max_unavailable: rolling.and_then(|r| r.max_unavailable.as_ref()).map(|v| interner.intern(&v.text())),
        selector: spec.selector.as_ref().map(|s| Selector::of(s, interner)),
        template: Template::with_flags(spec.template.as_ref(), interner),
        observed_generation: status.observed_generation,
    }
}

fn health(metadata: Option<&ObjectMeta>, facts: &DaemonSetFacts) -> (Health, Option<String>) {
    if let Some(verdict) = workload::unsettled(metadata, facts.observed_generation) {
        return verdict;
    }
    let Replicas { desired, current, updated, available, .. } = facts.replicas;
    if current < desired {
        return (Health::Progressing, Some(format!("on {current} of {desired} nodes")));
    }
    if updated < desired && !facts.on_delete {
        return (Health::Progressing, Some(format!("{updated} of {desired} updated, {available} available")));
    }
    if available < desired {
        let health = if available == 0 { Health::Failed } else { Health::Warn };
        return (health, Some(format!("{available} of {desired} available")));
    }
    if facts.misscheduled != 0 {
        return (Health::Warn, Some(format!("{} run on nodes that should have none", facts.misscheduled)));
    }
    match (desired, updated < desired) {
        (0, _) => (Health::Ready, Some("no node wants it".to_owned())),
        (_, true) => {
            let old = desired - updated;
            (Health::Warn, Some(format!("{old} keep the old template until they are deleted")))
        }
        (_, false) => (Health::Ready, None),
    }
}
