//! Every pane as a picture with its styles, on the screens that people have; and none that can make it fail.

#![allow(clippy::single_range_in_vec_init)]

mod forwards;
mod paths;
mod rollouts;
mod scenes;

use super::*;
use crate::ui::export::{styled, text};
use ratatui::layout::Rect;

fn painted(scene: &Scene, theme: &Theme) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, scene.size.width, scene.size.height));
    paint(scene, &mut buffer, theme);
    buffer
}

fn theme(name: &str) -> Theme {
    Theme::embedded(name).unwrap()
}

#[test]
fn every_pane_on_small_and_wide_screens() {
    for (width, height) in [(80, 24), (160, 50)] {
        for (name, scene) in scenes::all(width, height) {
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), styled(&painted(&scene, &theme("default"))));
        }
    }
    let wide = rollouts::stuck(crate::app::Size { width: 200, height: 60 });
    insta::assert_snapshot!("rollout-stuck-200x60", text(&painted(&wide, &theme("default"))));
    let (_, home) = scenes::all(120, 30).remove(0);
    insta::assert_snapshot!("home-120x30", styled(&painted(&home, &theme("default"))));
}

#[test]
fn a_reason_that_is_cut_stands_whole_below_a_list_of_any_length() {
    for problems in 1..=5 {
        let (_, mut scene) = scenes::all(80, 24).remove(0);
        let Content::Home(pane) = &mut scene.main.content else { unreachable!() };
        pane.home.problems.truncate(problems);
        (pane.selected, pane.line) = (Some(0), 0);
        let picture = text(&painted(&scene, &theme("default")));
        assert!(picture.contains("ImagePullBackOff shop/catalog:v2.3.1 (not found)"), "{problems}:\n{picture}");
    }
}

#[test]
fn every_theme_once() {
    for (name, _) in theme::EMBEDDED {
        let (_, table) = scenes::all(120, 24).remove(1);
        insta::assert_snapshot!(format!("theme-{name}"), styled(&painted(&table, &theme(name))));
    }
}

#[test]
fn letters_stand_for_symbols_without_unicode() {
    for (name, scene) in scenes::all(160, 50) {
        let picture = text(&painted(&scene, &theme("default").with_ascii(true)));
        assert!(picture.is_ascii(), "{name}");
    }
    let (_, home) = scenes::all(80, 24).remove(0);
    insta::assert_snapshot!("home-ascii", text(&painted(&home, &theme("default").with_ascii(true))));
}

#[test]
fn no_screen_is_too_small() {
    for width in 0..=41 {
        for height in 0..=11 {
            for (_, scene) in scenes::all(width, height) {
                painted(&scene, &theme("default"));
            }
        }
    }
}

#[test]
fn a_terminal_smaller_than_the_scene_cuts_it() {
    for (_, scene) in scenes::all(160, 50) {
        for (width, height) in [(0, 0), (1, 1), (100, 10), (20, 60)] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            paint(&scene, &mut buffer, &theme("default"));
        }
    }
}

#[test]
fn states_are_told_apart_without_colours() {
    let bare = theme("default").with_depth(Depth::None);
    let (_, home) = scenes::all(120, 30).remove(0);
    let picture = text(&painted(&home, &bare));
    for state in ["✖ failed", "▲ warn", "◌ progressing"] {
        assert!(picture.contains(state), "{state}");
    }
}

#[test]
fn nothing_of_a_cluster_reaches_the_terminal_as_a_command() {
    for (name, scene) in scenes::all(160, 50) {
        let buffer = painted(&scene, &theme("default"));
        assert!(!buffer.content.iter().any(|cell| cell.symbol().chars().any(char::is_control)), "{name}");
    }
}
