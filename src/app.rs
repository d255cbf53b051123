//! The state machine: events in, effects out. `update` is the only way in; it never waits and never fails.

pub mod effect;
pub mod event;
pub mod keymap;
