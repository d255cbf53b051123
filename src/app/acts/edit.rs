//! `edit`: the object as YAML in the user's own editor. What was changed there becomes a merge patch against the object
//! as it is, in its version: lists are written whole, which loses nothing because no other version is ever met. (A
//! strategic patch, as kubectl sends it, needs the merge keys of every list and leaves fields of replaced items behind.)

use super::{Act, PLAIN, Reads, Subject, Undo, pods_are};
use crate::app::fields::text;
use crate::app::merge::{Overlap, patch, three_way, without_nulls};
use crate::app::mutation::{Mutation, PatchStyle, Way, Write};
use crate::app::policy::Friction;
use crate::view::describe::{diff, yaml};
use crate::wire::meta::BY_THE_SERVER;
use serde_json::{Value, json};

pub(super) const EDIT: Act = Act {
    name: "edit",
    reads: Reads::Object,
    is_edited: true,
    friction: |subject| if ends_all(subject) { Friction::Name } else { Friction::Key },
    also: |subject| ends_all(subject).then_some("scale_to_zero"),
    write,
    effects,
    caution,
    kubectl: |subject| format!("edit {}", subject.target.name()),
    undo,
    ..PLAIN
};

/// What of an object stands in the editor: everything but the state, and what only the server writes.
pub fn shown(object: &Value) -> Value {
    let mut shown = object.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = shown.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !BY_THE_SERVER.contains(&key.as_str()));
    }
    without_nulls(&mut shown);
    shown
}

/// The same as YAML.
pub fn written(object: &Value) -> String {
    yaml::text(&shown(object))
}

/// What was made of an object in the editor, as it is said beside it; what is wrong with it, or none where nothing
/// differs.
pub fn argument(object: &Value, mut edited: Value) -> Result<Option<String>, String> {
    without_nulls(&mut edited);
    let base = shown(object);
    for pointer in ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"] {
        let (is, was) = (text(&edited, pointer), text(&base, pointer));
        if is != was {
            return Err(format!(
                "{} cannot be changed: it was {was}",
                pointer.trim_start_matches('/').replace('/', ".")
            ));
        }
    }
    Ok((edited != base).then(|| json!({ "base": base, "mine": edited }).to_string()))
}

/// Fields that somebody else changed meanwhile in another way.
pub fn overlaps(subject: &Subject) -> Vec<Overlap> {
    merged(subject).and_then(Result::err).unwrap_or_default()
}

/// What the user began with and what he made of it.
fn versions(subject: &Subject) -> Option<(Value, Value)> {
    let mut both: Value = serde_json::from_str(&subject.argument).ok()?;
    Some((both.get_mut("base")?.take(), both.get_mut("mine")?.take()))
}

/// The user's change made to the object as it is now.
fn merged(subject: &Subject) -> Option<Result<Value, Vec<Overlap>>> {
    let (base, mine) = versions(subject)?;
    Some(three_way(&base, &mine, &shown(&subject.object)))
}

/// The object as it would be, as far as that can be told here.
fn wanted(subject: &Subject) -> Value {
    merged(subject).and_then(Result::ok).unwrap_or(Value::Null)
}

fn write(subject: &Subject) -> Result<Mutation, String> {
    let merged = merged(subject).ok_or("nothing was edited")?;
    let is_secret = subject.target.kind == "secret";
    let merged = merged.map_err(|overlaps| {
        let each: Vec<String> = overlaps.iter().map(|overlap| told(overlap, is_secret)).collect();
        format!("somebody else changed the same fields: {}", each.join("; "))
    })?;
    let body = patch(&shown(&subject.object), &merged);
    if body.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err("nothing would change: the object says so already".to_owned());
    }
    Ok(subject.pinned(Write::Patch { style: PatchStyle::Merge, subresource: None, body }))
}

/// `.spec.replicas: yours 3, now 5`.
pub fn told(overlap: &Overlap, is_secret: bool) -> String {
    let text = |side: &Option<String>| match side {
        None => "taken away".to_owned(),
        Some(_) if is_secret => "(hidden)".to_owned(),
        Some(text) => text.chars().take(80).collect(),
    };
    format!("{}: yours {}, now {}", overlap.path, text(&overlap.mine), text(&overlap.theirs))
}

fn replicas(object: &Value) -> Option<i64> {
    object.pointer("/spec/replicas").and_then(Value::as_i64)
}

fn ends_all(subject: &Subject) -> bool {
    let (now, wanted) = (replicas(&subject.object), replicas(&wanted(subject)));
    wanted == Some(0) && now != wanted
}

fn effects(subject: &Subject) -> Vec<String> {
    let wanted = wanted(subject);
    let differs = |pointer: &str| wanted.pointer(pointer) != shown(&subject.object).pointer(pointer);
    let mut effects = Vec::new();
    if wanted.is_null() {
        return effects;
    }
    let count = subject.count("/spec/replicas", 1);
    if let (Some(now), Some(then)) = (replicas(&subject.object), replicas(&wanted))
        && now != then
    {
        effects.push(format!("replicas: {now} → {then}"));
        effects.extend((then == 0).then(|| "nothing is left that could answer".to_owned()));
    }
    match subject.target.kind.as_str() {
        "deployment" | "statefulset" if differs("/spec/template") => {
            effects.push(format!("{} replaced, by its own strategy", pods_are(count)));
        }
        "daemonset" if differs("/spec/template") => effects.push("its pods are replaced, node by node".to_owned()),
        "replicaset" if differs("/spec/template") => {
            effects.push("pods that it makes from now on use it; those that are there keep theirs".to_owned());
        }
        "cronjob" if differs("/spec/jobTemplate") => {
            effects.push("the next Jobs use it; those that run keep theirs".to_owned());
        }
        "configmap" | "secret" if differs("/data") => {
            effects.push("mounted files follow within a minute or two; environment variables do not".to_owned());
        }
        _ => {}
    }
    effects
}

