//! The rows of the window as text, and the columns that fit beside each other.

use super::{Heading, Query, Row, RowCell, Window};
use crate::kinds::age;
use crate::kinds::{Align, Cell, Column, Health, ObjectRef, Record, Source, Width};
use crate::view::expiry;
use crate::wire::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

/// Space between columns.
const GAP: usize = 2;
/// Symbol and selection before the first column.
const GUTTER: usize = 4;
/// From this room on, columns that are for wide screens are shown as far as they fit.
const ROOMY: usize = 100;
/// A long name may be cut to this, in the middle, before a column is left out.
const NAME: usize = 32;

/// So much of a name or a word tells it from others, on a screen that has no more.
const TOLD: usize = 18;
/// The same of a namespace.
const NAMESPACE_TOLD: usize = 10;

pub struct Painted {
    pub columns: Vec<Heading>,
    pub rows: Vec<Row>,
    pub next_change: Option<Timestamp>,
}

/// One column as it is painted: the namespace has no column of its own in a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    name: Cow<'static, str>,
    source: Option<Source>,
    width: Width,
    align: Align,
}

/// The columns that are wanted, and how wide they are. Words are measured in every row, so that scrolling moves nothing;
/// the rest is short. All columns are measured in the walk that filters the rows: walking over fifty thousand rows is what
/// takes long, and each column had a walk of its own (63 ms, 16 ms in one walk). How long the words of a row are is kept,
/// so that a row can go without a walk over the others.
#[derive(Clone, Debug, Default)]
pub struct Widths {
    columns: Vec<Drawn>,
    widest: Vec<Widest>,
    /// Of each row that was seen and each column: the width of its word, or where that is not among the widest anyway
    /// the bytes of it.
    words: Vec<u16>,
    /// Rows that were seen.
    seen: usize,
}

/// The widest word of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Widest {
    /// Columns of the screen that the heading needs.
    heading: u16,
    /// Columns of the screen.
    width: u16,
    /// How many rows have a word of this width.
    rows: u32,
}

impl Widths {
    /// Of columns in which no row was seen yet.
    pub fn new(columns: Vec<Drawn>) -> Self {
        let widest = columns.iter().map(|column| {
            let heading = narrow(width(&column.name));
            Widest { heading, width: heading, rows: 0 }
        });
        Self { widest: widest.collect(), columns, ..Self::default() }
    }

    /// The same columns, no row seen.
    pub fn anew(&self) -> Self {
        Self::new(self.columns.clone())
    }

    /// The columns.
    pub fn columns(&self) -> &[Drawn] {
        &self.columns
    }

    /// Measures the words of a row; returns its number.
    pub fn see(&mut self, record: &Record) -> u32 {
        for (column, widest) in self.columns.iter().zip(&mut self.widest) {
            let cell = |index: u8| record.digest.cells.get(usize::from(index)).and_then(Cell::words);
            let word = match column.source {
                None => Cow::Borrowed(record.key.namespace.as_deref().unwrap_or("")),
                Some(Source::Name) => Cow::Borrowed(&*record.key.name),
                Some(Source::Age) => Cow::Borrowed(""),
                Some(Source::Cell(index)) => cell(index).unwrap_or_default(),
            };
            // No text is wider than its bytes, so most need not be looked at.
            let mut length = narrow(word.len());
            if widest.width <= length {
                length = narrow(width(&word));
                widest.take(length, 1);
            }
            self.words.push(length);
        }
        self.seen += 1;
        self.seen as u32 - 1
    }

    /// Keeps no more space than it needs.
    pub fn shrink(&mut self) {
        self.words.shrink_to_fit();
    }

    /// A row is gone.
    pub fn forget(&mut self, row: u32) {
        let first = row as usize * self.columns.len();
        for (widest, word) in self.widest.iter_mut().zip(&self.words[first..]) {
            widest.rows -= u32::from(widest.width == *word && 0 < widest.rows);
        }
    }

    /// Whether a column is wider than any word that is left, as far as that is known.
    pub fn is_loose(&self) -> bool {
        self.widest.iter().any(|widest| widest.rows == 0 && widest.heading < widest.width)
    }

