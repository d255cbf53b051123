//! Selectors against the grammar of the API server.
#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;

fn check(labels: &str, expected: bool) {
    let pod = json!({"metadata": {"labels": {"app": "web", "tier": "front", "weight": "10", "empty": ""}}});
    let selector = Selector::parse(labels, "").unwrap_or_else(|error| panic!("{labels}: {error}"));
    assert_eq!(selector.matches(&pod), expected, "{labels}");
}

#[test]
fn label_selectors_select_as_the_server_does() {
    for (labels, expected) in [
        ("", true),
        ("app=web", true),
        ("app == web", true),
        ("app!=web", false),
        ("other!=web", true),
        ("app", true),
        ("!app", false),
        ("! other", true),
        ("app in (web, api),tier=front", true),
        ("app in (api)", false),
        ("app notin (api,db)", true),
        ("other notin (api)", true),
        ("weight>9,weight<11", true),
        ("weight>10", false),
        ("empty=", true),
        ("empty in (,x)", true),
        ("app=,tier", false),
        ("in=in", false),
    ] {
        check(labels, expected);
    }
}

#[test]
fn nonsense_is_refused() {
    for labels in ["=x", "a in b", "a in (b", "a,,b", "a=b,", "a>x", "a b", "!"] {
        assert!(Selector::parse(labels, "").is_err(), "{labels}");
    }
    assert!(Selector::parse("", "spec.nodeName").is_err());
    assert!(Selector::parse("", "a=b\\x").is_err());
}

#[test]
fn field_selectors_know_defaults_and_escapes() {
    let pod = json!({"metadata": {"name": "a,b"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}});
    for (fields, expected) in [
        ("spec.nodeName=n1,status.phase!=Failed", true),
        ("metadata.name=a\\,b", true),
        ("spec.hostNetwork=false", true),
        ("status.podIP=", true),
        ("status.phase=Failed", false),
    ] {
        assert_eq!(Selector::parse("", fields).unwrap().matches(&pod), expected, "{fields}");
    }
}

#[test]
fn a_field_that_a_kind_does_not_offer_is_named() {
    assert_eq!(check_field("pods", true, "status.phase", &[]), Ok(()));
    assert_eq!(check_field("pods", true, "spec.x", &[]), Err("field label not supported: spec.x".into()));
    assert_eq!(
        check_field("deployments.apps", true, "spec.x", &[]),
        Err("\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"".into())
    );
    assert_eq!(check_field("widgets.example.com", true, "spec.size", &["spec.size".into()]), Ok(()));
}
