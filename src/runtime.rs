//! The loop: effects become tasks, tasks end in events, and the terminal is put back whatever happens.

pub mod clipboard;
pub mod input;
pub mod process;
pub mod signals;
pub mod terminal;
