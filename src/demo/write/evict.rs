//! Evictions: deletions of pods that the disruption budgets allow, one at a time.

use serde_json::{Value, json};

use crate::demo::State;
use crate::demo::admit::text;
use crate::demo::stage::{is_true, labels, matches};
use crate::demo::status::Failure;
use crate::demo::write::{Ask, Done, body, delete};

const BUDGETS: &str = "poddisruptionbudgets.policy";

/// Carries out one eviction.
pub fn evict(ask: &Ask, state: &mut State) -> Result<Done, Failure> {
    let eviction = body::object(ask.schema, ask.media, ask.body)?;
    let name = text(&eviction["metadata"], "name");
    if !name.is_empty() && name != ask.route.name {
        return Err(Failure::bad_request("name in URL does not match name in Eviction object"));
    }
    let pod = ask.stored(state)?;
    let options = &eviction["deleteOptions"];
    let dry = ask.is_dry() || options["dryRun"].as_array().is_some_and(|list| list.iter().any(|entry| entry == "All"));
    if counts(&pod) {
        spend(ask, state, &pod, dry)?;
    }
    let mut options = options.clone();
    if dry {
        options["dryRun"] = json!(["All"]);
    }
    delete::by(ask, state, &options)?;
    let value = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(Done { code: 201, value, is_object: false, warnings: Vec::new() })
}

/// Pods that do not run yet, or any more, are nobody's loss.
fn counts(pod: &Value) -> bool {
    let phase = text(&pod["status"], "phase");
    !["Pending", "Succeeded", "Failed"].contains(&phase) && pod["metadata"]["deletionTimestamp"].is_null()
}

/// Takes one disruption from the budget that covers the pod.
fn spend(ask: &Ask, state: &mut State, pod: &Value, dry: bool) -> Result<(), Failure> {
    let namespace = &ask.route.namespace;
    let covering = state.store.list(BUDGETS, Some(namespace));
    let budgets: Vec<_> =
        covering.filter(|budget| matches(labels(pod), &budget.value["spec"]["selector"])).cloned().collect();
    let budget = match budgets.as_slice() {
        [] => return Ok(()),
        [budget] => budget,
        _ => {
            return Err(Failure::internal(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            ));
        }
    };
    let (name, status) = (&budget.key.1, &budget.value["status"]);
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    // An unready pod takes nothing from a budget that is met without it.
    let healthy = number("desiredHealthy") <= number("currentHealthy") && 0 < number("desiredHealthy");
    let always = budget.value["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow";
    if !is_true(pod, "Ready") && (always || healthy) {
        return Ok(());
    }
    let generation = budget.value["metadata"]["generation"].as_i64().unwrap_or(1);
    if status["observedGeneration"].as_i64().is_none_or(|observed| observed < generation) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(Failure::disruption(&why, 10));
    }
    if number("disruptionsAllowed") <= 0 {
        let why = if number("currentHealthy") <= number("desiredHealthy") {
            format!(
                "The disruption budget {name} needs {} healthy pods and has {} currently",
                number("desiredHealthy"),
                number("currentHealthy")
            )
        } else {
            format!("The disruption budget {name} does not allow evicting pods currently")
        };
        return Err(Failure::disruption(&why, 0));
    }
    if !dry {
        let mut value = budget.value.clone();
        let left = number("disruptionsAllowed") - 1;
        value["status"]["disruptionsAllowed"] = json!(left);
        // Read a moment ago under the same lock.
        let _ = state.store.update(BUDGETS, value);
    }
    Ok(())
}
