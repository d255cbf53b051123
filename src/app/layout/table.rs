//! Where the columns of a table stand.

use super::{Area, scroll_room};
use crate::view::table::{Heading, Table};

/// Selection, mark, state and a space before the first column.
const GUTTER: u16 = 4;
/// Space between columns.
const GAP: u16 = 2;
/// No column is made narrower than this.
const LEAST: u16 = 6;

/// One column on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its head.
    pub heading: &'a Heading,
    /// Where it begins.
    pub x: u16,
    /// The column of the screen behind it.
    pub end: u16,
}

/// The parts of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePlaces<'a> {
    /// The columns that have room.
    pub columns: Vec<Column<'a>>,
    /// The rows, under the line of the heads.
    pub rows: Area,
    /// How many rows are on screen.
    pub shown: usize,
    /// The column of the screen at which rows end; the bar stands right of it.
    pub right: u16,
}

/// Places a table in its area.
pub fn table(table: &Table, area: Area) -> TablePlaces<'_> {
    let rows = Area { y: (area.y + 1).min(area.bottom()), height: area.height.saturating_sub(1), ..area };
    let shown = table.rows.len().min(usize::from(rows.height));
    let right = area.right().saturating_sub(scroll_room(shown, table.shown));
    TablePlaces { columns: columns(&table.columns, area.x, right), rows, shown, right }
}

/// Where the columns stand. Those that do not fit beside each other give room, the widest first; the rest is not shown.
fn columns(headings: &[Heading], left: u16, right: u16) -> Vec<Column<'_>> {
    let mut widths: Vec<u16> = headings.iter().map(|heading| heading.width.min(usize::from(u16::MAX)) as u16).collect();
    let room = u32::from(right.saturating_sub(left + GUTTER));
    let gaps = u32::from(GAP) * headings.len().saturating_sub(1) as u32;
    let mut over = (widths.iter().map(|width| u32::from(*width)).sum::<u32>() + gaps).saturating_sub(room);
    // Namespaces repeat, so they give room first; a message gives it last.
    let share = |heading: &Heading, width: u16| match &*heading.name {
        "NAMESPACE" => width.saturating_mul(3) / 2,
        "MESSAGE" => width / 2,
        _ => width,
    };
    while 0 < over {
        let pairs = headings.iter().zip(&mut widths).filter(|(_, width)| LEAST < **width);
        let Some((_, widest)) = pairs.max_by_key(|(heading, width)| share(heading, **width)) else { break };
        *widest -= 1;
        over -= 1;
    }
    let mut columns = Vec::with_capacity(headings.len());
    let mut x = left.saturating_add(GUTTER);
    for (heading, width) in headings.iter().zip(widths) {
        if right <= x {
            break;
        }
        let end = x.saturating_add(width).min(right);
        columns.push(Column { heading, x, end });
        x = end.saturating_add(GAP);
    }
    columns
}
