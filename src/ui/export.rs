//! A painted screen as text: plain, with escape sequences, as a picture, or with its styles named for tests.

use crate::ui::theme::colour::{self, Rgb};
use crate::ui::theme::{Role, Theme};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// The letters, without trailing space.
pub fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buffer) {
        out.push_str(letters(&row).trim_end());
        out.push('\n');
    }
    out
}

/// The letters with escape sequences for their styles; for `cat` and pagers.
pub fn ansi(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buffer) {
        for run in runs(&row) {
            let codes = codes(run.style);
            if codes.is_empty() {
                out.push_str(&run.letters);
            } else {
                let _ = write!(out, "\u{1b}[{codes}m{}\u{1b}[0m", run.letters);
            }
        }
        out.push('\n');
    }
    out
}

/// The letters of each row, and below it what has a style: columns, and the style in words.
pub fn styled(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buffer) {
        let _ = writeln!(out, "{}", letters(&row).trim_end());
        let named: Vec<String> = runs(&row)
            .filter(|run| run.style != Style::reset() && !plain(run))
            .map(|run| format!("{}-{} {}", run.x, run.x + run.width - 1, words(run.style)))
            .collect();
        if !named.is_empty() {
            let _ = writeln!(out, "    ¬ {}", named.join(", "));
        }
    }
    out
}

/// Cells on which a style cannot be seen.
fn plain(run: &Run) -> bool {
    let style = run.style;
    let seen_on_space = Modifier::REVERSED | Modifier::UNDERLINED;
    words(style).is_empty()
        || run.letters.trim().is_empty()
            && style.bg.is_none_or(colour::is_own)
            && !style.add_modifier.intersects(seen_on_space)
}

/// A picture of the screen, in the colours of the theme.
pub fn svg(buffer: &Buffer, theme: &Theme) -> String {
    const CELL: (f32, f32) = (8.4, 18.0);
    let ground = theme.style(Role::Text).bg.and_then(colour::rgb).unwrap_or(GROUND);
    let ink = theme.style(Role::Text).fg.and_then(colour::rgb).unwrap_or(INK);
    let (width, height) = (f32::from(buffer.area.width) * CELL.0, f32::from(buffer.area.height) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0}\" height=\"{:.0}\" viewBox=\"-12 -12 {0:.0} {1:.0}\">\n\
         <rect x=\"-12\" y=\"-12\" width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{2}\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" \
         font-size=\"14\" xml:space=\"preserve\">\n",
        width + 24.0,
        height + 24.0,
        hex(ground),
    );
    for (y, row) in rows(buffer).enumerate() {
        for run in runs(&row) {
            draw(&mut out, &run, (f32::from(run.x) * CELL.0, y as f32 * CELL.1), CELL, (ink, ground));
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// The terminal's own colours, where a theme leaves them to it.
const GROUND: Rgb = (0x16, 0x19, 0x20);
const INK: Rgb = (0xd4, 0xd9, 0xe2);

fn draw(out: &mut String, run: &Run, (x, y): (f32, f32), cell: (f32, f32), (ink, ground): (Rgb, Rgb)) {
    let has = |modifier| run.style.add_modifier.contains(modifier);
    let own_ground = run.style.bg.and_then(colour::rgb);
    let mut front = run.style.fg.and_then(colour::rgb).unwrap_or(ink);
    let mut back = own_ground.unwrap_or(ground);
    if has(Modifier::REVERSED) {
        std::mem::swap(&mut front, &mut back);
    }
    if has(Modifier::DIM) {
        front = blend(front, back);
    }
    let width = f32::from(run.width) * cell.0;
    if back != ground {
        let (height, fill) = (cell.1, hex(back));
        let _ =
            writeln!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{fill}\"/>");
    }
    if run.letters.trim().is_empty() && !has(Modifier::UNDERLINED) {
        return;
    }
    let mut look = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if has(modifier) {
            look.push_str(attribute);
        }
    }
    let (base, fill) = (y + 13.5, hex(front));
    for (column, letters) in words_apart(&run.letters) {
        let (x, width) = (x + column as f32 * cell.0, letters.width() as f32 * cell.0);
        let letters = escape(letters);
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{base:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fill}\"{look}>{letters}</text>"
        );
    }
}

/// Words and where they begin: each is placed on its own column, whatever font a viewer takes.
fn words_apart(letters: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = letters[at..].find(|c| c != ' ').map(|gap| at + gap) {
        let end = letters[start..].find("  ").map_or(letters.trim_end().len(), |length| start + length);
        found.push((letters[..start].width(), &letters[start..end]));
        at = end;
    }
    found
}

