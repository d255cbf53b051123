//! A pane without rows speaks: why there is nothing, and what to do.

use crate::ui::spans::put_line;
use crate::ui::symbol;
use crate::ui::text::{put, wrap};
use crate::ui::theme::{Role, Theme};
use crate::view::line::{self, Line};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Left of the sentence.
const MARGIN: u16 = 4;
/// Longer lines are hard to read.
const WIDEST: u16 = 100;

/// Paints the sentences in the upper third of the area; the first is the answer.
pub fn paint(lines: &[Line], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let lines: Vec<Line> = lines.iter().flat_map(|line| broken(line, area)).collect();
    let above = (area.height / 3).min(area.height.saturating_sub(lines.len() as u16));
    let margin = if area.width < 40 { 1 } else { MARGIN };
    for (index, line) in lines.iter().take(usize::from(area.height)).enumerate() {
        let at = (area.x + margin, area.y + above + index as u16);
        let over = if index == 0 { theme.style(Role::Strong) } else { Style::new() };
        put_line(buffer, at, area.right(), line, (theme, over));
    }
}

/// A line as wide as the area allows. Lines of several roles keep their shape.
fn broken(line: &Line, area: Rect) -> Vec<Line> {
    let room = area.width.min(WIDEST).saturating_sub(MARGIN + 2);
    match line.spans.as_slice() {
        [only] => {
            let pieces = wrap(&only.text, usize::from(room)).into_iter().enumerate();
            let piece = |(index, text)| Line {
                health: line.health.filter(|_| index == 0),
                spans: vec![line::Span::new(text, only.role)],
                ..Line::default()
            };
            pieces.map(piece).collect()
        }
        _ => vec![line.clone()],
    }
}

/// Paints a heading with the state at its right, as every detail begins.
pub fn heading(
    buffer: &mut Buffer,
    area: Rect,
    (title, state): (&str, Option<(crate::kinds::Health, &str)>),
    theme: &Theme,
) {
    let mut end = area.right();
    if let Some((health, word)) = state {
        let (symbol, role) = symbol::of(health);
        let word = format!("{symbol} {word}");
        let start = end.saturating_sub(crate::ui::text::width(&word) as u16 + 1).max(area.x);
        put(buffer, (start, area.y), end, &word, theme.style(role));
        end = start.saturating_sub(1);
    }
    let title = crate::ui::text::cut_middle(title, usize::from(end.saturating_sub(area.x)));
    put(buffer, (area.x, area.y), end, &title, theme.style(Role::Strong));
}
