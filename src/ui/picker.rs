//! A list to choose from: namespaces, contexts, columns.

use crate::app::scene::columns::{self, Columns, GAP};
use crate::app::scene::{Choice, Choices, Entry, PickerPane};
use crate::ui::scroll::Scroll;
use crate::ui::spans::{over_row, put_state, selection};
use crate::ui::symbol;
use crate::ui::text::{cut_end, cut_middle, put, width};
use crate::ui::theme::{Role, Theme, Themed};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// What stands before the text, as a place on screen.
const GUTTER: u16 = columns::GUTTER as u16;

impl Widget for &Themed<'_, PickerPane> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let pane = self.what;
        put(buffer, (area.x + GUTTER, area.y), area.right(), &pane.title, self.theme.style(Role::Strong));
        let told = (pane.told.len() as u16).min(area.height - 1);
        let body = Rect { y: area.y + 1, height: area.height - 1 - told, ..area };
        for (row, line) in pane.told.iter().take(usize::from(told)).enumerate() {
            put(
                buffer,
                (area.x + GUTTER, body.bottom() + row as u16),
                area.right(),
                line,
                self.theme.style(Role::Text),
            );
        }
        let columns = pane.columns.as_ref();
        let shown = pane.entries.len().min(usize::from(body.height));
        let scroll = Scroll { first: pane.first, shown, all: pane.all, theme: self.theme };
        let right = body.right().saturating_sub(scroll.room());
        let longest = pane.entries.iter().map(|entry| width(&entry.text)).max().unwrap_or(0);
        let text = columns.map_or(longest.min(usize::from(body.width / 2)), |columns| columns.text);
        let detail = body.x + GUTTER + text as u16 + 2;
        if let Some(columns) = columns {
            let heads = columns.heads.iter().map(|(name, _)| *name);
            put_cells(buffer, (detail, area.y), right, (columns, heads), self.theme.style(Role::Strong));
        }
        for (row, entry) in pane.entries.iter().take(shown).enumerate() {
            let over = selection(self.theme, pane.selected == Some(pane.first + row));
            put_entry(buffer, (body.x, body.y + row as u16), (right, detail), (entry, columns), (self.theme, over));
        }
        scroll.render(body, buffer);
    }
}

fn put_entry(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    (right, detail): (u16, u16),
    (entry, columns): (&Entry, Option<&Columns>),
    (theme, over): (&Theme, Style),
) {
    over_row(buffer, x, y, right, over);
    if over != Style::new() {
        put(buffer, (x, y), right, symbol::SELECTED, theme.style(Role::SelectionMark).patch(over));
    }
    if entry.marked {
        put(buffer, (x + 1, y), right, symbol::MARKED, theme.style(Role::Match).patch(over));
    }
    if let Some(health) = entry.health {
        put_state(buffer, (x + 2, y), right, health, (theme, over));
    }
    let role = if entry.current { Role::Strong } else { Role::Text };
    let text = cut_middle(&entry.text, usize::from(detail.saturating_sub(x + GUTTER + 1)));
    put(buffer, (x + GUTTER, y), right, &text, theme.style(role).patch(over));
    let style = theme.style(Role::Dim).patch(over);
    if let Some(columns) = columns {
        return put_cells(buffer, (detail, y), right, (columns, entry.cells.iter().map(String::as_str)), style);
    }
    let text = cut_end(&entry.detail, usize::from(right.saturating_sub(detail)));
    put(buffer, (detail, y), right, &text, style);
}

fn put_cells<'a>(
    buffer: &mut Buffer,
    (mut x, y): (u16, u16),
    right: u16,
    (columns, cells): (&Columns, impl Iterator<Item = &'a str>),
    style: Style,
) {
    for (cell, (_, room)) in cells.zip(&columns.heads) {
        put(buffer, (x, y), right, &cut_end(cell, *room), style);
        x += (room + GAP) as u16;
    }
}

impl Widget for &Themed<'_, Choices> {
    /// Paints over what is there: the palette's offers stand above the line that is typed.
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let longest = self.what.lines.iter().map(|choice| width(&choice.text)).max().unwrap_or(0);
        let detail = area.x + 2 + longest.min(usize::from(area.width / 2)) as u16 + 2;
        for row in 0..area.height {
            let y = area.y + row;
            let ground = self.theme.style(Role::Text);
            for x in area.x..area.right() {
                buffer[(x, y)].reset();
            }
            over_row(buffer, area.x, y, area.right(), ground);
            if let Some(choice) = self.what.lines.get(usize::from(row)) {
                let over = selection(self.theme, self.what.selected == usize::from(row));
                put_choice(buffer, (area.x, y), (area.right(), detail), choice, (self.theme, over));
            }
        }
    }
}

fn put_choice(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    (right, detail): (u16, u16),
    choice: &Choice,
    (theme, over): (&Theme, Style),
) {
    over_row(buffer, x, y, right, over);
    if over != Style::new() {
        put(buffer, (x, y), right, symbol::SELECTED, theme.style(Role::SelectionMark).patch(over));
    }
    let end = right.min(detail.saturating_sub(1));
    let text = cut_middle(&choice.text, usize::from(end.saturating_sub(x + 2)));
    put(buffer, (x + 2, y), end, &text, theme.style(Role::Text).patch(over));
    if *text == *choice.text {
        for found in &choice.found {
            if let (Some(head), Some(part)) = (choice.text.get(..found.start), choice.text.get(found.clone())) {
                let at = x + 2 + width(head) as u16;
                put(buffer, (at, y), end, part, theme.style(Role::Match).patch(over));
            }
        }
    }
    let text = cut_end(&choice.detail, usize::from(right.saturating_sub(detail)));
    put(buffer, (detail, y), right, &text, theme.style(Role::Dim).patch(over));
}
