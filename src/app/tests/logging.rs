//! Key scripts on logs: lines in, keys, what is shown and what goes out.

mod leaving;
mod marks;
mod told;

use super::*;
use crate::app::event::MouseAction;
use crate::app::pointer::{Target, target};
use crate::app::scene::LogsPane;
use crate::view::logs::batch::{Batch, SourceId, Stamp};
use crate::view::logs::shelf::{Answer, Order};
use crate::view::trace::fixture;

const PODS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, uid: u1}
spec: {containers: [{name: app, image: a}, {name: proxy, image: b}]}
status: {phase: Running, containerStatuses: [{name: app, state: {running: {}}}, {name: proxy, state: {running: {}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: worker, namespace: shop, uid: u2}
spec: {containers: [{name: app, image: a}]}
status:
  phase: Running
  containerStatuses:
  - name: app
    restartCount: 6
    state: {waiting: {reason: CrashLoopBackOff}}
    lastState: {terminated: {exitCode: 137, reason: OOMKilled}}
---
apiVersion: v1
kind: Pod
metadata: {name: young, namespace: shop, uid: u3}
spec: {containers: [{name: app, image: a}]}
status: {phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}
";

/// What the first container says, at these seconds after 10:40:00; the second says `ping` in between.
const LINES: [(i64, &str); 7] = [
    (0, "starting"),
    (1, "served 1 in 3 ms"),
    (2, "served 2 in 14 ms"),
    (3, r#"{"level":"error","msg":"no stock","trace_id":"ab12","order":{"id":7}}"#),
    (4, "served 3 in 5 ms"),
    (60, "ERROR no database"),
    (120, "served 4 in 5 ms"),
];

/// The logs of a pod, on a screen of this size, with all lines in place.
fn logs(size: (u16, u16), pod: &str) -> App {
    logs_of(PODS, size, pod)
}

fn logs_of(yaml: &str, size: (u16, u16), pod: &str) -> App {
    let mut app = app(size, &["shop"]);
    let pods = fixture::world(yaml, |world| world.cluster.of(POD).map(|pod| (**pod).clone()).collect());
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Replace(Scope::all(POD), pods)])));
    let effects = keys(&mut app, &format!(":po<enter>/{pod}<enter>l"));
    let opened = effects.into_iter().find_map(|effect| match effect {
        Effect::Logs(_, ticket, streams) if !streams.is_empty() => Some((ticket, streams.len())),
        _ => None,
    });
    let (ticket, streams) = opened.expect("no log is read");
    let begin = Timestamp::parse("2026-11-20T10:40:00Z").unwrap();
    let mut batches = vec![(SourceId(0), Batch::default()), (SourceId(1), Batch::default())];
    for (at, line) in LINES {
        let stamp = |millis: i64| Some(Stamp((begin.plus_seconds(at).0 + millis * 1_000) * 1_000));
        batches[0].1.line(stamp(0), line.as_bytes());
        batches[1].1.line(stamp(500), b"ping");
    }
    batches.truncate(streams);
    if pod != "young" {
        app.update(Event::Logs(Epoch(1), ticket, batches));
    }
    app.update(Event::Tick(NOW.plus_seconds(30)));
    app
}

fn pane(app: &App) -> LogsPane {
    let scene = app.scene();
    let contents = [Some(scene.main), scene.side].into_iter().flatten().map(|pane| pane.content);
    let mut logs = contents.filter_map(|content| match content {
        Content::Logs(logs) => Some(logs),
        _ => None,
    });
    logs.next_back().expect("no logs are on screen")
}

/// The lines on screen, without times and names.
fn lines(app: &App) -> Vec<String> {
    let rows = pane(app).window.rows;
    let text = |plain: String| {
        plain
            .split_once("app   ")
            .or(plain.split_once("proxy "))
            .map_or(plain.clone(), |(_, rest)| rest.trim().to_owned())
    };
    rows.iter().map(|row| text(row.line.plain())).collect()
}

fn head(app: &App) -> String {
    pane(app).head.iter().map(|line| line.plain() + "\n").collect()
}

fn copies(effects: &[Effect]) -> Vec<String> {
    let text = |effect: &Effect| match effect {
        Effect::Copy { text, .. } => Some(text.clone()),
        _ => None,
    };
    effects.iter().filter_map(text).collect()
}

