//! Every question that is asked before something is done, as pictures: on the demo's shop, at the smallest and at a wide
//! size. Each is rehearsed by the demo's own API server.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use kplumb::api::connect::Options;
use kplumb::app::event::{Event, Input};
use kplumb::app::keymap::script;
use kplumb::app::policy::Policy;
use kplumb::app::scene::{Content, Message};
use kplumb::app::session::Session;
use kplumb::app::{App, Size, Start};
use kplumb::runtime::clipboard::{Clipboard, Preference, Surroundings};
use kplumb::runtime::clock::Clock;
use kplumb::runtime::editor::Editor;
use kplumb::runtime::journal::Journal;
use kplumb::runtime::source::{Embedded, Source};
use kplumb::runtime::surface::Memory;
use kplumb::runtime::world::World;
use kplumb::runtime::{Look, Runtime};
use kplumb::ui::{Theme, export};
use kplumb::view::line::Line;
use kplumb::wire::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::time::{Instant, timeout};

const NOW: Timestamp = Timestamp(1_795_171_327_000_000);
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

/// The editor of these pictures: each object is changed in its own way.
const EDITOR: &str = "sed -i -e '/name: storefront$/,$ s/replicas: .*/replicas: 4/' \
-e '/name: orders$/,$ s/replicas: .*/replicas: 0/' -e '/name: catalog$/,$ s/replicas: .*/replicas: -1/'";
/// The question, where it stands, and the keys that lead to it: behind each bar the program waits for what was asked,
/// and behind what begins with ! also for what was confirmed.
const QUESTIONS: &[(&str, &str, &str)] = &[
    ("restart", "deploy shop-prod", "/storefront<enter>|r"),
    ("scale", "deploy shop-prod", "/storefront<enter>|s"),
    ("scale-wrong", "deploy shop-prod", "/storefront<enter>|s|many<enter>"),
    ("scale-up", "deploy shop-prod", "/storefront<enter>|s|9<enter>"),
    ("scale-to-zero", "deploy shop-prod", "/storefront<enter>|s|0<enter>"),
    ("undo-stuck", "deploy shop-prod", "/catalog<enter>|u"),
    ("undo-refused", "deploy shop-prod", "/catalog<enter>|:undo 1<enter>"),
    ("undo-ordered", "sts all", "/mysql<enter>|u"),
    ("image", "deploy shop-prod", "/catalog<enter>|i"),
    ("image-new", "deploy shop-prod", "/catalog<enter>|:image *=shop/catalog:latest<enter>"),
    ("pause", "deploy shop-prod", "/catalog<enter>|p"),
    ("resume", "deploy shop-prod", "/catalog<enter>|p|!y|:resume<enter>"),
    ("partition", "sts all", "/mysql<enter>|:partition 1<enter>"),
    ("delete", "deploy shop-prod", "/storefront<enter>|<ctrl-d>"),
    ("evict", "pods shop-prod", "/storefront<enter>|E"),
    ("exec", "pods shop-prod", "/storefront<enter>|s"),
    ("exec-which", "pods shop-prod", "/storefront<enter>|:exec nothing -- ls<enter>"),
    ("attach", "pods shop-prod", "/storefront<enter>|:attach<enter>"),
    ("debug", "pods shop-prod", "/storefront<enter>|:debug<enter>"),
    ("debug-beside", "pods shop-prod", "/storefront<enter>|:debug<enter>|<enter>"),
    ("copy-out", "pods shop-prod", "/storefront<enter>|:copy-out /etc here<enter>"),
    ("copy-out-refused", "pods shop-prod", "/storefront<enter>|:copy-out ../etc<enter>"),
    ("cordon", "nodes", "|C"),
    ("uncordon", "nodes", "|C|!y|:uncordon<enter>"),
    ("drain", "nodes", "/worker-1<enter>|:drain emptydir force<enter>"),
    ("many", "deploy shop-prod", "<space><space><space>|r"),
    ("edit", "deploy shop-prod", "/storefront<enter>|e"),
    ("edit-to-zero", "deploy shop-prod", "/orders<enter>|e"),
    ("edit-refused", "deploy shop-prod", "/catalog<enter>|e"),
    ("apply", "deploy shop-prod", "|:apply tests/apply/given.yaml<enter>"),
    ("actions", "deploy shop-prod", "/catalog<enter>|a"),
    ("trigger", "cronjobs shop-prod", "|x"),
    ("suspend-cronjob", "cronjobs shop-prod", "|p"),
    ("resume-cronjob", "cronjobs shop-prod", "|p|!y|:resume-cronjob<enter>"),
    ("weight", "httproutes all", "/shop<enter>|W"),
    ("recreate", "pdb shop-prod", "|<ctrl-d>|!catalog<enter>|z"),
    ("switch", "svc shop-prod", "/checkout<enter>|b"),
    ("switch-version", "svc shop-prod", "/checkout<enter>|b|<enter>"),
    ("promote", "ro shop-staging", "|b"),
    ("promote-full", "ro shop-staging", "|B"),
    ("abort", "ro shop-staging", "|x"),
    ("retry-refused", "ro shop-staging", "|:retry-rollout<enter>"),
    ("pause-rollout", "ro shop-staging", "|p"),
    ("restart-rollout", "ro shop-staging", "|r"),
    ("undo-rollout", "ro shop-staging", "|u"),
    ("image-rollout", "ro shop-staging", "|:image ranking=registry.example.com/shop/ranking:v1.0.0<enter>"),
    ("undo-many", "deploy shop-prod", "jj<space><space>|z"),
    ("forward", "svc shop-prod", "/storefront<enter>|F"),
    ("forward-wrong", "svc shop-prod", "/storefront<enter>|F|<ctrl-u>81<enter>"),
    ("forward-service", "svc shop-prod", "/storefront<enter>|:forward 48231:80<enter>"),
    ("forward-workload", "deploy shop-prod", "/storefront<enter>|:forward 48232:8080<enter>"),
    ("forward-refused", "svc shop-prod", "/checkout<enter>|F"),
];

