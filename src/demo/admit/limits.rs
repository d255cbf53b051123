//! Limit ranges: requests and limits that containers get when they ask for none, and bounds that they may not leave.

use serde_json::{Value, json};

use crate::demo::store::Store;
use crate::wire::quantity;

const ID: &str = "limitranges";

/// Fills in a pod's requests and limits; the error is why it may not be.
pub fn admit(store: &Store, namespace: &str, pod: &mut Value) -> Result<(), String> {
    let ranges: Vec<_> = store.list(ID, Some(namespace)).cloned().collect();
    for range in &ranges {
        for limit in range.value["spec"]["limits"].as_array().into_iter().flatten() {
            if limit["type"] == "Container" {
                for list in ["initContainers", "containers"] {
                    for container in pod["spec"].get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                        fill(container, limit);
                        bounds(container, limit)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn fill(container: &mut Value, limit: &Value) {
    for (name, value) in limit["default"].as_object().into_iter().flatten() {
        if container["resources"]["limits"][name.as_str()].is_null() {
            container["resources"]["limits"][name.as_str()] = value.clone();
        }
    }
    let defaults = limit["defaultRequest"].as_object().into_iter().flatten();
    for (name, value) in defaults {
        if container["resources"]["requests"][name.as_str()].is_null() {
            container["resources"]["requests"][name.as_str()] = value.clone();
        }
    }
    // A limit without a request is a request, too.
    for (name, value) in container["resources"]["limits"].as_object().cloned().into_iter().flatten() {
        if container["resources"]["requests"][name.as_str()].is_null() {
            container["resources"]["requests"][name.as_str()] = value;
        }
    }
}

fn bounds(container: &Value, limit: &Value) -> Result<(), String> {
    let amount = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        quantity::parse(&text).map(|(nanos, _)| nanos)
    };
    let show = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for (name, most) in limit["max"].as_object().into_iter().flatten() {
        let asked = &container["resources"]["limits"][name.as_str()];
        if asked.is_null() {
            return Err(format!("maximum {name} usage per Container is {}.  No limit is specified", show(most)));
        }
        if amount(most) < amount(asked) {
            return Err(format!("maximum {name} usage per Container is {}, but limit is {}", show(most), show(asked)));
        }
    }
    for (name, least) in limit["min"].as_object().into_iter().flatten() {
        let asked = &container["resources"]["requests"][name.as_str()];
        if asked.is_null() {
            return Err(format!("minimum {name} usage per Container is {}.  No request is specified", show(least)));
        }
        if amount(asked) < amount(least) {
            return Err(format!(
                "minimum {name} usage per Container is {}, but request is {}",
                show(least),
                show(asked)
            ));
        }
    }
    Ok(())
}

/// The class by which a node under pressure chooses.
pub fn quality(pod: &Value) -> Value {
    let containers = || pod["spec"]["containers"].as_array().into_iter().flatten();
    let resources =
        |container: &Value, part: &str| container["resources"][part].as_object().is_some_and(|map| !map.is_empty());
    if containers().all(|one| !resources(one, "requests") && !resources(one, "limits")) {
        return json!("BestEffort");
    }
    let equal = |container: &Value| {
        ["cpu", "memory"].iter().all(|name| {
            let limit = &container["resources"]["limits"][*name];
            let request = &container["resources"]["requests"][*name];
            !limit.is_null() && (request.is_null() || limit == request)
        })
    };
    json!(if containers().all(equal) { "Guaranteed" } else { "Burstable" })
}
