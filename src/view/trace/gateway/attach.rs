//! Which routes are attached to which listeners, and why others are not.

use crate::kinds::condition::Status;
use crate::kinds::gateway::facts::{FromNamespaces, Listener};
use crate::kinds::http_route::facts::filter::{PathChange, Redirect};
use crate::kinds::http_route::facts::{Filter, Parent, ParentStatus, PathMatch};
use crate::kinds::{GATEWAY, KindId, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::gateway::grants::{self, May};
use crate::view::trace::gateway::listeners::{Listeners, Place, fresh, namespace};
use crate::view::trace::gateway::names;
use crate::view::trace::gateway::protocols;
use crate::view::trace::gateway::routes::{self, Route};
use crate::view::trace::world::World;
use std::sync::Arc;

/// A route and where it is attached.
#[derive(Clone, Debug)]
pub struct Attached<'a> {
    /// The route.
    pub route: Route<'a>,
    /// The listeners, each with the hosts that are left of the route's own there; the empty host is every one.
    pub places: Vec<(usize, Vec<String>)>,
    /// Where it wanted to be and is not.
    pub refusals: Vec<Refusal>,
    /// Whether something that was not given was taken as it should be.
    pub is_assumed: bool,
}

/// One parent that did not take a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Which of its parents.
    pub parent: usize,
    /// At which listener; none where there is none.
    pub place: Option<usize>,
    /// Why.
    pub why: Why,
}

/// Why a parent did not take a route.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// No listener has this name.
    NoSection,
    /// No listener has this port.
    NoPort,
    /// A ListenerSet has the section.
    SectionOfSet(ObjectRef),
    /// The listener does not admit its namespace.
    Namespace,
    /// The listener does not admit its kind.
    Kind,
    /// Their hosts do not meet.
    Hosts,
    /// A controller says that listeners do not admit it.
    NotAllowed(String),
    /// Its filters cannot stand next to each other: which rule and filter where it is known, and why.
    Filters(Option<(usize, usize)>, String),
    /// Its controller has said nothing, or no: its words; none for nothing.
    Controller(Option<String>),
    /// A route of another kind has its host: which, and the controller's words.
    Rival(Box<Rival>, String),
    /// It cannot be told; says what is missing.
    Unknown(String),
}

/// The route that is in the way of another, and where they meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Rival {
    /// `GRPCRoute shop/calls`.
    pub title: String,
    /// How it is proven: its hosts.
    pub proof: (ObjectRef, String),
    /// The listener.
    pub place: usize,
    /// The host of both; empty for every one.
    pub host: String,
}

/// Where routes want to be: a Gateway, its listeners, and who decides.
#[derive(Clone, Debug)]
pub struct Gate<'g, 'a> {
    world: &'g World<'a>,
    owners: Vec<&'a Arc<Record>>,
    listeners: &'g Listeners<'a>,
    /// The controller of its class; empty where it is not known.
    pub controller: &'g str,
}

impl<'g, 'a> Gate<'g, 'a> {
    /// A Gateway and the ListenerSets that want to join it.
    pub fn of(
        world: &'g World<'a>,
        gateway: &'a Arc<Record>,
        controller: &'g str,
        listeners: &'g Listeners<'a>,
    ) -> Self {
        let mut owners = vec![gateway];
        let sets = listeners.places.iter().map(|place| place.owner);
        for owner in sets.chain(listeners.refused.iter().map(|(set, _)| *set)) {
            if !owners.iter().any(|have| have.key == owner.key) {
                owners.push(owner);
            }
        }
        Self { world, owners, listeners, controller }
    }

    /// One of its listeners.
    pub fn place(&self, at: usize) -> &'g Place<'a> {
        &self.listeners.places[at]
    }

    /// The routes of these kinds that name it or one of its ListenerSets.
    fn sources(&self, kinds: &[KindId]) -> Vec<&'a Arc<Record>> {
        let of_kind = |owner| kinds.iter().flat_map(move |kind| self.world.sources(owner, *kind));
        let mut found: Vec<&Arc<Record>> = self.owners.iter().flat_map(|owner| of_kind(owner)).collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        found.dedup_by(|a, b| a.key == b.key);
        found
    }
}

/// Every route for one of these names that names the Gateway or one of its ListenerSets; for no name all of them.
pub fn all<'a>(gate: &Gate<'_, 'a>, wanted: &[&str]) -> Vec<Attached<'a>> {
    let is_wanted = |record: &&Arc<Record>| {
        let hosts = routes::hostnames(record);
        let mut named = hosts.iter().flat_map(|host| wanted.iter().map(move |name| names::covers(host, name)));
        wanted.is_empty() || hosts.is_empty() || named.any(|covers| covers)
    };
    let routes = gate.sources(&routes::KINDS).into_iter().filter(is_wanted).filter_map(Route::of);
    routes.map(|route| attach(gate, route)).collect()
}

