//! What is kept of an object besides its metadata: health with its reason in words, cells, links, and the facts that views read.

use crate::kinds::{Cell, Facts, KindId};
use std::sync::Arc;

/// All we keep of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Digest {
    /// `None` where health has no meaning (a ConfigMap).
    pub health: Option<Health>,
    /// Why, in words: `OOMKilled: container app used more than 128Mi, exit 137`; none when all is well.
    pub reason: Option<Arc<str>>,
    /// Values of the columns whose source is `Source::Cell`.
    pub cells: Box<[Cell]>,
    /// What it points at.
    pub links: Arc<[Link]>,
    /// What views read of this kind.
    pub facts: Facts,
}

/// How an object is, worst first. A completed Job is `Ready` with the reason `Completed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// Broken now.
    Failed,
    /// Works, but wants a look.
    Warn,
    /// On its way.
    Progressing,
    /// Cannot be told.
    Unknown,
    /// As wanted.
    Ready,
}

/// A pointer from one object to others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// What it means.
    pub relation: Relation,
    /// Where it points.
    pub target: Target,
}

/// What a link means, read from the object that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Pod → Node.
    RunsOn,
    /// Service, workload, policy → pods.
    Selects,
    /// Pod → ConfigMap, Secret, claim (also by environment).
    Mounts,
    /// Ingress, route, EndpointSlice → Service, pod.
    RoutesTo,
    /// Autoscaler → workload.
    Scales,
    /// Claim ↔ volume.
    Binds,
    /// Certificate → Issuer.
    IssuedBy,
    /// Certificate, Ingress, Gateway → the Secret that holds the key pair.
    Uses,
    /// Ingress → IngressClass, Gateway → GatewayClass, route → Gateway.
    AttachedTo,
    /// Event → the object it speaks of.
    Regards,
}

/// Where a link points.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One object, by name.
    Named {
        /// Its kind.
        kind: KindId,
        /// Its namespace; none for cluster-scoped kinds.
        namespace: Option<Arc<str>>,
        /// Its name.
        name: Arc<str>,
    },
    /// All objects of a kind whose labels match.
    Selector {
        /// Their kind.
        kind: KindId,
        /// Their namespace; none for all.
        namespace: Option<Arc<str>>,
        /// What their labels must say; boxed, because most links name one object and there are many of them.
        selector: Box<Selector>,
    },
}

/// A label selector; an empty one matches everything (a Service without selector has no link at all).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selector {
    /// Equalities, sorted by key.
    pub equals: Box<[(Arc<str>, Arc<str>)]>,
    /// Everything else, in the order given.
    pub requirements: Box<[Requirement]>,
}

/// One expression of a selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// The label exists and has one of the values.
    In(Arc<str>, Box<[Arc<str>]>),
    /// The label is absent or has none of the values.
    NotIn(Arc<str>, Box<[Arc<str>]>),
    /// The label exists.
    Exists(Arc<str>),
    /// The label is absent.
    DoesNotExist(Arc<str>),
    /// An operator that nobody knows: matches nothing.
    Never,
}

impl Selector {
    /// Whether labels, sorted by key, satisfy every part.
    pub fn matches(&self, labels: &[(Arc<str>, Arc<str>)]) -> bool {
        let value = |key: &str| labels.binary_search_by(|(k, _)| k.as_ref().cmp(key)).ok().map(|i| &labels[i].1);
        self.equals.iter().all(|(key, want)| value(key) == Some(want))
            && self.requirements.iter().all(|requirement| match requirement {
                Requirement::In(key, values) => value(key).is_some_and(|v| values.contains(v)),
                Requirement::NotIn(key, values) => value(key).is_none_or(|v| !values.contains(v)),
                Requirement::Exists(key) => value(key).is_some(),
                Requirement::DoesNotExist(key) => value(key).is_none(),
                Requirement::Never => false,
            })
    }

    /// Whether it has no part at all.
    pub fn is_empty(&self) -> bool {
        self.equals.is_empty() && self.requirements.is_empty()
    }
}
