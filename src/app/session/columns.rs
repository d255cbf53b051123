//! Columns of custom kinds: read when a kind is first shown, before its watch, so that its rows come with their cells.

use super::Session;
use crate::app::effect::Effect;
use crate::app::screen::Screen;
use crate::kinds::{BUILTIN, Catalog, KindId};
use crate::view::filter::Filter;

/// How far the columns of a custom kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    /// They were asked for.
    Asked,
    /// They are in the catalog, as far as they may be read.
    Known,
}

impl Session {
    /// Asks for the columns of the kind on screen, once.
    pub fn ask_columns(&mut self, shown: Option<KindId>) -> Option<Effect> {
        let kind = shown.filter(|kind| self.is_live() && is_custom(*kind) && !self.columns.contains_key(kind))?;
        self.columns.insert(kind, Columns::Asked);
        Some(Effect::Columns(self.epoch, kind))
    }

    /// Whether rows of a kind can be read with all their cells.
    pub(super) fn knows_columns(&self, kind: KindId) -> bool {
        !is_custom(kind) || self.columns.get(&kind) == Some(&Columns::Known)
    }

    /// The columns of a kind have come: filters speak of them, and a watch that is open begins anew with them.
    pub fn take_columns(&mut self, id: KindId, catalog: Catalog) -> Vec<Effect> {
        self.catalog = catalog;
        self.columns.insert(id, Columns::Known);
        let columns = self.catalog.get(id).map_or(&[][..], |kind| kind.columns.as_ref());
        for screen in self.screens.iter_mut().chain(&mut self.forward) {
            if let Screen::Table(table) = screen
                && table.kind == id
                && let Ok(filter) = Filter::parse(table.filter.text(), columns)
            {
                table.filter = filter;
            }
        }
        let scopes: Vec<_> = self.open.keys().filter(|scope| scope.kind == id).cloned().collect();
        self.open.retain(|scope, _| scope.kind != id);
        scopes.into_iter().map(|scope| Effect::Unwatch(self.epoch, scope)).collect()
    }

    /// Kinds came, went, or changed their version: the columns of those are asked for anew.
    pub fn discovered(&mut self, catalog: Catalog) {
        let old = std::mem::replace(&mut self.catalog, catalog);
        let next = &self.catalog;
        self.columns.retain(|kind, _| match (old.get(*kind), next.get(*kind)) {
            (Some(old), Some(new)) => old.served == new.served && old.version == new.version,
            _ => false,
        });
    }
}

/// Whether a kind is none of the built-in ones.
fn is_custom(kind: KindId) -> bool {
    BUILTIN.len() <= usize::from(kind.0)
}
