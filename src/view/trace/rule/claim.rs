//! Canaries hang on the Service and port that a rule leads to, not on the rule: every rule that leads there has them.
//!
//! Facts: `createUpstreams`, `mergeAlternativeBackends` and `canMergeBackend` of ingress-nginx's controller.go.

use crate::kinds::Record;
use crate::kinds::ingress::facts::{Backend, IngressPath, PathType};
use crate::kinds::service::PortRef;
use crate::view::trace::facts;
use crate::view::trace::plan::Controller;
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::Canary;
use crate::view::trace::rule::serving::Served;
use crate::view::trace::rule::settings::Options;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A Service and its port as rules name them.
pub type Upstream = (Arc<str>, Arc<str>, String);

/// What the canaries of a controller come to.
#[derive(Debug, Default)]
pub struct Claims<'a> {
    canaries: BTreeMap<Upstream, Claim<'a>>,
    /// Services that a canary names first: rules of others that lead there are left out.
    silenced: BTreeSet<Upstream>,
    /// Those that get nothing.
    pub idle: Vec<(Host, Idle<'a>)>,
}

#[derive(Debug)]
struct Claim<'a> {
    canary: Canary<'a>,
    to: Upstream,
    is_live: bool,
}

/// A canary that gets nothing.
#[derive(Clone, Debug)]
pub struct Idle<'a> {
    /// The canary.
    pub ingress: &'a Arc<Record>,
    /// The path.
    pub path: String,
    /// How it matches.
    pub kind: PathType,
    /// The canary that has the place; none where there is no main path.
    pub owner: Option<&'a Arc<Record>>,
    /// Whether it is a rule like others, because another Ingress named its Service before.
    pub is_rule: bool,
}

/// Who has a path of a host, and where it leads.
struct Main<'a> {
    to: Upstream,
    ingress: &'a Arc<Record>,
    /// Whether an Ingress that is no canary has the path, too.
    is_ruled: bool,
}

/// The paths of hosts: host, path, and whether it is exact.
type Mains<'a> = BTreeMap<(Host, &'a str, bool), Main<'a>>;

/// Whether an Ingress only adds to the rules of others.
pub fn is_canary(ingress: &Record, controller: &Controller) -> bool {
    Options::of(ingress, controller).flag("canary") == Some(true)
}

/// The path of a rule; `/` where none is said.
pub fn text(path: &IngressPath) -> &str {
    if path.path.is_empty() { "/" } else { &path.path }
}

/// `Exact`, else `Prefix`.
pub fn kind(path: &IngressPath) -> PathType {
    if path.path_type == PathType::Exact { PathType::Exact } else { PathType::Prefix }
}

/// The upstream of a backend; none where it is no Service.
pub fn upstream(ingress: &Record, backend: &Backend) -> Option<Upstream> {
    let Backend::Service { name, port } = backend else { return None };
    let port = match port {
        Some(PortRef::Number(port)) => port.to_string(),
        Some(PortRef::Name(port)) => port.to_string(),
        None => String::new(),
    };
    Some((ingress.key.namespace.clone().unwrap_or_else(|| Arc::from("")), Arc::clone(name), port))
}

/// A path of an Ingress, and the host of its rule.
struct Place<'a> {
    ingress: &'a Arc<Record>,
    host: Host,
    index: (usize, usize),
    path: &'a IngressPath,
}

fn places(ingress: &Arc<Record>) -> impl Iterator<Item = Place<'_>> {
    let rules = facts::ingress(ingress).map(|read| &read.rules[..]).unwrap_or_default().iter().enumerate();
    rules.flat_map(move |(rule_index, rule)| {
        rule.paths.iter().enumerate().map(move |(path_index, path)| Place {
            ingress,
            host: Host::of(rule.host.as_deref()),
            index: (rule_index, path_index),
            path,
        })
    })
}

