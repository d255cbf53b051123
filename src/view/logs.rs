//! Logs: what streams hand over, and what is read of it.
//!
//! Invariants: raw bytes are kept and only the lines on screen are decoded; the order in which lines are kept is the order
//! in which they are shown; nothing that came is missing without a mark in its place.

pub mod batch;
pub mod buffer;
pub mod export;
pub mod field;
pub mod filter;
#[cfg(test)]
pub mod fixture;
pub mod histogram;
pub mod level;
pub mod moment;
pub mod needle;
pub mod pulse;
pub mod query;
pub mod record;
pub mod seek;
pub mod shelf;
pub mod sift;
pub mod source;
pub mod state;
pub mod structure;
pub mod tail;
pub mod text;
pub mod window;