    /// Whether most of the rows that were seen are not among these any more.
    pub fn is_littered(&self, rows: usize) -> bool {
        2 * rows + 1024 < self.seen
    }

    /// Takes in what was measured in other rows; returns what their numbers begin with.
    pub fn append(&mut self, other: Self) -> u32 {
        for (widest, other) in self.widest.iter_mut().zip(&other.widest) {
            widest.take(other.width, other.rows);
        }
        self.words.extend(other.words);
        let first = self.seen as u32;
        self.seen += other.seen;
        first
    }

    /// Takes in the texts of the rows on screen as well.
    fn measured(&self, visible: &[&Arc<Record>], now: Timestamp) -> Vec<(Drawn, usize)> {
        let measured = self.columns.iter().zip(&self.widest).map(|(column, widest)| {
            let texts = visible.iter().map(|record| width(&text(record, column, now)));
            (column.clone(), texts.fold(usize::from(widest.width), usize::max))
        });
        measured.collect()
    }
}

impl Widest {
    fn take(&mut self, width: u16, rows: u32) {
        if self.width < width {
            (self.width, self.rows) = (width, 0);
        }
        self.rows += if self.width == width { rows } else { 0 };
    }
}

/// No screen is wider.
fn narrow(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

pub fn rows(
    query: &Query,
    window: &Window,
    visible: &[&Arc<Record>],
    widths: &Widths,
    marked: &BTreeSet<ObjectRef>,
) -> Painted {
    let drawn = fitting(query, window, widths.measured(visible, query.now));
    let mut next_change: Option<Timestamp> = None;
    let mut wake = |at: Option<Timestamp>| {
        next_change = match (next_change, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    };
    let rows = visible.iter().map(|record| {
        let (health, _, change) = expiry::state(record, query.now);
        wake(change);
        let cells = drawn.iter().map(|(column, _)| cell(query, record, (column, health), &mut wake));
        Row {
            cells: cells.collect(),
            key: record.key.clone(),
            health,
            deleting: record.meta.deleted.is_some(),
            marked: marked.contains(&record.key),
        }
    });
    let rows = rows.collect();
    let columns = drawn.iter().map(|(column, width)| heading(query, column, *width)).collect();
    Painted { columns, rows, next_change }
}

fn heading(query: &Query, column: &Drawn, width: usize) -> Heading {
    let sorted = query.sort.column.as_deref() == Some(column.name.as_ref());
    Heading {
        name: Arc::from(column.name.as_ref()),
        align: column.align,
        width,
        sorted: sorted.then_some(query.sort.descending),
    }
}

fn cell(
    query: &Query,
    record: &Record,
    (column, state): (&Drawn, Option<Health>),
    wake: &mut impl FnMut(Option<Timestamp>),
) -> RowCell {
    let text = text(record, column, query.now).into_owned();
    let index = match column.source {
        Some(Source::Cell(index)) => Some(index),
        _ => None,
    };
    let until = query.changes.until(&record.key, index, query.now);
    wake(until);
    match column.source {
        Some(Source::Age) => wake(record.meta.created.map(|at| age::next_change(query.now, at))),
        Some(Source::Cell(index)) => {
            wake(record.digest.cells.get(usize::from(index)).and_then(|c| c.next_change(query.now)));
        }
        _ => {}
    }
    let is_state = states(query.kind.columns.as_ref()) == Some(column.name.as_ref());
    RowCell {
        found: query.filter.found(&text),
        health: is_state.then_some(state).flatten(),
        changed: until.is_some(),
        text,
    }
}

/// The column that a state colours: STATUS, else READY, else the name.
fn states(columns: &[Column]) -> Option<&str> {
    let named = |wanted: &str| columns.iter().find(|c| c.name == wanted).map(|c| c.name.as_ref());
    named("STATUS").or_else(|| named("READY")).or_else(|| named("NAME"))
}

fn text<'a>(record: &'a Record, column: &Drawn, now: Timestamp) -> Cow<'a, str> {
    match column.source {
        None => Cow::Borrowed(record.key.namespace.as_deref().unwrap_or("")),
        Some(Source::Name) => Cow::Borrowed(&record.key.name),
        Some(Source::Age) => Cow::Owned(age::age(now, record.meta.created)),
        Some(Source::Cell(index)) => {
            record.digest.cells.get(usize::from(index)).map_or(Cow::Borrowed(""), |c| c.show(now))
        }
    }
}

