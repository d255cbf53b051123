//! A workload's rollout as a page: what holds it up first, then its revisions with their pods, the paths that depend on it,
//! what changed, and how fast it may go.
//!
//! It is a detail like that of an object, so that the same keys move in it: every line leads to the object it speaks of.

mod tree;

pub use self::tree::bar;

use super::blocked::{Block, Cause, blocks};
use super::history::{self, Revision, history};
use super::pace::{Deadline, deadline, pace};
use super::status::{Stage, status};
use crate::kinds::rollout::{RolloutFacts, Strategy};
use crate::kinds::{
    Facts, HORIZONTAL_POD_AUTOSCALER, Health, ObjectRef, POD, POD_DISRUPTION_BUDGET, REPLICA_SET, ROLLOUT, Record, age,
};
use crate::view::describe::diff::Difference;
use crate::view::describe::{self, Detail, Section, Subject};
use crate::view::fit;
use crate::view::line::{Line, Role, Span, word};
use crate::view::{name, short_name};
use crate::wire::Timestamp;

/// From so many columns on, what belongs together stands on one line.
const WIDE: usize = 90;
/// Lines of a change between two templates at most.
const MOST_CHANGES: usize = 40;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Scenery<'a> {
    /// The workload, and everything around it.
    pub subject: Subject<'a>,
    /// Whether all revisions are listed, with what was said of them; else those with pods and a few before.
    pub all: bool,
    /// Revisions that were chosen to be compared.
    pub chosen: &'a [i64],
    /// The change between the two revisions that are compared.
    pub change: Change<'a>,
    /// What its newest pods said last.
    pub said: &'a [Line],
    /// Columns for the text of a line.
    pub room: usize,
}

/// What is known of the change between two revisions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'a> {
    /// Their templates are not here yet.
    Unknown,
    /// They could not be read, and why.
    Failed(&'a str),
    /// What differs.
    Told(&'a [Difference]),
}

/// The two revisions whose change is told: those that were chosen, or the one before and the newest.
pub fn compared<'a>(revisions: &'a [Revision], chosen: &[i64]) -> Option<(&'a Revision, &'a Revision)> {
    let find = |number: &i64| history::find(revisions, *number);
    let newest = history::update(revisions).or_else(|| revisions.first())?;
    let (one, other) = match chosen {
        [one, other, ..] => (find(one)?, find(other)?),
        [one] if *one != newest.number => (find(one)?, newest),
        _ => {
            let current = revisions.iter().find(|revision| revision.is_current && !revision.is_update);
            let before = revisions.iter().find(|revision| revision.number < newest.number);
            (current.or(before)?, newest)
        }
    };
    Some(if one.number <= other.number { (one, other) } else { (other, one) })
}

/// The page.
pub fn page(scenery: &Scenery) -> Detail {
    let subject = &scenery.subject;
    let title = name(subject.catalog, subject.key);
    let Some(record) = subject.cluster.get(subject.key) else {
        return Detail { title, answer: "not there (any more)".to_owned(), ..Detail::default() };
    };
    let revisions = history(subject.cluster, record);
    let blocks = blocks(subject.cluster, record, &revisions, subject.now);
    let mut painter = Painter { scenery, record, revisions: &revisions, next: None };
    let (health, word) = state(record, &blocks);
    let answer = painter.answer(&blocks);
    let others = beside(&revisions, &blocks);
    let others = others.iter().filter_map(|key| subject.cluster.get(key)).map(AsRef::as_ref);
    let told: Vec<&Record> = std::iter::once(&**record).chain(others).collect();
    let (warnings, events, change) = describe::happened(subject, &told);
    painter.next = [painter.next, change].into_iter().flatten().min();
    let all = vec![
        ("held up by", painter.blocks(&blocks)),
        ("revisions", painter.tree()),
        ("steps", painter.steps()),
        ("last lines", scenery.said.to_vec()),
        ("paths", describe::paths_in(subject, record)),
        ("change", painter.change()),
        ("limits", painter.limits()),
        ("warnings", warnings),
        ("events", events),
    ];
    let sections = all.into_iter().filter(|(_, lines)| !lines.is_empty());
    let sections = sections.map(|(title, lines)| Section { title: title.to_owned(), lines }).collect();
    Detail { title, health: Some(health), word, answer, sections, next_change: painter.next }
}

