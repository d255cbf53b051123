//! What a server has: every resource of every group in one answer where it can, else group by group. One group that is
//! broken, because the API behind it is down, never hides the others.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::api::call::{Problem, accept};
use crate::api::connect::Connection;
use crate::kinds::catalog::Discovered;

/// How many groups are asked at once where they have to be asked one by one.
const AT_ONCE: usize = 6;

/// What a server has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Every resource that it serves, each with the names of its subresources; the preferred version of a group first.
    pub resources: Vec<Discovered>,
    /// Groups of which it could not be told what is in them.
    pub unreadable_groups: Vec<String>,
}

/// What a server is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Version {
    /// `1`.
    pub major: String,
    /// `36`; some providers append a `+`.
    pub minor: String,
    /// `v1.36.3`.
    pub git_version: String,
}

/// Asks the server for its version: the first request of a connection, which shows whether there is one.
pub async fn version(connection: &Connection) -> Result<Version, Problem> {
    parse(&connection.json("/version", accept::JSON).await?)
}

/// Asks the server what it has.
pub async fn discover(connection: &Connection) -> Result<Discovery, Problem> {
    let (core, groups) =
        tokio::join!(connection.json("/api", accept::DISCOVERY), connection.json("/apis", accept::DISCOVERY),);
    let mut discovery = Discovery::default();
    for (root, answer) in [("/api", core?), ("/apis", groups?)] {
        let kind: Shell = parse(&answer)?;
        match kind.kind.as_str() {
            "APIGroupDiscoveryList" => discovery.aggregated(parse(&answer)?),
            "APIVersions" => discovery.legacy(connection, root, core_group(parse(&answer)?)).await,
            "APIGroupList" => discovery.legacy(connection, root, parse::<GroupList>(&answer)?.groups).await,
            other => return Err(Problem::Garbled(format!("{root} answered with a {other:?}"))),
        }
    }
    Ok(discovery)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::Garbled(error.to_string()))
}

#[derive(Deserialize)]
struct Shell {
    #[serde(default)]
    kind: String,
}

/// `apidiscovery.k8s.io` `APIGroupDiscoveryList`, v2 and v2beta1 alike.
#[derive(Deserialize)]
struct Aggregated {
    #[serde(default)]
    items: Vec<AggregatedGroup>,
}

#[derive(Deserialize)]
struct AggregatedGroup {
    #[serde(default)]
    metadata: GroupName,
    #[serde(default)]
    versions: Vec<AggregatedVersion>,
}

#[derive(Default, Deserialize)]
struct GroupName {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AggregatedVersion {
    version: String,
    #[serde(default)]
    resources: Vec<AggregatedResource>,
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AggregatedResource {
    resource: String,
    response_kind: Option<GroupVersionKind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    singular_resource: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    subresources: Vec<Subresource>,
}

#[derive(Deserialize)]
struct Subresource {
    #[serde(default)]
    subresource: String,
}

#[derive(Deserialize)]
struct GroupVersionKind {
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
struct CoreVersions {
    #[serde(default)]
    versions: Vec<String>,
}

#[derive(Deserialize)]
struct GroupList {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    #[serde(default)]
    versions: Vec<GroupVersion>,
    preferred_version: Option<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

#[derive(Deserialize)]
struct ResourceList {
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    name: String,
    #[serde(default)]
    singular_name: String,
    #[serde(default)]
    namespaced: bool,
    kind: String,
    #[serde(default)]
    verbs: Option<Vec<String>>,
    #[serde(default)]
    short_names: Vec<String>,
}

/// The parts of a resource: of `rollouts/status`, `status`.
fn parts_of(plural: &str, all: &[Resource]) -> Vec<String> {
    let of = |part: &Resource| part.name.strip_prefix(plural)?.strip_prefix('/').map(str::to_owned);
    all.iter().filter_map(of).collect()
}

fn core_group(core: CoreVersions) -> Vec<Group> {
    let versions = core.versions.into_iter().map(|version| GroupVersion { version }).collect();
    vec![Group { name: String::new(), versions, preferred_version: None }]
}

impl Discovery {
    fn aggregated(&mut self, answer: Aggregated) {
        for AggregatedGroup { metadata: GroupName { name: group }, versions } in answer.items {
            for version in versions {
                // What is listed for a stale version is from before its server went away.
                if version.freshness == "Stale" {
                    self.unreadable(&group);
                }
                let resources = version.resources.into_iter().filter_map(|resource| {
                    Some(Discovered {
                        group: group.clone(),
                        version: version.version.clone(),
                        kind: resource.response_kind?.kind,
                        plural: resource.resource,
                        singular: resource.singular_resource,
                        short_names: resource.short_names,
                        namespaced: resource.scope == "Namespaced",
                        verbs: resource.verbs,
                        parts: resource.subresources.into_iter().map(|part| part.subresource).collect(),
                    })
                });
                self.resources.extend(resources);
            }
        }
    }

