//! The rows that pass, and which of them the selection stands on. Of all rows only those of the window are put in order:
//! that is what keeps tables of fifty thousand rows below a frame.

use super::order::{Order, write_place};
use super::paint::Widths;
use super::{Query, Window};
use crate::kinds::{Cell, Record};
use crate::model::Cluster;
use crate::model::index::Slot;
use std::cmp::Ordering;
use std::hint::black_box;
use std::num::NonZero;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

/// So many rows are worth a thread of their own.
const ALONE: usize = 5_000;
/// So many rows are fetched from memory together: all that is read of them stays in the processor's cache meanwhile.
const TOGETHER: usize = 64;
/// More threads than this wait for the same memory.
const MOST_WORKERS: usize = 4;

/// An object and where it stands in the cluster.
pub type Placed<'a> = (Slot, &'a Arc<Record>);

/// Rows that pass, each with its place in the order as bytes.
#[derive(Debug, Default)]
pub struct Rows {
    list: Vec<Row>,
    bytes: Vec<u8>,
    /// Bytes that were written while nothing was taken out yet.
    written: usize,
    /// Names are written of every row at once.
    is_placed: bool,
    /// These stand where they belong.
    arranged: Range<usize>,
    /// How wide their texts are.
    pub widths: Widths,
}

/// A row and what it is sorted by: the first bytes beside it, the others in `Rows::bytes`. Namespace and name, which tell
/// rows apart whose column is the same, are written only of those where it matters.
#[derive(Debug)]
struct Row {
    /// Fifteen bytes, and one that says whether the place is written.
    head: u128,
    rest: Range<u32>,
    slot: Slot,
    /// Its number in the widths.
    measure: u32,
}

/// Bytes of the order in a head.
const HEAD: usize = size_of::<u128>() - 1;
/// Namespace and name of the row are among its bytes.
const IS_PLACED: u128 = 1;

impl Rows {
    /// Those that pass, in no order yet; their texts are measured. Of many rows each processor takes a part: most of the
    /// time goes into waiting for memory.
    pub fn of(rows: &[Placed], query: &Query, widths: Widths) -> Self {
        let mut all = Self { widths, ..Self::default() };
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let workers = (rows.len() / ALONE).clamp(1, processors.min(MOST_WORKERS));
        let mut parts = rows.chunks(rows.len().div_ceil(workers).max(1));
        let own = parts.next().unwrap_or_default();
        thread::scope(|scope| {
            let begun = parts.map(|part| {
                let mut rows = Self { widths: all.widths.clone(), ..Self::default() };
                let work = move || {
                    rows.take(part, query);
                    rows
                };
                (part, thread::Builder::new().spawn_scoped(scope, work).ok())
            });
            let others: Vec<_> = begun.collect();
            all.take(own, query);
            for (part, worker) in others {
                match worker.map(thread::ScopedJoinHandle::join) {
                    Some(Ok(rows)) => all.append(rows),
                    Some(Err(panic)) => resume_unwind(panic),
                    // The system has no thread to give.
                    None => all.take(part, query),
                }
            }
        });
        all.written = all.bytes.len();
        all.list.shrink_to_fit();
        all.bytes.shrink_to_fit();
        all.widths.shrink();
        all
    }

    /// Takes those of the rows that pass.
    fn take(&mut self, rows: &[Placed], query: &Query) {
        let order = Order::of(query);
        self.is_placed = !order.tells_apart(rows[..rows.len().min(TOGETHER)].iter().map(|(_, record)| *record));
        let mut scratch = String::new();
        for rows in rows.chunks(TOGETHER) {
            fetch(rows);
            for (slot, record) in rows {
                if passes(record, query, &mut scratch) {
                    self.push(*slot, record, &order);
                }
            }
        }
    }

