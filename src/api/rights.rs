//! Who may not list a kind across the cluster may often list it in some namespaces: which ones, asked without guessing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::call::{Problem, accept};
use crate::api::connect::Connection;
use crate::api::guard;
use crate::app::right::{Right, Verdict};
use crate::kinds::{Kind, KindId};

const ACCESS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const REVIEW: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

/// Whether something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// A rule allows it.
    Yes,
    /// No rule does, and all rules are known.
    No,
    /// The authorizer could not list all its rules: only trying can tell.
    Unknown,
}

/// What one namespace allows us.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    incomplete: bool,
    #[serde(rename = "resourceRules")]
    resources: Vec<Rule>,
    #[serde(rename = "nonResourceRules")]
    paths: Vec<PathRule>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PathRule {
    verbs: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

impl Rules {
    /// Says whether `verb` is allowed on all objects of a resource.
    pub fn may(&self, verb: &str, group: &str, resource: &str) -> May {
        let holds = |words: &[String], word: &str| words.iter().any(|have| have == "*" || have == word);
        let allowed = self.resources.iter().any(|rule| {
            // A rule for some names allows no list of all.
            rule.resource_names.is_empty()
                && holds(&rule.verbs, verb)
                && holds(&rule.api_groups, group)
                && holds(&rule.resources, resource)
        });
        match (allowed, self.incomplete) {
            (true, _) => May::Yes,
            (false, true) => May::Unknown,
            (false, false) => May::No,
        }
    }

    /// What is allowed beyond looking; none where nothing is, and all rules are known.
    pub fn beyond_looking(&self) -> Option<String> {
        if self.incomplete {
            return Some("the server cannot list every rule".to_owned());
        }
        let paths = self.paths.iter().flat_map(|rule| &rule.verbs);
        let path = paths.filter(|verb| !["get", "head"].contains(&verb.as_str())).map(|verb| format!("{verb} paths"));
        self.resources.iter().find_map(Rule::beyond_looking).or_else(|| path.into_iter().next())
    }
}

impl Rule {
    fn beyond_looking(&self) -> Option<String> {
        let questions = |resource: &String| guard::QUESTIONS.iter().any(|(_, known)| known == resource);
        for verb in &self.verbs {
            let first = match verb.as_str() {
                "get" | "list" | "watch" => self.resources.iter().find(|resource| acts_when_read(resource)),
                // Questions about oneself keep nothing.
                "create" if self.resources.iter().all(questions) => None,
                _ => self.resources.first(),
            };
            if let Some(resource) = first {
                return Some(format!("{verb} {resource}"));
            }
        }
        None
    }
}

/// Whether a GET of it may act: channels into pods and proxies, by their names or by a star.
fn acts_when_read(resource: &str) -> bool {
    let part = resource.rsplit_once('/').map_or(resource, |(_, part)| part);
    ["*", "exec", "attach", "portforward", "proxy"].contains(&part)
}

/// The most namespaces that are asked about one by one.
const MOST_NAMESPACES: usize = 100;

/// Whether the server itself lets us do no more than look, in every namespace; else what it allows, or why that is not known.
pub async fn only_looks(connection: &Connection) -> Result<(), String> {
    let path = format!("/api/v1/namespaces?limit={MOST_NAMESPACES}");
    let answer = connection.json(&path, accept::JSON).await.map_err(|problem| problem.to_string())?;
    let list: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
    if list.pointer("/metadata/continue").and_then(Value::as_str).is_some_and(|more| !more.is_empty()) {
        return Err(format!("there are more than {MOST_NAMESPACES} namespaces"));
    }
    let items = list.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let names: Vec<&str> =
        items.iter().filter_map(|item| item.pointer("/metadata/name").and_then(Value::as_str)).collect();
    if names.is_empty() {
        return Err("no namespace is known".to_owned());
    }
    for name in names {
        let rules = rules(connection, name).await.map_err(|problem| problem.to_string())?;
        if let Some(more) = rules.beyond_looking() {
            return Err(format!("{more} in {name}"));
        }
    }
    Ok(())
}

/// Whether somebody weaker sees as much as we do of what is looked at most; else what is missing.
pub async fn sees_as_much(ours: &Connection, weaker: &Connection, kinds: &[Kind]) -> Result<(), String> {
    for kind in kinds {
        let right = Right { verb: "list", kind: kind.id, part: "", namespace: None, name: None };
        let (strong, weak) = tokio::join!(may(ours, kind, &right), may(weaker, kind, &right));
        if strong == Verdict::Allowed && weak != Verdict::Allowed {
            return Err(format!("it may not list {}", kind.plural));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Review {
    #[serde(default)]
    status: Rules,
}

/// Asks what a namespace allows us.
pub async fn rules(connection: &Connection, namespace: &str) -> Result<Rules, Problem> {
    let question = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": { "namespace": namespace },
    });
    let answer = connection.review(REVIEW, &question).await?;
    let review: Review = serde_json::from_slice(&answer).map_err(|error| Problem::Garbled(error.to_string()))?;
    Ok(review.status)
}

/// Asks whether one right is given.
pub async fn may(connection: &Connection, kind: &Kind, right: &Right) -> Verdict {
    let mut attributes = json!({ "verb": right.verb, "group": &*kind.group, "resource": &*kind.plural });
    let more = [
        ("subresource", Some(right.part).filter(|part| !part.is_empty())),
        ("namespace", right.namespace.as_deref()),
        ("name", right.name.as_deref()),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            attributes[key] = json!(value);
        }
    }
    let question = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    match connection.review(ACCESS, &question).await {
        Ok(answer) => verdict(&answer),
        Err(problem) => Verdict::Unknown(problem.to_string()),
    }
}

/// Reads the answer; where the server could not ask everybody, its no is none.
fn verdict(answer: &[u8]) -> Verdict {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let text = |key: &str| answer["status"][key].as_str().unwrap_or_default().to_owned();
    match (answer["status"]["allowed"].as_bool(), text("evaluationError")) {
        (Some(true), _) => Verdict::Allowed,
        (Some(false), error) if error.is_empty() => Verdict::Denied(text("reason")),
        (_, error) => Verdict::Unknown(error),
    }
}

/// Finds, for each kind, those of the candidate namespaces that can be read: it may be, or cannot be told. A namespace
/// that cannot be asked about counts as unknown.
pub async fn readable(
    connection: &Connection,
    candidates: &[Arc<str>],
    kinds: &[Kind],
) -> BTreeMap<KindId, Vec<Arc<str>>> {
    let mut readable: BTreeMap<KindId, Vec<Arc<str>>> = kinds.iter().map(|kind| (kind.id, Vec::new())).collect();
    for namespace in candidates {
        let rules = rules(connection, namespace).await.unwrap_or(Rules { incomplete: true, ..Rules::default() });
        for kind in kinds.iter().filter(|kind| kind.namespaced) {
            if rules.may("list", &kind.group, &kind.plural) != May::No
                && let Some(namespaces) = readable.get_mut(&kind.id)
            {
                namespaces.push(Arc::clone(namespace));
            }
        }
    }
    readable
}

/// Gathers the namespaces worth asking about, each once, in the order of how likely they are meant: the connection's own,
/// then those given (config, recent ones), then OpenShift's projects, which a user may list where namespaces are forbidden.
pub async fn candidates(connection: &Connection, given: &[Arc<str>]) -> Vec<Arc<str>> {
    let projects = projects(connection).await.unwrap_or_default();
    let mut candidates: Vec<Arc<str>> = Vec::new();
    for namespace in connection.namespace().into_iter().chain(given).chain(&projects) {
        if !candidates.contains(namespace) {
            candidates.push(Arc::clone(namespace));
        }
    }
    if candidates.is_empty() {
        candidates.push("default".into());
    }
    candidates
}

#[derive(Deserialize)]
struct Projects {
    #[serde(default)]
    items: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    metadata: ProjectName,
}

#[derive(Deserialize)]
struct ProjectName {
    name: String,
}

async fn projects(connection: &Connection) -> Result<Vec<Arc<str>>, Problem> {
    let answer = connection.json("/apis/project.openshift.io/v1/projects", accept::JSON).await?;
    let projects: Projects = serde_json::from_slice(&answer).map_err(|error| Problem::Garbled(error.to_string()))?;
    Ok(projects.items.into_iter().map(|project| project.metadata.name.into()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fake::{Fake, answer, json};
    use crate::kinds::{Catalog, NAMESPACE, POD, SECRET};

    fn rules_of(rules: &str, incomplete: bool) -> String {
        format!(
            r#"{{"kind":"SelfSubjectRulesReview","status":{{"incomplete":{incomplete},"resourceRules":[{rules}]}}}}"#
        )
    }

    const PODS: &str = r#"{"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]}"#;
    const ONE_SECRET: &str = r#"{"verbs":["*"],"apiGroups":["*"],"resources":["secrets"],"resourceNames":["mine"]}"#;

    #[tokio::test]
    async fn each_kind_gets_the_namespaces_that_may_be_read() {
        let fake = Fake::new([
            json(rules_of(&format!("{PODS},{ONE_SECRET}"), false)),
            json(rules_of("", false)),
            json(rules_of("", true)),
            answer(500, "text/plain", "oh no"),
        ]);
        let kinds: Vec<Kind> =
            [POD, SECRET, NAMESPACE].iter().map(|id| Catalog::builtin().get(*id).unwrap().clone()).collect();
        let candidates: Vec<Arc<str>> = ["mine", "closed", "murky", "broken"].map(Into::into).into();
        let readable = readable(&fake.connection(), &candidates, &kinds).await;
        let of = |id| readable[&id].iter().map(|namespace| &**namespace).collect::<Vec<&str>>();
        assert_eq!(of(POD), ["mine", "murky", "broken"]);
        assert_eq!(of(SECRET), ["murky", "broken"], "a rule for one name allows no list");
        assert!(of(NAMESPACE).is_empty(), "a cluster-wide kind is in no namespace");
    }

    #[tokio::test]
    async fn candidates_are_asked_once_and_projects_come_last() {
        let projects = r#"{"items":[{"metadata":{"name":"shop"}},{"metadata":{"name":"team"}}]}"#;
        let fake = Fake::new([json(projects), answer(404, "text/plain", "404 page not found")]);
        let connection = fake.connection();
        let given: Vec<Arc<str>> = ["shop", "recent", "shop"].map(Into::into).into();
        let names = |found: Vec<Arc<str>>| found.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(candidates(&connection, &given).await), ["shop", "recent", "team"]);
        assert_eq!(names(candidates(&connection, &[]).await), ["default"]);
    }

    #[tokio::test]
    async fn one_right_is_allowed_denied_with_the_reason_or_unknown() {
        let status = |status: &str| json(format!(r#"{{"kind":"SelfSubjectAccessReview","status":{status}}}"#));
        let fake = Fake::new([
            status(r#"{"allowed":true}"#),
            status(r#"{"allowed":false,"reason":"no role"}"#),
            status(r#"{"allowed":false,"evaluationError":"webhook is away"}"#),
            answer(500, "text/plain", "oh no"),
        ]);
        let connection = fake.connection();
        let key = crate::kinds::ObjectRef::new(POD, "shop", "web");
        let (right, kind) = (Right::on("create", "eviction", &key), Catalog::builtin().get(POD).unwrap().clone());
        assert_eq!(may(&connection, &kind, &right).await, Verdict::Allowed);
        assert_eq!(may(&connection, &kind, &right).await, Verdict::Denied("no role".to_owned()));
        assert_eq!(may(&connection, &kind, &right).await, Verdict::Unknown("webhook is away".to_owned()));
        assert!(matches!(may(&connection, &kind, &right).await, Verdict::Unknown(_)));
    }

    #[test]
    fn only_looking_is_what_neither_writes_nor_acts_when_read() {
        let beyond = |rule: &str| {
            let rules: Rules = serde_json::from_str(&format!(r#"{{"resourceRules":[{PODS},{rule}]}}"#)).unwrap();
            rules.beyond_looking()
        };
        let of = |verb: &str, resource: &str| {
            format!(r#"{{"verbs":["{verb}"],"apiGroups":[""],"resources":["{resource}"]}}"#)
        };
        for (verb, resource) in [("get", "pods/log"), ("watch", "secrets"), ("create", "selfsubjectaccessreviews")] {
            assert_eq!(beyond(&of(verb, resource)), None, "{verb} {resource}");
        }
        let acting =
            [("get", "pods/exec"), ("get", "*"), ("get", "*/proxy"), ("patch", "pods"), ("impersonate", "users")];
        for (verb, resource) in acting {
            assert_eq!(beyond(&of(verb, resource)), Some(format!("{verb} {resource}")));
        }
        let murky: Rules = serde_json::from_str(r#"{"incomplete":true}"#).unwrap();
        assert!(murky.beyond_looking().is_some(), "what is not known is not claimed");
        let path: Rules = serde_json::from_str(r#"{"nonResourceRules":[{"verbs":["*"]}]}"#).unwrap();
        assert_eq!(path.beyond_looking().as_deref(), Some("* paths"));
    }

    #[test]
    fn stars_allow_everything() {
        let rules: Rules =
            serde_json::from_str(r#"{"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]}"#).unwrap();
        assert_eq!(rules.may("list", "apps", "deployments"), May::Yes);
    }
}
