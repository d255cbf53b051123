//! What things look like: a role has a name with dots, a theme gives roles their style, and what it leaves out falls back along the dots.
//!
//! Invariant: colours are named here and in `themes/*.toml`, nowhere else.

pub mod colour;
pub mod parse;
pub mod role;

pub use self::colour::Depth;
pub use self::role::Role;

use crate::view::line::{Colour, Paint};
use ratatui::style::{Color, Modifier, Style};

/// The themes that come with the program, by name.
pub const EMBEDDED: &[(&str, &str)] = &[
    ("contrast", include_str!("../../themes/contrast.toml")),
    ("default", include_str!("../../themes/default.toml")),
    ("dusk", include_str!("../../themes/dusk.toml")),
    ("light", include_str!("../../themes/light.toml")),
];

/// A style for each role.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// Whether symbols are drawn in ASCII.
    pub ascii: bool,
    depth: Depth,
    styles: [Style; Role::COUNT],
}

/// Something to paint, and what it is to look like.
#[derive(Clone, Copy, Debug)]
pub struct Themed<'a, T> {
    /// What is painted.
    pub what: &'a T,
    /// What it looks like.
    pub theme: &'a Theme,
}

/// Why a text is no theme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// Nothing of that name.
    #[error("no theme is called {name:?}; there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The text has a mistake.
    #[error("theme {name:?}, line {line}: {mistake}")]
    Mistake {
        /// Which theme.
        name: String,
        /// Where.
        line: usize,
        /// What is wrong, and what would be right.
        mistake: String,
    },
}

impl Theme {
    /// A theme that comes with the program.
    pub fn embedded(name: &str) -> Result<Self, ThemeError> {
        match EMBEDDED.iter().find(|(known, _)| *known == name) {
            Some((name, text)) => Self::parse(name, text),
            None => Err(ThemeError::Unknown {
                name: name.to_owned(),
                known: EMBEDDED.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
            }),
        }
    }

    /// Reads a theme: lines such as `failed = "lightred bold"` or `selection = "on #2f3b52"`.
    pub fn parse(name: &str, text: &str) -> Result<Self, ThemeError> {
        let given = parse::styles(name, text)?;
        let find = |wanted: Role| given.iter().find(|(role, _)| *role == wanted).map(|(_, style)| *style);
        let styles = Role::ALL
            .map(|role| std::iter::successors(Some(role), |role| role.fallback()).find_map(find).unwrap_or_default());
        Ok(Self { name: name.to_owned(), ascii: false, depth: Depth::True, styles })
    }

    /// The theme with no more colours than the terminal has.
    #[must_use]
    pub fn with_depth(mut self, depth: Depth) -> Self {
        self.depth = depth;
        let ground = self.style(Role::Text).bg;
        for style in &mut self.styles {
            *style = depth.limit(*style, ground);
        }
        self
    }

    /// The theme with symbols in ASCII, or not.
    #[must_use]
    pub fn with_ascii(mut self, ascii: bool) -> Self {
        self.ascii = ascii;
        self
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The style of text as an application painted it, in no more colours than the terminal has.
    pub fn painted(&self, paint: Paint) -> Style {
        let text = self.style(Role::Text);
        let mut style = match paint.colour {
            None => text,
            Some(Colour::Indexed(index)) => text.fg(colour::ansi(index).unwrap_or(Color::Indexed(index))),
            Some(Colour::Rgb(r, g, b)) => text.fg(Color::Rgb(r, g, b)),
        };
        let wanted =
            [(paint.bold, Modifier::BOLD), (paint.dim, Modifier::DIM), (paint.underlined, Modifier::UNDERLINED)];
        for (_, modifier) in wanted.into_iter().filter(|(is_wanted, _)| *is_wanted) {
            style = style.add_modifier(modifier);
        }
        self.depth.limit(style, text.bg)
    }

    /// Something to paint in this theme.
    pub fn on<'a, T>(&'a self, what: &'a T) -> Themed<'a, T> {
        Themed { what, theme: self }
    }

    /// Dims a style, for rows that were true once.
    pub fn stale(&self, style: Style) -> Style {
        style.add_modifier(Modifier::DIM)
    }
}

#[cfg(test)]
mod tests;
