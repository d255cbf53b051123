//! Routes that are broken, as problems: what a client would see is what is wrong most.

use super::{Count, GROUPS, Home, MOST, Problem, sentence};
use crate::kinds::{Catalog, Health};
use crate::view::routes::index::{Entry, Index};
use crate::view::trace::fault::Finding;
use crate::view::trace::outcome::Verdict;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The group of Home's counts that speaks of routes.
const GROUP: &str = "routes";

/// Adds what following every route said.
pub fn add(home: &mut Home, routes: &Index, catalog: &Catalog) {
    let mut found: Vec<Problem> = routes.entries().filter_map(|entry| problem(entry, catalog)).collect();
    found.sort_by(|a, b| (a.health, &a.route).cmp(&(b.health, &b.route)));
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

fn problem(entry: &Entry, catalog: &Catalog) -> Option<Problem> {
    let told = entry.told.as_ref().filter(|told| told.verdict == Verdict::Broken)?;
    let url = entry.route.request.url();
    let reason = told.headline.as_ref().map_or_else(String::new, Finding::message);
    Some(Problem {
        key: entry.route.owner.clone(),
        health: Health::Failed,
        word: "broken",
        name: url.clone(),
        short: url.trim_start_matches("https://").trim_start_matches("http://").to_owned(),
        reason,
        folded: 0,
        since: None,
        route: Some(entry.route.request.line(catalog)),
    })
}

/// The counts speak of routes, not of the objects that name them.
fn count(home: &mut Home, routes: &Index) {
    let Some(group) = GROUPS.iter().position(|(name, _)| *name == GROUP) else { return };
    let mut counts: BTreeMap<Arc<str>, Count> = BTreeMap::new();
    for entry in routes.entries() {
        let Some(namespace) = &entry.route.owner.namespace else { continue };
        let count = counts.entry(Arc::clone(namespace)).or_default();
        count.see(entry.told.as_ref().map(|told| match told.verdict {
            Verdict::Broken => Health::Failed,
            Verdict::Warn => Health::Warn,
            Verdict::Unknown => Health::Unknown,
            Verdict::Ok => Health::Ready,
        }));
    }
    for room in &mut home.namespaces {
        if let Some(place) = room.counts.get_mut(group) {
            *place = counts.remove(&room.name).unwrap_or_default();
        }
    }
}
