//! Where a detail's parts stand: its name, the answer, the lines of its sections.

use super::{Area, first};
use crate::view::describe::{self, Detail};
use crate::view::fit::wrap;

/// The answer takes no more lines than this on a small screen; what follows tells the rest.
const ANSWER: usize = 4;
/// Left of everything: the mark of the selection and a space.
pub const GUTTER: u16 = 2;

/// The parts of a detail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailPlaces {
    /// Name, state and answer.
    pub head: Area,
    /// The answer, broken into the lines that are shown.
    pub answer: Vec<String>,
    /// The lines of the sections, marks included.
    pub body: Area,
    /// Which of all lines is the first in it.
    pub first: usize,
    /// How many lines there are in all.
    pub all: usize,
}

/// Places a detail whose `selected` line is kept on `line` of the window.
pub fn detail(detail: &Detail, area: Area, selected: Option<usize>, line: usize) -> DetailPlaces {
    let head = Area { x: area.x + GUTTER.min(area.width), width: area.width.saturating_sub(GUTTER), ..area };
    let room = Area { y: area.y + 1, height: area.height.saturating_sub(1), ..head };
    let answer = answer(&detail.answer, room);
    let blank = u16::from(8 <= room.height && !answer.is_empty());
    let taken = (1 + answer.len() as u16 + blank).min(area.height);
    let body = Area { y: area.y + taken, height: area.height - taken, ..area };
    let all = describe::lines(detail).count();
    let first = first(selected, line, usize::from(body.height), all);
    DetailPlaces { head, answer, body, first, all }
}

fn answer(text: &str, area: Area) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let width = usize::from(area.width.saturating_sub(1));
    let mut lines: Vec<String> = text.lines().flat_map(|sentence| wrap(sentence, width)).collect();
    let most = ANSWER.max(usize::from(area.height) / 3);
    let shown = lines.len().min(most).min(usize::from(area.height));
    if shown < lines.len() {
        lines.truncate(shown);
        if let Some(last) = lines.last_mut() {
            last.push_str(" …");
        }
    }
    lines
}