fn list(app: &App) -> Vec<(String, String)> {
    let scene = app.scene();
    let contents = [Some(scene.main), scene.side].into_iter().flatten().map(|pane| pane.content);
    let mut lists = contents.filter_map(|content| match content {
        Content::Picker(list) => Some(list.entries.into_iter().map(|entry| (entry.text, entry.detail)).collect()),
        _ => None,
    });
    lists.next_back().unwrap_or_default()
}

#[test]
fn terms_of_the_filter_are_a_list_that_can_be_switched() {
    let mut app = logs((80, 24), "web");
    assert_eq!(lines(&app).len(), 14);
    keys(&mut app, "fserved !ping<enter>");
    assert_eq!(lines(&app).len(), 4);
    keys(&mut app, "F");
    assert_eq!(list(&app)[1], ("!ping".to_owned(), "on  exclude".to_owned()));
    keys(&mut app, "<space>");
    assert_eq!(list(&app)[0].1, "off  include");
    keys(&mut app, "<esc>");
    assert_eq!(lines(&app).len(), 7, "only !ping is on");
    keys(&mut app, "Fjd<esc>");
    assert_eq!(lines(&app).len(), 14);
    keys(&mut app, "Fd");
    assert!(list(&app).is_empty(), "the list closes with its last term");
    assert!(!head(&app).contains("match"));
}

#[test]
fn streams_are_hidden_and_shown_alone() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "P");
    assert_eq!(list(&app).len(), 2);
    assert!(list(&app)[0].1.contains("streaming") && list(&app)[0].1.contains("7 lines  2 errors"), "{:?}", list(&app));
    keys(&mut app, "gj<space><esc>");
    assert_eq!(lines(&app).len(), 7);
    assert!(head(&app).contains("1 hidden"));
    keys(&mut app, "Pg<enter><esc>");
    assert_eq!(lines(&app).len(), 14, "it was the only one, so all are shown again");
    keys(&mut app, "Pg<enter><esc>");
    assert_eq!(lines(&app).len(), 7);
}

#[test]
fn a_name_that_is_pressed_opens_the_streams_at_it() {
    let mut app = logs((80, 24), "web");
    let label = pane(&app).window.label.start as u16 + 2;
    app.update(Event::Input(Input::Mouse { action: MouseAction::Click, x: label, y: 3 }));
    assert_eq!(list(&app).len(), 2);
    app.update(Event::Input(Input::Mouse { action: MouseAction::Click, x: label, y: 2 }));
    assert!(list(&app)[0].1.starts_with("hidden"), "{:?}", list(&app));
}

#[test]
fn what_repeats_is_shown_once_with_its_number() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "f!ping<enter>zz");
    assert!(lines(&app).contains(&"×2 served 1 in 3 ms".to_owned()), "{:?}", lines(&app));
    assert!(head(&app).contains("folded but for numbers"));
    keys(&mut app, "z");
    assert_eq!(lines(&app).len(), 7);
}

#[test]
fn a_record_shows_its_fields_and_goes_to_its_neighbours() {
    let mut app = logs((160, 50), "web");
    keys(&mut app, "Zf!ping<enter>@10:40:03<enter><enter>");
    let record = |app: &App| match app.scene().side.map(|pane| pane.content) {
        Some(Content::Text(text)) => text.lines.iter().map(|line| line.plain() + "\n").collect::<String>(),
        other => panic!("{other:?}"),
    };
    assert!(record(&app).contains("order.id") && record(&app).contains("shop/web app"), "{}", record(&app));
    keys(&mut app, "j");
    assert!(record(&app).contains("served 3 in 5 ms"));
    keys(&mut app, "<esc>");
    assert_eq!(app.scene().side, None);
}

