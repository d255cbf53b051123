//! Jobs: pods until enough of them have succeeded, or too many have failed.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::demo::controllers::pods;
use crate::demo::stage::{Beat, Source, Stage, controller, is_true, set_condition};
use crate::demo::store::Object;

pub const ID: &str = "jobs.batch";
const CONTROLLER: &str = "job-controller";
/// How long the work of a Job's pod takes.
const WORK_MS: i64 = 9_000;

/// One round of the controller.
pub fn reconcile(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(job) = stage.get(ID, namespace, name) else { return };
    let over = is_true(&job.value, "Complete") || is_true(&job.value, "Failed");
    if over || !job.value["metadata"]["deletionTimestamp"].is_null() || is_told(stage, namespace, &job.value) {
        return;
    }
    identify(stage, namespace, name);
    let Some(job) = stage.get(ID, namespace, name) else { return };
    let spec = &job.value["spec"];
    let number = |field: &str, default: i64| spec[field].as_i64().unwrap_or(default);
    let members = members(stage, namespace, &job.value);
    let in_phase = |phase: &str| members.iter().filter(|pod| pod.value["status"]["phase"] == phase).count() as i64;
    let (succeeded, failed) = (in_phase("Succeeded"), in_phase("Failed"));
    let active: Vec<&Arc<Object>> = members.iter().filter(|pod| is_active(&pod.value)).collect();
    let wanted = number("completions", number("parallelism", 1));
    if spec["suspend"] == true {
        for pod in active {
            pods::delete_pod(stage, &pod.value);
        }
        suspend(stage, namespace, name);
        return;
    }
    if wanted <= succeeded {
        finish(stage, namespace, name, "Complete", ("CompletionsReached", "Reached expected number of succeeded pods"));
    } else if number("backoffLimit", 6) < failed {
        for pod in active {
            pods::delete_pod(stage, &pod.value);
        }
        let why = ("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        finish(stage, namespace, name, "Failed", why);
    } else {
        let missing = number("parallelism", 1).min(wanted - succeeded) - active.len() as i64;
        (0..missing).for_each(|_| create(stage, &job.value));
    }
    count(stage, namespace, name);
}

/// Whether a script moves the Job.
fn is_told(stage: &Stage, namespace: &str, job: &Value) -> bool {
    let by = controller(job).filter(|owner| owner["kind"] == "CronJob");
    by.is_some_and(|owner| (stage.told)("cronjobs.batch", namespace, owner["name"].as_str().unwrap_or_default()))
        && job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] != "manual"
}

/// Labels and selector by which a new Job knows its pods.
fn identify(stage: &mut Stage, namespace: &str, name: &str) {
    let now = stage.clock();
    stage.modify(ID, namespace, name, |job| {
        if job["spec"]["selector"].is_null() {
            let uid = job["metadata"]["uid"].clone();
            job["spec"]["selector"] = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
            for (key, value) in [
                ("batch.kubernetes.io/controller-uid", uid.clone()),
                ("batch.kubernetes.io/job-name", json!(name)),
                ("controller-uid", uid),
                ("job-name", json!(name)),
            ] {
                job["spec"]["template"]["metadata"]["labels"][key] = value;
            }
            // A selector of the server's own is no change of the client's.
            job["metadata"]["generation"] = json!(job["metadata"]["generation"].as_i64().unwrap_or(1) - 1);
        }
        if job["status"]["startTime"].is_null() && job["spec"]["suspend"] != true {
            job["status"]["startTime"] = json!(now);
        }
    });
}

fn members(stage: &Stage, namespace: &str, job: &Value) -> Vec<Arc<Object>> {
    let uid = &job["metadata"]["uid"];
    stage.find("pods", namespace, |pod| controller(pod).is_some_and(|owner| owner["uid"] == *uid))
}

fn is_active(pod: &Value) -> bool {
    let over = ["Succeeded", "Failed"].iter().any(|phase| pod["status"]["phase"] == *phase);
    !over && pod["metadata"]["deletionTimestamp"].is_null()
}

fn create(stage: &mut Stage, job: &Value) {
    let name = pods::generated(stage, job);
    let pod = pods::from_template(job, &job["spec"]["template"], &name);
    let key = (job["metadata"]["namespace"].as_str().unwrap_or_default().to_owned(), name);
    if pods::create(stage, job, pod, CONTROLLER).is_ok() {
        stage.after(WORK_MS, Beat::Finish(key));
    }
}

fn suspend(stage: &mut Stage, namespace: &str, name: &str) {
    let now = stage.clock();
    stage.modify(ID, namespace, name, |job| {
        let status = &mut job["status"];
        if let Some(map) = status.as_object_mut() {
            map.remove("startTime");
            map.remove("active");
        }
        set_condition(&mut status["conditions"], &now, "Suspended", true, Some(("JobSuspended", "Job suspended")));
    });
}

fn finish(stage: &mut Stage, namespace: &str, name: &str, kind: &str, why: (&str, &str)) {
    let now = stage.clock();
    stage.modify(ID, namespace, name, |job| {
        let status = &mut job["status"];
        let first = if kind == "Complete" { "SuccessCriteriaMet" } else { "FailureTarget" };
        for kind in [first, kind] {
            set_condition(&mut status["conditions"], &now, kind, true, Some(why));
        }
        if kind == "Complete" {
            status["completionTime"] = json!(now);
        }
    });
    if let Some(job) = stage.get(ID, namespace, name) {
        let (reason, text) = if kind == "Complete" { ("Completed", "Job completed") } else { why };
        stage.event(&job.value, reason, text, Source::of(CONTROLLER));
    }
}

fn count(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(job) = stage.get(ID, namespace, name) else { return };
    let members = members(stage, namespace, &job.value);
    let number = |test: &dyn Fn(&Value) -> bool| members.iter().filter(|pod| test(&pod.value)).count();
    let counts = [
        ("active", number(&is_active)),
        ("succeeded", number(&|pod| pod["status"]["phase"] == "Succeeded")),
        ("failed", number(&|pod| pod["status"]["phase"] == "Failed")),
    ];
    let ready = number(&|pod| is_active(pod) && is_true(pod, "Ready"));
    stage.modify(ID, namespace, name, |job| {
        let status = &mut job["status"];
        for (field, count) in counts {
            match (count, status.as_object_mut()) {
                (0, Some(map)) => _ = map.remove(field),
                (count, _) => status[field] = json!(count),
            }
        }
        status["ready"] = json!(ready);
    });
}
