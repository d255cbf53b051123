//! Routes that are broken, as problems: what a client would see is what is wrong most.

use super::{Count, GROUPS, Home, MOST, Problem, sentence};
use crate::kinds::{Catalog, NAMESPACE, ObjectRef};
use crate::view::routes::index::{Entry, Index, Told};
use crate::view::trace::fault::Finding;
use crate::view::trace::outcome::Verdict;
use crate::view::trace::request::Request;
use crate::wire::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The group of Home's counts that speaks of routes.
const GROUP: &str = "routes";

/// A path that the user keeps an eye on.
#[derive(Clone, Copy, Debug)]
pub struct Pin<'a> {
    /// Its request.
    pub request: &'a Request,
    /// What following it said; none before it was followed.
    pub told: Option<&'a Told>,
    /// Since when its verdict is what it is, where that was seen.
    pub since: Option<Timestamp>,
}

/// Adds what following every route and every pin said.
pub fn add<'a>(home: &mut Home, routes: &Index, pins: impl Iterator<Item = Pin<'a>>, catalog: &Catalog) {
    let mut found: Vec<Problem> = pins.filter_map(|pin| pinned(pin, catalog)).collect();
    found.extend(routes.entries().filter_map(|entry| problem(entry, catalog)));
    let rank = |problem: &Problem| (problem.health, is_challenge(&problem.short));
    found.sort_by(|a, b| (rank(a), &a.route).cmp(&(rank(b), &b.route)));
    found.dedup_by(|a, b| a.route == b.route);
    if !found.is_empty() {
        home.problems.extend(found);
        // Broken paths stand before broken objects: they are what users see.
        home.problems.sort_by_key(|problem| (problem.health, problem.route.is_none()));
        home.sentence = sentence(&home.problems);
        home.worst = home.problems.first().map(|problem| problem.health).or(home.worst);
        home.more += home.problems.len().saturating_sub(MOST);
        home.problems.truncate(MOST);
    }
    count(home, routes);
}

/// Whether an address is there for an issuer of certificates only: what people ask for stands before it.
pub fn is_challenge(address: &str) -> bool {
    address.contains("/.well-known/acme-challenge/")
}

fn problem(entry: &Entry, catalog: &Catalog) -> Option<Problem> {
    let told = entry.told.as_ref().filter(|told| told.verdict == Verdict::Broken)?;
    let problem = broken(&entry.route.request, told, entry.route.owner.clone(), catalog);
    let name = entry.route.url();
    let short = name.trim_start_matches("https://").trim_start_matches("http://").to_owned();
    Some(Problem { name, short, ..problem })
}

/// A pin that broke; its object is the one that proves it.
fn pinned(pin: Pin, catalog: &Catalog) -> Option<Problem> {
    let told = pin.told.filter(|told| told.verdict == Verdict::Broken)?;
    let evidence = told.headline.iter().flat_map(|finding| &finding.evidence);
    let key =
        evidence.into_iter().find_map(|evidence| evidence.object.clone()).or_else(|| told.through.first().cloned());
    let nothing = || ObjectRef { kind: NAMESPACE, namespace: None, name: Arc::from("") };
    let problem = broken(pin.request, told, key.unwrap_or_else(nothing), catalog);
    Some(Problem { since: pin.since, reason: format!("pinned: {}", problem.reason), ..problem })
}

fn broken(request: &Request, told: &Told, key: ObjectRef, catalog: &Catalog) -> Problem {
    let url = request.url();
    Problem {
        key,
        health: told.verdict.health(),
        word: told.verdict.name(),
        short: url.trim_start_matches("https://").trim_start_matches("http://").to_owned(),
        name: url,
        reason: told.headline.as_ref().map_or_else(String::new, Finding::line),
        folded: 0,
        since: None,
        route: Some(request.line(catalog)),
    }
}

/// The counts speak of routes, not of the objects that name them.
fn count(home: &mut Home, routes: &Index) {
    let Some(group) = GROUPS.iter().position(|(name, _)| *name == GROUP) else { return };
    let mut counts: BTreeMap<Arc<str>, Count> = BTreeMap::new();
    for entry in routes.entries() {
        let Some(namespace) = &entry.route.owner.namespace else { continue };
        let count = counts.entry(Arc::clone(namespace)).or_default();
        count.see(entry.told.as_ref().map(|told| told.verdict.health()));
    }
    for room in &mut home.namespaces {
        if let Some(place) = room.counts.get_mut(group) {
            *place = counts.remove(&room.name).unwrap_or_default();
        }
    }
}
