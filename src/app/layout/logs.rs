//! Where the parts of a log screen stand: how its streams are, the lines over time, the lines.

use crate::app::layout::Area;

/// Rows of the lines over time: lines, errors, the time.
const CHART: u16 = 3;
/// Columns before its bars, for what each row is.
const LEAD: u16 = 9;

/// The parts of a log screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// How the streams are.
    pub head: Area,
    /// The lines over time; empty where they are not shown.
    pub chart: Area,
    /// Where the bars stand.
    pub bars: Area,
    /// The lines.
    pub body: Area,
}

/// Lays a log screen out; on a small one the lines over time are left out.
pub fn places(area: Area, heads: usize, has_chart: bool) -> Places {
    let heads = u16::try_from(heads).unwrap_or(u16::MAX).min(area.height);
    let left = area.height - heads;
    let rows = if has_chart && 2 * CHART <= left { CHART } else { 0 };
    let chart = Area { y: area.y + heads, height: rows, ..area };
    let lead = LEAD.min(area.width);
    // One column stays free at the right.
    let bars = Area { x: area.x + lead, width: (area.width - lead).saturating_sub(1), ..chart };
    let body = Area { y: area.y + heads + rows, height: left - rows, ..area };
    Places { head: Area { height: heads, ..area }, chart, bars, body }
}
