//! Scenes written by hand: one of each pane and of each thing that can be wrong, in the words that the program uses.

use crate::app::Size;
use crate::app::layout::{LEFT, panes};
use crate::app::scene::{
    Chart, Choice, Choices, Content, DetailPane, Entry, Hint, HomePane, LogsPane, Message, Pane, PickerPane, Scene,
    TablePane, TextPane, Title,
};
use crate::kinds::{Align, Health, ObjectRef, POD};
use crate::model::Sync;
use crate::view::describe::{Detail, Section};
use crate::view::health::{Behind, Count, Home, Problem, Rollout, Room};
use crate::view::line::{Colour, Line, Paint, Role, Span};
use crate::view::logs::histogram::{Bars, Count as BarCount};
use crate::view::logs::window::{Row as LogRow, Window as LogWindow};
use crate::view::table::{Heading, Row, RowCell, Table};
use crate::wire::Timestamp;
use std::sync::Arc;

pub fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T10:42:07Z").unwrap()
}

/// Every scene by name, at a size.
pub fn all(width: u16, height: u16) -> Vec<(&'static str, Scene)> {
    let size = Size { width, height };
    let mut scenes = vec![
        ("home", home(size)),
        ("table", pods(size)),
        ("filter", filtered(size)),
        ("filter-error", wrong_filter(size)),
        ("empty", empty(size)),
        ("listing", listing(size)),
        ("stale", stale(size)),
        ("detail", detail_scene(size)),
        ("yaml", yaml(size)),
        ("logs", log_lines(size)),
        ("logs-waiting", log_waiting(size)),
        ("palette", palette(size)),
        ("namespaces", namespaces(size)),
        ("unreachable", unreachable(size)),
        ("hostile", hostile(size)),
    ];
    scenes.extend(super::paths::all(size));
    scenes.extend(super::rollouts::all(size));
    scenes.extend(super::forwards::all(size));
    scenes
}

/// A screen around a pane.
pub fn scene(size: Size, split: bool, content: Content) -> Scene {
    let panes = panes(size, split.then_some(LEFT), 0);
    let title = Title {
        left: vec![
            Span::new("shop", Role::Accent),
            Span::dim("observe"),
            Span::new("pods", Role::Header),
            Span::text("shop-prod"),
            Span::text("41"),
        ],
        right: vec![Span::new("live", Role::State(Health::Ready)), Span::dim("10:42:07")],
    };
    let hints = [
        ("<enter>", "open"),
        ("d", "describe"),
        ("y", "yaml"),
        ("c", "copy"),
        (":", "palette"),
        ("/", "filter"),
        ("?", "help"),
    ];
    let hint =
        |(key, text): (&str, &str)| Hint { key: key.to_owned(), text: text.to_owned(), command: "help", refused: None };
    let mut hints: Vec<Hint> = hints.into_iter().map(hint).collect();
    hints.insert(
        4,
        Hint { key: "l".into(), text: "logs".into(), command: "logs", refused: Some("not in this release".into()) },
    );
    Scene {
        size,
        title,
        main: Pane { area: panes.main, focused: true, content },
        side: None,
        message: Message::None,
        hints,
        choices: None,
        dialog: None,
        stale_since: None,
        next_change: None,
        panes,
    }
}

fn problem(health: Health, word: &'static str, (namespace, name): (&str, &str), reason: &str, minutes: i64) -> Problem {
    Problem {
        key: ObjectRef::new(POD, namespace, name),
        health,
        word,
        name: name.to_owned(),
        short: name.to_owned(),
        reason: reason.to_owned(),
        folded: if minutes == 11 { 3 } else { 0 },
        since: Some(now().plus_seconds(-60 * minutes)),
        route: None,
    }
}

