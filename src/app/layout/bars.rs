//! Where the parts of the first line and the hints of the last one stand.

use super::Area;
use std::ops::Range;

/// Left of every line.
pub const MARGIN: u16 = 1;
/// Between the parts of the title.
pub const GAP: u16 = 2;
/// Between two hints.
const HINT_GAP: u16 = 3;

/// The columns of the title's parts, given how wide they are. Of the left ones those at the end are left out where
/// there is no room; how fresh the screen is must be seen, however narrow it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TitlePlaces {
    /// Of the parts at the left, as many as there is room for.
    pub left: Vec<Range<u16>>,
    /// Of the parts at the right.
    pub right: Vec<Range<u16>>,
}

/// Places the parts of the title. Parts without text take no place of their own.
pub fn title(area: Area, left: &[usize], right: &[usize]) -> TitlePlaces {
    let taken = right.iter().filter(|width| 0 < **width).map(|width| *width as u16 + GAP).sum::<u16>();
    let end = area.right().saturating_sub(taken).max(area.x + area.width / 2);
    let mut places = TitlePlaces::default();
    let mut x = area.x + MARGIN;
    for width in left {
        let room = end.saturating_sub(x);
        let is_first = x == area.x + MARGIN;
        if !is_first && usize::from(room) < (*width).min(8) {
            break;
        }
        let behind = x + (*width).min(usize::from(room)) as u16;
        places.left.push(x..behind);
        x = if *width == 0 { x } else { behind + GAP };
    }
    let mut x = area.right().saturating_sub(taken).max(x) + GAP - MARGIN;
    for width in right.iter().map(|width| *width as u16) {
        if area.right() < x + width {
            break;
        }
        places.right.push(x..x + width);
        x += if width == 0 { 0 } else { width + GAP };
    }
    places
}

/// The columns of each hint, given how wide they are; none for those without room. The last one is help: where to find
/// all that does not fit, so its place is kept.
pub fn hints(area: Area, widths: &[usize]) -> Vec<Option<Range<u16>>> {
    let Some((last, others)) = widths.split_last() else { return Vec::new() };
    let reserved = last + usize::from(HINT_GAP);
    let mut x = area.x + MARGIN;
    let mut places = Vec::with_capacity(widths.len());
    for width in others {
        if usize::from(area.right().saturating_sub(x)) < width + reserved {
            places.push(None);
            continue;
        }
        let behind = x + *width as u16;
        places.push(Some(x..behind));
        x = behind + HINT_GAP;
    }
    places.push((x < area.right()).then(|| x..area.right().min(x + *last as u16)));
    places
}
