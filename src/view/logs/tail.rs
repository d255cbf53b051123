//! A view of many streams as one: their lines in order, those that the filter lets through, and what happened to each.

use crate::view::logs::batch::{Batch, Mark, Piece, SourceId, Stamp};
use crate::view::logs::buffer::{Buffer, Flag};
use crate::view::logs::filter::Filter;
use crate::view::logs::level::Level;
use crate::view::logs::pulse::Pulse;
use crate::view::logs::query::Wanted;
use crate::view::logs::sift::{Fold, Sift};
use crate::view::logs::source::{Flow, Source};
use crate::wire::Timestamp;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Lines wait so long for older ones of other streams, in microseconds.
const WINDOW: i64 = 300_000;
/// At the beginning, when every stream brings its past, they wait longer.
const BEGINNING: i64 = 1_500_000;
/// Older lines do not count for the rate, in microseconds.
const FRESH: i64 = 10_000_000;
/// More waiting lines than this are let through at once.
const MOST_WAITING: usize = 200_000;

/// A view of many streams.
#[derive(Debug)]
pub struct Tail {
    /// What is kept.
    pub buffer: Buffer,
    /// The streams, by number.
    pub sources: Vec<Source>,
    /// In which order lines stand.
    pub order: Order,
    /// What of it is shown.
    pub sift: Sift,
    waiting: Waiting,
    began: Timestamp,
    /// The stamp of the last line that was let through.
    last: i64,
}

/// In which order lines stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By the time at which they were written, as far as they come within a moment of each other.
    #[default]
    Time,
    /// As they come.
    Arrival,
}

/// Lines that wait for older ones.
#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    lines: Vec<Late>,
    since: Option<Timestamp>,
    /// For each stream the stamp by which its next line is sorted, so that its own lines keep their order.
    keys: Vec<i64>,
}

#[derive(Debug)]
struct Late {
    key: i64,
    at: Option<Stamp>,
    source: SourceId,
    flag: Flag,
    start: usize,
    len: usize,
}

impl Tail {
    /// An empty view that keeps so many bytes.
    pub fn new(limit: usize, now: Timestamp) -> Self {
        Self {
            buffer: Buffer::new(limit),
            sources: Vec::new(),
            order: Order::Time,
            sift: Sift::default(),
            waiting: Waiting::default(),
            began: now,
            last: i64::MIN,
        }
    }

    /// Puts on disk what has no place in memory, up to so many bytes.
    pub fn shelved(self, bytes: u64) -> Self {
        Self { buffer: self.buffer.shelved(bytes), ..self }
    }

    /// The number of a stream, which it gets when it is seen first.
    pub fn source(&mut self, wanted: &Wanted) -> Option<SourceId> {
        let is_same = |source: &Source| source.uid == wanted.uid && source.container == wanted.container;
        let at = self.sources.iter().position(|source| is_same(source) && source.pod == wanted.pod);
        let at = at.unwrap_or_else(|| {
            let name = &wanted.pod.name;
            let label = if wanted.is_one_of_many { format!("{name}/{}", wanted.container) } else { name.to_string() };
            self.sources.push(Source {
                pod: wanted.pod.clone(),
                uid: Arc::clone(&wanted.uid),
                container: Arc::clone(&wanted.container),
                label,
                state: Flow::Opening,
                lines: 0,
                errors: 0,
                reconnects: 0,
                gaps: 0,
                last: None,
                pulse: Pulse::default(),
            });
            self.waiting.keys.push(i64::MIN);
            self.sources.len() - 1
        });
        u16::try_from(at).ok().map(SourceId)
    }

    /// Takes in what a stream brought.
    pub fn take(&mut self, id: SourceId, batch: &Batch, now: Timestamp) {
        let Some(source) = self.sources.get_mut(usize::from(id.0)) else { return };
        self.waiting.since.get_or_insert(now);
        // What a stream brings when it is opened is its past, and tells nothing of how fast it is.
        let is_live = source.state == Flow::Live && BEGINNING < now.micros_since(self.began);
        let mut fresh = 0;
        for (piece, line) in batch.pieces.iter().zip(batch.lines()) {
            match (piece, line) {
                (Piece::Line { .. }, Some((at, line))) => {
                    source.lines += 1;
                    fresh += u32::from(at.is_some_and(|at| now.0 - at.0 / 1_000 < FRESH));
                    source.last = at.or(source.last);
                    source.state = Flow::Live;
                    self.waiting.add(id, at, Flag::None, line);
                }
                (Piece::Mark(mark), _) => {
                    source.note(mark);
                    self.waiting.add(id, None, Flag::Mark, words(mark).as_bytes());
                }
                _ => {}
            }
        }
        if is_live {
            source.pulse.note(fresh, source.last, now);
        }
        self.settle(now);
    }

    /// Lets through what has waited long enough.
    pub fn settle(&mut self, now: Timestamp) {
        if self.due().is_none_or(|due| now < due) && self.waiting.lines.len() < MOST_WAITING {
            return;
        }
        // What stays is only by which stamp each stream goes on.
        let Waiting { bytes, lines, since, .. } = &mut self.waiting;
        let (bytes, mut lines) = (std::mem::take(bytes), std::mem::take(lines));
        *since = None;
        if self.order == Order::Time {
            lines.sort_by_key(|line| line.key);
        }
        for line in lines {
            let text = bytes.get(line.start..line.start + line.len).unwrap_or_default();
            let level = if line.flag == Flag::Mark { Level::None } else { Level::of_line(text) };
            let is_late = self.order == Order::Time && line.key < self.last && line.flag == Flag::None;
            self.last = self.last.max(line.key);
            if let Some(source) = self.sources.get_mut(usize::from(line.source.0)) {
                source.errors += u64::from(Level::Error <= level);
            }
            let flag = if is_late { Flag::Late } else { line.flag };
            self.buffer.push(line.at, line.source, (level, flag), text);
        }
        self.sift.forget(&self.buffer);
    }

