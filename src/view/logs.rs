//! Logs: what streams hand over, and what is read of it.

pub mod batch;
pub mod state;
