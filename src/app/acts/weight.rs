//! `weight`: the share of requests that a canary gets: the annotation of an Ingress of ingress-nginx, the weights of an
//! HTTPRoute's backends.

use super::{Act, Input, PLAIN, Reads, Subject};
use crate::app::fields::list;
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::kinds::{HTTP_ROUTE, INGRESS};
use serde_json::{Value, json};

const CANARY: &str = "nginx.ingress.kubernetes.io/canary";
const WEIGHT: &str = "nginx.ingress.kubernetes.io/canary-weight";
const TOTAL: &str = "nginx.ingress.kubernetes.io/canary-weight-total";

pub(super) const WEIGH: Act = Act {
    name: "weight",
    kinds: &[INGRESS, HTTP_ROUTE],
    reads: Reads::Object,
    input: Some(Input { is_asked: true, tell: |_| Vec::new(), label, given, take }),
    refuse,
    write: |subject| Ok(write(subject)),
    effects,
    caution: |subject| {
        let by_header = ["canary-by-header", "canary-by-cookie"];
        let found =
            by_header.into_iter().filter(|key| annotation(subject, &format!("{CANARY}{}", &key[6..])).is_some());
        found.map(|key| format!("{key} goes before the weight")).collect()
    },
    kubectl,
    undo: |subject| {
        let before = before(subject);
        subject.back(format!("weight back to {before}"), "weight", before)
    },
    ..PLAIN
};

/// A backend of a route: where its weight stands, its name, the weight.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Backend {
    rule: usize,
    place: usize,
    name: String,
    weight: Option<i64>,
}

impl Backend {
    fn share(&self) -> i64 {
        self.weight.unwrap_or(1)
    }
}

fn is_ingress(subject: &Subject) -> bool {
    subject.target.key.kind == INGRESS
}

fn annotation<'a>(subject: &'a Subject, key: &str) -> Option<&'a str> {
    subject.field("/metadata/annotations").get(key).and_then(Value::as_str)
}

/// The backends of rules that share requests out.
fn backends(subject: &Subject) -> Vec<Backend> {
    let rules = list(&subject.object, "/spec/rules").iter().enumerate();
    let shared = rules.filter(|(_, rule)| 1 < list(rule, "/backendRefs").len());
    let read = |(rule, value): (usize, &Value)| {
        let read = |(place, one): (usize, &Value)| {
            let name = one.get("name")?.as_str()?.to_owned();
            Some(Backend { rule, place, name, weight: one.get("weight").and_then(Value::as_i64) })
        };
        list(value, "/backendRefs").iter().enumerate().filter_map(read).collect::<Vec<_>>()
    };
    shared.flat_map(read).collect()
}

fn refuse(subject: &Subject) -> Option<String> {
    if is_ingress(subject) {
        let is_canary = annotation(subject, CANARY) == Some("true");
        return (!is_canary).then(|| format!("it is no canary: {CANARY} is not \"true\""));
    }
    backends(subject).is_empty().then(|| "no rule of it has several backends to share requests between".to_owned())
}

fn total(subject: &Subject) -> i64 {
    annotation(subject, TOTAL).and_then(|text| text.parse().ok()).filter(|total| 0 < *total).unwrap_or(100)
}

fn label(subject: &Subject) -> String {
    if is_ingress(subject) {
        return format!("canary weight of {} (now {}): ", total(subject), before(subject));
    }
    "backend=weight: ".to_owned()
}

fn given(subject: &Subject) -> String {
    if is_ingress(subject) { String::new() } else { words(&backends(subject)) }
}

/// Each backend once: rules share the same names as a rule.
fn words(backends: &[Backend]) -> String {
    let mut said: Vec<String> = Vec::new();
    for one in backends {
        let word = format!("{}={}", one.name, one.share());
        if !said.iter().any(|other| other.starts_with(&format!("{}=", one.name))) {
            said.push(word);
        }
    }
    said.join(" ")
}

fn take(text: &str, subject: &Subject) -> Result<String, String> {
    let number = |text: &str| {
        let number = text.trim().trim_end_matches('%').parse::<i64>().ok();
        number.filter(|number| (0..=1_000_000).contains(number)).ok_or_else(|| "a weight is a number from 0".to_owned())
    };
    if is_ingress(subject) {
        let (weight, total) = (number(text)?, total(subject));
        if total < weight {
            return Err(format!("the whole is {total}"));
        }
        let weight = weight.to_string();
        return if weight == before(subject) { Err(format!("its weight is {weight} already")) } else { Ok(weight) };
    }
    let there = backends(subject);
    for word in text.split_whitespace() {
        let (name, weight) = word.split_once('=').ok_or("write it as backend=weight")?;
        number(weight)?;
        if !there.iter().any(|one| one.name == name) {
            return Err(format!("there is no backend {name}: there are {}", words(&there)));
        }
    }
    let said = words(&changed(text, subject));
    if said.is_empty() { Err("no weight would change".to_owned()) } else { Ok(said) }
}

/// The backends whose weight changes, with the new one.
fn changed(text: &str, subject: &Subject) -> Vec<Backend> {
    let pairs: Vec<(&str, i64)> = text
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
        .filter_map(|(name, weight)| Some((name, weight.parse().ok()?)))
        .collect();
    let new = |one: &Backend| pairs.iter().find(|(name, _)| *name == one.name).map(|(_, weight)| *weight);
    let others = backends(subject).into_iter().filter_map(|one| Some((new(&one)?, one)));
    let others = others.filter(|(weight, one)| one.share() != *weight);
    others.map(|(weight, one)| Backend { weight: Some(weight), ..one }).collect()
}