    /// Lets go of what the buffer has let go of.
    pub fn forget(&mut self) {
        self.sift.forget(&self.buffer);
    }

    /// When waiting lines are due.
    pub fn due(&self) -> Option<Timestamp> {
        let since = self.waiting.since?;
        let all_came = self.sources.iter().all(|source| source.state != Flow::Opening);
        let window = match self.order {
            Order::Arrival => 0,
            Order::Time if all_came || BEGINNING < since.micros_since(self.began) => WINDOW,
            Order::Time => BEGINNING,
        };
        Some(Timestamp(since.0 + window))
    }

    /// What a stream is called among the others: in one pod by its container alone.
    pub fn name_of<'a>(&self, source: &'a Source) -> &'a str {
        let has_others = self.sources.iter().any(|other| other.uid != source.uid);
        if has_others || self.sources.len() == 1 { &source.label } else { &source.container }
    }

    /// What is filtered by.
    pub fn filter(&self) -> &Filter {
        self.sift.filter()
    }

    /// Filters by something else; everything that is kept is looked at anew, in slices.
    pub fn set_filter(&mut self, filter: Filter) {
        self.sift.set_filter(filter, self.buffer.numbers().start);
    }

    /// Folds in another way.
    pub fn set_fold(&mut self, fold: Fold) {
        self.sift.set_fold(fold, self.buffer.numbers().start);
    }

    /// Shows or hides a stream.
    pub fn toggle_mute(&mut self, id: SourceId) {
        let mut muted = self.sift.muted().clone();
        if !muted.remove(&id) {
            muted.insert(id);
        }
        self.sift.mute(muted, self.buffer.numbers().start);
    }

    /// Shows only one stream; all again where it is the only one.
    pub fn solo(&mut self, id: SourceId) {
        let others = || (0..self.sources.len()).filter_map(|n| u16::try_from(n).ok().map(SourceId));
        let others: BTreeSet<SourceId> = others().filter(|other| *other != id).collect();
        let muted = if *self.sift.muted() == others { BTreeSet::new() } else { others };
        self.sift.mute(muted, self.buffer.numbers().start);
    }

    /// Whether a stream is hidden.
    pub fn is_muted(&self, id: SourceId) -> bool {
        self.sift.is_muted(id)
    }

    /// Looks at as many lines as the budget allows; whether some are left that can be looked at now.
    pub fn scan(&mut self, budget: usize) -> bool {
        let is_left = self.sift.scan(&self.buffer, &self.sources, budget);
        if let Some(number) = self.sift.waits_for() {
            self.buffer.recall(number);
            return false;
        }
        is_left
    }

    /// Numbers of the lines that are shown, as far as they were looked at.
    pub fn shown(&self) -> &VecDeque<u64> {
        self.sift.shown()
    }

    /// Whether a line is among those that are shown.
    pub fn shows(&self, number: u64) -> bool {
        self.shown().binary_search(&number).is_ok()
    }

    /// How far the filter is, from 0 to 1.
    pub fn progress(&self) -> f64 {
        self.sift.progress(&self.buffer)
    }
}

impl Waiting {
    fn add(&mut self, source: SourceId, at: Option<Stamp>, flag: Flag, line: &[u8]) {
        let Some(key) = self.keys.get_mut(usize::from(source.0)) else { return };
        *key = at.map_or(*key, |at| at.0.max(*key));
        let start = self.bytes.len();
        self.bytes.extend_from_slice(line);
        self.lines.push(Late { key: *key, at, source, flag, start, len: line.len() });
    }
}

/// A mark as a line.
fn words(mark: &Mark) -> String {
    match mark {
        Mark::Waits(reason) => format!("waits: {reason}"),
        Mark::Ended { code, reason } => {
            let code = code.map_or(String::new(), |code| format!(", exit {code}"));
            let reason = if reason.is_empty() { "" } else { reason };
            let gap = if reason.is_empty() { "" } else { " " };
            format!("container ended{code}{gap}{reason}")
        }
        Mark::Restarted { count, after: Some(exit) } => format!("container restarted, #{count}, after {exit}"),
        Mark::Restarted { count, after: None } => format!("container restarted, #{count}"),
        Mark::Gone => "pod is gone".to_owned(),
        Mark::Reconnected { after, .. } => {
            format!("reconnected after {}.{} s, 0 lost", after / 1000, after % 1000 / 100)
        }
        Mark::Gap { from, to } if from == to => "possible gap: the log was replaced twice at once".to_owned(),
        Mark::Gap { from, to } => {
            let millis = to.0.saturating_sub(from.0).max(0) / 1_000_000;
            let (seconds, tenths) = (millis / 1000, millis % 1000 / 100);
            format!("possible gap of {seconds}.{tenths} s: the server has nothing any more of what was seen last")
        }
        Mark::Failed(why) => format!("cannot be read: {why}"),
    }
}

#[cfg(test)]
mod tests;
