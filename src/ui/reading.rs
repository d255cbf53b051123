//! Lines to read: YAML, help, a connection that failed.

use crate::app::scene::TextPane;
use crate::ui::scroll::Scroll;
use crate::ui::spans::put_line;
use crate::ui::text::{cut_middle, put};
use crate::ui::theme::{Role, Themed};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// Left of the lines.
const MARGIN: u16 = 1;

impl Widget for &Themed<'_, TextPane> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let pane = self.what;
        let head = u16::from(!pane.title.is_empty());
        if head == 1 {
            let title = cut_middle(&pane.title, usize::from(area.width.saturating_sub(MARGIN)));
            put(buffer, (area.x + MARGIN, area.y), area.right(), &title, self.theme.style(Role::Strong));
        }
        let body = Rect { y: area.y + head, height: area.height - head, ..area };
        let shown = pane.lines.len().min(usize::from(body.height));
        let scroll = Scroll { first: pane.first, shown, all: pane.all, theme: self.theme };
        let right = body.right().saturating_sub(scroll.room());
        for (row, line) in pane.lines.iter().take(shown).enumerate() {
            put_line(buffer, (body.x + MARGIN, body.y + row as u16), right, line, (self.theme, Style::new()));
        }
        scroll.render(body, buffer);
    }
}
