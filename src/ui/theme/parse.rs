//! Reads a theme's text; a mistake is reported with its line.

use crate::ui::theme::colour;
use crate::ui::theme::{Role, ThemeError};
use ratatui::style::{Modifier, Style};
use std::collections::BTreeMap;
use toml::Spanned;

/// The roles that the text gives a style to.
pub fn styles(name: &str, text: &str) -> Result<Vec<(Role, Style)>, ThemeError> {
    let mistake = |at: usize, mistake: String| ThemeError::Mistake {
        name: name.to_owned(),
        line: text[..at.min(text.len())].matches('\n').count() + 1,
        mistake,
    };
    let entries: BTreeMap<Spanned<String>, Spanned<String>> =
        toml::from_str(text).map_err(|e| mistake(e.span().map_or(0, |span| span.start), e.message().to_owned()))?;
    let mut styles = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let role = Role::named(key.get_ref()).ok_or_else(|| mistake(key.span().start, unknown_role(key.get_ref())))?;
        let style = style(value.get_ref()).map_err(|why| mistake(value.span().start, why))?;
        styles.push((role, style));
    }
    Ok(styles)
}

fn unknown_role(name: &str) -> String {
    let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    format!("{name:?} is no role; roles are {}", known.join(", "))
}

/// Reads `lightred on #202020 bold`.
fn style(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if let Some(modifier) = modifier(word) {
            style = style.add_modifier(modifier);
        } else if word == "on" {
            let word = words.next().ok_or("a colour belongs behind \"on\"")?;
            style = style.bg(colour::named(word).ok_or_else(|| unknown_word(word))?);
        } else {
            style = style.fg(colour::named(word).ok_or_else(|| unknown_word(word))?);
        }
    }
    Ok(style)
}

fn unknown_word(word: &str) -> String {
    format!("{word:?} is neither a colour (red, lightred, #cc0000) nor bold, dim, italic, underline, reverse")
}

fn modifier(word: &str) -> Option<Modifier> {
    match word {
        "bold" => Some(Modifier::BOLD),
        "dim" => Some(Modifier::DIM),
        "italic" => Some(Modifier::ITALIC),
        "underline" => Some(Modifier::UNDERLINED),
        "reverse" => Some(Modifier::REVERSED),
        _ => None,
    }
}
