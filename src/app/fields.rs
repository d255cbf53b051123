//! Parts of objects as the server wrote them: what is not there is empty.

use serde_json::Value;

/// The items of a list.
pub fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a pod is ready.
pub fn is_ready(pod: &Value) -> bool {
    list(pod, "/status/conditions").iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
}

/// The volumes of a pod whose content goes with it.
pub fn lost_volumes(pod: &Value) -> impl Iterator<Item = &Value> {
    list(pod, "/spec/volumes").iter().filter(|volume| volume.get("emptyDir").is_some())
}

/// Whether a pod only stands for one that its kubelet made itself.
pub fn is_mirror(pod: &Value) -> bool {
    pod.pointer("/metadata/annotations").is_some_and(|all| all.get("kubernetes.io/config.mirror").is_some())
}
