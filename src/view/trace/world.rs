//! What a trace may look at: the model, what was given beside it, and whether a silence means absence. Every look is
//! noted, so that a change of the cluster tells which traces it can have touched.

use crate::kinds::{self, Catalog, INGRESS, KindId, ObjectRef, POD, Record, SERVICE, Served, Target};
use crate::model::{Cluster, Scope, Select, Sync};
use crate::view::trace::facts;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::memo::{Hosts, Memo};
use crate::view::trace::plan::Controller;
use crate::view::trace::program::{self, WORKLOADS};
use crate::view::trace::reads::{self, Read};
use crate::view::trace::served::Sorted;
use crate::wire::Timestamp;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// Everything a trace may look at.
#[derive(Debug)]
pub struct World<'a> {
    /// The model.
    pub cluster: &'a Cluster,
    /// The kinds that there are.
    pub catalog: &'a Catalog,
    /// The present.
    pub now: Timestamp,
    /// Where the objects come from.
    pub source: Source,
    /// Answers of DNS that were given or looked up, beside the DNSEndpoint objects.
    pub answers: &'a Answers,
    /// What the real world said when it was asked.
    pub probes: &'a Probes,
    reads: RefCell<BTreeSet<Read>>,
    memo: Memo<'a>,
}

/// Where objects come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// From a cluster: what is not there is not there.
    #[default]
    Cluster,
    /// From files: what a live cluster would have is filled in.
    Files {
        /// The controller to assume where the objects do not tell.
        controller: Option<Flavour>,
    },
}

/// Answers of DNS by name, in lower case without trailing dot; `*.x` is a wildcard record.
pub type Answers = BTreeMap<String, Lookup>;

/// What DNS says of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Addresses, or the target of a CNAME.
    Found(Vec<Answer>),
    /// The name does not exist.
    NxDomain,
    /// The name exists and has no address.
    NoData,
    /// The servers failed.
    ServFail,
}

/// One record of DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An address of version 4 or 6.
    Address(IpAddr),
    /// Another name.
    Alias(String),
    /// A text record.
    Text(String),
}

/// What the real world said when it was asked; keyed by what was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// `host:port` → what a TCP connection did.
    pub tcp: BTreeMap<String, Dial>,
    /// URL → what a GET gave.
    pub http: BTreeMap<String, Answered>,
    /// `host:port` → the certificate of a handshake: subject, issuer, names.
    pub tls: BTreeMap<String, Handshake>,
}

/// What a TCP connection did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dial {
    /// It was taken.
    Open,
    /// It was refused.
    Refused,
    /// Nobody answered.
    Timeout,
}

/// What a GET gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

/// What a handshake showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// Subject of the leaf.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// Its names.
    pub names: Vec<String>,
    /// Why it failed; empty where it did not.
    pub error: String,
}

/// Whether a silence of the model means absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The model holds all there is.
    Whole,
    /// The server does not have the kind.
    Absent,
    /// The user may not read it.
    Forbidden,
    /// The list is not complete yet, or nobody watches.
    Partial,
    /// With files: one of them was given and cannot be read.
    Damaged,
}

impl<'a> World<'a> {
    /// A world over a model.
    pub fn new(cluster: &'a Cluster, catalog: &'a Catalog, now: Timestamp, given: (&'a Answers, &'a Probes)) -> Self {
        let (answers, probes) = given;
        Self {
            cluster,
            catalog,
            now,
            source: Source::Cluster,
            answers,
            probes,
            reads: RefCell::default(),
            memo: Memo::default(),
        }
    }

    /// The same world, from another source.
    pub fn from(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// Whether the objects come from files.
    pub fn is_files(&self) -> bool {
        matches!(self.source, Source::Files { .. })
    }

    /// What was looked at so far; begins anew.
    pub fn take_reads(&self) -> BTreeSet<Read> {
        self.reads.take()
    }

    /// One object.
    pub fn get(&self, key: &ObjectRef) -> Option<&'a Arc<Record>> {
        self.note(Read::Object(key.clone()));
        self.cluster.get(key)
    }

