//! Which Ingresses share a load balancer of a cloud, found once for all traces: among thousands of them a request meets the
//! few with a rule for its host.

use crate::kinds::ingress::facts::Backend;
use crate::kinds::{ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::Finding;
use crate::view::trace::reads::Read;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A port on which a load balancer listens, and whether it speaks HTTPS there.
pub type Port = (u16, bool);

/// The load balancers that one controller makes.
#[derive(Debug, Default)]
pub struct Groups<'a> {
    /// Each with its Ingresses; the one of the oldest Ingress first.
    pub list: Vec<Group<'a>>,
    /// By host, in lower case: which members of which groups have a rule for it.
    plain: HashMap<String, Vec<(usize, usize)>>,
    /// Those with rules for other hosts than those that they name in full.
    others: Vec<(usize, usize)>,
    /// By Ingress: its group.
    owners: HashMap<&'a ObjectRef, usize>,
}

/// One load balancer.
#[derive(Debug, Default)]
pub struct Group<'a> {
    /// The name that its Ingresses share; none for an Ingress that has one for itself.
    pub name: Option<Arc<str>>,
    /// Its Ingresses, in its order.
    pub members: Vec<Member<'a>>,
    /// The ports on which it listens, each with whether it speaks HTTPS; none where they are not known.
    pub ports: Option<Vec<Port>>,
    /// Who has plain requests sent to https, and to which port of it.
    pub redirect: Option<(&'a Arc<Record>, u16)>,
    /// Why its controller changes nothing of it, once somebody has asked, and what was looked at to tell.
    pub refused: OnceCell<(Option<Finding>, BTreeSet<Read>)>,
}

/// One Ingress of a load balancer.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// The Ingress.
    pub ingress: &'a Arc<Record>,
    /// The ports on which its rules are; none where they are not known.
    pub ports: Option<Vec<Port>>,
    /// The port to which it has plain requests sent, as it is written.
    pub redirect: Option<&'a str>,
}

impl<'a> Groups<'a> {
    /// These groups, by the hosts that their Ingresses name in full; none of one for which something else decides, too.
    pub fn of(list: Vec<Group<'a>>, hosts: impl Fn(&'a Record) -> Option<Vec<String>>) -> Self {
        let mut groups = Self::default();
        for (at, group) in list.iter().enumerate() {
            for (place, member) in group.members.iter().enumerate() {
                groups.owners.insert(&member.ingress.key, at);
                match hosts(member.ingress) {
                    Some(names) => {
                        for name in names {
                            groups.plain.entry(name).or_default().push((at, place));
                        }
                    }
                    None => groups.others.push((at, place)),
                }
            }
        }
        Self { list, ..groups }
    }

    /// The group of an Ingress.
    pub fn with(&self, ingress: &ObjectRef) -> Option<usize> {
        self.owners.get(ingress).copied()
    }

    /// The members that may have a rule for a host, by group, in the order of each.
    pub fn about(&self, host: &str) -> BTreeMap<usize, Vec<&Member<'a>>> {
        let named = self.plain.get(&host.to_lowercase()).into_iter().flatten();
        let mut all: Vec<(usize, usize)> = named.chain(&self.others).copied().collect();
        all.sort_unstable();
        all.dedup();
        let mut found: BTreeMap<usize, Vec<&Member>> = BTreeMap::new();
        for (at, place) in all {
            found.entry(at).or_default().push(&self.list[at].members[place]);
        }
        found
    }
}

impl<'a> Group<'a> {
    /// Who take what no rule takes on a port, in its order.
    pub fn defaults(&self, port: u16) -> impl Iterator<Item = (&'a Arc<Record>, &'a Backend)> {
        let here = self.members.iter().filter(move |member| member.listens(port));
        here.filter_map(|member| Some((member.ingress, facts::ingress(member.ingress)?.default_backend.as_ref()?)))
    }

    /// Its Ingresses.
    pub fn ingresses(&self) -> Vec<&'a Arc<Record>> {
        self.members.iter().map(|member| member.ingress).collect()
    }
}

impl Member<'_> {
    /// Whether it may have rules on a port.
    pub fn listens(&self, port: u16) -> bool {
        self.ports.as_ref().is_none_or(|ports| ports.iter().any(|(own, _)| *own == port))
    }
}
