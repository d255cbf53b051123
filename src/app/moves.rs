//! Moving the selection: by line, by page, to the ends, by the pointer. It is an object, never a row number.

use crate::app::App;
use crate::app::Size;
use crate::app::layout::{Area, LEFT, LEFT_OF_LOGS, Panes, SPLIT, TRACE_SPLIT, panes};
use crate::app::screen::{Cursor, LogsScreen, Screen, TableScreen};
use crate::app::session::Session;
use crate::kinds::ObjectRef;
use crate::model::Change;
use crate::view::describe::{self, Detail};
use crate::view::line::Line;
use crate::view::table::{self, Query, Window};

/// Offers of the palette on screen at a time.
pub(super) const MOST_CHOICES: usize = 10;

impl App {
    /// The parts of the screen.
    pub fn panes(&self) -> Panes {
        panes(self.size, self.left_share(), self.choices_wanted())
    }

    /// What the left pane takes, where there are two.
    fn left_share(&self) -> Option<u16> {
        let is_beside_logs = self.session().is_some_and(|session| docked(session, self.size).is_some());
        self.is_split().then_some(if is_beside_logs { LEFT_OF_LOGS } else { LEFT })
    }

    fn is_split(&self) -> bool {
        let Some(session) = self.session() else { return false };
        match session.screen() {
            Screen::Table(table) => !table::is_namespaces(table.kind),
            Screen::Detail(_) => beneath(session).is_some(),
            Screen::Trace(_) => TRACE_SPLIT <= self.size.width || docked(session, self.size).is_some(),
            Screen::Logs(logs) => {
                let has_list = logs.panel.is_some() || logs.record.is_some();
                has_list || docked(session, self.size).is_some()
            }
            Screen::Rollout(_) => TRACE_SPLIT <= self.size.width,
            _ => false,
        }
    }

    fn choices_wanted(&self) -> usize {
        self.prompt().map_or(0, |prompt| self.offers(prompt.editor.text()).len().min(MOST_CHOICES))
    }

    /// The selected object of the screen on top; in a detail what its line links to.
    pub(super) fn selected(&self) -> Option<ObjectRef> {
        let session = self.session()?;
        match session.screen() {
            Screen::Home(_) => self.selected_on_home(),
            Screen::Table(screen) => {
                let query = self.query(session, screen)?;
                session.roll.borrow_mut().selected(&session.cluster, &query, &window(screen, self.panes().main))
            }
            _ => self.selected_line()?.link,
        }
    }

    /// The page on screen that is read line by line: an object, a path, a host; and where its selection stands.
    pub(super) fn page_on_screen(&self) -> Option<(Detail, Cursor)> {
        let session = self.session()?;
        match session.screen() {
            Screen::Detail(screen) => Some((describe::detail(&self.subject_of(session, &screen.key)), screen.cursor)),
            Screen::Trace(screen) => Some((self.picture(session, screen), screen.cursor)),
            Screen::Host(screen) => Some((self.host_page(session, screen), screen.cursor)),
            Screen::Rollout(screen) => Some(self.rollout_page(session, screen)),
            Screen::Rollouts(screen) => Some(self.rollouts_page(session, screen)),
            _ => None,
        }
    }

    /// The selected line of a page.
    pub(super) fn selected_line(&self) -> Option<Line> {
        let (page, cursor) = self.page_on_screen()?;
        let all = describe::lines(&page).count();
        describe::lines(&page).nth(cursor.index.min(all.saturating_sub(1))).map(|(_, line)| line.clone())
    }

    pub(super) fn subject_of<'a>(&self, session: &'a Session, key: &'a ObjectRef) -> describe::Subject<'a> {
        let fetched = session.fetched.as_ref().filter(|fetched| fetched.key == *key);
        let raw = fetched.and_then(|f| f.value.as_ref()?.as_ref().ok()).map(AsRef::as_ref);
        let routes = Some(&session.routes);
        describe::Subject { cluster: &session.cluster, catalog: &session.catalog, key, routes, raw, now: self.now }
    }