fn caution(subject: &Subject) -> Vec<String> {
    let mut cautions = Vec::new();
    if let Some((base, _)) = versions(subject) {
        let changed = diff::differences(&base, &shown(&subject.object));
        if !changed.is_empty() {
            let paths: Vec<&str> = changed.iter().take(3).map(|one| one.path.as_str()).collect();
            let more = if paths.len() < changed.len() { " and more" } else { "" };
            cautions.push(format!(
                "somebody else changed it meanwhile ({}{more}): your change is laid over the newest version",
                paths.join(", ")
            ));
        }
    }
    if let (Some(owner), "replicaset" | "pod" | "job") =
        (super::owners::controller(&subject.object), subject.target.kind.as_str())
    {
        cautions.push(format!("{owner} made it from its own template: its next one is without the change"));
    }
    cautions
}

fn undo(subject: &Subject) -> Undo {
    if subject.target.kind == "secret" {
        return Undo { words: "the values of a Secret are not kept: edit it back".to_owned(), way: None };
    }
    let after = if subject.after.is_null() { wanted(subject) } else { shown(&subject.after) };
    let argument = json!({ "base": after, "mine": shown(&subject.object) }).to_string();
    let way = Way { act: "edit", key: subject.target.key.clone(), argument };
    Undo { words: "the changed fields back to what they were".to_owned(), way: Some(way) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;
    use crate::kinds::{DEPLOYMENT, SECRET};

    fn object(replicas: i64, image: &str) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "status": {"replicas": 1},
            "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "7", "managedFields": []},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "app", "image": image}]}}}})
    }

    fn edited(now: Value, mine: &Value) -> Subject {
        let argument = argument(&object(2, "a:1"), mine.clone()).unwrap().unwrap();
        Subject { argument, ..subject(DEPLOYMENT, now) }
    }

    fn body(subject: &Subject) -> Result<Value, String> {
        write(subject).map(|mutation| match mutation.write {
            Write::Patch { style: PatchStyle::Merge, body, .. } => body,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_editor_shows_what_can_be_changed() {
        let text = written(&object(2, "a:1"));
        assert!(text.starts_with("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"), "{text}");
        assert!(!text.contains("status") && !text.contains("uid") && !text.contains("managedFields"), "{text}");
    }

    #[test]
    fn only_what_was_changed_is_written() {
        let mine = shown(&object(3, "a:1"));
        assert_eq!(body(&edited(object(2, "a:1"), &mine)), Ok(json!({"spec": {"replicas": 3}})));
        let mut less = shown(&object(2, "a:1"));
        less["spec"]["replicas"] = Value::Null;
        assert_eq!(body(&edited(object(2, "a:1"), &less)), Ok(json!({"spec": {"replicas": null}})));
        assert_eq!(argument(&object(2, "a:1"), shown(&object(2, "a:1"))), Ok(None));
    }

    #[test]
    fn another_ones_change_stays_and_is_told() {
        let subject = edited(object(2, "a:9"), &shown(&object(3, "a:1")));
        assert_eq!(body(&subject), Ok(json!({"spec": {"replicas": 3}})));
        assert!(caution(&subject)[0].contains(".spec.template.spec.containers[app].image"), "{:?}", caution(&subject));
    }

    #[test]
    fn what_both_changed_is_not_written() {
        let subject = edited(object(5, "a:1"), &shown(&object(3, "a:1")));
        assert_eq!(
            body(&subject).unwrap_err(),
            "somebody else changed the same fields: .spec.replicas: yours 3, now 5"
        );
        assert_eq!(overlaps(&subject).len(), 1);
    }

    #[test]
    fn another_object_cannot_be_made_of_it() {
        let mut other = shown(&object(2, "a:1"));
        other["metadata"]["name"] = json!("api");
        assert_eq!(argument(&object(2, "a:1"), other).unwrap_err(), "metadata.name cannot be changed: it was web");
    }

    #[test]
    fn it_is_taken_back_by_the_same_action() {
        let there = Subject { after: object(3, "a:1"), ..edited(object(2, "a:1"), &shown(&object(3, "a:1"))) };
        let argument = undo(&there).way.unwrap().argument;
        let back = Subject { argument, ..subject(DEPLOYMENT, object(3, "a:2")) };
        assert_eq!(body(&back), Ok(json!({"spec": {"replicas": 2}})));
        assert_eq!(undo(&subject(SECRET, json!({}))).way, None);
    }

    #[test]
    fn no_replicas_left_is_a_great_thing() {
        let subject = edited(object(2, "a:1"), &shown(&object(0, "a:1")));
        assert_eq!(((EDIT.friction)(&subject), (EDIT.also)(&subject)), (Friction::Name, Some("scale_to_zero")));
        assert!(effects(&subject).contains(&"replicas: 2 → 0".to_owned()));
    }
}
