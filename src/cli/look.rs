//! Which theme and how many colours: flags, environment, configuration, in this order.

use crate::app::settings;
use crate::cli::Unusable;
use crate::cli::args::{Color, Common};
use crate::ui::theme::Theme;
use crate::ui::theme::colour::Depth;
use std::path::Path;

/// The theme to draw with; `folder` is where the user's own themes lie.
pub fn theme(common: &Common, configured: Option<&str>, folder: Option<&Path>) -> Result<Theme, Unusable> {
    let name = common.theme.as_deref().or(configured).unwrap_or("default");
    let own = folder.map(|f| f.join(format!("{name}.toml"))).filter(|path| path.is_file());
    let theme = match own {
        Some(path) => {
            let text = std::fs::read_to_string(&path).map_err(Unusable::io(path.display().to_string()))?;
            Theme::parse(&path.display().to_string(), &text)
        }
        None => Theme::embedded(name),
    };
    let theme = theme.map_err(|error| Unusable::Theme(error.to_string()))?;
    Ok(theme.with_ascii(!speaks_unicode()))
}

/// How many colours to use: the flag, else the configuration.
pub fn depth(flag: Option<Color>, configured: settings::Color) -> Depth {
    let configured = match configured {
        settings::Color::Auto => Color::Auto,
        settings::Color::Always => Color::Always,
        settings::Color::Never => Color::Never,
    };
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let forced = is_set("CLICOLOR_FORCE") && std::env::var("CLICOLOR_FORCE").is_ok_and(|v| v != "0");
    match flag.unwrap_or(configured) {
        Color::Never => Depth::None,
        Color::Auto if is_set("NO_COLOR") && !forced => Depth::None,
        Color::Auto | Color::Always => capable(),
    }
}

/// What the terminal says of itself.
fn capable() -> Depth {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let (color, term) = (variable("COLORTERM"), variable("TERM"));
    if ["truecolor", "24bit"].contains(&color.as_str()) || term.ends_with("-direct") {
        Depth::True
    } else if term.contains("256color") || ["kitty", "alacritty", "ghostty"].iter().any(|t| term.contains(t)) {
        Depth::Indexed
    } else {
        Depth::Ansi
    }
}

/// Whether the locale can show more than ASCII; nothing set means a modern default.
fn speaks_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()));
    let linux_console = std::env::var("TERM").is_ok_and(|term| term == "linux");
    !linux_console && locale.is_none_or(|l| l.to_lowercase().replace('-', "").contains("utf8"))
}
