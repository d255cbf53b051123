//! `drain`: no new pod comes to a node, and those that are there are asked to leave, as their disruption budgets allow.
//! What kubectl leaves alone is left alone, and what it wants to be told is asked for by the same words.

use super::{Act, Input, PLAIN, Reads, Subject, Undo, owners, pods_are};
use crate::app::fields::{is_mirror, lost_volumes, text};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::app::policy::Friction;
use crate::app::selecting::matches;
use crate::kinds::{NODE, ObjectRef, POD};
use crate::view::fit::cut_middle;
use crate::wire::request::escape;
use serde_json::{Value, json};

pub(super) const DRAIN: Act = Act {
    name: "drain",
    kinds: &[NODE],
    reads: Reads::ObjectAnd(|target, _| {
        let node = format!("spec.nodeName={}", target.key.name);
        vec![format!("/api/v1/pods?fieldSelector={}", escape(&node)), "/apis/policy/v1/poddisruptionbudgets".to_owned()]
    }),
    input: Some(Input {
        is_asked: false,
        tell: |_| Vec::new(),
        label: |_| "with: ".to_owned(),
        given: |_| String::new(),
        take: |text, _| taken(text),
    }),
    friction: |_| Friction::Name,
    refuse,
    write: |subject| {
        let body = json!({ "spec": { "unschedulable": true } });
        Ok(subject.held(Write::Patch { style: PatchStyle::Strategic, subresource: None, body }))
    },
    more,
    effects,
    caution,
    is_owned: false,
    kubectl,
    undo: |subject| {
        let Undo { words, way } = subject.back("uncordon it", "uncordon", "");
        Undo { words: format!("{words}: pods that left do not come back by themselves"), way }
    },
    ..PLAIN
};

/// Longer places are cut.
const WIDEST: usize = 44;

/// What may be said: what is lost with the pods, and pods that nobody makes again.
const WORDS: [(&str, &str); 2] = [("emptydir", "--delete-emptydir-data"), ("force", "--force")];

fn taken(text: &str) -> Result<String, String> {
    let mut said = Vec::new();
    for word in text.split_whitespace() {
        let known = WORDS.iter().find(|(own, flag)| *own == word || *flag == word);
        let (own, _) = known.ok_or_else(|| format!("{word}: a drain knows emptydir and force"))?;
        said.push(*own);
    }
    said.sort_unstable();
    said.dedup();
    Ok(said.join(" "))
}

fn says(subject: &Subject, word: &str) -> bool {
    subject.argument.split(' ').any(|said| said == word)
}

