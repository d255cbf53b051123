//! Derived state: tables, Home, details, search. Pure: the same cluster, question and `now` give the same value.
//!
//! Invariants: no IO and no clock; nothing is remembered between calls; a half-synced cluster never makes a view panic.
//! What comes out is ready to paint: text with a role, never a style.

pub mod describe;
pub mod filter;
pub mod health;
pub mod line;
pub mod search;
pub mod table;