    fn append(&mut self, other: Self) {
        let before = self.bytes.len() as u32;
        self.bytes.extend(other.bytes);
        let measures = self.widths.append(other.widths);
        let moved = |row: Row| Row {
            rest: row.rest.start + before..row.rest.end + before,
            measure: row.measure + measures,
            ..row
        };
        self.list.extend(other.list.into_iter().map(moved));
        self.is_placed &= other.is_placed;
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The slots of the rows, in order where they were put in order.
    pub fn slots(&self, places: Range<usize>) -> impl Iterator<Item = Slot> {
        self.list[places].iter().map(|row| row.slot)
    }

    /// Whether more of what is kept belongs to rows that are gone than to those that are here.
    pub fn is_littered(&self) -> bool {
        2 * self.written + 64 * 1024 < self.bytes.len() || self.widths.is_littered(self.list.len())
    }

    /// Takes out what stood at these slots, which are in order, and takes in what passes there now.
    pub fn follow(&mut self, cluster: &Cluster, query: &Query, changed: &[Slot]) {
        let before = self.list.len();
        let widths = &mut self.widths;
        self.list.retain(|row| {
            let stays = changed.binary_search(&row.slot).is_err();
            if !stays {
                widths.forget(row.measure);
            }
            stays
        });
        let gone = before - self.list.len();
        let order = Order::of(query);
        let now = changed.iter().filter_map(|slot| Some((*slot, cluster.record(*slot)?)));
        for (slot, record) in now.filter(|(_, record)| shows(record, query)) {
            self.push(slot, record, &order);
        }
        if 0 < gone || self.list.len() != before - gone {
            self.arranged = 0..0;
        }
    }

    /// Measures every text again, for these columns.
    pub fn measure(&mut self, cluster: &Cluster, mut widths: Widths) {
        for row in &mut self.list {
            if let Some(record) = cluster.record(row.slot) {
                row.measure = widths.see(record);
            }
        }
        self.widths = widths;
    }

    /// Where the selected object stands; where it is gone, the row that took its place.
    pub fn selected(&mut self, cluster: &Cluster, window: &Window) -> Option<usize> {
        let last = self.list.len().checked_sub(1)?;
        let Some(key) = window.selected else { return Some(0) };
        let slot = cluster.slot(key);
        let is_it = |row: &Row| Some(row.slot) == slot;
        if let Some(place) = self.list[self.arranged.clone()].iter().position(is_it) {
            return Some(self.arranged.start + place);
        }
        let Some(found) = self.list.iter().position(is_it) else {
            return Some(window.index.min(last));
        };
        let head = self.list[found].head;
        self.tell_apart(cluster, head, head);
        let found = &self.list[found];
        let is_before = |row: &&Row| compare(cluster, &self.bytes, row, found) == Ordering::Less;
        Some(self.list.iter().filter(is_before).count())
    }

    /// Puts these places of the order in order; what stands before and behind them is right only as a whole.
    pub fn arrange(&mut self, cluster: &Cluster, places: Range<usize>) {
        if places.is_empty() || self.arranged.start <= places.start && places.end <= self.arranged.end {
            return;
        }
        // Where every row has its place already, heads alone decide nothing.
        if self.list.iter().any(|row| row.head & IS_PLACED == 0) {
            let last = self.list.len() - 1;
            let (first, behind) = (self.head_at(places.start.min(last)), self.head_at(places.end.min(last)));
            self.tell_apart(cluster, first, behind);
        }
        self.arranged = places.start..places.end.min(self.list.len());
        let bytes = &self.bytes;
        let order = |a: &Row, b: &Row| compare(cluster, bytes, a, b);
        let mut rows = &mut self.list[..];
        if places.end < rows.len() {
            rows.select_nth_unstable_by(places.end, order);
            rows = &mut rows[..places.end];
        }
        if 0 < places.start && places.start < rows.len() {
            rows.select_nth_unstable_by(places.start, order);
            rows = &mut rows[places.start..];
        }
        rows.sort_unstable_by(order);
    }

    /// The head of the row that belongs at a place.
    fn head_at(&mut self, place: usize) -> u128 {
        self.list.select_nth_unstable_by(place, |a, b| a.head.cmp(&b.head)).1.head
    }

    /// Writes what tells rows with the same head apart, for the heads of a range.
    fn tell_apart(&mut self, cluster: &Cluster, first: u128, last: u128) {
        let heads = first & !IS_PLACED..=last | IS_PLACED;
        for row in self.list.iter_mut().filter(|row| row.head & IS_PLACED == 0 && heads.contains(&row.head)) {
            let Some(record) = cluster.record(row.slot) else { continue };
            let start = self.bytes.len();
            self.bytes.extend_from_within(row.rest.start as usize..row.rest.end as usize);
            write_place(record, &mut self.bytes);
            row.rest = start as u32..self.bytes.len() as u32;
            row.head |= IS_PLACED;
        }
    }

    fn push(&mut self, slot: Slot, record: &Record, order: &Order) {
        let measure = self.widths.see(record);
        let start = self.bytes.len();
        let is_placed = order.write(record, &mut self.bytes) || self.is_placed;
        let own = &self.bytes[start..];
        let mut head = [0; HEAD + 1];
        let length = own.len().min(HEAD);
        head[..length].copy_from_slice(&own[..length]);
        head[HEAD] = u8::from(is_placed);
        if own.len() <= HEAD {
            self.bytes.truncate(start);
        }
        if self.is_placed {
            write_place(record, &mut self.bytes);
        }
        let rest = start as u32..self.bytes.len() as u32;
        self.list.push(Row { head: u128::from_be_bytes(head), rest, slot, measure });
    }
}

/// Of two orders of a column none begins with the other: where heads are the same, both have more bytes, or neither.
fn compare(cluster: &Cluster, bytes: &[u8], a: &Row, b: &Row) -> Ordering {
    let rest = |row: &Row| &bytes[row.rest.start as usize..row.rest.end as usize];
    let key = |row: &Row| cluster.record(row.slot).map(|record| &record.key);
    // Names that differ in leading zeros only are told apart by their letters.
    a.head.cmp(&b.head).then_with(|| rest(a).cmp(rest(b))).then_with(|| key(a).cmp(&key(b)))
}

/// Whether the filter lets a record through.
fn passes(record: &Record, query: &Query, scratch: &mut String) -> bool {
    query.filter.is_empty() || query.filter.matches(record, query.now, scratch)
}

/// Whether a record is among the rows.
pub fn shows(record: &Record, query: &Query) -> bool {
    let is_inside = !query.kind.namespaced || query.namespaces.contains(record.key.namespace.as_ref());
    record.key.kind == query.kind.id && is_inside && passes(record, query, &mut String::new())
}

/// Reads a little of everything that rows are filtered, measured and sorted by. These reads do not wait for each other, as
/// those of the work on one row do, and most of the time of long tables goes into waiting.
fn fetch(rows: &[Placed]) {
    let near =
        |record: &Record| record.key.name.len() + record.digest.cells.len() + record.meta.created.map_or(0, |_| 1);
    black_box(rows.iter().map(|(_, record)| near(record)).sum::<usize>());
    let far = |record: &Record| {
        // A line of the cache holds more than two cells.
        let cells = record.digest.cells.iter().step_by(2).filter(|cell| matches!(cell, Cell::Empty)).count();
        cells + usize::from(record.key.name.as_bytes().first().copied().unwrap_or_default())
    };
    black_box(rows.iter().map(|(_, record)| far(record)).sum::<usize>());
}
