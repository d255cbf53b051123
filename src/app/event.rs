//! What comes in: keys, ticks, and the replies to what was asked for.

use crate::app::consult::Told;
use crate::app::draft::{Edited, Folder, Given};
use crate::app::forward;
use crate::app::keymap::Chord;
use crate::app::mutation::{Done, Preview, Progress, Refused, Undone};
use crate::app::right::{Right, Verdict};
use crate::app::visit::Visited;
use crate::kinds::{Catalog, KindId, ObjectRef};
use crate::model::Change;
use crate::view::logs::batch::{Batch, SourceId};
use crate::view::logs::shelf::Answer;
use crate::view::trace::reality::Reality;
use crate::view::trace::request::Request;
use crate::view::trace::world::Lookup;
use crate::wire::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// Name of a context in the kubeconfig (or of a demo cluster).
pub type ContextName = Arc<str>;

/// One connection's lifetime, unique in the process: a reply from an older one never enters a newer model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// A view of logs, by a number that is unique in the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Everything that can happen to the program.
#[derive(Debug)]
pub enum Event {
    /// The user did something.
    Input(Input),
    /// Time has passed; also the answer to every scheduled wish to be woken.
    Tick(Timestamp),
    /// An effect has come out, well or not.
    Reply(Epoch, Reply),
    /// Something outside any connection: the clipboard, a child process.
    Outcome(Outcome),
    /// Logs spoke.
    Logs(Epoch, Ticket, Vec<(SourceId, Batch)>),
    /// What became of lines on disk.
    Shelf(Ticket, Answer),
    /// A piece of a file is written; false where it could not be, which an [`Outcome`] says in words.
    Saved(Ticket, bool),
    /// There is time for what was left over.
    Continue,
}

/// What the user did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Chord),
    /// Text pasted in one go.
    Paste(String),
    /// The pointer, in cells from the top left.
    Mouse {
        /// What it did.
        action: MouseAction,
        /// Column.
        x: u16,
        /// Row.
        y: u16,
    },
    /// The terminal has this size now.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The terminal window gained or lost the focus.
    Focus(bool),
}

/// What the pointer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseAction {
    /// Left button pressed.
    Click,
    /// Left button pressed twice.
    DoubleClick,
    /// Moved with the left button held.
    Drag,
    /// Left button let go.
    Release,
    /// Wheel up.
    ScrollUp,
    /// Wheel down.
    ScrollDown,
}

/// What came out of an effect of one connection.
#[derive(Debug)]
pub enum Reply {
    /// The server answers; discovery has been read.
    Connected(Box<Connected>),
    /// Whether we may look as a member of a group alone; else why not.
    Weakened(Result<(), String>),
    /// Whether the server itself lets us do no more than look; else what it allows, or why that is not known.
    Enforced(Result<(), String>),
    /// Discovery was read again: kinds may have come or gone.
    Discovered(Box<Catalog>),
    /// The printer columns of a custom kind have been read.
    Columns(KindId, Box<Catalog>),
    /// The server cannot be reached or refuses; it is tried again by itself at `retry_at`.
    Unreachable {
        /// Why, and what to do about it.
        failure: Failure,
        /// When the next try is due; none when only the user can mend it.
        retry_at: Option<Timestamp>,
    },
    /// The credentials need the terminal (a plugin that asks): suspend the screen and connect again.
    NeedsTerminal(Failure),
    /// Watches spoke.
    Cluster(Vec<Change>),
    /// Which namespaces may be read, per kind, where a cluster-wide list is refused.
    Readable(Vec<(KindId, Readable)>),
    /// The whole object, as the server holds it.
    Fetched(ObjectRef, Result<Arc<Value>, Failure>),
    /// What happened to a request that was sent for real, and to what it led to.
    Probed(Box<Request>, Vec<Reality>),
    /// What DNS said of each name on the way.
    LookedUp(Vec<(String, Lookup)>),
    /// Whether we may.
    Rights(Vec<(Right, Verdict)>),
    /// What an action has to know.
    Consulted(u64, Result<Box<Told>, Refused>),
    /// The editor has ended. Never dropped: what was typed is kept.
    Edited(u64, Edited),
    /// What stands in a file to apply.
    Given(Given),
    /// What would come of a write.
    Previewed(u64, Result<Box<Preview>, Refused>),
    /// Whether a port of this machine is free: which one, or why not and the next free one.
    Port(u64, Result<u16, (String, Option<u16>)>),
    /// How a forward stands. Never dropped.
    Forwarded(Box<forward::Told>),
    /// How far several writes are. Never dropped.
    Progress(Progress),
    /// A write was done. Never dropped, whatever connection it belonged to.
    Done(Done),
    /// A write was not done, or nobody knows. Never dropped.
    Failed(Undone),
    /// A visit to a container is over. Never dropped.
    Visited(Visited),
    /// The guard refused a request: a bug of ours, shown so that it is reported.
    Blocked(String),
}

/// What is known once a server answers.
#[derive(Debug)]
pub struct Connected {
    /// Kinds that it serves.
    pub catalog: Catalog,
    /// `v1.36.3`.
    pub version: String,
    /// The server's address, as people know it.
    pub server: String,
    /// Who we are to it, if it said.
    pub user: Option<String>,
    /// The uid of its namespace kube-system, by which the policy knows it; none where that cannot be read.
    pub cluster_uid: Option<String>,
}

/// Where a kind may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readable {
    /// Everywhere.
    All,
    /// In these namespaces.
    In(Vec<Arc<str>>),
    /// Nowhere that we know of.
    Nowhere,
    /// The server's answer was incomplete.
    Unknown,
}

/// Something that did not work, for people: what, why, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One line: what failed, on which object or server.
    pub what: String,
    /// The cause, in words.
    pub cause: String,
    /// What to do about it; empty when there is nothing to say.
    pub remedy: String,
}

/// What came out of something that belongs to no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Text was copied, and by which way.
    Copied {
        /// What was copied, in words.
        what: String,
        /// `the clipboard`, `OSC 52`, `xclip`, a path.
        way: String,
    },
    /// Something was written to a file.
    Saved {
        /// What, in words.
        what: String,
        /// Where it is.
        path: String,
    },
    /// It could not be done.
    Failed(Failure),
    /// The record of actions, line by line.
    Record(Vec<String>),
    /// The contexts of the kubeconfig, read again.
    Contexts(Vec<ContextName>),
    /// What stands in a folder.
    Listed(Folder),
}
