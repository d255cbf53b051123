//! State as a symbol: with its word and its colour, so that none of the three is needed to understand the others.

use crate::kinds::Health;
use crate::ui::theme::Role;
use crate::view::line;

/// Before the selected row.
pub const SELECTED: &str = "▌";
/// Beside a cell that has just changed.
pub const CHANGED: &str = "•";
/// Before a row that was marked.
pub const MARKED: &str = "*";
/// Behind the heading of the column that rows are sorted by: smallest first, largest first.
pub const SORTED: [&str; 2] = ["↑", "↓"];
/// A thin rule between two panes.
pub const RULE: &str = "│";
/// The part of a list that is on screen.
pub const THUMB: &str = "▐";
/// Where an object has no health, or was not reached.
pub const OFF: &str = "·";

/// The symbol of a state and the role it plays.
pub fn of(health: Health) -> (&'static str, Role) {
    match health {
        Health::Failed => ("✖", Role::Failed),
        Health::Warn => ("▲", Role::Warn),
        Health::Progressing => ("◌", Role::Progressing),
        Health::Unknown => ("?", Role::Unknown),
        Health::Ready => ("✔", Role::Ready),
    }
}

/// The role in which a text is painted.
pub fn role(role: line::Role) -> Role {
    match role {
        line::Role::Text | line::Role::Painted(_) => Role::Text,
        line::Role::Dim | line::Role::Hidden => Role::Dim,
        line::Role::Accent => Role::Strong,
        line::Role::Header => Role::Label,
        line::Role::Key => Role::Key,
        line::Role::Match => Role::Match,
        line::Role::State(health) => of(health).1,
        line::Role::Danger => Role::Danger,
        line::Role::Link => Role::Link,
        line::Role::Field => Role::YamlKey,
        line::Role::String => Role::YamlString,
        line::Role::Scalar => Role::YamlNumber,
    }
}
