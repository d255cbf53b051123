//! The verdict of every route, kept by what its trace looked at: a change of the cluster traces anew only what it can have
//! touched, one route at a time, so that the caller can stop whenever its turn is over.
//!
//! Invariant: once nothing is due, the index equals a fresh check of all routes at the same moment.

use super::{KINDS, Route, of, traefik};
use crate::kinds::{
    GATEWAY, GRPC_ROUTE, HTTP_ROUTE, INGRESS_ROUTE, KindId, LISTENER_SET, MIDDLEWARE, Meta, ObjectRef, POD, Record,
    SERVICE, TCP_ROUTE, TLS_ROUTE, TRAEFIK_SERVICE, UDP_ROUTE, X_LISTENER_SET,
};
use crate::model::Cluster;
use crate::view::trace::fault::Finding;
use crate::view::trace::follow::follow;
use crate::view::trace::hop::HopKind;
use crate::view::trace::outcome::{Outcome, Trace, Verdict};
use crate::view::trace::reads::{self, Read};
use crate::view::trace::verdict;
use crate::view::trace::world::World;
use crate::wire::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Kinds whose routes stand on the listeners of others.
const ON_LISTENERS: [KindId; 5] = [HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE, TCP_ROUTE, UDP_ROUTE];

/// The kinds that have listeners.
const LISTENERS: [KindId; 3] = [GATEWAY, LISTENER_SET, X_LISTENER_SET];

/// The kinds on which the routes of IngressRoutes depend.
const BESIDE_ROUTES: [KindId; 3] = [INGRESS_ROUTE, MIDDLEWARE, TRAEFIK_SERVICE];

/// Which routes looked at what.
type Looks = HashMap<Read, BTreeSet<usize>>;

/// Every route with its verdict.
#[derive(Debug, Default)]
pub struct Index {
    entries: Vec<Option<Entry>>,
    free: Vec<usize>,
    by_owner: BTreeMap<ObjectRef, Vec<usize>>,
    by_read: Looks,
    /// The looks for hosts apart, by kind and name as [`reads::bare`] gives it: thousands of Ingresses can change at once.
    by_host: HashMap<(KindId, String), Looks>,
    due: BTreeSet<usize>,
    /// The objects that changed, as they were then: most changes of a node are none but that of its version. Not the pods,
    /// of which there are too many to be kept twice: they change when something happens to them.
    seen: HashMap<ObjectRef, Arc<Record>>,
}

/// One route, and what is known of it.
#[derive(Debug)]
pub struct Entry {
    /// The route.
    pub route: Route,
    /// What its trace said; none before it was followed.
    pub told: Option<Told>,
    reads: BTreeSet<Read>,
}

/// What is kept of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Its verdict.
    pub verdict: Verdict,
    /// The fault that explains it.
    pub headline: Option<Finding>,
    /// What cannot be told, where no fault explains it.
    pub untold: Option<String>,
    /// The Services on its way, also where the way is broken there.
    pub through: Vec<ObjectRef>,
    /// When the certificate that is shown ends.
    pub certificate: Option<Timestamp>,
    /// The Services that take the request in the end: namespace and name.
    pub backends: Vec<(Arc<str>, Arc<str>)>,
    /// The part of the requests that each of them takes, in the same order.
    pub shares: Vec<f64>,
    /// The objects whose rules decide, in order.
    pub deciding: Vec<ObjectRef>,
}

impl Told {
    /// Why the verdict is not ok, with the code of the fault where it is one.
    pub fn why(&self) -> Option<String> {
        let fault = self.headline.as_ref().map(|finding| format!("{}: {}", finding.code(), finding.message()));
        fault.or_else(|| self.untold.clone())
    }
}

impl Entry {
    /// The object that takes the requests away from the route's owner; none where none does.
    pub fn taken_by(&self) -> Option<&ObjectRef> {
        let deciding = &self.told.as_ref()?.deciding;
        if deciding.contains(&self.route.owner) { None } else { deciding.first() }
    }
}

impl Index {
    /// An index of all routes of a cluster, all of them due.
    pub fn of(cluster: &Cluster) -> Self {
        let mut index = Self::default();
        for kind in KINDS {
            let owners: Vec<ObjectRef> = cluster.of(kind).map(|record| record.key.clone()).collect();
            for owner in owners {
                index.list(cluster, &owner);
            }
        }
        index
    }

    /// Takes in which objects changed: routes are listed anew where their owners did, and traces that can have been touched
    /// become due. The cluster already is as it is now.
    pub fn touch(&mut self, cluster: &Cluster, changed: &[ObjectRef]) {
        let mut listeners_changed = false;
        for key in changed {
            if !self.is_news(cluster, key) {
                continue;
            }
            listeners_changed |= LISTENERS.contains(&key.kind);
            if KINDS.contains(&key.kind) {
                self.list(cluster, key);
            }
            if BESIDE_ROUTES.contains(&key.kind) {
                self.list_beside(cluster, key.kind);
            }
            let looked = self.looked_at(cluster, key);
            self.due.extend(looked);
        }
        if listeners_changed {
            self.list_on_listeners(cluster);
        }
    }