fn home(size: Size) -> Scene {
    let failed = |at, reason, minutes| problem(Health::Failed, "failed", at, reason, minutes);
    let problems = vec![
        failed(
            ("shop-prod", "deployment/catalog"),
            "rollout stuck for 11m: ImagePullBackOff shop/catalog:v2.3.1 (not found)",
            11,
        ),
        failed(
            ("shop-prod", "pod/orders-5d8c7b9f4d-k2x9q"),
            "CrashLoopBackOff, exit 137 (OOMKilled, limit 128Mi), 6 restarts",
            9,
        ),
        problem(Health::Warn, "warn", ("shop-prod", "certificate/shop-tls"), "12 days left, renewal failed twice", 180),
        problem(Health::Warn, "warn", ("", "node/worker-2"), "DiskPressure; 14 pods, 2 evicted", 22),
        problem(
            Health::Progressing,
            "progressing",
            ("shop-prod", "deployment/orders"),
            "3 of 6 updated, 5 available, 7:12 to the deadline",
            1,
        ),
    ];
    let count = |all, failed, warn, progressing| Count { all, failed, warn, progressing, unknown: 0 };
    let room = |name: &str, counts: [Count; 4]| Room { name: Arc::from(name), counts: counts.to_vec() };
    let quiet = |pods, workloads| [count(pods, 0, 0, 0), count(workloads, 0, 0, 0), Count::default(), Count::default()];
    let home = Home {
        sentence: "2 things are broken, 2 need a look, 1 is on the way".to_owned(),
        worst: Some(Health::Failed),
        problems,
        more: 0,
        groups: vec!["pods", "workloads", "routes", "certificates"],
        namespaces: vec![
            room("shop-prod", [count(41, 2, 0, 1), count(12, 1, 0, 1), count(14, 2, 0, 0), count(6, 0, 1, 0)]),
            room("shop-staging", quiet(12, 6)),
            room("shop-dev", [count(9, 0, 0, 1), count(5, 0, 0, 0), count(2, 0, 0, 0), Count::default()]),
            room("kube-system", quiet(18, 7)),
        ],
        rollouts: vec![
            rollout("catalog", Health::Failed, 3, None),
            rollout("orders", Health::Progressing, 3, Some(now().plus_seconds(432))),
        ],
        live: 22,
        open: 24,
        behind: vec![
            Behind {
                kind: Arc::from("pods"),
                namespace: None,
                sync: Sync::Listing { seen: 4500, total: Some(10_000) },
            },
            Behind { kind: Arc::from("nodes"), namespace: None, sync: Sync::Forbidden },
        ],
        objects: 412,
    };
    let mut scene = scene(size, false, Content::Home(HomePane { home, selected: Some(1), line: 1, now: now() }));
    scene.title.left.truncate(2);
    scene.title.left.push(Span::text("all namespaces"));
    scene
}

fn rollout(name: &str, health: Health, updated: u32, deadline: Option<Timestamp>) -> Rollout {
    Rollout { key: ObjectRef::new(POD, "shop-prod", name), health, updated, wanted: 6, available: 5, deadline }
}

fn heading(name: &str, align: Align, width: usize) -> Heading {
    Heading { name: Arc::from(name), align, width, sorted: None }
}

fn row(cells: [&str; 5], health: Health) -> Row {
    let cell = |(index, text): (usize, &&str)| RowCell {
        text: (*text).to_owned(),
        health: (index == 2).then_some(health),
        changed: false,
        found: Vec::new(),
    };
    Row {
        key: ObjectRef::new(POD, "shop-prod", cells[0]),
        health: Some(health),
        deleting: false,
        marked: false,
        cells: cells.iter().enumerate().map(cell).collect(),
    }
}

