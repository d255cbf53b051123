//! Where the parts of Home stand. Both lists keep room, however long the other is.

use super::{Area, ROLLOUTS, first};
use crate::view::fit::{width, wrap};
use crate::view::health::{Home, Problem};
use std::borrow::Cow;

/// The mark of the selection and a space.
pub const GUTTER: u16 = 2;
/// Space between columns.
pub const GAP: u16 = 2;
/// An age, right-aligned.
pub const AGE: u16 = 5;
/// What the rollouts take beside the namespaces.
const ROLLOUTS_WIDTH: u16 = 52;

/// The parts of Home.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HomePlaces {
    /// What is wrong, one line each.
    pub problems: Rows,
    /// The reason of the selected problem in lines of its own, where its column cuts it.
    pub reason: Vec<String>,
    /// Where those stand, below the problems.
    pub told: Area,
    /// The columns of problems.
    pub columns: Columns,
    /// The headings of the namespaces.
    pub headings: Area,
    /// The namespaces.
    pub namespaces: Rows,
    /// The rollouts beside them, heading included, on wide screens.
    pub block: Option<Area>,
    /// The rollouts, without their heading.
    pub rollouts: Rows,
}

/// A list's window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Where its rows stand.
    pub area: Area,
    /// The row at its top.
    pub first: usize,
}

/// Where the columns of problems begin; the reason takes what they leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The namespace.
    pub namespace: u16,
    /// The object.
    pub name: u16,
    /// The reason.
    pub reason: u16,
    /// Since when.
    pub age: u16,
    /// There is no room for the word of a state and the long name of a kind: the cause has more right to it.
    pub is_narrow: bool,
}

/// Places Home with its selected row, which is kept on `line` of its list.
pub fn home(home: &Home, area: Area, selected: Option<usize>, line: usize) -> HomePlaces {
    let (problems, rooms) = (home.problems.len(), home.namespaces.len());
    let head = head(home, area).min(area.height);
    let body = Area { y: area.y + head, height: area.height - head, ..area };
    let columns = Columns::of(home, area);
    let reason = selected.and_then(|index| columns.cut(home.problems.get(index)?)).unwrap_or_default();
    let listed = problems + usize::from(0 < home.more);
    let parts = parts(body, listed + reason.len(), rooms);
    let (list, told) = split_off(parts.0, reason.len(), listed);
    let (left, block) = beside(parts.1, home.rollouts.is_empty());
    let below = selected.and_then(|index| index.checked_sub(problems));
    let window = |area: Area, selected: Option<usize>, line: usize, all: usize| Rows {
        first: first(selected, line, usize::from(area.height), all),
        area,
    };
    // A blank line and the headings stand above the rows.
    let headings = Area { y: left.y + 1, height: left.height.saturating_sub(1).min(1), ..left };
    let room_rows = Area { y: left.y + 2.min(left.height), height: left.height.saturating_sub(2), ..left };
    let rollout_rows =
        block.map_or(Area::default(), |block| Area { y: block.y + 1, height: block.height - 1, ..block });
    let room_line = line.min(usize::from(room_rows.height / 2));
    HomePlaces {
        problems: window(list, selected.filter(|index| *index < problems), line, listed),
        reason,
        told,
        columns,
        headings,
        namespaces: window(room_rows, below.filter(|index| *index < rooms), room_line, rooms),
        rollouts: window(rollout_rows, below.and_then(|i| i.checked_sub(rooms)), line, home.rollouts.len()),
        block,
    }
}

/// The row at a cell, among problems, then namespaces, then rollouts, and the line of its list on which it stands.
pub fn row_at(home: &Home, places: &HomePlaces, x: u16, y: u16) -> Option<(usize, usize)> {
    let lists = [
        (&places.problems, home.problems.len()),
        (&places.namespaces, home.namespaces.len()),
        (&places.rollouts, home.rollouts.len()),
    ];
    let mut before = 0;
    for (rows, all) in lists {
        if super::holds(rows.area, x, y) {
            let line = usize::from(y - rows.area.y);
            return (rows.first + line < all).then_some((before + rows.first + line, line));
        }
        before += all;
    }
    None
}

