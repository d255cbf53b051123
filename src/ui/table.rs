//! A kind's table: the rows of the window, painted cell by cell; what costs is the window, never the list.

use crate::app::layout;
use crate::app::layout::table::Column;
use crate::app::scene::TablePane;
use crate::kinds::{Align, Health};
use crate::ui::empty;
use crate::ui::scroll::Scroll;
use crate::ui::spans::{over_row, selection};
use crate::ui::symbol;
use crate::ui::text::{cut_end, cut_middle, put, put_right, width};
use crate::ui::theme::{Role, Theme, Themed};
use crate::view::table::{Row, RowCell};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

impl Widget for &Themed<'_, TablePane> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let table = &self.what.table;
        let places = layout::table::table(table, area);
        let (below, shown, right) = (places.rows, places.shown, places.right);
        let scroll = Scroll { first: table.first, shown, all: table.shown, theme: self.theme };
        let painter = Painter { theme: self.theme, columns: places.columns };
        for column in &painter.columns {
            painter.heading(buffer, column, area.y);
        }
        for (index, row) in table.rows.iter().take(shown).enumerate() {
            let is_selected = table.selected == Some(table.first + index);
            painter.row(buffer, (area.x, below.y + index as u16, right), (row, is_selected));
        }
        scroll.render(below, buffer);
        if let Some(lines) = &self.what.empty {
            empty::paint(lines, below, buffer, self.theme);
        }
    }
}

/// What every row needs.
struct Painter<'a> {
    theme: &'a Theme,
    columns: Vec<Column<'a>>,
}

impl Painter<'_> {
    fn heading(&self, buffer: &mut Buffer, column: &Column, y: u16) {
        let Column { heading, x, end } = column;
        let role = if heading.sorted.is_some() { Role::HeaderSorted } else { Role::Header };
        let style = self.theme.style(role);
        let behind = place(buffer, (*x, y, *end), heading.align, &heading.name, style);
        if let Some(descending) = heading.sorted {
            put(buffer, (behind, y), behind + 1, symbol::SORTED[usize::from(descending)], style);
        }
    }

    fn row(&self, buffer: &mut Buffer, (x, y, right): (u16, u16, u16), (row, is_selected): (&Row, bool)) {
        let over = selection(self.theme, is_selected);
        over_row(buffer, x, y, right, over);
        if is_selected {
            put(buffer, (x, y), right, symbol::SELECTED, self.theme.style(Role::SelectionMark).patch(over));
        }
        if row.marked {
            put(buffer, (x + 1, y), right, symbol::MARKED, self.theme.style(Role::Match).patch(over));
        }
        if let Some(health) = row.health {
            let (symbol, role) = symbol::of(health);
            put(buffer, (x + 2, y), right, symbol, self.dimmed(self.theme.style(role), row).patch(over));
        }
        for (cell, column) in row.cells.iter().zip(&self.columns) {
            self.cell(buffer, column, y, (row, cell), over);
        }
    }

    fn cell(&self, buffer: &mut Buffer, column: &Column, y: u16, (row, cell): (&Row, &RowCell), over: Style) {
        let role = match cell.health {
            // What is well is quiet: its symbol says so.
            None | Some(Health::Ready) => Role::Text,
            Some(health) => symbol::of(health).1,
        };
        let style = self.dimmed(self.theme.style(role), row).patch(over);
        let is_name = matches!(&*column.heading.name, "NAME" | "NAMESPACE" | "OBJECT");
        let room = usize::from(column.end - column.x);
        let text = if is_name { cut_middle(&cell.text, room) } else { cut_end(&cell.text, room) };
        let behind = place(buffer, (column.x, y, column.end), column.heading.align, &text, style);
        if *text == *cell.text {
            let start = behind - width(&text) as u16;
            for found in &cell.found {
                let (Some(head), Some(part)) = (cell.text.get(..found.start), cell.text.get(found.clone())) else {
                    continue;
                };
                let at = start + width(head) as u16;
                put(buffer, (at, y), behind, part, style.patch(self.theme.style(Role::Match)).patch(over));
            }
        }
        if cell.changed {
            put(buffer, (behind, y), behind + 1, symbol::CHANGED, self.theme.style(Role::Changed).patch(over));
        }
    }

    fn dimmed(&self, style: Style, row: &Row) -> Style {
        if row.deleting { self.theme.stale(style) } else { style }
    }
}

/// Writes text at its side of a column; returns the column of the screen behind it.
fn place(buffer: &mut Buffer, (x, y, end): (u16, u16, u16), align: Align, text: &str, style: Style) -> u16 {
    match align {
        Align::Left => put(buffer, (x, y), end, text, style),
        Align::Right => {
            put_right(buffer, (x, y), end, text, style);
            end
        }
    }
}
