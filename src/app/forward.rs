//! A port of this machine that leads to a port of a pod: what was asked for, and the rules by which a pod may stand for the
//! workload or the Service that a user confirmed. The guard holds a forward to the same rules.

use crate::app::fields::{is_ready, list, text};
use crate::app::selecting;
use crate::kinds::{DAEMON_SET, DEPLOYMENT, JOB, KindId, ObjectRef, POD, REPLICA_SET, SERVICE, STATEFUL_SET};
use crate::wire::request::escape;
use serde_json::{Value, json};
use std::sync::Arc;

/// The kinds that a port can be forwarded to.
pub const KINDS: &[KindId] = &[POD, SERVICE, DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET, JOB];

/// What a user wants forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The pod, the workload or the Service.
    pub target: ObjectRef,
    /// The object of that name that was seen.
    pub uid: Arc<str>,
    /// The port of 127.0.0.1.
    pub local: u16,
    /// The port behind it, by number or by name; of a Service its own.
    pub remote: String,
    /// `http` or `https`, where the port says so.
    pub scheme: Option<&'static str>,
}

/// Which pods may stand for the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Only itself.
    Itself,
    /// Those that it owns, or that a ReplicaSet of it owns.
    Owned,
    /// Those that its selector selects.
    Selected,
}

/// What was read to tell whether a pod may stand for the target.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The target as it is now.
    pub target: &'a Value,
    /// The pod.
    pub pod: &'a Value,
    /// The ReplicaSets of a Deployment.
    pub sets: &'a [Value],
}

/// A port that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its number: of a Service its own, else the container's.
    pub number: u16,
    /// Its name, where it has one.
    pub name: String,
    /// Where a Service sends it: a number or a name.
    pub leads_to: String,
    /// `http` or `https`, where it says so.
    pub scheme: Option<&'static str>,
}

/// How a forward stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It looks for a pod.
    Opening,
    /// It leads to a pod.
    Open,
    /// There is no pod that it could lead to.
    Waiting(String),
    /// It is over.
    Ended(String),
}

/// What a forward says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which forward.
    pub id: u64,
    /// In which context.
    pub context: Arc<str>,
    /// How it stands.
    pub state: State,
    /// The pod that new connections go to: name and uid.
    pub pod: Option<(Arc<str>, Arc<str>)>,
    /// The pod's port.
    pub port: Option<u16>,
    /// How often it went on to another pod.
    pub moves: u64,
    /// Connections that are open, and that there were.
    pub connections: (u64, u64),
    /// Bytes to the pod, and from it.
    pub bytes: (u64, u64),
    /// What went wrong last.
    pub error: Option<String>,
}

impl Forward {
    /// Which pods may stand for the target.
    pub fn follow(&self) -> Follow {
        follow(self.target.kind)
    }

    /// `http://127.0.0.1:8080`, or without a scheme where the port does not say what it speaks.
    pub fn url(&self) -> String {
        let scheme = self.scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
        format!("{scheme}127.0.0.1:{}", self.local)
    }

    /// Whether a pod may stand for what was confirmed: the target is the one that was seen, in its namespace, and the pod is
    /// itself, is owned by it, or is selected by it, and is not on its way out.
    pub fn covers(&self, found: &Found<'_>) -> bool {
        let Found { target, pod, sets } = found;
        let namespace = self.target.namespace.as_deref().unwrap_or_default();
        let is_seen = uid(target) == &*self.uid && text(target, "/metadata/name") == &*self.target.name;
        let is_near = [target, pod].iter().all(|object| text(object, "/metadata/namespace") == namespace);
        is_seen && !namespace.is_empty() && is_near && !uid(pod).is_empty() && belongs(self.follow(), target, pod, sets)
    }

    /// The pod's port behind the one that was asked for.
    pub fn port(&self, target: &Value, pod: &Value) -> Result<u16, String> {
        port(self.target.kind, &self.remote, target, pod)
    }
}

/// Which pods may stand for an object of a kind.
pub fn follow(kind: KindId) -> Follow {
    match kind {
        POD => Follow::Itself,
        SERVICE => Follow::Selected,
        _ => Follow::Owned,
    }
}

/// The lists that tell which pods may stand for an object: paths with their queries.
pub fn lists(kind: KindId, namespace: &str, target: &Value) -> Vec<String> {
    let selector = selector(kind, target);
    if kind == POD || selector.is_empty() {
        return Vec::new();
    }
    let query = escape(&selector);
    let pods = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={query}");
    let sets = format!("/apis/apps/v1/namespaces/{namespace}/replicasets?labelSelector={query}");
    if kind == DEPLOYMENT { vec![pods, sets] } else { vec![pods] }
}

/// The pods that a forward may go to now, the first one first: ready ones by name.
pub fn candidates<'a>(kind: KindId, target: &'a Value, pods: &'a [Value], sets: &'a [Value]) -> Vec<&'a Value> {
    if kind == POD {
        return Some(target).filter(|pod| is_reachable(pod)).into_iter().collect();
    }
    let fits = |pod: &&Value| is_reachable(pod) && is_ready(pod) && belongs(follow(kind), target, pod, sets);
    let mut fit: Vec<&Value> = pods.iter().filter(fits).collect();
    fit.sort_by_key(|pod| text(pod, "/metadata/name"));
    fit
}

/// Whether a pod runs and is not on its way out.
pub fn is_reachable(pod: &Value) -> bool {
    let is_going = pod.pointer("/metadata/deletionTimestamp").is_some_and(|when| !when.is_null());
    text(pod, "/status/phase") == "Running" && !is_going
}

