//! What the screen says, as one value: `ui` paints it and knows nothing else.
//!
//! A scene holds only what is visible, already as text with roles; strings from the cluster are raw and are sanitised where painted.

mod build;
pub mod columns;
mod head;

use crate::app::Size;
use crate::app::layout;
use crate::app::layout::bars::{self, TitlePlaces};
use crate::app::layout::{Area, Panes};
use crate::app::scene::columns::Columns;
use crate::kinds::Health;
use crate::model::Sync;
use crate::view::describe::Detail;
use crate::view::fit;
use crate::view::health::Home;
use crate::view::line::{Line, Role, Span};
use crate::view::logs::histogram::Bars;
use crate::view::logs::window::Window;
use crate::view::table::Table;
use crate::wire::Timestamp;
use std::borrow::Cow;
use std::ops::Range;

/// The whole screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The terminal.
    pub size: Size,
    /// Where everything stands.
    pub panes: Panes,
    /// The first line.
    pub title: Title,
    /// The main pane.
    pub main: Pane,
    /// The detail beside a table, on wide screens.
    pub side: Option<Pane>,
    /// The line above the hints.
    pub message: Message,
    /// The last line, the most useful first; painted until the line is full.
    pub hints: Vec<Hint>,
    /// What the palette offers.
    pub choices: Option<Choices>,
    /// The question before something is done, over everything else.
    pub dialog: Option<DialogPane>,
    /// The rows are not true any more since then: paint them dimmed.
    pub stale_since: Option<Timestamp>,
    /// When the scene says something else by itself.
    pub next_change: Option<Timestamp>,
}

/// The first line: where I am at the left, how fresh at the right. Parts are left out from the end of `left` when it is narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    /// Context, mode, what, scope, filter, counts.
    pub left: Vec<Span>,
    /// How fresh, the time.
    pub right: Vec<Span>,
}

/// One pane.
#[derive(Clone, Debug, PartialEq)]
pub struct Pane {
    /// Where it stands.
    pub area: Area,
    /// Whether keys go to it.
    pub focused: bool,
    /// What it shows.
    pub content: Content,
}

/// What a pane shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// What is wrong now.
    Home(HomePane),
    /// A table, its head in the first line of the area.
    Table(TablePane),
    /// An object.
    Detail(DetailPane),
    /// Lines to read: YAML, help, a connection that failed.
    Text(TextPane),
    /// Logs.
    Logs(LogsPane),
    /// A list to choose from.
    Picker(PickerPane),
    /// Nothing: a sentence in its middle says why, and what to do.
    Empty(Vec<Line>),
}

/// Home with its selection.
#[derive(Clone, Debug, PartialEq)]
pub struct HomePane {
    /// Everything.
    pub home: Home,
    /// The selected row among problems, then namespaces, then rollouts; none where there are none.
    pub selected: Option<usize>,
    /// The line of the window on which the selection is kept.
    pub line: usize,
    /// The present, for ages.
    pub now: Timestamp,
}

/// A table with what is to be said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct TablePane {
    /// Head and rows of the window.
    pub table: Table,
    /// What stands in place of the rows when there are none.
    pub empty: Option<Vec<Line>>,
    /// How far the watch is, worst of all that the table needs.
    pub sync: Sync,
}

/// A detail with its window.
#[derive(Clone, Debug, PartialEq)]
pub struct DetailPane {
    /// Everything.
    pub detail: Detail,
    /// The selected line among those of all sections.
    pub selected: Option<usize>,
    /// The line of the window on which the selection is kept.
    pub line: usize,
}

/// Text with its window.
#[derive(Clone, Debug, PartialEq)]
pub struct TextPane {
    /// Its heading; empty for none.
    pub title: String,
    /// The lines of the window.
    pub lines: Vec<Line>,
    /// Index of the first of them.
    pub first: usize,
    /// How many there are in all.
    pub all: usize,
}

/// Logs, and how their streams are.
#[derive(Clone, Debug, PartialEq)]
pub struct LogsPane {
    /// How the streams are, and how what was crashing ended.
    pub head: Vec<Line>,
    /// The lines over time.
    pub chart: Option<Chart>,
    /// The rows.
    pub window: Window,
    /// What stands in place of the rows when there are none.
    pub empty: Vec<Line>,
    /// When it says something else by itself.
    pub next_change: Option<Timestamp>,
}

