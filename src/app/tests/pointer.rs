//! Presses of the pointer, wherever they land.

use super::*;
use crate::app::event::MouseAction;
use crate::app::pointer::{Target, target};

fn press(app: &mut App, action: MouseAction, x: u16, y: u16) {
    app.update(Event::Input(Input::Mouse { action, x, y }));
}

/// The first row of the screen whose target is this.
fn found(app: &App, wanted: impl Fn(&Target) -> bool) -> (u16, u16) {
    let scene = app.scene();
    let cells = (0..scene.size.height).flat_map(|y| (0..scene.size.width).map(move |x| (x, y)));
    let hit = cells.into_iter().find(|(x, y)| target(&scene, *x, *y).is_some_and(|target| wanted(&target)));
    hit.expect("nothing of the kind stands on the screen")
}

#[test]
fn a_press_on_a_heading_sorts_and_a_second_one_turns_the_order() {
    let mut app = app((120, 30), SHOP);
    keys(&mut app, ":po<enter>0");
    let (x, y) = found(&app, |target| matches!(target, Target::Heading(name) if **name == *"STATUS"));
    let sort = |app: &App| match app.session().unwrap().screen() {
        screen::Screen::Table(table) => table.sort.clone(),
        other => panic!("{other:?} is no table"),
    };
    let before = sort(&app);
    press(&mut app, MouseAction::Click, x, y);
    let once = sort(&app);
    assert_ne!(once, before);
    press(&mut app, MouseAction::Click, x, y);
    assert_ne!(sort(&app), once);
}

#[test]
fn a_press_on_a_hint_runs_its_command() {
    let mut app = app((120, 30), SHOP);
    let (x, y) = found(&app, |target| *target == Target::Command("help"));
    press(&mut app, MouseAction::Click, x, y);
    assert!(matches!(app.session().unwrap().screen(), screen::Screen::Help(_)));
}

#[test]
fn a_double_press_on_a_row_of_home_opens_its_object() {
    let mut app = app((120, 30), SHOP);
    let (x, y) = found(&app, |target| matches!(target, Target::Row { index: 0, .. }));
    press(&mut app, MouseAction::Click, x, y);
    assert!(matches!(app.session().unwrap().screen(), screen::Screen::Home(_)));
    press(&mut app, MouseAction::DoubleClick, x, y);
    assert!(!matches!(app.session().unwrap().screen(), screen::Screen::Home(_)));
}

#[test]
fn a_press_on_the_detail_beside_a_table_takes_the_keys_there() {
    let mut app = app((160, 50), SHOP);
    keys(&mut app, ":po<enter>0");
    let (x, y) = found(&app, |target| matches!(target, Target::Row { is_beside: true, .. }));
    press(&mut app, MouseAction::Click, x, y);
    assert!(matches!(app.session().unwrap().screen(), screen::Screen::Detail(_)));
    let (x, y) = found(&app, |target| matches!(target, Target::Row { is_beside: false, .. }));
    press(&mut app, MouseAction::Click, x, y);
    assert!(matches!(app.session().unwrap().screen(), screen::Screen::Table(_)));
}

#[test]
fn a_press_on_the_context_in_the_title_lists_contexts() {
    let mut app = app((120, 30), SHOP);
    let (x, y) = found(&app, |target| *target == Target::Command("contexts"));
    press(&mut app, MouseAction::Click, x, y);
    assert!(matches!(app.session().unwrap().screen(), screen::Screen::Picker(_)));
}
