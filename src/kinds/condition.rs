//! Conditions as networking, cert-manager and Gateway API write them: kept slim, found by type, told in words.

use crate::kinds::{Cell, Interner};
use crate::wire::{Timestamp, meta};
use std::sync::Arc;

/// What is kept of one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// For example `Ready`.
    pub kind: Arc<str>,
    /// Whether it holds.
    pub status: Status,
    /// One CamelCase word.
    pub reason: Arc<str>,
    /// A sentence for people.
    pub message: Arc<str>,
    /// The generation it speaks of; 0 when it does not say.
    pub observed: i64,
    /// When its status last changed.
    pub since: Option<Timestamp>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody can tell.
    Unknown,
}

impl Condition {
    /// The slim form of all conditions.
    pub fn all(conditions: &[meta::Condition], interner: &mut Interner) -> Box<[Self]> {
        conditions.iter().map(|c| Self::of(c, interner)).collect()
    }

    fn of(condition: &meta::Condition, interner: &mut Interner) -> Self {
        let status = match condition.status.as_str() {
            "True" => Status::True,
            "False" => Status::False,
            _ => Status::Unknown,
        };
        Self {
            kind: interner.intern(&condition.r#type),
            status,
            reason: interner.intern(&condition.reason),
            message: interner.intern(&condition.message),
            observed: condition.observed_generation,
            since: condition.last_transition_time.and_then(crate::wire::time::Time::instant),
        }
    }

    /// Whether it speaks of an older version of the object.
    pub fn is_stale(&self, generation: i64) -> bool {
        0 < self.observed && self.observed < generation
    }

    /// The message, or else the reason, or else the type: `Ready: is False`.
    pub fn words(&self) -> Arc<str> {
        let said = [&self.message, &self.reason].into_iter().find(|t| !t.is_empty());
        said.map_or_else(|| format!("{} is {:?}", self.kind, self.status).into(), Arc::clone)
    }

    /// Reason and message: `NoMatchingParent: no listener is called web`.
    pub fn reasoned(&self) -> Arc<str> {
        if self.reason.is_empty() || self.message.is_empty() {
            return self.words();
        }
        format!("{}: {}", self.reason, self.message).into()
    }
}

/// The condition of a type.
pub fn find<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|c| *c.kind == *kind)
}

/// Whether the condition of a type is there and holds.
pub fn holds(conditions: &[Condition], kind: &str) -> bool {
    find(conditions, kind).is_some_and(|c| c.status == Status::True)
}

/// The condition of a type, if it is there and does not hold.
pub fn denied<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    find(conditions, kind).filter(|c| c.status == Status::False)
}

/// `status` of a condition as a printer column shows it; nothing when it is absent.
pub fn status_cell(conditions: &[meta::Condition], kind: &str, interner: &mut Interner) -> Cell {
    wire(conditions, kind).map_or(Cell::Empty, |c| Cell::Text(interner.intern(&c.status)))
}

/// `message` of a condition as a printer column shows it; nothing when it is absent.
pub fn message_cell(conditions: &[meta::Condition], kind: &str) -> Cell {
    wire(conditions, kind).filter(|c| !c.message.is_empty()).map_or(Cell::Empty, |c| Cell::text(&c.message))
}

fn wire<'a>(conditions: &'a [meta::Condition], kind: &str) -> Option<&'a meta::Condition> {
    conditions.iter().find(|c| c.r#type == kind)
}
