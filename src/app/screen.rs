//! The stack of screens of a session: what each remembers of where the user is, and nothing of the cluster.

use crate::app::event::Ticket;
use crate::kinds::{KindId, ObjectRef, Width};
use crate::view::filter::{Filter, FilterError};
use crate::view::logs::window::Look;
use crate::view::table::Sort;
use crate::view::trace::request::Request;
use std::collections::BTreeSet;

/// One screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// What is wrong now.
    Home(HomeScreen),
    /// A kind's table.
    Table(TableScreen),
    /// One object.
    Detail(DetailScreen),
    /// The path of one request.
    Trace(TraceScreen),
    /// How one host is put together.
    Host(HostScreen),
    /// How one workload changes.
    Rollout(RolloutScreen),
    /// Every rollout under way.
    Rollouts(RolloutsScreen),
    /// Logs.
    Logs(LogsScreen),
    /// The YAML of one object.
    Yaml(YamlScreen),
    /// Every key and the filter's grammar.
    Help(HelpScreen),
    /// A short list to choose from.
    Picker(Picker),
}

/// A place in a list: which row, and on which line of the window it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Row, from 0.
    pub index: usize,
    /// Line of the window, from 0.
    pub line: usize,
}

/// Home.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HomeScreen {
    /// The selected row; none while nothing was moved yet.
    pub selected: Option<HomeRow>,
    /// Row among problems, then namespaces, then rollouts.
    pub cursor: Cursor,
    /// What was typed to narrow it: only rows that hold all these words are shown.
    pub filter: String,
}

/// A row of Home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HomeRow {
    /// Something that is wrong.
    Problem(ObjectRef),
    /// A path that is broken: its request as a line, and the object that names it.
    Route(String, ObjectRef),
    /// A namespace with its counts.
    Namespace(std::sync::Arc<str>),
    /// A rollout under way.
    Rollout(ObjectRef),
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableScreen {
    /// Of which kind.
    pub kind: KindId,
    /// Which rows.
    pub filter: Filter,
    /// What is wrong with the filter being typed; `filter` is the last good one then.
    pub error: Option<FilterError>,
    /// In which order.
    pub sort: Sort,
    /// The widest class of columns shown.
    pub width: Width,
    /// The selected object; the first row until the selection is moved.
    pub selected: Option<ObjectRef>,
    /// Where it stood last.
    pub cursor: Cursor,
    /// Objects marked with space.
    pub marked: BTreeSet<ObjectRef>,
}

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct DetailScreen {
    /// Which.
    pub key: ObjectRef,
    /// Line of the detail.
    pub cursor: Cursor,
}

/// The path of one request.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceScreen {
    /// What is followed.
    pub request: Request,
    /// Line of the picture.
    pub cursor: Cursor,
}

/// One host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostScreen {
    /// Its name.
    pub host: String,
    /// Line of the page.
    pub cursor: Cursor,
}

/// The rollout of one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct RolloutScreen {
    /// The workload.
    pub key: ObjectRef,
    /// Line of the page.
    pub cursor: Cursor,
    /// The object on whose line the cursor was put: lines move while pods come and go.
    pub held: Option<ObjectRef>,
    /// Whether all revisions are listed.
    pub all: bool,
    /// Revisions chosen to be compared, two at most.
    pub chosen: Vec<i64>,
}

/// Every rollout under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RolloutsScreen {
    /// Line of the list.
    pub cursor: Cursor,
    /// The workload on whose line the cursor was put.
    pub held: Option<ObjectRef>,
}

/// Logs.
#[derive(Clone, Debug, PartialEq)]
pub struct LogsScreen {
    /// The view.
    pub ticket: Ticket,
    /// Whose logs: `shop deployment/web`.
    pub title: String,
    /// The selected line; none while the end is followed.
    pub selected: Option<u64>,
    /// On which row it is kept.
    pub row: usize,
    /// How lines are shown.
    pub look: Look,
    /// What is wrong with the filter being typed.
    pub error: Option<String>,
    /// A word of the selected line that a key can act on; empty for none.
    pub word: String,
    /// Where the chosen range begins.
    pub anchor: Option<u64>,
    /// Whether text or a range is being drawn with the pointer.
    pub is_dragged: bool,
    /// Where the pointer was pressed last.
    pub pressed: Option<Press>,
    /// A list beside the lines.
    pub panel: Option<LogPanel>,
    /// The record of the selected line, from this line of it on.
    pub record: Option<usize>,
    /// Whether lines over time are shown.
    pub has_histogram: bool,
    /// Whether it stands beside the screen beneath, where there is room.
    pub is_beside: bool,
}

