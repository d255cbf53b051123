//! `switch`: a Service sends its requests to the pods of another version, at once: blue-green as people do it by hand.

use super::{Act, Input, PLAIN, Reads, Subject, Target};
use crate::app::fields::is_ready;
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::app::policy::Friction;
use crate::kinds::SERVICE;
use crate::view::line::counted;
use crate::wire::request::escape;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const SWITCH: Act = Act {
    name: "switch",
    kinds: &[SERVICE],
    reads: Reads::ObjectAnd(lists),
    input: Some(Input { is_asked: true, tell, label: |_| "label=value: ".to_owned(), given, take }),
    friction: |subject| if ready(subject, &wanted(subject)) == 0 { Friction::Name } else { Friction::Key },
    refuse: |subject| {
        let none = selector(subject).is_empty();
        none.then(|| "it has no selector: its endpoints are set by somebody else".to_owned())
    },
    write: |subject| Ok(write(subject)),
    effects,
    caution,
    kubectl: |subject| format!("patch {} -p '{}'", subject.target.name(), body(&subject.argument)),
    undo: |subject| {
        let own = selector(subject);
        let before: Vec<String> = pairs(&subject.argument)
            .into_iter()
            .filter_map(|(key, _)| Some(format!("{key}={}", own.get(&key)?)))
            .collect();
        let before = before.join(",");
        subject.back(format!("switch back to {before}"), "switch", before)
    },
    ..PLAIN
};

type Labels = BTreeMap<String, String>;

/// The pods that would fit if one label were another, for each label of the selector.
fn lists(target: &Target, object: &Value) -> Vec<String> {
    let namespace = target.key.namespace.as_deref().unwrap_or_default();
    let own = labels(object.pointer("/spec/selector"));
    own.keys()
        .map(|key| {
            let others: Vec<String> =
                own.iter().filter(|(other, _)| *other != key).map(|(key, value)| format!("{key}={value}")).collect();
            let query = others.join(",");
            format!("/api/v1/namespaces/{namespace}/pods?limit=500&labelSelector={}", escape(&query))
        })
        .collect()
}