/// Questions that are asked where the policy does not say that anything may be done: the policy, and the keys.
const DOORS: &[(&str, &str, &str)] = &[
    ("may-operate", "", "/storefront<enter>|r"),
    (
        "may-elevate",
        "[[policy]]\nmatch = { context = \"shop\" }\nmode = \"observe\"\nelevate = { ttl = \"10m\" }\n",
        "/storefront<enter>|r",
    ),
];

fn program(view: &str, policy: Policy, record: &Path, (width, height): (u16, u16)) -> Runtime<Memory> {
    let options = Options::observing(|| NOW);
    let source = Source::Demo(Embedded::new(NOW), Box::new(options));
    let start = Start { view: Some(view.to_owned()), policy, ..Start::on(&["shop"], NOW, Size { width, height }) };
    let clock = Clock::Frozen(NOW);
    let clipboard = Clipboard::new(Preference::default(), Surroundings::default(), std::env::temp_dir());
    let (world, heard) = World::new(source, clock, clipboard, Vec::new());
    let world = world.keeping(Journal::new(record.to_owned()), None).editing(Some(Editor(EDITOR.to_owned())));
    let theme = Theme::embedded("default").unwrap();
    Runtime::new(App::start(start), Memory::new(width, height), world, heard, Look { clock, theme })
}

/// Lets the program work until it has nothing more to hear.
async fn until(program: &mut Runtime<Memory>, what: &str, holds: impl Fn(&App) -> bool) {
    let end = Instant::now() + Duration::from_secs(180);
    while !holds(&program.app) {
        assert!(Instant::now() < end, "{what}:\n{}", export::text(program.surface.buffer()));
        let _ = timeout(Duration::from_millis(20), program.turn()).await;
    }
}

fn is_live(app: &App) -> bool {
    let title = app.scene().title.right;
    title.iter().any(|span| span.text == "live")
}

fn is_told(app: &App) -> bool {
    let waits = [
        "it is in your editor",
        "reading the object",
        "asking the server what would come of it",
        "  asking",
        "asking whether you may",
        "looking whether the port is free here",
        "following the paths that it touches",
    ];
    // What a change does to paths is told once everything is listed, also for a detail that opened beside the table.
    if !app.session().is_some_and(Session::is_whole) {
        return false;
    }
    let scene = app.scene();
    if matches!(&scene.message, Message::Notice { text, .. } if text.starts_with("reading ")) {
        return false;
    }
    let mut lines: Vec<String> =
        scene.dialog.map_or_else(Vec::new, |pane| pane.lines.iter().map(Line::plain).collect());
    if let Content::Picker(pane) = scene.main.content {
        lines.extend(pane.entries.into_iter().map(|entry| entry.detail));
    }
    !lines.iter().any(|line| waits.iter().any(|wait| line.contains(wait)))
}

fn is_done(app: &App) -> bool {
    matches!(app.scene().message, Message::Notice { text, .. } if text.contains(": done"))
}

async fn picture(view: &str, policy: Policy, keys: &str, size: (u16, u16)) -> String {
    let record = tempfile::tempdir().unwrap();
    let mut program = program(view, policy, record.path(), size);
    until(&mut program, "the list does not come", is_live).await;
    let mut now = NOW;
    for part in keys.split('|') {
        for chord in script(part.trim_start_matches('!')).unwrap() {
            program.feed(Event::Input(Input::Key(chord))).unwrap();
        }
        if part.starts_with('!') {
            until(&mut program, "it is not done", is_done).await;
        }
        until(&mut program, "the server says nothing", is_told).await;
        // After a moment the question is heard.
        now = now.plus_seconds(1);
        program.feed(Event::Tick(now)).unwrap();
    }
    let mut scene = program.app.scene();
    if scene.dialog.is_some() {
        // How far paths have been followed behind the question is a matter of time.
        scene.main.content = Content::Empty(Vec::new());
        scene.side = None;
    }
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    kplumb::ui::paint(&scene, &mut buffer, &Theme::embedded("default").unwrap());
    export::text(&buffer)
}

#[tokio::test]
async fn every_question_says_what_would_happen() {
    for (name, view, keys) in QUESTIONS {
        for size in SIZES {
            let picture = picture(view, Policy::demo(), keys, size).await;
            insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), picture);
        }
    }
    for (name, policy, keys) in DOORS {
        for size in SIZES {
            let picture = picture("deploy shop-prod", Policy::parse(policy, "policy.toml"), keys, size).await;
            insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), picture);
        }
    }
}
