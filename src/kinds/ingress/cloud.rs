//! What the controllers of clouds are told, and tell, in annotations that hold JSON.
//!
//! Facts: pkg/ingress/config_types.go and model_build_listener.go of kubernetes-sigs/aws-load-balancer-controller;
//! pkg/loadbalancers/l7.go and pkg/annotations/service.go of kubernetes/ingress-gce.

use crate::kinds::service::PortRef;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an AWS load balancer does with the requests of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Answers itself with a status.
    Fixed(u16),
    /// Sends the client elsewhere.
    Redirect(Redirect),
    /// Hands on, by weight.
    Forward(Vec<Target>),
}

/// A redirect; what it does not say stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Redirect {
    /// `HTTP` or `HTTPS`.
    pub protocol: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// The port.
    pub port: Option<String>,
    /// The path, with its slash.
    pub path: Option<String>,
    /// The query, without its question mark.
    pub query: Option<String>,
    status_code: String,
}

/// One target of a forward.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// A Service and its port, or the name of a target group that is not the cluster's.
    pub to: Result<(Arc<str>, PortRef), String>,
    /// Its weight among the others.
    pub weight: u32,
}

/// What requests of a rule must look like, besides host and path; of several values any will do.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Further hosts.
    Hosts(Vec<String>),
    /// Further paths.
    Paths(Vec<String>),
    /// A header.
    Header(String, Vec<String>),
    /// The method.
    Methods(Vec<String>),
    /// A query parameter; without a name any.
    Query(Vec<(Option<String>, String)>),
    /// The address of the client.
    Sources(Vec<String>),
}

