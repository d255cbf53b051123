//! What a reader without a screen is told.

use crate::view::logs::batch::{Batch, SourceId};
use crate::view::logs::query::Wanted;

/// What comes of reading logs, in its order.
#[derive(Debug)]
pub enum Heard {
    /// A stream joins.
    Joined(SourceId, Box<Wanted>),
    /// Lines and marks.
    Said(SourceId, Batch),
    /// Lines and marks of several streams in the order of their times, and how many pieces each of them has in turn.
    Merged(Batch, Vec<(SourceId, usize)>),
    /// All others wait for this stream, which says nothing.
    Slow(SourceId),
    /// More streams match than are read.
    TooMany(usize),
    /// No container matches at the beginning; one that comes later joins only those who follow.
    Nothing {
        /// Whether one is waited for.
        follows: bool,
    },
}