fn before(subject: &Subject) -> String {
    if is_ingress(subject) {
        return annotation(subject, WEIGHT).unwrap_or("0").to_owned();
    }
    let changed = changed(&subject.argument, subject);
    let old: Vec<Backend> =
        backends(subject).into_iter().filter(|one| changed.iter().any(|new| new.name == one.name)).collect();
    words(&old)
}

fn write(subject: &Subject) -> Mutation {
    if is_ingress(subject) {
        let body = json!({ "metadata": { "annotations": { WEIGHT: subject.argument } } });
        return subject.pinned(Write::Patch { style: PatchStyle::Merge, subresource: None, body });
    }
    subject.pinned(Write::Patch { style: PatchStyle::Json, subresource: None, body: operations(subject) })
}

/// One operation a weight: a merge would have to bring all rules along.
fn operations(subject: &Subject) -> Value {
    let changed = changed(&subject.argument, subject);
    let operations = changed.iter().map(|one| {
        let path = format!("/spec/rules/{}/backendRefs/{}/weight", one.rule, one.place);
        json!({ "op": "add", "path": path, "value": one.weight })
    });
    Value::Array(operations.collect())
}

fn effects(subject: &Subject) -> Vec<String> {
    if is_ingress(subject) {
        let total = total(subject);
        let share = |text: &str| text.parse::<i64>().unwrap_or(0) * 100 / total;
        let (old, new) = (share(&before(subject)), share(&subject.argument));
        return vec![format!("the canary gets {new} % of the requests, now {old} %")];
    }
    let changed = changed(&subject.argument, subject);
    let mut rules: Vec<usize> = changed.iter().map(|one| one.rule).collect();
    rules.dedup();
    rules.into_iter().map(|rule| shares(subject, &changed, rule)).collect()
}

/// `rule 1: web-v1 80 % → 50 %, web-v2 20 % → 50 %`.
fn shares(subject: &Subject, changed: &[Backend], rule: usize) -> String {
    let old: Vec<Backend> = backends(subject).into_iter().filter(|one| one.rule == rule).collect();
    let new = |one: &Backend| {
        let found = changed.iter().find(|new| (new.rule, new.place) == (one.rule, one.place));
        found.map_or_else(|| one.share(), Backend::share)
    };
    let totals = (old.iter().map(Backend::share).sum::<i64>(), old.iter().map(&new).sum::<i64>());
    let percent = |weight: i64, total: i64| (weight * 100).checked_div(total).unwrap_or(0);
    let words: Vec<String> = old
        .iter()
        .map(|one| format!("{} {} % → {} %", one.name, percent(one.share(), totals.0), percent(new(one), totals.1)))
        .collect();
    let nothing = if totals.1 == 0 { ": nothing is left that answers" } else { "" };
    format!("rule {}: {}{nothing}", rule + 1, words.join(", "))
}

fn kubectl(subject: &Subject) -> String {
    if is_ingress(subject) {
        return format!("annotate --overwrite {} {WEIGHT}={}", subject.target.name(), subject.argument);
    }
    format!("patch {} --type=json -p '{}'", subject.target.name(), operations(subject))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;

    fn ingress(argument: &str) -> Subject {
        let object = json!({"metadata": {"annotations": {CANARY: "true", WEIGHT: "20"}}});
        Subject { argument: argument.to_owned(), ..subject(INGRESS, object) }
    }

    fn route(argument: &str) -> Subject {
        let shared = json!({"backendRefs": [{"name": "v1", "weight": 80}, {"name": "v2", "weight": 20}]});
        let object = json!({"spec": {"rules": [{"backendRefs": [{"name": "v1"}]}, shared]}});
        Subject { argument: argument.to_owned(), ..subject(HTTP_ROUTE, object) }
    }

    #[test]
    fn the_share_of_a_canary_is_its_annotation() {
        assert_eq!(take("50%", &ingress("")), Ok("50".to_owned()));
        assert!(take("101", &ingress("")).unwrap_err().contains("whole is 100"));
        assert!(take("20", &ingress("")).unwrap_err().contains("already"));
        assert_eq!(effects(&ingress("50")), ["the canary gets 50 % of the requests, now 20 %"]);
        let plain = subject(INGRESS, json!({}));
        assert!(refuse(&plain).unwrap().contains("no canary"));
    }

    #[test]
    fn only_the_weights_that_change_are_written() {
        assert_eq!(given(&route("")), "v1=80 v2=20");
        assert_eq!(take("v1=50 v2=20", &route("")), Ok("v1=50".to_owned()));
        let wanted = json!([{"op": "add", "path": "/spec/rules/1/backendRefs/0/weight", "value": 50}]);
        assert_eq!(operations(&route("v1=50")), wanted);
        assert_eq!(effects(&route("v1=20")), ["rule 2: v1 80 % → 50 %, v2 20 % → 50 %"]);
        assert_eq!((WEIGH.undo)(&route("v1=50")).way.unwrap().argument, "v1=80");
        assert!(effects(&route("v1=0 v2=0"))[0].contains("nothing is left"));
    }

    #[test]
    fn what_goes_before_a_weight_is_told() {
        let mut subject = ingress("50");
        subject.object["metadata"]["annotations"][format!("{CANARY}-by-header")] = json!("x");
        assert_eq!((WEIGH.caution)(&subject), ["canary-by-header goes before the weight"]);
    }
}
