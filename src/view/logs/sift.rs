//! Which of the kept lines are shown: what the filter lets through, what stands around it, what is folded.
//!
//! Invariant: the numbers of shown lines only rise, and every line that was looked at is shown, counted in a fold, or kept
//! out by a term or a muted stream.

use crate::view::logs::batch::{SourceId, Stamp};
use crate::view::logs::buffer::{self, Buffer, Entry, Flag};
use crate::view::logs::filter::Filter;
use crate::view::logs::histogram::Histogram;
use crate::view::logs::source::Source;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Lines of context are looked for among so many lines before a match.
const FAR: u64 = 2_000;
/// A line is folded into one of its stream that stands at most so many lines above: what goes on is seen on every screen.
const NEAR: usize = 50;
/// Bytes that cost as much as one line's entry.
const UNIT: usize = 200;

/// Whether lines that say the same are shown once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fold {
    /// Each line stands for itself.
    #[default]
    Off,
    /// Lines with the same text, one after the other in their stream.
    Same,
    /// Lines that differ in times, numbers and ids only.
    Alike,
}

/// What is shown.
#[derive(Debug, Default)]
pub struct Sift {
    filter: Filter,
    fold: Fold,
    muted: BTreeSet<SourceId>,
    /// Numbers of the lines that are shown.
    shown: VecDeque<u64>,
    /// The next line to look at.
    scanned: u64,
    /// How many lines one stands for, where it is more than itself.
    folded: BTreeMap<u64, u32>,
    /// Shown because they stand around a match.
    around: BTreeSet<u64>,
    /// For each stream how many lines after a match are still to be shown.
    owed: BTreeMap<SourceId, usize>,
    /// For each stream the last shown line and what it says, while the next one may be folded into it.
    said: BTreeMap<SourceId, (u64, u64)>,
    /// The line that must come from disk before anything goes on.
    waits_for: Option<u64>,
    histogram: Histogram,
}

impl Sift {
    /// What is filtered by.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// How lines are folded.
    pub fn fold(&self) -> Fold {
        self.fold
    }

    /// The shown lines over time.
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// Numbers of the lines that are shown, as far as they were looked at.
    pub fn shown(&self) -> &VecDeque<u64> {
        &self.shown
    }

    /// How many lines a shown one stands for.
    pub fn count(&self, number: u64) -> u32 {
        self.folded.get(&number).copied().unwrap_or(1)
    }

    /// Whether a line is shown for its neighbour's sake.
    pub fn is_around(&self, number: u64) -> bool {
        self.around.contains(&number)
    }

    /// Filters by something else; everything that is kept is looked at anew, in slices.
    pub fn set_filter(&mut self, filter: Filter, first: u64) {
        if self.filter != filter {
            self.filter = filter;
            self.anew(first);
        }
    }

    /// Folds in another way.
    pub fn set_fold(&mut self, fold: Fold, first: u64) {
        self.fold = fold;
        self.anew(first);
    }

    /// Whether a stream is hidden.
    pub fn is_muted(&self, id: SourceId) -> bool {
        self.muted.contains(&id)
    }

    /// Hides these streams and no others.
    pub fn mute(&mut self, muted: BTreeSet<SourceId>, first: u64) {
        self.muted = muted;
        self.anew(first);
    }

    /// The streams that are hidden.
    pub fn muted(&self) -> &BTreeSet<SourceId> {
        &self.muted
    }

    fn anew(&mut self, first: u64) {
        self.scanned = first;
        self.shown.clear();
        self.folded.clear();
        self.around.clear();
        self.owed.clear();
        self.histogram.clear();
        self.said.clear();
        self.waits_for = None;
    }

    /// The line that must come from disk before the filter goes on.
    pub fn waits_for(&self) -> Option<u64> {
        self.waits_for
    }

    /// Lets go of lines that are kept no longer.
    pub fn forget(&mut self, buffer: &Buffer) {
        let first = buffer.numbers().start;
        if self.shown.front().is_none_or(|number| first <= *number) {
            self.scanned = self.scanned.max(first);
            return;
        }
        while self.shown.front().is_some_and(|number| *number < first) {
            self.shown.pop_front();
        }
        self.folded = self.folded.split_off(&first);
        self.around = self.around.split_off(&first);
        self.scanned = self.scanned.max(first);
        if let Some(Stamp(at)) = buffer.entry(first).and_then(Entry::at) {
            self.histogram.forget(Stamp(at).seconds());
        }
    }

