//! Which rows, in which order, and which of them the selection stands on. Of all rows only those of the window are put
//! in order: that is what keeps tables of fifty thousand rows below a frame.

use super::paint::Widths;
use super::{Namespaces, Query, Window};
use crate::kinds::{Cell, EVENT, Record, Source, cell};
use crate::model::Cluster;
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

/// Rows that pass, each with its place in the order as bytes.
#[derive(Default)]
pub struct Listed<'a> {
    rows: Vec<Row<'a>>,
    bytes: Vec<u8>,
    /// Rows before the filter.
    pub total: usize,
}

/// A row and what it is sorted by: the first bytes beside it, all of them in `Listed::bytes`.
struct Row<'a> {
    head: u128,
    all: Range<u32>,
    record: &'a Arc<Record>,
}

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
        let mut scratch = String::new();
        for rows in rows.chunks(TOGETHER) {
            fetch(rows);
            for record in rows.iter().filter(|record| passes(record, query, &mut scratch)) {
                widths.see(record);
                self.push(record, &order);
            }
        }
    }

    fn append(&mut self, other: Self) {
        let before = self.bytes.len() as u32;
        self.bytes.extend(other.bytes);
        let moved = |row: Row<'a>| Row { all: row.all.start + before..row.all.end + before, ..row };
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
    pub fn selected(&self, window: &Window) -> Option<usize> {
        let last = self.rows.len().checked_sub(1)?;
        let Some(key) = window.selected else { return Some(0) };
        let Some(found) = self.rows.iter().find(|row| row.record.key == *key) else {
            return Some(window.index.min(last));
        };
        Some(self.rows.iter().filter(|row| compare(&self.bytes, row, found) == Ordering::Less).count())
    }

    /// Puts these places of the order in order; what stands before and behind them is right only as a whole.
    pub fn arrange(&mut self, places: Range<usize>) {
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

    fn push(&mut self, record: &'a Arc<Record>, order: &Order) {
        let start = self.bytes.len();
        order.write(record, &mut self.bytes);
        let own = &self.bytes[start..];
        let mut head = [0; 16];
        let length = own.len().min(head.len());
        head[..length].copy_from_slice(&own[..length]);
        let all = start as u32..self.bytes.len() as u32;
        self.rows.push(Row { head: u128::from_be_bytes(head), all, record });
    }
}

fn compare(bytes: &[u8], a: &Row, b: &Row) -> Ordering {
    let all = |row: &Row| &bytes[row.all.start as usize..row.all.end as usize];
    // Names that differ in leading zeros only are told apart by their letters.
    a.head.cmp(&b.head).then_with(|| all(a).cmp(all(b))).then_with(|| a.record.key.cmp(&b.record.key))
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

    /// The column, then namespace and name, which go backwards only where there is no column.
    fn write(&self, record: &Record, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        if let Some(sorted) = &self.column {
            write_cell(record, sorted, bytes);
            if self.descending && bytes[start] != NOTHING {
                bytes[start..].iter_mut().for_each(|byte| *byte = !*byte);
            }
        }
        cell::write_natural(record.key.namespace.as_deref().unwrap_or(""), bytes);
        cell::write_natural(&record.key.name, bytes);
        if self.descending && self.column.is_none() {
            bytes[start..].iter_mut().for_each(|byte| *byte = !*byte);
        }
    }
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