    /// Takes in that it changed whether a kind may be read, or whether its list is whole: every trace that looked at the
    /// kind is due.
    pub fn reread(&mut self, cluster: &Cluster, kind: KindId) {
        let reads = self.by_read.iter().chain(self.by_host.values().flatten()).filter(|(read, _)| read.kind() == kind);
        let touched: Vec<usize> = reads.flat_map(|(_, entries)| entries).copied().collect();
        self.due.extend(touched);
        if KINDS.contains(&kind) {
            let gone = self.by_owner.keys().filter(|owner| owner.kind == kind).cloned();
            let owners: BTreeSet<ObjectRef> = cluster.of(kind).map(|record| record.key.clone()).chain(gone).collect();
            for owner in owners {
                self.list(cluster, &owner);
            }
        }
        if LISTENERS.contains(&kind) {
            self.list_on_listeners(cluster);
        }
    }

    /// Makes every trace due: time has passed that certificates and ages depend on.
    pub fn age(&mut self) {
        self.due.extend(self.entries.iter().enumerate().filter(|(_, entry)| entry.is_some()).map(|(id, _)| id));
    }

    /// Follows what is due, at least one route, and more as long as `may_go_on` says so. Returns whether something is left.
    pub fn work(&mut self, world: &World, mut may_go_on: impl FnMut() -> bool) -> bool {
        while let Some(id) = self.due.pop_first() {
            let Some(request) = self.entry(id).map(|entry| entry.route.request.clone()) else { continue };
            let trace = follow(world, &request);
            self.keep(id, &trace);
            if !may_go_on() {
                break;
            }
        }
        !self.due.is_empty()
    }

    /// How many routes wait to be followed.
    pub fn due(&self) -> usize {
        self.due.len()
    }

