//! What all traces of a world find alike is found once: who is for a host, which Services are open, whom a controller serves.

use crate::kinds::{KindId, ObjectRef, Record};
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::reads::{self, Read};
use crate::view::trace::served::Sorted;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Looks at a kind after which an index of it is made: a single trace is through sooner without one.
const WORTH_AN_INDEX: u32 = 24;

/// The same for addresses of Services, of which an index is made sooner: slices written by hand are asked about one by one.
const WORTH_ADDRESSES: u32 = 3;

/// Hosts, and who is for them.
type Asked<'a> = (BTreeSet<String>, Vec<&'a Arc<Record>>);

/// What is kept of a world, whose model does not change while it is borrowed.
#[derive(Debug, Default)]
pub struct Memo<'a> {
    /// By kind: its objects by the hosts that they are for.
    pub hosts: RefCell<BTreeMap<KindId, Hosts<'a>>>,
    /// The Services that can be entered from outside.
    pub open: OnceCell<Vec<&'a Arc<Record>>>,
    /// Of those the ones that may stand before a controller, and what was looked at to tell.
    pub fronts: OnceCell<(HashSet<&'a ObjectRef>, BTreeSet<Read>)>,
    /// The workloads that may be controllers.
    pub controllers: OnceCell<Vec<&'a Arc<Record>>>,
    /// The Services by their addresses in the cluster.
    pub cluster_ips: OnceCell<HashMap<IpAddr, &'a Arc<Record>>>,
    /// By kind: the hosts that were asked for last, and who is for them: each stage of a trace asks for the same.
    asked: RefCell<BTreeMap<KindId, Asked<'a>>>,
    /// By kind: how often something was looked for in all of it.
    looks: RefCell<BTreeMap<KindId, u32>>,
    /// How often a Service was looked for by its address.
    addresses: Cell<u32>,
    /// Whom the controllers serve, and what was looked at to tell.
    pub served: RefCell<Vec<(Controller, Sorted<'a>, BTreeSet<Read>)>>,
}

impl<'a> Memo<'a> {
    /// Notes one more look at a kind; whether an index of it is worth its while by now.
    pub fn is_busy(&self, kind: KindId) -> bool {
        let mut looks = self.looks.borrow_mut();
        let looks = looks.entry(kind).or_default();
        *looks = looks.saturating_add(1);
        WORTH_AN_INDEX <= *looks
    }

    /// Notes one more look for an address; whether an index of them is worth its while by now.
    pub fn is_busy_with_addresses(&self) -> bool {
        self.addresses.set(self.addresses.get().saturating_add(1));
        WORTH_ADDRESSES <= self.addresses.get()
    }

    /// Who is for these hosts, found once where the same are asked for again.
    pub fn last(
        &self,
        kind: KindId,
        hosts: &[&str],
        find: impl FnOnce() -> Vec<&'a Arc<Record>>,
    ) -> Vec<&'a Arc<Record>> {
        let hosts: BTreeSet<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        if let Some((asked, found)) = self.asked.borrow().get(&kind)
            && *asked == hosts
        {
            return found.clone();
        }
        let found = find();
        self.asked.borrow_mut().insert(kind, (hosts, found.clone()));
        found
    }

    /// Whom a controller serves.
    pub fn served(&self, controller: &Controller) -> Option<(Sorted<'a>, BTreeSet<Read>)> {
        let served = self.served.borrow();
        let (_, sorted, reads) = served.iter().find(|(other, ..)| is_same(other, controller))?;
        Some((sorted.clone(), reads.clone()))
    }
}

/// Whether two stand for the same program with the same options: by which of its ports it was reached does not matter.
fn is_same(one: &Controller, other: &Controller) -> bool {
    let map = |controller: &Controller| match &controller.settings {
        Settings::Known(map) => Some(map.as_ref().map(|map| map.key.clone())),
        Settings::Unreadable => None,
    };
    let workload = |controller: &Controller| controller.workload.as_ref().map(|record| record.key.clone());
    let is_alike = (one.flavour, &one.name, &one.namespace) == (other.flavour, &other.name, &other.namespace);
    is_alike && one.flags == other.flags && workload(one) == workload(other) && map(one) == map(other)
}

/// The objects of a kind by the hosts that they name.
#[derive(Debug, Default)]
pub struct Hosts<'a> {
    /// By plain name: where each stands in the order of the model, and itself.
    plain: HashMap<String, Vec<(usize, &'a Arc<Record>)>>,
    /// Those with wildcards, for all hosts, or with names that are written oddly.
    others: Vec<(usize, &'a Arc<Record>)>,
}

impl<'a> Hosts<'a> {
    /// Those of these records.
    pub fn of(records: impl Iterator<Item = &'a Arc<Record>>) -> Self {
        let mut hosts = Self::default();
        for (at, record) in records.enumerate() {
            match reads::plain_hosts(record) {
                Some(names) => {
                    for name in names {
                        hosts.plain.entry(name).or_default().push((at, record));
                    }
                }
                None => hosts.others.push((at, record)),
            }
        }
        hosts
    }

    /// The objects that may decide about requests for one of these hosts, in the order of the model.
    pub fn about(&self, hosts: &[&str]) -> Vec<&'a Arc<Record>> {
        let plain = hosts.iter().filter_map(|host| self.plain.get(&reads::bare(host))).flatten();
        let is_meant = |(_, record): &&(usize, &'a Arc<Record>)| hosts.iter().any(|host| reads::is_for(record, host));
        let mut found: Vec<_> = plain.chain(self.others.iter().filter(is_meant)).copied().collect();
        found.sort_unstable_by_key(|(at, _)| *at);
        found.dedup_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, record)| record).collect()
    }
}
