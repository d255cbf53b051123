//! Key scripts on what esc lets go of in logs, and on what stands beside them.

use super::*;
use crate::app::command::In;

fn is_logs(app: &App) -> bool {
    matches!(app.session().unwrap().screen(), crate::app::screen::Screen::Logs(_))
}

#[test]
fn esc_lets_go_of_one_thing_after_the_other_and_then_leaves() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "fserved<enter>/in<enter>gvj.F");
    assert_eq!(app.place(), In::LogPanel);
    keys(&mut app, "<esc><enter>");
    assert_eq!(app.place(), In::LogRecord);
    keys(&mut app, "<esc>");
    assert_eq!(app.place(), In::Logs);
    assert!(head(&app).contains("2 lines chosen"), "{}", head(&app));
    keys(&mut app, "<esc>");
    assert!(!head(&app).contains("chosen"));
    assert_eq!(app.search.text, "in");
    keys(&mut app, "<esc>");
    assert_eq!((app.search.text.as_str(), lines(&app).len()), ("", 4));
    keys(&mut app, "<esc>");
    assert_eq!(lines(&app).len(), 14, "the filter is let go");
    assert!(head(&app).contains("held"), "and the line that was selected still is: {}", head(&app));
    keys(&mut app, "<esc>");
    assert!(!is_logs(&app));
}

#[test]
fn esc_leaves_what_is_typed_as_it_was_before() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "fserved<enter>f !ping<esc>");
    assert_eq!(lines(&app).len(), 4);
    keys(&mut app, "<esc><esc>");
    assert!(!is_logs(&app), "first the filter, then the screen");
}

#[test]
fn logs_beside_a_table_say_whose_they_are() {
    let mut app = logs((200, 60), "web");
    assert!(head(&app).starts_with("shop pod/web  2 streaming  live"), "{}", head(&app));
    keys(&mut app, "<tab><esc>gj");
    assert_eq!(selected(&app.scene()), "worker");
    assert!(head(&app).starts_with("shop pod/web  "), "the table has the keys: {}", head(&app));
    keys(&mut app, "<tab>Z");
    assert!(!head(&app).contains("pod/web"), "the title of the screen says it");
}

#[test]
fn a_record_has_keys_of_its_own() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "<enter>");
    let hints =
        |app: &App| app.scene().hints.iter().map(|hint| format!("{} {}", hint.key, hint.text)).collect::<Vec<_>>();
    assert_eq!(
        hints(&app),
        [
            "<enter> lines",
            "f filter",
            "e next error",
            "x follow id",
            "c copy log",
            "<esc> back",
            "/ search",
            ": palette",
            "? help"
        ]
    );
    keys(&mut app, "g");
    let text = |app: &App| match app.scene().main.content {
        Content::Text(text) => text.lines.iter().map(|line| line.plain() + "\n").collect::<String>(),
        other => panic!("{other:?}"),
    };
    assert!(text(&app).contains("starting"), "{}", text(&app));
    keys(&mut app, "e");
    assert!(text(&app).contains("no stock"), "the record of the next error: {}", text(&app));
    keys(&mut app, "<enter>");
    assert_eq!(app.place(), In::Logs);
}