#[test]
fn ranges_are_copied_and_saved() {
    let mut app = logs((80, 24), "web");
    let copied = keys(&mut app, "fserved<enter>gvjjc");
    assert_eq!(copies(&copied), ["served 1 in 3 ms\nserved 2 in 14 ms\nserved 3 in 5 ms"]);
    let copied = keys(&mut app, "gmjMC");
    assert!(copies(&copied)[0].starts_with("2026-11-20T10:40:01.000Z web/app served 1"), "{copied:?}");
    assert_eq!(copies(&copied)[0].lines().count(), 2);
    let saved = keys(&mut app, "gvjs<ctrl-u>out.json<enter>");
    let Some(Effect::Save { path, bytes, what, .. }) = saved.last() else { panic!("{saved:?}") };
    assert_eq!((path.as_deref(), what.as_deref()), (Some("out.json"), Some("2 lines")));
    let first: serde_json::Value = serde_json::from_slice(bytes.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!((&first["pod"], &first["text"]), (&"web".into(), &"served 1 in 3 ms".into()));
    let saved = keys(&mut app, "s<enter>");
    let Some(Effect::Save { path, what, .. }) = saved.last() else { panic!("{saved:?}") };
    let ending = path.as_deref().and_then(|path| path.split('.').next_back());
    assert_eq!((ending, what.as_deref()), (Some("txt"), Some("4 lines")));
}

#[test]
fn lines_that_are_drawn_over_are_copied_when_the_button_is_let_go() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "fserved<enter>");
    let at = |action, y| Event::Input(Input::Mouse { action, x: 40, y });
    app.update(at(MouseAction::Click, 3));
    app.update(at(MouseAction::Drag, 5));
    assert!(head(&app).contains("3 lines chosen"), "{}", head(&app));
    let effects = app.update(at(MouseAction::Release, 5));
    assert_eq!(copies(&effects)[0].lines().count(), 3);
    assert!(copies(&app.update(at(MouseAction::Release, 5))).is_empty());
}

#[test]
fn text_that_is_drawn_over_within_a_line_is_copied_and_can_be_hidden() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "fserved<enter>");
    let row = pane(&app).window.rows[0].line.plain();
    let x = 1 + row.find("served 1 in").unwrap() as u16;
    let at = |action, x| Event::Input(Input::Mouse { action, x, y: 2 });
    app.update(at(MouseAction::Click, x));
    app.update(at(MouseAction::Drag, x + 20));
    app.update(at(MouseAction::Drag, x + 7));
    let effects = app.update(at(MouseAction::Release, x + 7));
    assert_eq!(copies(&effects), ["served 1"]);
    keys(&mut app, "X");
    assert_eq!(lines(&app), ["served 2 in 14 ms", "served 3 in 5 ms", "served 4 in 5 ms"]);
}

#[test]
fn a_search_goes_to_the_nearest_line_and_on_from_there() {
    let mut app = logs((80, 24), "web");
    let here = |app: &App| {
        let rows = pane(app).window.rows;
        rows.iter().find(|row| row.is_selected).unwrap().line.plain()
    };
    keys(&mut app, "/SERVED<enter>");
    assert!(here(&app).contains("served 4"), "from the end upwards: {}", here(&app));
    keys(&mut app, "N");
    assert!(here(&app).contains("served 3"));
    keys(&mut app, "nn");
    assert!(here(&app).contains("served 4"));
    assert_eq!(message(&app.scene()), "SERVED was not found below");
    keys(&mut app, "N");
    assert_eq!(message(&app.scene()), "/SERVED: n to the next, N to the one before");
    keys(&mut app, "g/starting<enter>");
    assert!(here(&app).contains("starting"), "the line itself counts");
}

#[test]
fn the_run_before_says_how_it_ended_and_one_that_is_back_that_it_crashed() {
    let pod = PODS
        .replace("name: worker", "name: again")
        .replace("uid: u2", "uid: u4")
        .replace("waiting: {reason: CrashLoopBackOff}", "running: {startedAt: \"2026-11-20T10:42:00Z\"}");
    let pod = pod.replace("reason: OOMKilled}}", "reason: OOMKilled, finishedAt: \"2026-11-20T10:41:55Z\"}}");
    let mut app = logs_of(&pod, (100, 24), "again");
    assert!(
        head(&app).contains("again ended 42s ago: exit 137 OOMKilled, 6 restarts; it runs again"),
        "{}",
        head(&app)
    );
    keys(&mut app, "p");
    assert!(head(&app).contains("this is that run"), "{}", head(&app));
}

#[test]
fn times_are_gone_to_by_their_own_key_and_in_the_palette() {
    for script in ["@10:41<enter>", ":10:41<enter>", "@-1m<enter>"] {
        let mut app = logs((80, 24), "web");
        keys(&mut app, script);
        let pane = pane(&app);
        let selected = pane.window.rows.iter().find(|row| row.is_selected).unwrap().line.plain();
        assert!(selected.contains("10:41:00.000") || selected.contains("10:41:00.500"), "{script}: {selected}");
    }
    let mut app = logs((80, 24), "web");
    keys(&mut app, "@nonsense<enter>");
    assert!(message(&app.scene()).contains("is no time"));
}

#[test]
fn a_word_of_the_line_is_hidden_or_looked_for() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "f!ping<enter>G.X");
    assert!(!lines(&app).iter().any(|line| line.contains("served")), "{:?}", lines(&app));
    keys(&mut app, "Fjd<esc>G.*");
    assert_eq!(lines(&app).len(), 4);
}

