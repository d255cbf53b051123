//! Containers that are added to a pod that runs: its kubelet starts them at once.

use serde_json::{Value, json};

use crate::demo::State;
use crate::demo::status::Failure;
use crate::demo::write::{Ask, Done, change};

/// Patches the list of a pod's added containers; those that are new run.
pub fn add(ask: &Ask, state: &mut State) -> Result<Done, Failure> {
    let done = change::patch(ask, state)?;
    if ask.is_dry() {
        return Ok(done);
    }
    let mut pod = ask.stored(state)?;
    let mut statuses = pod["status"]["ephemeralContainerStatuses"].as_array().cloned().unwrap_or_default();
    let now = json!(state.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    for container in pod["spec"]["ephemeralContainers"].as_array().into_iter().flatten() {
        if statuses.iter().all(|status| status["name"] != container["name"]) {
            statuses.push(json!({
                "name": container["name"], "image": container["image"], "imageID": "", "ready": false,
                "restartCount": 0, "lastState": {}, "state": {"running": {"startedAt": now}},
            }));
        }
    }
    pod["status"]["ephemeralContainerStatuses"] = Value::Array(statuses);
    let kept = state.store.update(&ask.resource.id(), pod);
    let value = kept.map_or(done.value.clone(), |kept| kept.value.clone());
    Ok(Done { value, ..done })
}
