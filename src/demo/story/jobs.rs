//! Jobs of a CronJob: they begin, end, and the oldest are forgotten.

use serde_json::{Value, json};

use crate::demo::kubelet;
use crate::demo::stage::{Beat, Source, Stage, controller, is_true, owned_by, set_condition};

const JOBS: &str = "jobs.batch";
const CRONJOBS: &str = "cronjobs.batch";

/// Starts the next Job, with its pod.
pub fn begin(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(cronjob) = stage.get(CRONJOBS, namespace, name) else { return };
    let job_name = format!("{name}-{}", stage.now.as_second() / 60);
    let uid = crate::demo::store::uid(&job_name);
    let now = stage.clock();
    let tracking = json!({
        "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": job_name,
        "controller-uid": uid, "job-name": job_name,
    });
    let template = &cronjob.value["spec"]["jobTemplate"];
    let mut spec = template["spec"].clone();
    merge(&mut spec["template"]["metadata"]["labels"], &tracking);
    spec["selector"] = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
    let defaults = json!({
        "completionMode": "NonIndexed", "completions": 1, "parallelism": 1, "suspend": false,
        "manualSelector": false, "podReplacementPolicy": "TerminatingOrFailed",
    });
    merge(&mut spec, &defaults);
    let mut labels = template["metadata"]["labels"].clone();
    merge(&mut labels, &tracking);
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "namespace": namespace, "name": job_name, "uid": uid, "labels": labels,
            "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": now},
            "ownerReferences": owned_by(&cronjob.value),
        },
        "spec": spec,
        "status": {"active": 1, "ready": 0, "startTime": now, "terminating": 0, "uncountedTerminatedPods": {}},
    });
    let Some(job) = stage.create(JOBS, job) else { return };
    begin_pod(stage, namespace, &job.value);
    stage.modify(CRONJOBS, namespace, name, |cronjob| {
        cronjob["status"]["lastScheduleTime"] = json!(now);
        let active = json!({
            "apiVersion": "batch/v1", "kind": "Job", "namespace": namespace, "name": job_name, "uid": uid,
        });
        cronjob["status"]["active"] = json!([active]);
    });
    stage.event(
        &cronjob.value,
        "SuccessfulCreate",
        &format!("Created job {job_name}"),
        Source::of("cronjob-controller"),
    );
}

fn begin_pod(stage: &mut Stage, namespace: &str, job: &Value) {
    let job_name = job["metadata"]["name"].as_str().unwrap_or_default();
    let pod_name = format!("{job_name}-{}", crate::demo::store::suffix(job_name, 5));
    let template = &job["spec"]["template"];
    let mut metadata = template["metadata"].clone();
    metadata["namespace"] = json!(namespace);
    metadata["name"] = json!(pod_name);
    metadata["ownerReferences"] = owned_by(job);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"],
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    });
    stage.create("pods", pod);
    stage.event(job, "SuccessfulCreate", &format!("Created pod: {pod_name}"), Source::of("job-controller"));
    stage.after(300, Beat::Schedule((namespace.to_owned(), pod_name)));
}

/// Ends the running Jobs of a CronJob well.
pub fn finish_all(stage: &mut Stage, namespace: &str, name: &str) {
    let Some(cronjob) = stage.get(CRONJOBS, namespace, name) else { return };
    let running = stage.find(JOBS, namespace, |job| {
        owned(job, &cronjob.value) && !is_true(job, "Complete") && !is_true(job, "Failed")
    });
    for job in running {
        for pod in stage.find("pods", namespace, |pod| owned(pod, &job.value) && pod["status"]["phase"] == "Running") {
            kubelet::act(stage, &Beat::Finish(pod.key.clone()));
        }
        complete(stage, namespace, &job.key.1);
        stage.event(&job.value, "Completed", "Job completed", Source::of("job-controller"));
        let text = format!("Saw completed job: {}, condition: Complete", job.key.1);
        stage.event(&cronjob.value, "SawCompletedJob", &text, Source::of("cronjob-controller"));
    }
    let now = stage.clock();
    stage.modify(CRONJOBS, namespace, name, |cronjob| {
        if let Some(status) = cronjob["status"].as_object_mut() {
            status.remove("active");
            status.insert("lastSuccessfulTime".into(), json!(now));
        }
    });
    forget(stage, namespace, &cronjob.value);
}

fn owned(object: &Value, by: &Value) -> bool {
    controller(object).is_some_and(|owner| owner["uid"] == by["metadata"]["uid"])
}

fn complete(stage: &mut Stage, namespace: &str, name: &str) {
    let now = stage.clock();
    stage.modify(JOBS, namespace, name, |job| {
        let status = &mut job["status"];
        if let Some(map) = status.as_object_mut() {
            map.remove("active");
        }
        status["ready"] = json!(0);
        status["succeeded"] = json!(1);
        status["completionTime"] = json!(now);
        let why = Some(("CompletionsReached", "Reached expected number of succeeded pods"));
        for kind in ["SuccessCriteriaMet", "Complete"] {
            set_condition(&mut status["conditions"], &now, kind, true, why);
        }
    });
}

/// Keeps as many finished Jobs as the CronJob wants to.
fn forget(stage: &mut Stage, namespace: &str, cronjob: &Value) {
    let limit = cronjob["spec"]["successfulJobsHistoryLimit"].as_u64().unwrap_or(3) as usize;
    let mut done = stage.find(JOBS, namespace, |job| owned(job, cronjob) && is_true(job, "Complete"));
    done.sort_by_key(|job| job.value["status"]["completionTime"].as_str().unwrap_or_default().to_owned());
    let surplus = done.len().saturating_sub(limit);
    for job in done.into_iter().take(surplus) {
        for pod in stage.find("pods", namespace, |pod| owned(pod, &job.value)) {
            // Listed a moment ago; nobody else deletes.
            let _ = stage.store.delete("pods", namespace, &pod.key.1);
        }
        let _ = stage.store.delete(JOBS, namespace, &job.key.1);
    }
}

fn merge(into: &mut Value, from: &Value) {
    if !into.is_object() {
        *into = json!({});
    }
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        for (key, value) in from {
            into.entry(key).or_insert_with(|| value.clone());
        }
    }
}
