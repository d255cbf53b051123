//! Every action, in the only list of keys: help, hint bar, palette, config names and the README's table are printed from it.

mod keys;
mod list;

pub use self::keys::Keys;
pub use self::list::{COMMANDS, LISTS};

use crate::app::App;
use std::fmt::Write;

/// An action.
#[derive(Clone, Copy)]
pub struct Command {
    /// Its name in the palette and the config file.
    pub name: &'static str,
    /// What it does, in one short line.
    pub help: &'static str,
    /// Its keys, the one to show first.
    pub keys: &'static [&'static str],
    /// Where it applies.
    pub when: &'static [In],
    /// Whether it changes something in the cluster.
    pub mutates: bool,
    /// How early the hint bar names it; 0 is never.
    pub hint: u8,
    /// Does it.
    pub run: fn(&mut App),
}

/// Where a command applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum In {
    /// On every screen, but not while a line is typed.
    Anywhere,
    /// On Home.
    Home,
    /// In a kind's table.
    Table,
    /// In the detail of an object.
    Detail,
    /// On the path of a request.
    Trace,
    /// On the rollout of a workload, and in the list of those under way.
    Rollout,
    /// In logs.
    Logs,
    /// In the record of a line of logs.
    LogRecord,
    /// In a list beside logs.
    LogPanel,
    /// In YAML.
    Yaml,
    /// In help.
    Help,
    /// In a list to choose from.
    Picker,
    /// In the list of namespaces.
    Namespaces,
    /// In a list of paths.
    Routes,
    /// In the list of forwarded ports.
    Forwards,
    /// While a line is typed.
    Prompt,
    /// While a question is asked before something is done.
    Dialog,
}

impl In {
    /// Its heading in help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "everywhere",
            Self::Home => "home",
            Self::Table => "tables",
            Self::Detail => "detail",
            Self::Trace => "trace",
            Self::Rollout => "rollout",
            Self::Logs => "logs",
            Self::LogRecord => "a log's record",
            Self::LogPanel => "lists beside logs",
            Self::Yaml => "YAML",
            Self::Help => "help",
            Self::Picker => "lists",
            Self::Namespaces => "namespaces",
            Self::Routes => "routes",
            Self::Forwards => "forwards",
            Self::Prompt => "while typing",
            Self::Dialog => "dialogs",
        }
    }
}

impl Command {
    /// Whether it leaves a dialog without an answer, which is always possible.
    pub fn leaves(&self) -> bool {
        !self.mutates && (self.when == [In::Dialog] && self.keys == ["<esc>"] || self.when.contains(&In::Anywhere))
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Command").field("name", &self.name).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// The command of this name.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// The README's table of keys.
pub fn markdown_table() -> String {
    let mut table = String::from("| keys | where | what |\n|---|---|---|\n");
    for command in COMMANDS {
        let keys =
            command.keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect::<Vec<_>>().join(" ");
        let places = command.when.iter().map(|place| place.title()).collect::<Vec<_>>().join(", ");
        let _ = writeln!(table, "| {keys} | {places} | {} |", command.help);
    }
    table
}
