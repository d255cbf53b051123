//! The configuration file: where it lies, what it says, and the log.

use crate::app::config;
use crate::app::policy::Policy;
use crate::app::settings::{self, Settings};
use crate::cli::args::{Common, Config, ConfigAction, Tool};
use crate::cli::{Unusable, print as out};
use crate::runtime::clipboard::Preference;
use crate::runtime::private;
use etcetera::{AppStrategy, AppStrategyArgs};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use tracing_subscriber::EnvFilter;

/// Where the user's files lie; none of them where there is no home.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The configuration.
    config: Option<PathBuf>,
    /// What may be done where.
    pub policy: Option<PathBuf>,
    /// The folder of the user's themes.
    pub themes: Option<PathBuf>,
    /// The folder of what the program itself keeps.
    pub state: Option<PathBuf>,
}

impl Files {
    /// Where pinned requests are written down; those of the demo have a file of their own.
    pub fn pins(&self, is_demo: bool) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join(if is_demo { "pins-demo.toml" } else { "pins.toml" }))
    }
}

/// Where the user's files lie, by the XDG rules on every system but Windows.
pub fn files() -> Files {
    let names = |app: &str| AppStrategyArgs {
        top_level_domain: String::new(),
        author: String::new(),
        app_name: app.to_owned(),
    };
    match etcetera::choose_app_strategy(names("kplumb")) {
        Ok(strategy) => Files {
            config: Some(strategy.in_config_dir("config.toml")),
            policy: Some(strategy.in_config_dir("policy.toml")),
            themes: Some(strategy.in_config_dir("themes")),
            state: Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir())),
        },
        Err(_) => Files::default(),
    }
}

/// The configuration; a file that was named must be there, the default one need not.
pub fn load(common: &Common, files: &Files) -> Result<Settings, Unusable> {
    let path = match (&common.config, &files.config) {
        (Some(named), _) => named,
        (None, Some(path)) if path.exists() => path,
        (None, _) => return Ok(Settings::default()),
    };
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(Unusable::io(name.clone()))?;
    config::parse(&text, &name).map_err(|error| Unusable::Settings(error.to_string()))
}

/// What may be done where: a file that is there and cannot be read means that nothing may be written.
pub fn policy(files: &Files) -> Policy {
    let Some(path) = &files.policy else { return Policy::default() };
    match fs::read_to_string(path) {
        Ok(text) => Policy::parse(&text, &path.display().to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Policy::default(),
        Err(error) => Policy::unreadable(format!("{}: {error}", path.display())),
    }
}

/// How the user wants text copied.
pub fn clipboard(settings: &Settings) -> Preference {
    match settings.clipboard {
        settings::Clipboard::Auto => Preference::Auto,
        settings::Clipboard::System => Preference::System,
        settings::Clipboard::Osc52 => Preference::Osc52,
        settings::Clipboard::Command => Preference::Command,
    }
}

/// Begins the log, if one is wanted; the file is readable by its owner only.
pub fn log(common: &Common, configured: Option<&str>) -> Result<(), Unusable> {
    let Some(path) = common.log_file.clone().or(configured.map(PathBuf::from)) else { return Ok(()) };
    let file = private::file().create(true).append(true).open(&path);
    let file = file.map_err(Unusable::io(path.display().to_string()))?;
    let level = ["kplumb=info,kube_client=error", "kplumb=debug,kube_client=error", "trace"];
    let level = level[usize::from(common.verbose).min(level.len() - 1)];
    let writer = tracing_subscriber::fmt().with_writer(Mutex::new(file)).with_ansi(false);
    // A second subscriber in one process would be a test's: the first one stays.
    let _ = writer.with_env_filter(EnvFilter::new(level)).try_init();
    Ok(())
}

/// Prints the commented default configuration, or one made from another tool's.
pub fn print(wanted: &Config) -> Result<ExitCode, Unusable> {
    match &wanted.action {
        None => out(&config::default_toml()),
        Some(ConfigAction::Import { tool: Tool::K9s, path }) => {
            let folder = path.clone().or_else(k9s).ok_or_else(|| {
                Unusable::Settings("no home folder: say where k9s keeps its configuration".to_owned())
            })?;
            out(&config::import_k9s(&yaml_files(&folder)?))
        }
    }
}

/// Where k9s keeps its configuration.
fn k9s() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("K9S_CONFIG_DIR").filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    let names = AppStrategyArgs { app_name: "k9s".to_owned(), ..AppStrategyArgs::default() };
    Some(etcetera::choose_app_strategy(names).ok()?.config_dir())
}

/// The YAML files of a folder, or the one file, by name.
fn yaml_files(path: &Path) -> Result<Vec<(String, String)>, Unusable> {
    let failed = || Unusable::io(path.display().to_string());
    let mut paths = if path.is_dir() {
        let entries = fs::read_dir(path).map_err(failed())?.flatten().map(|entry| entry.path());
        entries.filter(|p| p.extension().is_some_and(|e| e == "yaml" || e == "yml")).collect()
    } else {
        vec![path.to_owned()]
    };
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let read = |path: &PathBuf| Ok((name(path), fs::read_to_string(path).map_err(failed())?));
    paths.iter().map(read).collect()
}