fn labels(value: Option<&Value>) -> Labels {
    let all = value.and_then(Value::as_object).into_iter().flatten();
    all.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

fn selector(subject: &Subject) -> Labels {
    labels(subject.object.pointer("/spec/selector"))
}

fn pairs(argument: &str) -> Vec<(String, String)> {
    let words = argument.split([',', ' ']).filter_map(|word| word.split_once('='));
    words.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The selector as it would be.
fn wanted(subject: &Subject) -> Labels {
    let mut wanted = selector(subject);
    wanted.extend(pairs(&subject.argument));
    wanted
}

/// How many pods that are ready a selector fits, of those that were read.
fn ready(subject: &Subject, selector: &Labels) -> i64 {
    let mut names: Vec<&Value> = Vec::new();
    for pod in subject.lists.iter().flatten().filter(|pod| is_ready(pod)) {
        let own = labels(pod.pointer("/metadata/labels"));
        let name = &pod["metadata"]["name"];
        if selector.iter().all(|(key, value)| own.get(key) == Some(value)) && !names.contains(&name) {
            names.push(name);
        }
    }
    i64::try_from(names.len()).unwrap_or(i64::MAX)
}

/// Other versions that have pods: the pair, and how many of them are ready; the most first.
fn versions(subject: &Subject) -> Vec<(String, i64)> {
    let own = selector(subject);
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    for (key, pods) in own.keys().zip(&subject.lists) {
        for pod in pods {
            let value = pod.pointer("/metadata/labels").and_then(|all| all.get(key)).and_then(Value::as_str);
            let Some(value) = value.filter(|value| own.get(key).is_some_and(|now| now != value)) else { continue };
            *found.entry(format!("{key}={value}")).or_default() += i64::from(is_ready(pod));
        }
    }
    // A label that tells one pod from the next, or one application from another, is no version.
    let mut found: Vec<(String, i64)> = found.into_iter().collect();
    let is_version =
        |pair: &str| pair.starts_with("version=") || pair.contains("/version=") || pair.starts_with("color=");
    if found.iter().any(|(pair, _)| is_version(pair)) {
        found.retain(|(pair, _)| is_version(pair));
    }
    found.sort_by_key(|(_, ready)| -ready);
    found.truncate(4);
    found
}

/// What it selects now, and what else has pods.
fn tell(subject: &Subject) -> Vec<String> {
    let own: Vec<String> = selector(subject).iter().map(|(key, value)| format!("{key}={value}")).collect();
    let ready_now = counted(ready(subject, &selector(subject)), "ready pod");
    let mut lines = vec![format!("now    {}  {ready_now}", own.join(","))];
    lines.extend(
        versions(subject).into_iter().map(|(pair, ready)| format!("other  {pair}  {}", counted(ready, "ready pod"))),
    );
    lines
}

fn given(subject: &Subject) -> String {
    versions(subject).into_iter().next().map_or_else(String::new, |(pair, _)| pair)
}

fn take(text: &str, subject: &Subject) -> Result<String, String> {
    let (own, said) = (selector(subject), pairs(text));
    if said.is_empty() || said.iter().any(|(key, value)| key.is_empty() || value.is_empty()) {
        return Err("write it as label=value, such as version=green".to_owned());
    }
    if let Some((key, _)) = said.iter().find(|(key, _)| !own.contains_key(key)) {
        let keys: Vec<&str> = own.keys().map(String::as_str).collect();
        return Err(format!("its selector has no {key}: it goes by {}", keys.join(", ")));
    }
    let changed: Vec<String> = said
        .into_iter()
        .filter(|(key, value)| own.get(key) != Some(value))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if changed.is_empty() {
        return Err("it selects these pods already".to_owned());
    }
    Ok(changed.join(","))
}

fn body(argument: &str) -> Value {
    let pairs: Map<String, Value> = pairs(argument).into_iter().map(|(key, value)| (key, json!(value))).collect();
    json!({ "spec": { "selector": pairs } })
}

fn write(subject: &Subject) -> Mutation {
    let body = body(&subject.argument);
    subject.pinned(Write::Patch { style: PatchStyle::Strategic, subresource: None, body })
}

fn effects(subject: &Subject) -> Vec<String> {
    let before = ready(subject, &selector(subject));
    let after = ready(subject, &wanted(subject));
    vec![
        format!("its endpoints change at once: {} → {} that are ready", counted(before, "pod"), counted(after, "pod")),
        "requests that are under way end where they are; connections that stay open stay with the old pods".to_owned(),
    ]
}

fn caution(subject: &Subject) -> Vec<String> {
    let after = ready(subject, &wanted(subject));
    let nobody = "no pod that is ready fits: the Service would have no endpoint".to_owned();
    (after == 0).then_some(nobody).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;

    fn pod(name: &str, version: &str, ready: bool) -> Value {
        let status = if ready { "True" } else { "False" };
        json!({"metadata": {"name": name, "labels": {"app": "web", "version": version}},
            "status": {"conditions": [{"type": "Ready", "status": status}]}})
    }

    fn service(argument: &str) -> Subject {
        let lists = vec![
            vec![pod("b", "blue", true)],
            vec![pod("b", "blue", true), pod("g", "green", true), pod("h", "green", true), pod("r", "red", false)],
        ];
        let object = json!({"spec": {"selector": {"app": "web", "version": "blue"}}});
        Subject { argument: argument.to_owned(), lists, ..subject(SERVICE, object) }
    }

    #[test]
    fn the_other_version_is_offered_with_its_ready_pods() {
        assert_eq!(given(&service("")), "version=green");
        assert_eq!(
            tell(&service("")),
            [
                "now    app=web,version=blue  1 ready pod",
                "other  version=green  2 ready pods",
                "other  version=red  0 ready pods"
            ]
        );
        let target = service("").target;
        let paths = lists(&target, &service("").object);
        assert_eq!(paths[1], "/api/v1/namespaces/shop/pods?limit=500&labelSelector=app%3Dweb");
    }

    #[test]
    fn a_version_without_ready_pods_wants_the_name_typed() {
        assert_eq!((SWITCH.friction)(&service("version=green")), Friction::Key);
        assert_eq!((SWITCH.friction)(&service("version=red")), Friction::Name);
        assert_eq!(caution(&service("version=red")).len(), 1);
        assert!(effects(&service("version=green"))[0].contains("1 pod → 2 pods"));
    }

    #[test]
    fn only_labels_of_the_selector_are_taken() {
        assert_eq!(take("version=green app=web", &service("")), Ok("version=green".to_owned()));
        assert!(take("tier=a", &service("")).unwrap_err().contains("app, version"));
        assert!(take("version=blue", &service("")).unwrap_err().contains("already"));
        assert_eq!((SWITCH.undo)(&service("version=green")).way.unwrap().argument, "version=blue");
    }
}
