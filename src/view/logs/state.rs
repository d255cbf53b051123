//! What a container does, as far as its log is concerned: streams follow it.

use crate::kinds::pod::facts::{self, Container, PodFacts, State as Does};
use std::fmt;
use std::sync::Arc;

/// How an instance of a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code.
    pub code: i32,
    /// `OOMKilled`, `Error`, `Completed`.
    pub reason: Arc<str>,
}

/// What a container does. An instance is known by how often the container was restarted before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody knows: its log is simply asked for.
    #[default]
    Unknown,
    /// It has never run: `ContainerCreating`.
    Waits(Arc<str>),
    /// It runs: which instance, and how the one before it ended, where that is known.
    Runs(u32, Option<Exit>),
    /// It ran and does not now; a container in a crash loop waits here between two instances.
    Ended {
        /// Which instance.
        instance: u32,
        /// Its exit code; none where it is not known.
        code: Option<i32>,
        /// `OOMKilled`, `Error`, `Completed`.
        reason: Arc<str>,
        /// Whether it will not run again.
        is_over: bool,
    },
    /// The pod is gone.
    Gone,
}

impl Exit {
    fn of(exit: &facts::Exit) -> Self {
        Self { code: exit.code, reason: exit.reason.clone().unwrap_or_else(|| Arc::from("")) }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = if self.reason.is_empty() { "" } else { " " };
        write!(f, "exit {}{gap}{}", self.code, self.reason)
    }
}

impl State {
    /// The state of a container of a pod.
    pub fn of(pod: &PodFacts, container: &Container) -> Self {
        let ended = |code, reason: Option<&Arc<str>>| Self::Ended {
            instance: container.restarts,
            code: Some(code),
            reason: reason.cloned().unwrap_or_else(|| Arc::from("")),
            is_over: pod.ended(),
        };
        match (&container.state, &container.last_exit) {
            (Does::Running(_), before) => Self::Runs(container.restarts, before.as_deref().map(Exit::of)),
            // The server gives the log of the last instance while the next one waits.
            (Does::Exited(exit), _) | (Does::Waiting(_), Some(exit)) => ended(exit.code, exit.reason.as_ref()),
            (Does::Waiting(reason), None) => Self::Waits(reason.clone().unwrap_or_else(|| Arc::from("waiting"))),
            (Does::Unreported, _) => Self::Waits(Arc::from("not started yet")),
        }
    }

    /// The instance that has a log now.
    pub fn instance(&self) -> Option<u32> {
        match self {
            Self::Runs(instance, _) | Self::Ended { instance, .. } => Some(*instance),
            _ => None,
        }
    }
}