/// The objects whose events tell of the rollout, beside its own: what holds the newest template, and the worst of its pods.
pub fn beside(revisions: &[Revision], blocks: &[Block]) -> Vec<ObjectRef> {
    let set = history::update(revisions).map(|revision| revision.key.clone()).filter(|key| key.kind == REPLICA_SET);
    let pod = blocks.iter().map(|block| &block.object).find(|key| key.kind == POD).cloned();
    set.into_iter().chain(pod).collect()
}

/// How the rollout is, in a word.
pub fn state(record: &Record, blocks: &[Block]) -> (Health, &'static str) {
    let has = |cause: Cause| blocks.iter().any(|block| block.cause == cause);
    let worst = blocks.iter().map(|block| block.health).min();
    let stage = status(record).map(|status| status.stage);
    let is_over = stage == Some(Stage::Done) && !has(Cause::Paused);
    match worst {
        _ if has(Cause::Deadline) => (Health::Failed, "stuck"),
        _ if has(Cause::Aborted) => (Health::Failed, "aborted"),
        Some(Health::Failed) => (Health::Failed, "blocked"),
        Some(Health::Warn) if has(Cause::Paused) => (Health::Warn, "paused"),
        Some(Health::Warn) if has(Cause::Held) => (Health::Warn, "held"),
        Some(Health::Warn) if has(Cause::ByHand) => (Health::Warn, "by hand"),
        Some(Health::Warn) => (Health::Warn, "blocked"),
        _ if is_over => {
            let own = record.digest.health.unwrap_or(Health::Unknown);
            if own == Health::Ready { (own, "rolled out") } else { (own, word(own)) }
        }
        _ if stage == Some(Stage::Refused) => {
            let own = record.digest.health.unwrap_or(Health::Unknown);
            (own, word(own))
        }
        _ => (Health::Progressing, "progressing"),
    }
}

struct Painter<'a> {
    scenery: &'a Scenery<'a>,
    record: &'a Record,
    revisions: &'a [Revision],
    next: Option<Timestamp>,
}

