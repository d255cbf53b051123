//! Who talks and who is talked to, as policies see them: labels, namespaces, addresses; and what cannot be told.

use crate::kinds::network_policy::{Peer, PolicyRule};
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::PortRef;
use crate::kinds::{NAMESPACE, ObjectRef, POD, Record, Requirement, Selector};
use crate::view::trace::body::Body;
use crate::view::trace::facts;
use crate::view::trace::plan::Caller;
use crate::view::trace::request::Vantage;
use crate::view::trace::world::{Known, World};
use crate::wire::ranges::contains;
use std::net::IpAddr;
use std::sync::Arc;

/// The label by which every namespace is found by its name.
pub const NAME: &str = "kubernetes.io/metadata.name";

/// A label and its value.
pub type Label = (Arc<str>, Arc<str>);

/// Labels, sorted by key.
pub type Labels = [Label];

/// An answer that may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fits {
    /// Certainly not.
    No,
    /// It cannot be told.
    Maybe,
    /// Certainly.
    Yes,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub struct End {
    /// How it is called in a sentence.
    pub name: String,
    /// Its namespace; none where it is outside or not known.
    pub namespace: Option<Arc<str>>,
    /// Labels of its namespace, and whether all of them are known.
    pub namespace_labels: (Vec<Label>, bool),
    /// Its own labels; none where they are not known.
    pub labels: Option<Vec<Label>>,
    /// What its connections come from.
    pub address: Address,
    /// The namespaces that there are, as far as they are known.
    pub namespaces: Vec<Arc<str>>,
    /// The nodes that it runs on, as far as they are known.
    pub nodes: Vec<Arc<str>>,
}

/// What connections come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A pod's own address: one of these.
    Pod(Vec<IpAddr>),
    /// The address of a node: one of these.
    Node(Vec<IpAddr>),
    /// Somewhere outside.
    Outside,
}

impl Fits {
    /// From what is certain.
    pub fn of(certain: bool) -> Self {
        if certain { Self::Yes } else { Self::No }
    }
}

impl End {
    /// The caller; none where nothing of it is known.
    pub fn caller(world: &World, caller: &Caller, name: String) -> Self {
        match caller {
            // What a cloud's controller sets up stands outside of the cluster, wherever its own pods are.
            Caller::Controller(controller) if controller.flavour.is_hosted() => {
                Self::of(world, name, None, (None, &[]), false)
            }
            Caller::Controller(controller) => {
                let record = controller.pods.first().or(controller.workload.as_ref());
                let namespace = controller.namespace.clone();
                let namespace = namespace.or_else(|| record.and_then(|record| record.key.namespace.clone()));
                Self::of(world, name, namespace, (record.map(|r| &**r), &controller.pods), controller.host_network)
            }
            Caller::Gateway { pods, .. } => {
                let namespace = pods.first().and_then(|pod| pod.key.namespace.clone());
                Self::of(world, name, namespace, (pods.first().map(|pod| &**pod), pods), false)
            }
            Caller::Direct(Vantage::External) => Self {
                name,
                namespace: None,
                namespace_labels: (Vec::new(), true),
                labels: None,
                address: Address::Outside,
                namespaces: Vec::new(),
                nodes: Vec::new(),
            },
            Caller::Direct(Vantage::Namespace(namespace)) => {
                Self::of(world, name, Some(namespace.clone()), (None, &[]), false)
            }
            Caller::Direct(Vantage::Pod { namespace, name: pod }) => {
                let record = world.named(POD, namespace, pod).cloned();
                let pods: Vec<Arc<Record>> = record.into_iter().collect();
                Self::of(world, name, Some(namespace.clone()), (pods.first().map(|pod| &**pod), &pods), false)
            }
        }
    }

    /// The pod that is talked to, or what stands for one.
    pub fn pod(world: &World, record: &Arc<Record>) -> Self {
        let namespace = record.key.namespace.clone();
        Self::of(world, record.key.name.to_string(), namespace, (Some(record), std::slice::from_ref(record)), false)
    }

    fn of(
        world: &World,
        name: String,
        namespace: Option<Arc<str>>,
        (record, pods): (Option<&Record>, &[Arc<Record>]),
        host_network: bool,
    ) -> Self {
        let body = record.and_then(Body::of);
        let ips: Vec<IpAddr> =
            pods.iter().filter_map(|pod| facts::pod(pod)).flat_map(|pod| pod.ips.iter().copied()).collect();
        let nodes = pods.iter().filter_map(|pod| facts::pod(pod)?.node.clone()).collect();
        let on_node = host_network || body.as_ref().is_some_and(|body| body.host_network);
        Self {
            name,
            namespace_labels: namespace.as_deref().map_or((Vec::new(), false), |place| namespace_labels(world, place)),
            namespace,
            labels: body.map(|body| body.labels.to_vec()),
            address: if on_node { Address::Node(ips) } else { Address::Pod(ips) },
            namespaces: Vec::new(),
            nodes,
        }
    }

    /// Whether it uses the network of its node.
    pub fn is_node(&self) -> bool {
        matches!(self.address, Address::Node(_))
    }

    /// Whether its namespace carries the labels.
    pub fn in_namespaces(&self, selector: &Selector) -> Fits {
        let (labels, known) = &self.namespace_labels;
        if self.address == Address::Outside {
            return Fits::No;
        }
        if self.namespace.is_none() {
            return if selector.is_empty() { Fits::Yes } else { Fits::Maybe };
        }
        selects(selector, labels, *known)
    }

