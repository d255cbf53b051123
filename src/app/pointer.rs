//! The pointer: what stands at a cell of the screen, and what a press there does.

use crate::app::App;
use crate::app::command;
use crate::app::event::MouseAction;
use crate::app::layout::{self, Area, holds};
use crate::app::moves::docked;
use crate::app::prompt::Purpose;
use crate::app::scene::{Content, Pane, Scene, hint_places};
use crate::app::screen::Screen;
use crate::app::session::Session;
use crate::view::line::{Role, Span};
use std::sync::Arc;

/// Lines that one notch of the wheel moves.
const NOTCH: isize = 3;

/// What stands at a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A command: in the hints, in the title.
    Command(&'static str),
    /// An offer of the palette, by its line.
    Offer(usize),
    /// The head of a table's column.
    Heading(Arc<str>),
    /// A bar of lines over time.
    Bar(usize),
    /// A row that can be selected.
    Row {
        /// Which one, among all of its list.
        index: usize,
        /// The line of the window on which it stands.
        line: usize,
        /// Whether it stands in the pane beside the table.
        is_beside: bool,
    },
}

/// What stands at a cell of the scene.
pub fn target(scene: &Scene, x: u16, y: u16) -> Option<Target> {
    let panes = &scene.panes;
    if holds(panes.hints, x, y) {
        let places = hint_places(&scene.hints, panes.hints);
        let hit = scene.hints.iter().zip(places).find(|(_, place)| place.as_ref().is_some_and(|p| p.contains(&x)));
        return hit.filter(|(hint, _)| hint.refused.is_none()).map(|(hint, _)| Target::Command(hint.command));
    }
    if holds(panes.title, x, y) {
        return title(scene, x).map(Target::Command);
    }
    if scene.choices.is_some() && holds(panes.choices, x, y) {
        return Some(Target::Offer(usize::from(y - panes.choices.y)));
    }
    let beside = scene.side.as_ref().filter(|side| holds(side.area, x, y));
    let pane = beside.or(Some(&scene.main).filter(|main| holds(main.area, x, y)))?;
    in_pane(pane, beside.is_some(), x, y)
}

/// What a press on the title means: each part of it can be chosen anew.
fn title(scene: &Scene, x: u16) -> Option<&'static str> {
    let places = scene.title.places(scene.panes.title);
    let at = |place: &std::ops::Range<u16>| place.contains(&x);
    if places.right.iter().any(at) {
        return Some("retry");
    }
    let index = places.left.iter().position(at)?;
    let has_kind = scene.title.left.iter().any(|span| span.role == Role::Header);
    match scene.title.left.get(index)? {
        Span { role: Role::Accent, .. } => Some("contexts"),
        Span { role: Role::Header, .. } => Some("palette"),
        Span { role: Role::Match, .. } => Some("filter"),
        Span { role: Role::Text, .. } if has_kind && index == 3 => Some("choose-namespaces"),
        _ => None,
    }
}

fn in_pane(pane: &Pane, is_beside: bool, x: u16, y: u16) -> Option<Target> {
    let row = |index, line| Some(Target::Row { index, line, is_beside });
    let lines = |area: Area, first: usize, all: usize| {
        let line = usize::from(y.checked_sub(area.y)?);
        if holds(area, x, y) && first + line < all { row(first + line, line) } else { None }
    };
    match &pane.content {
        Content::Home(home) => {
            let places = layout::home::home(&home.home, pane.area, home.selected, home.line);
            layout::home::row_at(&home.home, &places, x, y).and_then(|(index, line)| row(index, line))
        }
        Content::Table(table) => {
            let places = layout::table::table(&table.table, pane.area);
            if y == pane.area.y {
                // The space behind a heading belongs to it.
                let hit = places.columns.iter().rev().find(|column| column.x <= x);
                return hit.map(|column| Target::Heading(Arc::clone(&column.heading.name)));
            }
            lines(places.rows, table.table.first, table.table.first + places.shown)
        }
        Content::Detail(detail) => {
            let places = layout::detail::detail(&detail.detail, pane.area, detail.selected, detail.line);
            lines(places.body, places.first, places.all)
        }
        Content::Picker(picker) => {
            let height = pane.area.height.saturating_sub(1 + picker.told.len() as u16);
            let area = Area { y: pane.area.y + 1, height, ..pane.area };
            lines(area, picker.first, picker.all)
        }
        Content::Logs(logs) => {
            let places = logs.places(pane.area);
            if holds(places.bars, x, y) {
                return Some(Target::Bar(usize::from(x - places.bars.x)));
            }
            lines(places.body, 0, logs.window.rows.len())
        }
        Content::Text(_) | Content::Empty(_) => None,
    }
}

