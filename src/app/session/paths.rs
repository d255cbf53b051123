//! The paths that a session follows: what was asked lately, and which hops of the one on screen changed, and when.

use super::Session;
use crate::view::trace::follow::follow;
use crate::view::trace::hop::{HopKind, Status};
use crate::view::trace::outcome::Trace;
use crate::view::trace::request::Request;
use crate::view::trace::world::{Answers, Probes, World};
use crate::wire::Timestamp;
use std::collections::BTreeMap;

/// Requests that are remembered.
const RECENT: usize = 20;
/// How long a change is marked, in seconds.
const MARKED: i64 = 300;

/// Paths of a session.
#[derive(Debug, Default)]
pub struct Paths {
    /// Answers of DNS that were looked up.
    pub answers: Answers,
    /// What the real world said when it was asked.
    pub probes: Probes,
    /// Requests that were followed, the latest first.
    pub recent: Vec<Request>,
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
        self.paths.recent.iter().map(|request| request.line(&self.catalog)).collect()
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
        let paths = &mut self.paths;
        paths.touched = false;
        if is_new {
            paths.changed.clear();
        } else if let Some(seen) = &paths.seen {
            let has_changed = |(index, hop): &(usize, &(HopKind, Status, String))| seen.hops.get(*index) != Some(*hop);
            let changed = hops.iter().enumerate().filter(has_changed).map(|(index, _)| (index, now));
            paths.changed.extend(changed.collect::<Vec<_>>());
        }
        paths.changed.retain(|_, at| now < at.plus_seconds(MARKED));
        paths.seen = Some(Seen { request: request.clone(), hops });
    }
}