    /// Asks each version of each group for its resources, as before Kubernetes 1.26.
    async fn legacy(&mut self, connection: &Connection, root: &str, groups: Vec<Group>) {
        let mut asks = Vec::new();
        for group in groups {
            let preferred = group.preferred_version.as_ref().map(|preferred| preferred.version.clone());
            let mut versions: Vec<String> = group.versions.into_iter().map(|version| version.version).collect();
            versions.sort_by_key(|version| Some(version) != preferred.as_ref());
            asks.extend(versions.into_iter().map(|version| (group.name.clone(), version)));
        }
        let answers = stream::iter(asks).map(|(group, version)| async move {
            let path = if group.is_empty() { format!("{root}/{version}") } else { format!("{root}/{group}/{version}") };
            let answer = connection.json(&path, accept::JSON).await;
            (group, version, answer.and_then(|answer| parse::<ResourceList>(&answer)))
        });
        let mut answers = answers.buffered(AT_ONCE);
        while let Some((group, version, answer)) = answers.next().await {
            let Ok(list) = answer else {
                self.unreadable(&group);
                continue;
            };
            let (parts, served): (Vec<Resource>, Vec<Resource>) =
                list.resources.into_iter().partition(|resource| resource.name.contains('/'));
            self.resources.extend(served.into_iter().map(|resource| Discovered {
                parts: parts_of(&resource.name, &parts),
                group: group.clone(),
                version: version.clone(),
                kind: resource.kind,
                plural: resource.name,
                singular: resource.singular_name,
                short_names: resource.short_names,
                namespaced: resource.namespaced,
                verbs: resource.verbs.unwrap_or_default(),
            }));
        }
    }

    fn unreadable(&mut self, group: &str) {
        let known: BTreeSet<&str> = self.unreadable_groups.iter().map(String::as_str).collect();
        if !known.contains(group) {
            self.unreadable_groups.push(group.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fake::{Fake, answer, json};

    fn told(discovery: &Discovery) -> Vec<String> {
        let line =
            |r: &Discovered| format!("{}/{} {} {} {}", r.group, r.version, r.plural, r.kind, r.short_names.join(","));
        discovery.resources.iter().map(line).collect()
    }

    const PODS: &str = r#"{"resource":"pods","responseKind":{"group":"","version":"v1","kind":"Pod"},"scope":"Namespaced",
        "singularResource":"pod","verbs":["list","watch"],"shortNames":["po"],"categories":["all"],
        "subresources":[{"subresource":"log","responseKind":{"kind":"Pod"},"verbs":["get"]}]}"#;

    #[tokio::test]
    async fn everything_comes_in_one_answer_for_each_root() {
        let core = format!(
            r#"{{"kind":"APIGroupDiscoveryList","items":[{{"metadata":{{}},"versions":[{{"version":"v1","freshness":"Current","resources":[{PODS}]}}]}}]}}"#
        );
        let none = json(r#"{"kind":"APIGroupDiscoveryList","items":[]}"#);
        let fake = Fake::routed([("/api", json(core)), ("/apis", none)]);
        let discovery = discover(&fake.connection()).await.unwrap();
        assert_eq!(told(&discovery), ["/v1 pods Pod po"]);
        assert!(discovery.resources[0].namespaced && discovery.resources[0].singular == "pod");
        assert_eq!(fake.lines().len(), 2);
        assert!(fake.asked()[0].headers["accept"].to_str().unwrap().contains("as=APIGroupDiscoveryList"));
    }

    #[tokio::test]
    async fn a_stale_group_is_unreadable_and_costs_nothing_else() {
        let groups = format!(
            r#"{{"kind":"APIGroupDiscoveryList","items":[
                {{"metadata":{{"name":"metrics.k8s.io"}},"versions":[{{"version":"v1beta1","freshness":"Stale"}}]}},
                {{"metadata":{{"name":"example.com"}},"versions":[{{"version":"v1","resources":[{PODS},{{"resource":"odd"}}]}}]}}]}}"#
        );
        let fake = Fake::routed([("/api", json(r#"{"kind":"APIGroupDiscoveryList"}"#)), ("/apis", json(groups))]);
        let discovery = discover(&fake.connection()).await.unwrap();
        assert_eq!(told(&discovery), ["example.com/v1 pods Pod po"]);
        assert_eq!(discovery.unreadable_groups, ["metrics.k8s.io"]);
    }

    #[tokio::test]
    async fn an_old_server_is_asked_group_by_group_and_a_broken_one_is_skipped() {
        let group =
            |name: &str| format!(r#"{{"name":"{name}","versions":[{{"groupVersion":"{name}/v1","version":"v1"}}]}}"#);
        let groups =
            format!(r#"{{"kind":"APIGroupList","groups":[{},{}]}}"#, group("broken.example.com"), group("apps"));
        let pods = r#"{"resources":[
            {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["list"],"shortNames":["po"]},
            {"name":"pods/log","singularName":"","namespaced":true,"kind":"Pod","verbs":["get"]}]}"#;
        let deployments =
            r#"{"resources":[{"name":"deployments","namespaced":true,"kind":"Deployment","verbs":["list"]}]}"#;
        let fake = Fake::routed([
            ("/api", json(r#"{"kind":"APIVersions","versions":["v1"]}"#)),
            ("/apis", json(groups)),
            ("/api/v1", json(pods)),
            ("/apis/broken.example.com/v1", answer(503, "text/plain", "error trying to reach service")),
            ("/apis/apps/v1", json(deployments)),
        ]);
        let discovery = discover(&fake.connection()).await.unwrap();
        assert_eq!(told(&discovery), ["/v1 pods Pod po", "apps/v1 deployments Deployment "]);
        assert_eq!(discovery.unreadable_groups, ["broken.example.com"]);
    }

    #[tokio::test]
    async fn the_version_is_read() {
        let fake = Fake::new([json(r#"{"major":"1","minor":"36+","gitVersion":"v1.36.3","platform":"linux/amd64"}"#)]);
        assert_eq!(version(&fake.connection()).await.unwrap().git_version, "v1.36.3");
    }
}
