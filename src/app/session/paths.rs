//! The paths that a session follows: the one on screen, with what changed on it and when; those that were followed lately
//! or are pinned; what the real world said when it was asked.

pub mod kept;
pub mod real;

use self::kept::Kept;
use self::real::Sent;
use super::Session;
use super::watches::{ALWAYS, WHERE_SERVED};
use crate::app::screen::Screen;
use crate::kinds::{self, CONFIG_MAP, EVENT, KindId, ObjectRef};
use crate::model::{Cluster, Scope, Sync};
use crate::view::routes::index::Entry;
use crate::view::trace::follow::follow;
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::{Trace, Verdict};
use crate::view::trace::reads::{self, Read};
use crate::view::trace::request::Request;
use crate::view::trace::world::{Answers, Probes, World};
use crate::wire::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a change is marked, in seconds.
const MARKED: i64 = 300;
/// The path on screen is followed anew after so long though nothing changed: certificates run out.
const LOOKS: i64 = 60;
/// Requests that the palette offers at most.
const MOST_KNOWN: usize = 500;
/// Every route is followed anew after so long, in seconds.
const AGES: i64 = 3600;
/// How long paths are followed in one turn: with the last of them about 4 ms, which no key waits longer. It is the time of
/// this machine, on which nothing depends that is shown.
pub(in crate::app) const TURN: Duration = Duration::from_millis(3);
/// Watches that are opened because routes lack them; what more they lack stays unknown until a path is opened.
const MOST_LACKED: usize = 12;

/// The worst verdict of the paths through each Service.
pub type Through = HashMap<ObjectRef, Verdict>;

/// Paths of a session.
#[derive(Debug, Default)]
pub struct Paths {
    /// Answers of DNS that were looked up.
    pub answers: Answers,
    /// What the real world said when it was asked.
    pub probes: Probes,
    /// Requests that were sent for real, the latest first.
    pub sent: Vec<Sent>,
    /// Requests that were followed lately or are pinned, the latest first.
    pub kept: Vec<Kept>,
    /// Routes that are offered to choose from, and what they lead to; none for all.
    pub offered: Option<(ObjectRef, Vec<Request>)>,
    /// Names that were asked for already because the configuration wants it.
    asked: BTreeSet<String>,
    seen: Option<Seen>,
    /// Watches that the routes lack.
    lack: Vec<Scope>,
    /// Pins that could not be read; they are kept as they are.
    unread: Vec<String>,
}

/// Where a hop stands on a chain: the trace, the kind, the arm, and which one of these. The number of a hop is none: it
/// changes when another one comes or goes.
type Place = (usize, HopKind, Option<usize>, usize);

/// The path on screen, as it was followed last.
#[derive(Debug)]
struct Seen {
    request: Request,
    trace: Arc<Trace>,
    reads: BTreeSet<Read>,
    /// When it was followed.
    at: Timestamp,
    /// Whether everything was listed then: what comes later is news.
    is_whole: bool,
    /// Whether something changed since that it can have looked at.
    is_due: bool,
    /// Hops that changed, and when.
    changed: BTreeMap<Place, Timestamp>,
    /// The verdict before, and when it became another one.
    before: Option<(Verdict, Timestamp)>,
}

impl Paths {
    /// Hops of the path on screen that changed lately, by their number over the chain, and when.
    pub fn changed(&self) -> BTreeMap<usize, Timestamp> {
        let Some(seen) = self.seen.as_ref().filter(|seen| !seen.changed.is_empty()) else { return BTreeMap::new() };
        let places = places(&seen.trace).into_iter().enumerate();
        places.filter_map(|(number, (place, _))| Some((number, *seen.changed.get(&place)?))).collect()
    }

    /// The verdict that the path on screen had before, and when it became another one.
    pub fn before(&self) -> Option<(Verdict, Timestamp)> {
        self.seen.as_ref().and_then(|seen| seen.before)
    }

    /// How many remembered requests wait to be followed.
    pub fn due(&self) -> usize {
        self.kept.iter().filter(|kept| kept.is_due).count()
    }

    /// Takes in that an object changed.
    pub(super) fn touch(&mut self, cluster: &Cluster, changed: &ObjectRef) {
        if let Some(seen) = self.seen.as_mut().filter(|seen| !seen.is_due) {
            seen.is_due = reads::touches(&seen.reads, cluster, changed);
        }
        for kept in self.kept.iter_mut().filter(|kept| !kept.is_due) {
            kept.is_due = reads::touches(&kept.reads, cluster, changed);
        }
    }