/// Lines over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The bars.
    pub bars: Bars,
    /// The bar of the selected line.
    pub here: Option<usize>,
}

/// A list with its window.
#[derive(Clone, Debug, PartialEq)]
pub struct PickerPane {
    /// Its heading.
    pub title: String,
    /// The entries of the window.
    pub entries: Vec<Entry>,
    /// Where their cells stand, where there is room for them.
    pub columns: Option<Columns>,
    /// The selected one in full, below them, where its line is cut.
    pub told: Vec<String>,
    /// Index of the first of them.
    pub first: usize,
    /// Index of the selected one among all.
    pub selected: Option<usize>,
    /// How many there are in all.
    pub all: usize,
}

/// An entry of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Its state.
    pub health: Option<Health>,
    /// What it is.
    pub text: String,
    /// More about it, dimmed.
    pub detail: String,
    /// The same in columns, where the list has such.
    pub cells: Vec<String>,
    /// Marked with space.
    pub marked: bool,
    /// The one in force.
    pub current: bool,
}

/// The line above the hints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Message {
    /// Nothing to say.
    #[default]
    None,
    /// Something happened.
    Notice {
        /// What.
        text: String,
        /// Whether it did not work.
        is_failure: bool,
    },
    /// A line is typed.
    Prompt {
        /// `:` or `/`.
        sign: char,
        /// The text.
        text: String,
        /// Bytes before the cursor.
        cursor: usize,
        /// What is wrong with it, and which bytes of the text are meant.
        error: Option<(Range<usize>, String)>,
        /// Said at the right: how many rows match.
        note: String,
    },
}

/// A key and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// `<enter>`
    pub key: String,
    /// `open`
    pub text: String,
    /// The name of the command that a click on it runs.
    pub command: &'static str,
    /// Why it may not be used now; painted dimmed.
    pub refused: Option<String>,
}

impl Title {
    /// Where its parts stand.
    pub fn places(&self, area: Area) -> TitlePlaces {
        // A state stands behind its symbol and a space.
        let width = |span: &Span| match (&span.role, span.text.is_empty()) {
            (_, true) => 0,
            (Role::State(_), _) => 2 + fit::width(&span.text),
            _ => fit::width(&span.text),
        };
        let widths = |spans: &[Span]| spans.iter().map(width).collect::<Vec<_>>();
        bars::title(area, &widths(&self.left), &widths(&self.right))
    }
}

impl LogsPane {
    /// Where its parts stand.
    pub fn places(&self, area: Area) -> layout::logs::Places {
        layout::logs::places(area, self.head.len(), self.chart.is_some())
    }
}

impl Hint {
    /// What it says behind its key.
    pub fn said(&self) -> Cow<'_, str> {
        match &self.refused {
            Some(why) => Cow::Owned(format!("{} ({why})", self.text)),
            None => Cow::Borrowed(&self.text),
        }
    }
}

/// Where each hint stands, as far as there is room.
pub fn hint_places(hints: &[Hint], area: Area) -> Vec<Option<Range<u16>>> {
    let width = |hint: &Hint| fit::width(&hint.key) + 1 + fit::width(&hint.said());
    bars::hints(area, &hints.iter().map(width).collect::<Vec<_>>())
}

/// A question before something is done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DialogPane {
    /// What is asked.
    pub title: String,
    /// What would happen, and what to know.
    pub lines: Vec<Line>,
    /// How many of them are above the box, where there are more than it can show.
    pub first: usize,
    /// What has to be typed, and what was typed so far.
    pub input: Option<Typed>,
    /// The answers; the first is the harmless one.
    pub buttons: Vec<Button>,
}

/// A line that is typed in a dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// What is asked for.
    pub label: String,
    /// The text.
    pub text: String,
    /// Bytes before the cursor.
    pub cursor: usize,
}

/// An answer to a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What it says.
    pub text: String,
    /// Whether Enter presses it.
    pub is_chosen: bool,
    /// Whether it cannot be pressed now.
    pub is_off: bool,
}

/// What the palette offers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// The offers of the window, best first.
    pub lines: Vec<Choice>,
    /// Index of the selected one in `lines`.
    pub selected: usize,
}

/// One offer of the palette.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// What would be typed.
    pub text: String,
    /// Bytes of it that matched.
    pub found: Vec<Range<usize>>,
    /// What it is, dimmed.
    pub detail: String,
}
