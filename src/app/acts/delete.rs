//! `delete`: exactly the object that was seen, by uid and version. What it owns goes afterwards, before, or stays.

use super::{Act, Input, PLAIN, Reads, Subject, Undo, owners};
use crate::app::fields::{is_mirror, list, lost_volumes};
use crate::app::mutation::{Propagation, Way, Write};
use crate::app::policy::Friction;
use crate::app::right::Right;
use crate::kinds::POD;
use serde_json::Value;

pub(super) const DELETE: Act = Act {
    name: "delete",
    right: |key| Right::on("delete", "", key),
    reads: Reads::Object,
    input: Some(Input {
        is_asked: false,
        tell: |_| Vec::new(),
        label: |_| "how: ".to_owned(),
        given: |_| String::new(),
        take: |text, _| taken(text),
    }),
    friction,
    refuse,
    write: |subject| {
        let grace_seconds = (subject.argument == "force").then_some(0);
        let write = Write::Delete { propagation: propagation(subject), grace_seconds };
        Ok(subject.pinned(write))
    },
    effects,
    caution,
    kubectl,
    undo,
    ..PLAIN
};

/// Ways to delete, with what each means.
const WAYS: [(&str, &str); 4] = [
    ("background", "what it owns goes afterwards"),
    ("foreground", "what it owns goes before"),
    ("orphan", "what it owns stays"),
    ("force", "at once, without waiting for its processes to end"),
];

fn taken(text: &str) -> Result<String, String> {
    let text = text.trim().trim_start_matches("--").to_lowercase();
    let is_known = text.is_empty() || WAYS.iter().any(|(word, _)| *word == text);
    is_known.then_some(text).ok_or_else(|| "delete how? background, foreground, orphan or force".to_owned())
}

fn propagation(subject: &Subject) -> Propagation {
    match subject.argument.as_str() {
        "foreground" => Propagation::Foreground,
        "orphan" => Propagation::Orphan,
        _ => Propagation::Background,
    }
}

/// A pod that comes back by itself is a small thing; everything else has its name typed.
fn friction(subject: &Subject) -> Friction {
    let comes_back = subject.target.key.kind == POD && owners::controller(&subject.object).is_some();
    if comes_back && subject.argument != "force" { Friction::Key } else { Friction::Name }
}

fn refuse(subject: &Subject) -> Option<String> {
    let since = subject.field("/metadata/deletionTimestamp").as_str()?;
    let names: Vec<&str> = finalizers(subject).iter().filter_map(Value::as_str).collect();
    let held =
        if names.is_empty() { String::new() } else { format!("; it waits for its finalizers: {}", names.join(", ")) };
    (subject.argument != "force").then(|| format!("it is being deleted since {since}{held}"))
}

fn effects(subject: &Subject) -> Vec<String> {
    let way = if subject.argument.is_empty() { "background" } else { &subject.argument };
    let meaning = WAYS.iter().find(|(word, _)| *word == way).map_or("", |(_, meaning)| meaning);
    let mut effects = vec![format!("it is deleted, {way}: {meaning}")];
    if subject.target.key.kind == POD {
        let next = owners::controller(&subject.object).map(|owner| format!("{owner} puts another in its place"));
        effects = vec![next.unwrap_or_else(|| "the pod is gone for good: no controller makes another".to_owned())];
        if subject.argument == "force" {
            effects.push("its processes may still run while the API says that it is gone".to_owned());
        }
    }
    effects
}

fn finalizers(subject: &Subject) -> &[Value] {
    list(&subject.object, "/metadata/finalizers")
}

