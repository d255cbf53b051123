//! Job: pods that run to their end.

use crate::kinds::pod::spec::PodTemplateSpec;
use crate::kinds::pod::status::PodCondition;
use crate::kinds::template::Template;
use crate::kinds::wording::{being_deleted, why};
use crate::kinds::workload::{self, container_cells, count, instant, selector_cell};
use crate::kinds::{Cell, Column, Digest, Facts, Health, Interner, JOB, KindId, KindSpec, Meta, Object, Selector, decoder};
use crate::wire::Timestamp;
use crate::wire::meta::{LabelSelector, ObjectMeta};
use crate::wire::time::Time;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: JOB,
    group: "batch",
    versions: &["v1"],
    kind: "Job",
    plural: "jobs",
    short_names: &["job", "jo"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("STATUS", 0).narrow(),
        Column::text("COMPLETIONS", 1).narrow(),
        Column::number("DURATION", 2),
        Column::AGE,
        Column::text("CONTAINERS", 3).wide(),
        Column::text("IMAGES", 4).wide(),
        Column::text("SELECTOR", 5).wide(),
    ],
    decoder: decoder::<Job>(),
};

/// What views read of a Job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobFacts {
    /// Pods that must end well; none when one is enough and the others then stop.
    pub completions: Option<u32>,
    /// Pods that may run at a time.
    pub parallelism: u32,
    /// Failures after which it gives up.
    pub backoff_limit: Option<u32>,
    /// Whether it waits.
    pub suspended: bool,
    /// Pods that run or wait.
    pub active: u32,
    /// Pods that ended well.
    pub succeeded: u32,
    /// Pods that ended badly.
    pub failed: u32,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it was done.
    pub completed: Option<Timestamp>,
    /// Which pods are its own; none where it does not say.
    pub selector: Option<Selector>,
    /// What its pods are made of.
    pub template: Template,
}

/// The slim Job (k8s.io/api batch/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<JobSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<JobStatus>,
}

/// `JobSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// Pods that may run at a time.
    #[prost(int32, optional, tag = "1")]
    pub parallelism: Option<i32>,
    /// Pods that must end well.
    #[prost(int32, optional, tag = "2")]
    pub completions: Option<i32>,
    /// Which pods are its own.
    #[prost(message, optional, tag = "4")]
    pub selector: Option<LabelSelector>,
    /// What pods are made of.
    #[prost(message, optional, tag = "6")]
    pub template: Option<PodTemplateSpec>,
    /// Failures after which it gives up.
    #[prost(int32, optional, tag = "7")]
    pub backoff_limit: Option<i32>,
    /// Whether it waits.
    #[prost(bool, optional, tag = "10")]
    pub suspend: Option<bool>,
}

/// `JobStatus`. Its conditions number their fields as a Pod's do.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// Conditions.
    #[prost(message, repeated, tag = "1")]
    pub conditions: Vec<PodCondition>,
    /// When it began.
    #[prost(message, optional, tag = "2")]
    pub start_time: Option<Time>,
    /// When it was done.
    #[prost(message, optional, tag = "3")]
    pub completion_time: Option<Time>,
    /// Pods that run or wait.
    #[prost(int32, tag = "4")]
    pub active: i32,
    /// Pods that ended well.
    #[prost(int32, tag = "5")]
    pub succeeded: i32,
    /// Pods that ended badly.
    #[prost(int32, tag = "6")]
    pub failed: i32,
}

impl JobStatus {
    fn holds(&self, r#type: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|c| c.r#type == r#type).filter(|c| c.status == "True")
    }
}

impl Object for Job {
    const KIND: KindId = JOB;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        let facts = facts(&spec, &status, interner);
        let (health, reason) = health(self.metadata.as_ref(), &status, &facts);
        let [names, images] = container_cells(spec.template.as_ref(), interner);
        let duration = facts.started.map_or(Cell::Empty, |from| Cell::Span(from, facts.completed.map(Box::new)));
        let selector = selector_cell(spec.selector.as_ref(), interner);
        let word = Cell::Text(interner.intern(word(&status, meta)));
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: Box::new([word, completions(&facts), duration, names, images, selector]),
            links: workload::links(self.metadata.as_ref(), spec.selector.as_ref(), spec.template.as_ref(), interner),
            facts: Facts::Job(Box::new(facts)),
        }
    }
}

/// STATUS as the server prints it.
fn word(status: &JobStatus, meta: &Meta) -> &'static str {
    let holds = |r#type: &str| status.holds(r#type).is_some();
    if holds("Complete") {
        "Complete"
    } else if holds("Failed") {
        "Failed"
    } else if meta.deleted.is_some() {
        "Terminating"
    } else if holds("Suspended") {
        "Suspended"
    } else if holds("FailureTarget") {
        "FailureTarget"
    } else if holds("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

fn completions(facts: &JobFacts) -> Cell {
    match (facts.completions, facts.parallelism) {
        (Some(wanted), _) => Cell::Ratio(facts.succeeded, wanted),
        (None, parallelism) if 1 < parallelism => Cell::text(format!("{}/1 of {parallelism}", facts.succeeded)),
        (None, _) => Cell::Ratio(facts.succeeded, 1),
    }
}

fn facts(spec: &JobSpec, status: &JobStatus, interner: &mut Interner) -> JobFacts {
    JobFacts {
        completions: spec.completions.map(count),
        parallelism: spec.parallelism.map_or(0, count),
        backoff_limit: spec.backoff_limit.map(count),
        suspended: spec.suspend == Some(true),
        active: count(status.active),
        succeeded: count(status.succeeded),
        failed: count(status.failed),
        started: instant(status.start_time),
        completed: instant(status.completion_time),
        selector: spec.selector.as_ref().map(|s| Selector::of(s, interner)),
        template: Template::of(spec.template.as_ref(), interner),
    }
}

fn health(metadata: Option<&ObjectMeta>, status: &JobStatus, facts: &JobFacts) -> (Health, Option<String>) {
    if let Some(failed) = status.holds("Failed").or_else(|| status.holds("FailureTarget")) {
        return (Health::Failed, Some(why(&failed.reason, &failed.message)));
    }
    if status.holds("Complete").is_some() {
        return (Health::Ready, Some("Completed".to_owned()));
    }
    if let Some(metadata) = metadata.filter(|m| instant(m.deletion_timestamp).is_some()) {
        return (Health::Progressing, Some(being_deleted(metadata)));
    }
    if facts.suspended || status.holds("Suspended").is_some() {
        return (Health::Ready, Some("suspended".to_owned()));
    }
    let wanted = facts.completions.unwrap_or(1);
    let running = format!("{} of {wanted} done, {} active", facts.succeeded, facts.active);
    match (facts.failed, facts.backoff_limit) {
        (0, _) => (Health::Progressing, Some(running)),
        (failed, Some(limit)) => (Health::Warn, Some(format!("{running}, {failed} failed (limit {limit})"))),
        (failed, None) => (Health::Warn, Some(format!("{running}, {failed} failed"))),
    }
}