    /// Takes in that it changed whether a kind may be read, or whether its list is whole.
    pub(super) fn reread(&mut self, kind: KindId) {
        let looked = |reads: &BTreeSet<Read>| reads.iter().any(|read| read.kind() == kind);
        if let Some(seen) = &mut self.seen {
            seen.is_due |= looked(&seen.reads);
        }
        for kept in &mut self.kept {
            kept.is_due |= looked(&kept.reads);
        }
    }

    /// What DNS or the world said is known anew: everything is followed once more.
    fn all_due(&mut self) {
        if let Some(seen) = &mut self.seen {
            seen.is_due = true;
        }
        self.kept.iter_mut().for_each(|kept| kept.is_due = true);
    }

    /// The connection begins anew: what was followed told of the old one.
    pub(super) fn forget(&mut self) {
        self.seen = None;
        self.lack.clear();
        self.asked.clear();
        self.sent.retain(|sent| sent.real.is_some());
        self.kept.iter_mut().for_each(Kept::forget);
    }

    /// A watch was opened that was not there: what it brings first is no news.
    pub(super) fn opened(&mut self) {
        if let Some(seen) = &mut self.seen {
            seen.is_whole = false;
        }
    }
}

impl Session {
    /// Follows a request through what is known now.
    fn walk(&self, request: &Request, now: Timestamp) -> Trace {
        let given = (&self.paths.answers, &self.paths.probes);
        follow(&World::new(&self.cluster, &self.catalog, now, given), request)
    }

    /// The path of a request: that on screen as it was looked at last, another one as it is now.
    pub fn path(&self, request: &Request, now: Timestamp) -> Arc<Trace> {
        let seen = self.paths.seen.as_ref().filter(|seen| seen.request == *request);
        seen.map_or_else(|| Arc::new(self.walk(request, now)), |seen| Arc::clone(&seen.trace))
    }

    /// When the path on screen is followed anew at the latest.
    pub fn look_due(&self) -> Option<Timestamp> {
        matches!(self.screen(), Screen::Trace(_))
            .then(|| self.paths.seen.as_ref().map(|seen| seen.at.plus_seconds(LOOKS)))
            .flatten()
    }

    /// Requests that were followed, as lines, the latest first.
    pub fn known_requests(&self) -> Vec<String> {
        let kept = self.paths.kept.iter().map(|kept| kept.request.line(&self.catalog));
        let routes = self.routes.entries().map(|entry| entry.route.request.line(&self.catalog));
        let mut told = BTreeSet::new();
        kept.chain(routes).filter(|line| told.insert(line.clone())).take(MOST_KNOWN).collect()
    }

    /// Whether everything that is watched has been listed, so that what comes now is news.
    pub fn is_whole(&self) -> bool {
        let is_listed = |scope| !matches!(self.cluster.sync(scope), Sync::Listing { .. } | Sync::Closed);
        !self.open.is_empty() && self.open.keys().all(is_listed)
    }

    /// Follows some of what is due, pins before routes; whether more is left.
    pub fn follow_routes(&mut self, now: Timestamp) -> bool {
        if self.routes_as_of.plus_seconds(AGES) <= now {
            // Certificates run out while nothing changes.
            self.routes.age();
            self.paths.kept.iter_mut().for_each(|kept| kept.is_due = true);
            self.routes_as_of = now;
        }
        let is_due = 0 < self.routes.due() || self.paths.kept.iter().any(|kept| kept.is_due);
        if !is_due || !self.is_whole() {
            return false;
        }
        let given = (&self.paths.answers, &self.paths.probes);
        let world = World::new(&self.cluster, &self.catalog, now, given);
        let begun = Instant::now();
        let has_time = || begun.elapsed() < TURN;
        for kept in self.paths.kept.iter_mut().filter(|kept| kept.is_due) {
            kept.take(&follow(&world, &kept.request), now);
            if !has_time() {
                return true;
            }
        }
        let is_left = 0 < self.routes.due() && self.routes.work(&world, has_time);
        if !is_left {
            self.paths.lack = self.routes_lack();
        }
        is_left
    }