/// Every route of a kind.
pub fn of_kind<'a>(gate: &Gate<'_, 'a>, kind: KindId) -> Vec<Attached<'a>> {
    gate.sources(&[kind]).into_iter().filter_map(Route::of).map(|route| attach(gate, route)).collect()
}

/// The listeners at which a route would be by one of its parents, each with the hosts that would be left there.
pub fn wanted(gate: &Gate, route: &Route, parent: usize) -> Vec<(usize, Vec<String>)> {
    let reference = &route.parents[parent];
    let places = gate.listeners.places.iter().enumerate().filter(|(_, place)| {
        routes::key(&reference.object).is_some_and(|key| key == place.owner.key)
            && reference.section.as_ref().is_none_or(|section| *section == place.listener.name)
            && reference.port.is_none_or(|port| port == place.listener.port)
    });
    let admitted = places.filter_map(|(at, place)| Some((at, admit(gate.world, place, route, true).ok()?.0)));
    admitted.collect()
}

fn attach<'a>(gate: &Gate<'_, 'a>, route: Route<'a>) -> Attached<'a> {
    let mut attached = Attached { route, places: Vec::new(), refusals: Vec::new(), is_assumed: false };
    for (parent, reference) in attached.route.parents.iter().enumerate() {
        let is_own = |key: &ObjectRef| gate.owners.iter().any(|owner| owner.key == *key);
        let Some(key) = routes::key(&reference.object).filter(is_own) else { continue };
        for (place, verdict) in of_parent(gate, &key, reference, &attached.route) {
            match (place, verdict) {
                (Some(place), Ok((hosts, sure))) => {
                    attached.is_assumed |= !sure;
                    add(&mut attached.places, place, hosts);
                }
                (place, Err(why)) => attached.refusals.push(Refusal { parent, place, why }),
                (None, Ok(_)) => {}
            }
        }
    }
    attached
}

fn add(places: &mut Vec<(usize, Vec<String>)>, place: usize, hosts: Vec<String>) {
    match places.iter_mut().find(|(have, _)| *have == place) {
        Some((_, have)) => have.extend(hosts),
        None => places.push((place, hosts)),
    }
}

type Verdict = (Option<usize>, Result<(Vec<String>, bool), Why>);

fn of_parent(gate: &Gate, key: &ObjectRef, reference: &Parent, route: &Route) -> Vec<Verdict> {
    let (world, listeners, controller) = (gate.world, gate.listeners, gate.controller);
    let own = |place: &&(usize, &Place)| place.1.owner.key == *key;
    let all: Vec<(usize, &Place)> = listeners.places.iter().enumerate().filter(|p| own(&p)).collect();
    let named = |listener: &Listener| reference.section.as_ref().is_none_or(|section| *section == listener.name);
    let at_port = |listener: &Listener| reference.port.is_none_or(|port| port == listener.port);
    let sections: Vec<_> = all.iter().filter(|(_, place)| named(place.listener)).collect();
    // What keeps its ListenerSet out keeps the route out.
    if listeners.refused.iter().any(|(set, _)| set.key == *key) {
        return Vec::new();
    }
    if sections.is_empty() {
        return vec![(None, Err(no_section(listeners, reference)))];
    }
    let places: Vec<_> = sections.into_iter().filter(|(_, place)| at_port(place.listener)).collect();
    if places.is_empty() {
        return vec![(None, Err(Why::NoPort))];
    }
    if let Some((rule, filter, why)) = clashing_filters(route) {
        return vec![(None, Err(Why::Filters(Some((rule, filter)), why)))];
    }
    let said = said(world, reference, controller, route);
    let admitted = |place: &Place| admit(world, place, route, matches!(said, Said::Yes));
    let verdicts: Vec<Verdict> = places.iter().map(|(at, place)| (Some(*at), admitted(place))).collect();
    match said {
        // What the objects say is more exact than the controller's one reason, where both say no.
        Said::No(why) if verdicts.iter().any(|(_, verdict)| verdict.is_ok()) => vec![(None, Err(why))],
        Said::Nothing if verdicts.iter().any(|(_, verdict)| verdict.is_ok()) => {
            vec![(None, Err(Why::Controller(None)))]
        }
        _ => verdicts,
    }
}

fn no_section(listeners: &Listeners, reference: &Parent) -> Why {
    let Some(section) = &reference.section else { return Why::NoSection };
    let elsewhere = listeners.places.iter().find(|place| {
        place.listener.name == *section && routes::key(&reference.object).is_some_and(|key| key != place.owner.key)
    });
    elsewhere.map_or(Why::NoSection, |place| Why::SectionOfSet(place.owner.key.clone()))
}

/// What the controller of the class says of a route for one of its parents.
enum Said {
    Yes,
    No(Why),
    /// A cluster's controller should have said something.
    Nothing,
    /// Nobody is expected to: files, or an older version was judged.
    Silence,
}