impl Painter<'_> {
    fn wakes(&mut self, at: Timestamp) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    /// How long ago something was; the page reads otherwise when that does.
    fn ago(&mut self, then: Timestamp) -> String {
        let now = self.scenery.subject.now;
        self.wakes(age::next_change(now, then));
        age::age(now, Some(then))
    }

    /// One sentence that answers: how far it is and what holds it up; then how long it has.
    fn answer(&mut self, blocks: &[Block]) -> String {
        let mut text = self.progress();
        if let Some(first) = blocks.first() {
            text = format!("{text}: {}", first.brief());
        }
        if let Some(time) = self.time() {
            text = format!("{text}\n{time}");
        }
        text
    }

    fn progress(&mut self) -> String {
        let Some(r) = super::replicas(self.record) else { return String::new() };
        let least = pace(self.record).and_then(|pace| pace.unavailable).map(|(_, n)| r.desired.saturating_sub(n));
        let is_over = status(self.record).is_some_and(|status| status.stage == Stage::Done);
        if is_over && r.updated == r.desired && r.desired <= r.available {
            let newest = history::update(self.revisions);
            let which = newest.map_or(String::new(), |r| format!(", revision {} ({})", r.number, r.tags()));
            return format!("{} of {} pods updated and available{which}", r.updated, r.desired);
        }
        let least = least.map_or(String::new(), |least| format!(" (at least {least})"));
        format!("{} of {} updated, {} available{least}", r.updated, r.desired, r.available)
    }

    /// The deadline, before and after.
    fn time(&mut self) -> Option<String> {
        match deadline(self.record) {
            Deadline::None => None,
            Deadline::Passed(since) => {
                let ago = since.map(|at| self.ago(at))?;
                Some(format!("stuck: the deadline passed {ago} ago, and nothing is undone by itself"))
            }
            Deadline::Runs(end) => {
                let now = self.scenery.subject.now;
                let left = end.micros_since(now);
                if left <= 0 {
                    return Some("its deadline is now".to_owned());
                }
                self.wakes(age::next_second(now, end));
                Some(format!("{} to its deadline, counted anew with each step forward", age::duration(left)))
            }
        }
    }

    fn blocks(&self, blocks: &[Block]) -> Vec<Line> {
        // That there is no progress is told above; it stands here where nothing says why.
        let has_cause = blocks.iter().any(|block| block.cause != Cause::Deadline && block.health < Health::Progressing);
        let told = blocks.iter().filter(|block| block.cause != Cause::Deadline || !has_cause);
        told.flat_map(|block| self.block(block)).collect()
    }

    fn block(&self, block: &Block) -> Vec<Line> {
        let object = || Some(block.object.clone());
        let what = short_name(self.scenery.subject.catalog, &block.object);
        let what = if block.count < 2 { what } else { format!("{} pods, {what}", block.count) };
        let parts = self.wrapped(&block.text).into_iter();
        let mut lines: Vec<Line> =
            parts.map(|part| Line::of(vec![Span::new(part, Role::State(block.health))]).to(object())).collect();
        if let Some(first) = lines.first_mut() {
            first.health = Some(block.health);
        }
        match lines.last_mut() {
            Some(last) if fit::width(&last.plain()) + fit::width(&what) + 6 < self.scenery.room => {
                last.spans.push(Span::dim(format!("  {what}")));
            }
            _ => lines.push(Line::of(vec![Span::dim(what)]).to(object())),
        }
        if !block.remedy.is_empty() {
            let parts = self.wrapped(&block.remedy).into_iter();
            lines.extend(parts.map(|part| Line::text(format!("  {part}")).to(object())));
        }
        lines
    }

    fn wrapped(&self, text: &str) -> Vec<String> {
        fit::wrap(text, self.scenery.room.saturating_sub(4).max(20))
    }

    /// What differs between the two revisions that are compared.
    fn change(&self) -> Vec<Line> {
        let Some((from, to)) = compared(self.revisions, self.scenery.chosen) else { return Vec::new() };
        let heading = vec![
            Span::dim("from "),
            Span::text(format!("{} ({})", from.number, from.tags())),
            Span::dim(" to "),
            Span::text(format!("{} ({})", to.number, to.tags())),
        ];
        let mut lines = vec![Line::of(heading).to(Some(to.key.clone()))];
        match self.scenery.change {
            // What is known of images needs nobody to be asked.
            Change::Unknown => {
                for (container, image) in &to.images {
                    let old = from.images.iter().find(|(name, _)| name == container).map(|(_, image)| image);
                    if old != Some(image) {
                        lines.extend(self.differs(
                            &format!("image of {container}"),
                            old.map(AsRef::as_ref),
                            Some(image),
                        ));
                    }
                }
            }
            Change::Failed(why) => {
                lines.push(Line::of(vec![Span::dim(format!("the templates cannot be read: {why}"))]));
            }
            Change::Told([]) => lines.push(Line::of(vec![Span::dim("nothing in the template differs")])),
            Change::Told(found) => {
                let told = found.iter().take(MOST_CHANGES);
                lines.extend(told.flat_map(|d| {
                    self.differs(d.path.trim_start_matches('.'), d.before.as_deref(), d.after.as_deref())
                }));
                if let Some(more) = found.len().checked_sub(MOST_CHANGES).filter(|more| 0 < *more) {
                    lines.push(Line::of(vec![Span::dim(format!("and {more} more"))]));
                }
            }
        }
        lines
    }

    /// One field that differs: on one line where there is room for it, else old and new below each other.
    fn differs(&self, what: &str, before: Option<&str>, after: Option<&str>) -> Vec<Line> {
        let both = before.zip(after).map_or(0, |(before, after)| fit::width(before) + fit::width(after) + 3);
        let name = Span::new(what, Role::Field);
        let text = |text: &str| Span::text(text);
        match (before, after) {
            (Some(before), Some(after)) if self.scenery.room < fit::width(what) + 2 + both => {
                let old = Line::of(vec![Span::dim(format!("  was  {before}"))]);
                vec![Line::of(vec![name]), old, Line::of(vec![Span::dim("  now  "), text(after)])]
            }
            (Some(before), Some(after)) => {
                vec![Line::of(vec![name, text("  "), Span::dim(before), Span::dim(" → "), text(after)])]
            }
            (None, Some(after)) => vec![Line::of(vec![name, Span::dim("  new  "), text(after)])],
            (Some(before), None) => vec![Line::of(vec![name, Span::dim(format!("  gone  {before}"))])],
            (None, None) => Vec::new(),
        }
    }

    /// How fast it may go, and who else has a say in the number of its pods.
    fn limits(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let subject = &self.scenery.subject;
        if let Some(status) = status(self.record) {
            let command =
                if self.record.key.kind == ROLLOUT { "kubectl argo rollouts status" } else { "kubectl rollout status" };
            let text = format!("{command}: {}", status.text);
            lines.extend(self.wrapped(&text).into_iter().map(|part| Line::of(vec![Span::dim(part)])));
        }
        lines.extend(self.fences());
        let others =
            subject.cluster.sources(self.record).into_iter().filter(|s| s.key.kind == HORIZONTAL_POD_AUTOSCALER);
        for scaler in others {
            let Facts::Autoscaler(facts) = &scaler.digest.facts else { continue };
            let text = format!("  scales it between {} and {}, wants {}", facts.min, facts.max, facts.desired);
            let spans = vec![Span::new(short_name(subject.catalog, &scaler.key), Role::Link), Span::text(text)];
            lines.push(Line::of(spans).to(Some(scaler.key.clone())));
        }
        lines.extend(self.budgets());
        lines
    }

    /// How many pods there may be, and how many there must be.
    fn fences(&self) -> Vec<Line> {
        let Some((pace, replicas)) = pace(self.record).zip(super::replicas(self.record)) else { return Vec::new() };
        let mut parts = vec![vec![Span::dim("strategy "), Span::text(pace.strategy)]];
        if let Some((written, count)) = pace.surge {
            let most = format!(": at most {} pods", replicas.desired.saturating_add(count));
            parts.push(vec![Span::dim("surge "), Span::text(counted(&written, count)), Span::dim(most)]);
        }
        if let Some((written, count)) = pace.unavailable {
            let least = format!(": at least {} available", replicas.desired.saturating_sub(count));
            parts.push(vec![Span::dim("unavailable "), Span::text(counted(&written, count)), Span::dim(least)]);
        }
        if self.scenery.room < WIDE {
            return parts.into_iter().map(Line::of).collect();
        }
        let joined = parts.into_iter().enumerate().flat_map(|(index, part)| {
            let gap = (0 < index).then(|| Span::text("   "));
            gap.into_iter().chain(part)
        });
        vec![Line::of(joined.collect())]
    }

    /// Budgets never hold up a rollout; but what evicts pods meanwhile waits for them.
    fn budgets(&self) -> Vec<Line> {
        let subject = &self.scenery.subject;
        let Some(pod) = self.revisions.iter().flat_map(|revision| &revision.pods).next() else { return Vec::new() };
        let budgets = subject.cluster.sources(pod).into_iter().filter(|s| s.key.kind == POD_DISRUPTION_BUDGET);
        let lines = budgets.filter_map(|budget| {
            let Facts::Budget(facts) = &budget.digest.facts else { return None };
            let text = format!(
                "  lets {} pods be evicted: {} healthy, {} needed",
                facts.allowed, facts.healthy, facts.desired
            );
            let note = if facts.allowed == 0 { "  drains wait, a rollout does not" } else { "" };
            let spans = vec![
                Span::new(short_name(subject.catalog, &budget.key), Role::Link),
                Span::text(text),
                Span::dim(note),
            ];
            Some(Line::of(spans).to(Some(budget.key.clone())))
        });
        lines.collect()
    }

    /// The steps of Argo's canary, or the Services of its blue-green.
    fn steps(&self) -> Vec<Line> {
        let Facts::Rollout(facts) = &self.record.digest.facts else { return Vec::new() };
        match &facts.strategy {
            Strategy::Canary { steps, .. } => {
                steps.iter().enumerate().map(|(at, step)| step_line(facts, at, &step.text())).collect()
            }
            Strategy::BlueGreen { active, preview } => {
                let preview = preview.as_ref().map_or(String::new(), |name| format!("  preview service/{name}"));
                vec![Line::text(format!("active service/{active}{preview}"))]
            }
            Strategy::Unknown => Vec::new(),
        }
    }
}

fn step_line(facts: &RolloutFacts, at: usize, text: &str) -> Line {
    let now = facts.step.and_then(|step| usize::try_from(step).ok());
    let (health, note) = match now {
        Some(step) if at < step => (Some(Health::Ready), ""),
        Some(step) if at == step => (Some(Health::Progressing), "  it is here"),
        _ => (None, ""),
    };
    let weight =
        facts.weight.filter(|_| now == Some(at)).map_or(String::new(), |w| format!(", the new pods get {w} %"));
    let indent = if health.is_none() { "  " } else { "" };
    Line::of(vec![Span::text(format!("{indent}{} {text}", at + 1)), Span::dim(format!("{note}{weight}"))]).state(health)
}

fn counted(written: &str, count: u32) -> String {
    if written.ends_with('%') { format!("{written} ({count})") } else { written.to_owned() }
}