/// Every column that the query wants, with the namespace first unless there is only one.
pub fn wanted(query: &Query, room: usize) -> Vec<Drawn> {
    let mut columns = Vec::new();
    if query.kind.namespaced && query.namespaces.single().is_none() {
        let name = Cow::Borrowed("NAMESPACE");
        columns.push(Drawn { name, source: None, width: Width::Narrow, align: Align::Left });
    }
    columns.extend(query.kind.columns.iter().map(|c| Drawn {
        name: c.name.clone(),
        source: Some(c.source),
        width: c.width,
        align: c.align,
    }));
    let widest = if ROOMY <= room { Width::Wide } else { query.width };
    columns.retain(|c| c.width <= widest && !query.hidden.iter().any(|hidden| **hidden == *c.name));
    columns
}

/// The columns with their widths; those that every screen shows first, then what fits.
fn fitting(query: &Query, window: &Window, measured: Vec<(Drawn, usize)>) -> Vec<(Drawn, usize)> {
    let need = |(column, width): &(Drawn, usize)| {
        let width = if column.source == Some(Source::Name) { (*width).min(NAME) } else { *width };
        width + GAP
    };
    let mut chosen = least(query, window.room, &measured);
    let narrow =
        measured.iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(entry, _)| need(entry)).sum::<usize>();
    let mut left = window.room.saturating_sub(GUTTER + narrow);
    for class in [Width::Normal, Width::Wide] {
        for (index, entry) in measured.iter().enumerate().filter(|(_, (c, _))| c.width == class) {
            if need(entry) <= left {
                left -= need(entry);
                chosen[index] = true;
            }
        }
    }
    measured.into_iter().zip(chosen).filter_map(|(entry, chosen)| chosen.then_some(entry)).collect()
}

/// Which of the columns that every screen shows stay where there is hardly room: the name and the state always; the age
/// goes first, then the namespace, then what stands furthest right.
fn least(query: &Query, room: usize, measured: &[(Drawn, usize)]) -> Vec<bool> {
    let mut chosen: Vec<bool> = measured.iter().map(|(c, _)| c.width == Width::Narrow).collect();
    let need = |(column, width): &(Drawn, usize)| {
        let most = if column.source.is_none() { NAMESPACE_TOLD } else { TOLD };
        (*width).min(most) + GAP
    };
    let state = states(query.kind.columns.as_ref());
    let rank = |(index, column): (usize, &Drawn)| match column.source {
        Some(Source::Name) => None,
        Some(Source::Age) => Some((0, 0)),
        None => Some((1, 0)),
        Some(Source::Cell(_)) if state == Some(column.name.as_ref()) => None,
        Some(Source::Cell(_)) => Some((2, usize::MAX - index)),
    };
    let shown = measured.iter().zip(&chosen).filter(|(_, chosen)| **chosen);
    let taken = GUTTER + shown.map(|(entry, _)| need(entry)).sum::<usize>();
    let mut left = (room + GAP).cast_signed() - taken.cast_signed();
    let ranked = measured.iter().enumerate().filter_map(|(index, (column, _))| Some((rank((index, column))?, index)));
    let mut order: Vec<_> = ranked.filter(|(_, index)| chosen[*index]).collect();
    order.sort_unstable();
    let mut dropped = Vec::new();
    for (_, index) in order {
        if 0 <= left {
            break;
        }
        chosen[index] = false;
        left += need(&measured[index]).cast_signed();
        dropped.push(index);
    }
    // A wide column that went last may leave room for a narrow one that went before.
    for index in dropped.into_iter().rev() {
        let need = need(&measured[index]).cast_signed();
        chosen[index] = need <= left;
        left -= if chosen[index] { need } else { 0 };
    }
    chosen
}

fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}