fn table() -> Table {
    let mut rows = vec![
        row(["catalog-6c4f8d9b7d-2xkqp", "1/1", "Running", "0", "3d"], Health::Ready),
        row(["catalog-77b6d5c9f8-p5l8m", "0/1", "ImagePullBackOff", "0", "11m"], Health::Failed),
        row(["orders-5d8c7b9f4d-k2x9q", "0/1", "CrashLoopBackOff", "6 (31s ago)", "9m20s"], Health::Failed),
        row(["orders-5d8c7b9f4d-m8tzw", "0/1", "Init:0/1", "0", "2m40s"], Health::Progressing),
        row(["payments-bxbgvdn4kj-q5wfw", "1/1", "Terminating", "1 (40d ago)", "41d"], Health::Warn),
        row(["reports-28940210-v7t2k", "0/1", "Unknown", "0", "1h"], Health::Unknown),
        row(
            [
                "a-name-as-long-as-kubernetes-allows-which-needs-to-be-cut-somewhere-7c9f5d8b6-x2m4q",
                "1/1",
                "Running",
                "0",
                "12d",
            ],
            Health::Ready,
        ),
    ];
    rows[2].cells[3].changed = true;
    rows[4].deleting = true;
    rows[5].marked = true;
    let mut columns = vec![
        heading("NAME", Align::Left, 82),
        heading("READY", Align::Right, 5),
        heading("STATUS", Align::Left, 16),
        heading("RESTARTS", Align::Right, 11),
        heading("AGE", Align::Right, 5),
    ];
    columns[0].sorted = Some(false);
    let key = rows[2].key.clone();
    let (shown, total, everywhere) = (41, 41, 214);
    Table {
        columns,
        rows,
        first: 0,
        selected: Some(2),
        selected_key: Some(key),
        shown,
        total,
        everywhere,
        next_change: None,
    }
}

fn link(health: Health, text: &str) -> Line {
    Line::of(vec![Span::new(text, Role::Link)]).state(Some(health)).to(Some(ObjectRef::new(POD, "a", "b")))
}

fn detail(selected: Option<usize>) -> DetailPane {
    let section = |title: &str, lines| Section { title: title.to_owned(), lines };
    let words = |text: &str| Line::text(text);
    let sections = vec![
        section(
            "containers",
            vec![
                Line::of(vec![
                    Span::text("app  "),
                    Span::dim("shop/orders:v2.0  "),
                    Span::new("waiting CrashLoopBackOff", Role::State(Health::Failed)),
                    Span::text("  6 restarts"),
                ]),
                words("last run 10:41:36, 4 s, exit 137 OOMKilled"),
            ],
        ),
        section(
            "conditions",
            vec![
                words("Ready: ContainersNotReady 9m").state(Some(Health::Failed)),
                words("PodScheduled: worker-1").state(Some(Health::Ready)),
            ],
        ),
        section(
            "owner",
            vec![
                link(Health::Progressing, "replicaset/orders-5d8c7b9f4d"),
                link(Health::Progressing, "deployment/orders"),
            ],
        ),
        section("reached by", vec![link(Health::Failed, "ingress/orders"), link(Health::Ready, "service/orders")]),
        section(
            "events",
            vec![words(
                "31s  Warning  BackOff   Back-off restarting failed container app in pod orders-5d8c7b9f4d-k2x9q  ×14",
            )],
        ),
        section("labels", vec![Line::of(vec![Span::dim("app="), Span::text("orders")])]),
    ];
    let detail = Detail {
        title: "pod/orders-5d8c7b9f4d-k2x9q".to_owned(),
        health: Some(Health::Failed),
        word: "failed",
        answer: "OOMKilled: container app used more than 128Mi, exit 137, 31s ago; next try in 2m".to_owned(),
        sections,
        next_change: None,
    };
    DetailPane { detail, selected, line: 4 }
}

fn with_side(mut scene: Scene, pane: DetailPane) -> Scene {
    scene.side = scene.panes.side.map(|area| Pane { area, focused: false, content: Content::Detail(pane) });
    scene
}

fn pods(size: Size) -> Scene {
    let content = Content::Table(TablePane { table: table(), empty: None, sync: Sync::Live });
    let mut scene = with_side(scene(size, true, content), detail(None));
    scene.message =
        Message::Notice { text: "pod/orders-5d8c7b9f4d-k2x9q copied to the clipboard".into(), is_failure: false };
    scene
}

fn prompt(text: &str, error: Option<(std::ops::Range<usize>, String)>, note: &str) -> Message {
    Message::Prompt { sign: '/', text: text.to_owned(), cursor: text.len(), error, note: note.to_owned() }
}