/// What becomes of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Leaves,
    Stays(&'static str),
    /// It holds up the drain until more is said.
    Blocks(&'static str),
}

/// kubectl's filters, in their order.
fn fate(pod: &Value, subject: &Subject) -> Fate {
    let is_finished = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
    let owner = owners::controller(pod);
    let keeps = lost_volumes(pod).next().is_some();
    if owner.as_deref().is_some_and(|owner| owner.starts_with("DaemonSet ")) && !is_finished {
        return Fate::Stays("its DaemonSet would put it back");
    }
    if is_mirror(pod) {
        return Fate::Stays("it mirrors a static pod");
    }
    if keeps && !is_finished && !says(subject, "emptydir") {
        return Fate::Blocks("it keeps data in emptyDir: :drain emptydir");
    }
    if owner.is_none() && !is_finished && !says(subject, "force") {
        return Fate::Blocks("no controller makes it again: :drain force");
    }
    Fate::Leaves
}

fn pods(subject: &Subject) -> &[Value] {
    subject.lists.first().map_or(&[][..], Vec::as_slice)
}

fn place(pod: &Value) -> String {
    format!("{}/{}", text(pod, "/metadata/namespace"), text(pod, "/metadata/name"))
}

fn refuse(subject: &Subject) -> Option<String> {
    let blocking: Vec<String> = pods(subject)
        .iter()
        .filter_map(|pod| match fate(pod, subject) {
            Fate::Blocks(why) => Some(format!("{}: {why}", place(pod))),
            _ => None,
        })
        .collect();
    let (first, rest) = blocking.split_first()?;
    let rest = if rest.is_empty() { String::new() } else { format!("; and {} like it", rest.len()) };
    Some(format!("{first}{rest}"))
}

fn leaving(subject: &Subject) -> impl Iterator<Item = &Value> {
    pods(subject).iter().filter(|pod| fate(pod, subject) == Fate::Leaves)
}

/// One eviction a pod, each pinned to the pod that was seen.
fn more(subject: &Subject) -> Vec<Mutation> {
    let evict = |pod: &Value| Mutation {
        key: ObjectRef::new(POD, text(pod, "/metadata/namespace"), text(pod, "/metadata/name")),
        uid: Some(text(pod, "/metadata/uid").into()),
        resource_version: None,
        write: Write::Evict { grace_seconds: None },
    };
    leaving(subject).map(evict).collect()
}

/// The budgets that hold a pod, in words.
fn budget(pod: &Value, subject: &Subject) -> Option<String> {
    let all = subject.lists.get(1).map_or(&[][..], Vec::as_slice);
    let holds = |budget: &&Value| {
        text(budget, "/metadata/namespace") == text(pod, "/metadata/namespace")
            && budget
                .pointer("/spec/selector")
                .is_some_and(|selector| matches(selector, pod.pointer("/metadata/labels").unwrap_or(&Value::Null)))
    };
    let holding: Vec<&Value> = all.iter().filter(holds).collect();
    let name = |budget: &Value| text(budget, "/metadata/name").to_owned();
    match holding.as_slice() {
        [] => None,
        [one] => {
            let allowed = one.pointer("/status/disruptionsAllowed").and_then(Value::as_i64).unwrap_or(0);
            Some(match allowed {
                ..=0 => format!("budget {} allows none now: it waits", name(one)),
                allowed => format!("budget {} allows {allowed} now", name(one)),
            })
        }
        several => {
            let names: Vec<String> = several.iter().map(|one| name(one)).collect();
            Some(format!("{} budgets hold it ({}): the server evicts no such pod", names.len(), names.join(", ")))
        }
    }
}

/// A line a pod: those that budgets hold first, then the others that leave, then those that stay.
fn effects(subject: &Subject) -> Vec<String> {
    let leaving: Vec<(&Value, Option<String>)> = leaving(subject).map(|pod| (pod, budget(pod, subject))).collect();
    let count = i64::try_from(leaving.len()).unwrap_or(i64::MAX);
    let mut lines = vec![format!(
        "no new pod is put there; {} asked to leave, one after the other, as listed below",
        pods_are(count)
    )];
    let wide = pods(subject).iter().map(|pod| place(pod).chars().count()).max().unwrap_or(0).min(WIDEST);
    let line = |word: &str, pod: &Value, why: &str| format!("  {word}  {:wide$}  {why}", cut_middle(&place(pod), wide));
    let (held, free): (Vec<_>, Vec<_>) = leaving.into_iter().partition(|(_, budget)| budget.is_some());
    lines.extend(held.into_iter().chain(free).map(|(pod, budget)| {
        let owner = owners::controller(pod).unwrap_or_else(|| "no controller".to_owned());
        let owner = owner.split(' ').next().unwrap_or_default().to_owned();
        line("leaves", pod, &budget.unwrap_or(owner))
    }));
    lines.extend(pods(subject).iter().filter_map(|pod| match fate(pod, subject) {
        Fate::Stays(why) => Some(line("stays ", pod, why)),
        _ => None,
    }));
    lines
}

fn caution(subject: &Subject) -> Vec<String> {
    let mut cautions = Vec::new();
    if says(subject, "emptydir") {
        cautions.push("what the pods keep in emptyDir volumes is lost".to_owned());
    }
    if says(subject, "force") {
        cautions.push("pods without a controller do not come back".to_owned());
    }
    cautions.push("an eviction that a budget refuses is asked for again every 5 s: :halt stops that".to_owned());
    cautions
}

fn kubectl(subject: &Subject) -> String {
    let flags = WORDS.iter().filter(|(word, _)| says(subject, word)).map(|(_, flag)| format!(" {flag}"));
    format!("drain {} --ignore-daemonsets{}", subject.target.key.name, flags.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;

    fn pod(name: &str, owner: &str, more: Value) -> Value {
        let mut pod =
            json!({"metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": name}}, "spec": {}});
        if !owner.is_empty() {
            pod["metadata"]["ownerReferences"] = json!([{"kind": owner, "name": "x", "controller": true}]);
        }
        if !more.is_null() {
            pod["spec"] = more;
        }
        pod
    }

    fn node(argument: &str) -> Subject {
        let pods = vec![
            pod("web", "ReplicaSet", Value::Null),
            pod("agent", "DaemonSet", Value::Null),
            pod("cache", "ReplicaSet", json!({"volumes": [{"name": "a", "emptyDir": {}}]})),
            pod("lone", "", Value::Null),
        ];
        let budget = json!({"metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}}, "status": {"disruptionsAllowed": 0}});
        Subject { argument: argument.to_owned(), lists: vec![pods, vec![budget]], ..subject(NODE, json!({})) }
    }

    #[test]
    fn what_kubectl_wants_to_be_told_holds_up_the_drain() {
        assert!(refuse(&node("")).unwrap().starts_with("shop/cache: it keeps data in emptyDir"));
        assert!(refuse(&node("emptydir")).unwrap().starts_with("shop/lone: no controller"));
        assert_eq!(refuse(&node("emptydir force")), None);
        assert_eq!(taken("--force emptydir"), Ok("emptydir force".to_owned()));
        assert!(taken("now").is_err());
    }

    #[test]
    fn each_pod_leaves_once_and_those_of_daemon_sets_stay() {
        let subject = node("emptydir force");
        let names: Vec<String> = more(&subject).iter().map(|one| one.key.name.to_string()).collect();
        assert_eq!(names, ["web", "cache", "lone"]);
        assert_eq!(more(&subject)[0].uid.as_deref(), Some("web"));
        let lines = effects(&subject);
        assert!(lines[1].contains("budget web allows none now"), "{lines:#?}");
        assert!(lines[4].starts_with("  stays   shop/agent"), "{lines:#?}");
        assert!(DRAIN.line(&subject).ends_with("drain web --ignore-daemonsets --delete-emptydir-data --force"));
    }
}
