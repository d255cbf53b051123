//! What a trace looked at, so that a change of the cluster tells which traces it can have touched, and which watches a
//! trace lacks.

use crate::kinds::service::{ServiceFacts, ServiceType};
use crate::kinds::{CONFIG_MAP, Catalog, EVENT, KindId, ObjectRef, Record, SECRET, Served};
use crate::model::{Cluster, Scope, Select, Sync};
use crate::view::trace::facts;
use crate::view::trace::program;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// The annotation by which ingress-nginx is given more names for the hosts of an Ingress; its prefix can be chosen.
const ALIASES: &str = "/server-alias";

/// The annotation of Ingresses that take a part of what others' rules lead to a Service, whatever the host.
const CANARY: &str = "/canary";

/// The annotation by which ingress-nginx is told to leave the choice of pods to kube-proxy.
const UPSTREAM: &str = "/service-upstream";

/// One look at the model. A trace is true as long as nothing that it looked at changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// One object, also one that was not there.
    Object(ObjectRef),
    /// All objects of a kind in a namespace.
    Namespace(KindId, Arc<str>),
    /// All objects of a kind in a namespace with this label.
    Label(KindId, Arc<str>, Arc<str>, Arc<str>),
    /// All objects of a kind.
    Kind(KindId),
    /// Whether the objects of a kind are all known: no object changes that, but the end of a list does.
    Known(KindId),
    /// The objects of a kind that are for a host, whichever they are.
    Host(KindId, Arc<str>),
    /// The Services that can be entered from outside.
    Open(KindId),
    /// The objects of a kind that may be controllers: in a namespace, or in all.
    Controllers(KindId, Option<Arc<str>>),
    /// The Services of a namespace that only stand for other names.
    Bridges(KindId, Arc<str>),
    /// The Service with this address in the cluster, whichever it is.
    ClusterIp(KindId, IpAddr),
    /// The Ingresses of a namespace that say how Services are reached.
    Upstreams(KindId, Arc<str>),
}

impl Read {
    /// The kind that was looked at.
    pub fn kind(&self) -> KindId {
        match self {
            Self::Object(key) => key.kind,
            Self::Namespace(kind, _)
            | Self::Label(kind, ..)
            | Self::Kind(kind)
            | Self::Known(kind)
            | Self::Host(kind, _)
            | Self::Open(kind)
            | Self::Controllers(kind, _)
            | Self::Bridges(kind, _)
            | Self::Upstreams(kind, _)
            | Self::ClusterIp(kind, _) => *kind,
        }
    }
}

/// Whether a Service can be entered from outside at all.
pub fn is_open(service: &ServiceFacts) -> bool {
    service.kind == ServiceType::NodePort || has_place(service)
}

/// Whether a Service has, or waits for, an address of its own outside, and not only ports of nodes.
pub fn has_place(service: &ServiceFacts) -> bool {
    service.kind == ServiceType::LoadBalancer || !service.external_ips.is_empty()
}

/// Whether a Service only stands for another name.
pub fn is_bridge(service: &ServiceFacts) -> bool {
    service.kind == ServiceType::ExternalName
}

/// Whether an Ingress says how the Services are reached that it names.
pub fn says_upstream(record: &Record) -> bool {
    record.meta.annotations.iter().any(|(name, _)| name.ends_with(UPSTREAM))
}

/// The addresses of a Service in the cluster.
pub fn cluster_ips(record: &Record) -> impl Iterator<Item = IpAddr> {
    let ips = facts::service(record).map_or(&[][..], |facts| &facts.cluster_ips);
    ips.iter().filter_map(|ip| ip.parse().ok())
}

/// Whether a Service has this address in the cluster. One of version 4 is written in one way only: `text`.
pub fn has_cluster_ip(record: &Record, (ip, text): (IpAddr, &str)) -> bool {
    let ips = facts::service(record).map_or(&[][..], |facts| &facts.cluster_ips);
    ips.iter().any(|have| if ip.is_ipv4() { **have == *text } else { have.parse() == Ok(ip) })
}

/// Whether an object may decide about requests for a host: it names it, another one that stands for it, or all hosts.
pub fn is_for(record: &Record, host: &str) -> bool {
    if let Some(ingress) = facts::ingress(record) {
        let noted = |end| record.meta.annotations.iter().filter(move |(name, _)| name.ends_with(end));
        let is_for_all = ingress.default_backend.is_some()
            || ingress.rules.iter().any(|rule| rule.host.is_none())
            || noted(CANARY).next().is_some();
        let rules = ingress.rules.iter().filter_map(|rule| rule.host.as_deref());
        let names = rules.chain(ingress.tls.iter().flat_map(|tls| tls.hosts.iter().map(|host| &**host)));
        let aliases = noted(ALIASES).flat_map(|(_, names)| names.split([',', ' ']));
        return is_for_all || names.chain(aliases).any(|name| stands_for(name, host));
    }
    route_hosts(record).is_none_or(|names| names.is_empty() || names.iter().any(|name| stands_for(name, host)))
}

