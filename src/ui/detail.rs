//! One object: its name and state, the sentence that answers, then sections in the order of trouble.

use crate::app::layout;
use crate::app::layout::detail::{DetailPlaces, GUTTER};
use crate::app::scene::DetailPane;
use crate::ui::empty;
use crate::ui::scroll::Scroll;
use crate::ui::spans::{over_row, put_line, selection};
use crate::ui::symbol;
use crate::ui::text::{put, width};
use crate::ui::theme::{Role, Themed};
use crate::view::describe;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

/// The names of sections take no more columns than this.
const LABEL: usize = 14;

impl Widget for &Themed<'_, DetailPane> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let DetailPane { detail, selected, line } = self.what;
        let places = layout::detail::detail(detail, area, *selected, *line);
        empty::heading(
            buffer,
            places.head,
            (&detail.title, detail.health.map(|health| (health, detail.word))),
            self.theme,
        );
        for (index, line) in places.answer.iter().enumerate() {
            let at = (places.head.x, area.y + 1 + index as u16);
            put(buffer, at, area.right(), line, self.theme.style(Role::Strong));
        }
        self.sections(&places, buffer);
    }
}

impl Themed<'_, DetailPane> {
    fn sections(&self, places: &DetailPlaces, buffer: &mut Buffer) {
        let detail = &self.what.detail;
        let (area, first, all) = (places.body, places.first, places.all);
        let height = usize::from(area.height);
        let selected = self.what.selected;
        let scroll = Scroll { first, shown: height.min(all), all, theme: self.theme };
        let right = area.right().saturating_sub(scroll.room());
        let longest = detail.sections.iter().map(|section| width(&section.title)).max().unwrap_or(0).min(LABEL);
        let start = area.x + GUTTER + longest as u16 + 2;
        let mut before = first.checked_sub(1).and_then(|index| describe::lines(detail).nth(index)).map(|(at, _)| at);
        for (row, (section, line)) in describe::lines(detail).skip(first).take(height).enumerate() {
            let y = area.y + row as u16;
            let is_selected = selected == Some(first + row);
            let over = selection(self.theme, is_selected);
            over_row(buffer, area.x, y, right, over);
            if is_selected {
                put(buffer, (area.x, y), right, symbol::SELECTED, self.theme.style(Role::SelectionMark).patch(over));
            }
            // The name stands once, and again where the window begins inside its section.
            if row == 0 || before != Some(section) {
                let style = self.theme.style(Role::Label).patch(over);
                put(buffer, (area.x + GUTTER, y), start - 2, &detail.sections[section].title, style);
            }
            before = Some(section);
            put_line(buffer, (start, y), right, line, (self.theme, over));
        }
        scroll.render(area, buffer);
    }
}