/// The ports of `listen-ports`, each with whether it speaks HTTPS; none where it cannot be read.
pub fn listen_ports(text: &str) -> Option<Vec<(u16, bool)>> {
    let entries: Vec<BTreeMap<String, u16>> = serde_json::from_str(text).ok()?;
    let all = entries.into_iter().flatten().map(|(protocol, port)| match &*protocol {
        "HTTP" => Some((port, false)),
        "HTTPS" => Some((port, true)),
        _ => None,
    });
    all.collect::<Option<Vec<_>>>().filter(|ports| !ports.is_empty())
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireAction {
    r#type: String,
    #[serde(rename = "targetGroupARN")]
    target_group: Option<String>,
    fixed_response_config: Option<WireFixed>,
    redirect_config: Option<Redirect>,
    forward_config: Option<WireForward>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFixed {
    status_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireForward {
    target_groups: Vec<WireTarget>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireTarget {
    #[serde(rename = "targetGroupARN")]
    target_group: Option<String>,
    service_name: Option<String>,
    service_port: Option<Value>,
    weight: Option<u32>,
}

/// The action of an annotation; none where the controller cannot read it.
pub fn action(text: &str) -> Option<Action> {
    let wire: WireAction = serde_json::from_str(text).ok()?;
    match (&*wire.r#type, wire.target_group, wire.forward_config) {
        ("fixed-response", _, _) => Some(Action::Fixed(wire.fixed_response_config?.status_code.parse().ok()?)),
        ("redirect", _, _) => wire.redirect_config.filter(|to| !to.status_code.is_empty()).map(Action::Redirect),
        ("forward", Some(group), None) => Some(Action::Forward(vec![Target { to: Err(group), weight: 1 }])),
        ("forward", None, Some(config)) => {
            let is_one = config.target_groups.len() == 1;
            let targets = config.target_groups.into_iter().map(|target| target.read(is_one));
            targets.collect::<Option<Vec<_>>>().map(Action::Forward)
        }
        _ => None,
    }
}

impl WireTarget {
    fn read(self, is_one: bool) -> Option<Target> {
        let weight = self.weight.or(is_one.then_some(1))?;
        let to = match (self.target_group, self.service_name) {
            (Some(group), None) => Err(group),
            (None, Some(name)) => Ok((Arc::from(name), port(&self.service_port?)?)),
            _ => return None,
        };
        Some(Target { to, weight })
    }
}

/// A port by number or name; numbers may be written as text.
fn port(value: &Value) -> Option<PortRef> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let number = text.parse().ok().map(PortRef::Number);
    number.or_else(|| value.as_str().map(|name| PortRef::Name(Arc::from(name))))
}

impl Redirect {
    /// 301 or 302.
    pub fn status(&self) -> u16 {
        if self.status_code == "HTTP_302" { 302 } else { 301 }
    }
}

/// Who an AWS load balancer has clients sign in with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Provider {
    /// Where clients are sent to sign in, of one by OIDC.
    pub authorization_endpoint: String,
    /// The Secret by which the load balancer is known there.
    pub secret_name: String,
    /// The domain of a user pool of Cognito.
    pub user_pool_domain: String,
    #[serde(rename = "userPoolARN")]
    user_pool: String,
}

/// The provider of an annotation; none where the controller cannot read it.
pub fn provider(text: &str) -> Option<Provider> {
    serde_json::from_str(text).ok()
}

impl Provider {
    /// Where clients are sent to sign in; none where the annotation does not tell.
    pub fn place(&self) -> Option<String> {
        let domain = &self.user_pool_domain;
        match (domain.is_empty(), domain.contains('.')) {
            (true, _) => (!self.authorization_endpoint.is_empty()).then(|| self.authorization_endpoint.clone()),
            (false, true) => Some(format!("https://{domain}/oauth2/authorize")),
            // arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID
            (false, false) => {
                let region = self.user_pool.split(':').nth(3)?;
                Some(format!("https://{domain}.auth.{region}.amazoncognito.com/oauth2/authorize"))
            }
        }
    }
}

/// The conditions of an annotation; none where the controller cannot read them.
pub fn conditions(text: &str) -> Option<Vec<Condition>> {
    let list: Vec<Value> = serde_json::from_str(text).ok()?;
    list.iter().map(condition).collect()
}

fn condition(entry: &Value) -> Option<Condition> {
    let field = entry.get("field")?.as_str()?;
    let config = |name: &str| entry.get(name);
    let values = |name: &str| {
        let list = config(name)?.get("values")?.as_array()?;
        let words: Vec<String> = list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
        (!words.is_empty()).then_some(words)
    };
    match field {
        "host-header" => values("hostHeaderConfig").map(Condition::Hosts),
        "path-pattern" => values("pathPatternConfig").map(Condition::Paths),
        "http-request-method" => values("httpRequestMethodConfig").map(Condition::Methods),
        "source-ip" => values("sourceIPConfig").map(Condition::Sources),
        "http-header" => {
            let name = config("httpHeaderConfig")?.get("httpHeaderName")?.as_str()?.to_owned();
            Some(Condition::Header(name, values("httpHeaderConfig")?))
        }
        "query-string" => {
            let list = config("queryStringConfig")?.get("values")?.as_array()?;
            let word = |pair: &Value, name: &str| pair.get(name).and_then(Value::as_str).map(str::to_owned);
            let pairs: Vec<_> = list.iter().filter_map(|pair| Some((word(pair, "key"), word(pair, "value")?))).collect();
            (!pairs.is_empty()).then_some(Condition::Query(pairs))
        }
        _ => None,
    }
}

/// The backends of a load balancer of GKE by name, each with what its health check said last.
pub fn backends(text: &str) -> Vec<(String, String)> {
    let read: BTreeMap<String, String> = serde_json::from_str(text).unwrap_or_default();
    read.into_iter().collect()
}

/// The BackendConfig of a port of a Service by the annotation of that; its name counts before its number, and both before
/// what is for all.
pub fn backend_config(text: &str, name: &str, number: &str) -> Option<String> {
    let read: Value = serde_json::from_str(text).ok()?;
    let ports = read.get("ports");
    let of = |key: &str| ports.and_then(|ports| ports.get(key)).filter(|_| !key.is_empty());
    let found = of(name).or_else(|| of(number)).or_else(|| read.get("default"))?.as_str()?;
    (!found.is_empty()).then(|| found.to_owned())
}

/// Whether GKE reaches the pods of a Service for Ingresses, not ports of nodes: `{"ingress": true}`.
pub fn has_group_for_ingresses(text: &str) -> bool {
    let read: Option<Value> = serde_json::from_str(text).ok();
    read.and_then(|read| read.get("ingress")?.as_bool()).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_with_their_protocols() {
        assert_eq!(listen_ports(r#"[{"HTTP": 80}, {"HTTPS": 8443}]"#), Some(vec![(80, false), (8443, true)]));
        for odd in ["", "[]", "80", r#"[{"TCP": 80}]"#, r#"[{"HTTP": 70000}]"#] {
            assert_eq!(listen_ports(odd), None, "{odd}");
        }
    }

    #[test]
    fn who_signs_clients_in_says_where() {
        let place = |text: &str| provider(text).and_then(|provider| provider.place());
        let oidc = r#"{"issuer":"https://id.example","authorizationEndpoint":"https://id.example/auth","secretName":"s"}"#;
        assert_eq!(place(oidc).as_deref(), Some("https://id.example/auth"));
        let pool = |domain: &str| {
            let arn = "arn:aws:cognito-idp:eu-central-1:1:userpool/a";
            place(&format!(r#"{{"userPoolARN":"{arn}","userPoolClientID":"c","userPoolDomain":"{domain}"}}"#))
        };
        let hosted = "https://shop.auth.eu-central-1.amazoncognito.com/oauth2/authorize";
        assert_eq!(pool("shop").as_deref(), Some(hosted));
        assert_eq!(pool("id.example").as_deref(), Some("https://id.example/oauth2/authorize"));
        assert_eq!((place("{}"), place("id")), (None, None));
    }

    #[test]
    fn actions_are_read_as_their_controller_reads_them() {
        let fixed = r#"{"type":"fixed-response","fixedResponseConfig":{"contentType":"text/plain","statusCode":"503"}}"#;
        assert_eq!(action(fixed), Some(Action::Fixed(503)));
        let redirect = r#"{"type":"redirect","redirectConfig":{"host":"b","port":"443","statusCode":"HTTP_302"}}"#;
        let Some(Action::Redirect(redirect)) = action(redirect) else { panic!("no redirect") };
        assert_eq!((redirect.status(), redirect.host.as_deref(), redirect.path), (302, Some("b"), None));
        let forward = r#"{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"a","servicePort":"80","weight":3},{"targetGroupARN":"arn","weight":1}]}}"#;
        let to = (Arc::from("a"), PortRef::Number(80));
        let targets = vec![Target { to: Ok(to), weight: 3 }, Target { to: Err("arn".to_owned()), weight: 1 }];
        assert_eq!(action(forward), Some(Action::Forward(targets)));
        for odd in [
            "{}",
            r#"{"type":"redirect","redirectConfig":{}}"#,
            r#"{"type":"forward"}"#,
            r#"{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"a"}]}}"#,
            r#"{"type":"forward","forwardConfig":{"targetGroups":[{"targetGroupARN":"a"},{"targetGroupARN":"b"}]}}"#,
        ] {
            assert_eq!(action(odd), None, "{odd}");
        }
    }

    #[test]
    fn conditions_and_states_are_read() {
        let text = r#"[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"x","values":["1"]}},{"field":"query-string","queryStringConfig":{"values":[{"key":"a","value":"b"},{"value":"c"}]}}]"#;
        let pairs = vec![(Some("a".to_owned()), "b".to_owned()), (None, "c".to_owned())];
        let wanted = vec![Condition::Header("x".to_owned(), vec!["1".to_owned()]), Condition::Query(pairs)];
        assert_eq!(conditions(text), Some(wanted));
        assert_eq!(conditions(r#"[{"field":"host-header"}]"#), None);
        assert_eq!(backends(r#"{"k8s-be-1": "HEALTHY"}"#), [("k8s-be-1".to_owned(), "HEALTHY".to_owned())]);
        assert_eq!(backends("Unknown"), []);
        let configs = r#"{"default": "all", "ports": {"http": "named", "81": "numbered"}}"#;
        for (name, number, wanted) in [("http", "81", "named"), ("", "81", "numbered"), ("other", "80", "all")] {
            assert_eq!(backend_config(configs, name, number).as_deref(), Some(wanted), "{name} {number}");
        }
        assert_eq!(backend_config(r#"{"ports": {"http": "named"}}"#, "", "80"), None);
        assert!(has_group_for_ingresses(r#"{"ingress": true}"#));
        assert!(!has_group_for_ingresses(r#"{"exposed_ports": {"80":{}}}"#));
    }
}
