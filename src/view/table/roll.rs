//! The rows of one table, kept from frame to frame. What changed in the cluster since then is taken out and taken in again:
//! neither a tick of the clock nor a change of one object walks over all of them. What it says is what a new one would say.

use super::paint::{self, Drawn, Widths};
use super::rows::{Placed, Rows, shows};
use super::{Move, Namespaces, Query, Sort, Table, Window};
use crate::kinds::{Column, KindId, ObjectRef};
use crate::model::Cluster;
use crate::model::index::Slot;
use crate::view::filter::Filter;
use crate::wire::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Where more than one row in so many changed, all are looked at again.
const MANY: usize = 4;

/// The rows of the table that was asked for last. It belongs to one cluster; with another one begin with a new roll.
#[derive(Debug, Default)]
pub struct Roll {
    asked: Option<Asked>,
    /// The changes of the cluster that it knows.
    seen: u64,
    rows: Rows,
    /// Rows in these namespaces, before the filter.
    total: usize,
}

/// What decides which rows there are and in which order.
#[derive(Debug, PartialEq)]
struct Asked {
    kind: KindId,
    columns: Cow<'static, [Column]>,
    namespaces: Namespaces,
    filter: Filter,
    sort: Sort,
    /// Set where the filter asks for what time alone changes.
    now: Option<Timestamp>,
}

impl Roll {
    /// The table of a kind.
    pub fn table(&mut self, cluster: &Cluster, query: &Query, window: &Window, marked: &BTreeSet<ObjectRef>) -> Table {
        let columns = paint::wanted(query, window.room);
        self.follow(cluster, query, &columns);
        if self.rows.widths.columns() != columns {
            self.rows.measure(cluster, Widths::new(columns));
        }
        let selected = self.rows.selected(cluster, window);
        let first = first(selected.unwrap_or(0), window, self.rows.len());
        let last = (first + window.height).min(self.rows.len());
        self.rows.arrange(cluster, first..last.max(selected.map_or(0, |index| index + 1)));
        let visible: Vec<_> = self.rows.slots(first..last).filter_map(|slot| cluster.record(slot)).collect();
        let painted = paint::rows(query, window, &visible, &self.rows.widths, marked);
        Table {
            columns: painted.columns,
            rows: painted.rows,
            first,
            selected,
            selected_key: selected.and_then(|index| self.key(cluster, index)),
            shown: self.rows.len(),
            total: self.total,
            everywhere: cluster.count(query.kind.id),
            next_change: painted.next_change,
        }
    }

    /// Where the selection stands among the rows shown, and how many there are.
    pub fn place(&mut self, cluster: &Cluster, query: &Query, window: &Window) -> (Option<usize>, usize) {
        self.follow(cluster, query, &paint::wanted(query, window.room));
        (self.rows.selected(cluster, window), self.rows.len())
    }

    /// The selected object. It is asked for with every event, so the rows are looked through only where it is gone.
    pub fn selected(&mut self, cluster: &Cluster, query: &Query, window: &Window) -> Option<ObjectRef> {
        let known = window.selected.and_then(|key| cluster.get(key)).filter(|record| shows(record, query));
        if let Some(record) = known {
            return Some(record.key.clone());
        }
        let (index, _) = self.place(cluster, query, window);
        self.key(cluster, index?)
    }

    /// Moves the selection to where `to` says, given where it stands and how many rows there are.
    pub fn moved(
        &mut self,
        cluster: &Cluster,
        query: &Query,
        window: &Window,
        to: impl FnOnce(usize, usize) -> usize,
    ) -> Option<Move> {
        let (from, all) = self.place(cluster, query, window);
        let from = from?;
        let index = to(from, all).min(all - 1);
        Some(Move { from, index, key: self.key(cluster, index)? })
    }

    /// The object at a place.
    fn key(&mut self, cluster: &Cluster, index: usize) -> Option<ObjectRef> {
        self.rows.arrange(cluster, index..index + 1);
        let slot = self.rows.slots(index..index + 1).next()?;
        cluster.record(slot).map(|record| record.key.clone())
    }

    /// Brings the rows to what the cluster is now.
    fn follow(&mut self, cluster: &Cluster, query: &Query, columns: &[Drawn]) {
        let is_same = self.asked.as_ref().is_some_and(|asked| asked.is(query));
        let changed = cluster.changed_since(self.seen).filter(|_| is_same && !self.rows.is_littered());
        let changed = changed.map(|slots| {
            let mut slots: Vec<Slot> = slots.collect();
            slots.sort_unstable();
            slots.dedup();
            slots
        });
        match changed.filter(|changed| changed.len() * MANY <= self.rows.len() || changed.is_empty()) {
            Some(changed) if changed.is_empty() => return,
            Some(changed) => {
                self.rows.follow(cluster, query, &changed);
                self.total = match query.namespaces {
                    Namespaces::Some(names) if query.kind.namespaced => {
                        names.iter().map(|name| cluster.slots_in_namespace(query.kind.id, name).count()).sum()
                    }
                    _ => cluster.count(query.kind.id),
                };
                if self.rows.widths.is_loose() {
                    self.rows.measure(cluster, self.rows.widths.anew());
                }
            }
            None => {
                let rows = within(cluster, query);
                self.total = rows.len();
                self.rows = Rows::of(&rows, query, Widths::new(columns.to_vec()));
                self.asked = Some(Asked::of(query));
            }
        }
        self.seen = cluster.changes();
    }
}

impl Asked {
    fn of(query: &Query) -> Self {
        Self {
            kind: query.kind.id,
            columns: query.kind.columns.clone(),
            namespaces: query.namespaces.clone(),
            filter: query.filter.clone(),
            sort: query.sort.clone(),
            now: query.filter.asks_time().then_some(query.now),
        }
    }

    fn is(&self, query: &Query) -> bool {
        self.kind == query.kind.id
            && self.filter == *query.filter
            && self.sort == *query.sort
            && self.namespaces == *query.namespaces
            && self.columns == query.kind.columns
            && self.now.is_none_or(|now| now == query.now)
    }
}

/// The rows before the filter.
fn within<'a>(cluster: &'a Cluster, query: &Query) -> Vec<Placed<'a>> {
    let kind = query.kind.id;
    let placed = |slot: Slot| Some((slot, cluster.record(slot)?));
    match query.namespaces {
        Namespaces::Some(names) if query.kind.namespaced => {
            names.iter().flat_map(|name| cluster.slots_in_namespace(kind, name)).filter_map(placed).collect()
        }
        _ => cluster.slots_of(kind).filter_map(placed).collect(),
    }
}

/// The first row of a window that keeps the selection on its line and wastes no space.
fn first(selected: usize, window: &Window, shown: usize) -> usize {
    let line = window.line.min(window.height.saturating_sub(1));
    selected.saturating_sub(line).min(shown.saturating_sub(window.height))
}