    /// Watches of single objects that the routes looked for and nobody has. Events explain only, and are many: an open
    /// path asks for them, the routes do without.
    fn routes_lack(&self) -> Vec<Scope> {
        let looks = self.routes.reads().filter(|read| read.kind() != EVENT);
        let mut scopes: Vec<Scope> = self.lacking(reads::scopes(looks, &self.catalog)).collect();
        // ConfigMaps decide for many routes, a Secret for one.
        scopes.sort_by_key(|scope| scope.kind != CONFIG_MAP);
        scopes.truncate(MOST_LACKED);
        scopes
    }

    /// Of these watches those that are open for paths only, or that nobody has.
    fn lacking(&self, scopes: BTreeSet<Scope>) -> impl Iterator<Item = Scope> {
        let is_always = |kind: KindId| ALWAYS.contains(&kind) || WHERE_SERVED.contains(&kind);
        let scopes = scopes.into_iter().filter(move |scope| !is_always(scope.kind));
        scopes.filter(|scope| self.open.contains_key(scope) || !reads::is_covered(scope, &self.cluster))
    }

    /// Watches that paths lack: all that the one on screen looked at, and what decides for many routes.
    pub(super) fn paths_lack(&self) -> Vec<Scope> {
        let is_shown = self.screens.iter().any(|screen| matches!(screen, Screen::Trace(_)));
        let seen = self.paths.seen.as_ref().filter(|_| is_shown);
        let looks = seen.into_iter().flat_map(|seen| &seen.reads);
        let mut scopes: Vec<Scope> = self.lacking(reads::scopes(looks, &self.catalog)).collect();
        scopes.extend(self.paths.lack.iter().cloned());
        scopes
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

    /// Whether rows of a kind carry the verdict of their paths.
    pub fn tells_paths(&self, kind: KindId) -> bool {
        let is_told = |entry: &Entry| entry.told.is_some();
        match kind {
            kinds::SERVICE | kinds::POD => self.routes.entries().any(is_told),
            _ => self.routes.entries().any(|entry| is_told(entry) && entry.route.owner.kind == kind),
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

    /// Follows the path on screen anew where something touched it, and remembers which hops changed.
    pub fn look(&mut self, request: &Request, now: Timestamp) {
        let known = self.paths.seen.take().filter(|seen| seen.request == *request);
        if let Some(seen) = known.as_ref().filter(|seen| !seen.is_due && now < seen.at.plus_seconds(LOOKS)) {
            let is_marked = |at: &Timestamp| now < at.plus_seconds(MARKED);
            if seen.changed.values().all(is_marked) {
                self.paths.seen = known;
                return;
            }
        }
        let trace = Arc::new(self.walk(request, now));
        let (mut changed, mut before) = (BTreeMap::new(), None);
        if let Some(seen) = known {
            (changed, before) = (seen.changed, seen.before);
            if seen.is_whole {
                changed.extend(differing(&seen.trace, &trace).into_iter().map(|place| (place, now)));
            }
            // Of a verdict that turned while nobody was told of it, nobody knows when.
            if seen.trace.verdict != trace.verdict {
                before = seen.is_whole.then_some((seen.trace.verdict, now));
            }
        }
        changed.retain(|_, at| now < at.plus_seconds(MARKED));
        let reads = trace.chain().flat_map(|link| &link.reads).cloned().collect();
        let (request, is_whole) = (request.clone(), self.is_whole());
        self.paths.seen = Some(Seen { request, trace, reads, at: now, is_whole, is_due: false, changed, before });
    }
}

/// Every hop of the chain with its place.
fn places(trace: &Trace) -> Vec<(Place, &Hop)> {
    let mut places = Vec::new();
    for (link, trace) in trace.chain().enumerate() {
        let mut counts: BTreeMap<(HopKind, Option<usize>), usize> = BTreeMap::new();
        for hop in &trace.hops {
            let count = counts.entry((hop.kind, hop.arm)).or_default();
            places.push(((link, hop.kind, hop.arm, *count), hop));
            *count += 1;
        }
    }
    places
}

/// The hops that say something else than before.
fn differing(before: &Trace, after: &Trace) -> Vec<Place> {
    let old: BTreeMap<Place, &Hop> = places(before).into_iter().collect();
    let is_same = |place: &Place, hop: &Hop| {
        old.get(place).is_some_and(|old| old.status() == hop.status() && old.summary == hop.summary)
    };
    places(after).into_iter().filter(|(place, hop)| !is_same(place, hop)).map(|(place, _)| place).collect()
}