fn filtered(size: Size) -> Scene {
    let mut table = table();
    table.rows.retain(|row| row.key.name.starts_with("orders"));
    table.rows.iter_mut().for_each(|row| row.cells[0].found.push(0..5));
    (table.shown, table.selected) = (2, Some(0));
    let mut scene = scene(size, true, Content::Table(TablePane { table, empty: None, sync: Sync::Live }));
    scene.title.left.extend([Span::new("/order", Role::Match), Span::text("2 shown")]);
    scene.message = prompt("order", None, "2 of 41");
    with_side(scene, detail(None))
}

fn wrong_filter(size: Size) -> Scene {
    let mut scene = pods(size);
    scene.message =
        prompt("age<2x /web", Some((4..6, "2x is no length of time: write 90s, 15m, 2h, 3d".to_owned())), "");
    scene
}

fn empty_table(size: Size, sync: Sync, lines: Vec<Line>) -> Scene {
    let table = Table { columns: table().columns, ..Table::default() };
    scene(size, true, Content::Table(TablePane { table, empty: Some(lines), sync }))
}

fn empty(size: Size) -> Scene {
    let lines =
        vec![Line::text("no pods in dev match /foo/"), Line::of(vec![Span::dim("214 in all namespaces: press 0")])];
    empty_table(size, Sync::Live, lines)
}

fn listing(size: Size) -> Scene {
    empty_table(
        size,
        Sync::Listing { seen: 4500, total: Some(10_000) },
        vec![Line::text("listing 4,500 of 10,000 pods")],
    )
}

fn stale(size: Size) -> Scene {
    let mut scene = pods(size);
    scene.stale_since = Some(now().plus_seconds(-95));
    scene.title.right[0] = Span::new("as of 95s ago, next try in 4s", Role::State(Health::Failed));
    scene.message = Message::Notice {
        text: "watch of pods failed: connection refused: start the API server or switch context with :ctx".into(),
        is_failure: true,
    };
    scene
}

fn detail_scene(size: Size) -> Scene {
    scene(size, false, Content::Detail(detail(Some(5))))
}

fn yaml(size: Size) -> Scene {
    let pair = |indent: &str, key: &str, text: &str, role| {
        Line::of(vec![
            Span::text(indent),
            Span::new(format!("{key}:"), Role::Field),
            Span::text(" "),
            Span::new(text, role),
        ])
    };
    let lines = vec![
        pair("", "apiVersion", "v1", Role::String),
        pair("", "kind", "Pod", Role::String),
        pair("", "spec", "", Role::Text),
        pair("  ", "nodeName", "\"worker-1\"", Role::String),
        pair("  ", "priority", "0", Role::Scalar),
        Line::of(vec![Span::new("managedFields hidden: press m", Role::Hidden)]),
    ];
    let title = "pod/orders-5d8c7b9f4d-k2x9q".to_owned();
    scene(size, false, Content::Text(TextPane { title, lines, first: 20, all: 180 }))
}

fn logs(size: Size, rows: Vec<LogRow>, empty: Vec<Line>) -> Scene {
    let head = vec![
        Line::of(vec![
            Span::text("2 streaming, 1 waiting"),
            Span::new("  live", Role::State(Health::Ready)),
            Span::new("  3 errors", Role::State(Health::Failed)),
            Span::new("  40 of 900 lines match level:warn", Role::Match),
            Span::new("  4.2 s behind", Role::State(Health::Warn)),
        ]),
        Line::of(vec![Span::new("orders-0 ended: exit 137 OOMKilled, 6 restarts", Role::State(Health::Failed))])
            .state(Some(Health::Failed)),
    ];
    let count = |lines, errors| BarCount { lines, errors };
    let counts = vec![count(4, 0), count(9, 0), count(0, 0), count(31, 2), count(12, 9), count(1, 0)];
    let chart = Some(Chart { bars: Bars { first: now().seconds(), step: 5, counts, before: 3 }, here: Some(3) });
    let all = rows.len() * 20;
    let window = LogWindow { rows, first: 0, all, label: 13..22 };
    let pane = LogsPane { head, chart, window, empty, next_change: None };
    scene(size, false, Content::Logs(pane))
}

