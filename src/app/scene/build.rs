//! From the state to the scene.

use super::{Choice, Choices, Content, DetailPane, Entry, HomePane, Pane, PickerPane, Scene, TablePane, TextPane};
use crate::app::App;
use crate::app::home::{place, rows};
use crate::app::layout::{Area, Panes};
use crate::app::moves::{beneath, docked, window};
use crate::app::scene::columns::{Columns, GUTTER};
use crate::app::screen::{Cursor, DetailScreen, HomeScreen, Pick, Picker, Screen, TableScreen};
use crate::app::session::paths::Through;
use crate::app::session::{Connection, Session};
use crate::kinds::{Align, Health, Kind, ObjectRef, POD, SERVICE, age};
use crate::model::Sync;
use crate::view::describe::{self, Detail};
use crate::view::fit::{width, wrap};
use crate::view::line::{Line, Role, Span};
use crate::view::search::Offer;
use crate::view::table::{Heading, Row, RowCell, Table};
use crate::view::trace::outcome::Verdict;
use crate::wire::Timestamp;

/// Lines that tell of the selected path, at most.
const MOST_TOLD: usize = 5;

/// The heading of the paths' verdicts.
const PATHS: &str = "PATHS";
/// Wide enough for the longest verdict.
const PATHS_WIDTH: usize = 7;
/// From this width on they have a column.
const LEAST_FOR_PATHS: usize = 60;

impl App {
    /// The whole screen, as a value.
    pub fn scene(&self) -> Scene {
        let panes = self.panes();
        let (main, side) = match self.session() {
            None => (self.nowhere_pane(panes.main), None),
            Some(session) => self.content(session, &panes),
        };
        let panes_change =
            [Some(&main), side.as_ref()].into_iter().flatten().filter_map(|pane| changes_at(&pane.content));
        let next_change = panes_change.chain(self.next_wake()).min();
        Scene {
            size: self.size,
            title: self.title(&main.content),
            message: self.message(&main.content),
            hints: self.hints(&main.content),
            choices: self.choices(panes.choices.height),
            dialog: self.dialog_pane(),
            stale_since: self.session().and_then(|session| stale_since(session, &main.content)),
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
                let side = self.beside(session, panes, selected);
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
            Screen::Host(screen) => {
                (pane(panes.main, true, page_pane(session, self.host_page(session, screen), screen.cursor)), None)
            }
            Screen::Rollout(screen) => {
                let side = panes.side.zip(self.selected()).map(|(area, key)| {
                    let preview = DetailScreen { key, cursor: Cursor::default() };
                    pane(area, false, self.detail_pane(session, &preview, false))
                });
                let (page, cursor) = self.rollout_page(session, screen);
                (pane(panes.main, true, page_pane(session, page, cursor)), side)
            }
            Screen::Rollouts(screen) => {
                let (page, cursor) = self.rollouts_page(session, screen);
                (pane(panes.main, true, page_pane(session, page, cursor)), None)
            }
            Screen::Trace(screen) => {
                let side = self.beside(session, panes, self.selected());
                let page = page_pane(session, self.picture(session, screen), screen.cursor);
                (pane(panes.main, true, page), side)
            }
            Screen::Logs(screen) => {
                let logs = || self.logs_content(session, screen);
                match (self.beneath_logs(session, panes), panes.side) {
                    (Some(under), Some(area)) => {
                        let content = self.log_list(session, screen, area).unwrap_or_else(logs);
                        (pane(panes.main, false, under), Some(pane(area, true, content)))
                    }
                    (_, Some(area)) => {
                        let list = self.log_list(session, screen, area).map(|list| pane(area, true, list));
                        (pane(panes.main, list.is_none(), logs()), list)
                    }
                    _ => {
                        let content = self.log_list(session, screen, panes.main).unwrap_or_else(logs);
                        (pane(panes.main, true, content), None)
                    }
                }
            }
            Screen::Home(screen) => (pane(panes.main, true, self.home_pane(session, screen)), None),
            Screen::Picker(screen) => (pane(panes.main, true, self.picker_pane(screen, panes.main)), None),
            Screen::Yaml(screen) => {
                let title = format!("{} YAML", crate::view::name(&session.catalog, &screen.key));
                (pane(panes.main, true, self.text_pane(session, title, screen.first, panes.main)), None)
            }
            Screen::Help(screen) => {
                let title = screen.topic.title().to_owned();
                (pane(panes.main, true, self.text_pane(session, title, screen.first, panes.main)), None)
            }
        }
    }

    /// What stands beside a table or a path: logs that were opened there, else the selected object.
    fn beside(&self, session: &Session, panes: &Panes, selected: Option<ObjectRef>) -> Option<Pane> {
        let area = panes.side?;
        let content = match (docked(session, self.size), selected) {
            (Some(logs), _) => self.logs_content(session, logs),
            (None, Some(key)) => {
                let preview = DetailScreen { key, cursor: Cursor::default() };
                self.detail_pane(session, &preview, false)
            }
            (None, None) => return None,
        };
        Some(Pane { area, focused: false, content })
    }

