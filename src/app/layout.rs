//! Where everything stands on a terminal of a given size: paging, mouse and paint all ask here.

pub mod bars;
pub mod detail;
pub mod home;
pub mod logs;
pub mod table;

use crate::app::Size;
use ratatui::layout::Rect;

/// From this width on, a table stands beside the detail of its selection.
pub const SPLIT: u16 = 120;

/// What the left of two panes takes where a detail stands beside it, in hundredths.
pub const LEFT: u16 = 56;

/// What it takes beside logs: their lines are longer than the columns that tell rows apart.
pub const LEFT_OF_LOGS: u16 = 42;

/// A table beside logs has so many columns where that is not more than it has beside a detail.
const TABLE: u16 = 64;

/// From this width on, a path stands beside the object of its selected line.
pub const TRACE_SPLIT: u16 = 160;

/// From this width on, Home has the rollouts in a block of their own.
pub const ROLLOUTS: u16 = 120;

/// A part of the screen.
pub type Area = Rect;

/// The parts of the screen. On a tiny terminal some are empty; none ever lies outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// Where I am: the first line.
    pub title: Area,
    /// The table, the page, the text.
    pub main: Area,
    /// The detail beside a table, on wide screens.
    pub side: Option<Area>,
    /// What was typed, or what just happened: the line above the hints.
    pub message: Area,
    /// What can be pressed: the last line.
    pub hints: Area,
    /// What the palette offers, over the lower part of the main pane; empty when it offers nothing.
    pub choices: Area,
}

/// Lays the screen out. `left` is the share of the left pane where there are two, in hundredths; `choices` is how many lines
/// the palette would like.
pub fn panes(size: Size, left: Option<u16>, choices: usize) -> Panes {
    let Size { width, height } = size;
    let line = |y: u16| Rect { x: 0, y: y.min(height), width, height: u16::from(y < height) };
    let body = height.saturating_sub(3);
    let all = Rect { x: 0, y: 1.min(height), width, height: body };
    let wanted = u16::try_from(choices).unwrap_or(u16::MAX).min(body).min(12);
    let choices = Rect { x: 0, y: all.y + body - wanted, width, height: wanted };
    let (main, beside) = match left {
        Some(share) if SPLIT <= width => halves(all, share),
        _ => (all, None),
    };
    let hints = if height < 2 { line(height) } else { line(height - 1) };
    let message = if height < 3 { line(height) } else { line(height - 2) };
    Panes { title: line(0), main, side: beside, message, hints, choices }
}

/// The first line of a window that keeps the selection on its line.
pub fn first(selected: Option<usize>, line: usize, height: usize, all: usize) -> usize {
    let line = line.min(height.saturating_sub(1));
    selected.unwrap_or(0).saturating_sub(line).min(all.saturating_sub(height))
}

/// What the bar of a list and the space before it take at its right; nothing where all of it is on screen.
pub fn scroll_room(shown: usize, all: usize) -> u16 {
    if 0 < shown && shown < all { 2 } else { 0 }
}

/// Whether a cell lies in an area.
pub fn holds(area: Area, x: u16, y: u16) -> bool {
    area.x <= x && x < area.right() && area.y <= y && y < area.bottom()
}

/// Table left with its share, a rule between, the detail or the logs right.
fn halves(all: Area, share: u16) -> (Area, Option<Area>) {
    let part = |share: u16| (u32::from(all.width) * u32::from(share) / 100) as u16;
    let left = part(share).max(part(LEFT).min(TABLE));
    let main = Rect { width: left, ..all };
    let side = Rect { x: all.x + left + 1, width: all.width.saturating_sub(left + 1), ..all };
    (main, Some(side))
}
