//! Every pane as a picture with its styles, on the screens that people have; and none that can make it fail.

#![allow(clippy::single_range_in_vec_init)]

mod forwards;
mod paths;
mod rollouts;
mod scenes;

use super::*;
use crate::app::scene::Message;
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
fn addresses_stand_whole_on_a_narrow_home_and_reasons_take_the_room_of_an_age_that_is_none() {
    let (_, mut scene) = scenes::all(80, 24).remove(0);
    let Content::Home(pane) = &mut scene.main.content else { unreachable!() };
    let broken = &mut pane.home.problems[0];
    (broken.short, broken.since) = ("shop.example.com/api/orders".to_owned(), None);
    broken.route = Some("https://shop.example.com/api/orders".to_owned());
    broken.reason = "Service shop-prod/orders-api sends to a port called http-api".to_owned();
    let picture = text(&painted(&scene, &theme("default")));
    assert!(picture.contains("✖ shop.example.com/api/orders "), "{picture}");
    assert!(picture.contains("Service shop-prod/orders-api sends"), "{picture}");
}

#[test]
fn what_is_said_of_a_line_is_told_whole_above_it_where_there_is_no_room_beside() {
    let (_, mut scene) = scenes::all(80, 24).remove(0);
    let typed = "trace https://shop.example.com/checkout --header nonsense".to_owned();
    let why = "--header nonsense: a header is written 'Name: value'".to_owned();
    let error = Some((0..typed.len(), why.clone()));
    scene.message = Message::Prompt { sign: ':', cursor: typed.len(), text: typed, error, note: String::new() };
    assert!(text(&painted(&scene, &theme("default"))).contains(&why));
    let long =
        "no route leads to pod/checkout-green-sdqgp2j7d-8r2jd: Service checkout wants version=blue, it has green";
    scene.message = Message::Notice { text: long.to_owned(), is_failure: false };
    assert!(text(&painted(&scene, &theme("default"))).contains("version=blue, it has green"));
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