    /// The table or the path beside which logs stand.
    fn beneath_logs(&self, session: &Session, panes: &Panes) -> Option<Content> {
        docked(session, self.size)?;
        match session.screens.iter().rev().nth(1)? {
            Screen::Table(table) => Some(self.table_pane(session, table, panes.main).0),
            Screen::Trace(trace) => Some(page_pane(session, self.picture(session, trace), trace.cursor)),
            _ => None,
        }
    }

    fn text_pane(&self, session: &Session, title: String, first: usize, area: Area) -> Content {
        let lines = self.text_lines(session);
        let (all, height) = (lines.len(), usize::from(area.height).saturating_sub(1));
        let first = first.min(all.saturating_sub(height));
        let shown = lines.into_iter().skip(first).take(height);
        let lines = shown.map(|line| line.marked(&self.search.text)).collect();
        Content::Text(TextPane { title, lines, first, all })
    }

    fn picker_pane(&self, screen: &Picker, area: Area) -> Content {
        let entries = self.entries(screen);
        let all = entries.len();
        let selected = (0 < all).then(|| screen.cursor.index.min(all - 1));
        let is_path = matches!(screen.pick, Pick::Route | Pick::Trace);
        let room = usize::from(area.width);
        let columns = (screen.pick == Pick::Route).then(|| Columns::of_routes(&entries, room)).flatten();
        let told =
            selected.filter(|_| is_path).map_or_else(Vec::new, |at| whole(&entries, at, (room, columns.as_ref())));
        let height = usize::from(area.height).saturating_sub(1 + told.len());
        let cursor = Cursor { index: selected.unwrap_or(0), ..screen.cursor };
        let first = cursor.first(height, all);
        let title = match screen.pick {
            Pick::Context => "contexts",
            Pick::Namespace => "namespaces: <space> marks several",
            Pick::Sort => "sort by: once more turns the order round",
            Pick::Route => "routes: <enter> follows one",
            Pick::Action => "what can be done, and whether you may: <enter> shows what would come of it",
            Pick::Forward => "ports of 127.0.0.1 that are forwarded: <enter> opens what they lead to, x closes one",
            Pick::Trace => "paths that are pinned or were followed lately: <enter> follows one, P pins or lets go",
        };
        let title = if all == 0 { self.empty_list(screen) } else { title.to_owned() };
        let entries = entries.into_iter().skip(first).take(height).collect();
        Content::Picker(PickerPane { title, entries, columns, told, first, selected, all })
    }

    /// What a list says that has no lines.
    fn empty_list(&self, screen: &Picker) -> String {
        if !screen.filter.is_empty() {
            let whole = self.entries(&Picker { filter: String::new(), ..screen.clone() }).len();
            return format!("nothing here matches /{}/ ({whole} without the filter: <esc>)", screen.filter);
        }
        let nothing = match screen.pick {
            Pick::Route => "no Ingress and no route of a Gateway names a host here: :trace follows any URL",
            Pick::Trace => "no path was followed yet: t on a row does, or :trace https://…",
            Pick::Forward => "no port is forwarded: F on a pod, a Service or a workload forwards one",
            _ => "there is nothing to choose from",
        };
        nothing.to_owned()
    }

    fn choices(&self, height: u16) -> Option<Choices> {
        let prompt = self.prompt()?;
        let offers = self.offers(prompt.editor.text());
        let height = usize::from(height);
        if offers.is_empty() || height == 0 {
            return None;
        }
        let selected = prompt.selected.min(offers.len() - 1);
        let first = selected.saturating_sub(height - 1);
        let lines = offers.into_iter().skip(first).take(height);
        let typed = prompt.editor.text().trim_start().trim_start_matches(':');
        let lines = lines.map(|offer| choice(offer, typed)).collect();
        Some(Choices { lines, selected: selected - first })
    }

    fn home_pane(&self, session: &Session, screen: &HomeScreen) -> Content {
        if let Some(lines) = connection(session) {
            return Content::Empty(lines);
        }
        let home = self.home(session);
        let selected = (0 < rows(&home)).then(|| place(screen, &home));
        Content::Home(HomePane { home, selected, line: screen.cursor.line, now: self.now })
    }