/// The names that a route of the Gateway API lists; none of other objects.
fn route_hosts(record: &Record) -> Option<&[Arc<str>]> {
    let http = || Some(&*facts::http_route(record)?.hostnames);
    let grpc = || Some(&*facts::grpc_route(record)?.hostnames);
    let l4 = || Some(&*facts::l4_route(record)?.hostnames);
    http().or_else(grpc).or_else(l4)
}

/// The hosts that an object is for, as [`bare`] gives them, where it names each in full; none where a wildcard or something
/// else decides.
pub fn plain_hosts(record: &Record) -> Option<BTreeSet<String>> {
    let plain = |name: &str| (is_plain(name) && !name.contains('*') && !name.is_empty()).then(|| bare(name));
    if let Some(ingress) = facts::ingress(record) {
        let is_noted = |(name, _): &(Arc<str>, Arc<str>)| name.ends_with(ALIASES) || name.ends_with(CANARY);
        if ingress.default_backend.is_some() || record.meta.annotations.iter().any(is_noted) {
            return None;
        }
        let rules = ingress.rules.iter().map(|rule| rule.host.as_deref());
        let tls = ingress.tls.iter().flat_map(|tls| tls.hosts.iter().map(|host| Some(&**host)));
        return rules.chain(tls).map(|host| plain(host?)).collect();
    }
    let names = route_hosts(record).filter(|names| !names.is_empty())?;
    names.iter().map(|name| plain(name)).collect()
}

/// A name by which hosts are compared: a controller can join `www.` and the name behind it.
pub fn bare(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_prefix("www.").map_or_else(|| name.clone(), str::to_owned)
}

/// Whether a name is written as names are; a dot at an end is not, nor is a star but at the start.
fn is_plain(name: &str) -> bool {
    let has_odd_star = name.bytes().skip(1).any(|byte| byte == b'*');
    !has_odd_star
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-*".contains(&byte))
        && !name.ends_with('.')
}

/// Whether a name of a rule may be meant for a host; with `www.` and without are one, for a controller can join them. What
/// is written oddly may be meant for any.
fn stands_for(name: &str, host: &str) -> bool {
    if !is_plain(name) {
        return true;
    }
    let without = |name: &'_ str| if name.get(..4).is_some_and(|www| www.eq_ignore_ascii_case("www.")) { 4 } else { 0 };
    match name.strip_prefix('*') {
        Some(parent) => {
            let end = host.len().checked_sub(parent.len()).and_then(|at| host.get(at..));
            parent.len() < host.len() && end.is_some_and(|end| end.eq_ignore_ascii_case(parent))
        }
        None => !name.is_empty() && name[without(name)..].eq_ignore_ascii_case(&host[without(host)..]),
    }
}

/// The watches that would answer what was looked at and that nobody has opened: single ConfigMaps and Secrets, the events
/// of a namespace, kinds that few clusters have. Never all Secrets, all ConfigMaps, or the events of a whole cluster.
pub fn wanted<'a>(reads: impl IntoIterator<Item = &'a Read>, cluster: &Cluster, catalog: &Catalog) -> Vec<Scope> {
    scopes(reads, catalog).into_iter().filter(|scope| !is_covered(scope, cluster)).collect()
}

/// The narrowest watches that answer what was looked at, of kinds that the server may have.
pub fn scopes<'a>(reads: impl IntoIterator<Item = &'a Read>, catalog: &Catalog) -> BTreeSet<Scope> {
    let is_served = |scope: &Scope| catalog.get(scope.kind).is_some_and(|kind| kind.served != Served::Absent);
    reads.into_iter().filter_map(scope).filter(is_served).collect()
}

/// Whether a change of this object can have touched what was looked at.
pub fn touches(reads: &BTreeSet<Read>, cluster: &Cluster, changed: &ObjectRef) -> bool {
    let record = cluster.get(changed).map(AsRef::as_ref);
    touched(changed, record).iter().any(|read| reads.contains(read))
        || record.is_some_and(|record| reads.iter().any(|read| is_by_host(read, record)))
}