/// Lines of the answer, of what cannot be seen at all now, and a blank one where there is room.
fn head(home: &Home, area: Area) -> u16 {
    1 + u16::from(says_behind(home, area)) + u16::from(12 < area.height)
}

/// Whether there is a line for watches that are not live.
pub fn says_behind(home: &Home, area: Area) -> bool {
    !home.behind.is_empty() && 6 < area.height
}

/// The reason, with what is folded into it.
pub fn reason(problem: &Problem) -> Cow<'_, str> {
    match problem.folded {
        0 => Cow::Borrowed(&problem.reason),
        n => Cow::Owned(format!("{} (+{n} below)", problem.reason)),
    }
}

/// Room for both lists: namespaces get what problems leave, and a third at least.
fn parts(body: Area, problems: usize, rooms: usize) -> (Area, Area) {
    if rooms == 0 {
        return (body, Area { height: 0, ..body });
    }
    let height = usize::from(body.height);
    let wanted = rooms + 2;
    let lower = wanted.min((height / 3).max(height.saturating_sub(problems)));
    let upper = (height - lower).min(problems) as u16;
    let lower = Area { y: body.y + upper, height: (lower as u16).min(body.height - upper), ..body };
    (Area { height: upper, ..body }, lower)
}

/// The namespaces, and the rollouts at their right where there are some and the screen is wide.
fn beside(area: Area, is_quiet: bool) -> (Area, Option<Area>) {
    if is_quiet || area.width < ROLLOUTS || area.height < 3 {
        return (area, None);
    }
    let left = Area { width: area.width - ROLLOUTS_WIDTH, ..area };
    // A blank line stands above both.
    let right = Area { x: left.right() + GAP, y: area.y + 1, width: ROLLOUTS_WIDTH - GAP, height: area.height - 1 };
    (left, Some(right))
}

/// The last lines of an area for something else, as long as the list keeps four of its rows.
fn split_off(area: Area, lines: usize, rows: usize) -> (Area, Area) {
    let lines = (lines as u16).min(area.height.saturating_sub(rows.min(4) as u16));
    let list = Area { height: area.height - lines, ..area };
    (list, Area { y: list.bottom(), height: lines, ..area })
}

impl Columns {
    /// Narrower screens say states by their symbol only.
    const NARROW: u16 = 100;

    fn of(home: &Home, area: Area) -> Self {
        let is_narrow = area.width < Self::NARROW;
        let widest = |wanted: fn(&Problem) -> usize| home.problems.iter().map(wanted).max().unwrap_or(0) as u16;
        let after = |x: u16, width: u16| if width == 0 { x } else { x + width + GAP };
        let (names, most) = if is_narrow {
            (widest(|problem| width(&problem.short)), (12, 22))
        } else {
            (widest(|problem| width(&problem.name)), (18, area.width / 3))
        };
        let word = if is_narrow { 0 } else { 2 + widest(|problem| problem.word.len()) };
        let namespace = area.x + GUTTER + 2 + word;
        let widest_namespace = widest(|problem| problem.key.namespace.as_deref().map_or(0, width));
        let name = after(namespace, widest_namespace.min(most.0));
        let reason = after(name, names.min(most.1));
        // One column for the bar of a long list and one before it are left free.
        let age = area.right().saturating_sub(AGE + 3).max(area.x);
        Self { namespace, name, reason, age, is_narrow }
    }

    /// Before which column the reason ends: what has no age leaves its room to it.
    pub fn end(&self, problem: &Problem) -> u16 {
        if problem.since.is_none() { self.age + AGE + 1 + GAP } else { self.age }
    }

    /// The reason in lines of its own, where its column cuts it.
    fn cut(&self, problem: &Problem) -> Option<Vec<String>> {
        let reason = reason(problem);
        let room = self.end(problem).saturating_sub(self.reason + GAP);
        let lines = || wrap(&reason, usize::from((self.age + AGE).saturating_sub(4)));
        (usize::from(room) < width(&reason)).then(|| lines().into_iter().take(3).collect())
    }
}