fn log_lines(size: Size) -> Scene {
    let painted = Paint { colour: Some(Colour::Indexed(3)), bold: true, ..Paint::default() };
    let row = |number, spans: Vec<Span>| LogRow { number, line: Line::of(spans), is_selected: number == 1 };
    let lead = |time: &str| vec![Span::dim(format!("{time} ")), Span::new("orders-0  ", Role::Link)];
    let mut warn = lead("10:42:01.004");
    warn.extend([Span::new("▲ ", Role::State(Health::Warn)), Span::new("×14 ", Role::Key), Span::text("slow query")]);
    let mut own = lead("10:42:02.118");
    own.extend([Span::text("  "), Span::new("in its own colour", Role::Painted(painted))]);
    let mut mark = lead("            ");
    mark.extend([Span::dim("── "), Span::new("container ended, exit 137 OOMKilled", Role::Header)]);
    logs(size, vec![row(0, warn), row(1, own), row(2, mark)], Vec::new())
}

fn log_waiting(size: Size) -> Scene {
    logs(size, Vec::new(), vec![Line::text("orders-1 waits: ContainerCreating")])
}

fn palette(size: Size) -> Scene {
    let mut scene = pods(size);
    let line = |text: &str, found, detail: &str| Choice { text: text.to_owned(), found, detail: detail.to_owned() };
    let lines = vec![
        line("pods", vec![0..2], "kind, 41 here"),
        line("podtemplates", vec![0..2], "kind"),
        line("persistentvolumes", vec![0..1, 5..6], "kind, 4"),
    ];
    scene.panes = panes(size, Some(LEFT), lines.len());
    scene.choices = Some(Choices { lines, selected: 0 });
    scene.message =
        Message::Prompt { sign: ':', text: "po".into(), cursor: 1, error: None, note: "<tab> completes".into() };
    scene
}

fn namespaces(size: Size) -> Scene {
    let entry = |text: &str, health, detail: &str| Entry {
        health,
        text: text.to_owned(),
        detail: detail.to_owned(),
        ..Entry::default()
    };
    let mut entries = vec![
        entry("all namespaces", None, "214 pods"),
        entry("shop-prod", Some(Health::Failed), "41 pods, 2 failed"),
        entry("shop-staging", Some(Health::Ready), "12 pods"),
        entry("kube-system", Some(Health::Ready), "18 pods"),
    ];
    entries[1].current = true;
    entries[2].marked = true;
    let title = "which namespaces? <space> marks several".to_owned();
    scene(
        size,
        false,
        Content::Picker(PickerPane {
            title,
            entries,
            columns: None,
            told: Vec::new(),
            first: 0,
            selected: Some(2),
            all: 20,
        }),
    )
}

fn unreachable(size: Size) -> Scene {
    let lines = vec![
        Line::of(vec![Span::new("https://10.0.0.1:6443 does not answer", Role::Danger)]).state(Some(Health::Failed)),
        Line::text("connection refused: nothing listens on port 6443 of 10.0.0.1"),
        Line::text("start the API server, or open another context with :ctx; the next try is in 4s"),
    ];
    let mut scene = scene(size, false, Content::Empty(lines));
    scene.title.left.truncate(2);
    scene.title.right[0] = Span::new("unreachable", Role::State(Health::Failed));
    scene
}

/// What a cluster may contain and a terminal must never obey.
fn hostile(size: Size) -> Scene {
    let mut table = table();
    table.rows.truncate(3);
    table.rows[0].cells[0].text = "evil\u{1b}[2J\u{1b}]0;title\u{7}".to_owned();
    table.rows[1].cells[2].text = "\u{202e}gninnuR\u{2066}\u{200b}\u{feff}".to_owned();
    table.rows[2].cells[0].text = format!("日本語の名前👩\u{200d}💻a{}", "\u{301}".repeat(40));
    table.rows[2].cells[0].found = vec![0..3, 900..1000, 1..2];
    let mut scene = scene(size, false, Content::Table(TablePane { table, empty: None, sync: Sync::Live }));
    scene.message = Message::Notice { text: "line one\nline two\r\u{9b}31m".to_owned(), is_failure: true };
    scene
}
