//! Which rows, in which order, and which of them the selection stands on.

use super::{Namespaces, Query, Window};
use crate::kinds::{Cell, ObjectRef, Record, Source, cell};
use crate::model::Cluster;
use std::cmp::Ordering;
use std::sync::Arc;

/// Rows that pass, in order.
pub struct Listed<'a> {
    pub rows: Vec<&'a Arc<Record>>,
    /// Rows before the filter.
    pub total: usize,
}

/// A sort key that is compared without reaching into the record again.
enum Key<'a> {
    Number(i128),
    Cell(&'a Cell),
    Text(&'a str),
    Nothing,
}

pub fn listed<'a>(cluster: &'a Cluster, query: &Query<'a>) -> Listed<'a> {
    let kind = query.kind.id;
    let mut total = 0;
    let mut scratch = String::new();
    let mut rows = Vec::new();
    let mut take = |record: &'a Arc<Record>| {
        total += 1;
        if query.filter.is_empty() || query.filter.matches(record, query.now, &mut scratch) {
            rows.push(record);
        }
    };
    match query.namespaces {
        Namespaces::Some(names) if query.kind.namespaced => {
            for name in names {
                cluster.in_namespace(kind, name).for_each(&mut take);
            }
        }
        _ => cluster.of(kind).for_each(&mut take),
    }
    sort(&mut rows, query);
    Listed { rows, total }
}

fn sort(rows: &mut Vec<&Arc<Record>>, query: &Query) {
    let source =
        query.sort.column.as_ref().and_then(|name| {
            query.kind.columns.iter().find(|column| *column.name == **name).map(|column| column.source)
        });
    let by_namespace = query.sort.column.as_deref() == Some("NAMESPACE");
    if source.is_none() && !by_namespace {
        // The model's order is by namespace and name already, but letter by letter.
        rows.sort_by(|a, b| natural(&a.key, &b.key));
        if query.sort.descending {
            rows.reverse();
        }
        return;
    }
    let mut keyed: Vec<(Key, &Arc<Record>)> = rows.iter().map(|r| (key(r, source), *r)).collect();
    keyed.sort_by(|(a, x), (b, y)| {
        let order = match (a, b) {
            (Key::Nothing, Key::Nothing) => Ordering::Equal,
            (Key::Nothing, _) => return Ordering::Greater,
            (_, Key::Nothing) => return Ordering::Less,
            _ => a.order(b),
        };
        let order = if query.sort.descending { order.reverse() } else { order };
        order.then_with(|| natural(&x.key, &y.key))
    });
    rows.clear();
    rows.extend(keyed.into_iter().map(|(_, record)| record));
}

fn natural(a: &ObjectRef, b: &ObjectRef) -> Ordering {
    let namespaces = match (&a.namespace, &b.namespace) {
        (Some(a), Some(b)) if Arc::ptr_eq(a, b) => Ordering::Equal,
        (Some(a), Some(b)) => cell::natural(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    namespaces.then_with(|| cell::natural(&a.name, &b.name))
}

/// What a record is sorted by; `None` as source is the namespace.
fn key(record: &Record, source: Option<Source>) -> Key<'_> {
    match source {
        None => record.key.namespace.as_deref().map_or(Key::Nothing, Key::Text),
        Some(Source::Name) => Key::Text(&record.key.name),
        Some(Source::Age) => record.meta.created.map_or(Key::Nothing, |at| Key::Number(-i128::from(at.0))),
        Some(Source::Cell(index)) => match record.digest.cells.get(usize::from(index)) {
            None | Some(Cell::Empty) => Key::Nothing,
            Some(Cell::Text(text)) => Key::Text(text),
            Some(Cell::Int(n)) => Key::Number(i128::from(*n)),
            Some(cell) => Key::Cell(cell),
        },
    }
}

impl Key<'_> {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => cell::natural(a, b),
            (Self::Cell(a), Self::Cell(b)) => a.order(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Cell(_) => 1,
            Self::Text(_) => 2,
            Self::Nothing => 3,
        }
    }
}

/// Where the selected object stands now; where it is gone, the row that took its place.
pub fn selected(rows: &[&Arc<Record>], window: &Window) -> Option<usize> {
    if rows.is_empty() {
        return None;
    }
    let Some(key) = window.selected else { return Some(0) };
    // The last place first: it is right almost always.
    let near = rows.get(window.index).is_some_and(|r| r.key == *key).then_some(window.index);
    let found = near.or_else(|| rows.iter().position(|r| r.key == *key));
    Some(found.unwrap_or_else(|| window.index.min(rows.len() - 1)))
}

/// The first row of a window that keeps the selection on its line and wastes no space.
pub fn first(selected: usize, window: &Window, shown: usize) -> usize {
    let line = window.line.min(window.height.saturating_sub(1));
    selected.saturating_sub(line).min(shown.saturating_sub(window.height))
}
