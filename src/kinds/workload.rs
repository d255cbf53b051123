//! What the kinds that make pods share: replicas, the template's containers and images, links to pods and mounts.

use crate::kinds::pod::mounts;
use crate::kinds::pod::spec::PodTemplateSpec;
use crate::kinds::selector::selector_text;
use crate::kinds::wording::being_deleted;
use crate::kinds::{Cell, Health, Interner, Link, POD, Relation, Selector};
use crate::wire::Timestamp;
use crate::wire::meta::{LabelSelector, ObjectMeta};
use crate::wire::time::Time;
use serde::Deserialize;
use std::sync::Arc;

/// The annotation in which the Deployment controller counts revisions, on Deployments and their ReplicaSets.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// The annotation that says why a revision was made.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// How many pods a workload wants and has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// Wanted.
    pub desired: u32,
    /// There.
    pub current: u32,
    /// Of the newest template.
    pub updated: u32,
    /// Ready.
    pub ready: u32,
    /// Ready for long enough.
    pub available: u32,
    /// Missing or not available.
    pub unavailable: u32,
}

/// A condition of ReplicaSets, StatefulSets, DaemonSets and autoscalers, which number its fields alike.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadCondition {
    /// `ReplicaFailure`, `ScalingActive` …
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// When `status` last changed.
    #[prost(message, optional, tag = "3")]
    pub last_transition_time: Option<Time>,
    /// One CamelCase word.
    #[prost(string, tag = "4")]
    pub reason: String,
    /// A sentence for people.
    #[prost(string, tag = "5")]
    pub message: String,
}

/// Why pods could not be created, in the server's words, while that is so.
pub fn refused(conditions: &[WorkloadCondition], interner: &mut Interner) -> Option<Arc<str>> {
    let failure = conditions.iter().find(|c| c.r#type == "ReplicaFailure" && c.status == "True")?;
    interner.non_empty(failure.message.trim()).or_else(|| interner.non_empty(&failure.reason))
}

/// A number of pods; what is negative counts as none.
pub fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// The instant of an optional time.
pub fn instant(time: Option<Time>) -> Option<Timestamp> {
    time.and_then(Time::instant)
}

/// CONTAINERS and IMAGES as the server prints them.
pub fn container_cells(template: Option<&PodTemplateSpec>, interner: &mut Interner) -> [Cell; 2] {
    let containers = template.and_then(|t| t.spec.as_ref()).map_or(&[][..], |s| &s.containers);
    let names: Vec<&str> = containers.iter().map(|c| c.name.as_str()).collect();
    let images: Vec<&str> = containers.iter().map(|c| c.image.as_str()).collect();
    [names, images].map(|words| Cell::Text(interner.intern(&words.join(","))))
}

/// SELECTOR as the server prints it for most workloads; one that is not there selects nothing, which prints as `<none>`.
pub fn selector_cell(selector: Option<&LabelSelector>, interner: &mut Interner) -> Cell {
    Cell::Text(interner.intern(&selector.map_or_else(|| "<none>".to_owned(), selector_text)))
}

/// Links to the pods that the selector finds and to what the template mounts.
pub fn links(
    metadata: Option<&ObjectMeta>,
    selector: Option<&LabelSelector>,
    template: Option<&PodTemplateSpec>,
    interner: &mut Interner,
) -> Arc<[Link]> {
    let namespace = metadata.and_then(|m| interner.non_empty(&m.namespace));
    let mut links = Vec::new();
    if let Some(selector) = selector.filter(|s| !s.match_labels.is_empty() || !s.match_expressions.is_empty()) {
        links.push(Selector::of(selector, interner).link(Relation::Selects, POD, namespace.clone()));
    }
    if let Some(spec) = template.and_then(|t| t.spec.as_ref()) {
        links.extend(mounts::links(spec, None, namespace.as_ref(), interner));
    }
    links.into()
}

/// Being deleted, or not yet looked at by its controller since it was last changed.
pub fn unsettled(metadata: Option<&ObjectMeta>, observed_generation: i64) -> Option<(Health, Option<String>)> {
    let metadata = metadata?;
    if metadata.deletion_timestamp.and_then(Time::instant).is_some() {
        return Some((Health::Progressing, Some(being_deleted(metadata))));
    }
    (observed_generation < metadata.generation)
        .then(|| (Health::Progressing, Some("its controller has not seen the last change yet".to_owned())))
}