    /// Looks at as many lines as the budget allows, at least at one; whether some are left.
    pub fn scan(&mut self, buffer: &Buffer, sources: &[Source], budget: usize) -> bool {
        let end = buffer.numbers().end;
        let weight = self.filter.cost() + usize::from(self.fold != Fold::Off);
        let is_open = self.filter.lets_all_through() && self.fold == Fold::Off;
        let mut left = budget;
        self.waits_for = None;
        while self.scanned < end && 0 < left {
            let number = self.scanned;
            if !is_open && !buffer.is_here(number) {
                self.waits_for = Some(number);
                break;
            }
            self.scanned += 1;
            let Some(entry) = buffer.entry(number) else { continue };
            let bytes = if is_open { 0 } else { buffer.line(entry).len() };
            left = left.saturating_sub(1 + bytes * weight / UNIT);
            self.look(buffer, sources, number, entry);
        }
        self.scanned < end
    }

    fn look(&mut self, buffer: &Buffer, sources: &[Source], number: u64, entry: &Entry) {
        if self.muted.contains(&entry.source) {
            return;
        }
        if entry.flag == Flag::Mark {
            self.said.remove(&entry.source);
            buffer::keep(&mut self.shown, number);
            return;
        }
        let label = sources.get(usize::from(entry.source.0)).map_or("", |source| source.label.as_str());
        let line = buffer.line(entry);
        if self.filter.lets_all_through() || self.filter.lets_through(line, entry.level, label) {
            self.bring(buffer, number, (entry.source, label));
            self.show(buffer, number, entry);
        } else if let Some(owed) = self.owed.get_mut(&entry.source).filter(|owed| 0 < **owed) {
            *owed -= 1;
            self.said.remove(&entry.source);
            self.around.insert(number);
            buffer::keep(&mut self.shown, number);
        }
    }

    /// Shows the lines of the same stream before a match, and notes that some after it are to be shown.
    fn bring(&mut self, buffer: &Buffer, number: u64, (source, label): (SourceId, &str)) {
        let context = self.filter.context();
        if context == 0 || self.filter.lets_all_through() {
            return;
        }
        self.owed.insert(source, context);
        let oldest = buffer.numbers().start.max(number.saturating_sub(FAR));
        let is_own = |number: &u64| {
            buffer.entry(*number).is_some_and(|entry| entry.source == source && entry.flag != Flag::Mark)
        };
        let before: Vec<u64> = (oldest..number).rev().filter(is_own).take(context).collect();
        for number in before {
            let place = self.shown.partition_point(|other| *other < number);
            let passes = |entry: &Entry| self.filter.lets_through(buffer.line(entry), entry.level, label);
            if self.shown.get(place) == Some(&number) || buffer.entry(number).is_some_and(passes) {
                // What stands before it was brought with it; it may have been folded.
                break;
            }
            self.shown.insert(place, number);
            self.around.insert(number);
            self.said.remove(&source);
        }
    }

    fn show(&mut self, buffer: &Buffer, number: u64, entry: &Entry) {
        if let Some(at) = entry.at() {
            self.histogram.note(at, entry.level);
        }
        if self.fold == Fold::Off {
            buffer::keep(&mut self.shown, number);
            return;
        }
        let says = fingerprint(buffer.line(entry), self.fold);
        match self.said.get(&entry.source) {
            Some((first, said)) if *said == says && self.is_near(*first) && !buffer.marked().contains(&number) => {
                *self.folded.entry(*first).or_insert(1) += 1;
            }
            _ => {
                buffer::keep(&mut self.shown, number);
                self.said.insert(entry.source, (number, says));
            }
        }
    }

    /// Whether a line stands among the last that are shown.
    fn is_near(&self, number: u64) -> bool {
        self.shown.iter().rev().take(NEAR).any(|shown| *shown == number)
    }

    /// How far the filter is, from 0 to 1.
    pub fn progress(&self, buffer: &Buffer) -> f64 {
        let kept = buffer.numbers();
        let all = kept.end - kept.start;
        if all == 0 { 1.0 } else { self.scanned.saturating_sub(kept.start) as f64 / all as f64 }
    }
}

/// A number that lines have in common which say the same. Where times and numbers do not count, neither do words that hold
/// a digit: ids of pods, of requests, addresses.
pub fn fingerprint(line: &[u8], fold: Fold) -> u64 {
    let mut hasher = DefaultHasher::new();
    if fold != Fold::Alike {
        line.hash(&mut hasher);
        return hasher.finish();
    }
    for word in line.chunk_by(|a, b| a.is_ascii_alphanumeric() == b.is_ascii_alphanumeric()) {
        if word.iter().any(u8::is_ascii_digit) { b"0" } else { word }.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests;
