//! What the user has set: the config file and the flags, as the program uses them.

use crate::app::keymap::Chord;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the user has set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Name of the theme; none for the default.
    pub theme: Option<String>,
    /// Namespaces on the digits 1 to 9.
    pub favourites: Vec<Arc<str>>,
    /// Keys by command name, in place of its own.
    pub keys: BTreeMap<String, Vec<Chord>>,
    /// Headings to leave out, by plural name of the kind.
    pub hidden_columns: BTreeMap<String, Vec<Arc<str>>>,
    /// Whether Secrets are never read.
    pub no_secrets: bool,
    /// Other names for palette lines: `dp` for `deployments`.
    pub aliases: BTreeMap<String, String>,
}
