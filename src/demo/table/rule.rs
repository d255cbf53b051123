//! The cells of built-in kinds that no digest has: plain paths, and the server's few special rules.

use serde_json::{Value, json};

use crate::kinds::age;
use crate::kinds::custom::path::parse::parse;
use crate::wire::Timestamp;

/// What a path finds, lists joined by commas; `default` when it finds nothing.
pub fn path(item: &Value, path: &str, default: &str) -> Value {
    let found = parse(path).map_or_else(Vec::new, |path| path.all(item));
    match found.as_slice() {
        [] => {
            if default.is_empty() {
                Value::Null
            } else {
                json!(default)
            }
        }
        [one] => (*one).clone(),
        many => json!(many.iter().map(|value| plain(value)).collect::<Vec<_>>().join(",")),
    }
}

/// A rule of `columns.txt`: its name, then its argument.
pub fn apply(rule: &str, item: &Value, now: Timestamp) -> Value {
    let (rule, argument) = rule.split_once(' ').unwrap_or((rule, ""));
    match rule {
        "age" => {
            let created = item["metadata"]["creationTimestamp"].as_str().and_then(Timestamp::parse);
            json!(age::age(now, created))
        }
        "count" => json!(path(item, argument, "").as_array().map_or(0, Vec::len)),
        "labels" => json!(labels(&path(item, argument, ""))),
        "role" => json!(format!("{}/{}", plain(&item["roleRef"]["kind"]), plain(&item["roleRef"]["name"]))),
        "accounts" => json!(accounts(item)),
        "class" => json!(storage_class(item)),
        "owner" => json!(owner(item)),
        "quota" => json!(quota(item, argument)),
        "endpoints" => json!(endpoints(item)),
        _ => Value::Null,
    }
}

/// A value as Go prints it into a string column.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn labels(labels: &Value) -> String {
    let pairs = labels.as_object().into_iter().flatten();
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={}", plain(value))).collect();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

fn accounts(item: &Value) -> String {
    let subjects = item["subjects"].as_array().into_iter().flatten();
    let accounts = subjects.filter(|subject| subject["kind"] == "ServiceAccount");
    let names = accounts.map(|account| format!("{}/{}", plain(&account["namespace"]), plain(&account["name"])));
    names.collect::<Vec<_>>().join(", ")
}

fn storage_class(item: &Value) -> String {
    let default = &item["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"];
    let suffix = if default == "true" { " (default)" } else { "" };
    format!("{}{suffix}", plain(&item["metadata"]["name"]))
}

fn owner(item: &Value) -> String {
    let owners = item["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    let controller = owners.into_iter().find(|owner| owner["controller"] == true);
    controller.map_or("<none>".to_owned(), |owner| {
        let kind = plain(&owner["kind"]).to_ascii_lowercase();
        let api_version = plain(&owner["apiVersion"]);
        let group = api_version.split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
        format!("{kind}{group}/{}", plain(&owner["name"]))
    })
}

/// `pods: 9/10, …`: with `prefix` the entries that start with it, without those of limits.
fn quota(item: &Value, prefix: &str) -> String {
    let hard = item["status"]["hard"].as_object().into_iter().flatten();
    let entries = hard.filter(|(name, _)| name.starts_with("limits.") != prefix.is_empty());
    let entries = entries.map(|(name, hard)| {
        let used = item["status"]["used"].get(name).map_or("0".to_owned(), plain);
        format!("{name}: {used}/{}", plain(hard))
    });
    entries.collect::<Vec<_>>().join(", ")
}

/// Up to three addresses with ports, and how many more.
fn endpoints(item: &Value) -> String {
    let mut found = Vec::new();
    for subset in item["subsets"].as_array().into_iter().flatten() {
        let addresses = || subset["addresses"].as_array().into_iter().flatten();
        match subset["ports"].as_array().filter(|ports| !ports.is_empty()) {
            None => found.extend(addresses().map(|address| plain(&address["ip"]))),
            Some(ports) => {
                for port in ports {
                    let port = plain(&port["port"]);
                    found.extend(addresses().map(|address| format!("{}:{port}", plain(&address["ip"]))));
                }
            }
        }
    }
    let more = found.len().saturating_sub(3);
    found.truncate(3);
    match (found.is_empty(), more) {
        (true, _) => "<none>".to_owned(),
        (false, 0) => found.join(","),
        (false, more) => format!("{} + {more} more...", found.join(",")),
    }
}