/// Of the Ingresses that a controller serves. Canaries are near every host: only where there are any does it matter which
/// others there are.
pub fn of<'a>(controller: &Controller, served: &Served<'_, 'a>) -> Claims<'a> {
    let mut claims = Claims::default();
    let is_canary = |ingress: &Record| is_canary(ingress, controller);
    let canaries: Vec<Place> = served.near.iter().filter(|i| is_canary(i)).flat_map(|i| places(i)).collect();
    if canaries.is_empty() {
        return claims;
    }
    let named: BTreeSet<Upstream> = canaries.iter().filter_map(|p| upstream(p.ingress, &p.path.backend)).collect();
    let hosts: BTreeSet<&Host> = canaries.iter().map(|place| &place.host).collect();
    // Who names a Service first says whether it is a canary's, and how its requests are shared out; a defaultBackend says so
    // whenever it comes.
    let mut first: BTreeMap<Upstream, Place> = BTreeMap::new();
    let mut open: BTreeSet<Upstream> = BTreeSet::new();
    for ingress in served.taken().iter() {
        let is_main = !is_canary(ingress);
        let default = facts::ingress(ingress).and_then(|read| read.default_backend.as_ref()).filter(|_| is_main);
        open.extend(default.and_then(|backend| upstream(ingress, backend)));
        for place in places(ingress) {
            let Some(to) = upstream(ingress, &place.path.backend).filter(|to| named.contains(to)) else { continue };
            let Entry::Vacant(entry) = first.entry(to.clone()) else { continue };
            entry.insert(place);
            if !is_main {
                claims.silenced.insert(to);
            }
        }
    }
    claims.silenced.retain(|to| !open.contains(to));
    let mut mains: Mains = BTreeMap::new();
    for ingress in served.taken().iter() {
        let is_main = !is_canary(ingress);
        for place in places(ingress) {
            let Some(to) = upstream(ingress, &place.path.backend) else { continue };
            // What is no canary, for others named its Service first, is a rule like others.
            if hosts.contains(&place.host) && !claims.silenced.contains(&to) {
                let key = (place.host, text(place.path), place.path.path_type == PathType::Exact);
                mains.entry(key).or_insert(Main { to, ingress, is_ruled: false }).is_ruled |= is_main;
            }
        }
    }
    let mut dead: BTreeSet<Upstream> = BTreeSet::new();
    for place in &canaries {
        claims.claim(place, &mains, &first, &mut dead);
    }
    // Whoever was given a place before goes with the rest of its Service.
    claims.canaries.retain(|_, claim| !dead.contains(&claim.to));
    claims
}

impl<'a> Claims<'a> {
    /// Whether any rule has a canary.
    pub fn has_canaries(&self) -> bool {
        !self.canaries.is_empty()
    }

    /// The canary of a Service.
    pub fn canary(&self, upstream: &Upstream) -> Option<&Canary<'a>> {
        self.canaries.get(upstream).filter(|claim| claim.is_live).map(|claim| &claim.canary)
    }

    /// Whether a canary named the Service first, so that no rule of others leads there.
    pub fn silences(&self, ingress: &Record, backend: &Backend) -> bool {
        !self.silenced.is_empty() && upstream(ingress, backend).is_some_and(|to| self.silenced.contains(&to))
    }

    fn claim(
        &mut self,
        place: &Place<'a>,
        mains: &Mains<'a>,
        first: &BTreeMap<Upstream, Place<'a>>,
        dead: &mut BTreeSet<Upstream>,
    ) {
        let (path, kind) = (text(place.path), kind(place.path));
        let idle = |owner| Idle { ingress: place.ingress, path: path.to_owned(), kind, owner, is_rule: false };
        let Some(to) = upstream(place.ingress, &place.path.backend) else { return };
        let is_server = mains.keys().any(|(host, ..)| *host == place.host);
        let main = mains.get(&(place.host.clone(), path, kind == PathType::Exact));
        // A path that is not said at all is compared as it is.
        let Some(main) = main.filter(|_| !place.path.path.is_empty()) else {
            self.idle.push((place.host.clone(), idle(None)));
            // One path without a partner takes the Service away from all of its canaries, unless rules of others lead there.
            let is_main = mains.iter().any(|((host, ..), main)| *host == place.host && main.to == to);
            if is_server && !is_main {
                dead.insert(to);
            }
            return;
        };
        if main.ingress.key == place.ingress.key {
            let orphan = (!main.is_ruled).then(|| Idle { is_rule: true, ..idle(None) });
            self.idle.extend(orphan.map(|orphan| (place.host.clone(), orphan)));
            return;
        }
        let main = &main.to;
        let Some(namer) = first.get(&to) else { return };
        // On the Service of the rule itself nothing changes, which is shown as it was meant; on one that a rule without canary
        // named first nothing is shared out.
        let is_own = *main == to;
        let is_live = is_own || self.silenced.contains(&to);
        let by = if is_own { place } else { namer };
        let canary = Canary { ingress: by.ingress, index: by.index, backend: &by.path.backend };
        match self.canaries.get(main) {
            Some(claim) if claim.to == to && !is_own => {}
            // The first is the only one that is asked, but for one that leads where the rule leads anyway.
            Some(claim) if is_own || claim.to != *main => {
                let owner = claim.canary.ingress;
                if owner.key != place.ingress.key {
                    self.idle.push((place.host.clone(), idle(Some(owner))));
                }
            }
            _ => {
                self.canaries.insert(main.clone(), Claim { canary, to, is_live });
            }
        }
    }
}
