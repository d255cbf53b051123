//! The paths that a session follows: what was asked lately, and which hops of the one on screen changed, and when.

use super::Session;
use crate::kinds::{self, ObjectRef};
use crate::model::Sync;
use crate::view::trace::follow::follow;
use crate::view::trace::hop::{HopKind, Status};
use crate::view::trace::outcome::{Trace, Verdict};
use crate::view::trace::request::Request;
use crate::view::trace::world::{Answers, Probes, World};
use crate::wire::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Requests that are remembered.
const RECENT: usize = 20;
/// How long a change is marked, in seconds.
const MARKED: i64 = 300;

/// Requests that the palette offers at most.
const MOST_KNOWN: usize = 500;
/// Every route is followed anew after so long, in seconds.
const AGES: i64 = 3600;
/// Routes that are followed in one turn: a few milliseconds.
const AT_ONCE: usize = 4;

/// The worst verdict of the paths through each Service.
pub type Through = HashMap<ObjectRef, Verdict>;

/// Paths of a session.
#[derive(Debug, Default)]
pub struct Paths {
    /// Answers of DNS that were looked up.
    pub answers: Answers,
    /// What the real world said when it was asked.
    pub probes: Probes,
    /// Requests that were followed, the latest first.
    pub recent: Vec<Request>,
    /// Routes that are offered to choose from; none for all.
    pub offered: Option<Vec<Request>>,
    /// Whether something came since the path on screen was looked at.
    pub touched: bool,
    /// Hops of the path on screen that changed, by their number over the chain, and when.
    pub changed: BTreeMap<usize, Timestamp>,
    seen: Option<Seen>,
}

/// The path on screen, as it was looked at last.
#[derive(Debug)]
struct Seen {
    request: Request,
    hops: Vec<(HopKind, Status, String)>,
    /// Whether everything was listed then: what comes later is news.
    is_whole: bool,
}

impl Paths {
    /// Remembers a request.
    pub fn remember(&mut self, request: &Request) {
        self.recent.retain(|other| other != request);
        self.recent.insert(0, request.clone());
        self.recent.truncate(RECENT);
    }
}

impl Session {
    /// Follows a request through what is known now.
    pub fn follow(&self, request: &Request, now: Timestamp) -> Trace {
        let given = (&self.paths.answers, &self.paths.probes);
        follow(&World::new(&self.cluster, &self.catalog, now, given), request)
    }

    /// Requests that were followed, as lines, the latest first.
    pub fn known_requests(&self) -> Vec<String> {
        let recent = self.paths.recent.iter().map(|request| request.line(&self.catalog));
        let mut lines: Vec<String> = recent.collect();
        for entry in self.routes.entries() {
            let line = entry.route.request.line(&self.catalog);
            if !lines.contains(&line) {
                lines.push(line);
            }
            if MOST_KNOWN <= lines.len() {
                break;
            }
        }
        lines
    }

    /// Whether everything that is watched has been listed, so that what comes now is news.
    pub fn is_whole(&self) -> bool {
        let is_listed = |scope| !matches!(self.cluster.sync(scope), Sync::Listing { .. } | Sync::Closed);
        !self.open.is_empty() && self.open.keys().all(is_listed)
    }

    /// Follows some of the routes that are due; whether more are left.
    pub fn follow_routes(&mut self, now: Timestamp) -> bool {
        if self.routes_as_of.plus_seconds(AGES) <= now {
            // Certificates run out while nothing changes.
            self.routes.age();
            self.routes_as_of = now;
        }
        if self.routes.due() == 0 || !self.is_whole() {
            return false;
        }
        let given = (&self.paths.answers, &self.paths.probes);
        let world = World::new(&self.cluster, &self.catalog, now, given);
        let mut left = AT_ONCE;
        self.routes.work(&world, || {
            left -= 1;
            0 < left
        })
    }

    /// The worst verdict of the paths through an object: its own routes, those through a Service, or through a pod's Services.
    pub fn path_verdict(&self, key: &ObjectRef, through: &Through) -> Option<Verdict> {
        match key.kind {
            kinds::SERVICE => through.get(key).copied(),
            kinds::POD => {
                let pod = self.cluster.get(key)?;
                let services = self.cluster.sources(pod).into_iter().filter(|source| source.key.kind == kinds::SERVICE);
                services.filter_map(|service| through.get(&service.key).copied()).min()
            }
            _ => self.routes.verdict(key),
        }
    }

    /// The worst verdict of the paths through each Service.
    pub fn through_services(&self) -> Through {
        let mut through = Through::new();
        for told in self.routes.entries().filter_map(|entry| entry.told.as_ref()) {
            for service in &told.through {
                let worst = through.entry(service.clone()).or_insert(told.verdict);
                *worst = told.verdict.min(*worst);
            }
        }
        through
    }

    /// Looks whether the path on screen goes another way than before, and remembers which hops changed.
    pub fn look(&mut self, request: &Request, now: Timestamp) {
        let is_new = self.paths.seen.as_ref().is_none_or(|seen| seen.request != *request);
        if !is_new && !self.paths.touched {
            return;
        }
        let trace = self.follow(request, now);
        let hops: Vec<_> = trace.chain().flat_map(|link| &link.hops).collect();
        let hops: Vec<_> = hops.into_iter().map(|hop| (hop.kind, hop.status(), hop.summary.clone())).collect();
        let is_whole = self.is_whole();
        let paths = &mut self.paths;
        paths.touched = false;
        if is_new {
            paths.changed.clear();
        } else if let Some(seen) = paths.seen.as_ref().filter(|seen| seen.is_whole) {
            let has_changed = |(index, hop): &(usize, &(HopKind, Status, String))| seen.hops.get(*index) != Some(*hop);
            let changed = hops.iter().enumerate().filter(has_changed).map(|(index, _)| (index, now));
            paths.changed.extend(changed.collect::<Vec<_>>());
        }
        paths.changed.retain(|_, at| now < at.plus_seconds(MARKED));
        paths.seen = Some(Seen { request: request.clone(), hops, is_whole });
    }
}
