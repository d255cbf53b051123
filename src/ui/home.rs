//! Home: what is wrong now, worst first, and how every namespace is.

mod rollouts;

use crate::app::layout;
use crate::app::layout::home::{AGE, Columns, GAP, GUTTER, HomePlaces, Rows, reason};
use crate::app::scene::HomePane;
use crate::kinds::Health;
use crate::kinds::age;
use crate::model::Sync;
use crate::ui::home::rollouts::Block;
use crate::ui::scroll::Scroll;
use crate::ui::spans::{over_row, selection};
use crate::ui::symbol;
use crate::ui::text::{cut_end, cut_middle, put, put_right, width};
use crate::ui::theme::{Role, Theme, Themed};
use crate::view::health::{Behind, Count, Home, Problem};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

impl Widget for &Themed<'_, HomePane> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let HomePane { home, selected, line, .. } = self.what;
        let (problems, rooms) = (home.problems.len(), home.namespaces.len());
        let places = layout::home::home(home, area, *selected, *line);
        sentences(home, area, buffer, self.theme);
        self.problems(&places, buffer, selected.filter(|index| *index < problems));
        let told = places.told;
        for (row, line) in places.reason.iter().take(usize::from(told.height)).enumerate() {
            put(buffer, (told.x + 4, told.y + row as u16), told.right(), line, self.theme.style(Role::Text));
        }
        let below = selected.and_then(|index| index.checked_sub(problems));
        self.rooms(&places, buffer, below.filter(|index| *index < rooms));
        if let Some(block) = places.block {
            let selected = below.and_then(|index| index.checked_sub(rooms));
            let first = places.rollouts.first;
            Block { rollouts: &home.rollouts, selected, first, now: self.what.now }.paint(block, buffer, self.theme);
        }
    }
}

/// The answer, and what cannot be seen at all now.
fn sentences(home: &Home, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let at = (area.x + GUTTER.min(area.width), area.y);
    let (symbol, role) = home.worst.map_or((symbol::OFF, Role::Off), symbol::of);
    let x = put(buffer, at, area.right(), symbol, theme.style(role)) + 1;
    let sentence = cut_end(&home.sentence, usize::from(area.right().saturating_sub(x)));
    put(buffer, (x, area.y), area.right(), &sentence, theme.style(Role::Strong));
    if layout::home::says_behind(home, area) {
        let text = behind(home);
        let text = cut_end(&text, usize::from(area.width.saturating_sub(GUTTER)));
        put(buffer, (area.x + GUTTER, area.y + 1), area.right(), &text, theme.style(Role::Dim));
    }
}

