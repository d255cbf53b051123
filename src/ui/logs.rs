//! Lines of logs: how the streams are, then the lines, the selected one marked.

use crate::app::scene::LogsPane;
use crate::ui::scroll::Scroll;
use crate::ui::spans::{over_row, put_line, selection};
use crate::ui::symbol;
use crate::ui::text::put;
use crate::ui::theme::{Role, Themed};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

impl Widget for &Themed<'_, LogsPane> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let LogsPane { head, window } = self.what;
        put_line(buffer, (area.x + 1, area.y), area.right(), head, (self.theme, Style::new()));
        let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let scroll = Scroll { first: window.first, shown: window.rows.len(), all: window.all, theme: self.theme };
        let right = body.right().saturating_sub(scroll.room());
        for (index, row) in window.rows.iter().take(usize::from(body.height)).enumerate() {
            let y = body.y + index as u16;
            let over = selection(self.theme, row.is_selected);
            over_row(buffer, body.x, y, right, over);
            if row.is_selected {
                put(buffer, (body.x, y), right, symbol::SELECTED, self.theme.style(Role::SelectionMark).patch(over));
            }
            put_line(buffer, (body.x + 1, y), right, &row.line, (self.theme, over));
        }
        scroll.render(body, buffer);
    }
}
