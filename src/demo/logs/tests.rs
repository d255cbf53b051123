//! Logs on a virtual clock: what is told, what is cut, what is refused.
#![allow(clippy::unwrap_used)]

use serde_json::json;
use std::collections::BTreeSet;

use super::*;

fn pod() -> Value {
    json!({
        "metadata": {"name": "orders-1", "namespace": "shop"},
        "spec": {"nodeName": "n1", "containers": [{"name": "app"}]},
        "status": {"containerStatuses": [{
            "name": "app", "image": "registry.example.com/shop/orders:v2", "containerID": "containerd://2", "ready": true,
            "state": {"running": {"startedAt": "2026-11-20T10:00:00Z"}},
            "lastState": {"terminated": {
                "containerID": "containerd://1", "exitCode": 137, "reason": "OOMKilled",
                "startedAt": "2026-11-20T09:59:00Z", "finishedAt": "2026-11-20T09:59:04Z",
            }},
        }]},
    })
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-20T{text}Z").parse().unwrap()
}

fn read(query: &str, now: Timestamp) -> Result<Vec<String>, String> {
    let options = Options::parse(&Query::parse(query), now).map_err(|failure| failure.message)?;
    let mut log = Log::open(&pod(), options).map_err(|failure| failure.message)?;
    let text = String::from_utf8(log.first(now)).unwrap();
    Ok(text.lines().map(str::to_owned).collect())
}

#[test]
fn the_same_moment_always_says_the_same() {
    let now = at("10:05:00");
    assert_eq!(read("timestamps=true", now), read("timestamps=true", now));
    assert!(30 < read("", now).unwrap().len());
}

#[test]
fn a_request_goes_through_several_services() {
    let mut cart = pod();
    let container = &mut cart["status"]["containerStatuses"][0];
    (container["image"], container["containerID"]) =
        (json!("registry.example.com/shop/cart:v4"), json!("containerd://3"));
    let ids = |pod: &Value| -> BTreeSet<String> {
        let text = Log::open(pod, Options::default()).unwrap().first(at("10:05:00"));
        let lines = serde_json::Deserializer::from_slice(&text).into_iter::<Value>();
        lines.filter_map(|line| line.ok()?["trace"].as_str().map(str::to_owned)).collect()
    };
    let (orders, cart) = (ids(&pod()), ids(&cart));
    assert!(orders.intersection(&cart).next().is_some() && orders != cart, "{orders:?} {cart:?}");
}

#[test]
fn following_continues_where_the_first_part_ended() {
    let whole = read("", at("10:03:00")).unwrap();
    let mut log = Log::open(&pod(), Options::default()).unwrap();
    let mut bytes = log.first(at("10:01:00"));
    for moment in ["10:01:01.5", "10:02:00", "10:03:00"] {
        bytes.extend(log.next(Some(&pod()), at(moment)));
    }
    let parts: Vec<String> = String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(parts, whole);
}

#[test]
fn what_was_said_stays_the_same_when_the_run_ends() {
    let mut running = pod();
    let container = &mut running["status"]["containerStatuses"][0];
    container["lastState"] = json!({});
    container["state"]["running"]["startedAt"] = json!("2026-11-20T10:00:00Z");
    let told = |pod: &Value, now: Timestamp| {
        let mut log = Log::open(pod, Options { timestamps: true, ..Options::default() }).unwrap();
        String::from_utf8(log.first(now)).unwrap()
    };
    let before = told(&running, at("10:00:20"));
    running["status"]["containerStatuses"][0]["state"] = json!({"terminated": {
        "containerID": "containerd://2", "exitCode": 3, "reason": "Error",
        "startedAt": "2026-11-20T10:00:00Z", "finishedAt": "2026-11-20T10:00:25Z",
    }});
    let after = told(&running, at("10:00:30"));
    assert!(after.starts_with(&before) && before.len() < after.len(), "{before}\n\n{after}");
}

#[test]
fn tail_comes_before_since_and_bytes_are_cut_last() {
    let now = at("10:05:00");
    let all = read("", now).unwrap();
    assert_eq!(read("tailLines=3", now).unwrap(), all[all.len() - 3..]);
    assert_eq!(read("tailLines=0", now).unwrap().len(), 0);
    let since = read("sinceSeconds=60&timestamps=true", now).unwrap();
    assert!(since.iter().all(|line| "2026-11-20T10:04:00" <= line.as_str()) && since.len() < all.len());
    assert_eq!(read("limitBytes=5", now).unwrap(), [&all[0][..5]]);
}

#[test]
fn the_previous_run_ends_with_its_last_words() {
    let lines = read("previous=true", at("10:05:00")).unwrap();
    assert!(lines.last().unwrap().ends_with("ERROR heap limit reached, 131 MiB in use"), "{lines:?}");
}

#[test]
fn following_ends_with_the_container() {
    let mut log = Log::open(&pod(), Options { follow: true, ..Options::default() }).unwrap();
    log.first(at("10:01:00"));
    let mut dead = pod();
    let status = &mut dead["status"]["containerStatuses"][0];
    status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    status["lastState"]["terminated"]["startedAt"] = json!("2026-11-20T10:00:00Z");
    status["lastState"]["terminated"]["finishedAt"] = json!("2026-11-20T10:01:30Z");
    let last = String::from_utf8(log.next(Some(&dead), at("10:02:00"))).unwrap();
    assert!(last.contains("heap limit reached") && log.over);
}

#[test]
fn refusals_use_the_words_of_the_server() {
    let mut waiting = pod();
    waiting["status"]["containerStatuses"][0]["state"] = json!({"waiting": {"reason": "ImagePullBackOff"}});
    waiting["status"]["containerStatuses"][0]["lastState"] = json!({});
    let refusal = |pod: &Value, query: &str| {
        let options = Options::parse(&Query::parse(query), at("10:00:00"));
        options.and_then(|options| Log::open(pod, options)).err().map(|failure| failure.message).unwrap_or_default()
    };
    assert_eq!(
        refusal(&waiting, ""),
        "container \"app\" in pod \"orders-1\" is waiting to start: trying and failing to pull image"
    );
    assert_eq!(refusal(&waiting, "previous=1"), "previous terminated container \"app\" in pod \"orders-1\" not found");
    assert_eq!(refusal(&pod(), "container=x"), "container x is not valid for pod orders-1");
    assert!(refusal(&pod(), "sinceSeconds=0").contains("must be greater than 0"));
    let mut two = pod();
    two["spec"]["containers"] = json!([{"name": "app"}, {"name": "proxy"}]);
    two["spec"]["initContainers"] = json!([{"name": "wait"}]);
    assert_eq!(
        refusal(&two, ""),
        "a container name must be specified for pod orders-1, choose one of: [app proxy] or one of the init containers: [wait]"
    );
}