    /// Whether its own labels fit.
    pub fn among(&self, selector: &Selector) -> Fits {
        match &self.labels {
            _ if selector.is_empty() => Fits::Yes,
            Some(labels) => Fits::of(selector.matches(labels)),
            None if self.address == Address::Outside => Fits::No,
            None => Fits::Maybe,
        }
    }

    /// Whether a rule's peer means it; `home` is the namespace of the policy.
    pub fn is(&self, peer: &Peer, home: &str) -> Fits {
        match (peer, &self.address) {
            (Peer::Block { cidr, except }, address) => block(cidr, except, address),
            // Selectors mean addresses of pods.
            (Peer::Pods { .. }, Address::Node(_) | Address::Outside) => Fits::No,
            (Peer::Pods { namespaces, pods }, Address::Pod(_)) => {
                self.placed(namespaces.as_ref(), home).min(self.chosen(pods.as_ref()))
            }
        }
    }

    /// Whether it is in the namespaces that a peer means.
    pub fn placed(&self, namespaces: Option<&Selector>, home: &str) -> Fits {
        match (namespaces, &self.namespace) {
            (Some(selector), _) => self.in_namespaces(selector),
            (None, Some(namespace)) => Fits::of(**namespace == *home),
            (None, None) => Fits::Maybe,
        }
    }

    /// Whether it is one of the pods that a peer means.
    pub fn chosen(&self, pods: Option<&Selector>) -> Fits {
        pods.map_or(Fits::Yes, |selector| self.among(selector))
    }
}

/// Labels of a namespace. Its name is always among them; without the object the others are not known.
fn namespace_labels(world: &World, namespace: &str) -> (Vec<Label>, bool) {
    let record = world.get(&ObjectRef::new(NAMESPACE, "", namespace));
    let mut labels = record.map_or_else(Vec::new, |record| record.meta.labels.to_vec());
    if !labels.iter().any(|(key, _)| **key == *NAME) {
        labels.push((Arc::from(NAME), Arc::from(namespace)));
        labels.sort();
    }
    let whole = !world.is_files() && matches!(world.known(NAMESPACE, None), Known::Whole);
    (labels, record.is_some() || whole)
}

fn selects(selector: &Selector, labels: &Labels, known: bool) -> Fits {
    if selector.matches(labels) {
        return Fits::Yes;
    }
    let is_name = |key: &Arc<str>| **key == *NAME;
    let by_name = selector.equals.iter().all(|(key, _)| is_name(key))
        && selector.requirements.iter().all(|requirement| match requirement {
            Requirement::In(key, _)
            | Requirement::NotIn(key, _)
            | Requirement::Exists(key)
            | Requirement::DoesNotExist(key) => is_name(key),
            Requirement::Never => true,
        });
    if known || by_name { Fits::No } else { Fits::Maybe }
}

/// Whether a range holds the address. Whether ranges mean pods too is up to the network.
fn block(cidr: &str, except: &[Arc<str>], address: &Address) -> Fits {
    let holds = |ip: &IpAddr| contains(cidr, *ip) && !except.iter().any(|range| contains(range, *ip));
    let is_all = matches!(cidr, "0.0.0.0/0" | "::/0") && except.is_empty();
    match address {
        Address::Outside => {
            if is_all {
                Fits::Yes
            } else {
                Fits::Maybe
            }
        }
        Address::Pod(ips) => {
            if ips.is_empty() || ips.iter().any(holds) {
                Fits::Maybe
            } else {
                Fits::No
            }
        }
        Address::Node(ips) if ips.is_empty() => Fits::Maybe,
        Address::Node(ips) => Fits::of(ips.iter().all(holds)),
    }
}

/// Whether a rule opens a port of a pod.
pub fn opens(rule: &PolicyRule, body: &Body, (port, protocol): (u16, Protocol)) -> bool {
    let number = i32::from(port);
    rule.ports.is_empty()
        || rule.ports.iter().filter(|open| Protocol::of(&open.protocol) == protocol).any(|open| {
            match (&open.port, open.end) {
                (None, _) => true,
                (Some(PortRef::Number(first)), Some(end)) => *first <= number && number <= end,
                (Some(PortRef::Number(only)), None) => *only == number,
                (Some(PortRef::Name(name)), _) => body.named(name, protocol) == Some(port),
            }
        })
}

/// The ports of a rule, for people.
pub fn ports_text(rule: &PolicyRule) -> String {
    let text = |port: &PortRef| match port {
        PortRef::Number(number) => number.to_string(),
        PortRef::Name(name) => name.to_string(),
    };
    let ports = rule.ports.iter().map(|open| match (&open.port, open.end) {
        (None, _) => format!("all of {}", open.protocol),
        (Some(port), Some(end)) => format!("{}-{end}", text(port)),
        (Some(port), None) if *open.protocol == *"TCP" => text(port),
        (Some(port), None) => format!("{}/{}", text(port), open.protocol),
    });
    ports.collect::<Vec<_>>().join(", ")
}

/// How a caller is called in a sentence.
pub fn who(caller: &Caller) -> String {
    match caller {
        Caller::Controller(controller) => controller.flavour.who().to_owned(),
        Caller::Gateway { gateway, .. } => format!("Gateway {}", gateway.name),
        Caller::Direct(Vantage::External) => "the client".to_owned(),
        Caller::Direct(Vantage::Namespace(namespace)) => format!("a pod of namespace {namespace}"),
        Caller::Direct(Vantage::Pod { namespace, name }) => format!("pod {namespace}/{name}"),
    }
}