/// The uid of an object; empty where it has none.
pub fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

fn belongs(follow: Follow, target: &Value, pod: &Value, sets: &[Value]) -> bool {
    let wanted = uid(target);
    if wanted.is_empty() {
        return false;
    }
    match follow {
        Follow::Itself => uid(pod) == wanted && text(pod, "/metadata/name") == text(target, "/metadata/name"),
        Follow::Owned => {
            let owner = controller(pod);
            let is_of_set = |set: &Value| uid(set) == owner && controller(set) == wanted;
            !owner.is_empty() && (owner == wanted || sets.iter().any(is_of_set))
        }
        Follow::Selected => {
            let selector = target.pointer("/spec/selector").and_then(Value::as_object);
            let label = |key: &str| pod.pointer("/metadata/labels").and_then(|labels| labels.get(key));
            // A Service without a selector selects nothing of its own.
            selector.is_some_and(|all| !all.is_empty() && all.iter().all(|(key, value)| label(key) == Some(value)))
        }
    }
}

/// The uid of the one owner that controls an object.
fn controller(object: &Value) -> &str {
    let owner = list(object, "/metadata/ownerReferences").iter().find(|owner| owner["controller"] == true);
    owner.map_or("", |owner| text(owner, "/uid"))
}

/// The ports that an object declares for TCP.
pub fn offers(kind: KindId, target: &Value) -> Vec<Offer> {
    let offer = |port: &Value, number: &str, leads_to: String| {
        let number = port.get(number).and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok());
        Some(Offer {
            number: number.filter(|number| 0 < *number)?,
            name: text(port, "/name").to_owned(),
            leads_to,
            scheme: scheme(port),
        })
    };
    if kind == SERVICE {
        let ports = list(target, "/spec/ports").iter().filter(|port| is_tcp(port));
        return ports.filter_map(|port| offer(port, "port", leads_to(target, port))).collect();
    }
    let spec = if kind == POD { target.pointer("/spec") } else { target.pointer("/spec/template/spec") };
    container_ports(spec.unwrap_or(&Value::Null))
        .filter_map(|port| offer(port, "containerPort", String::new()))
        .collect()
}

/// Where a Service sends a port: to pods without an address of its own in between (a headless one) it is the port itself, as
/// kubectl has it.
fn leads_to(service: &Value, port: &Value) -> String {
    let own = port.get("port").map(Value::to_string).unwrap_or_default();
    match port.get("targetPort") {
        _ if text(service, "/spec/clusterIP") == "None" => own,
        Some(Value::String(name)) => name.clone(),
        Some(number @ Value::Number(_)) if number != 0 => number.to_string(),
        _ => own,
    }
}

/// The ports of all containers that stay: sidecars are among the init containers.
fn container_ports(spec: &Value) -> impl Iterator<Item = &Value> {
    let sidecars = list(spec, "/initContainers").iter().filter(|one| one["restartPolicy"] == "Always");
    let ports = |container| list(container, "/ports").iter();
    list(spec, "/containers").iter().chain(sidecars).flat_map(ports).filter(|port| is_tcp(port))
}

fn is_tcp(port: &Value) -> bool {
    matches!(text(port, "/protocol"), "" | "TCP")
}

/// What a port speaks, by its appProtocol, else by the first word of its name.
fn scheme(port: &Value) -> Option<&'static str> {
    let said = text(port, "/appProtocol");
    let word = if said.is_empty() { text(port, "/name").split('-').next().unwrap_or_default() } else { said };
    match word.to_ascii_lowercase().as_str() {
        "http" | "web" | "kubernetes.io/ws" => Some("http"),
        "https" | "kubernetes.io/wss" => Some("https"),
        _ => None,
    }
}

/// The offer that was asked for, by number or by name.
pub fn offered<'a>(offers: &'a [Offer], remote: &str) -> Option<&'a Offer> {
    let number = remote.parse().ok();
    offers.iter().find(|offer| number.map_or(offer.name == remote, |number: u16| offer.number == number))
}

/// The pod's port behind the one that was asked for.
pub fn port(kind: KindId, remote: &str, target: &Value, pod: &Value) -> Result<u16, String> {
    let name = text(target, "/metadata/name");
    let wanted = if kind == SERVICE {
        let offers = offers(kind, target);
        let offer =
            offered(&offers, remote).ok_or_else(|| format!("service {name} has no TCP port {remote} any more"))?;
        offer.leads_to.clone()
    } else {
        remote.to_owned()
    };
    if let Ok(number) = wanted.parse::<u16>() {
        return if number == 0 { Err("there is no port 0".to_owned()) } else { Ok(number) };
    }
    let spec = pod.pointer("/spec").unwrap_or(&Value::Null);
    let found = container_ports(spec).find(|port| text(port, "/name") == wanted);
    let number = found.and_then(|port| port.get("containerPort")?.as_u64()).and_then(|port| u16::try_from(port).ok());
    number.ok_or_else(|| format!("pod {} has no TCP port called {wanted}", text(pod, "/metadata/name")))
}

/// The labels by which the pods of an object are listed, as a query writes them; empty where it has none.
fn selector(kind: KindId, target: &Value) -> String {
    let own = target.pointer("/spec/selector").unwrap_or(&Value::Null);
    if kind == SERVICE { selecting::selector(&json!({ "matchLabels": own })) } else { selecting::selector(own) }
}

#[cfg(test)]
mod tests;
