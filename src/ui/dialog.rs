//! A question before something is done: a box over everything else, its harmless answer chosen.

use crate::app::scene::{DialogPane, Typed};
use crate::ui::spans::{over_row, put_line, selection};
use crate::ui::symbol;
use crate::ui::text::{put, width, wrap};
use crate::ui::theme::{Role, Theme, Themed};
use crate::view::line::{Line, Span};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// Wider boxes are hard to read.
const WIDEST: u16 = 110;
/// Between the frame and the text.
const MARGIN: u16 = 2;

impl Widget for &Themed<'_, DialogPane> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let pane = self.what;
        let frame_width = area.width.min(WIDEST);
        let room = usize::from(frame_width.saturating_sub(2 * MARGIN));
        let lines: Vec<Line> = pane.lines.iter().flat_map(|line| broken(line, room)).collect();
        let input = u16::from(pane.input.is_some());
        // Title, a line between, and the buttons below a line of their own.
        let wanted = lines.len() as u16 + input + 5;
        let height = wanted.min(area.height);
        let frame = Rect {
            x: area.x + (area.width - frame_width) / 2,
            y: area.y + (area.height - height) / 3,
            width: frame_width,
            height,
        };
        if frame.width < 4 || frame.height < 4 {
            return;
        }
        clear(frame, buffer, self.theme);
        let (x, end) = (frame.x + MARGIN, frame.right() - MARGIN);
        put(buffer, (x, frame.y), end, &pane.title, self.theme.style(Role::Strong));
        let shown = usize::from(frame.height.saturating_sub(4 + input));
        for (index, line) in lines.iter().take(shown).enumerate() {
            put_line(buffer, (x, frame.y + 2 + index as u16), end, line, (self.theme, Style::new()));
        }
        if shown < lines.len() {
            let text = format!("{} more lines: a taller terminal shows them", lines.len() - shown + 1);
            let y = frame.y + 1 + shown as u16;
            over_row(buffer, x, y, end, self.theme.style(Role::Text));
            put(buffer, (x, y), end, &format!("{text:<room$}"), self.theme.style(Role::Warn));
        }
        if let Some(typed) = &pane.input {
            line(typed, (x, frame.bottom() - 3, end), buffer, self.theme);
        }
        buttons(pane, (x, frame.bottom() - 2, end), buffer, self.theme);
    }
}

/// The line that is typed. Where it is longer than the box, the part around the cursor is shown.
fn line(typed: &Typed, (x, y, end): (u16, u16, u16), buffer: &mut Buffer, theme: &Theme) {
    let mut at = put(buffer, (x, y), end, &typed.label, theme.style(Role::Label));
    let room = usize::from(end.saturating_sub(at)).saturating_sub(1);
    let (before, after) = typed.text.split_at_checked(typed.cursor).unwrap_or((&typed.text, ""));
    let mut shown = before;
    while room < width(shown) {
        let mut rest = shown.chars();
        rest.next();
        shown = rest.as_str();
    }
    at = put(buffer, (at, y), end, shown, theme.style(Role::Prompt));
    let mut rest = after.chars();
    let under = rest.next().map_or_else(|| " ".to_owned(), String::from);
    at = put(buffer, (at, y), end, &under, theme.style(Role::PromptCursor));
    put(buffer, (at, y), end, rest.as_str(), theme.style(Role::Prompt));
}

fn buttons(pane: &DialogPane, (x, y, end): (u16, u16, u16), buffer: &mut Buffer, theme: &Theme) {
    let mut x = x;
    for button in &pane.buttons {
        let role = if button.is_off { Role::KeyOff } else { Role::Key };
        let over = selection(theme, button.is_chosen);
        let mark = if button.is_chosen { symbol::SELECTED } else { " " };
        let after = put(buffer, (x, y), end, mark, theme.style(Role::SelectionMark).patch(over));
        let text = format!(" {} ", button.text);
        let after = put(buffer, (after, y), end, &text, theme.style(role).patch(over));
        x = after + 2;
    }
}

/// Takes away what is beneath, and draws the rules above and below.
fn clear(frame: Rect, buffer: &mut Buffer, theme: &Theme) {
    for y in frame.top()..frame.bottom() {
        for x in frame.left()..frame.right() {
            buffer[(x, y)].reset();
        }
        over_row(buffer, frame.left(), y, frame.right(), theme.style(Role::Text));
    }
    let style = theme.style(Role::BorderFocus);
    for y in [frame.y + 1, frame.bottom() - 1] {
        let rule = "─".repeat(usize::from(frame.width));
        put(buffer, (frame.x, y), frame.right(), &rule, style);
    }
}

/// A line as wide as the box: the last piece of it goes on in the next line.
fn broken(line: &Line, room: usize) -> Vec<Line> {
    let state = if line.health.is_some() { 2 } else { 0 };
    let Some((last, head)) = line.spans.split_last() else { return vec![line.clone()] };
    let before: usize = state + head.iter().map(|span| width(&span.text)).sum::<usize>();
    if before + width(&last.text) <= room || room <= before + 10 {
        return vec![line.clone()];
    }
    let mut pieces = wrap(&last.text, room - before).into_iter();
    let first = pieces.next().unwrap_or_default();
    let mut spans = head.to_vec();
    spans.push(Span::new(first, last.role));
    let rest = pieces.map(|text| Line::of(vec![Span::text(" ".repeat(before)), Span::new(text, last.role)]));
    std::iter::once(Line { spans, ..line.clone() }).chain(rest).collect()
}
