//! Key scripts on marks, on what is copied, and on rows that are as wide as the screen.

use super::*;

/// The signs before the lines on screen.
fn signs(app: &App) -> Vec<String> {
    let rows = pane(app).window.rows;
    rows.iter().filter_map(|row| row.line.plain().chars().nth(12)).map(String::from).collect()
}

fn here(app: &App) -> String {
    let rows = pane(app).window.rows;
    rows.iter().find(|row| row.is_selected).unwrap().line.plain()
}

#[test]
fn a_mark_is_a_sign_before_its_line_is_counted_and_moves_nothing() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "f!ping<enter>gj");
    let before = here(&app);
    keys(&mut app, "m");
    assert_eq!(signs(&app), [" ", "♦", " ", " ", " ", " ", " "]);
    assert_eq!(here(&app).replace('♦', " "), before);
    keys(&mut app, "jjjm");
    assert!(head(&app).contains("  2 marked"), "{}", head(&app));
    keys(&mut app, "m");
    assert!(head(&app).contains("  1 marked"), "{}", head(&app));
    keys(&mut app, "ttgjm");
    assert!(pane(&app).window.rows[0].line.plain().starts_with(" app"), "without times its column stays");
    assert!(!head(&app).contains("marked"));
}

#[test]
fn a_mark_can_be_gone_to_from_everywhere() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "f!ping<enter>'");
    assert_eq!(message(&app.scene()), "nothing is marked: m marks a line");
    assert!(head(&app).contains("  live"), "nothing moved: {}", head(&app));
    keys(&mut app, "gmjjjmG'");
    assert!(here(&app).contains("starting"), "behind the last one comes the first: {}", here(&app));
    keys(&mut app, "'");
    assert!(here(&app).contains("no stock"), "{}", here(&app));
    keys(&mut app, "f served<enter>'");
    assert_eq!(message(&app.scene()), "2 marked lines hidden");
    // The last line is marked while it is live: it stays where it is.
    keys(&mut app, "<esc>Gm");
    assert_eq!(pane(&app).window.rows.iter().position(|row| row.is_selected), Some(pane(&app).window.rows.len() - 1));
}

/// One more line of the second container, at so many seconds after 10:40:00.
fn said(app: &mut App, at: i64, line: &str) {
    let ticket = *app.session().unwrap().logs.keys().next().unwrap();
    let mut batch = Batch::default();
    let begin = Timestamp::parse("2026-11-20T10:40:00Z").unwrap();
    batch.line(Some(Stamp(begin.plus_seconds(at).0 * 1_000)), line.as_bytes());
    app.update(Event::Logs(Epoch(1), ticket, vec![(SourceId(1), batch)]));
    app.update(Event::Tick(NOW.plus_seconds(60)));
}

#[test]
fn one_id_is_followed_through_all_streams() {
    let mut app = logs((80, 24), "web");
    said(&mut app, 121, "level=info msg=paid request_id=ab12");
    keys(&mut app, "gx");
    assert_eq!(message(&app.scene()), "this line has no trace or request id");
    keys(&mut app, "ex");
    let shown = lines(&app);
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].contains("no stock") && shown[1].contains("paid"), "{shown:?}");
    keys(&mut app, "<esc>");
    assert_eq!(lines(&app).len(), 15);
}

#[test]
fn what_comes_while_the_lines_are_held_is_counted() {
    let mut app = logs((80, 24), "web");
    let before = here(&app);
    keys(&mut app, "<space>");
    said(&mut app, 130, "late");
    assert!(head(&app).contains("held, 1 below: G goes live"), "{}", head(&app));
    assert_eq!(here(&app), before);
    keys(&mut app, "<space>");
    assert!(here(&app).contains("late") && head(&app).contains("  live"));
}

#[test]
fn a_minute_is_stepped_on_and_back() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "f!ping<enter>g}");
    assert!(here(&app).contains("no database"), "{}", here(&app));
    keys(&mut app, "}");
    assert!(here(&app).contains("served 4"), "{}", here(&app));
    keys(&mut app, "}");
    assert_eq!(message(&app.scene()), "there is nothing so far away");
    keys(&mut app, "{{");
    assert!(here(&app).contains("starting"), "{}", here(&app));
}

#[test]
fn where_no_line_is_shown_nothing_is_copied() {
    let mut app = logs((80, 24), "web");
    let effects = keys(&mut app, "fnowhere<enter>YcCs<enter>");
    assert!(copies(&effects).is_empty() && !effects.iter().any(|effect| matches!(effect, Effect::Save { .. })));
    assert_eq!(message(&app.scene()), "there is no line that could be copied or saved");
}

#[test]
fn a_filter_that_cannot_be_read_says_so_when_it_is_accepted() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "fserved<enter>f level:loud<enter>");
    assert!(message(&app.scene()).contains("levels are trace, debug"), "{}", message(&app.scene()));
    assert!(head(&app).contains("match served level"), "the last one that could be read: {}", head(&app));
}

#[test]
fn broken_lines_lose_no_letter_to_the_bar_at_the_right() {
    let mut app = logs((60, 8), "web");
    keys(&mut app, "f\"no stock\"<enter>wr");
    let rows: Vec<String> = pane(&app).window.rows.iter().map(|row| row.line.plain()).collect();
    // The sign of the selected line stands at the left, the bar and a space at the right.
    assert!(1 < rows.len() && rows.iter().all(|row| row.chars().count() <= 60 - 3), "{rows:#?}");
    let text: String = rows.iter().flat_map(|row| row.chars().skip(21)).collect();
    assert_eq!(text, LINES[3].1);
}

#[test]
fn the_first_hints_fit_and_help_is_the_last() {
    let app = logs((80, 24), "web");
    assert_eq!(app.scene().hints.last().map(|hint| hint.command), Some("help"));
}
