//! One object in the order of trouble: the answer, its containers, conditions, what it hangs together with, events, labels.

mod condition;
pub mod diff;
mod pod;
mod relation;
pub mod template;
mod ways;
pub mod yaml;

use crate::kinds::{Catalog, Facts, Health, ObjectRef, Record, age};
use crate::model::Cluster;
use crate::view::expiry;
use crate::view::line::{Line, Span, word};
use crate::view::name;
use crate::view::routes::index::Index;
use crate::wire::Timestamp;
use serde_json::Value;

/// Lines of one relation at most.
const MOST: usize = 50;

/// An object's detail, ready to paint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detail {
    /// `pod/orders-5d8…`, without namespace.
    pub title: String,
    /// How it is.
    pub health: Option<Health>,
    /// The same in a word; empty where there is no health.
    pub word: &'static str,
    /// The answer first: why it is as it is, in one sentence; a line for each where there are several.
    pub answer: String,
    /// What follows, in the order of trouble; sections without lines are left out.
    pub sections: Vec<Section>,
    /// When the first age in it reads otherwise.
    pub next_change: Option<Timestamp>,
}

/// Lines under one word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// `containers`; painted in its own narrow column at the left.
    pub title: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Everything known.
    pub cluster: &'a Cluster,
    /// The kinds.
    pub catalog: &'a Catalog,
    /// The object.
    pub key: &'a ObjectRef,
    /// Every route with its verdict; without, paths are told by the objects that name them.
    pub routes: Option<&'a Index>,
    /// The whole object as the server holds it, once it was fetched.
    pub raw: Option<&'a Value>,
    /// The present.
    pub now: Timestamp,
}

/// Ages of one detail, and when the first of them reads otherwise.
#[derive(Debug)]
struct Clock {
    now: Timestamp,
    next: Option<Timestamp>,
}

impl Clock {
    /// How long ago something was.
    fn ago(&mut self, then: Timestamp) -> String {
        let change = age::next_change(self.now, then);
        self.next = Some(self.next.map_or(change, |next| next.min(change)));
        age::age(self.now, Some(then))
    }
}

/// The detail of an object; one that is gone says so.
pub fn detail(subject: &Subject) -> Detail {
    let title = name(subject.catalog, subject.key);
    let mut clock = Clock { now: subject.now, next: None };
    let Some(record) = subject.cluster.get(subject.key) else {
        let answer = if subject.raw.is_some() { "its kind is not watched" } else { "not there (any more)" };
        let sections = sections([("conditions", condition::lines(subject.raw, &mut clock))]);
        return Detail { title, answer: answer.to_owned(), sections, next_change: clock.next, ..Detail::default() };
    };
    let (state, answer) = answer(subject, record, &mut clock);
    let (state, answer) = match ways::worst(subject, record) {
        Some((health, path)) if state.is_some_and(|state| health < state) => (Some(health), path),
        _ => (state, answer),
    };
    // Of what is ill the warnings tell the cause, so they stand before everything that tells the effect.
    let is_ill = state.is_some_and(|health| health < Health::Unknown);
    let (warnings, events) = relation::events(subject, &[record], is_ill, &mut clock);
    let mut all = vec![
        ("containers", pod::containers(record, &mut clock)),
        ("warnings", warnings),
        ("conditions", condition::lines(subject.raw, &mut clock)),
        ("routes", ways::own(subject, record)),
        ("endpoints", ways::endpoints(subject, record)),
    ];
    let of_service = relation::is_before_fields(record);
    all.extend(of_service.then(|| ("reached by", relation::entrances(subject, record))));
    all.push(("fields", fields(subject, record, &mut clock)));
    all.extend(of_service.then(|| ("entrances", ways::doors(subject, record))));
    all.extend(relation::sections(subject, record));
    all.push(("events", events));
    all.push(("labels", pairs(record.meta.labels.iter().map(|(k, v)| (&**k, &**v)))));
    all.push(("annotations", annotations(subject.raw)));
    Detail {
        title,
        health: state,
        word: state.map_or("", word),
        answer,
        sections: sections(all),
        next_change: clock.next,
    }
}

