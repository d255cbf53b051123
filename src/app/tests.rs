//! Key scripts: keys in, effects and scenes out.

use super::*;
use crate::app::event::{Connected, Event, Input, Reply};
use crate::app::keymap::script;
use crate::app::scene::{Content, Scene};
use crate::kinds::{Catalog, Cell, Digest, Health, Meta, NAMESPACE, ObjectRef, POD, Record};
use crate::model::{Change, Scope, Sync};

const NOW: Timestamp = Timestamp(1_795_171_327_000_000);

/// A pod or namespace from `ns/name status`.
fn record(line: &str) -> Record {
    let (path, status) = line.split_once(' ').unwrap_or((line, "Running"));
    let (namespace, name) = path.split_once('/').unwrap_or(("", path));
    let key = ObjectRef::new(if namespace.is_empty() { NAMESPACE } else { POD }, namespace, name);
    let health = if status == "Running" || status == "Active" { Health::Ready } else { Health::Failed };
    Record {
        key,
        meta: Meta { uid: Arc::from(line), created: Some(NOW.plus_seconds(-300)), ..Meta::default() },
        digest: Digest { health: Some(health), cells: Box::new([Cell::text(status)]), ..Digest::default() },
    }
}

/// An app of this size, connected to a cluster of these objects.
fn app(size: (u16, u16), objects: &[&str]) -> App {
    let start = Start {
        contexts: vec![Arc::from("shop"), Arc::from("other")],
        context: Some(Arc::from("shop")),
        nowhere: None,
        view: None,
        namespaces: Vec::new(),
        settings: Settings::default(),
        now: NOW,
        size: Size { width: size.0, height: size.1 },
    };
    let (mut app, effects) = App::start(start);
    assert_eq!(effects, [Effect::Connect { context: Arc::from("shop"), epoch: Epoch(1), terminal: false }]);
    let connected =
        Connected { catalog: Catalog::builtin(), version: "v1.36.3".into(), server: "demo".into(), user: None };
    app.update(Event::Reply(Epoch(1), Reply::Connected(Box::new(connected))));
    let (namespaces, pods): (Vec<Record>, Vec<Record>) =
        objects.iter().map(|line| record(line)).partition(|r| r.key.kind == NAMESPACE);
    let changes = vec![
        Change::Replace(Scope::all(POD), pods),
        Change::Replace(Scope::all(NAMESPACE), namespaces),
        Change::Sync(Scope::all(POD), Sync::Live),
        Change::Sync(Scope::all(NAMESPACE), Sync::Live),
    ];
    app.update(Event::Reply(Epoch(1), Reply::Cluster(changes)));
    app
}

fn keys(app: &mut App, text: &str) -> Vec<Effect> {
    let chords = script(text).unwrap();
    chords.into_iter().flat_map(|chord| app.update(Event::Input(Input::Key(chord)))).collect()
}

fn selected(scene: &Scene) -> String {
    match &scene.main.content {
        Content::Table(pane) => pane.table.selected_key.as_ref().map_or_else(String::new, |key| key.name.to_string()),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_selection_moves_and_stays_on_its_object() {
    let mut app = app((80, 24), &["dev/a", "dev/b", "dev/c"]);
    keys(&mut app, ":po<enter>j");
    assert_eq!(selected(&app.scene()), "b");
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(record("dev/aa"))])));
    assert_eq!(selected(&app.scene()), "b");
    keys(&mut app, "G");
    assert_eq!(selected(&app.scene()), "c");
}