    fn table_pane(&self, session: &Session, screen: &TableScreen, area: Area) -> (Content, Option<ObjectRef>) {
        let Some(query) = self.query(session, screen) else { return (Content::Empty(Vec::new()), None) };
        let tells = session.tells_paths(query.kind.id);
        let mut window = window(screen, area);
        let has_room = LEAST_FOR_PATHS <= window.room;
        if tells && has_room {
            window.room -= PATHS_WIDTH + 2;
        }
        let mut table = session.roll.borrow_mut().table(&session.cluster, &query, &window, &screen.marked);
        if tells {
            show_paths(session, &mut table, has_room);
        }
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
        if self.settings.no_secrets && kind.id == crate::kinds::SECRET {
            return vec![Line::text("Secrets are never read: the config says secrets = \"never\"")];
        }
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

/// A page of which one line is selected: a path, a host.
fn page_pane(session: &Session, detail: Detail, cursor: Cursor) -> Content {
    if let Some(lines) = connection(session) {
        return Content::Empty(lines);
    }
    let all = describe::lines(&detail).count();
    let selected = (0 < all).then(|| cursor.index.min(all - 1));
    Content::Detail(DetailPane { detail, selected, line: cursor.line })
}

/// The verdict of the paths to each row, in a column of its own. On a very narrow screen the symbol tells of the worse of
/// object and paths.
fn show_paths(session: &Session, table: &mut Table, has_room: bool) {
    // Only Services and pods are told by who goes through them: every route is looked at for that.
    let is_told = |row: &Row| matches!(row.key.kind, SERVICE | POD);
    let through = if table.rows.iter().any(is_told) { session.through_services() } else { Through::default() };
    let verdicts: Vec<_> = table.rows.iter().map(|row| session.path_verdict(&row.key, &through)).collect();
    if !has_room {
        for (row, verdict) in table.rows.iter_mut().zip(verdicts) {
            let ill = verdict.map(Verdict::health).filter(|health| *health < Health::Progressing);
            row.health = [row.health, ill].into_iter().flatten().min();
        }
        return;
    }
    let place = table.columns.len().saturating_sub(1);
    let heading = Heading { name: PATHS.into(), align: Align::Left, width: PATHS_WIDTH, sorted: None };
    table.columns.insert(place, heading);
    for (row, verdict) in table.rows.iter_mut().zip(verdicts) {
        let health = verdict.map(Verdict::health);
        let text = verdict.map_or_else(String::new, |verdict| verdict.name().to_owned());
        row.cells.insert(place, RowCell { text, health, changed: false, found: Vec::new() });
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
            Line::of(vec![Span::dim("other contexts: <f2> or :ctx")]),
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

/// The selected path with all that is said of it, in lines of its own where its columns cut either.
fn whole(entries: &[Entry], selected: usize, (room, columns): (usize, Option<&Columns>)) -> Vec<String> {
    let Some(entry) = entries.get(selected) else { return Vec::new() };
    let longest = entries.iter().map(|entry| width(&entry.text)).max().unwrap_or(0).min(room / 2);
    // The places of marks, a gap of two, and the bar that shows where one is.
    let detail = room.saturating_sub(GUTTER + longest + 3);
    let is_whole = || width(&entry.text) <= longest && width(&entry.detail) <= detail;
    if columns.map_or_else(is_whole, |columns| columns.hold(entry)) {
        return Vec::new();
    }
    let text = format!("{}  {}", entry.text, entry.detail);
    wrap(&text, room.saturating_sub(GUTTER + 1)).into_iter().take(MOST_TOLD).collect()
}

/// An offer; where options of a request are typed, what stands before them is not said again on each line.
fn choice(offer: Offer, typed: &str) -> Choice {
    let Offer { line, found, detail } = offer;
    let kept = typed.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let before = line.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1).min(kept);
    let is_option = typed.starts_with("trace ") && "trace ".len() < before && line.is_char_boundary(before);
    if !is_option || typed.get(..before) != line.get(..before) {
        return Choice { text: line, found, detail };
    }
    let sign = "… ";
    let moved = |at: usize| at - before + sign.len();
    let found = found.into_iter().filter(|range| before <= range.start).map(|r| moved(r.start)..moved(r.end)).collect();
    Choice { text: format!("{sign}{}", &line[before..]), found, detail }
}

/// When a pane says something else by itself.
fn changes_at(content: &Content) -> Option<Timestamp> {
    match content {
        Content::Table(pane) => pane.table.next_change,
        Content::Detail(pane) => pane.detail.next_change,
        Content::Logs(pane) => pane.next_change,
        Content::Home(pane) => {
            pane.home.problems.iter().filter_map(|p| Some(age::next_change(pane.now, p.since?))).min()
        }
        _ => None,
    }
}

/// Since when what is on screen is not true any more.
fn stale_since(session: &Session, content: &Content) -> Option<Timestamp> {
    let connection = match &session.connection {
        Connection::Unreachable { since, .. } => Some(*since),
        _ => None,
    };
    let sync = match content {
        Content::Table(TablePane { sync: Sync::Stale { since, .. }, .. }) => Some(*since),
        _ => None,
    };
    sync.or(connection).filter(|_| !session.cluster.is_empty())
}
