//! HTTPRoutes, read and judged.

use crate::kinds::fixture::{cells, links, read, reason};
use crate::kinds::http_route::HttpRouteFacts;
use crate::kinds::http_route::facts::filter::PathChange;
use crate::kinds::http_route::facts::{Filter, PathMatch};
use crate::kinds::{Facts, HTTP_ROUTE, Health, Record};
use serde_json::{Value, json};

fn route(spec: &Value, conditions: &[Value]) -> Record {
    let parents: Vec<Value> = conditions
        .iter()
        .map(|c| json!({"parentRef": {"name": "g"}, "controllerName": "example.com/c", "conditions": c}))
        .collect();
    let metadata = json!({"name": "r", "namespace": "dev", "generation": 3});
    read(HTTP_ROUTE, &json!({"metadata": metadata, "spec": spec, "status": {"parents": parents}}))
}

fn facts(record: &Record) -> &HttpRouteFacts {
    let Facts::HttpRoute(facts) = &record.digest.facts else { panic!("no facts") };
    facts
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": "words", "observedGeneration": 3})
}

#[test]
fn backends_mirrors_and_gateways_become_links_and_hostnames_print_as_a_list() {
    let mirror = json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy", "port": 80}}});
    let rewrite = json!({"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}}});
    let backends = json!([{"name": "web", "port": 80, "weight": 9}, {"name": "new", "namespace": "beta", "port": 80, "weight": 0}]);
    let matches = json!([{"path": {"type": "Exact", "value": "/a"}, "method": "GET", "headers": [{"name": "x", "value": "1"}]}]);
    let rules = json!([{"matches": matches, "filters": [mirror, rewrite], "backendRefs": backends}, {"backendRefs": [{"name": "web"}]}]);
    let spec = json!({"parentRefs": [{"name": "g", "namespace": "edge", "sectionName": "https"}], "hostnames": ["a.example.com", "b.example.com"], "rules": rules});
    let record = route(&spec, &[json!([condition("Accepted", "True", "Accepted"), condition("ResolvedRefs", "True", "ResolvedRefs")])]);
    assert_eq!(cells(&record), [r#"["a.example.com","b.example.com"]"#]);
    let expected = ["RoutesTo Service dev/web", "RoutesTo Service beta/new", "RoutesTo Service dev/copy", "AttachedTo Gateway edge/g"];
    assert_eq!(links(&record), expected);
    assert_eq!(record.digest.health, Some(Health::Ready));
    let rules = &facts(&record).rules;
    assert_eq!((rules[0].matches[0].path_type, rules[0].backends[1].weight), (PathMatch::Exact, 0));
    assert_eq!((rules[1].matches[0].path_type, &*rules[1].matches[0].path), (PathMatch::Prefix, "/"));
    assert!(matches!(&rules[0].filters[1], Filter::Rewrite { path: Some(PathChange::Prefix(to)), .. } if **to == *"/v2"));
}

#[test]
fn refusals_are_failures_in_the_controllers_words() {
    let spec = json!({"parentRefs": [{"name": "g"}, {"name": "h"}]});
    let accepted = json!([condition("Accepted", "True", "Accepted")]);
    let refused = json!([condition("Accepted", "False", "NotAllowedByListeners")]);
    let one = route(&spec, &[accepted.clone(), refused.clone()]);
    assert_eq!((one.digest.health, reason(&one)), (Some(Health::Warn), "Gateway g does not accept it: NotAllowedByListeners: words"));
    assert_eq!(route(&spec, &[refused.clone(), refused]).digest.health, Some(Health::Failed));
    let unresolved = json!([condition("Accepted", "True", ""), condition("ResolvedRefs", "False", "BackendNotFound")]);
    let record = route(&spec, &[unresolved]);
    assert_eq!((record.digest.health, reason(&record)), (Some(Health::Failed), "BackendNotFound: words"));
}

#[test]
fn a_route_that_nobody_looked_at_is_progressing_and_one_without_gateway_a_warning() {
    assert_eq!(route(&json!({"parentRefs": [{"name": "g"}]}), &[]).digest.health, Some(Health::Progressing));
    assert_eq!(route(&json!({}), &[]).digest.health, Some(Health::Warn));
    let stale = json!([{"type": "Accepted", "status": "True", "observedGeneration": 2}]);
    assert_eq!(route(&json!({"parentRefs": [{"name": "g"}]}), &[stale]).digest.health, Some(Health::Progressing));
    assert_eq!(cells(&route(&json!({"hostnames": []}), &[])), ["[]"]);
    assert_eq!(cells(&route(&json!({}), &[])), [""]);
}

#[test]
fn what_is_done_only_for_one_backend_and_what_asks_elsewhere_is_kept() {
    let auth = json!({"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "backendRef": {"name": "login", "port": 80}}});
    let cors = json!({"type": "CORS", "cors": {"allowOrigins": ["https://a.example.com"], "allowCredentials": true}});
    let own = json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Limit", "name": "slow"}});
    let mirror = json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy"}}});
    let retry = json!({"codes": [502, 503], "attempts": 2, "backoff": "1s"});
    let rule = json!({"name": "all", "filters": [auth, cors, own], "backendRefs": [{"name": "web", "filters": [mirror]}],
        "timeouts": {"request": "10s", "backendRequest": "2s"}, "retry": retry});
    let record = route(&json!({"parentRefs": [{"name": "g"}], "rules": [rule]}), &[]);
    let expected = ["RoutesTo Service dev/web", "RoutesTo Service dev/login", "RoutesTo Service dev/copy", "AttachedTo Gateway dev/g"];
    assert_eq!(links(&record), expected);
    let rule = &facts(&record).rules[0];
    let [Filter::ExternalAuth { protocol, .. }, Filter::Cors(cors), Filter::Extension(own)] = &rule.filters[..] else {
        panic!("{:?}", rule.filters)
    };
    assert_eq!((&**protocol, cors.credentials, &*own.kind), ("HTTP", true, "Limit"));
    let retry = rule.retry.as_ref().unwrap();
    assert_eq!((&retry.codes[..], retry.attempts, rule.backend_timeout.as_deref()), (&[502, 503][..], Some(2), Some("2s")));
}