/// What the controller says of a route for one of its parents.
pub fn status<'r>(route: &'r Route, reference: &Parent, controller: &str) -> Option<&'r ParentStatus> {
    let ours = |said: &&ParentStatus| controller.is_empty() || *said.controller == *controller;
    let mut all = route.status.iter().filter(ours);
    let exact = all.clone().find(|said| said.parent == *reference);
    // Some controllers repeat a reference in other words; with one reference to the object there is no doubt.
    let of_object = |parent: &Parent| parent.object == reference.object;
    let is_only = route.parents.iter().filter(|parent| of_object(parent)).count() == 1;
    exact.or_else(|| all.find(|said| is_only && of_object(&said.parent)))
}

fn said(world: &World, reference: &Parent, controller: &str, route: &Route) -> Said {
    let Some(status) = status(route, reference, controller) else {
        return if is_judged(world, reference, route) { Said::Nothing } else { Said::Silence };
    };
    let Some(accepted) = fresh(&status.conditions, "Accepted", route.record) else { return Said::Silence };
    match accepted.status {
        Status::True => Said::Yes,
        Status::Unknown => Said::No(Why::Controller(Some(accepted.reasoned().to_string()))),
        Status::False => Said::No(match &*accepted.reason {
            "NotAllowedByListeners" => Why::NotAllowed(accepted.reasoned().to_string()),
            "NoMatchingListenerHostname" => Why::Hosts,
            "NoMatchingParent" => Why::NoSection,
            "IncompatibleFilters" => Why::Filters(None, accepted.reasoned().to_string()),
            _ => Why::Controller(Some(accepted.reasoned().to_string())),
        }),
    }
}

/// Whether controllers have seen the route and its Gateway: on a cluster, in its dump, and where a status was given. In
/// manifests nobody has.
fn is_judged(world: &World, reference: &Parent, route: &Route) -> bool {
    if !world.is_files() {
        return true;
    }
    let key = ObjectRef::new(GATEWAY, reference.object.namespace.as_deref().unwrap_or(""), &reference.object.name);
    let is_of = |gateway: &Record| {
        gateway.meta.is_stored() || facts::gateway(gateway).is_some_and(|facts| !facts.conditions.is_empty())
    };
    let is_gateway = &*reference.object.kind == "Gateway";
    let gateway = world.get(&key).filter(|_| is_gateway).is_some_and(|gateway| is_of(gateway));
    gateway && (route.record.meta.is_stored() || !route.status.is_empty())
}

/// The hosts by which a listener takes a route, and whether that is sure.
fn admit(world: &World, place: &Place, route: &Route, accepted: bool) -> Result<(Vec<String>, bool), Why> {
    if !protocols::allows_kind(place.listener, route.kind) {
        return Err(Why::Kind);
    }
    let sure = match grants::admits(world, &place.listener.from, namespace(place.owner), route.namespace()) {
        May::Yes => true,
        May::Perhaps => false,
        // Its controller could read what is missing here.
        May::Unknown(_) if accepted => true,
        May::Unknown(missing) => return Err(Why::Unknown(missing)),
        May::No => return Err(Why::Namespace),
    };
    let hosts = hosts(place, route);
    if hosts.is_empty() { Err(Why::Hosts) } else { Ok((hosts, sure)) }
}

/// What is left of a route's hosts at a listener.
fn hosts(place: &Place, route: &Route) -> Vec<String> {
    if !route.has_hosts() {
        return vec![String::new()];
    }
    if route.hostnames.is_empty() {
        return vec![place.host().to_owned()];
    }
    route.hostnames.iter().filter_map(|host| names::meet(place.host(), host)).collect()
}

/// Which namespaces a listener admits, in words.
pub fn admitted(from: &FromNamespaces, own: &str) -> String {
    grants::shown(from, own)
}

/// The first rule whose filters cannot stand next to each other, the filter that is too many, and why.
fn clashing_filters(route: &Route) -> Option<(usize, usize, String)> {
    route.rules.iter().enumerate().find_map(|(at, rule)| {
        let find = |wanted: fn(&Filter) -> bool| rule.filters.iter().position(wanted);
        let redirect = find(|filter| matches!(filter, Filter::Redirect(_)));
        let rewrite = find(|filter| matches!(filter, Filter::Rewrite { .. }));
        if let (Some(_), Some(rewrite)) = (redirect, rewrite) {
            let why = format!("{} redirects and rewrites, and a rule can only do one of them", rule.title(at));
            return Some((at, rewrite, why));
        }
        let prefix = find(|filter| {
            matches!(
                filter,
                Filter::Redirect(Redirect { path: Some(PathChange::Prefix(_)), .. })
                    | Filter::Rewrite { path: Some(PathChange::Prefix(_)), .. }
            )
        })?;
        let odd = rule.matches.iter().any(|m| m.path_type != PathMatch::Prefix);
        odd.then(|| (at, prefix, format!("{} has ReplacePrefixMatch without a PathPrefix match", rule.title(at))))
    })
}
