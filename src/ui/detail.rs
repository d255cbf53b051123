//! One object: its name and state, the sentence that answers, then sections in the order of trouble.

use crate::app::scene::DetailPane;
use crate::ui::empty;
use crate::ui::scroll::Scroll;
use crate::ui::spans::{over_row, put_line, selection};
use crate::ui::symbol;
use crate::ui::text::{put, width, wrap};
use crate::ui::theme::{Role, Theme, Themed};
use crate::view::describe::{self, Detail};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

/// The answer takes no more lines than this; the object's fields tell the rest.
const ANSWER: usize = 4;
/// The names of sections take no more columns than this.
const LABEL: usize = 14;
/// Left of everything: the mark of the selection and a space.
const GUTTER: u16 = 2;

impl Widget for &Themed<'_, DetailPane> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let detail = &self.what.detail;
        let inner = Rect { x: area.x + GUTTER.min(area.width), width: area.width.saturating_sub(GUTTER), ..area };
        empty::heading(buffer, inner, (&detail.title, detail.health), self.theme);
        let head = 1 + answer(detail, Rect { y: area.y + 1, height: area.height - 1, ..inner }, buffer, self.theme);
        let body = Rect { y: area.y + head, height: area.height.saturating_sub(head), ..area };
        self.sections(body, buffer);
    }
}

/// Paints the answer; returns its lines and the blank one behind it.
fn answer(detail: &Detail, area: Rect, buffer: &mut Buffer, theme: &Theme) -> u16 {
    if detail.answer.is_empty() {
        return 0;
    }
    let lines = wrap(&detail.answer, usize::from(area.width.saturating_sub(1)));
    let shown = lines.len().min(ANSWER).min(usize::from(area.height));
    for (index, line) in lines.iter().take(shown).enumerate() {
        let line = if index + 1 == shown && shown < lines.len() { format!("{line} …") } else { line.clone() };
        put(buffer, (area.x, area.y + index as u16), area.right(), &line, theme.style(Role::Strong));
    }
    let blank = u16::from(8 <= area.height);
    shown as u16 + blank
}

impl Themed<'_, DetailPane> {
    fn sections(&self, area: Rect, buffer: &mut Buffer) {
        let detail = &self.what.detail;
        let height = usize::from(area.height);
        let all = describe::lines(detail).count();
        let selected = self.what.selected;
        let first = first(selected, self.what.line, height, all);
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

/// The first line of a window that keeps the selection on its line.
pub fn first(selected: Option<usize>, line: usize, height: usize, all: usize) -> usize {
    let line = line.min(height.saturating_sub(1));
    selected.unwrap_or(0).saturating_sub(line).min(all.saturating_sub(height))
}
