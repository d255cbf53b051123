//! What rows are sorted by, as bytes.

use super::Query;
use crate::kinds::{Cell, EVENT, Record, Source, cell};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Stands where a row has nothing to be sorted by: behind everything, whichever way it is sorted.
const NOTHING: u8 = u8::MAX;

/// What rows are sorted by.
pub struct Order {
    column: Option<Sorted>,
    descending: bool,
}

enum Sorted {
    Namespace,
    Column(Source),
}

impl Order {
    /// What a query asks for.
    pub fn of(query: &Query) -> Self {
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
    pub fn tells_apart<'a>(&self, rows: impl ExactSizeIterator<Item = &'a Arc<Record>>) -> bool {
        let count = rows.len();
        let column = |record: &'a Arc<Record>| {
            let mut bytes = Vec::new();
            self.write(record, &mut bytes);
            bytes
        };
        self.column.is_none() || count < 2 * rows.map(column).collect::<BTreeSet<_>>().len()
    }

    /// Writes the column; where there is none, namespace and name, which go backwards then only. Says whether these two
    /// are written.
    pub fn write(&self, record: &Record, bytes: &mut Vec<u8>) -> bool {
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
pub fn write_place(record: &Record, bytes: &mut Vec<u8>) {
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
