//! Label selectors off the wire: what they match, and how the server prints them.

use crate::kinds::{Interner, Relation, Requirement, Selector, Target};
use crate::kinds::{KindId, Link};
use crate::wire::meta::{LabelSelector, LabelSelectorRequirement};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Selector {
    /// The selector of a policy or workload.
    pub fn of(selector: &LabelSelector, interner: &mut Interner) -> Self {
        let mut built = Self::equals(&selector.match_labels, interner);
        built.requirements = selector.match_expressions.iter().map(|e| requirement(e, interner)).collect();
        built
    }

    /// A selector of equalities, as a Service has it.
    pub fn equals(labels: &BTreeMap<String, String>, interner: &mut Interner) -> Self {
        let equals = labels.iter().map(|(k, v)| (interner.intern(k), interner.intern(v))).collect();
        Self { equals, requirements: Box::default() }
    }

    /// The link of an object that selects others of one kind in one namespace (or in all).
    pub fn link(self, relation: Relation, kind: KindId, namespace: Option<Arc<str>>) -> Link {
        Link { relation, target: Target::Selector { kind, namespace, selector: Box::new(self) } }
    }
}

fn requirement(expression: &LabelSelectorRequirement, interner: &mut Interner) -> Requirement {
    let key = interner.intern(&expression.key);
    let mut values = || expression.values.iter().map(|v| interner.intern(v)).collect();
    match expression.operator.as_str() {
        "In" => Requirement::In(key, values()),
        "NotIn" => Requirement::NotIn(key, values()),
        "Exists" => Requirement::Exists(key),
        "DoesNotExist" => Requirement::DoesNotExist(key),
        _ => Requirement::Never,
    }
}

/// Equalities as the server prints them in a SELECTOR column: `app=web,tier=front`, or `<none>`.
pub fn labels_text(labels: &BTreeMap<String, String>) -> String {
    let mut parts: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    parts.sort_unstable();
    or_none(parts.join(","))
}

/// A label selector as the server prints it: `app=web,tier in (a,b),!old`, or `<none>`.
pub fn selector_text(selector: &LabelSelector) -> String {
    let mut parts: Vec<(&str, String)> =
        selector.match_labels.iter().map(|(k, v)| (k.as_str(), format!("{k}={v}"))).collect();
    for expression in &selector.match_expressions {
        let Some(text) = expression_text(expression) else { return "<error>".to_owned() };
        parts.push((&expression.key, text));
    }
    parts.sort_by(|a, b| a.0.cmp(b.0));
    or_none(parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
}

fn expression_text(expression: &LabelSelectorRequirement) -> Option<String> {
    let key = &expression.key;
    let mut values = expression.values.clone();
    values.sort_unstable();
    let values = values.join(",");
    match expression.operator.as_str() {
        "In" => Some(format!("{key} in ({values})")),
        "NotIn" => Some(format!("{key} notin ({values})")),
        "Exists" => Some(key.clone()),
        "DoesNotExist" => Some(format!("!{key}")),
        _ => None,
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(json: &str) -> LabelSelector {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_selector_prints_sorted_by_key_with_every_operator() {
        let json = r#"{"matchLabels":{"tier":"web","app":"shop"},"matchExpressions":[
            {"key":"zone","operator":"In","values":["b","a"]},{"key":"env","operator":"NotIn","values":["dev"]},
            {"key":"canary","operator":"Exists"},{"key":"old","operator":"DoesNotExist"}]}"#;
        let text = selector_text(&selector(json));
        assert_eq!(text, "app=shop,canary,env notin (dev),!old,tier=web,zone in (a,b)");
        assert_eq!(selector_text(&selector("{}")), "<none>");
        assert_eq!(selector_text(&selector(r#"{"matchExpressions":[{"key":"a","operator":"Gt"}]}"#)), "<error>");
    }

    #[test]
    fn labels_print_sorted_by_their_whole_text() {
        let labels = [("a", "x"), ("a-b", "y")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(labels_text(&labels), "a-b=y,a=x");
    }

    #[test]
    fn an_unknown_operator_matches_nothing() {
        let mut interner = Interner::default();
        let unknown = selector(r#"{"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}]}"#);
        assert!(!Selector::of(&unknown, &mut interner).matches(&[(Arc::from("a"), Arc::from("2"))]));
        assert!(Selector::of(&selector("{}"), &mut interner).matches(&[]));
    }
}
