//! Text on its way to cells, made harmless: `put` is the only way into a buffer.

// Measuring and cutting stand in `view`, where the pointer needs them too; here they are part of painting.
pub use crate::view::fit::{CUT, cut_end, cut_middle, sanitise, width, wrap};

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Writes text from `(x, y)`, never beyond column `end`, and returns the column behind it. The style lies over what is there.
pub fn put(buffer: &mut Buffer, (x, y): (u16, u16), end: u16, text: &str, style: Style) -> u16 {
    let area = buffer.area;
    let end = end.min(area.right());
    if y < area.top() || area.bottom() <= y || x < area.left() || end <= x {
        return x.min(end.max(area.left()));
    }
    let text = sanitise(text);
    let mut at = x;
    for grapheme in text.graphemes(true) {
        let size = grapheme.width() as u16;
        if size == 0 {
            continue;
        }
        if end < at + size {
            break;
        }
        buffer[(at, y)].set_symbol(grapheme).set_style(style);
        for hidden in at + 1..at + size {
            // The second half of a wide letter: an empty cell that the terminal never prints.
            buffer[(hidden, y)].set_symbol(" ").set_style(style);
        }
        at += size;
    }
    at
}

/// Writes text that ends before column `end`, as far as it fits right of `x`.
pub fn put_right(buffer: &mut Buffer, (x, y): (u16, u16), end: u16, text: &str, style: Style) {
    let text = cut_end(text, usize::from(end.saturating_sub(x)));
    let start = end.saturating_sub(width(&text) as u16);
    put(buffer, (start, y), end, &text, style);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::layout::Rect;

    #[test]
    fn writing_outside_does_nothing() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 1));
        assert_eq!(put(&mut buffer, (0, 5), 9, "abc", Style::new()), 0);
        assert_eq!(put(&mut buffer, (9, 0), 12, "abc", Style::new()), 3);
        assert_eq!(put(&mut buffer, (1, 0), 9, "日本", Style::new()), 3);
        assert_eq!(buffer[(1, 0)].symbol(), "日");
    }

    proptest! {
        #[test]
        fn cells_never_hold_control_characters(text in any::<String>()) {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
            put(&mut buffer, (0, 0), 20, &text, Style::new());
            prop_assert!(buffer.content.iter().all(|cell| !cell.symbol().chars().any(char::is_control)));
        }
    }
}
