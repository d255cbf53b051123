//! Paints the app: everything here reads and remembers nothing, and every string of a cluster is made harmless on the way.

pub mod export;
pub mod text;
pub mod theme;

pub use self::theme::{Depth, Role, Theme};