/// `21 of 24 watches live; listing pods 4500 of 10000; forbidden: nodes, secrets`.
fn behind(home: &Home) -> String {
    let names = |wanted: fn(&Sync) -> bool| {
        let found = home.behind.iter().filter(|behind| wanted(&behind.sync));
        found
            .map(|Behind { kind, namespace, .. }| match namespace {
                Some(namespace) => format!("{kind} in {namespace}"),
                None => kind.to_string(),
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    let listing = home.behind.iter().filter_map(|behind| match &behind.sync {
        Sync::Listing { seen, total: Some(total) } => Some(format!("{} {seen} of {total}", behind.kind)),
        Sync::Listing { seen, total: None } => Some(format!("{} {seen}", behind.kind)),
        _ => None,
    });
    let parts = [
        ("stale: ", names(|sync| matches!(sync, Sync::Stale { .. }))),
        ("listing ", listing.collect::<Vec<_>>().join(", ")),
        ("forbidden: ", names(|sync| matches!(sync, Sync::Forbidden))),
        ("absent: ", names(|sync| matches!(sync, Sync::Absent))),
    ];
    let mut text = format!("{} of {} watches live", home.live, home.open);
    for (word, names) in parts.iter().filter(|(_, names)| !names.is_empty()) {
        text.push_str("; ");
        text.push_str(word);
        text.push_str(names);
    }
    text
}

impl Themed<'_, HomePane> {
    fn problems(&self, places: &HomePlaces, buffer: &mut Buffer, selected: Option<usize>) {
        let home = &self.what.home;
        let Rows { area, first } = places.problems;
        let all = home.problems.len() + usize::from(0 < home.more);
        let height = usize::from(area.height);
        let scroll = Scroll { first, shown: height.min(all), all, theme: self.theme };
        let right = area.right().saturating_sub(scroll.room());
        for (row, problem) in home.problems.iter().skip(first).take(height).enumerate() {
            let at = Row { y: area.y + row as u16, x: area.x, right, is_selected: selected == Some(first + row) };
            self.problem(buffer, &at, problem, &places.columns);
        }
        if 0 < home.more && 0 < height && first + height == all {
            let text = format!("and {} more: open the table of a kind", home.more);
            put(buffer, (area.x + GUTTER, area.bottom() - 1), right, &text, self.theme.style(Role::Dim));
        }
        scroll.render(area, buffer);
    }

    fn problem(&self, buffer: &mut Buffer, at: &Row, problem: &Problem, columns: &Columns) {
        let (y, over) = (at.y, at.begin(buffer, self.theme));
        let (symbol, role) = symbol::of(problem.health);
        let state = self.theme.style(role).patch(over);
        let x = put(buffer, (at.x + GUTTER, y), at.right, symbol, state) + 1;
        if !columns.is_narrow {
            put(buffer, (x, y), at.right, problem.word, state);
        }
        let name = if columns.is_narrow { &problem.short } else { &problem.name };
        let style = |role| self.theme.style(role).patch(over);
        let namespace = problem.key.namespace.as_deref().unwrap_or("");
        // An address says itself where it is, and has no age unless it turned lately: both columns are its own.
        let is_address = columns.is_narrow && problem.route.is_some();
        let (namespace, start) = if is_address { ("", columns.namespace) } else { (namespace, columns.name) };
        let texts = [
            (cut_middle(namespace, room(columns.namespace, columns.name)), columns.namespace, Role::Dim),
            (cut_middle(name, room(start, columns.reason)), start, Role::Text),
            (cut_end(&reason(problem), room(columns.reason, columns.end(problem))), columns.reason, Role::Text),
        ]
        .map(|(text, x, role)| (text.into_owned(), x, role));
        for (text, x, role) in texts {
            put(buffer, (x, y), at.right, &text, style(role));
        }
        let age = problem.since.map_or_else(String::new, |since| age::age(self.what.now, Some(since)));
        let end = (columns.age + AGE + 1).min(at.right);
        put_right(buffer, (columns.age.min(end), y), end, &age, style(Role::Dim));
    }

    fn rooms(&self, places: &HomePlaces, buffer: &mut Buffer, selected: Option<usize>) {
        let home = &self.what.home;
        let Rows { area, first } = places.namespaces;
        let height = usize::from(area.height);
        if height == 0 {
            return;
        }
        let top = places.headings.y;
        let scroll =
            Scroll { first, shown: height.min(home.namespaces.len()), all: home.namespaces.len(), theme: self.theme };
        let right = area.right().saturating_sub(scroll.room());
        let shown = home.namespaces.iter().skip(first).take(height);
        let longest = home.namespaces.iter().map(|room| width(&room.name)).max().unwrap_or(0).clamp(9, 30) as u16;
        let start = area.x + GUTTER + longest + GAP;
        let groups = home.groups.len().max(1) as u16;
        let each = (right.saturating_sub(start) / groups).clamp(8, 24);
        let header = self.theme.style(Role::Header);
        put(buffer, (area.x + GUTTER, top), right, "namespace", header);
        for (index, group) in home.groups.iter().enumerate() {
            put(buffer, (start + each * index as u16, top), right, group, header);
        }
        for (row, room) in shown.enumerate() {
            let at = Row { y: top + 1 + row as u16, x: area.x, right, is_selected: selected == Some(first + row) };
            let over = at.begin(buffer, self.theme);
            let name =
                cut_middle(if room.name.is_empty() { "(no namespace)" } else { &room.name }, usize::from(longest));
            put(buffer, (area.x + GUTTER, at.y), right, &name, self.theme.style(Role::Text).patch(over));
            for (index, count) in room.counts.iter().enumerate() {
                let x = start + each * index as u16;
                self.count(buffer, (x, at.y), right.min(x + each - 1), *count, over);
            }
        }
        scroll.render(area, buffer);
    }

    /// `41  ✖2 ◌1`, or `-` where there is nothing.
    fn count(&self, buffer: &mut Buffer, (x, y): (u16, u16), end: u16, count: Count, over: Style) {
        if count.all == 0 {
            put_right(buffer, (x, y), end.min(x + 4), "-", self.theme.style(Role::Off).patch(over));
            return;
        }
        put_right(buffer, (x, y), end.min(x + 4), &count.all.to_string(), self.theme.style(Role::Text).patch(over));
        let mut x = x + 5;
        let ill = [
            (count.failed, Health::Failed),
            (count.warn, Health::Warn),
            (count.progressing, Health::Progressing),
            (count.unknown, Health::Unknown),
        ];
        for (number, health) in ill.into_iter().filter(|(number, _)| 0 < *number) {
            let (symbol, role) = symbol::of(health);
            x = put(buffer, (x, y), end, &format!("{symbol}{number}"), self.theme.style(role).patch(over)) + 1;
        }
    }
}

/// What a column may fill before the next begins.
fn room(start: u16, next: u16) -> usize {
    usize::from(next.saturating_sub(start + GAP))
}

/// Where a row stands.
struct Row {
    x: u16,
    y: u16,
    right: u16,
    is_selected: bool,
}

impl Row {
    /// Lays the selection over the row and marks it; returns what lies over its texts.
    fn begin(&self, buffer: &mut Buffer, theme: &Theme) -> Style {
        let over = selection(theme, self.is_selected);
        over_row(buffer, self.x, self.y, self.right, over);
        if self.is_selected {
            let mark = theme.style(Role::SelectionMark).patch(over);
            put(buffer, (self.x, self.y), self.right, symbol::SELECTED, mark);
        }
        over
    }
}
