//! What those who send requests would notice: which Services lose or gain endpoints, which paths break or come back. It is
//! followed on the model as it would be, for a few milliseconds in each turn, so that no key waits; the question is open
//! meanwhile.

use super::{Pending, Purpose, State};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::mutation::{Mutation, Propagation, Write};
use crate::app::session::Session;
use crate::app::session::paths::{Paths, TURN};
use crate::kinds::{Catalog, Health, ObjectRef, Record, SECRET};
use crate::view::consequence::paths::{self, Followed, Path};
use crate::view::consequence::{self, Draft, Step, When, pods};
use crate::view::line::{Line, Span, counted};
use crate::view::trace::outcome::Verdict;
use crate::view::trace::world::{Probes, World};
use crate::wire::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;

/// Paths that are followed at most; more are counted.
const MOST: usize = 60;
/// Services and paths that are told at most; more are counted.
const SHOWN: usize = 4;

/// What stands there meanwhile.
const FOLLOWING: &str = "following the paths that it touches";

/// How far it is.
#[derive(Debug, Default)]
pub(super) enum Impact {
    /// Nothing is to be said.
    #[default]
    None,
    /// Paths are being followed.
    Weighing(Box<Weighing>),
    /// What would be otherwise.
    Told(Vec<Line>),
}

/// Paths that are being followed.
#[derive(Debug)]
pub(super) struct Weighing {
    draft: Draft,
    /// Those that are left; none before it is known which they are.
    left: Option<Vec<Path>>,
    found: Vec<Followed>,
    /// How many are not followed, because they are too many.
    beyond: usize,
}

impl App {
    /// Begins to find out what would be otherwise once what is asked about is done.
    pub(super) fn weigh(&mut self) {
        let now = self.now;
        let Some(dialog) = &mut self.dialog else { return };
        dialog.impact = Impact::None;
        let Some(session) = self.sessions.iter_mut().find(|session| session.epoch == dialog.epoch) else { return };
        let steps = dialog.purpose.steps(&session.catalog);
        if steps.is_empty() {
            return;
        }
        let mut draft = {
            let (answers, probes) = (&session.paths.answers, Probes::default());
            let world = World::new(&session.cluster, &session.catalog, now, (answers, &probes));
            consequence::draft(&world, &steps)
        };
        if draft.is_empty() {
            return;
        }
        draft.unknown = draft.unknown.or_else(|| unknown(session, &steps));
        dialog.impact = Impact::Weighing(Box::new(Weighing { draft, left: None, found: Vec::new(), beyond: 0 }));
        self.weigh_on();
    }

    /// Follows some more paths; what is left over has a turn of its own.
    pub(in crate::app) fn weigh_on(&mut self) {
        let now = self.now;
        let Some(dialog) = &mut self.dialog else { return };
        let Impact::Weighing(weighing) = &mut dialog.impact else { return };
        let is_over = match self.sessions.iter_mut().find(|session| session.epoch == dialog.epoch) {
            Some(session) => weighing.go_on(session, now),
            None => true,
        };
        if !is_over {
            return self.out.push(Effect::Continue);
        }
        dialog.impact = Impact::Told(weighing.lines());
        dialog.since = now;
        self.redraw = true;
    }
}

/// Why not everything that is touched can be told.
fn unknown(session: &Session, steps: &[Step]) -> Option<String> {
    if !session.is_whole() {
        return Some("not everything is listed yet: what it does to paths is unknown".to_owned());
    }
    let is_secret = |step: &&Step| step.key.kind == SECRET && step.then.is_some();
    let is_met = |key: &ObjectRef| !session.routes.looked_at(&session.cluster, key).is_empty();
    let met = steps.iter().filter(is_secret).find(|step| is_met(&step.key));
    met.map(|step| format!("paths look at secret/{}: what they do with it then is unknown", step.key.name))
}

impl Impact {
    /// Whether it is not told yet.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Weighing(_))
    }

    /// What is to be said.
    pub(super) fn lines(&self) -> Vec<Line> {
        match self {
            Self::None => Vec::new(),
            Self::Weighing(_) => vec![Line::of(vec![Span::dim(FOLLOWING)])],
            Self::Told(lines) => lines.clone(),
        }
    }
}

impl Weighing {
    /// Finds the paths, or follows some of them; whether that was the last of them.
    fn go_on(&mut self, session: &mut Session, now: Timestamp) -> bool {
        // Which paths lead through what is known once each was followed as it is.
        if session.is_whole() && 0 < session.routes.due() {
            return false;
        }
        let Session { cluster, catalog, routes, paths: Paths { answers, .. }, .. } = session;
        let (draft, beyond) = (&self.draft, &mut self.beyond);
        let Some(left) = &mut self.left else {
            let mut left = paths::affected(cluster, routes, draft);
            *beyond = left.len().saturating_sub(MOST);
            left.truncate(MOST);
            left.reverse();
            return self.left.insert(left).is_empty();
        };
        let began = Instant::now();
        while let Some(path) = left.pop() {
            self.found.extend(paths::follow_both(cluster, (catalog, now), answers, (draft, &path)));
            if TURN <= began.elapsed() {
                break;
            }
        }
        left.is_empty()
    }

