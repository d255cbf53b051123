//! Colours: their names, what red, green and blue they are, and how few of them a terminal has.

use ratatui::style::{Color, Modifier, Style};

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: attributes only.
    None,
    /// The 16 of ANSI, which the user has chosen.
    #[default]
    Ansi,
    /// The 256 of xterm.
    Indexed,
    /// All.
    True,
}

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// The 16 colours of ANSI, in order, with what they are where a picture has to decide.
const ANSI: [(&str, Color, Rgb); 16] = [
    ("black", Color::Black, (0x1c, 0x1f, 0x26)),
    ("red", Color::Red, (0xe0, 0x6c, 0x75)),
    ("green", Color::Green, (0x8c, 0xc2, 0x65)),
    ("yellow", Color::Yellow, (0xd1, 0x8f, 0x52)),
    ("blue", Color::Blue, (0x61, 0xaf, 0xef)),
    ("magenta", Color::Magenta, (0xc6, 0x78, 0xdd)),
    ("cyan", Color::Cyan, (0x56, 0xb6, 0xc2)),
    ("gray", Color::Gray, (0xc8, 0xcc, 0xd4)),
    ("darkgray", Color::DarkGray, (0x7f, 0x88, 0x99)),
    ("lightred", Color::LightRed, (0xff, 0x7a, 0x7f)),
    ("lightgreen", Color::LightGreen, (0xa5, 0xe0, 0x75)),
    ("lightyellow", Color::LightYellow, (0xf0, 0xc6, 0x74)),
    ("lightblue", Color::LightBlue, (0x83, 0xc0, 0xff)),
    ("lightmagenta", Color::LightMagenta, (0xde, 0x9b, 0xf0)),
    ("lightcyan", Color::LightCyan, (0x7d, 0xd5, 0xe0)),
    ("white", Color::White, (0xff, 0xff, 0xff)),
];

/// The colour of that name, or of `#rrggbb`.
pub fn named(word: &str) -> Option<Color> {
    if let Some(hex) = word.strip_prefix('#').filter(|hex| hex.len() == 6) {
        let value = u32::from_str_radix(hex, 16).ok()?;
        return Some(Color::Rgb((value >> 16) as u8, (value >> 8) as u8, value as u8));
    }
    ANSI.iter().find(|(name, ..)| *name == word).map(|(_, colour, _)| *colour)
}

/// One of the 16 of ANSI by its number.
pub fn ansi(index: u8) -> Option<Color> {
    ANSI.get(usize::from(index)).map(|(_, colour, _)| *colour)
}

/// Whether it is the terminal's own, which a theme did not touch.
pub fn is_own(colour: Color) -> bool {
    colour == Color::Reset
}

/// What a colour is in a picture; none for the terminal's own.
pub fn rgb(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(index) => Some(indexed(index)),
        _ => ANSI.iter().find(|(_, known, _)| *known == colour).map(|(.., rgb)| *rgb),
    }
}

/// The numbers of "select graphic rendition" that set a colour; `ground` for backgrounds.
pub fn sgr(colour: Color, ground: bool) -> String {
    let offset = if ground { 10 } else { 0 };
    match colour {
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", 38 + offset),
        Color::Indexed(index) => format!("{};5;{index}", 38 + offset),
        _ => match ANSI.iter().position(|(_, known, _)| *known == colour) {
            Some(index @ ..8) => format!("{}", 30 + offset + index),
            Some(index) => format!("{}", 90 - 8 + offset + index),
            None => format!("{}", 39 + offset),
        },
    }
}

/// Its name in pictures of tests and in themes.
pub fn name(colour: Color) -> String {
    match colour {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(index) => format!("{index}"),
        _ => ANSI.iter().find(|(_, known, _)| *known == colour).map_or("own", |(name, ..)| name).to_owned(),
    }
}

impl Depth {
    /// The style with no more colours than there are; a ground that is lost becomes reverse, so that it is still seen.
    pub fn limit(self, style: Style, screen: Option<Color>) -> Style {
        if self == Self::None {
            let lost = style.bg.is_some_and(|ground| Some(ground) != screen);
            let bare = Style { fg: None, bg: None, underline_color: None, ..style };
            return if lost { bare.add_modifier(Modifier::REVERSED) } else { bare };
        }
        Style { fg: style.fg.map(|c| self.nearest(c)), bg: style.bg.map(|c| self.nearest(c)), ..style }
    }

    fn nearest(self, colour: Color) -> Color {
        let Color::Rgb(r, g, b) = colour else { return colour };
        match self {
            Self::True | Self::None => colour,
            Self::Indexed => Color::Indexed(closest(16..=255, (r, g, b), indexed)),
            Self::Ansi => ANSI[usize::from(closest(0..=15, (r, g, b), xterm))].1,
        }
    }
}

fn closest(indexes: impl Iterator<Item = u8>, wanted: Rgb, value: fn(u8) -> Rgb) -> u8 {
    indexes.min_by_key(|index| distance(value(*index), wanted)).unwrap_or_default()
}

/// Weighed as the eye does: green counts most.
fn distance(one: Rgb, other: Rgb) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    2 * square(one.0, other.0) + 4 * square(one.1, other.1) + 3 * square(one.2, other.2)
}

/// One of xterm's 256.
fn indexed(index: u8) -> Rgb {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match index {
        ..16 => xterm(index),
        16..232 => {
            let cube = usize::from(index - 16);
            (STEPS[cube / 36], STEPS[cube / 6 % 6], STEPS[cube % 6])
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

/// One of xterm's first 16.
fn xterm(index: u8) -> Rgb {
    let level = |bit: u8| match (index & bit != 0, 7 < index) {
        (true, false) => 205,
        (true, true) => 255,
        (false, _) => 0,
    };
    match index {
        7 => (229, 229, 229),
        8 => (127, 127, 127),
        _ => (level(1), level(2), level(4)),
    }
}

/// How much two colours differ in brightness, from 1 to 21, as WCAG 2 measures it.
pub fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance((r, g, b): Rgb) -> f64 {
    let linear = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}