/// A cell of logs that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// The line.
    pub number: u64,
    /// Its row on the screen.
    pub row: usize,
    /// The column in that row.
    pub column: usize,
}

/// A list beside lines of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPanel {
    /// Of what.
    pub what: PanelOf,
    /// Where the selection stands.
    pub cursor: Cursor,
}

/// What a list beside lines of logs shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanelOf {
    /// The streams.
    Sources,
    /// The terms of the filter.
    Filters,
}

/// The YAML of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct YamlScreen {
    /// Which.
    pub key: ObjectRef,
    /// Whether managedFields are shown.
    pub managed_fields: bool,
    /// First line on screen.
    pub first: usize,
}

/// Every key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HelpScreen {
    /// What it tells.
    pub topic: Topic,
    /// First line on screen.
    pub first: usize,
}

/// What a text of the program itself tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Topic {
    /// Every key.
    #[default]
    Keys,
    /// Every action that was confirmed.
    Record,
}

impl Topic {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Record => "record of actions",
        }
    }
}

/// What a picker picks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// A context to switch to.
    Context,
    /// Namespaces to show.
    Namespace,
    /// A column to sort by.
    Sort,
    /// A route to follow.
    Route,
    /// A path that is pinned or was followed lately.
    Trace,
    /// Something to do to an object.
    Action,
    /// A port that is forwarded.
    Forward,
}

/// A short list to choose from.
#[derive(Clone, Debug, PartialEq)]
pub struct Picker {
    /// What is picked.
    pub pick: Pick,
    /// What was typed to narrow it.
    pub filter: String,
    /// Where the selection stands.
    pub cursor: Cursor,
    /// Names marked with space.
    pub marked: BTreeSet<std::sync::Arc<str>>,
}

impl TableScreen {
    /// A fresh table of a kind.
    pub fn new(kind: KindId) -> Self {
        Self {
            kind,
            filter: Filter::default(),
            error: None,
            sort: Sort::default(),
            width: Width::Normal,
            selected: None,
            cursor: Cursor::default(),
            marked: BTreeSet::new(),
        }
    }
}

impl RolloutScreen {
    /// The rollout of a workload, its worst line selected.
    pub fn new(key: ObjectRef) -> Self {
        Self { key, cursor: Cursor::default(), held: None, all: false, chosen: Vec::new() }
    }
}

impl LogsScreen {
    /// A view that follows its end.
    pub fn new(ticket: Ticket, title: String) -> Self {
        Self {
            ticket,
            title,
            selected: None,
            row: 0,
            look: Look::default(),
            error: None,
            word: String::new(),
            anchor: None,
            is_dragged: false,
            pressed: None,
            panel: None,
            record: None,
            has_histogram: false,
            is_beside: false,
        }
    }
}

impl Picker {
    /// A fresh list.
    pub fn new(pick: Pick) -> Self {
        Self { pick, filter: String::new(), cursor: Cursor::default(), marked: BTreeSet::new() }
    }
}

impl Cursor {
    /// The same cursor on another row; its line moves along as far as the window reaches.
    pub fn moved(self, index: usize, height: usize) -> Self {
        let bottom = height.saturating_sub(1);
        let line = if index >= self.index {
            self.line.saturating_add(index - self.index).min(bottom)
        } else {
            self.line.saturating_sub(self.index - index)
        };
        Self { index, line: line.min(index) }
    }

    /// The first row of a window of `height` rows out of `all`.
    pub fn first(self, height: usize, all: usize) -> usize {
        let line = self.line.min(height.saturating_sub(1));
        self.index.saturating_sub(line).min(all.saturating_sub(height))
    }
}
