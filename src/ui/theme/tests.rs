//! Themes can be read, are complete, and say what is wrong with them.

use super::*;
use crate::ui::theme::colour::{contrast, named, rgb};
use ratatui::style::Color;

const STATES: [Role; 7] =
    [Role::Ready, Role::Progressing, Role::Warn, Role::Failed, Role::Unknown, Role::Danger, Role::ModeOperate];

fn theme(name: &str) -> Theme {
    Theme::embedded(name).unwrap()
}

#[test]
fn every_theme_file_is_embedded() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("themes");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, EMBEDDED.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
}

#[test]
fn every_theme_tells_states_apart() {
    for (name, _) in EMBEDDED {
        let theme = theme(name);
        for (at, role) in STATES[..5].iter().enumerate() {
            for other in &STATES[at + 1..5] {
                assert_ne!(theme.style(*role).fg, theme.style(*other).fg, "{name}: {role:?}, {other:?}");
            }
        }
    }
}

#[test]
fn every_rgb_theme_can_be_read() {
    for name in ["contrast", "dusk", "light"] {
        let theme = theme(name);
        let text = theme.style(Role::Text);
        let least = if name == "contrast" { 7.0 } else { 4.5 };
        for role in Role::ALL {
            if matches!(role, Role::Border | Role::BorderFocus | Role::Scroll) {
                continue;
            }
            let style = theme.style(role);
            let fg = style.fg.or(text.fg).and_then(rgb).unwrap();
            let selection = theme.style(Role::Selection).bg;
            for ground in [style.bg.or(text.bg), selection].into_iter().flatten() {
                let (fg, ground) = (fg, rgb(ground).unwrap());
                let (front, back) = if style.bg.is_some() && Some(ground) == selection.and_then(rgb) {
                    (theme.style(Role::Text).fg.and_then(rgb).unwrap(), ground)
                } else {
                    (fg, ground)
                };
                let reached = contrast(front, back);
                assert!(least <= reached, "{name}: {} reaches {reached:.2} on {back:02x?}", role.name());
            }
        }
    }
}

#[test]
fn the_default_theme_uses_the_colours_of_the_terminal() {
    for role in Role::ALL {
        let style = theme("default").style(role);
        assert_eq!(style.bg, None, "{}", role.name());
        let coloured = STATES.contains(&role);
        assert_eq!(style.fg.is_some(), coloured, "{}: colours are for states only", role.name());
        assert!(!matches!(
            style.fg,
            Some(Color::Black | Color::White | Color::Gray | Color::DarkGray | Color::Rgb(..))
        ));
    }
}

/// Palettes on which the default theme's states are checked: xterm, VGA, Solarized; with their grounds and the least contrast.
#[test]
fn the_default_theme_can_be_read_on_common_palettes() {
    let names = ["red", "green", "yellow", "magenta", "cyan", "lightred", "lightyellow", "lightmagenta"];
    let xterm = ["cd0000", "00cd00", "cdcd00", "cd00cd", "00cdcd", "ff0000", "ffff00", "ff00ff"];
    let vga = ["aa0000", "00aa00", "aa5500", "aa00aa", "00aaaa", "ff5555", "ffff55", "ff55ff"];
    let solarized = ["dc322f", "859900", "b58900", "d33682", "2aa198", "cb4b16", "657b83", "6c71c4"];
    let hex = |text: &str| rgb(named(&format!("#{text}")).unwrap()).unwrap();
    for (palette, ground, least) in
        [(xterm, "000000", 4.5), (vga, "000000", 4.5), (solarized, "002b36", 2.9), (solarized, "fdf6e3", 2.9)]
    {
        for role in STATES {
            let colour = theme("default").style(role).fg.unwrap();
            let at = names.iter().position(|name| named(name) == Some(colour)).unwrap();
            let reached = contrast(hex(palette[at]), hex(ground));
            assert!(least <= reached, "{} reaches {reached:.2} on {ground}", role.name());
        }
    }
}

#[test]
fn a_missing_role_falls_back_along_the_dots() {
    let theme = Theme::parse("mine", "text = \"green\"\nkey = \"bold\"\nheader = \"dim\"").unwrap();
    assert_eq!(theme.style(Role::KeyOff), theme.style(Role::Key));
    assert_eq!(theme.style(Role::HeaderSorted), Style::new().add_modifier(Modifier::DIM));
    assert_eq!(theme.style(Role::YamlKey).fg, Some(Color::Green));
}

#[test]
fn a_mistake_is_reported_with_its_line() {
    let error = |text: &str| Theme::parse("mine", text).unwrap_err().to_string();
    assert!(
        error("text = \"bold\"\n\nfoo = \"red\"")
            .starts_with("theme \"mine\", line 3: \"foo\" is no role; roles are text,")
    );
    assert!(error("text = \"bold\"\ndim = \"rot\"").starts_with("theme \"mine\", line 2: \"rot\" is neither a colour"));
    assert!(error("text = \"on\"").ends_with("a colour belongs behind \"on\""));
    assert!(error("text = \"bold\"\ntext = \"dim\"").starts_with("theme \"mine\", line 2: "));
    let unknown = Theme::embedded("neon").unwrap_err().to_string();
    assert_eq!(unknown, "no theme is called \"neon\"; there are contrast, default, dusk, light");
}

#[test]
fn without_colours_attributes_remain() {
    for (name, _) in EMBEDDED {
        let theme = theme(name).with_depth(Depth::None);
        for role in Role::ALL {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None));
        }
        assert!(theme.style(Role::Selection).add_modifier.contains(Modifier::REVERSED), "{name}");
        assert!(!theme.style(Role::Text).add_modifier.contains(Modifier::REVERSED), "{name}");
    }
}

#[test]
fn colours_are_reduced_to_the_nearest() {
    let theme = Theme::parse("mine", "text = \"#ff0505\"\ndim = \"#5f87af\"\nwarn = \"yellow\"").unwrap();
    let indexed = theme.clone().with_depth(Depth::Indexed);
    assert_eq!(indexed.style(Role::Text).fg, Some(Color::Indexed(196)));
    assert_eq!(indexed.style(Role::Dim).fg, Some(Color::Indexed(67)));
    assert_eq!(indexed.style(Role::Warn).fg, Some(Color::Yellow));
    assert_eq!(theme.with_depth(Depth::Ansi).style(Role::Text).fg, Some(Color::LightRed));
}
