//! Deployment: pods that are replaced a few at a time when their template changes.

pub mod health;

use crate::kinds::pod::spec::PodTemplateSpec;
use crate::kinds::selector::selector_text;
use crate::kinds::template::Template;
use crate::kinds::workload::{self, Replicas, container_cells, count, instant};
use crate::kinds::{Cell, Column, DEPLOYMENT, Digest, Facts, Interner, KindId, KindSpec, Meta, Object, Selector, decoder};
use crate::wire::Timestamp;
use crate::wire::int_or_string::IntOrString;
use crate::wire::meta::{LabelSelector, ObjectMeta};
use crate::wire::time::Time;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: DEPLOYMENT,
    group: "apps",
    versions: &["v1"],
    kind: "Deployment",
    plural: "deployments",
    short_names: &["deploy", "dp", "deployment"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("READY", 0).narrow(),
        Column::number("UP-TO-DATE", 1).narrow(),
        Column::number("AVAILABLE", 2).narrow(),
        Column::AGE,
        Column::text("CONTAINERS", 3).wide(),
        Column::text("IMAGES", 4).wide(),
        Column::text("SELECTOR", 5).wide(),
    ],
    decoder: decoder::<Deployment>(),
};

/// What rollout, trace and Home read of a Deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeploymentFacts {
    /// Wanted and there.
    pub replicas: Replicas,
    /// Whether all pods go before new ones come; else they roll.
    pub recreate: bool,
    /// How many may be there beyond those wanted: a number or a share such as `25%`.
    pub max_surge: Option<Arc<str>>,
    /// How many may be missing meanwhile.
    pub max_unavailable: Option<Arc<str>>,
    /// Whether changes of the template wait.
    pub paused: bool,
    /// The revision that its controller has counted.
    pub revision: Option<i64>,
    /// Which pods are its own; none where it does not say.
    pub selector: Option<Selector>,
    /// What its pods are made of.
    pub template: Template,
    /// Seconds a pod must be ready before it counts as available.
    pub min_ready_seconds: u32,
    /// Seconds without progress after which the rollout counts as stuck.
    pub progress_deadline_seconds: Option<u32>,
    /// The condition that tells of progress.
    pub progressing: Option<Progress>,
    /// The generation that its controller has seen; `Meta::generation` is the newest.
    pub observed_generation: i64,
}

/// The Progressing condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether it is true.
    pub holds: bool,
    /// `ReplicaSetUpdated`, `NewReplicaSetAvailable`, `ProgressDeadlineExceeded` …
    pub reason: Arc<str>,
    /// When there was progress last; the deadline counts from here.
    pub updated: Option<Timestamp>,
}

/// The slim Deployment (k8s.io/api apps/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<DeploymentSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<DeploymentStatus>,
}

/// `DeploymentSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentSpec {
    /// How many pods; 1 when not said.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Which pods are its own.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<LabelSelector>,
    /// What pods are made of.
    #[prost(message, optional, tag = "3")]
    pub template: Option<PodTemplateSpec>,
    /// How they are replaced.
    #[prost(message, optional, tag = "4")]
    pub strategy: Option<Strategy>,
    /// Seconds a pod must be ready before it counts as available.
    #[prost(int32, tag = "5")]
    pub min_ready_seconds: i32,
    /// Whether changes of the template wait.
    #[prost(bool, tag = "7")]
    pub paused: bool,
    /// Seconds without progress after which the rollout counts as stuck.
    #[prost(int32, optional, tag = "9")]
    pub progress_deadline_seconds: Option<i32>,
}

/// `DeploymentStrategy`; DaemonSets write theirs the same way.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Strategy {
    /// `RollingUpdate`, `Recreate`, `OnDelete`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// How a rolling update goes.
    #[prost(message, optional, tag = "2")]
    pub rolling_update: Option<RollingUpdate>,
}

/// `RollingUpdateDeployment`, `RollingUpdateDaemonSet`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdate {
    /// How many may be missing meanwhile.
    #[prost(message, optional, tag = "1")]
    pub max_unavailable: Option<IntOrString>,
    /// How many may be there beyond those wanted.
    #[prost(message, optional, tag = "2")]
    pub max_surge: Option<IntOrString>,
}

