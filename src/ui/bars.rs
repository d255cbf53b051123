//! The first line and the last two: where I am, what is typed or said, what can be pressed.

use crate::app::layout::bars::{GAP, MARGIN};
use crate::app::scene::{self, Hint, Message, Title};
use crate::kinds::Health;
use crate::ui::symbol;
use crate::ui::text::{cut_end, put, put_right, sanitise, width};
use crate::ui::theme::{Role, Theme, Themed};
use crate::view::fit::wrap;
use crate::view::line::{self, Span};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

impl Widget for &Themed<'_, Title> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let places = self.what.places(area);
        let left = self.what.left.iter().zip(&places.left);
        for (span, place) in left.chain(self.what.right.iter().zip(&places.right)) {
            let (text, role) = part(span);
            let text = cut_end(&text, place.len());
            put(buffer, (place.start, area.y), place.end, &text, self.theme.style(role));
        }
    }
}

/// A part of the title: a state gets its symbol, the context and the mode their own looks.
fn part(span: &Span) -> (String, Role) {
    match span.role {
        line::Role::State(health) => {
            let (symbol, role) = symbol::of(health);
            (format!("{symbol} {}", sanitise(&span.text)), role)
        }
        line::Role::Accent => (span.text.clone(), Role::TitleContext),
        line::Role::Danger => (span.text.clone(), Role::ModeOperate),
        line::Role::Dim => (span.text.clone(), Role::Mode),
        line::Role::Text => (span.text.clone(), Role::Title),
        role => (span.text.clone(), symbol::role(role)),
    }
}

impl Widget for &Themed<'_, Message> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let at = (area.x + MARGIN, area.y);
        match self.what {
            Message::None => {}
            Message::Notice { text, is_failure } => notice(buffer, (at, area.right()), text, *is_failure, self.theme),
            Message::Prompt { sign, text, cursor, error, note } => {
                let end = area.right();
                let style = self.theme.style(Role::Prompt);
                let x = put(buffer, (area.x, area.y), end, &sign.to_string(), style);
                let x =
                    typed(buffer, ((x, area.y), end), (text, *cursor), error.as_ref().map(|(at, _)| at), self.theme);
                let (said, role) = match error {
                    Some((_, message)) => (message, Role::Warn),
                    None => (note, Role::Dim),
                };
                let beside = usize::from(end.saturating_sub(x + GAP + MARGIN));
                if error.is_some() && beside < width(said) {
                    let room = usize::from(end.saturating_sub(at.0));
                    return above(buffer, (at.0, area.y), &wrap(said, room), self.theme, self.theme.style(role));
                }
                put_right(buffer, ((x + GAP).min(end), area.y), end, said, self.theme.style(role));
            }
        }
    }
}

/// Lines that a failure may take, upwards over what is there.
const MOST_LINES: usize = 6;

/// A notice has its line, and those above it where one is too short: it is told whole, for a server's own words and what can
/// be done are what the user has to go by.
fn notice(buffer: &mut Buffer, (at, end): ((u16, u16), u16), text: &str, is_failure: bool, theme: &Theme) {
    let style = theme.style(Role::Text);
    let (symbol, role) = symbol::of(Health::Failed);
    let lead = if is_failure { u16::try_from(width(symbol)).unwrap_or(1) + 1 } else { 0 };
    let x = at.0 + lead;
    let room = usize::from(end.saturating_sub(x));
    let mut lines = if width(text) <= room { vec![text.to_owned()] } else { wrap(text, room) };
    let most = MOST_LINES.min(usize::from(at.1.saturating_sub(buffer.area.top())) + 1);
    if most < lines.len() {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(cut_end(&rest, room).into_owned());
    }
    let (last, upper) = lines.split_last().map_or((String::new(), &[][..]), |(last, upper)| (last.clone(), upper));
    above(buffer, (x, at.1), upper, theme, style);
    put(buffer, (x, at.1), end, &last, style);
    if is_failure {
        let top = at.1.saturating_sub(u16::try_from(upper.len()).unwrap_or(0));
        put(buffer, (at.0, top), end, symbol, theme.style(role));
    }
}

/// Lines that end above the one at `y`, over what is there.
fn above(buffer: &mut Buffer, (x, y): (u16, u16), lines: &[String], theme: &Theme, style: Style) {
    let (left, right) = (buffer.area.left(), buffer.area.right());
    let top = y.saturating_sub(u16::try_from(lines.len()).unwrap_or(0)).max(buffer.area.top());
    for (line, y) in lines.iter().zip(top..y) {
        for x in left..right {
            buffer[(x, y)].reset();
            buffer[(x, y)].set_style(theme.style(Role::Text));
        }
        put(buffer, (x, y), right, line, style);
    }
}

/// What is typed, with the cursor in sight: a long line loses its head, marked as cut. Returns the column behind it.
fn typed(
    buffer: &mut Buffer,
    ((x, y), end): ((u16, u16), u16),
    (text, cursor): (&str, usize),
    wrong: Option<&std::ops::Range<usize>>,
    theme: &Theme,
) -> u16 {
    let style = theme.style(Role::Prompt);
    let room = usize::from(end.saturating_sub(x + 1));
    let before = text.get(..cursor).unwrap_or(text);
    let mut start = 0;
    while start < before.len() && room < width(&before[start..]) + usize::from(0 < start) {
        start += before[start..].chars().next().map_or(1, char::len_utf8);
    }
    let mut at = if 0 < start { put(buffer, (x, y), end, crate::ui::text::CUT, style) } else { x };
    let mut under: Option<u16> = None;
    for (index, letter) in text.char_indices().skip_while(|(index, _)| *index < start) {
        let is_wrong = wrong.is_some_and(|wrong| wrong.contains(&index));
        let look = if is_wrong { style.patch(theme.style(Role::Warn)).underlined() } else { style };
        if index == cursor {
            under = Some(at);
        }
        at = put(buffer, (at, y), end, letter.encode_utf8(&mut [0; 4]), look);
    }
    let under = under.unwrap_or(at).min(end.saturating_sub(1));
    let cursor_style = Style::new().patch(theme.style(Role::PromptCursor));
    if under < buffer.area.right() && y < buffer.area.bottom() && buffer.area.x <= under {
        buffer[(under, y)].set_style(cursor_style);
    }
    at.max(under + 1)
}

impl Widget for &Themed<'_, Vec<Hint>> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        for (hint, place) in self.what.iter().zip(scene::hint_places(self.what, area)) {
            if let Some(place) = place {
                put_hint(buffer, (place.start, area.y), area.right(), hint, self.theme);
            }
        }
    }
}

fn put_hint(buffer: &mut Buffer, (x, y): (u16, u16), end: u16, hint: &Hint, theme: &Theme) {
    let (key, word) = if hint.refused.is_some() { (Role::KeyOff, Role::KeyOff) } else { (Role::Key, Role::Dim) };
    let x = put(buffer, (x, y), end, &hint.key, theme.style(key)) + 1;
    put(buffer, (x, y), end, &hint.said(), theme.style(word));
}
