//! One stream of a view: whose it is, how it is, what came of it.

use crate::kinds::ObjectRef;
use crate::view::logs::batch::{Mark, Stamp};
use crate::view::logs::pulse::Pulse;
use std::sync::Arc;

/// One stream of a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The pod.
    pub pod: ObjectRef,
    /// Which pod of that name.
    pub uid: Arc<str>,
    /// The container.
    pub container: Arc<str>,
    /// `web-1`, or `web-1/proxy` where the pod has several containers.
    pub label: String,
    /// How the stream is.
    pub state: Flow,
    /// Lines that came.
    pub lines: u64,
    /// Of these, errors and worse.
    pub errors: u64,
    /// How often it was cut and opened again.
    pub reconnects: u32,
    /// Lines that may be lost: how often the server had nothing any more of what was seen.
    pub gaps: u32,
    /// The last line's stamp.
    pub last: Option<Stamp>,
    /// How fast lines come, and how its clock goes.
    pub pulse: Pulse,
}

/// How a stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It is being opened.
    Opening,
    /// Lines come.
    Live,
    /// The container has none yet: why.
    Waits(Arc<str>),
    /// The container ended.
    Ended,
    /// The pod is gone.
    Gone,
    /// It cannot be read: why.
    Failed(Arc<str>),
}

impl Source {
    /// Takes in what happened to it.
    pub fn note(&mut self, mark: &Mark) {
        match mark {
            Mark::Waits(reason) => self.state = Flow::Waits(Arc::clone(reason)),
            Mark::Ended { .. } => self.state = Flow::Ended,
            Mark::Restarted { .. } => self.state = Flow::Live,
            Mark::Gone => self.state = Flow::Gone,
            Mark::Reconnected { .. } => self.reconnects += 1,
            Mark::Gap { .. } => self.gaps += 1,
            Mark::Failed(why) => self.state = Flow::Failed(Arc::clone(why)),
        }
    }
}