/// What goes with a pod, whether it is deleted or evicted.
pub(super) fn pod_cautions(subject: &Subject) -> Vec<String> {
    let local: Vec<&str> =
        lost_volumes(&subject.object).filter_map(|volume| volume.get("name").and_then(Value::as_str)).collect();
    let mut cautions = Vec::new();
    if !local.is_empty() {
        cautions.push(format!("what is in its emptyDir volumes is lost: {}", local.join(", ")));
    }
    if owners::controller(&subject.object).is_none() {
        cautions.push("no controller owns it: it will not come back".to_owned());
    }
    if is_mirror(&subject.object) {
        cautions.push("it mirrors a static pod: its kubelet makes it again".to_owned());
    }
    cautions
}

fn caution(subject: &Subject) -> Vec<String> {
    let mut cautions = match subject.target.kind.as_str() {
        "pod" => pod_cautions(subject),
        "namespace" => vec!["everything in the namespace goes with it".to_owned()],
        "node" => vec!["its pods are deleted too; a kubelet that still runs registers it again".to_owned()],
        "persistentvolumeclaim" => vec!["with reclaim policy Delete the data of its volume is lost".to_owned()],
        "persistentvolume" => vec!["the data behind it may be lost".to_owned()],
        "customresourcedefinition" => vec!["every object of this kind goes with it".to_owned()],
        "replicaset" | "job" => owners::controller(&subject.object)
            .map(|owner| format!("{owner} owns it and may make another"))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    };
    if !finalizers(subject).is_empty() {
        cautions.push("it has finalizers: it goes only once they are done".to_owned());
    }
    cautions
}

fn kubectl(subject: &Subject) -> String {
    let how = match subject.argument.as_str() {
        "foreground" => " --cascade=foreground",
        "orphan" => " --cascade=orphan",
        "force" => " --grace-period=0 --force",
        _ => "",
    };
    format!("delete {}{how}", subject.target.name())
}

fn undo(subject: &Subject) -> Undo {
    let comes_back = owners::controller(&subject.object).is_some();
    // The values of a Secret are not kept anywhere for this.
    if comes_back || matches!(subject.target.kind.as_str(), "secret" | "namespace" | "node" | "event") {
        return Undo { words: "a deletion of it cannot be taken back".to_owned(), way: None };
    }
    let manifest = super::recreate::manifest(&subject.object).to_string();
    let way = Way { act: "recreate", key: subject.target.key.clone(), argument: manifest };
    Undo { words: "make it again from its manifest, without what went with it".to_owned(), way: Some(way) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;
    use crate::kinds::DEPLOYMENT;
    use serde_json::json;

    #[test]
    fn a_pod_that_comes_back_takes_one_key_and_everything_else_its_name() {
        let owned = json!({"metadata": {"ownerReferences": [{"kind": "ReplicaSet", "name": "a", "controller": true}]}});
        assert_eq!(friction(&subject(POD, owned.clone())), Friction::Key);
        assert_eq!(friction(&Subject { argument: "force".into(), ..subject(POD, owned) }), Friction::Name);
        assert_eq!(friction(&subject(POD, json!({}))), Friction::Name);
        assert_eq!(friction(&subject(DEPLOYMENT, json!({}))), Friction::Name);
    }

    #[test]
    fn only_known_ways_are_taken() {
        assert_eq!(taken(" --Orphan"), Ok("orphan".to_owned()));
        assert_eq!(taken(""), Ok(String::new()));
        assert!(taken("everything").is_err());
    }

    #[test]
    fn what_is_being_deleted_says_what_it_waits_for() {
        let object = json!({"metadata": {"deletionTimestamp": "2026-11-20T10:00:00Z", "finalizers": ["a/b"]}});
        let why = refuse(&subject(DEPLOYMENT, object)).unwrap();
        assert!(why.contains("since 2026-11-20T10:00:00Z") && why.contains("a/b"), "{why}");
    }

    #[test]
    fn a_secret_is_kept_nowhere() {
        let secret = subject(crate::kinds::SECRET, json!({"data": {"a": "b2xk"}}));
        assert_eq!(undo(&secret).way, None);
        assert!(undo(&subject(DEPLOYMENT, json!({"spec": {}}))).way.is_some());
    }
}
