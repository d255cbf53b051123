//! CronJob: Jobs by the clock.

use crate::kinds::job::JobSpec;
use crate::kinds::template::Template;
use crate::kinds::wording::being_deleted;
use crate::kinds::workload::{self, container_cells, instant, selector_cell};
use crate::kinds::{CRON_JOB, Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, decoder};
use crate::wire::Timestamp;
use crate::wire::meta::ObjectMeta;
use crate::wire::time::Time;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CRON_JOB,
    group: "batch",
    versions: &["v1"],
    kind: "CronJob",
    plural: "cronjobs",
    short_names: &["cj", "cronjob"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("SCHEDULE", 0).narrow(),
        Column::text("TIMEZONE", 1),
        Column::text("SUSPEND", 2).narrow(),
        Column::number("ACTIVE", 3).narrow(),
        Column::number("LAST SCHEDULE", 4).narrow(),
        Column::AGE,
        Column::text("CONTAINERS", 5).wide(),
        Column::text("IMAGES", 6).wide(),
        Column::text("SELECTOR", 7).wide(),
    ],
    decoder: decoder::<CronJob>(),
};

/// What views read of a CronJob.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CronJobFacts {
    /// The five fields of cron.
    pub schedule: Arc<str>,
    /// In which time zone; none means the controller's.
    pub time_zone: Option<Arc<str>>,
    /// Whether it waits.
    pub suspended: bool,
    /// Names of the Jobs that run.
    pub active: Box<[Arc<str>]>,
    /// When it last made a Job.
    pub last_scheduled: Option<Timestamp>,
    /// When a Job of it last ended well.
    pub last_succeeded: Option<Timestamp>,
    /// What its pods are made of.
    pub template: Template,
}

/// The slim CronJob (k8s.io/api batch/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJob {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<CronJobSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<CronJobStatus>,
}

/// `CronJobSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    /// The five fields of cron.
    #[prost(string, tag = "1")]
    pub schedule: String,
    /// Whether it waits.
    #[prost(bool, optional, tag = "4")]
    pub suspend: Option<bool>,
    /// What Jobs are made of.
    #[prost(message, optional, tag = "5")]
    pub job_template: Option<JobTemplateSpec>,
    /// In which time zone.
    #[prost(string, optional, tag = "8")]
    pub time_zone: Option<String>,
}

/// `JobTemplateSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobTemplateSpec {
    /// The spec of the Jobs.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<JobSpec>,
}

/// `CronJobStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobStatus {
    /// Jobs that run.
    #[prost(message, repeated, tag = "1")]
    pub active: Vec<ActiveJob>,
    /// When it last made a Job.
    #[prost(message, optional, tag = "4")]
    pub last_schedule_time: Option<Time>,
    /// When a Job of it last ended well.
    #[prost(message, optional, tag = "5")]
    pub last_successful_time: Option<Time>,
}

/// `ObjectReference`, of which the name is enough.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct ActiveJob {
    /// The Job's name.
    #[prost(string, tag = "3")]
    pub name: String,
}

impl Object for CronJob {
    const KIND: KindId = CRON_JOB;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        let job = spec.job_template.clone().unwrap_or_default().spec.unwrap_or_default();
        let facts = facts(&spec, &status, &job, interner);
        let (health, reason) = health(self.metadata.as_ref(), &facts);
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: cells(&spec, &status, &job, interner),
            links: workload::links(self.metadata.as_ref(), None, job.template.as_ref(), interner),
            facts: Facts::CronJob(Box::new(facts)),
        }
    }
}

fn cells(spec: &CronJobSpec, status: &CronJobStatus, job: &JobSpec, interner: &mut Interner) -> Box<[Cell]> {
    let suspend = match spec.suspend {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    // A time that is there but zero prints otherwise than one that is not there.
    let last = match status.last_schedule_time {
        None => Cell::text("<none>"),
        Some(time) => time.instant().map_or_else(|| Cell::text("<unknown>"), Cell::Time),
    };
    let [names, images] = container_cells(job.template.as_ref(), interner);
    Box::new([
        Cell::Text(interner.intern(&spec.schedule)),
        Cell::Text(interner.intern(spec.time_zone.as_deref().unwrap_or("<none>"))),
        Cell::Text(interner.intern(suspend)),
        Cell::Int(status.active.len() as i64),
        last,
        names,
        images,
        selector_cell(job.selector.as_ref(), interner),
    ])
}

fn facts(spec: &CronJobSpec, status: &CronJobStatus, job: &JobSpec, interner: &mut Interner) -> CronJobFacts {
    CronJobFacts {
        schedule: interner.intern(&spec.schedule),
        time_zone: spec.time_zone.as_deref().map(|z| interner.intern(z)),
        suspended: spec.suspend == Some(true),
        active: status.active.iter().map(|job| interner.intern(&job.name)).collect(),
        last_scheduled: instant(status.last_schedule_time),
        last_succeeded: instant(status.last_successful_time),
        template: Template::of(job.template.as_ref(), interner),
    }
}

fn health(metadata: Option<&ObjectMeta>, facts: &CronJobFacts) -> (Health, Option<String>) {
    if let Some(metadata) = metadata.filter(|m| instant(m.deletion_timestamp).is_some()) {
        return (Health::Progressing, Some(being_deleted(metadata)));
    }
    if facts.suspended {
        return (Health::Ready, Some("suspended".to_owned()));
    }
    let running = !facts.active.is_empty();
    match (facts.last_scheduled, facts.last_succeeded) {
        (Some(_), None) if !running => (Health::Warn, Some("no run has succeeded yet".to_owned())),
        (Some(scheduled), Some(succeeded)) if succeeded < scheduled && !running => {
            (Health::Warn, Some("its last run did not succeed".to_owned()))
        }
        _ => (Health::Ready, None),
    }
}
