//! Files to objects: what `-f` names, and the demo clusters that are built into the program,
//! are read, flattened and moved to the present by the same few steps.
//!
//! Invariant: one bad document never hides the rest, and every object knows the file, the
//! document and the line that it came from.

pub mod document;
pub mod embedded;
pub mod mint;
pub mod mirror;
pub mod read;
pub mod records;
pub mod shift;
mod strict;
