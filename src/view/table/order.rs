//! Which rows, in which order, and which of them the selection stands on. Of all rows only those of the window are put
//! in order: that is what keeps tables of fifty thousand rows below a frame.

use super::paint::Widths;
use super::{Namespaces, Query, Window};
use crate::kinds::{Cell, EVENT, Record, Source, cell};
use crate::model::Cluster;
use std::cmp::Ordering;
use std::collections::BTreeSet;
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

/// Rows that pass, each with its place in the order as bytes.
#[derive(Default)]
pub struct Listed<'a> {
    rows: Vec<Row<'a>>,
    bytes: Vec<u8>,
    /// Rows before the filter.
    pub total: usize,
}

/// A row and what it is sorted by: the first bytes beside it, the others in `Listed::bytes`. Namespace and name, which
/// tell rows apart whose column is the same, are written only of those where it matters.
struct Row<'a> {
    /// Fifteen bytes, and one that says whether the place is written.
    head: u128,
    rest: Range<u32>,
    record: &'a Arc<Record>,
}

/// Bytes of the order in a head.
const HEAD: usize = size_of::<u128>() - 1;
/// Namespace and name of the row are among its bytes.
const IS_PLACED: u128 = 1;

/// Stands where a row has nothing to be sorted by: behind everything, whichever way it is sorted.
const NOTHING: u8 = u8::MAX;

/// The rows that pass, in no order yet.
pub fn listed<'a>(cluster: &'a Cluster, query: &Query<'a>) -> Listed<'a> {
    listed_by(cluster, query, &mut Widths::default())
}

/// The same; the texts of the rows that pass are measured. Of many rows each processor takes a part: most of the time goes
/// into waiting for memory.
pub fn listed_by<'a>(cluster: &'a Cluster, query: &Query<'a>, widths: &mut Widths) -> Listed<'a> {
    let rows = within(cluster, query);
    let mut listed = Listed { rows: Vec::new(), bytes: Vec::new(), total: rows.len() };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = (rows.len() / ALONE).clamp(1, processors.min(MOST_WORKERS));
    let mut parts = rows.chunks(rows.len().div_ceil(workers).max(1));
    let own = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let begun = parts.map(|part| {
            let mut widths = widths.clone();
            let work = move || {
                let mut listed = Listed::default();
                listed.take(part, query, &mut widths);
                (listed, widths)
            };
            (part, thread::Builder::new().spawn_scoped(scope, work).ok())
        });
        let others: Vec<_> = begun.collect();
        listed.take(own, query, widths);
        for (part, worker) in others {
            match worker.map(thread::ScopedJoinHandle::join) {
                Some(Ok((rows, measured))) => {
                    listed.append(rows);
                    widths.widen(&measured);
                }
                Some(Err(panic)) => resume_unwind(panic),
                // The system has no thread to give.
                None => listed.take(part, query, widths),
            }
        }
    });
    listed
}

