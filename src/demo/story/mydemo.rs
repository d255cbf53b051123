//! mydemo: a liveness probe that fails now and then; the container restarts, and its Service hardly notices.

use serde_json::json;

use crate::demo::kubelet;
use crate::demo::stage::{Source, Stage};
use crate::demo::story::{Script, step};

pub const SCRIPTS: &[Script] = &[Script {
    needs: ("deployments.apps", "dev", "mydemo"),
    every: 180,
    steps: &[step(15, liveness_fails), step(25, container_restarts)],
}];

fn liveness_fails(stage: &mut Stage, _: u32) {
    tell(stage, "Unhealthy", "Liveness probe failed: Get \"http://10.244.0.7:5000/health\": context deadline exceeded");
}

fn container_restarts(stage: &mut Stage, _: u32) {
    tell(stage, "Killing", "Container mydemo failed liveness probe, will be restarted");
    let Some(key) = kubelet::pods_with(stage, "dev", "app", "mydemo").into_iter().next() else { return };
    let (now, run) = (stage.clock(), stage.store.version());
    kubelet::change(stage, &key, |pod| {
        let status = &mut pod["status"]["containerStatuses"][0];
        let terminated = json!({
            "exitCode": 137, "reason": "Error", "containerID": status["containerID"], "finishedAt": now,
            "startedAt": status["state"]["running"]["startedAt"],
        });
        status["lastState"] = json!({"terminated": terminated});
        status["state"] = json!({"running": {"startedAt": now}});
        status["containerID"] = json!(format!("containerd://{}", kubelet::container_id(&format!("mydemo/{run}"))));
        status["restartCount"] = json!(status["restartCount"].as_i64().unwrap_or(0) + 1);
    });
}

fn tell(stage: &mut Stage, reason: &str, text: &str) {
    let Some(key) = kubelet::pods_with(stage, "dev", "app", "mydemo").into_iter().next() else { return };
    if let Some(pod) = stage.get("pods", &key.0, &key.1) {
        let node = pod.value["spec"]["nodeName"].as_str().unwrap_or_default();
        stage.event(&pod.value, reason, text, Source::kubelet(node, "mydemo").warning());
    }
}