    /// What a table screen asks of the view.
    pub(super) fn query<'a>(&'a self, session: &'a Session, screen: &'a TableScreen) -> Option<Query<'a>> {
        let kind = session.catalog.get(screen.kind)?;
        let hidden = self.settings.hidden_columns.get(&*kind.plural).map_or(&[][..], Vec::as_slice);
        Some(Query {
            kind,
            namespaces: &session.namespaces,
            filter: &screen.filter,
            sort: &screen.sort,
            width: screen.width,
            hidden,
            changes: &session.changes,
            now: self.now,
        })
    }

    pub(super) fn page(&mut self, by: isize) {
        let rows = isize::try_from(self.panes().main.height).unwrap_or(1);
        self.step(by * (rows - 2).max(1));
    }

    /// Moves by lines; the ends are as far as one can get.
    pub(super) fn step(&mut self, by: isize) {
        let panes = self.panes();
        let Some(session) = self.session() else { return };
        match session.screen() {
            Screen::Table(_) => self.step_table(by, panes.main),
            Screen::Home(_) => self.step_on_home(by),
            Screen::Detail(_) => self.step_page(by, panes.side.unwrap_or(panes.main)),
            Screen::Trace(_) | Screen::Host(_) | Screen::Rollout(_) | Screen::Rollouts(_) => {
                self.step_page(by, panes.main);
            }
            Screen::Picker(screen) => {
                let all = self.entries(screen).len();
                let mut next = screen.clone();
                let height = usize::from(panes.main.height).saturating_sub(1);
                next.cursor = next.cursor.moved(moved(next.cursor.index, by, all), height);
                self.set_top(Screen::Picker(next));
            }
            Screen::Logs(_) => self.step_logs(by),
            Screen::Yaml(_) | Screen::Help(_) => self.scroll(by),
        }
    }

    fn step_page(&mut self, by: isize, area: Area) {
        let Some((page, cursor)) = self.page_on_screen() else { return };
        let all = describe::lines(&page).count();
        let is_list = matches!(self.session().map(Session::screen), Some(Screen::Rollouts(_)));
        let to = if is_list { entry_from(&page, cursor.index, by) } else { moved(cursor.index, by, all) };
        let height = usize::from(area.height);
        // Of an object with several lines all are to be seen.
        let whole = if is_list { cursor.moved(entry_end(&page, to), height) } else { cursor };
        let next = whole.moved(to, height);
        let link = describe::lines(&page).nth(next.index).and_then(|(_, line)| line.link.clone());
        match self.session_mut().and_then(|session| session.screens.last_mut()) {
            Some(Screen::Detail(screen)) => screen.cursor = next,
            Some(Screen::Trace(screen)) => screen.cursor = next,
            Some(Screen::Host(screen)) => screen.cursor = next,
            Some(Screen::Rollout(screen)) => (screen.cursor, screen.held) = (next, link),
            Some(Screen::Rollouts(screen)) => (screen.cursor, screen.held) = (next, link),
            _ => {}
        }
    }

    fn step_table(&mut self, by: isize, area: Area) {
        let Some(session) = self.session() else { return };
        let Screen::Table(screen) = session.screen() else { return };
        let Some(query) = self.query(session, screen) else { return };
        let window = window(screen, area);
        let to = |from, all| moved(from, by, all);
        let moved = session.roll.borrow_mut().moved(&session.cluster, &query, &window, to);
        let Some(table::Move { from, index, key }) = moved else {
            return;
        };
        let mut next = screen.clone();
        next.cursor.index = from;
        next.cursor = next.cursor.moved(index, window.height);
        next.selected = Some(key);
        self.set_top(Screen::Table(next));
    }

    /// Remembers where the selection stands when one of these changes may take its object away.
    pub(super) fn hold_place(&mut self, changes: &[Change]) {
        let Some(session) = self.session() else { return };
        let Screen::Table(screen) = session.screen() else { return };
        let Some(selected) = &screen.selected else { return };
        let concerns = |change: &Change| match change {
            Change::Apply(record) => record.key == *selected,
            Change::Delete(key) => key == selected,
            Change::Replace(scope, _) | Change::Sync(scope, _) => scope.kind == selected.kind,
        };
        if !changes.iter().any(concerns) {
            return;
        }
        let Some(query) = self.query(session, screen) else { return };
        let window = window(screen, self.panes().main);
        let (place, _) = session.roll.borrow_mut().place(&session.cluster, &query, &window);
        let Some(index) = place else { return };
        if let Some(Screen::Table(screen)) = self.session_mut().and_then(|session| session.screens.last_mut()) {
            screen.cursor.index = index;
        }
    }

    pub(super) fn set_top(&mut self, screen: Screen) {
        if let Some(top) = self.session_mut().and_then(|session| session.screens.last_mut()) {
            *top = screen;
        }
    }
}

/// The window of a table in its area: one line is the head.
pub(super) fn window(screen: &TableScreen, area: Area) -> Window<'_> {
    Window {
        selected: screen.selected.as_ref(),
        index: screen.cursor.index,
        line: screen.cursor.line,
        height: usize::from(area.height.saturating_sub(1)),
        room: usize::from(area.width),
    }
}

/// The table right beneath a detail.
pub(super) fn beneath(session: &Session) -> Option<&TableScreen> {
    match session.screens.iter().rev().nth(1)? {
        Screen::Table(table) => Some(table),
        _ => None,
    }
}

/// The logs that stand beside a table or a path, where there is room; their own screen is on top, or was left last.
pub(super) fn docked(session: &Session, size: Size) -> Option<&LogsScreen> {
    let (under, over) = match session.screens.as_slice() {
        [.., under, over @ Screen::Logs(_)] => (under, Some(over)),
        [.., under] => (under, session.forward.last()),
        [] => return None,
    };
    let Some(Screen::Logs(logs)) = over else { return None };
    let has_room = SPLIT <= size.width && matches!(under, Screen::Table(_) | Screen::Trace(_));
    (logs.is_beside && has_room).then_some(logs)
}

/// The first line of an object so many objects further on, where each has several lines.
fn entry_from(page: &Detail, from: usize, by: isize) -> usize {
    let links: Vec<_> = describe::lines(page).map(|(_, line)| line.link.as_ref()).collect();
    let begins = |index: &usize| *index == 0 || links[*index] != links[*index - 1];
    let starts: Vec<usize> = (0..links.len()).filter(begins).collect();
    let here = starts.iter().rposition(|start| *start <= from).unwrap_or(0);
    starts.get(moved(here, by, starts.len())).copied().unwrap_or(0)
}

/// The last line of the object on a line.
fn entry_end(page: &Detail, at: usize) -> usize {
    let mut links = describe::lines(page).map(|(_, line)| line.link.as_ref()).skip(at).peekable();
    let own = links.peek().copied();
    at + links.take_while(|link| Some(*link) == own).count().saturating_sub(1)
}

pub(super) fn moved(from: usize, by: isize, all: usize) -> usize {
    from.saturating_add_signed(by).min(all.saturating_sub(1))
}
