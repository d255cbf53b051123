//! The states of Jobs and CronJobs.

use super::case::{Case, ago};
use serde_json::{Value, json};

fn template() -> Value {
    json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "shop/report:v1"},
        {"name": "log", "image": "shop/log:v3"}]}})
}

fn job(fields: Value) -> Value {
    let mut spec = json!({"template": template()});
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    json!({"spec": spec})
}

fn condition(r#type: &str, reason: &str, message: &str) -> Value {
    json!({"type": r#type, "status": "True", "reason": reason, "message": message,
        "lastProbeTime": ago(40), "lastTransitionTime": ago(40)})
}

/// Every state of a Job.
pub fn jobs() -> Vec<Case> {
    let running = |active: i32, succeeded: i32, failed: i32| json!({"startTime": ago(125), "active": active, "succeeded": succeeded, "failed": failed});
    let complete = |seconds: i64, succeeded: i32| {
        json!({"startTime": ago(seconds + 40), "completionTime": ago(40), "succeeded": succeeded,
            "conditions": [condition("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods"),
                condition("Complete", "CompletionsReached", "Reached expected number of succeeded pods")]})
    };
    let failed = |reason: &str, message: &str| {
        json!({"startTime": ago(500), "failed": 7,
            "conditions": [condition("FailureTarget", reason, message), condition("Failed", reason, message)]})
    };
    let backoff = "Job has reached the specified backoff limit";
    let target = json!({"startTime": ago(500), "failed": 7, "active": 1,
        "conditions": [condition("FailureTarget", "PodFailurePolicy", "Container app for pod x failed with exit code 42")]});
    let success = json!({"startTime": ago(500), "succeeded": 1, "active": 1,
        "conditions": [condition("SuccessCriteriaMet", "SuccessPolicy", "Matched rules at index 0")]});
    let suspended = json!({"conditions": [condition("Suspended", "JobSuspended", "Job suspended")]});
    let mut held = job(json!({}));
    held["metadata"]["finalizers"] = json!(["kplumb.dev/hold"]);
    let case = |name: &str, fields: Value, status: Value| Case::new(name, job(fields)).status(status);
    vec![
        Case::new("bare", job(json!({}))),
        case("running", json!({}), running(1, 0, 0)),
        case("running-with-failures", json!({"backoffLimit": 6}), running(1, 0, 2)),
        case("half-done", json!({"completions": 4, "parallelism": 2}), running(2, 2, 0)),
        case("queue", json!({"parallelism": 4}), running(4, 1, 0)),
        case("queue-of-one", json!({"parallelism": 1}), running(1, 0, 0)),
        case("no-workers", json!({"parallelism": 0}), running(0, 0, 0)),
        case("complete", json!({}), complete(61, 1)),
        case("complete-fast", json!({"completions": 3}), complete(0, 3)),
        case("complete-slow", json!({}), complete(90_061, 1)),
        case("failed", json!({}), failed("BackoffLimitExceeded", backoff)),
        case(
            "deadline",
            json!({"activeDeadlineSeconds": 9}),
            failed("DeadlineExceeded", "Job was active longer than specified deadline"),
        ),
        case("failure-target", json!({}), target),
        case("success-criteria-met", json!({}), success),
        case("suspended", json!({"suspend": true}), suspended),
        case("indexed", json!({"completionMode": "Indexed", "completions": 5, "parallelism": 5}), running(3, 2, 0)),
        Case::new("deleted", held).status(running(1, 0, 0)).deleted(),
    ]
}

/// Every state of a CronJob.
pub fn cron_jobs() -> Vec<Case> {
    let cron = |schedule: &str, fields: Value| {
        let mut spec = json!({"schedule": schedule, "jobTemplate": {"spec": {"template": template()}}});
        for (field, value) in fields.as_object().expect("fields") {
            spec[field] = value.clone();
        }
        json!({"spec": spec})
    };
    let case = |name: &str, status: Value| Case::new(name, cron("*/5 * * * *", json!({}))).status(status);
    let active = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({"apiVersion": "batch/v1", "kind": "Job", "name": name})).collect()
    };
    let mut held = cron("@daily", json!({}));
    held["metadata"]["finalizers"] = json!(["kplumb.dev/hold"]);
    let mut selecting = cron("0 3 * * *", json!({}));
    selecting["spec"]["jobTemplate"]["spec"]["template"]["metadata"] = json!({"labels": {"app": "report"}});
    vec![
        Case::new("bare", cron("0 3 * * 1-5", json!({}))),
        case("waiting", json!({})),
        case("ran", json!({"lastScheduleTime": ago(290), "lastSuccessfulTime": ago(260)})),
        case("ran-long-ago", json!({"lastScheduleTime": ago(8 * 86_400), "lastSuccessfulTime": ago(8 * 86_400 - 60)})),
        case("runs", json!({"lastScheduleTime": ago(30), "active": active(&["report-1"])})),
        case("runs-twice", json!({"lastScheduleTime": ago(30), "active": active(&["report-1", "report-2"])})),
        case("never-succeeded", json!({"lastScheduleTime": ago(130)})),
        case("last-failed", json!({"lastScheduleTime": ago(130), "lastSuccessfulTime": ago(9000)})),
        Case::new("suspended", cron("@hourly", json!({"suspend": true}))),
        Case::new("not-suspended", cron("@hourly", json!({"suspend": false}))),
        Case::new("zone", cron("0 3 * * *", json!({"timeZone": "Europe/Berlin"}))),
        Case::new("forbid", cron("0 3 * * *", json!({"concurrencyPolicy": "Forbid"}))),
        Case::new("history", cron("0 3 * * *", json!({"successfulJobsHistoryLimit": 0}))),
        Case::new("labels", selecting),
        Case::new("deleted", held).deleted(),
    ]
}
