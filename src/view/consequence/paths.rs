//! The paths that a change can touch, each followed as the cluster is and as it would be.

use super::{Draft, When};
use crate::kinds::{Catalog, ObjectRef};
use crate::model::Cluster;
use crate::view::line::{Line, Role, Span};
use crate::view::routes::index::{Entry, Index};
use crate::view::routes::{self, Route};
use crate::view::trace::fault::{Finding, Severity, cm};
use crate::view::trace::follow::follow;
use crate::view::trace::outcome::{Outcome, Trace, Verdict};
use crate::view::trace::request::Request;
use crate::view::trace::verdict;
use crate::view::trace::world::{Answers, Probes, World};
use crate::wire::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A path that may be touched.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// As it is written: `https://shop.example.com/cart*`.
    pub pattern: String,
    /// A request that it is meant for.
    pub request: Request,
    /// Whether nobody names it yet.
    pub is_new: bool,
}

/// A path that would be otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// The path.
    pub pattern: String,
    /// How it is; none where nobody names it yet.
    pub now: Option<Verdict>,
    /// How it would be.
    pub then: Verdict,
    /// What a client would see, or why.
    pub why: String,
}

/// The paths that a change can touch: those through its Services, those that looked at what changes, and those that come
/// with it.
pub fn affected(cluster: &mut Cluster, index: &Index, draft: &Draft) -> Vec<Path> {
    let services: BTreeSet<&ObjectRef> = draft.services.iter().map(|behind| &behind.service).collect();
    let through = |entry: &Entry| {
        let told = entry.told.as_ref().map_or(&[][..], |told| &told.through);
        entry.route.services.iter().chain(told).any(|service| services.contains(service))
    };
    let looked = |cluster: &Cluster| -> BTreeSet<usize> {
        draft.changed.iter().flat_map(|key| index.looked_at(cluster, key)).collect()
    };
    let changes = |entry: &Entry| draft.changed.contains(&entry.route.owner);
    let mut found: Vec<Path> = Vec::new();
    // By pattern, so that thousands of paths through one Service are not compared with each other.
    let mut known: BTreeMap<String, Vec<Request>> = BTreeMap::new();
    let mut add = |route: &Route, is_new| {
        let path = Path { pattern: route.pattern(), request: route.request.clone(), is_new };
        let same = known.entry(path.pattern.clone()).or_default();
        if !same.contains(&path.request) {
            same.push(path.request.clone());
            found.push(path);
        }
    };
    let now = looked(cluster);
    for (_, entry) in index.numbered().filter(|(id, entry)| now.contains(id) || changes(entry) || through(entry)) {
        add(&entry.route, false);
    }
    if draft.changed.is_empty() {
        return found;
    }
    cluster.suppose(&draft.supposed, |then| {
        let looked = looked(then);
        for (_, entry) in index.numbered().filter(|(id, _)| looked.contains(id)) {
            add(&entry.route, false);
        }
        let owners = draft.changed.iter().filter(|key| routes::KINDS.contains(&key.kind));
        for route in owners.filter_map(|key| then.get(key)).flat_map(|record| routes::of(then, record)) {
            add(&route, index.owned(&route.owner).all(|entry| entry.route.request != route.request));
        }
    });
    found
}

/// Follows a path as the cluster is and as it would be; none where both come to the same.
pub fn follow_both(
    cluster: &mut Cluster,
    (catalog, now): (&Catalog, Timestamp),
    answers: &Answers,
    (draft, path): (&Draft, &Path),
) -> Option<Followed> {
    // What the real world answered is true of the cluster as it is only: it is left out of both.
    let probes = Probes::default();
    let walk = |cluster: &Cluster| follow(&World::new(cluster, catalog, now, (answers, &probes)), &path.request);
    let before = walk(cluster);
    let after = cluster.suppose(&draft.supposed, walk);
    let is_same = before.verdict == after.verdict || is_aside(&after) && before.verdict != Verdict::Broken;
    if !path.is_new && is_same && end(&before) == end(&after) {
        return None;
    }
    Some(Followed {
        pattern: path.pattern.clone(),
        now: (!path.is_new).then_some(before.verdict),
        then: after.verdict,
        why: why(&after),
    })
}

/// Whether a path is only warned of what its clients do not meet: that nothing can be applied while a webhook is silent.
fn is_aside(trace: &Trace) -> bool {
    let headline = verdict::headline(trace);
    headline.is_some_and(|found| found.severity == Severity::Warn && found.code() == cm::CM_WEBHOOK.code)
}

/// What a client gets, as far as it matters: an answer of another kind, another status, another place.
fn end(trace: &Trace) -> Vec<(&'static str, Option<u16>, String)> {
    let of = |link: &Trace| match &link.outcome {
        Outcome::Respond { status, .. } => ("respond", Some(*status), String::new()),
        Outcome::Redirect { status, location } => ("redirect", Some(*status), location.clone()),
        other => (other.name(), None, String::new()),
    };
    trace.chain().map(of).collect()
}

/// What the client gets, in a few words; where its answer tells nothing, what is wrong.
fn why(trace: &Trace) -> String {
    let last = trace.chain().last().unwrap_or(trace);
    match &last.outcome {
        Outcome::Respond { status, by } if by.is_empty() => status.to_string(),
        Outcome::Respond { status, by } => format!("{status} from {by}"),
        Outcome::Redirect { status, location } => format!("{status} to {location}"),
        Outcome::DnsError(why) | Outcome::Refused(why) | Outcome::TlsError(why) | Outcome::Unknown(why) => why.clone(),
        Outcome::Timeout(why) => format!("no answer: {why}"),
        Outcome::Forward(backends) => verdict::headline(trace).map_or_else(
            || {
                let names: Vec<String> = backends.iter().map(|one| format!("service/{}", one.service)).collect();
                format!("to {}", names.join(", "))
            },
            Finding::message,
        ),
    }
}

impl Followed {
    /// What is to be said of it.
    pub fn line(&self, when: When) -> Line {
        let change = match self.now {
            None => format!("new: {}", self.then.name()),
            Some(now) if now == self.then => format!("{} as before", now.name()),
            Some(now) => format!("{} → {}", now.name(), self.then.name()),
        };
        let until = match when {
            When::Lasting => "",
            When::Meanwhile => " meanwhile",
            When::OnceReady => " once its pods are ready",
        };
        let spans = vec![
            // Gaps are parts of their own: a text that is broken into lines loses the spaces before it.
            Span::new(self.pattern.clone(), Role::Link),
            Span::text("  "),
            Span::new(change, Role::State(self.then.health())),
            Span::text(format!("{until}: ")),
            Span::text(self.why.clone()),
        ];
        Line::of(spans).state(Some(self.then.health()))
    }
}
