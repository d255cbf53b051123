//! CronJobs: a Job whenever the schedule says so.

use serde_json::{Value, json};

use crate::demo::admit::defaults;
use crate::demo::controllers::schedule::Schedule;
use crate::demo::controllers::{self, Propagation, job};
use crate::demo::stage::{Beat, Source, Stage, controller, is_true, owned_by};
use crate::demo::store::seconds;

pub const ID: &str = "cronjobs.batch";
const CONTROLLER: &str = "cronjob-controller";

/// Starts the Job that is due, forgets old ones, and plans the next.
pub fn reconcile(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(cron) = stage.get(ID, namespace, name) else { return };
    if (stage.told)(ID, namespace, name) || !cron.value["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    let Some(schedule) = Schedule::parse(cron.value["spec"]["schedule"].as_str().unwrap_or_default()) else { return };
    let minute = seconds(stage.now);
    let due = schedule.fits(stage.now)
        && minute.ends_with(":00Z")
        && cron.value["status"]["lastScheduleTime"] != minute.as_str();
    if due && cron.value["spec"]["suspend"] != true {
        begin(stage, &cron.value);
    }
    look_after(stage, &cron.value);
    if let Some(next) = schedule.next(stage.now) {
        let wait = next.duration_since(stage.now).as_millis();
        let key = (namespace.to_owned(), name.to_owned());
        stage.after(i64::try_from(wait).unwrap_or(i64::MAX), Beat::Reconcile(ID, key));
    }
}

fn jobs(stage: &Stage, cron: &Value) -> Vec<std::sync::Arc<crate::demo::store::Object>> {
    let namespace = cron["metadata"]["namespace"].as_str().unwrap_or_default();
    let uid = &cron["metadata"]["uid"];
    stage.find(job::ID, namespace, |job| controller(job).is_some_and(|owner| owner["uid"] == *uid))
}

fn is_over(job: &Value) -> bool {
    is_true(job, "Complete") || is_true(job, "Failed")
}

fn begin(stage: &mut Stage, cron: &Value) {
    let (namespace, name) =
        (cron["metadata"]["namespace"].clone(), cron["metadata"]["name"].as_str().unwrap_or_default());
    let running = jobs(stage, cron).iter().any(|job| !is_over(&job.value));
    if running && cron["spec"]["concurrencyPolicy"] == "Forbid" {
        return;
    }
    let template = &cron["spec"]["jobTemplate"];
    let job_name = format!("{name}-{}", stage.now.as_second() / 60);
    let now = stage.clock();
    let mut job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "namespace": namespace, "name": job_name, "ownerReferences": owned_by(cron),
            "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": now},
        },
        "spec": template["spec"],
    });
    if template["metadata"]["labels"].is_object() {
        job["metadata"]["labels"] = template["metadata"]["labels"].clone();
    }
    defaults::fill(job::ID, &mut job);
    stage.create(job::ID, job);
    let namespace = namespace.as_str().unwrap_or_default();
    stage.modify(ID, namespace, name, |cron| cron["status"]["lastScheduleTime"] = json!(now));
    stage.event(cron, "SuccessfulCreate", &format!("Created job {job_name}"), Source::of(CONTROLLER));
    job::reconcile(stage, namespace, &job_name);
}

/// Which Jobs run, when one last went well, and how many old ones are kept.
fn look_after(stage: &mut Stage, cron: &Value) {
    let text = |name: &str| cron["metadata"][name].as_str().unwrap_or_default();
    let all = jobs(stage, cron);
    let active: Vec<Value> = all
        .iter()
        .filter(|job| !is_over(&job.value))
        .map(|job| {
            json!({
                "apiVersion": "batch/v1", "kind": "Job", "namespace": job.key.0, "name": job.key.1,
                "uid": job.value["metadata"]["uid"],
            })
        })
        .collect();
    let last = all.iter().filter_map(|job| job.value["status"]["completionTime"].as_str()).max().map(str::to_owned);
    stage.modify(ID, text("namespace"), text("name"), |cron| {
        let status = &mut cron["status"];
        match (active.is_empty(), status.as_object_mut()) {
            (true, Some(map)) => _ = map.remove("active"),
            _ => status["active"] = Value::Array(active),
        }
        if let Some(last) = last {
            status["lastSuccessfulTime"] = json!(last);
        }
    });
    for (kind, limit, default) in
        [("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)]
    {
        let limit = cron["spec"][limit].as_u64().unwrap_or(default) as usize;
        let mut done: Vec<_> = all.iter().filter(|job| is_true(&job.value, kind)).collect();
        done.sort_by_key(|job| job.value["status"]["startTime"].as_str().unwrap_or_default().to_owned());
        for job in done.iter().take(done.len().saturating_sub(limit)) {
            controllers::delete(stage, job::ID, &job.key, Propagation::Background, None);
        }
    }
}