    /// One object of a namespace.
    pub fn named(&self, kind: KindId, namespace: &str, name: &str) -> Option<&'a Arc<Record>> {
        self.get(&ObjectRef::new(kind, namespace, name))
    }

    /// All objects of a kind. Prefer a narrower look: every change of the kind traces anew.
    pub fn of(&self, kind: KindId) -> impl Iterator<Item = &'a Arc<Record>> + use<'a> {
        self.note(Read::Kind(kind));
        self.cluster.of(kind)
    }

    /// The objects of a kind that may decide about requests for one of these hosts, by namespace and name.
    pub fn for_hosts(&self, kind: KindId, hosts: &[&str]) -> Vec<&'a Arc<Record>> {
        for host in hosts {
            self.note(Read::Host(kind, Arc::from(*host)));
        }
        let found = self.about(kind, hosts);
        for record in &found {
            // One that is for the host no more, or goes away, is not found by it any more.
            self.note(Read::Object(record.key.clone()));
        }
        found
    }

    /// The same for further names of objects that were noted: what comes for those is no news to the request.
    pub fn about(&self, kind: KindId, hosts: &[&str]) -> Vec<&'a Arc<Record>> {
        if !self.memo.is_busy(kind) {
            let is_meant = |record: &&Arc<Record>| hosts.iter().any(|host| reads::is_for(record, host));
            return self.memo.last(kind, hosts, || self.cluster.of(kind).filter(is_meant).collect());
        }
        let mut known = self.memo.hosts.borrow_mut();
        let known = known.entry(kind).or_insert_with(|| Hosts::of(self.cluster.of(kind)));
        known.about(hosts)
    }

    /// Whom a controller serves, found once for all traces.
    pub fn served(&self, controller: &Controller, find: impl FnOnce() -> Sorted<'a>) -> Sorted<'a> {
        if let Some((sorted, reads)) = self.memo.served(controller) {
            self.reads.borrow_mut().extend(reads);
            return sorted;
        }
        let (sorted, own) = self.noted(find);
        self.reads.borrow_mut().extend(own.iter().cloned());
        self.memo.served.borrow_mut().push((controller.clone(), sorted.clone(), own));
        sorted
    }

    /// What a search finds, and what it looked at, which is not noted yet.
    fn noted<T>(&self, find: impl FnOnce() -> T) -> (T, BTreeSet<Read>) {
        let before = self.reads.take();
        let found = find();
        (found, self.reads.replace(before))
    }

    /// What is the same for many traces, found by the first; each of them notes what was looked at.
    pub fn once<'c, T>(&self, cell: &'c OnceCell<(T, BTreeSet<Read>)>, find: impl FnOnce() -> T) -> &'c T {
        let (found, looked) = cell.get_or_init(|| self.noted(find));
        self.reads.borrow_mut().extend(looked.iter().cloned());
        found
    }

    /// Notes that every object of a kind counts, without a look at any.
    pub fn depends_on(&self, kind: KindId) {
        self.note(Read::Kind(kind));
    }

    /// The Services that may be ways into the cluster, by namespace and name, each with whether it may stand before a
    /// controller: those with an address of their own, and of those that have only ports of nodes the ones with this port,
    /// or before a controller.
    pub fn ways_in(&self, port: u16, may_front: impl Fn(&Arc<Record>) -> bool) -> Vec<(&'a Arc<Record>, bool)> {
        self.note(Read::Open(SERVICE));
        let is_open = |record: &&Arc<Record>| facts::service(record).is_some_and(reads::is_open);
        let open = self.memo.open.get_or_init(|| self.cluster.of(SERVICE).filter(is_open).collect());
        let fronts = self.once(&self.memo.fronts, || {
            open.iter().filter(|record| may_front(record)).map(|record| &record.key).collect()
        });
        let is_way = |record: &Record| {
            let facts = facts::service(record);
            let listens = || facts.is_some_and(|facts| facts.ports.iter().any(|own| own.node_port == i32::from(port)));
            facts.is_some_and(reads::has_place) || listens()
        };
        let known = open.iter().map(|record| (*record, fronts.contains(&record.key)));
        let found: Vec<_> = known.filter(|(record, fronts)| *fronts || is_way(record)).collect();
        for (record, _) in &found {
            // One that is open no more, or goes away, is not found by it any more.
            self.note(Read::Object(record.key.clone()));
        }
        found
    }

    /// The workloads that may be controllers, in a namespace or in all: by kind, namespace and name.
    pub fn controllers(&self, namespace: Option<&Arc<str>>) -> Vec<&'a Arc<Record>> {
        for kind in WORKLOADS {
            self.note(Read::Controllers(kind, namespace.cloned()));
        }
        let all = || WORKLOADS.into_iter().flat_map(|kind| self.cluster.of(kind));
        let all =
            self.memo.controllers.get_or_init(|| all().filter(|workload| program::may_control(workload)).collect());
        let is_there =
            |workload: &&&'a Arc<Record>| namespace.is_none() || workload.key.namespace.as_ref() == namespace;
        let found: Vec<_> = all.iter().filter(is_there).copied().collect();
        for record in &found {
            self.note(Read::Object(record.key.clone()));
        }
        found
    }

    /// The pods of a namespace with all of these labels, where a controller is among them; else none.
    pub fn controller_pods(&self, namespace: &str, labels: &[(Arc<str>, Arc<str>)]) -> Vec<&'a Arc<Record>> {
        self.note(Read::Controllers(POD, Some(Arc::from(namespace))));
        if self.selected(POD, namespace, labels).into_iter().any(|pod| program::may_control(pod)) {
            return self.labelled(POD, namespace, labels);
        }
        Vec::new()
    }

    /// The Services of a namespace that only stand for other names, by name.
    pub fn bridges(&self, namespace: &str) -> Vec<&'a Arc<Record>> {
        self.note(Read::Bridges(SERVICE, Arc::from(namespace)));
        let is_bridge = |record: &&Arc<Record>| facts::service(record).is_some_and(reads::is_bridge);
        let found = self.cluster.in_namespace(SERVICE, namespace).filter(is_bridge);
        let found: Vec<_> = found.filter_map(|record| self.cluster.get(&record.key)).collect();
        for record in &found {
            // One that becomes another kind of Service, or goes away, is not found by it any more.
            self.note(Read::Object(record.key.clone()));
        }
        found
    }

    /// The Service with this address in the cluster.
    pub fn by_cluster_ip(&self, ip: IpAddr) -> Option<&'a Arc<Record>> {
        self.note(Read::ClusterIp(SERVICE, ip));
        let found = if self.memo.is_busy_with_addresses() {
            let known = self.memo.cluster_ips.get_or_init(|| {
                let mut known = HashMap::new();
                for service in self.cluster.of(SERVICE) {
                    // Of several the first has it, with an index as without.
                    for ip in reads::cluster_ips(service) {
                        known.entry(ip).or_insert(service);
                    }
                }
                known
            });
            *known.get(&ip)?
        } else {
            let text = ip.to_string();
            self.cluster.of(SERVICE).find(|service| reads::has_cluster_ip(service, (ip, &text)))?
        };
        self.note(Read::Object(found.key.clone()));
        Some(found)
    }

    /// All objects of a kind in a namespace.
    pub fn in_namespace(&self, kind: KindId, namespace: &str) -> Vec<&'a Arc<Record>> {
        self.note(Read::Namespace(kind, Arc::from(namespace)));
        // The borrow of the name ends here, that of the model does not.
        self.cluster.in_namespace(kind, namespace).filter_map(|record| self.cluster.get(&record.key)).collect()
    }

    /// The objects of a kind in a namespace that carry all of these labels, by name; all of them for no label.
    pub fn labelled(&self, kind: KindId, namespace: &str, labels: &[(Arc<str>, Arc<str>)]) -> Vec<&'a Arc<Record>> {
        let Some((key, value)) = labels.first() else { return self.in_namespace(kind, namespace) };
        self.note(Read::Label(kind, Arc::from(namespace), key.clone(), value.clone()));
        let found = self.selected(kind, namespace, labels);
        for record in &found {
            // One that loses the label or goes away is not found by it any more.
            self.note(Read::Object(record.key.clone()));
        }
        found
    }

    /// The same without a note.
    fn selected(&self, kind: KindId, namespace: &str, labels: &[(Arc<str>, Arc<str>)]) -> Vec<&'a Arc<Record>> {
        let selector = kinds::Selector { equals: labels.into(), requirements: Box::default() };
        let target = Target::Selector { kind, namespace: Some(Arc::from(namespace)), selector: Box::new(selector) };
        let found = self.cluster.targets(&target);
        found.into_iter().filter_map(|record| self.cluster.get(&record.key)).collect()
    }

    /// The objects of a kind that hold a link to this one (a Service's Ingresses, an Ingress's Certificates), by namespace
    /// and name.
    pub fn sources(&self, record: &Record, kind: KindId) -> Vec<&'a Arc<Record>> {
        self.note(Read::Kind(kind));
        let found = self.cluster.sources(record).into_iter().filter(|source| source.key.kind == kind);
        self.in_order(found.map(|source| source.key.clone()).collect())
    }

    /// The Ingresses that name a Service, where one of them says how it is reached; none where nobody does.
    pub fn upstreams(&self, service: &Record) -> Vec<&'a Arc<Record>> {
        let namespace = service.key.namespace.clone().unwrap_or_else(|| Arc::from(""));
        let sources = self.cluster.sources(service).into_iter();
        let naming: Vec<&Arc<Record>> = sources.filter(|source| source.key.kind == INGRESS).collect();
        if !naming.iter().any(|ingress| reads::says_upstream(ingress)) {
            self.note(Read::Upstreams(INGRESS, namespace));
            return Vec::new();
        }
        self.note(Read::Namespace(INGRESS, namespace));
        self.in_order(naming.into_iter().map(|ingress| ingress.key.clone()).collect())
    }

    /// The managed objects of an owner, by name. They are looked for in its namespace, so that one that comes is noticed too.
    pub fn children(&self, owner: &Record, kind: KindId) -> Vec<&'a Arc<Record>> {
        self.note(match &owner.key.namespace {
            Some(namespace) => Read::Namespace(kind, Arc::clone(namespace)),
            None => Read::Kind(kind),
        });
        if owner.meta.uid.is_empty() {
            return Vec::new();
        }
        let found = self.cluster.children(&owner.meta.uid).filter(|child| child.key.kind == kind);
        self.in_order(found.map(|child| child.key.clone()).collect())
    }

    /// Records by their keys: in which order they came to the model must not show.
    fn in_order(&self, mut keys: Vec<ObjectRef>) -> Vec<&'a Arc<Record>> {
        keys.sort_unstable();
        keys.iter().filter_map(|key| self.cluster.get(key)).collect()
    }

    /// Whether not finding an object of the kind there means that it does not exist.
    pub fn known(&self, kind: KindId, namespace: Option<&str>) -> Known {
        if self.is_files() {
            return self.given(kind, namespace);
        }
        self.note(Read::Known(kind));
        if self.catalog.get(kind).is_none_or(|kind| kind.served == Served::Absent) {
            return Known::Absent;
        }
        let scope = |namespace: Option<&str>| Scope { kind, namespace: namespace.map(Arc::from), select: Select::All };
        let whole = self.cluster.sync(&scope(None));
        let here = namespace.map(|namespace| self.cluster.sync(&scope(Some(namespace))));
        match (whole, here) {
            (Sync::Live | Sync::Stale { .. }, _) | (_, Some(Sync::Live | Sync::Stale { .. })) => Known::Whole,
            (Sync::Absent, _) => Known::Absent,
            (Sync::Forbidden, None | Some(Sync::Forbidden | Sync::Closed)) => Known::Forbidden,
            _ => Known::Partial,
        }
    }

    /// What was given is all there is, as far as it could be read.
    fn given(&self, kind: KindId, namespace: Option<&str>) -> Known {
        let is_there = |scope: &Scope| {
            scope.kind == kind
                && (scope.namespace.is_none() || namespace.is_none_or(|n| scope.namespace.as_deref() == Some(n)))
        };
        let is_damaged = |(scope, sync): (&Scope, &Sync)| matches!(sync, Sync::Stale { .. }) && is_there(scope);
        if self.cluster.syncs().any(is_damaged) { Known::Damaged } else { Known::Whole }
    }

    /// With files: whether any object of the kind was given. On a cluster: true.
    pub fn is_given(&self, kind: KindId) -> bool {
        !self.is_files() || self.cluster.count(kind) > 0
    }

    /// Whether an object surely does not exist. Those of a kind that nobody lists are looked at singly.
    pub fn is_gone(&self, key: &ObjectRef) -> bool {
        if self.get(key).is_some() {
            return false;
        }
        if self.is_files() {
            return self.is_given(key.kind);
        }
        let single = Scope { kind: key.kind, namespace: key.namespace.clone(), select: Select::Name(key.name.clone()) };
        self.known(key.kind, key.namespace.as_deref()) == Known::Whole
            || matches!(self.cluster.sync(&single), Sync::Live | Sync::Stale { .. })
    }

    /// How an object is called: `Service shop/web`.
    pub fn title(&self, key: &ObjectRef) -> String {
        crate::view::title(self.catalog, key)
    }

    fn note(&self, read: Read) {
        self.reads.borrow_mut().insert(read);
    }
}

impl Known {
    /// What is missing, in words; none where nothing is.
    pub fn missing(self, plural: &str) -> Option<String> {
        match self {
            Self::Whole | Self::Absent => None,
            Self::Forbidden => Some(format!("you may not list {plural}")),
            Self::Partial => Some(format!("{plural} are not listed yet")),
            Self::Damaged => Some(format!("not all of the {plural} that were given can be read")),
        }
    }
}

#[cfg(test)]
mod tests;