    /// What it comes to, where that is more than a glance takes in.
    fn summary(&self) -> Option<Line> {
        let fewer = self.draft.services.iter().filter(|one| one.is_gone || one.then.min(one.least) < one.now).count();
        let broken = self.found.iter().filter(|path| path.then == Verdict::Broken && path.now != Some(Verdict::Broken));
        let (broken, until) = (broken.count(), if self.draft.when == When::Meanwhile { " meanwhile" } else { "" });
        if self.draft.services.len() + self.found.len() <= SHOWN {
            return None;
        }
        let (have, break_) = (if fewer == 1 { "has" } else { "have" }, if broken == 1 { "breaks" } else { "break" });
        let all = format!(
            "{} {have} fewer endpoints, {} {break_}{until}",
            counted(fewer, "Service"),
            counted(broken, "path")
        );
        let health = if broken == 0 { Health::Warn } else { Health::Failed };
        Some(Line::text(all).state(Some(health)))
    }

    fn lines(&self) -> Vec<Line> {
        let Draft { services, when, unknown, .. } = &self.draft;
        let mut services: Vec<Line> = services.iter().map(|behind| behind.line(*when)).collect();
        services.sort_by_key(|line| line.health.unwrap_or(Health::Ready));
        let mut found = self.found.clone();
        found.sort_by_key(|path| path.then);
        let mut lines: Vec<Line> = self.summary().into_iter().collect();
        lines.extend(capped(services, "Services"));
        lines.extend(capped(found.iter().map(|path| path.line(*when)).collect(), "paths"));
        if 0 < self.beyond {
            let text = format!("{} more paths lead there: they were not followed", self.beyond);
            lines.push(Line::text(text).state(Some(Health::Unknown)));
        }
        lines.extend(unknown.iter().map(|why| Line::text(why.clone()).state(Some(Health::Unknown))));
        lines
    }
}

/// The first ones, and how many more there are.
fn capped(mut lines: Vec<Line>, what: &str) -> Vec<Line> {
    let more = lines.len().saturating_sub(SHOWN);
    if 1 < more {
        let worst = lines[SHOWN].health;
        lines.truncate(SHOWN);
        lines.push(Line::text(format!("and {more} more {what}")).state(worst));
    }
    lines
}

impl Purpose {
    fn steps(&self, catalog: &Catalog) -> Vec<Step> {
        match self {
            Self::Act(pending) => pending.steps(catalog),
            Self::Many(many) => many.ready().flat_map(|pending| pending.steps(catalog)).collect(),
            Self::Operate | Self::Elevate => Vec::new(),
        }
    }
}

impl Pending {
    /// The objects that would be otherwise.
    fn steps(&self, catalog: &Catalog) -> Vec<Step> {
        let State::Ready(ready) = &self.state else { return Vec::new() };
        let own = self.mutation.iter().filter_map(|mutation| self.step(mutation, &ready.after, catalog));
        let more = ready.more.iter().filter_map(|mutation| self.step(mutation, &Value::Null, catalog));
        own.chain(more).collect()
    }

    fn step(&self, mutation: &Mutation, after: &Value, catalog: &Catalog) -> Option<Step> {
        let key = mutation.key.clone();
        let becomes = |object: &Value| {
            let then = Some(Arc::new(read(catalog, &key, object)?));
            let rolls = object.pointer("/spec/template") != self.subject.object.pointer("/spec/template");
            Some(Step { key: key.clone(), then, rolls })
        };
        match &mutation.write {
            Write::Delete { propagation: Propagation::Orphan, .. } if pods::is_workload(key.kind) => None,
            Write::Delete { .. } | Write::Evict { .. } => Some(Step { key, then: None, rolls: false }),
            Write::Scale { replicas } => {
                let mut object = self.subject.object.clone();
                *object.pointer_mut("/spec/replicas")? = Value::from(*replicas);
                becomes(&object)
            }
            Write::Patch { .. } | Write::Replace { .. } | Write::Create { .. } => becomes(after),
        }
    }
}

/// An object as a watch would bring it; none where it cannot be read.
fn read(catalog: &Catalog, key: &ObjectRef, object: &Value) -> Option<Record> {
    object.pointer("/metadata/name")?;
    let record = catalog.get(key.kind)?.decoder.read_value(key.kind, object)?;
    (record.key == *key).then_some(record)
}
