//! Resource quotas: what a namespace may use, what it uses, and the refusal of what would be too much.

use serde_json::{Map, Value, json};

use crate::demo::stage::Stage;
use crate::demo::store::Store;
use crate::wire::quantity::{self, Format};

pub const ID: &str = "resourcequotas";

/// An entry of a quota that would be exceeded: its name, what is asked for, what is used, and the limit.
type Over<'a> = (&'a String, String, Value, Value);

/// Why a new pod or object does not fit; the server's own words.
pub fn exceeded(store: &Store, id: &str, namespace: &str, object: &Value) -> Option<String> {
    let quotas: Vec<_> = store.list(ID, Some(namespace)).cloned().collect();
    for quota in quotas {
        let hard = quota.value["spec"]["hard"].as_object()?;
        let used = used(store, namespace, hard);
        let name = &quota.key.1;
        let mut over: Vec<Over> = Vec::new();
        let mut missing = Vec::new();
        for (resource, limit) in hard {
            let Some(wanted) = usage(id, object, resource) else { continue };
            if wanted == 0 {
                let must_say = id == "pods" && resource.contains('.') && !resource.starts_with("count/");
                if must_say {
                    missing.push(resource.as_str());
                }
                continue;
            }
            let taken = amount(&used[resource.as_str()]);
            if amount(limit) < taken + wanted {
                over.push((resource, print(resource, wanted), used[resource.as_str()].clone(), limit.clone()));
            }
        }
        if !missing.is_empty() {
            return Some(format!(
                "failed quota: {name}: must specify {} for: {}",
                missing.join(","),
                containers(object)
            ));
        }
        if !over.is_empty() {
            let list = |of: &dyn Fn(&Over) -> String| {
                over.iter().map(|entry| format!("{}={}", entry.0, of(entry))).collect::<Vec<_>>().join(",")
            };
            let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            return Some(format!(
                "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
                list(&|entry| entry.1.clone()),
                list(&|entry| plain(&entry.2)),
                list(&|entry| plain(&entry.3)),
            ));
        }
    }
    None
}

fn containers(pod: &Value) -> String {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers.filter_map(|container| container["name"].as_str()).collect::<Vec<_>>().join(",")
}

/// Counts anew what the quotas of a namespace are used.
pub fn update(stage: &mut Stage, namespace: &str) {
    for quota in stage.find(ID, namespace, |_| true) {
        let Some(hard) = quota.value["spec"]["hard"].as_object() else { continue };
        let used = used(stage.store, namespace, hard);
        let hard = hard.clone();
        stage.modify(ID, namespace, &quota.key.1, |quota| {
            quota["status"]["hard"] = Value::Object(hard);
            quota["status"]["used"] = used;
        });
    }
}

fn used(store: &Store, namespace: &str, hard: &Map<String, Value>) -> Value {
    let mut used = Map::new();
    for resource in hard.keys() {
        let ids = counted(resource);
        let total: i128 = ids
            .iter()
            .flat_map(|id| store.list(id, Some(namespace)).map(move |object| usage(id, &object.value, resource)))
            .flatten()
            .sum();
        used.insert(resource.clone(), json!(print(resource, total)));
    }
    Value::Object(used)
}

/// The resources whose objects count towards a quota's entry.
fn counted(resource: &str) -> Vec<&str> {
    if let Some(id) = resource.strip_prefix("count/") {
        return vec![id];
    }
    match resource {
        "configmaps"
        | "secrets"
        | "services"
        | "persistentvolumeclaims"
        | "resourcequotas"
        | "replicationcontrollers" => vec![resource],
        "services.nodeports" | "services.loadbalancers" => vec!["services"],
        "requests.storage" => vec!["persistentvolumeclaims"],
        _ => vec!["pods"],
    }
}

/// What one object uses of a quota's entry, in billionths; `None` where it does not count.
fn usage(id: &str, object: &Value, resource: &str) -> Option<i128> {
    const ONE: i128 = 1_000_000_000;
    if !counted(resource).contains(&id) {
        return None;
    }
    if id == "pods" {
        let over = ["Succeeded", "Failed"].iter().any(|phase| object["status"]["phase"] == *phase);
        if over && !resource.starts_with("count/") {
            return Some(0);
        }
        return match resource {
            "pods" | "count/pods" => Some(ONE),
            "cpu" | "memory" | "ephemeral-storage" => Some(containers_sum(object, "requests", resource)),
            _ => {
                let (part, name) = resource.split_once('.')?;
                Some(containers_sum(object, part, name))
            }
        };
    }
    match resource {
        "services.nodeports" => Some(if object["spec"]["type"] == "ClusterIP" { 0 } else { ONE }),
        "services.loadbalancers" => Some(if object["spec"]["type"] == "LoadBalancer" { ONE } else { 0 }),
        "requests.storage" => Some(amount(&object["spec"]["resources"]["requests"]["storage"])),
        _ => Some(ONE),
    }
}

fn containers_sum(pod: &Value, part: &str, name: &str) -> i128 {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers.map(|container| amount(&container["resources"][part][name])).sum()
}

fn amount(value: &Value) -> i128 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    quantity::parse(&text).map_or(0, |(nanos, _)| nanos)
}

/// A sum as the server writes it: bytes in powers of two.
fn print(resource: &str, nanos: i128) -> String {
    let bytes = resource.contains("memory") || resource.contains("storage");
    quantity::print(nanos, if bytes { Format::BinarySi } else { Format::DecimalSi })
}
