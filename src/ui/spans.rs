//! A line of text with roles, as views make them, painted into one row.

use crate::ui::symbol;
use crate::ui::text::{self, put};
use crate::ui::theme::{Role, Theme};
use crate::view::line::{self, Line};
use ratatui::buffer::Buffer;
use ratatui::style::Style;

/// Paints a line from `(x, y)`, never beyond column `end`; `over` lies over the style of every letter. Returns the column behind it.
pub fn put_line(buffer: &mut Buffer, (x, y): (u16, u16), end: u16, line: &Line, (theme, over): (&Theme, Style)) -> u16 {
    let mut x = x;
    if let Some(health) = line.health {
        x = put_state(buffer, (x, y), end, health, (theme, over)) + 1;
    }
    for (index, span) in line.spans.iter().enumerate() {
        let room = usize::from(end.saturating_sub(x));
        // What does not fit is marked as cut, also where the rest would just fill the row but more follows.
        let more = line.spans[index + 1..].iter().any(|span| !span.text.is_empty());
        let needed = text::width(&span.text) + usize::from(more);
        let cut = if room < needed { text::cut_end(&span.text, room) } else { text::sanitise(&span.text) };
        x = put(buffer, (x, y), end, &cut, style(theme, span.role).patch(over));
        if end <= x {
            break;
        }
    }
    x
}

fn style(theme: &Theme, role: line::Role) -> Style {
    match role {
        line::Role::Painted(paint) => theme.painted(paint),
        role => theme.style(symbol::role(role)),
    }
}

/// Paints the symbol of a state; returns the column behind it.
pub fn put_state(
    buffer: &mut Buffer,
    at: (u16, u16),
    end: u16,
    health: crate::kinds::Health,
    (theme, over): (&Theme, Style),
) -> u16 {
    let (symbol, role) = symbol::of(health);
    put(buffer, at, end, symbol, theme.style(role).patch(over))
}

/// How many cells a line takes.
pub fn width(line: &Line) -> usize {
    let state = if line.health.is_some() { 2 } else { 0 };
    state + line.spans.iter().map(|span| text::width(&span.text)).sum::<usize>()
}

/// Lays a style over a whole row, spaces too.
pub fn over_row(buffer: &mut Buffer, x: u16, y: u16, end: u16, style: Style) {
    let area = buffer.area;
    if y < area.top() || area.bottom() <= y {
        return;
    }
    for x in x.max(area.left())..end.min(area.right()) {
        buffer[(x, y)].set_style(style);
    }
}

/// The style that lies over the selected row, and nothing elsewhere.
pub fn selection(theme: &Theme, is_selected: bool) -> Style {
    if is_selected { theme.style(Role::Selection) } else { Style::new() }
}
