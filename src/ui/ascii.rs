//! The last step on a terminal without Unicode: every symbol that is ours has a letter that stands for it.

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

/// Ours, and what stands for it.
const LETTERS: &[(&str, &str)] = &[
    ("✔", "+"),
    ("◌", "~"),
    ("▲", "!"),
    ("✖", "x"),
    ("·", "-"),
    ("▌", ">"),
    ("▐", "#"),
    ("▓", "#"),
    ("░", "."),
    ("•", "*"),
    ("♦", "*"),
    ("‹", "<"),
    ("▁", "."),
    ("▂", "."),
    ("▃", ":"),
    ("▄", ":"),
    ("▅", "|"),
    ("▆", "|"),
    ("▇", "#"),
    ("█", "#"),
    ("…", "~"),
    ("⏎", "/"),
    ("│", "|"),
    ("─", "-"),
    ("→", ">"),
    ("←", "<"),
    ("↑", "^"),
    ("↓", "v"),
    ("×", "x"),
    ("≥", ">"),
    ("≤", "<"),
    ("–", "-"),
    ("“", "\""),
    ("”", "\""),
    ("’", "'"),
];

/// Replaces every letter beyond ASCII; what is not ours becomes `?`.
pub fn reduce(buffer: &mut Buffer) {
    let mut hidden = 0;
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if 0 < hidden {
            // The second half of a wide letter was never printed; now it is.
            cell.set_symbol("?");
            hidden -= 1;
        } else if !symbol.is_ascii() {
            hidden = symbol.width().saturating_sub(1);
            let letter = LETTERS.iter().find(|(ours, _)| *ours == symbol).map_or("?", |(_, letter)| *letter);
            cell.set_symbol(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::text::put;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn symbols_have_letters_and_wide_ones_keep_their_room() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        put(&mut buffer, (0, 0), 12, "✖ ab…x 日é!", Style::new());
        reduce(&mut buffer);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(text, "x ab~x ???! ");
    }
}
