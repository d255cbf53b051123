//! The scale of a workload: how many replicas it wants and has, as an object of its own.

use serde_json::{Value, json};

use crate::demo::State;
use crate::demo::status::{Cause, Failure};
use crate::demo::write::{Ask, Done, body, change, json_patch};

/// The scale of a workload.
pub fn scale(object: &Value) -> Value {
    let labels = object["spec"]["selector"]["matchLabels"].as_object().cloned().unwrap_or_default();
    let selector: Vec<String> =
        labels.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
            "uid": object["metadata"]["uid"], "resourceVersion": object["metadata"]["resourceVersion"],
            "creationTimestamp": object["metadata"]["creationTimestamp"],
        },
        "spec": {"replicas": object["spec"]["replicas"].as_i64().unwrap_or(1)},
        "status": {
            "replicas": object["status"]["replicas"].as_i64().unwrap_or(0), "selector": selector.join(","),
        },
    })
}

/// Puts or patches a scale.
pub fn change(ask: &Ask, state: &mut State) -> Result<Done, Failure> {
    let before = ask.stored(state)?;
    let old = scale(&before);
    let new = if ask.verb == "update" { body::object(ask.schema, ask.media, ask.body)? } else { patched(ask, &old)? };
    let replicas = match &new["spec"]["replicas"] {
        Value::Null => 0,
        Value::Number(number) if number.is_i64() => number.as_i64().unwrap_or(0),
        other => return Err(Failure::bad_request(format!("replicas is no number: {other}"))),
    };
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", &replicas.to_string(), "must be greater than or equal to 0");
        let mut scaled = ask.resource.clone();
        (scaled.group, scaled.kind) = ("autoscaling".to_owned(), "Scale".to_owned());
        return Err(Failure::invalid(&scaled, &ask.route.name, &[cause]));
    }
    let mut after = before.clone();
    after["spec"]["replicas"] = json!(replicas);
    for precondition in ["resourceVersion", "uid"] {
        let seen = &new["metadata"][precondition];
        if seen.as_str().is_some_and(|seen| !seen.is_empty()) {
            after["metadata"][precondition] = seen.clone();
        }
    }
    let writer = ask.writer(state, false);
    let mut done = change::keep(ask, state, &before, after, Some(&writer), Vec::new())?;
    done.value = scale(&done.value);
    done.is_object = false;
    Ok(done)
}

fn patched(ask: &Ask, old: &Value) -> Result<Value, Failure> {
    if ask.media == body::STRATEGIC_PATCH {
        // A scale has no lists; the two ways to merge are one.
        let patch: Value = serde_json::from_slice(ask.body)
            .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
        let mut new = old.clone();
        json_patch::merge(&mut new, &patch);
        return Ok(new);
    }
    change::patched(ask, old)
}
