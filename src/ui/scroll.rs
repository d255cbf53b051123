//! The bar at the right edge that says which part of a list is on screen; absent when all of it is.

use crate::app::layout;
use crate::ui::symbol;
use crate::ui::text::put;
use crate::ui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

/// Which part is shown.
#[derive(Clone, Copy, Debug)]
pub struct Scroll<'a> {
    /// The first line on screen.
    pub first: usize,
    /// Lines on screen.
    pub shown: usize,
    /// All lines.
    pub all: usize,
    /// What it looks like.
    pub theme: &'a Theme,
}

impl Scroll<'_> {
    /// The columns that the bar and the space before it take; none when there is no bar.
    pub fn room(&self) -> u16 {
        layout::scroll_room(self.shown, self.all)
    }

    /// The rows of the bar, from the top of its area.
    fn thumb(&self, height: usize) -> std::ops::Range<usize> {
        let size = (height * self.shown / self.all.max(1)).clamp(1, height);
        let hidden = self.all.saturating_sub(self.shown).max(1);
        let top = ((height - size) * self.first.min(hidden)).div_ceil(hidden);
        top..top + size
    }
}

impl Widget for &Scroll<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if self.room() == 0 || area.is_empty() {
            return;
        }
        let style = self.theme.style(Role::Scroll);
        for row in self.thumb(usize::from(area.height)) {
            put(buffer, (area.right() - 1, area.y + row as u16), area.right(), symbol::THUMB, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_reaches_both_ends_and_never_leaves() {
        let theme = Theme::embedded("default").unwrap();
        let thumb = |first| Scroll { first, shown: 20, all: 10_000, theme: &theme }.thumb(20);
        assert_eq!(thumb(0), 0..1);
        assert_eq!(thumb(9_980), 19..20);
        assert_eq!(thumb(1), 1..2);
        assert_eq!(thumb(usize::MAX), 19..20);
    }
}
