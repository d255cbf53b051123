//! Which logs are wanted: objects, and which of their containers. The set of streams is derived from the model each time,
//! so that new pods join and gone ones leave.

use crate::kinds::pod::facts::{PodFacts, Role};
use crate::kinds::{self, Facts, KindId, ObjectRef, Record};
use crate::model::Cluster;
use crate::view::logs::state::State;
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How deep ownership is followed: CronJob → Job → Pod, Deployment → ReplicaSet → Pod, and something above them.
const DEEP: usize = 4;

/// Whose logs.
#[derive(Clone, Debug)]
pub struct Query {
    /// The objects: pods, workloads, Services, Ingresses, routes, nodes, namespaces.
    pub objects: Vec<ObjectRef>,
    /// Only containers whose name this matches.
    pub container: Option<Regex>,
    /// The part that is read first, and whether what comes later is.
    pub part: Part,
}

/// Which part of each log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// New lines, too.
    pub follow: bool,
    /// Of the instance before the present one.
    pub previous: bool,
    /// So many lines of the end; none for all there is.
    pub tail: Option<u64>,
    /// Not before this second, as Unix time.
    pub since: Option<i64>,
}

/// One stream that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The pod.
    pub pod: ObjectRef,
    /// Which pod of that name.
    pub uid: Arc<str>,
    /// The container.
    pub container: Arc<str>,
    /// What the container is for.
    pub role: Role,
    /// Whether the pod has other containers, so that the name says something.
    pub is_one_of_many: bool,
    /// What it does.
    pub state: State,
}

impl Query {
    /// The log of one object, as it is opened at first.
    pub fn of(object: ObjectRef) -> Self {
        Self::of_all(vec![object])
    }

    /// The logs of several objects, as they are opened at first.
    pub fn of_all(objects: Vec<ObjectRef>) -> Self {
        let part = Part { follow: true, previous: false, tail: Some(1000), since: None };
        Self { objects, container: None, part }
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        let pattern = |query: &Self| query.container.as_ref().map(|regex| regex.as_str().to_owned());
        self.objects == other.objects && self.part == other.part && pattern(self) == pattern(other)
    }
}

/// The streams of a query, by pod and container.
pub fn wanted(cluster: &Cluster, query: &Query) -> Vec<Wanted> {
    let mut pods: BTreeMap<&ObjectRef, &Arc<Record>> = BTreeMap::new();
    for object in &query.objects {
        pods.extend(pods_of(cluster, object).into_iter().map(|pod| (&pod.key, pod)));
    }
    pods.into_values().flat_map(|pod| containers(pod, query)).collect()
}

fn containers<'a>(pod: &'a Arc<Record>, query: &'a Query) -> impl Iterator<Item = Wanted> + 'a {
    let facts = match &pod.digest.facts {
        Facts::Pod(facts) => Some(facts),
        _ => None,
    };
    let fits = |name: &str| query.container.as_ref().is_none_or(|pattern| pattern.is_match(name));
    let of = move |facts: &'a PodFacts| {
        let is_one_of_many = 1 < facts.containers.len();
        facts.containers.iter().filter(move |container| fits(&container.name)).map(move |container| Wanted {
            pod: pod.key.clone(),
            uid: Arc::clone(&pod.meta.uid),
            container: Arc::clone(&container.name),
            role: container.role,
            is_one_of_many,
            state: State::of(facts, container),
        })
    };
    facts.into_iter().flat_map(move |facts| of(facts))
}

/// The pods that an object stands for.
pub fn pods_of<'a>(cluster: &'a Cluster, object: &'a ObjectRef) -> Vec<&'a Arc<Record>> {
    if object.kind == kinds::NAMESPACE {
        return cluster.in_namespace(kinds::POD, &object.name).collect();
    }
    let Some(record) = cluster.get(object) else { return Vec::new() };
    let mut found = Vec::new();
    match object.kind {
        kinds::POD => found.push(record),
        kinds::SERVICE => found.extend(selected(cluster, record)),
        kinds::NODE => found.extend(cluster.sources(record).into_iter().filter(|source| source.key.kind == kinds::POD)),
        _ => {
            owned(cluster, record, DEEP, &mut found);
            if found.is_empty() {
                found.extend(routed(cluster, record));
            }
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found.dedup_by(|a, b| a.key == b.key);
    found
}

fn owned<'a>(cluster: &'a Cluster, record: &Record, deep: usize, found: &mut Vec<&'a Arc<Record>>) {
    for child in cluster.children(&record.meta.uid) {
        if child.key.kind == kinds::POD {
            found.push(child);
        } else if 0 < deep {
            owned(cluster, child, deep - 1, found);
        }
    }
}

fn selected<'a>(cluster: &'a Cluster, record: &'a Record) -> Vec<&'a Arc<Record>> {
    let links = record.digest.links.iter().flat_map(|link| cluster.targets(&link.target));
    links.filter(|target| target.key.kind == kinds::POD).collect()
}

/// Ingresses and routes: the pods of the Services that they lead to.
fn routed<'a>(cluster: &'a Cluster, record: &'a Record) -> Vec<&'a Arc<Record>> {
    let is_service = |kind: KindId| kind == kinds::SERVICE;
    let targets = record.digest.links.iter().flat_map(|link| cluster.targets(&link.target));
    targets.filter(|target| is_service(target.key.kind)).flat_map(|service| selected(cluster, service)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::trace::fixture;

    const YAML: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {rules: [{host: a, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, uid: u1, labels: {app: web}}
spec: {nodeName: worker-1, initContainers: [{name: setup, image: a}], containers: [{name: app, image: a}, {name: proxy, image: b}]}
status: {phase: Running, containerStatuses: [{name: app, restartCount: 2, state: {running: {}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: shop, uid: u2, labels: {app: other}}
spec: {containers: [{name: app, image: a}]}
---
apiVersion: v1
kind: Node
metadata: {name: worker-1}
";

    fn names(kind: KindId, namespace: Option<&str>, name: &str, container: Option<&str>) -> Vec<String> {
        fixture::world(YAML, |world| {
            let key = ObjectRef { kind, namespace: namespace.map(Arc::from), name: Arc::from(name) };
            let container = container.map(|text| Regex::new(text).unwrap());
            let query = Query { container, ..Query::of(key) };
            wanted(world.cluster, &query).iter().map(|w| format!("{}/{}", w.pod.name, w.container)).collect()
        })
    }

    #[test]
    fn everything_that_leads_to_pods_has_their_logs() {
        let all = ["web-1/setup", "web-1/app", "web-1/proxy"];
        assert_eq!(names(kinds::POD, Some("shop"), "web-1", None), all);
        assert_eq!(names(kinds::SERVICE, Some("shop"), "web", None), all);
        assert_eq!(names(kinds::INGRESS, Some("shop"), "web", None), all);
        assert_eq!(names(kinds::NODE, None, "worker-1", None), all);
        assert_eq!(names(kinds::NAMESPACE, None, "shop", Some("^app$")), ["other/app", "web-1/app"]);
        assert!(names(kinds::SERVICE, Some("shop"), "gone", None).is_empty());
    }

    #[test]
    fn a_stream_knows_what_its_container_does() {
        fixture::world(YAML, |world| {
            let streams = wanted(world.cluster, &Query::of(ObjectRef::new(kinds::POD, "shop", "web-1")));
            assert_eq!(streams[1].state, State::Runs(2, None));
            assert_eq!((streams[0].role, streams[1].is_one_of_many), (Role::Init, true));
        });
    }
}
