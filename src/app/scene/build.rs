//! From the state to the scene.

use super::{Content, DetailPane, HomePane, Pane, Scene, TablePane, TextPane};
use crate::app::App;
use crate::app::layout::{Area, Panes};
use crate::app::moves::{beneath, home_index, window};
use crate::app::screen::{Cursor, DetailScreen, HomeScreen, Screen, TableScreen};
use crate::app::session::{Connection, Session};
use crate::kinds::{Kind, ObjectRef};
use crate::model::Sync;
use crate::view::describe;
use crate::view::line::{Line, Role, Span};
use crate::view::table::{self, Table};

impl App {
    /// The whole screen, as a value.
    pub fn scene(&self) -> Scene {
        let panes = self.panes();
        let (main, side) = match self.session() {
            None => (self.nowhere_pane(panes.main), None),
            Some(session) => self.content(session, &panes),
        };
        let next_change = match (&main.content, side.as_ref().map(|pane| &pane.content)) {
            (Content::Table(pane), _) => pane.table.next_change,
            (Content::Detail(pane), _) => pane.detail.next_change,
            _ => None,
        };
        Scene {
            size: self.size,
            title: self.title(&main.content),
            message: self.message(&main.content),
            hints: self.hints(),
            choices: None,
            stale_since: None,
            panes,
            main,
            side,
            next_change,
        }
    }

    fn nowhere_pane(&self, area: Area) -> Pane {
        let lines = self.nowhere.as_ref().map_or_else(
            || vec![Line::text("there is no context to open")],
            |failure| [&failure.what, &failure.cause, &failure.remedy].map(|text| Line::text(text.clone())).to_vec(),
        );
        Pane { area, focused: true, content: Content::Empty(lines) }
    }

    fn content(&self, session: &Session, panes: &Panes) -> (Pane, Option<Pane>) {
        let pane = |area, focused, content| Pane { area, focused, content };
        match session.screen() {
            Screen::Table(screen) => {
                let (content, selected) = self.table_pane(session, screen, panes.main);
                let side = panes.side.zip(selected).map(|(area, key)| {
                    let preview = DetailScreen { key, cursor: Cursor::default() };
                    pane(area, false, self.detail_pane(session, &preview, false))
                });
                (pane(panes.main, true, content), side)
            }
            Screen::Detail(screen) => {
                let detail = self.detail_pane(session, screen, true);
                match (beneath(session), panes.side) {
                    (Some(table), Some(area)) => {
                        let (content, _) = self.table_pane(session, table, panes.main);
                        (pane(panes.main, false, content), Some(pane(area, true, detail)))
                    }
                    _ => (pane(panes.main, true, detail), None),
                }
            }
            Screen::Home(screen) => (pane(panes.main, true, self.home_pane(session, screen)), None),
            _ => (pane(panes.main, true, Content::Text(help())), None),
        }
    }

    fn home_pane(&self, session: &Session, screen: &HomeScreen) -> Content {
        if let Some(lines) = connection(session) {
            return Content::Empty(lines);
        }
        let home = self.home(session);
        let all = home.problems.len() + home.namespaces.len();
        let selected = (0 < all).then(|| home_index(screen, &home));
        Content::Home(HomePane { home, selected, line: screen.cursor.line, now: self.now })
    }

    fn table_pane(&self, session: &Session, screen: &TableScreen, area: Area) -> (Content, Option<ObjectRef>) {
        let Some(query) = self.query(session, screen) else { return (Content::Empty(Vec::new()), None) };
        let table = table::table(&session.cluster, &query, &window(screen, area), &screen.marked);
        let sync = sync(session, query.kind);
        let empty = table.rows.is_empty().then(|| self.empty(session, screen, query.kind, &table, &sync));
        let selected = table.selected_key.clone();
        (Content::Table(TablePane { table, empty, sync }), selected)
    }

    fn detail_pane(&self, session: &Session, screen: &DetailScreen, focused: bool) -> Content {
        let detail = describe::detail(&self.subject_of(session, &screen.key));
        let all = describe::lines(&detail).count();
        let selected = (focused && 0 < all).then(|| screen.cursor.index.min(all - 1));
        Content::Detail(DetailPane { detail, selected, line: screen.cursor.line })
    }

    /// Why a table has no rows: listing, forbidden, absent, filtered and empty all read differently.
    fn empty(&self, session: &Session, screen: &TableScreen, kind: &Kind, table: &Table, sync: &Sync) -> Vec<Line> {
        if let Some(lines) = connection(session) {
            return lines;
        }
        let plural = &kind.plural;
        let place = session.namespaces.text();
        let text = match sync {
            Sync::Closed => format!("opening the watch of {plural}"),
            Sync::Listing { seen, total: Some(total) } => format!("listing {seen} of {total} {plural}"),
            Sync::Listing { seen: 0, .. } => format!("listing {plural}"),
            Sync::Listing { seen, .. } => format!("listing {plural}: {seen} so far"),
            Sync::Forbidden => format!("you may not list {plural} here: ask for list and watch on {plural}"),
            Sync::Absent => format!("this server has no {plural}"),
            Sync::Live | Sync::Stale { .. } if !screen.filter.is_empty() => {
                let rest = format!("({} without the filter: <esc>)", table.total);
                format!("no {plural} in {place} match {}  {rest}", screen.filter.text())
            }
            Sync::Live | Sync::Stale { .. } if table.everywhere > 0 => {
                format!("no {plural} in {place}  ({} in all namespaces: press 0)", table.everywhere)
            }
            Sync::Live | Sync::Stale { .. } => format!("no {plural} in {place}"),
        };
        vec![Line::text(text)]
    }
}

/// What is to be said in place of a screen while there is no connection and nothing was ever known.
fn connection(session: &Session) -> Option<Vec<Line>> {
    if !session.cluster.is_empty() {
        return None;
    }
    match &session.connection {
        Connection::Live(_) => None,
        Connection::Closed | Connection::Connecting { .. } => {
            Some(vec![Line::text(format!("connecting to {}", session.context))])
        }
        Connection::Unreachable { failure, .. } | Connection::NeedsTerminal(failure) => Some(vec![
            Line::of(vec![Span::new(failure.what.clone(), Role::Danger)]),
            Line::text(failure.cause.clone()),
            Line::text(failure.remedy.clone()),
        ]),
    }
}

/// How far the watches of a kind are, the worst first.
pub(super) fn sync(session: &Session, kind: &Kind) -> Sync {
    let rank = |sync: &Sync| match sync {
        Sync::Absent => 0,
        Sync::Stale { .. } => 1,
        Sync::Listing { .. } => 2,
        Sync::Closed => 3,
        Sync::Forbidden => 4,
        Sync::Live => 5,
    };
    if kind.served == crate::kinds::Served::Absent {
        return Sync::Absent;
    }
    let scopes = session.scopes(kind);
    scopes.iter().map(|scope| session.cluster.sync(scope).clone()).min_by_key(rank).unwrap_or(Sync::Closed)
}

fn help() -> TextPane {
    let lines: Vec<Line> = crate::app::command::COMMANDS
        .iter()
        .map(|command| {
            let keys = Span::new(format!("{:<16}", command.keys.join(" ")), Role::Key);
            Line::of(vec![keys, Span::text(command.help)])
        })
        .collect();
    TextPane { title: "help".to_owned(), first: 0, all: lines.len(), lines }
}
