//! `image`: other images for containers, by their names; what `kubectl set image` writes. Of a Rollout,
//! the server merges no lists: there each image has its own place in a JSON patch, which leaves the object as the whole one
//! does that kubectl-argo-rollouts puts there, and needs the right to patch alone.

use super::{Act, Input, PLAIN, Reads, Subject, argo, pods_are};
use crate::app::fields::{list, text};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::kinds::{CRON_JOB, DAEMON_SET, DEPLOYMENT, POD, REPLICA_SET, ROLLOUT, STATEFUL_SET};
use serde_json::{Value, json};

pub(super) const IMAGE: Act = Act {
    name: "image",
    kinds: &[DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET, CRON_JOB, POD, ROLLOUT],
    reads: Reads::Object,
    input: Some(Input {
        is_asked: true,
        tell: |_| Vec::new(),
        label: |_| "container=image: ".to_owned(),
        given: |subject| words(&containers(subject)),
        take,
    }),
    refuse: argo::template_elsewhere,
    write,
    effects,
    caution,
    kubectl: |subject| match argo::line(subject, "set image") {
        Some(line) => format!("{line} {}", subject.argument),
        None => format!("set image {} {}", subject.target.name(), subject.argument),
    },
    undo: |subject| {
        let before = words(&before(subject));
        subject.back(format!("image back to {before}"), "image", before)
    },
    ..PLAIN
};

const LISTS: [&str; 2] = ["containers", "initContainers"];

/// A container: the list it is in, its name, its image.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Container {
    list: &'static str,
    name: String,
    image: String,
}

/// Where the pods' spec stands in an object of the kind.
fn place(subject: &Subject) -> &'static [&'static str] {
    match subject.target.key.kind {
        POD => &["spec"],
        CRON_JOB => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    }
}

fn containers(subject: &Subject) -> Vec<Container> {
    let path = place(subject).iter().fold(String::new(), |path, part| format!("{path}/{part}"));
    let read = |place: &'static str| {
        list(&subject.object, &format!("{path}/{place}")).iter().filter_map(move |one| {
            let name = one.get("name")?.as_str()?.to_owned();
            Some(Container { list: place, name, image: text(one, "/image").to_owned() })
        })
    };
    LISTS.into_iter().flat_map(read).collect()
}

fn words(containers: &[Container]) -> String {
    containers.iter().map(|one| format!("{}={}", one.name, one.image)).collect::<Vec<_>>().join(" ")
}

/// The containers that get another image, with it.
fn changed(text: &str, subject: &Subject) -> Result<Vec<Container>, String> {
    let there = containers(subject);
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        let (name, image) = match (word.split_once('='), there.as_slice()) {
            (Some(pair), _) => pair,
            (None, [only]) => (only.name.as_str(), word),
            (None, _) => return Err(format!("{word}: write it as container=image")),
        };
        let named: Vec<&Container> = there.iter().filter(|one| name == "*" || one.name == name).collect();
        if named.is_empty() {
            return Err(format!("unable to find container named {name:?}"));
        }
        if image.is_empty() {
            return Err(format!("which image is {name} to have?"));
        }
        let others = named.into_iter().filter(|one| one.image != image);
        found.extend(others.map(|one| Container { image: image.to_owned(), ..one.clone() }));
    }
    Ok(found)
}

fn take(text: &str, subject: &Subject) -> Result<String, String> {
    let changed = changed(text, subject)?;
    if changed.is_empty() {
        return Err("no image would change".to_owned());
    }
    Ok(words(&changed))
}

/// The changed containers with the images that they have now.
fn before(subject: &Subject) -> Vec<Container> {
    let changed = changed(&subject.argument, subject).unwrap_or_default();
    let is_changed = |one: &Container| changed.iter().any(|other| other.name == one.name);
    containers(subject).into_iter().filter(is_changed).collect()
}

fn write(subject: &Subject) -> Result<Mutation, String> {
    let changed = changed(&subject.argument, subject)?;
    if subject.target.key.kind == ROLLOUT {
        let body = Value::Array(operations(&changed, subject));
        return Ok(subject.pinned(Write::Patch { style: PatchStyle::Json, subresource: None, body }));
    }
    let mut body = json!({});
    for list in LISTS {
        let items: Vec<Value> = changed
            .iter()
            .filter(|one| one.list == list)
            .map(|one| json!({ "name": one.name, "image": one.image }))
            .collect();
        if !items.is_empty() {
            body[list] = Value::Array(items);
        }
    }
    let body = place(subject).iter().rev().fold(body, |inner, part| json!({ *part: inner }));
    Ok(subject.pinned(Write::Patch { style: PatchStyle::Strategic, subresource: None, body }))
}

/// One operation for each image, at its container's place; the version is pinned, so that no place moves.
fn operations(changed: &[Container], subject: &Subject) -> Vec<Value> {
    let of = |one: &Container| {
        let path = format!("/spec/template/spec/{}", one.list);
        let is_it = |other: &Value| other.get("name").and_then(Value::as_str) == Some(&one.name);
        let place = list(&subject.object, &path).iter().position(is_it)?;
        Some(json!({ "op": "add", "path": format!("{path}/{place}/image"), "value": one.image }))
    };
    changed.iter().filter_map(of).collect()
}

