//! What the user has set: the config file and the flags, as the program uses them.

use crate::app::keymap::Chord;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the user has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Name of the theme; none for the default.
    pub theme: Option<String>,
    /// When to use colours.
    pub color: Color,
    /// Whether the pointer is listened to.
    pub mouse: bool,
    /// How text is copied.
    pub clipboard: Clipboard,
    /// Where the log goes.
    pub log: Option<String>,
    /// How many bytes of lines a log view keeps.
    pub log_bytes: usize,
    /// How many bytes of older lines a log view puts on disk; none where it is zero.
    pub log_disk: u64,
    /// The context to start in.
    pub context: Option<String>,
    /// Namespaces on the digits 1 to 9.
    pub favourites: Vec<Arc<str>>,
    /// Keys by command name, in place of its own.
    pub keys: BTreeMap<String, Vec<Chord>>,
    /// Headings to leave out, by plural name of the kind.
    pub hidden_columns: BTreeMap<String, Vec<Arc<str>>>,
    /// Whether Secrets are never read.
    pub no_secrets: bool,
    /// Whether names of a path on screen are looked up in DNS without being asked.
    pub live_dns: bool,
    /// The image of containers that are added to look around; none for the usual one.
    pub debug_image: Option<String>,
    /// Other names for palette lines: `dp` for `deployments`.
    pub aliases: BTreeMap<String, String>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// As the terminal and the environment say.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How text is copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clipboard {
    /// Whatever works.
    #[default]
    Auto,
    /// The system's clipboard.
    System,
    /// An escape sequence to the terminal.
    Osc52,
    /// A tool such as `xclip`.
    Command,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: None,
            color: Color::Auto,
            mouse: true,
            clipboard: Clipboard::Auto,
            log: None,
            log_bytes: 64 << 20,
            log_disk: 0,
            context: None,
            favourites: Vec::new(),
            keys: BTreeMap::new(),
            hidden_columns: BTreeMap::new(),
            no_secrets: false,
            live_dns: false,
            debug_image: None,
            aliases: BTreeMap::new(),
        }
    }
}
