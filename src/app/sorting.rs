//! What a table shows beyond its rows: order, width, namespaces by digit.

use crate::app::App;
use crate::app::screen::{Screen, TableScreen};
use crate::kinds::Width;
use crate::view::table::Namespaces;
use std::sync::Arc;

impl App {
    /// The table on top or right beneath a list.
    fn table_mut(&mut self) -> Option<&mut TableScreen> {
        match self.session_mut()?.screens.last_mut()? {
            Screen::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Sorts by a column; once more turns the order round; none is the natural order.
    pub(super) fn sort_by(&mut self, column: Option<&str>) {
        let Some(session) = self.session() else { return };
        if let (Screen::Table(table), Some(name)) = (session.screen(), column) {
            let kind = session.catalog.get(table.kind);
            let known = kind.is_some_and(|kind| kind.columns.iter().any(|c| c.name == name));
            if !known && name != "NAMESPACE" {
                let plural = kind.map_or_else(String::new, |kind| kind.plural.to_string());
                return self.say(format!("{plural} have no column {name}"));
            }
        }
        let Some(table) = self.table_mut() else { return };
        let same = table.sort.column.as_deref() == column;
        table.sort.descending = same && !table.sort.descending;
        table.sort.column = column.map(Arc::from);
    }

    pub(super) fn toggle_wide(&mut self) {
        if let Some(table) = self.table_mut() {
            table.width = if table.width == Width::Wide { Width::Normal } else { Width::Wide };
        }
    }

    /// `0` is all namespaces, `1` to `9` are the favourites.
    pub(super) fn favourite(&mut self, digit: usize) {
        if digit == 0 {
            return self.use_namespaces(Namespaces::All);
        }
        let Some(session) = self.session() else { return };
        match self.favourites(session).get(digit - 1).cloned() {
            Some(name) => self.use_namespaces(Namespaces::Some(std::collections::BTreeSet::from([name]))),
            None => {
                self.say(format!("no namespace on {digit} yet: choose one with :ns, or set favourites in the config"));
            }
        }
    }
}