fn effects(subject: &Subject) -> Vec<String> {
    let changed = changed(&subject.argument, subject).unwrap_or_default();
    let mut effects: Vec<String> = before(subject)
        .iter()
        .filter_map(|old| {
            let new = changed.iter().find(|new| new.name == old.name)?;
            Some(format!("{}: {} → {}", old.name, old.image, new.image))
        })
        .collect();
    effects.push(match subject.target.key.kind {
        POD => "the container is started again with it".to_owned(),
        CRON_JOB => "the next Jobs use it; those that run keep theirs".to_owned(),
        REPLICA_SET => "pods that it makes from now on use it; those that are there keep theirs".to_owned(),
        ROLLOUT => "it goes to that by its own steps".to_owned(),
        DAEMON_SET => "its pods are replaced, node by node".to_owned(),
        _ => format!("{} replaced, by its own strategy", pods_are(subject.count("/spec/replicas", 1))),
    });
    effects
}

fn caution(subject: &Subject) -> Vec<String> {
    let mut cautions = (super::restart::RESTART.caution)(subject);
    if subject.is_paused() {
        cautions.push("it is paused: nothing rolls out before it is resumed".to_owned());
    }
    let owner = super::owners::controller(&subject.object);
    if let (Some(owner), REPLICA_SET | POD) = (owner, subject.target.key.kind) {
        cautions.push(format!("{owner} makes its next one from its own template: set the image there"));
    }
    let changed = changed(&subject.argument, subject).unwrap_or_default();
    let moving = changed.iter().filter(|one| is_moving(&one.image));
    cautions.extend(moving.map(|one| format!("{} can mean another image tomorrow: it has no fixed tag", one.image)));
    cautions
}

/// Whether a name can stand for another image later: no tag, or `latest`.
fn is_moving(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    !image.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;
    use crate::kinds::KindId;

    fn of(kind: KindId, argument: &str) -> Subject {
        let pods = json!({"containers": [{"name": "app", "image": "a:1"}, {"name": "log", "image": "l:1"}],
            "initContainers": [{"name": "init", "image": "a:1"}]});
        let template = json!({"template": {"spec": pods}});
        let spec = match kind {
            POD => pods,
            CRON_JOB => json!({"jobTemplate": {"spec": template}}),
            _ => template,
        };
        Subject { argument: argument.to_owned(), ..subject(kind, json!({"spec": spec})) }
    }

    #[test]
    fn only_containers_whose_image_changes_are_written() {
        let given = ((IMAGE.input.as_ref().unwrap()).given)(&of(DEPLOYMENT, ""));
        assert_eq!(given, "app=a:1 log=l:1 init=a:1");
        assert_eq!(take("app=a:2 log=l:1 init=a:1", &of(DEPLOYMENT, "")), Ok("app=a:2".to_owned()));
        assert_eq!(take("*=a:1", &of(DEPLOYMENT, "")), Ok("log=a:1".to_owned()));
        assert_eq!(take("x=a:2", &of(DEPLOYMENT, "")).unwrap_err(), r#"unable to find container named "x""#);
        assert_eq!(take(&given, &of(DEPLOYMENT, "")).unwrap_err(), "no image would change");
    }

    #[test]
    fn the_patch_is_kubectls_wherever_the_pods_spec_stands() {
        let pods = json!({"containers": [{"name": "app", "image": "a:2"}], "initContainers": [{"name": "init", "image": "a:3"}]});
        for (kind, wanted) in [
            (POD, json!({"spec": pods})),
            (DEPLOYMENT, json!({"spec": {"template": {"spec": pods}}})),
            (CRON_JOB, json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": pods}}}}})),
        ] {
            let Write::Patch { body, .. } = write(&of(kind, "app=a:2 init=a:3")).unwrap().write else {
                panic!("a patch")
            };
            assert_eq!(body, wanted);
        }
        assert_eq!((IMAGE.undo)(&of(DEPLOYMENT, "app=a:2")).way.unwrap().argument, "app=a:1");
    }

    #[test]
    fn each_image_of_a_rollout_is_set_at_its_place() {
        let Write::Patch { style: PatchStyle::Json, body, .. } = write(&of(ROLLOUT, "log=l:2 init=a:3")).unwrap().write
        else {
            panic!("operations")
        };
        let at = |place: &str, image: &str| json!({"op": "add", "path": format!("/spec/template/spec/{place}/image"), "value": image});
        assert_eq!(body, json!([at("containers/1", "l:2"), at("initContainers/0", "a:3")]));
        assert!(
            IMAGE.line(&of(ROLLOUT, "app=a:2")).starts_with("kubectl argo rollouts set image web app=a:2 --context")
        );
        let elsewhere = json!({"spec": {"workloadRef": {"kind": "Deployment", "name": "web-template"}}});
        let refused = (IMAGE.refuse)(&subject(ROLLOUT, elsewhere)).unwrap();
        assert_eq!(refused, "its template stands in deployment/web-template: do it there");
    }

    #[test]
    fn a_tag_that_moves_is_told() {
        for (image, moves) in
            [("a", true), ("a:latest", true), ("r:5000/a", true), ("a:1", false), ("a@sha256:0", false)]
        {
            assert_eq!(is_moving(image), moves, "{image}");
        }
    }
}
