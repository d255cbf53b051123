//! What tasks have to say, and failures in the words of the screen.

use crate::api::failure::{self, Cause};
use crate::app::event::{Event, Failure, Reply};
use crate::runtime::visit::ends::Ends;
use tokio::sync::oneshot;

/// What a task has to say to the loop.
#[derive(Debug)]
pub enum Report {
    /// An event for the app.
    Event(Event),
    /// Something to write to the terminal outside of frames.
    Write(String),
    /// A shell elsewhere is open and wants the terminal.
    Lend(Lending),
}

/// A wish for the terminal.
#[derive(Debug)]
pub struct Lending {
    /// Where to put it; none where there is none.
    pub ends: oneshot::Sender<Option<Ends>>,
    /// It is needed until this resolves.
    pub until: oneshot::Receiver<()>,
}

/// A failure of the connection in the words of the screen.
pub fn words(failure: &failure::Failure) -> Failure {
    let headline = failure.headline();
    let cause = if headline.contains(&*failure.detail) { String::new() } else { failure.detail.to_string() };
    Failure { what: headline, cause, remedy: failure.remedy().to_owned() }
}

/// A failure that no retry mends by itself, as a reply.
pub fn refused(failure: &failure::Failure) -> Reply {
    if failure.cause == Cause::NeedsTerminal {
        Reply::NeedsTerminal(words(failure))
    } else {
        Reply::Unreachable { failure: words(failure), retry_at: None }
    }
}