/// What happened to an object and to others that belong to it, the latest first, and when the first age in it reads
/// otherwise: the newest warnings apart.
pub fn happened(subject: &Subject, records: &[&Record]) -> (Vec<Line>, Vec<Line>, Option<Timestamp>) {
    let mut clock = Clock { now: subject.now, next: None };
    let (warnings, events) = relation::events(subject, records, true, &mut clock);
    (warnings, events, clock.next)
}

/// The paths that lead to an object, each with its verdict.
pub fn paths_in(subject: &Subject, record: &Record) -> Vec<Line> {
    relation::entrances(subject, record)
}

/// Every line of a detail in order, with the index of its section: what the cursor moves over.
pub fn lines(detail: &Detail) -> impl Iterator<Item = (usize, &Line)> {
    detail.sections.iter().enumerate().flat_map(|(index, section)| section.lines.iter().map(move |line| (index, line)))
}

fn sections<'a>(all: impl IntoIterator<Item = (&'a str, Vec<Line>)>) -> Vec<Section> {
    let sections = all.into_iter().filter(|(_, lines)| !lines.is_empty());
    sections.map(|(title, lines)| Section { title: title.to_owned(), lines }).collect()
}

/// Why it is as it is, and that it is on its way out.
fn answer(subject: &Subject, record: &Record, clock: &mut Clock) -> (Option<Health>, String) {
    let (health, reason, change) = expiry::state(record, subject.now);
    clock.next = match (clock.next, change) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let state = match (reason, &record.digest.facts, health) {
        (Some(reason), ..) => reason.into_owned(),
        (None, Facts::Event(event), _) => first_line(&event.message),
        (None, _, Some(health)) => word(health).to_owned(),
        (None, _, None) => String::new(),
    };
    let answer = match record.meta.deleted {
        // The time stands for the end of its grace period: later than that, something holds it.
        Some(end) if end < clock.now => format!("being deleted, {} overdue; {state}", clock.ago(end)),
        Some(_) if !state.contains("delet") => format!("being deleted; {state}"),
        _ => state,
    };
    (health, answer)
}

/// The cells of its table, as far as they say something, on few lines.
fn fields(subject: &Subject, record: &Record, clock: &mut Clock) -> Vec<Line> {
    let Some(kind) = subject.catalog.get(record.key.kind) else { return Vec::new() };
    let mut lines = Vec::new();
    for column in kind.columns.iter() {
        let crate::kinds::Source::Cell(index) = column.source else { continue };
        let Some(cell) = record.digest.cells.get(usize::from(index)) else { continue };
        let text = cell.show(subject.now);
        if matches!(&*text, "" | "<none>" | "<unset>") {
            continue;
        }
        if let Some(change) = cell.next_change(subject.now) {
            clock.next = Some(clock.next.map_or(change, |next| next.min(change)));
        }
        lines.push(pair(&column.name.to_lowercase(), &text));
    }
    if let Some(created) = record.meta.created {
        let ago = clock.ago(created);
        lines.push(Line::of(vec![
            Span::dim("created "),
            Span::text(format!("{ago} ago")),
            Span::dim(format!("  {}", created.rfc3339())),
        ]));
    }
    lines
}

/// Annotations of the fetched object; the copy of the whole object that kubectl keeps there says nothing new.
fn annotations(raw: Option<&Value>) -> Vec<Line> {
    let annotations = raw.and_then(|raw| raw.pointer("/metadata/annotations")).and_then(Value::as_object);
    let shown = annotations.into_iter().flatten().filter(|(key, _)| !key.ends_with("/last-applied-configuration"));
    pairs(shown.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))))
}

fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Line> {
    let line = |(key, value)| Line::of(vec![Span::dim(format!("{key}=")), Span::text(first_line(value))]);
    pairs.map(line).collect()
}

fn pair(name: &str, text: &str) -> Line {
    Line::of(vec![Span::dim(format!("{name} ")), Span::text(text)])
}

/// The lines as far as they fit, and how many more there are.
fn capped(mut lines: Vec<Line>) -> Vec<Line> {
    let more = lines.len().saturating_sub(MOST);
    if 0 < more {
        lines.truncate(MOST);
        lines.push(Line::of(vec![Span::dim(format!("and {more} more"))]));
    }
    lines
}

/// The first line of a text, with a sign that there is more.
fn first_line(text: &str) -> String {
    match text.split_once('\n') {
        Some((first, rest)) if !rest.trim().is_empty() => format!("{first} …"),
        Some((first, _)) => first.to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