    /// Every route, by its owner and in its owner's order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.numbered().map(|(_, entry)| entry)
    }

    /// The same, each with its number, which it keeps as long as it is the same route.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Entry)> {
        self.by_owner.values().flatten().filter_map(|id| Some((*id, self.entry(*id)?)))
    }

    /// The routes that one object names.
    pub fn owned(&self, owner: &ObjectRef) -> impl Iterator<Item = &Entry> {
        self.by_owner.get(owner).into_iter().flatten().filter_map(|id| self.entry(*id))
    }

    /// The routes that one object stands for: those that it names, else those to which it leads requests on.
    pub fn meant<'s>(&'s self, object: &'s ObjectRef) -> impl Iterator<Item = &'s Entry> {
        let leads_on = !self.by_owner.contains_key(object) && object.kind == INGRESS_ROUTE;
        let below = self.entries().filter(move |entry| leads_on && entry.route.above.contains(object));
        self.owned(object).chain(below)
    }

    /// The worst verdict of the routes that one object stands for; none where it has none, or none was followed.
    pub fn verdict(&self, object: &ObjectRef) -> Option<Verdict> {
        self.meant(object).filter_map(|entry| Some(entry.told.as_ref()?.verdict)).min()
    }

    /// Everything that the traces looked at.
    pub fn reads(&self) -> impl Iterator<Item = &Read> {
        self.by_read.keys().chain(self.by_host.values().flat_map(HashMap::keys))
    }

    fn entry(&self, id: usize) -> Option<&Entry> {
        self.entries.get(id)?.as_ref()
    }

    /// Whether an object differs from what it was when it changed last, but for its version.
    fn is_news(&mut self, cluster: &Cluster, key: &ObjectRef) -> bool {
        if key.kind == POD {
            return true;
        }
        let Some(record) = cluster.get(key) else {
            self.seen.remove(key);
            return true;
        };
        let Some(old) = self.seen.insert(key.clone(), Arc::clone(record)) else { return true };
        let resource_version = record.meta.resource_version.clone();
        old.digest != record.digest || Meta { resource_version, ..old.meta.clone() } != record.meta
    }

    /// The numbers of the routes whose traces looked at an object as it is in this cluster, or is not.
    pub fn looked_at(&self, cluster: &Cluster, key: &ObjectRef) -> BTreeSet<usize> {
        let record = cluster.get(key).map(AsRef::as_ref);
        let reads = reads::touched(key, record);
        let mut found: BTreeSet<usize> =
            reads.iter().filter_map(|read| self.by_read.get(read)).flatten().copied().collect();
        if let Some(record) = record.filter(|_| KINDS.contains(&key.kind)) {
            found.extend(self.looked_by_host(record));
        }
        found
    }

    /// Those that looked for objects for a host that this one is for.
    fn looked_by_host(&self, record: &Record) -> impl Iterator<Item = usize> {
        let kind = record.key.kind;
        let looks: Vec<&Looks> = match reads::plain_hosts(record) {
            Some(names) => names.into_iter().filter_map(|name| self.by_host.get(&(kind, name))).collect(),
            None => self.by_host.values().collect(),
        };
        let touched = looks.into_iter().flatten().filter(|(read, _)| reads::is_by_host(read, record));
        touched.flat_map(|(_, entries)| entries).copied()
    }

    /// Lists the routes of every object that stands on listeners.
    fn list_on_listeners(&mut self, cluster: &Cluster) {
        let owners: Vec<ObjectRef> =
            self.by_owner.keys().filter(|owner| ON_LISTENERS.contains(&owner.kind)).cloned().collect();
        for owner in owners {
            self.list(cluster, &owner);
        }
    }

    /// Lists the routes of the IngressRoutes that may depend on an object of this kind.
    fn list_beside(&mut self, cluster: &Cluster, kind: KindId) {
        let depend = cluster.of(INGRESS_ROUTE).filter(|record| traefik::depends(record, kind));
        let owners: Vec<ObjectRef> = depend.map(|record| record.key.clone()).collect();
        for owner in owners {
            self.list(cluster, &owner);
        }
    }

    /// Lists the routes of one object; those that are as before keep their verdicts.
    fn list(&mut self, cluster: &Cluster, owner: &ObjectRef) {
        let routes = cluster.get(owner).map(|record| of(cluster, record)).unwrap_or_default();
        let old = self.by_owner.remove(owner).unwrap_or_default();
        let same = routes.len() == old.len()
            && old.iter().zip(&routes).all(|(id, route)| self.entry(*id).is_some_and(|entry| entry.route == *route));
        if same {
            if !old.is_empty() {
                self.by_owner.insert(owner.clone(), old);
            }
            return;
        }
        for id in old {
            self.remove(id);
        }
        let ids: Vec<usize> = routes.into_iter().map(|route| self.insert(route)).collect();
        if !ids.is_empty() {
            self.by_owner.insert(owner.clone(), ids);
        }
    }

    fn insert(&mut self, route: Route) -> usize {
        let id = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        self.entries[id] = Some(Entry { route, told: None, reads: BTreeSet::new() });
        self.due.insert(id);
        id
    }

    fn remove(&mut self, id: usize) {
        let Some(entry) = self.entries.get_mut(id).and_then(Option::take) else { return };
        self.forget(id, &entry.reads);
        self.due.remove(&id);
        self.free.push(id);
    }

    fn forget(&mut self, id: usize, reads: &BTreeSet<Read>) {
        for read in reads {
            let looks = self.looks(read);
            if let Some(touched) = looks.get_mut(read) {
                touched.remove(&id);
                if touched.is_empty() {
                    looks.remove(read);
                }
            }
            let is_over = looks.is_empty();
            if let (true, Some(place)) = (is_over, place(read)) {
                self.by_host.remove(&place);
            }
        }
    }

    /// Where a look is kept.
    fn looks(&mut self, read: &Read) -> &mut HashMap<Read, BTreeSet<usize>> {
        match place(read) {
            Some(place) => self.by_host.entry(place).or_default(),
            None => &mut self.by_read,
        }
    }

    fn keep(&mut self, id: usize, trace: &Trace) {
        let reads: BTreeSet<Read> = trace.chain().flat_map(|link| &link.reads).cloned().collect();
        let Some(entry) = self.entries.get_mut(id).and_then(Option::as_mut) else { return };
        entry.told = Some(told(trace));
        if entry.reads == reads {
            return;
        }
        let old = std::mem::replace(&mut entry.reads, reads.clone());
        self.forget(id, &old);
        for read in reads {
            self.looks(&read).entry(read).or_default().insert(id);
        }
    }
}

/// Under which kind and name a look for a host is kept; none for other looks.
fn place(read: &Read) -> Option<(KindId, String)> {
    let Read::Host(kind, host) = read else { return None };
    Some((*kind, reads::bare(host)))
}

/// What is kept of a trace.
pub fn told(trace: &Trace) -> Told {
    let ends = trace.chain().filter_map(|link| match &link.outcome {
        Outcome::Forward(backends) => Some(backends),
        _ => None,
    });
    let parts = ends.flatten().map(|backend| ((backend.namespace.clone(), backend.service.clone()), backend.share));
    let (backends, shares) = parts.unzip();
    let hops = trace.chain().flat_map(|link| &link.hops);
    let through = hops.filter_map(|hop| hop.object.clone()).filter(|object| object.kind == SERVICE).collect();
    let certificate = trace.chain().filter_map(|link| link.tls.as_ref()?.not_after).last();
    let rule = |link: &Trace| {
        let mut rules = link.hops.iter().rev().filter(|hop| hop.kind == HopKind::Rule);
        rules.find_map(|hop| hop.object.clone())
    };
    let deciding = trace.chain().filter_map(rule).collect();
    let headline = verdict::headline(trace).cloned();
    let untold = verdict::untold(trace);
    Told { verdict: trace.verdict, headline, untold, through, certificate, backends, shares, deciding }
}

#[cfg(test)]
mod tests;
