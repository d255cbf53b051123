//! Logs of containers: one stream each, opened again after every cut, with no line lost and none doubled.
//!
//! Invariants: raw bytes, never decoded here; a reader that is ahead waits for its consumer and drops nothing; every
//! request is a GET of `…/log`, past the guard like all others.

mod ask;
pub mod follow;
pub mod frame;
pub mod resume;

pub use self::ask::{Ask, Target};