/// The rows before the filter.
fn within<'a>(cluster: &'a Cluster, query: &Query<'a>) -> Vec<&'a Arc<Record>> {
    let kind = query.kind.id;
    match query.namespaces {
        Namespaces::Some(names) if query.kind.namespaced => {
            names.iter().flat_map(|name| cluster.in_namespace(kind, name)).collect()
        }
        _ => cluster.of(kind).collect(),
    }
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

/// The row at the top, without the others in order.
pub fn top<'a>(cluster: &'a Cluster, query: &Query<'a>) -> Option<&'a Arc<Record>> {
    let order = Order::of(query);
    let (mut least, mut own, mut scratch) = (Vec::new(), Vec::new(), String::new());
    let mut top: Option<&Arc<Record>> = None;
    for record in within(cluster, query).into_iter().filter(|record| passes(record, query, &mut scratch)) {
        own.clear();
        if !order.write(record, &mut own) {
            write_place(record, &mut own);
        }
        if top.is_none_or(|top| (&own, &record.key) < (&least, &top.key)) {
            std::mem::swap(&mut least, &mut own);
            top = Some(record);
        }
    }
    top
}

/// Reads a little of everything that rows are filtered, measured and sorted by. These reads do not wait for each other, as
/// those of the work on one row do, and most of the time of long tables goes into waiting.
fn fetch(rows: &[&Arc<Record>]) {
    let near =
        |record: &Record| record.key.name.len() + record.digest.cells.len() + record.meta.created.map_or(0, |_| 1);
    black_box(rows.iter().map(|record| near(record)).sum::<usize>());
    let far = |record: &Record| {
        // A line of the cache holds two cells.
        let cells = record.digest.cells.iter().step_by(2).filter(|cell| matches!(cell, Cell::Empty)).count();
        cells + usize::from(record.key.name.as_bytes().first().copied().unwrap_or_default())
    };
    black_box(rows.iter().map(|record| far(record)).sum::<usize>());
}

impl<'a> Listed<'a> {
    /// Takes those of the rows that pass.
    fn take(&mut self, rows: &[&'a Arc<Record>], query: &Query, widths: &mut Widths) {
        let order = Order::of(query);
        let places = !order.tells_apart(&rows[..rows.len().min(TOGETHER)]);
        let mut scratch = String::new();
        for rows in rows.chunks(TOGETHER) {
            fetch(rows);
            for record in rows.iter().filter(|record| passes(record, query, &mut scratch)) {
                widths.see(record);
                self.push(record, &order, places);
            }
        }
    }

    fn append(&mut self, other: Self) {
        let before = self.bytes.len() as u32;
        self.bytes.extend(other.bytes);
        let moved = |row: Row<'a>| Row { rest: row.rest.start + before..row.rest.end + before, ..row };
        self.rows.extend(other.rows.into_iter().map(moved));
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows, in order where they were put in order.
    pub fn records(&self) -> Vec<&'a Arc<Record>> {
        self.rows.iter().map(|row| row.record).collect()
    }

    /// Where the selected object stands; where it is gone, the row that took its place.
    pub fn selected(&mut self, window: &Window) -> Option<usize> {
        let last = self.rows.len().checked_sub(1)?;
        let Some(key) = window.selected else { return Some(0) };
        let Some(found) = self.rows.iter().position(|row| row.record.key == *key) else {
            return Some(window.index.min(last));
        };
        let head = self.rows[found].head;
        self.tell_apart(head, head);
        let found = &self.rows[found];
        Some(self.rows.iter().filter(|row| compare(&self.bytes, row, found) == Ordering::Less).count())
    }

    /// Puts these places of the order in order; what stands before and behind them is right only as a whole.
    pub fn arrange(&mut self, places: Range<usize>) {
        // Where every row has its place already, heads alone decide nothing.
        if self.rows.iter().any(|row| row.head & IS_PLACED == 0) {
            let last = self.rows.len() - 1;
            let (first, behind) = (self.head_at(places.start.min(last)), self.head_at(places.end.min(last)));
            self.tell_apart(first, behind);
        }
        let bytes = &self.bytes;
        let order = |a: &Row, b: &Row| compare(bytes, a, b);
        let mut rows = &mut self.rows[..];
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
        self.rows.select_nth_unstable_by(place, |a, b| a.head.cmp(&b.head)).1.head
    }

    /// Writes what tells rows with the same head apart, for the heads of a range.
    fn tell_apart(&mut self, first: u128, last: u128) {
        let heads = first & !IS_PLACED..=last | IS_PLACED;
        for row in self.rows.iter_mut().filter(|row| row.head & IS_PLACED == 0 && heads.contains(&row.head)) {
            let start = self.bytes.len();
            self.bytes.extend_from_within(row.rest.start as usize..row.rest.end as usize);
            write_place(row.record, &mut self.bytes);
            row.rest = start as u32..self.bytes.len() as u32;
            row.head |= IS_PLACED;
        }
    }

    fn push(&mut self, record: &'a Arc<Record>, order: &Order, places: bool) {
        let start = self.bytes.len();
        let is_placed = order.write(record, &mut self.bytes) || places;
        let own = &self.bytes[start..];
        let mut head = [0; HEAD + 1];
        let length = own.len().min(HEAD);
        head[..length].copy_from_slice(&own[..length]);
        head[HEAD] = u8::from(is_placed);
        if own.len() <= HEAD {
            self.bytes.truncate(start);
        }
        if places {
            write_place(record, &mut self.bytes);
        }
        let rest = start as u32..self.bytes.len() as u32;
        self.rows.push(Row { head: u128::from_be_bytes(head), rest, record });
    }
}

/// Of two orders of a column none begins with the other: where heads are the same, both have more bytes, or neither.
fn compare(bytes: &[u8], a: &Row, b: &Row) -> Ordering {
    let rest = |row: &Row| &bytes[row.rest.start as usize..row.rest.end as usize];
    // Names that differ in leading zeros only are told apart by their letters.
    a.head.cmp(&b.head).then_with(|| rest(a).cmp(rest(b))).then_with(|| a.record.key.cmp(&b.record.key))
}

/// What rows are sorted by.
struct Order {
    column: Option<Sorted>,
    descending: bool,
}

enum Sorted {
    Namespace,
    Column(Source),
}

impl Order {
    fn of(query: &Query) -> Self {
        let column = query.sort.column.as_ref().and_then(|name| {
            let known = query.kind.columns.iter().find(|column| *column.name == **name);
            let own = known.map(|column| Sorted::Column(column.source));
            own.or_else(|| (&**name == "NAMESPACE").then_some(Sorted::Namespace))
        });
        // Events are read for what happened last.
        let column = column.or_else(|| (query.kind.id == EVENT).then_some(Sorted::Column(Source::Cell(0))));
        Self { column, descending: query.sort.descending }
    }

    /// Whether the column alone tells most rows apart, as far as these are like the others.
    fn tells_apart(&self, rows: &[&Arc<Record>]) -> bool {
        let column = |record: &&Arc<Record>| {
            let mut bytes = Vec::new();
            self.write(record, &mut bytes);
            bytes
        };
        self.column.is_none() || rows.len() < 2 * rows.iter().map(column).collect::<BTreeSet<_>>().len()
    }

    /// Writes the column; where there is none, namespace and name, which go backwards then only. Says whether these two
    /// are written.
    fn write(&self, record: &Record, bytes: &mut Vec<u8>) -> bool {
        let start = bytes.len();
        match &self.column {
            Some(sorted) => write_cell(record, sorted, bytes),
            None => write_place(record, bytes),
        }
        if self.descending && bytes.get(start) != Some(&NOTHING) {
            bytes[start..].iter_mut().for_each(|byte| *byte = !*byte);
        }
        self.column.is_none()
    }
}

/// Namespace and name.
fn write_place(record: &Record, bytes: &mut Vec<u8>) {
    cell::write_natural(record.key.namespace.as_deref().unwrap_or(""), bytes);
    cell::write_natural(&record.key.name, bytes);
}

fn write_cell(record: &Record, sorted: &Sorted, bytes: &mut Vec<u8>) {
    let mut cell = |cell: Option<&Cell>| match cell {
        None | Some(Cell::Empty) => bytes.push(NOTHING),
        Some(cell) => cell.write_order(bytes),
    };
    match sorted {
        Sorted::Namespace => cell(record.key.namespace.clone().map(Cell::Text).as_ref()),
        Sorted::Column(Source::Name) => cell(Some(&Cell::Text(Arc::clone(&record.key.name)))),
        Sorted::Column(Source::Age) => cell(record.meta.created.map(Cell::Time).as_ref()),
        Sorted::Column(Source::Cell(index)) => cell(record.digest.cells.get(usize::from(*index))),
    }
}

/// The first row of a window that keeps the selection on its line and wastes no space.
pub fn first(selected: usize, window: &Window, shown: usize) -> usize {
    let line = window.line.min(window.height.saturating_sub(1));
    selected.saturating_sub(line).min(shown.saturating_sub(window.height))
}