/// `DeploymentStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatus {
    /// The generation that its controller has seen.
    #[prost(int64, tag = "1")]
    pub observed_generation: i64,
    /// Pods that are there.
    #[prost(int32, tag = "2")]
    pub replicas: i32,
    /// Of the newest template.
    #[prost(int32, tag = "3")]
    pub updated_replicas: i32,
    /// Ready for long enough.
    #[prost(int32, tag = "4")]
    pub available_replicas: i32,
    /// Missing or not available.
    #[prost(int32, tag = "5")]
    pub unavailable_replicas: i32,
    /// Conditions.
    #[prost(message, repeated, tag = "6")]
    pub conditions: Vec<DeploymentCondition>,
    /// Ready.
    #[prost(int32, tag = "7")]
    pub ready_replicas: i32,
}

/// `DeploymentCondition`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentCondition {
    /// `Available`, `Progressing`, `ReplicaFailure`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// One CamelCase word.
    #[prost(string, tag = "4")]
    pub reason: String,
    /// A sentence for people.
    #[prost(string, tag = "5")]
    pub message: String,
    /// When its reason last changed.
    #[prost(message, optional, tag = "6")]
    pub last_update_time: Option<Time>,
}

impl Object for Deployment {
    const KIND: KindId = DEPLOYMENT;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        matches!(key, workload::REVISION | workload::CHANGE_CAUSE)
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        let facts = facts(&spec, &status, meta, interner);
        let (health, reason) = health::health(self.metadata.as_ref(), &status, &facts);
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: cells(&spec, facts.replicas, interner),
            links: workload::links(self.metadata.as_ref(), spec.selector.as_ref(), spec.template.as_ref(), interner),
            facts: Facts::Deployment(Box::new(facts)),
        }
    }
}

fn cells(spec: &DeploymentSpec, replicas: Replicas, interner: &mut Interner) -> Box<[Cell]> {
    let [names, images] = container_cells(spec.template.as_ref(), interner);
    // Unlike for other workloads the server prints an empty selector as nothing, and a broken one as invalid.
    let selector = match spec.selector.as_ref().map(selector_text).as_deref() {
        None | Some("<none>") => Cell::Empty,
        Some("<error>") => Cell::text("<invalid>"),
        Some(text) => Cell::Text(interner.intern(text)),
    };
    Box::new([
        Cell::Ratio(replicas.ready, replicas.desired),
        Cell::Int(replicas.updated.into()),
        Cell::Int(replicas.available.into()),
        names,
        images,
        selector,
    ])
}

fn facts(spec: &DeploymentSpec, status: &DeploymentStatus, meta: &Meta, interner: &mut Interner) -> DeploymentFacts {
    let rolling = spec.strategy.as_ref().and_then(|s| s.rolling_update.as_ref());
    let progressing = status.conditions.iter().find(|c| c.r#type == "Progressing");
    let mut text = |value: Option<&IntOrString>| value.map(|v| interner.intern(&v.text()));
    DeploymentFacts {
        replicas: Replicas {
            desired: count(spec.replicas.unwrap_or(1)),
            current: count(status.replicas),
            updated: count(status.updated_replicas),
            ready: count(status.ready_replicas),
            available: count(status.available_replicas),
            unavailable: count(status.unavailable_replicas),
        },
        recreate: spec.strategy.as_ref().is_some_and(|s| s.r#type == "Recreate"),
        max_surge: text(rolling.and_then(|r| r.max_surge.as_ref())),
        max_unavailable: text(rolling.and_then(|r| r.max_unavailable.as_ref())),
        paused: spec.paused,
        revision: meta.annotation(workload::REVISION).and_then(|r| r.parse().ok()),
        selector: spec.selector.as_ref().map(|s| Selector::of(s, interner)),
        template: Template::with_flags(spec.template.as_ref(), interner),
        min_ready_seconds: count(spec.min_ready_seconds),
        progress_deadline_seconds: spec.progress_deadline_seconds.map(count),
        progressing: progressing.map(|c| Progress {
            holds: c.status == "True",
            reason: interner.intern(&c.reason),
            updated: instant(c.last_update_time),
        }),
        observed_generation: status.observed_generation,
    }
}
