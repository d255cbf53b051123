//! Windows on a small view, as text.

use super::*;
use crate::view::logs::batch::{Batch, Mark};
use crate::view::logs::fixture::wanted;

fn tail(lines: &[&str]) -> Tail {
    let now = Timestamp::parse("2026-11-20T10:42:07Z").unwrap();
    let mut tail = Tail::new(0, now);
    let web = tail.source(&wanted("web-7c9f5d8b6-x2m4q")).unwrap();
    let db = tail.source(&wanted("db-0")).unwrap();
    for (index, line) in lines.iter().enumerate() {
        let mut batch = Batch::default();
        match line.strip_prefix("-- ") {
            Some(_) => batch.mark(Mark::Restarted { count: 3, after: None }),
            None => {
                let at = Stamp((now.seconds() + index as i64) * 1_000_000_000 + 5_000_000);
                batch.line(Some(at), line.as_bytes());
            }
        }
        tail.take(if index % 2 == 0 { web } else { db }, &batch, now);
    }
    tail.settle(now.plus_seconds(60));
    while tail.scan(100) {}
    tail
}

fn shown(tail: &Tail, look: Look, (selected, row): (Option<u64>, usize), (height, width): (usize, usize)) -> String {
    let window = window(tail, look, Frame { selected, row, height, width, search: "", word: "", range: None });
    let line = |row: &Row| format!("{}{}\n", if row.is_selected { ">" } else { " " }, row.line.plain().trim_end());
    window.rows.iter().map(line).collect()
}

const LINES: [&str; 6] = [
    "starting",
    r#"{"level":"warn","msg":"slow query","dur":"3s","table":"orders"}"#,
    "ERROR \u{1b}[31mcannot\u{1b}[0m reach the database at db-0.db.shop.svc.cluster.local:5432, trying again",
    "-- restarted",
    "level=info msg=\"ready\" port=8080",
    "last",
];

#[test]
fn the_end_is_on_screen_as_long_as_nothing_is_selected() {
    insta::assert_snapshot!(shown(&tail(&LINES), Look::default(), (None, 0), (4, 100)));
}

#[test]
fn a_selected_line_stays_on_its_row_and_long_lines_are_broken() {
    let look = Look { wrap: true, ..Look::default() };
    insta::assert_snapshot!(shown(&tail(&LINES), look, (Some(2), 1), (6, 70)));
}

#[test]
fn lines_are_moved_and_times_are_left_out() {
    let look = Look { pan: 6, times: Times::None, is_structured: false, ..Look::default() };
    insta::assert_snapshot!(shown(&tail(&LINES), look, (Some(0), 0), (6, 80)));
}

#[test]
fn a_window_is_never_higher_than_its_room() {
    let tail = tail(&LINES);
    for wrap in [false, true] {
        for selected in [None, Some(0), Some(3), Some(99)] {
            for row in [0, 3, 50] {
                for height in [0, 1, 2, 7, 40] {
                    let look = Look { wrap, ..Look::default() };
                    let window = window(
                        &tail,
                        look,
                        Frame { selected, row, height, width: 30, search: "e", word: "re", range: Some((1, 2)) },
                    );
                    assert!(window.rows.len() <= height);
                    assert!(height == 0 || window.rows.iter().any(|row| row.is_selected));
                }
            }
        }
    }
}
