//! What goes out: everything the program does to the world is one of these values first.

use crate::app::consult::Inquiry;
use crate::app::draft::Draft;
use crate::app::event::{ContextName, Epoch, Ticket};
use crate::app::mutation::{Confirmed, Mutation};
use crate::app::policy::Answer;
use crate::app::right::Right;
use crate::app::visit::Visit;
use crate::kinds::{KindId, ObjectRef};
use crate::model::Scope;
use crate::view::logs::batch::SourceId;
use crate::view::logs::query::{Part, Wanted};
use crate::view::logs::shelf::Order;
use crate::view::trace::request::Request;
use std::sync::Arc;

/// A wish to the runtime. What comes of it returns as an event, success or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Open a connection; replies carry the epoch.
    Connect {
        /// Which context.
        context: ContextName,
        /// The connection's name from now on.
        epoch: Epoch,
        /// Whether an authentication plugin may use the terminal now (the screen is suspended for it).
        terminal: bool,
    },
    /// Open a connection that looks as this user in this group alone; replies carry the epoch.
    ConnectAs {
        /// Which context.
        context: ContextName,
        /// The connection's name from now on.
        epoch: Epoch,
        /// Who we are there, and the group.
        weaker: Weaker,
    },
    /// Find out whether this connection could look as a user in one group alone.
    Weaken(Epoch, Weaker),
    /// Close a connection with all its watches.
    Disconnect(Epoch),
    /// Keep a scope true until told otherwise.
    Watch(Epoch, Scope),
    /// Nobody looks at the scope any more.
    Unwatch(Epoch, Scope),
    /// Read one whole object.
    Fetch(Epoch, ObjectRef),
    /// Read the printer columns of a custom kind.
    Columns(Epoch, KindId),
    /// Try an unreachable server again now.
    Retry(Epoch),
    /// Read exactly these logs from now on, each from where it is; none ends the reading.
    Logs(Epoch, Ticket, Vec<Stream>),
    /// Put lines on disk, or bring them back; the file is this number's own, and gone when the program is.
    Shelve(Ticket, Order),
    /// Nobody needs what lies on disk under this number.
    Unshelve(Ticket),
    /// Send a request and those that it leads to for real: DNS, TCP, TLS, one GET each. They go to the application, from
    /// this machine, without the cluster's credentials.
    Probe {
        /// Whose path it is.
        epoch: Epoch,
        /// The request that was followed.
        request: Box<Request>,
        /// Itself, and where its redirects lead.
        chain: Vec<Request>,
    },
    /// Ask DNS for these names.
    LookUp(Epoch, Vec<String>),
    /// Write down which requests are pinned in a context.
    Pins {
        /// The context.
        context: ContextName,
        /// The requests, as lines.
        lines: Vec<String>,
    },
    /// Ask the server whether we may.
    Rights(Epoch, Vec<Right>),
    /// Read what an action has to know; the answer carries the number.
    Consult(Epoch, u64, Box<Inquiry>),
    /// Open a text in the user's editor, who has the terminal until it ends; the answer carries the number.
    Edit(Epoch, u64, Box<Draft>),
    /// A file that was edited is not needed any more.
    Discard(String),
    /// Read a file or a folder of manifests.
    Read(Epoch, String),
    /// Tell which manifests stand in a folder, as far as it was typed; nothing stands for the working folder.
    List(String),
    /// Ask the server what would come of a write; the answer carries the number.
    Preview(Epoch, u64, Box<Mutation>),
    /// Do what the user confirmed.
    Mutate(Epoch, Box<Confirmed>),
    /// Open what the user confirmed into a container.
    Visit(Epoch, Box<Visit>),
    /// Stop what was confirmed and has several steps, before its next one.
    Halt(Epoch),
    /// Look whether a port of this machine is free; 0 for any. The answer carries the number.
    TryPort(Epoch, u64, u16),
    /// Begin the forward of this number that the user confirmed.
    Forward(Epoch, u64, Box<Confirmed>),
    /// The pod with this uid is not what the forward should go to any more.
    MoveForward(u64, Arc<str>),
    /// End a forward, for this reason.
    CloseForward(u64, &'static str),
    /// Write into the policy that a cluster may be operated.
    Remember(Answer),
    /// Read the record of actions.
    Record,
    /// Go on with what was left over, once keys and replies were taken in.
    Continue,
    /// Put text where the user can paste it.
    Copy {
        /// The text.
        text: String,
        /// What it is, in words, for the notice.
        what: String,
    },
    /// Put text into a file of its own that only its owner can read, a piece at a time; each but the last is answered by
    /// [`Event::Saved`](crate::app::event::Event::Saved).
    Save {
        /// The number of the file.
        file: Ticket,
        /// With the first piece: as it was typed, a path, or a name in the working folder.
        path: Option<String>,
        /// What to write after the pieces before.
        bytes: Vec<u8>,
        /// With the last piece: what it is, in words, for the notice.
        what: Option<String>,
    },
    /// The rest of a file will never come: take away what there is of it.
    Unsave(Ticket),
    /// Draw the next frame in full, as after somebody else wrote to the terminal.
    Redraw,
    /// Give the terminal back to the shell until it continues us.
    Suspend,
    /// End the program.
    Quit,
}

/// Ourselves with fewer rights: impersonated, in one group alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weaker {
    /// Who we are to the server.
    pub user: String,
    /// The group.
    pub group: String,
}

/// One log that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its number in the view.
    pub source: SourceId,
    /// Whose it is, and what the container does now.
    pub wanted: Wanted,
    /// Which part of it.
    pub part: Part,
}