/// The looks that a change of an object touches, as it is now where it is still there. Those for hosts are not among them:
/// [`is_by_host`] tells them.
pub fn touched(changed: &ObjectRef, record: Option<&Record>) -> Vec<Read> {
    let kind = changed.kind;
    let mut reads = vec![Read::Object(changed.clone()), Read::Kind(kind)];
    reads.extend(changed.namespace.as_ref().map(|namespace| Read::Namespace(kind, Arc::clone(namespace))));
    let Some(record) = record else { return reads };
    if let Some(namespace) = &changed.namespace {
        let label = |(key, value): &(Arc<str>, Arc<str>)| {
            Read::Label(kind, Arc::clone(namespace), Arc::clone(key), Arc::clone(value))
        };
        reads.extend(record.meta.labels.iter().map(label));
    }
    let service = facts::service(record);
    reads.extend(service.filter(|facts| is_open(facts)).map(|_| Read::Open(kind)));
    let bridge = service.filter(|facts| is_bridge(facts)).and(changed.namespace.as_ref());
    reads.extend(bridge.map(|namespace| Read::Bridges(kind, Arc::clone(namespace))));
    let upstreams = changed.namespace.as_ref().filter(|_| says_upstream(record));
    reads.extend(upstreams.map(|namespace| Read::Upstreams(kind, Arc::clone(namespace))));
    reads.extend(cluster_ips(record).map(|ip| Read::ClusterIp(kind, ip)));
    if program::may_control(record) {
        reads.extend([None, changed.namespace.clone()].map(|namespace| Read::Controllers(kind, namespace)));
    }
    reads
}

/// Whether it was looked for objects for a host that this one is for.
pub fn is_by_host(read: &Read, record: &Record) -> bool {
    matches!(read, Read::Host(kind, host) if *kind == record.key.kind && is_for(record, host))
}

fn scope(read: &Read) -> Option<Scope> {
    let is_single = |kind: KindId| kind == SECRET || kind == CONFIG_MAP;
    match read {
        Read::Object(key) => {
            let (kind, namespace) = (key.kind, key.namespace.clone());
            (!key.name.is_empty()).then(|| Scope { kind, namespace, select: Select::Name(Arc::clone(&key.name)) })
        }
        Read::Namespace(kind, namespace)
        | Read::Label(kind, namespace, ..)
        | Read::Bridges(kind, namespace)
        | Read::Upstreams(kind, namespace)
        | Read::Controllers(kind, Some(namespace)) => (!is_single(*kind)).then(|| Scope::namespace(*kind, namespace)),
        Read::Kind(kind)
        | Read::Host(kind, _)
        | Read::Open(kind)
        | Read::Controllers(kind, None)
        | Read::ClusterIp(kind, _) => (!is_single(*kind) && *kind != EVENT).then(|| Scope::all(*kind)),
        // What was looked at besides says which watch that takes.
        Read::Known(_) => None,
    }
}

/// Whether some watch answers already what this one would.
pub fn is_covered(scope: &Scope, cluster: &Cluster) -> bool {
    let is_open = |scope: &Scope| *cluster.sync(scope) != Sync::Closed;
    let in_namespace = scope.namespace.as_deref().is_some_and(|name| is_open(&Scope::namespace(scope.kind, name)));
    is_open(scope) || in_namespace || is_open(&Scope::all(scope.kind)) || is_there(scope, cluster)
}

/// An object that is there is watched by somebody already.
fn is_there(scope: &Scope, cluster: &Cluster) -> bool {
    let Select::Name(name) = &scope.select else { return false };
    let key = ObjectRef { kind: scope.kind, namespace: scope.namespace.clone(), name: Arc::clone(name) };
    cluster.get(&key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::SERVICE;
    use crate::model::Change;

    #[test]
    fn a_name_of_a_rule_stands_for_more_hosts_than_one() {
        for (name, host, wanted) in [
            ("a.example.com", "a.example.com", true),
            ("A.Example.com", "a.example.com", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "b.a.example.com", true),
            ("*.example.com", "www.example.com", true),
            ("www.example.com", "example.com", true),
            ("example.com", "www.example.com", true),
            ("a.example.com.", "b.example.com", true),
            ("b\u{fc}cher.de", "a.example.com", true),
            ("a.example.com", "b.example.com", false),
            ("example.com", "a.example.com", false),
            ("*.example.com", "example.com", false),
            ("", "a.example.com", false),
            ("", "", false),
        ] {
            assert_eq!(stands_for(name, host), wanted, "{name} {host}");
        }
    }

    #[test]
    fn what_nobody_watches_is_asked_for_one_by_one() {
        let mut cluster = Cluster::default();
        cluster.apply(Change::Sync(Scope::all(SERVICE), Sync::Live));
        let map = ObjectRef::new(CONFIG_MAP, "ingress-nginx", "controller");
        let reads = [
            Read::Object(ObjectRef::new(SERVICE, "shop", "gone")),
            Read::Object(map.clone()),
            Read::Namespace(EVENT, Arc::from("shop")),
            Read::Kind(EVENT),
            Read::Kind(SECRET),
            Read::Namespace(CONFIG_MAP, Arc::from("shop")),
        ];
        let single = Scope { kind: CONFIG_MAP, namespace: map.namespace.clone(), select: Select::Name(map.name) };
        let found = wanted(&reads, &cluster, &Catalog::builtin());
        assert_eq!(found, [Scope::namespace(EVENT, "shop"), single.clone()]);
        cluster.apply(Change::Sync(single, Sync::Forbidden));
        assert_eq!(wanted(&reads, &cluster, &Catalog::builtin()), [Scope::namespace(EVENT, "shop")]);
    }
}
