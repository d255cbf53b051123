//! Home's rows, of all its three parts: problems, then namespaces, then rollouts where the screen shows them.

use crate::app::App;
use crate::app::screen::{HomeRow, HomeScreen, Screen};
use crate::app::session::Session;
use crate::kinds::{NAMESPACE, ObjectRef};
use crate::view::health::route::Pin;
use crate::view::health::{self, Home};
use crate::view::table::Namespaces;
use std::collections::BTreeSet;
use std::sync::Arc;

impl App {
    /// Home of a session, at the present; narrow screens have the rollouts among the problems only.
    pub(super) fn home(&self, session: &Session) -> Home {
        let mut home = health::home(&session.cluster, &session.catalog, self.now);
        let pinned = session.paths.kept.iter().filter(|kept| kept.is_pinned);
        let pins = pinned.map(|kept| Pin { request: &kept.request, told: kept.told.as_ref(), since: kept.since });
        health::route::add(&mut home, &session.routes, pins, &session.catalog);
        if self.panes().main.width < crate::app::layout::ROLLOUTS {
            home.rollouts.clear();
        }
        if let Screen::Home(screen) = session.screen() {
            narrow(&mut home, &screen.filter);
        }
        home
    }

    /// Enter: the object of a row, or the pods of a namespace.
    pub(super) fn open_from_home(&mut self) {
        match self.home_row() {
            Some(HomeRow::Problem(key)) => self.open_detail(key),
            Some(HomeRow::Rollout(key)) => self.open_rollout(key),
            Some(HomeRow::Route(line, _)) => self.follow_line(&line),
            Some(HomeRow::Namespace(name)) => self.use_namespaces(Namespaces::Some(BTreeSet::from([name]))),
            None => {}
        }
    }

    /// Moves the selection to a row that stands on a line of its list, and keeps it there.
    pub(super) fn select_on_home_line(&mut self, index: usize, line: usize) {
        self.select_on_home(index);
        if let Some(Screen::Home(screen)) = self.session_mut().and_then(|session| session.screens.last_mut()) {
            screen.cursor.line = line;
        }
    }

    /// Moves the selection to a row.
    pub(super) fn select_on_home(&mut self, index: usize) {
        let height = usize::from(self.panes().main.height);
        let Some(session) = self.session() else { return };
        let Screen::Home(screen) = session.screen() else { return };
        let home = self.home(session);
        let index = index.min(rows(&home).saturating_sub(1));
        let mut cursor = screen.cursor;
        cursor.index = place(screen, &home);
        let (selected, filter) = (row(&home, index), screen.filter.clone());
        let next = HomeScreen { selected, cursor: cursor.moved(index, height), filter };
        self.set_top(Screen::Home(next));
    }

    pub(super) fn step_on_home(&mut self, by: isize) {
        let Some(session) = self.session() else { return };
        let Screen::Home(screen) = session.screen() else { return };
        let index = place(screen, &self.home(session)).saturating_add_signed(by);
        self.select_on_home(index);
    }

    /// Tab: to the first row of the next part.
    pub(super) fn next_part(&mut self) {
        let Some(session) = self.session() else { return };
        let Screen::Home(screen) = session.screen() else { return };
        let home = self.home(session);
        let index = place(screen, &home);
        let starts = [0, home.problems.len(), home.problems.len() + home.namespaces.len()];
        let next = starts.into_iter().find(|start| index < *start && *start < rows(&home));
        self.select_on_home(next.unwrap_or(0));
    }

    /// The object that Home's selection stands on.
    pub(super) fn selected_on_home(&self) -> Option<ObjectRef> {
        match self.home_row()? {
            HomeRow::Problem(key) | HomeRow::Rollout(key) | HomeRow::Route(_, key) => {
                Some(key).filter(|key| !key.name.is_empty())
            }
            HomeRow::Namespace(name) if name.is_empty() => None,
            HomeRow::Namespace(name) => Some(ObjectRef { kind: NAMESPACE, namespace: None, name }),
        }
    }

    /// The request of the broken path that Home's selection stands on.
    pub(super) fn selected_route(&self) -> Option<String> {
        match self.home_row()? {
            HomeRow::Route(line, _) => Some(line),
            _ => None,
        }
    }

    fn home_row(&self) -> Option<HomeRow> {
        let session = self.session()?;
        let Screen::Home(screen) = session.screen() else { return None };
        let home = self.home(session);
        row(&home, place(screen, &home))
    }
}

/// Leaves the rows that hold every word of a filter, in whatever is told of them.
fn narrow(home: &mut Home, filter: &str) {
    let filter = filter.to_lowercase();
    let words: Vec<&str> = filter.split_whitespace().collect();
    let holds = |text: String| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let place = |key: &ObjectRef| key.namespace.clone().unwrap_or_default();
    home.problems.retain(|p| {
        let route = p.route.as_deref().unwrap_or("");
        holds(format!("{} {} {} {} {} {route}", p.word, place(&p.key), p.name, p.short, p.reason))
    });
    home.namespaces.retain(|room| holds(room.name.to_string()));
    home.rollouts.retain(|rollout| holds(format!("{} {}", place(&rollout.key), rollout.key.name)));
    if !words.is_empty() {
        // What is not listed cannot be looked through.
        home.more = 0;
    }
}

/// How many rows there are.
pub(super) fn rows(home: &Home) -> usize {
    home.problems.len() + home.namespaces.len() + home.rollouts.len()
}

/// Where the selection stands: on its row, wherever that has moved to.
pub(super) fn place(screen: &HomeScreen, home: &Home) -> usize {
    let (problems, rooms) = (home.problems.len(), home.namespaces.len());
    let found = match &screen.selected {
        Some(HomeRow::Problem(key)) => home.problems.iter().position(|p| p.key == *key && p.route.is_none()),
        Some(HomeRow::Route(line, _)) => home.problems.iter().position(|p| p.route.as_ref() == Some(line)),
        Some(HomeRow::Namespace(name)) => home.namespaces.iter().position(|r| r.name == *name).map(|i| problems + i),
        Some(HomeRow::Rollout(key)) => {
            home.rollouts.iter().position(|r| r.key == *key).map(|index| problems + rooms + index)
        }
        None => None,
    };
    found.unwrap_or(screen.cursor.index).min(rows(home).saturating_sub(1))
}

fn row(home: &Home, index: usize) -> Option<HomeRow> {
    if let Some(problem) = home.problems.get(index) {
        return Some(match &problem.route {
            Some(line) => HomeRow::Route(line.clone(), problem.key.clone()),
            None => HomeRow::Problem(problem.key.clone()),
        });
    }
    let index = index - home.problems.len();
    if let Some(room) = home.namespaces.get(index) {
        return Some(HomeRow::Namespace(Arc::clone(&room.name)));
    }
    home.rollouts.get(index - home.namespaces.len()).map(|rollout| HomeRow::Rollout(rollout.key.clone()))
}