#[test]
fn context_stands_around_what_the_filter_lets_through() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "fdatabase<enter>+");
    assert_eq!(lines(&app), ["served 3 in 5 ms", "✖ ERROR no database", "served 4 in 5 ms"]);
    keys(&mut app, "-");
    assert_eq!(lines(&app).len(), 1);
}

#[test]
fn bars_of_time_are_stepped_and_pressed() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "ig>");
    let chart = pane(&app).chart.unwrap();
    assert_eq!(chart.bars.counts.iter().map(|count| count.lines).sum::<u32>(), 14);
    assert!(0 < chart.here.unwrap());
    let (x, y) = (0..24)
        .flat_map(|y| (0..80).map(move |x| (x, y)))
        .find(|(x, y)| target(&app.scene(), *x, *y) == Some(Target::Bar(0)))
        .unwrap();
    app.update(Event::Input(Input::Mouse { action: MouseAction::Click, x, y }));
    assert_eq!(pane(&app).chart.unwrap().here, Some(0));
    keys(&mut app, "<lt>");
    assert_eq!(message(&app.scene()), "this is the first bar");
}

#[test]
fn times_count_from_a_line_on() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "@10:41<enter>T");
    let rows = pane(&app).window.rows;
    assert!(rows.iter().any(|row| row.line.plain().trim_start().starts_with("+01:00.000")), "{rows:?}");
    keys(&mut app, "T");
    assert!(pane(&app).window.rows[0].line.plain().starts_with("10:40"));
}

#[test]
fn what_crashes_says_how_it_ended_above_its_last_lines() {
    let app = logs((80, 24), "worker");
    assert!(head(&app).contains("worker ended: exit 137 OOMKilled, 6 restarts"), "{}", head(&app));
    assert!(!lines(&app).is_empty());
}

#[test]
fn what_waits_says_for_what() {
    let mut app = logs((80, 24), "young");
    let Some((ticket, _)) = app.session().unwrap().logs.iter().next() else { panic!("no log is read") };
    let ticket = *ticket;
    let mut batch = Batch::default();
    batch.mark(crate::view::logs::batch::Mark::Waits(Arc::from("ContainerCreating")));
    app.update(Event::Logs(Epoch(1), ticket, vec![(SourceId(0), batch)]));
    app.update(Event::Tick(NOW.plus_seconds(60)));
    assert!(head(&app).contains("1 waiting"));
    assert!(lines(&app)[0].contains("waits: ContainerCreating"), "{:?}", lines(&app));
}

#[test]
fn on_wide_screens_logs_stand_beside_the_table_which_stays_usable() {
    let mut app = logs((200, 60), "web");
    let is_beside = |app: &App| app.scene().side.is_some_and(|pane| matches!(pane.content, Content::Logs(_)));
    assert!(is_beside(&app) && app.scene().side.unwrap().focused);
    keys(&mut app, "<tab>");
    assert!(is_beside(&app) && app.scene().main.focused);
    keys(&mut app, "<esc>gj");
    assert!(is_beside(&app), "the filter of the table is cleared, the logs stay");
    assert_eq!(selected(&app.scene()), "worker");
    keys(&mut app, "<tab>j");
    assert!(app.scene().side.unwrap().focused);
    keys(&mut app, "Z");
    assert!(matches!(app.scene().main.content, Content::Logs(_)) && app.scene().side.is_none());
    keys(&mut app, "Z<esc>");
    assert!(!is_beside(&app), "what was left is closed");
}

#[test]
fn quiet_logs_have_no_next_change() {
    let mut app = logs((80, 24), "web");
    app.update(Event::Tick(NOW.plus_seconds(600)));
    let scene = app.scene();
    let Content::Logs(pane) = &scene.main.content else { panic!("{scene:?}") };
    assert_eq!(pane.next_change, None);
    app.update(Event::Tick(NOW.plus_seconds(601)));
    assert_eq!(app.scene().main, scene.main);
}

