//! Rollouts under way, beside the namespaces where the screen is wide: how far each is, and how it goes.

use crate::kinds::age;
use crate::ui::spans::{over_row, selection};
use crate::ui::symbol;
use crate::ui::text::{cut_middle, put, put_right};
use crate::ui::theme::{Role, Theme};
use crate::view::health::Rollout;
use crate::wire::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Cells of the bar.
const BAR: u32 = 8;
/// Where the bar, the numbers and the time begin.
const COLUMNS: [u16; 3] = [26, 35, 43];

/// The rollouts, which of them is selected, and the present.
pub struct Block<'a> {
    /// All of them, the worst first.
    pub rollouts: &'a [Rollout],
    /// The selected one.
    pub selected: Option<usize>,
    /// The first one on screen.
    pub first: usize,
    /// The present.
    pub now: Timestamp,
}

impl Block<'_> {
    /// Paints as many as there is room for.
    pub fn paint(&self, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        put(buffer, (area.x, area.y), area.right(), "rollouts under way", theme.style(Role::Header));
        let from = self.first;
        let shown = self.rollouts.iter().enumerate().skip(from).take(usize::from(area.height.saturating_sub(1)));
        for (row, (index, rollout)) in shown.enumerate() {
            self.row(rollout, self.selected == Some(index), (area, area.y + 1 + row as u16), (buffer, theme));
        }
    }

    fn row(
        &self,
        rollout: &Rollout,
        is_selected: bool,
        (area, y): (Rect, u16),
        (buffer, theme): (&mut Buffer, &Theme),
    ) {
        let over = selection(theme, is_selected);
        let style = |role| theme.style(role).patch(over);
        over_row(buffer, area.x, y, area.right(), over);
        if let Some(x) = area.x.checked_sub(1).filter(|_| is_selected) {
            put(buffer, (x, y), area.right(), symbol::SELECTED, style(Role::SelectionMark));
        }
        let (symbol, role) = symbol::of(rollout.health);
        let [bar, numbers, time] = COLUMNS.map(|column| area.x + column);
        put(buffer, (area.x, y), area.right(), symbol, style(role));
        let name = cut_middle(&rollout.key.name, usize::from(COLUMNS[0] - 4));
        put(buffer, (area.x + 2, y), bar, &name, style(Role::Text));
        put(buffer, (bar, y), area.right(), &progress(rollout.updated, rollout.wanted), style(role));
        let share = format!("{}/{}", rollout.updated, rollout.wanted);
        put(buffer, (numbers, y), area.right(), &share, style(Role::Text));
        // What is left until it counts as stuck; past that its state has said so.
        if let Some(left) = rollout.deadline.map(|end| end.micros_since(self.now)).filter(|left| 0 < *left) {
            put_right(buffer, (time, y), area.right(), &age::duration(left), style(Role::Dim));
        }
    }
}

/// `▓▓▓▓░░░░`; nothing wanted is all done.
fn progress(done: u32, wanted: u32) -> String {
    let full =
        if wanted == 0 { BAR } else { (u64::from(done.min(wanted)) * u64::from(BAR) / u64::from(wanted)) as u32 };
    "▓".repeat(full as usize) + &"░".repeat((BAR - full) as usize)
}

#[cfg(test)]
mod tests {
    use super::progress;

    #[test]
    fn the_bar_is_full_only_when_all_is_done() {
        assert_eq!(progress(3, 6), "▓▓▓▓░░░░");
        assert_eq!(progress(999, 1000), "▓▓▓▓▓▓▓░");
        assert_eq!(progress(7, 6), "▓▓▓▓▓▓▓▓");
        assert_eq!(progress(0, 0), "▓▓▓▓▓▓▓▓");
        assert_eq!(progress(u32::MAX, u32::MAX), "▓▓▓▓▓▓▓▓");
    }
}