fn blend(front: Rgb, back: Rgb) -> Rgb {
    let mix = |a: u8, b: u8| ((u16::from(a) * 3 + u16::from(b) * 2) / 5) as u8;
    (mix(front.0, back.0), mix(front.1, back.1), mix(front.2, back.2))
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text as XML holds it; spaces are made hard, because viewers collapse them whatever `xml:space` says.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(' ', "\u{a0}")
}

/// Cells of one row that look alike.
struct Run {
    x: u16,
    width: u16,
    letters: String,
    style: Style,
}

fn rows(buffer: &Buffer) -> impl Iterator<Item = Vec<&Cell>> {
    let width = usize::from(buffer.area.width).max(1);
    buffer.content.chunks(width).map(|row| {
        let mut skip = 0;
        // The cell behind a wide letter is never printed.
        row.iter()
            .filter(move |cell| {
                let hidden = 0 < skip;
                skip = if hidden { skip - 1 } else { cell.symbol().width().saturating_sub(1) };
                !hidden
            })
            .collect()
    })
}

fn letters(row: &[&Cell]) -> String {
    row.iter().map(|cell| cell.symbol()).collect()
}

fn runs(row: &[&Cell]) -> impl Iterator<Item = Run> {
    let mut found: Vec<Run> = Vec::new();
    let mut x = 0;
    for cell in row {
        let width = cell.symbol().width().max(1) as u16;
        match found.last_mut() {
            Some(run) if run.style == cell.style() => {
                run.letters.push_str(cell.symbol());
                run.width += width;
            }
            _ => found.push(Run { x, width, letters: cell.symbol().to_owned(), style: cell.style() }),
        }
        x += width;
    }
    found.into_iter()
}

const MODIFIERS: [(Modifier, &str, &str); 5] = [
    (Modifier::BOLD, "1", "bold"),
    (Modifier::DIM, "2", "dim"),
    (Modifier::ITALIC, "3", "italic"),
    (Modifier::UNDERLINED, "4", "underline"),
    (Modifier::REVERSED, "7", "reverse"),
];

fn codes(style: Style) -> String {
    let set = MODIFIERS.iter().filter(|(modifier, ..)| style.add_modifier.contains(*modifier));
    let mut codes: Vec<String> = set.map(|(_, code, _)| (*code).to_owned()).collect();
    for (colour, ground) in [(style.fg, false), (style.bg, true)] {
        codes.extend(colour.filter(|c| !colour::is_own(*c)).map(|c| colour::sgr(c, ground)));
    }
    codes.join(";")
}

fn words(style: Style) -> String {
    let own = |colour: Option<Color>| colour.filter(|c| !colour::is_own(*c));
    let mut words: Vec<String> = own(style.fg).map(colour::name).into_iter().collect();
    words.extend(own(style.bg).map(|ground| format!("on {}", colour::name(ground))));
    let set = MODIFIERS.iter().filter(|(modifier, ..)| style.add_modifier.contains(*modifier));
    words.extend(set.map(|(_, _, word)| (*word).to_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::text::put;
    use ratatui::layout::Rect;

    fn painted(theme: &Theme) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 16, 2));
        put(&mut buffer, (0, 0), 16, "✖ failed", theme.style(Role::Failed));
        put(&mut buffer, (9, 0), 16, "日<&>", Style::new());
        put(&mut buffer, (0, 1), 16, "pod ", theme.style(Role::Selection));
        buffer
    }

    #[test]
    fn the_same_screen_in_three_spellings() {
        let buffer = painted(&Theme::embedded("default").unwrap());
        assert_eq!(text(&buffer), "✖ failed 日<&>\npod\n");
        assert_eq!(ansi(&buffer), "\u{1b}[1;91m✖ failed\u{1b}[0m 日<&>  \n\u{1b}[7mpod \u{1b}[0m            \n");
        assert_eq!(styled(&buffer), "✖ failed 日<&>\n    ¬ 0-7 lightred bold\npod\n    ¬ 0-3 reverse\n");
    }

    #[test]
    fn a_picture_is_well_formed_and_holds_the_letters() {
        let theme = Theme::embedded("dusk").unwrap();
        let picture = svg(&painted(&theme), &theme);
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        assert!(picture.contains("日&lt;&amp;&gt;") && picture.contains(">✖\u{a0}failed</text>"));
        assert_eq!(picture.matches("<text").count(), picture.matches("</text>").count());
        assert!(picture.contains("fill=\"#ff8f8f\" font-weight=\"bold\""));
    }

    #[test]
    fn words_stand_on_their_columns() {
        assert_eq!(words_apart("  a b   日 c  d "), [(2, "a b"), (8, "日 c"), (14, "d")]);
        assert_eq!(words_apart("   "), []);
    }

    #[test]
    fn no_screen_is_no_text() {
        assert_eq!(text(&Buffer::empty(Rect::ZERO)), "");
        assert_eq!(ansi(&Buffer::empty(Rect::ZERO)), "");
    }
}