#[test]
fn lines_on_disk_are_found_scrolled_to_and_saved() {
    let mut app = app((80, 24), &["shop"]);
    (app.settings.log_bytes, app.settings.log_disk) = (4 << 20, 64 << 20);
    let pods = fixture::world(PODS, |world| world.cluster.of(POD).map(|pod| (**pod).clone()).collect());
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Replace(Scope::all(POD), pods)])));
    let opened = keys(&mut app, ":po<enter>/worker<enter>l").into_iter().find_map(|effect| match effect {
        Effect::Logs(_, ticket, streams) if !streams.is_empty() => Some(ticket),
        _ => None,
    });
    let ticket = opened.expect("no log is read");
    let mut disk = Disk::default();
    for n in 0..200i64 {
        let mut batch = Batch::default();
        let mut line = format!("needle {n} ").into_bytes();
        line.resize(100_000, b'x');
        batch.line(Some(Stamp((NOW.0 + n) * 1_000)), &line);
        let effects = app.update(Event::Logs(Epoch(1), ticket, vec![(SourceId(0), batch)]));
        disk.serve(&mut app, effects);
        let effects = app.update(Event::Tick(NOW.plus_seconds(n + 1)));
        disk.serve(&mut app, effects);
    }
    assert!(disk.slots.len() > 10, "{} blocks are on disk", disk.slots.len());
    let effects = keys(&mut app, "gg");
    assert!(lines(&app)[0].contains("from disk"), "{:?}", lines(&app)[0]);
    disk.serve(&mut app, effects);
    assert!(lines(&app)[0].contains("needle 0 "), "{:?}", lines(&app)[0]);
    let effects = keys(&mut app, "G/needle 3 x<enter>");
    disk.serve(&mut app, effects);
    assert!(lines(&app).iter().any(|line| line.contains("needle 3 ")), "{:?}", lines(&app));
    let effects = keys(&mut app, "f/needle.(7|150).x/<enter>");
    disk.serve(&mut app, effects);
    assert_eq!(lines(&app).len(), 2, "{:?}", lines(&app));
    let effects = keys(&mut app, "s<ctrl-u>all.raw<enter>");
    disk.serve(&mut app, effects);
    assert_eq!((disk.file.split(|byte| *byte == b'\n').count(), disk.saved[0].as_str()), (3, "2 lines"));
    // All of it goes out a piece at a time, one after the other.
    disk.file.clear();
    let effects = keys(&mut app, "f<ctrl-u>needle<enter>");
    disk.serve(&mut app, effects);
    let effects = keys(&mut app, "s<ctrl-u>all.raw<enter>s<ctrl-u>other.raw<enter>");
    let said = app.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default();
    assert!(said.contains("are being saved"), "{said}");
    disk.serve(&mut app, effects);
    assert_eq!((disk.file.len(), disk.saved[1].as_str()), (200 * 100_001, "200 lines"));
    let numbers = disk
        .file
        .split(|byte| *byte == b'\n')
        .filter_map(|line| String::from_utf8_lossy(line.get(..20)?).split(' ').nth(1)?.parse::<usize>().ok());
    assert!(numbers.eq(0..200), "every line stands in the file, in its order");
    assert_eq!(disk.named, ["all.raw", "all.raw"]);
    assert!(disk.largest < 1 << 20, "{} bytes at once", disk.largest);
}

/// What the runtime does with lines that have no place in memory.
#[derive(Default)]
struct Disk {
    slots: Vec<Vec<u8>>,
    /// A file that is saved: what it is called, what it holds, its largest piece, and what it is in the end.
    named: Vec<String>,
    file: Vec<u8>,
    largest: usize,
    saved: Vec<String>,
}

impl Disk {
    /// Carries out what is asked for, and what follows from it; the other effects.
    fn serve(&mut self, app: &mut App, effects: Vec<Effect>) -> Vec<Effect> {
        let (mut left, mut others) = (std::collections::VecDeque::from(effects), Vec::new());
        while let Some(effect) = left.pop_front() {
            match effect {
                Effect::Shelve(volume, Order::Write { slot, bytes }) => {
                    self.slots.resize(self.slots.len().max(slot as usize + 1), Vec::new());
                    self.slots[slot as usize] = bytes.to_vec();
                    left.extend(app.update(Event::Shelf(volume, Answer::Written(slot))));
                }
                Effect::Shelve(volume, Order::Read { slot, .. }) => {
                    let bytes = self.slots[slot as usize].clone();
                    left.extend(app.update(Event::Shelf(volume, Answer::Read(slot, bytes))));
                }
                Effect::Continue => left.extend(app.update(Event::Continue)),
                Effect::Save { file, path, bytes, what } => {
                    self.largest = self.largest.max(bytes.len());
                    self.file.extend_from_slice(&bytes);
                    if what.is_none() {
                        left.extend(app.update(Event::Saved(file, true)));
                    }
                    self.named.extend(path);
                    self.saved.extend(what);
                }
                other => others.push(other),
            }
        }
        others
    }
}