impl App {
    pub(super) fn mouse(&mut self, action: MouseAction, x: u16, y: u16) {
        match action {
            // What the first press selected is opened, wherever it has moved to since.
            MouseAction::DoubleClick if self.has_pressed_row => {
                self.has_pressed_row = false;
                self.open();
            }
            MouseAction::Click | MouseAction::DoubleClick => self.click(x, y),
            MouseAction::Drag => self.drag(x, y),
            MouseAction::Release => self.release_logs(),
            MouseAction::ScrollUp => self.wheel(-1, x, y),
            MouseAction::ScrollDown => self.wheel(1, x, y),
        }
    }

    fn click(&mut self, x: u16, y: u16) {
        self.has_pressed_row = false;
        let scene = self.scene();
        let target = target(&scene, x, y);
        match (&target, self.prompt().map(|prompt| prompt.purpose)) {
            (Some(Target::Offer(line)), _) => {
                return self.click_offer(*line, usize::from(scene.panes.choices.height));
            }
            (Some(Target::Command(name)), Some(_)) if holds(scene.panes.hints, x, y) => return self.run(name),
            (_, Some(Purpose::Palette | Purpose::Time | Purpose::File)) => return,
            // A press elsewhere keeps what was typed, as enter does.
            (Some(_), Some(Purpose::Filter | Purpose::Search)) => self.prompt_accept(),
            _ => {}
        }
        match target {
            Some(Target::Command(name)) => self.run(name),
            Some(Target::Heading(name)) => {
                self.focus(false);
                self.sort_by(Some(&name));
            }
            Some(Target::Bar(index)) => self.go_to_bar(index),
            Some(Target::Row { index, line, is_beside }) => {
                self.focus(is_beside);
                self.select(index, line);
                self.touch_logs(x, line);
                self.has_pressed_row = true;
            }
            Some(Target::Offer(_)) | None => {}
        }
    }

    fn run(&mut self, name: &str) {
        if let Some(command) = command::find(name) {
            (command.run)(self);
        }
    }

    /// With the button held: in logs a range of lines is drawn.
    fn drag(&mut self, x: u16, y: u16) {
        if let Some(Target::Row { line, .. }) = target(&self.scene(), x, y) {
            self.drag_logs(x, line);
        }
    }

    fn has_docked(&self) -> bool {
        self.session().is_some_and(|session| docked(session, self.size).is_some())
    }

    fn wheel(&mut self, by: isize, x: u16, y: u16) {
        if self.prompt().is_some_and(|prompt| prompt.purpose == Purpose::Palette) {
            return self.prompt_choose(by);
        }
        let panes = self.panes();
        if let Some(side) = panes.side {
            self.focus(holds(side, x, y));
        }
        self.step(by * NOTCH);
    }

    /// Gives the keys to the table, or to the detail beside it.
    fn focus(&mut self, is_beside: bool) {
        if self.panes().side.is_none() {
            return;
        }
        match (self.session().map(Session::screen), is_beside) {
            (Some(Screen::Table(_) | Screen::Trace(_)), true) if self.has_docked() => self.forward(),
            (Some(Screen::Logs(_)), false) if self.has_docked() => self.leave(),
            (Some(Screen::Table(_)), true) => self.describe(),
            (Some(Screen::Detail(_)), false) => self.leave(),
            _ => {}
        }
    }

    /// Moves the selection to a row that is on screen, which stays on its line.
    fn select(&mut self, index: usize, line: usize) {
        let to = |from: usize| index.cast_signed() - from.cast_signed();
        match self.session().map(Session::screen) {
            Some(Screen::Home(_)) => self.select_on_home_line(index, line),
            Some(Screen::Logs(_)) => self.select_in_logs(index, line),
            Some(Screen::Table(_)) => {
                if let Content::Table(pane) = self.scene().main.content {
                    self.step(to(pane.table.selected.unwrap_or(0)));
                }
            }
            Some(Screen::Picker(picker)) => {
                let from = picker.cursor.index.min(self.entries(picker).len().saturating_sub(1));
                self.step(to(from));
            }
            Some(Screen::Detail(_) | Screen::Trace(_) | Screen::Host(_) | Screen::Rollout(_) | Screen::Rollouts(_)) => {
                if let Some((_, cursor)) = self.page_on_screen() {
                    self.step(to(cursor.index));
                }
            }
            _ => {}
        }
    }
}
