//! Crash loops: a container that dies starts again after a while, and dies again as it did before.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::demo::kubelet::{change, container_id};
use crate::demo::stage::{Beat, Source, Stage, set_condition};
use crate::demo::store::Key;

/// The story has no patience for five minutes.
const WAIT_MS: i64 = 38_000;

/// The first container of the pod whose run is over, as an index; the first one where none is.
fn broken(pod: &Value) -> usize {
    let statuses = pod["status"]["containerStatuses"].as_array();
    statuses.and_then(|statuses| statuses.iter().position(|status| status["state"]["running"].is_null())).unwrap_or(0)
}

/// The waiting container runs again.
pub fn restart(stage: &mut Stage, key: &Key) {
    let Some(pod) = stage.get("pods", &key.0, &key.1).filter(|pod| alive(&pod.value)) else { return };
    let (index, now, run) = (broken(&pod.value), stage.clock(), stage.store.version());
    let status = &pod.value["status"]["containerStatuses"][index];
    let name = status["name"].as_str().unwrap_or_default().to_owned();
    let node = pod.value["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
    let image = status["image"].as_str().unwrap_or_default();
    let present = format!("Container image \"{image}\" already present on machine");
    stage.event(&pod.value, "Pulled", &present, Source::kubelet(&node, &name));
    stage.event(&pod.value, "Started", &format!("Started container {name}"), Source::kubelet(&node, &name));
    let lasts = last_run_millis(status);
    change(stage, key, |pod| {
        let status = &mut pod["status"]["containerStatuses"][index];
        status["restartCount"] = json!(status["restartCount"].as_i64().unwrap_or(0) + 1);
        status["containerID"] = json!(format!("containerd://{}", container_id(&format!("{}/{run}", key.1))));
        status["state"] = json!({"running": {"startedAt": now}});
        status["started"] = json!(true);
    });
    stage.after(lasts, Beat::Crash(key.clone()));
}

fn alive(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_null()
}

/// How long the run before lasted: the next one lasts as long.
fn last_run_millis(status: &Value) -> i64 {
    let last = &status["lastState"]["terminated"];
    let time = |name: &str| last[name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let run = time("startedAt").zip(time("finishedAt")).map(|(from, to)| to.duration_since(from));
    run.map_or(4_000, |run| run.as_secs() * 1_000).clamp(2_000, 20_000)
}

/// The running container dies: as it did the last time, for lack of memory the first time.
pub fn crash(stage: &mut Stage, key: &Key) {
    let Some(pod) = stage.get("pods", &key.0, &key.1).filter(|pod| alive(&pod.value)) else { return };
    let statuses = pod.value["status"]["containerStatuses"].as_array();
    let index = statuses.and_then(|list| list.iter().position(|status| !status["lastState"]["terminated"].is_null()));
    let index = index.unwrap_or(0);
    let now = stage.clock();
    change(stage, key, |pod| {
        let status = &mut pod["status"]["containerStatuses"][index];
        let last = status["lastState"]["terminated"].clone();
        let (reason, code) = if last.is_null() {
            (json!("OOMKilled"), json!(137))
        } else {
            (last["reason"].clone(), last["exitCode"].clone())
        };
        let terminated = json!({
            "reason": reason, "exitCode": code, "containerID": status["containerID"], "finishedAt": now,
            "startedAt": status["state"]["running"]["startedAt"],
        });
        status["state"] = json!({"terminated": terminated});
        status["ready"] = json!(false);
        status["started"] = json!(false);
        let name = status["name"].as_str().unwrap_or_default();
        let message = format!("containers with unready status: [{name}]");
        let conditions = &mut pod["status"]["conditions"];
        for kind in ["Ready", "ContainersReady"] {
            set_condition(conditions, &now, kind, false, Some(("ContainersNotReady", &message)));
        }
    });
    stage.after(1_000, Beat::BackOff(key.clone()));
}

/// The kubelet waits before the next try.
pub fn back_off(stage: &mut Stage, key: &Key) {
    let Some(pod) = stage.get("pods", &key.0, &key.1).filter(|pod| alive(&pod.value)) else { return };
    let (index, uid) = (broken(&pod.value), pod.value["metadata"]["uid"].as_str().unwrap_or_default());
    let status = &pod.value["status"]["containerStatuses"][index];
    let name = status["name"].as_str().unwrap_or_default().to_owned();
    let node = pod.value["spec"]["nodeName"].as_str().unwrap_or_default();
    let pod_name = format!("{}_{}({uid})", key.1, key.0);
    let text = format!("Back-off restarting failed container {name} in pod {pod_name}");
    stage.event(&pod.value, "BackOff", &text, Source::kubelet(node, &name).warning());
    change(stage, key, |pod| {
        let status = &mut pod["status"]["containerStatuses"][index];
        let wait = match status["restartCount"].as_i64().unwrap_or(0) {
            0 | 1 => "10s",
            2 => "20s",
            3 => "40s",
            4 => "1m20s",
            5 | 6 => "2m40s",
            _ => "5m0s",
        };
        let message = format!("back-off {wait} restarting failed container={name} pod={pod_name}");
        if !status["state"]["terminated"].is_null() {
            status["lastState"] = status["state"].clone();
        }
        status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
    });
    stage.after(WAIT_MS, Beat::Restart(key.clone()));
}

/// When the containers that wait at the story's beginning start again.
pub fn waiting_at_start(pod: &Value, now: Timestamp) -> Option<SignedDuration> {
    let statuses = pod["status"]["containerStatuses"].as_array()?;
    let looping = statuses.iter().find(|status| status["state"]["waiting"]["reason"] == "CrashLoopBackOff")?;
    let ended = looping["lastState"]["terminated"]["finishedAt"].as_str()?.parse::<Timestamp>().ok()?;
    // Spread by when they died, all within the first minute.
    Some(SignedDuration::from_secs(8 + now.duration_since(ended).as_secs().rem_euclid(24)))
}
