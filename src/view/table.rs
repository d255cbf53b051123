//! Filter, sort, window: a kind's table as it is to be painted, rows of the window only.

mod order;
mod paint;
mod roll;
mod rows;

use crate::kinds::{Align, Health, Kind, KindId, ObjectRef, Record};
use crate::model::Cluster;
use crate::view::filter::Filter;
use crate::wire::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

pub use self::roll::Roll;
pub use crate::kinds::Width;

/// Which namespaces a table shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Namespaces {
    /// Every one.
    #[default]
    All,
    /// These; never none.
    Some(BTreeSet<Arc<str>>),
}

/// What a table is sorted by; the default is by namespace and name, numbers by value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// Heading of the column; none for the natural order.
    pub column: Option<Arc<str>>,
    /// Largest first.
    pub descending: bool,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The kind, with its columns.
    pub kind: &'a Kind,
    /// Which namespaces.
    pub namespaces: &'a Namespaces,
    /// Which rows.
    pub filter: &'a Filter,
    /// In which order.
    pub sort: &'a Sort,
    /// The widest class of columns to show.
    pub width: Width,
    /// Headings that the user does not want.
    pub hidden: &'a [Arc<str>],
    /// Cells that changed lately.
    pub changes: &'a Changes,
    /// The present.
    pub now: Timestamp,
}

/// Which part of a table is on screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window<'a> {
    /// The selected object; the first row when there is none.
    pub selected: Option<&'a ObjectRef>,
    /// Where the selection stood last, for when it is gone.
    pub index: usize,
    /// The line of the window on which the selection is kept, where possible.
    pub line: usize,
    /// Lines for rows.
    pub height: usize,
    /// Columns of the screen that it may fill.
    pub room: usize,
}

/// A table, ready to paint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The columns on screen, in order.
    pub columns: Vec<Heading>,
    /// The rows of the window.
    pub rows: Vec<Row>,
    /// Index of the first of them among all rows shown.
    pub first: usize,
    /// Index of the selection among all rows shown; none when there are no rows.
    pub selected: Option<usize>,
    /// The selected object.
    pub selected_key: Option<ObjectRef>,
    /// Rows that pass the filter in these namespaces.
    pub shown: usize,
    /// Rows in these namespaces.
    pub total: usize,
    /// Rows of the kind in all namespaces.
    pub everywhere: usize,
    /// When the first visible age reads otherwise, or a mark ends.
    pub next_change: Option<Timestamp>,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// `RESTARTS`.
    pub name: Arc<str>,
    /// Where text stands.
    pub align: Align,
    /// Columns of the screen that its widest text needs, heading included.
    pub width: usize,
    /// Set where the table is sorted by it: whether largest first.
    pub sorted: Option<bool>,
}

/// A row, ready to paint.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The object.
    pub key: ObjectRef,
    /// Its state; painted as a symbol before the row.
    pub health: Option<Health>,
    /// On its way out.
    pub deleting: bool,
    /// Marked with space.
    pub marked: bool,
    /// A cell for each column.
    pub cells: Vec<RowCell>,
}

/// A cell, ready to paint.
#[derive(Clone, Debug, PartialEq)]
pub struct RowCell {
    /// The text, raw: painting sanitises it.
    pub text: String,
    /// The state that colours it: set in the STATUS column (or what stands for it).
    pub health: Option<Health>,
    /// Changed within the last two seconds.
    pub changed: bool,
    /// Bytes of the text that the filter found.
    pub found: Vec<Range<usize>>,
}

/// Cells that changed lately: a small bounded memory, so that a change can be seen for two seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    by_key: HashMap<ObjectRef, (Timestamp, u64)>,
}

impl Namespaces {
    /// The only namespace, if there is just one.
    pub fn single(&self) -> Option<&Arc<str>> {
        match self {
            Self::Some(names) if names.len() == 1 => names.first(),
            _ => None,
        }
    }

    /// Whether objects of this namespace are shown; those without one always are.
    pub fn contains(&self, namespace: Option<&Arc<str>>) -> bool {
        match (self, namespace) {
            (Self::All, _) | (_, None) => true,
            (Self::Some(names), Some(namespace)) => names.contains(namespace),
        }
    }

    /// `all namespaces`, `dev`, `dev, test`, `5 namespaces`.
    pub fn text(&self) -> String {
        match self {
            Self::All => "all namespaces".to_owned(),
            Self::Some(names) if names.len() <= 3 => names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "),
            Self::Some(names) => format!("{} namespaces", names.len()),
        }
    }
}

impl Changes {
    /// How long a changed cell carries its mark.
    pub const SHOWN: i64 = 2_000_000;
    /// How many objects are remembered.
    const LIMIT: usize = 1000;
    /// The whole row.
    const ROW: u64 = u64::MAX;

    /// Remembers which cells differ; without an old version the whole row is new.
    pub fn note(&mut self, old: Option<&Record>, new: &Record, now: Timestamp) {
        let cells = match old {
            None => Self::ROW,
            Some(old) => {
                let pairs = old.digest.cells.iter().zip(&new.digest.cells).take(63).enumerate();
                pairs.filter(|(_, (a, b))| a != b).fold(0, |mask, (index, _)| mask | 1 << index)
            }
        };
        if cells == 0 {
            return;
        }
        if Self::LIMIT <= self.by_key.len() {
            self.forget(now);
        }
        if self.by_key.len() < Self::LIMIT {
            self.by_key.insert(new.key.clone(), (now, cells));
        }
    }

    /// Drops marks that have ended.
    pub fn forget(&mut self, now: Timestamp) {
        self.by_key.retain(|_, (at, _)| now.micros_since(*at) < Self::SHOWN);
    }

    /// Until when the cell carries its mark; `None` when it has none. Name and age are marked with a new row.
    fn until(&self, key: &ObjectRef, cell: Option<u8>, now: Timestamp) -> Option<Timestamp> {
        let (at, cells) = self.by_key.get(key)?;
        let bit = cell.map_or(63, |index| index.min(63));
        let end = Timestamp(at.0.saturating_add(Self::SHOWN));
        (cells >> bit & 1 == 1 && now < end).then_some(end)
    }
}

/// A move of the selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where it stood.
    pub from: usize,
    /// Where it stands now.
    pub index: usize,
    /// The object there.
    pub key: ObjectRef,
}

/// The table of a kind, for who asks once.
pub fn table(cluster: &Cluster, query: &Query, window: &Window, marked: &BTreeSet<ObjectRef>) -> Table {
    Roll::default().table(cluster, query, window, marked)
}

/// The kind that a table of namespaces is of.
pub fn is_namespaces(kind: KindId) -> bool {
    kind == crate::kinds::NAMESPACE
}

#[cfg(test)]
mod tests;
