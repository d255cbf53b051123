//! Key scripts: keys in, effects and scenes out.

use super::*;
use crate::app::event::{Connected, Event, Input, Reply};
use crate::app::keymap::script;
use crate::app::scene::{Content, DetailPane, Scene};
use crate::kinds::{Catalog, Cell, Digest, Health, Meta, NAMESPACE, ObjectRef, POD, Record};
use crate::model::{Change, Scope, Sync};

mod acting;
mod lasting;
mod logging;
mod paths;
mod pointer;
mod rollouts;
mod watching;

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
    let start = Start::on(&["shop", "other"], NOW, Size { width: size.0, height: size.1 });
    let (mut app, effects) = App::start(start);
    assert_eq!(effects, [Effect::Connect { context: Arc::from("shop"), epoch: Epoch(1), terminal: false }]);
    let connected = Connected {
        catalog: Catalog::builtin(),
        version: "v1.36.3".into(),
        server: "demo".into(),
        user: None,
        cluster_uid: None,
    };
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

/// The page on screen.
fn page(app: &App) -> DetailPane {
    match app.scene().main.content {
        Content::Detail(pane) => pane,
        other => panic!("{other:?} is no page"),
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

fn rows(scene: &Scene) -> Vec<String> {
    match &scene.main.content {
        Content::Table(pane) => pane.table.rows.iter().map(|row| row.key.name.to_string()).collect(),
        other => vec![format!("{other:?}")],
    }
}

const SHOP: &[&str] =
    &["default", "dev", "prod", "dev/web-1", "dev/web-2 CrashLoopBackOff", "prod/api-1", "prod/api-2"];

/// Runs keys on a connected 80×24 screen; effects that only open or close watches are left out.
#[track_caller]
fn check(text: &str, want: &[Effect], seen: impl FnOnce(&App, &Scene)) {
    let mut app = app((80, 24), SHOP);
    let effects = keys(&mut app, text);
    let said: Vec<Effect> =
        effects.into_iter().filter(|e| !matches!(e, Effect::Watch(..) | Effect::Unwatch(..))).collect();
    assert_eq!(said, want);
    seen(&app, &app.scene());
}

fn copy(text: &str) -> Effect {
    Effect::Copy { text: text.to_owned(), what: text.to_owned() }
}

fn message(scene: &Scene) -> String {
    match &scene.message {
        scene::Message::Notice { text, .. } => text.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_kind_opens_by_its_short_name_and_esc_goes_home() {
    check(":po<enter>", &[], |_, scene| assert_eq!(rows(scene), ["web-1", "web-2", "api-1", "api-2"]));
    check(":po<enter><esc>", &[], |_, scene| assert!(matches!(scene.main.content, Content::Home(_))));
    check(":po<enter><esc>]", &[], |_, scene| assert_eq!(rows(scene).len(), 4));
    check(":pod<tab><enter>", &[], |_, scene| assert_eq!(rows(scene).len(), 4));
}

#[test]
fn a_filter_narrows_while_typing_and_esc_takes_it_back() {
    check(":po<enter>/crash", &[], |_, scene| {
        assert_eq!(rows(scene), ["web-2"]);
        assert!(matches!(&scene.message, scene::Message::Prompt { note, .. } if note == "1 of 4"));
    });
    check(":po<enter>/crash<esc>", &[], |_, scene| assert_eq!(rows(scene).len(), 4));
    check(":po<enter>/crash<enter><esc>", &[], |_, scene| assert_eq!(rows(scene).len(), 4));
    check(":po<enter>/web<enter>/<backspace><backspace>eb-1<enter>", &[], |_, scene| {
        assert_eq!(rows(scene), ["web-1"]);
    });
}

#[test]
fn a_filter_that_cannot_be_read_keeps_the_rows_and_says_where() {
    check(":po<enter>/web /(/", &[], |_, scene| {
        assert_eq!(rows(scene), ["web-1", "web-2"]);
        let scene::Message::Prompt { error: Some((at, _)), text, .. } = &scene.message else {
            panic!("{:?}", scene.message)
        };
        assert_eq!(&text[at.clone()], "/(/");
    });
}

#[test]
fn namespaces_change_by_line_by_digit_and_in_their_list() {
    check(":po prod<enter>", &[], |_, scene| assert_eq!(rows(scene), ["api-1", "api-2"]));
    check(":po prod<enter>0", &[], |_, scene| assert_eq!(rows(scene).len(), 4));
    check(":po prod<enter>01", &[], |_, scene| assert_eq!(rows(scene), ["api-1", "api-2"]));
    check(":po<enter>7", &[], |_, scene| assert!(message(scene).starts_with("no namespace on 7 yet")));
    check(":ns<enter>jj<enter>", &[], |_, scene| assert_eq!(rows(scene), ["web-1", "web-2"]));
    check(":ns<enter>jj<space><space><enter>", &[], |app, _| {
        assert_eq!(app.session().unwrap().namespaces.text(), "dev, prod");
    });
    check(":namespaces<enter>jj<enter>", &[], |_, scene| assert_eq!(rows(scene), ["api-1", "api-2"]));
    check(":po pro<enter>", &[], |_, scene| assert_eq!(rows(scene), ["api-1", "api-2"]));
}

#[test]
fn names_are_copied_one_or_all_marked() {
    check(":po<enter>jc", &[copy("web-2")], |_, _| {});
    let two = Effect::Copy { text: "web-1\nweb-2".to_owned(), what: "2 names".to_owned() };
    check(":po<enter><space><space>c", &[two], |_, _| {});
    let namespace = Effect::Copy { text: "dev".to_owned(), what: "namespace dev".to_owned() };
    check(":po<enter>n", &[namespace], |_, _| {});
}

#[test]
fn sorting_turns_round_on_the_second_press() {
    check(":po<enter>N", &[], |_, scene| assert_eq!(rows(scene), ["api-1", "api-2", "web-1", "web-2"]));
    check(":po<enter>NN", &[], |_, scene| assert_eq!(rows(scene), ["web-2", "web-1", "api-2", "api-1"]));
    check(":po<enter>Oj<enter>", &[], |_, scene| assert_eq!(rows(scene)[0], "api-1"));
}

#[test]
fn a_detail_is_fetched_after_a_moment_of_rest() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, ":po<enter>jd");
    let wake = app.scene().next_change.unwrap();
    assert!(wake <= NOW.plus_seconds(1));
    let pod = ObjectRef::new(POD, "dev", "web-2");
    assert!(app.update(Event::Tick(Timestamp(NOW.0 + 100_000))).is_empty());
    let after = app.update(Event::Tick(Timestamp(NOW.0 + 200_000)));
    assert_eq!(after, [Effect::Fetch(Epoch(1), pod.clone())]);
    assert!(app.update(Event::Tick(NOW.plus_seconds(5))).is_empty());
    let mut newer = record("dev/web-2 Running");
    newer.meta.resource_version = Arc::from("2");
    let again = app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(newer)])));
    assert_eq!(again, [Effect::Fetch(Epoch(1), pod)]);
}

#[test]
fn replies_of_an_older_connection_are_dropped() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, ":po<enter>");
    app.update(Event::Reply(Epoch(77), Reply::Cluster(vec![Change::Apply(record("dev/ghost"))])));
    assert_eq!(rows(&app.scene()).len(), 4);
    let effects = keys(&mut app, ":ctx other<enter>");
    let connect = Effect::Connect { context: Arc::from("other"), epoch: Epoch(2), terminal: false };
    assert_eq!(effects, [connect]);
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(record("dev/late"))])));
    let scene = format!("{:?}", app.scene());
    assert!(!scene.contains("web-1") && !scene.contains("late"), "{scene}");
    keys(&mut app, ":ctx shop<enter>");
    assert_eq!(rows(&app.scene()), ["late", "web-1", "web-2", "api-1", "api-2"]);
}

#[test]
fn an_unreachable_server_is_a_state_that_can_be_left() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, ":po<enter>");
    let failure = event::Failure { what: "shop".into(), cause: "connection refused".into(), remedy: "start it".into() };
    let retry_at = Some(NOW.plus_seconds(4));
    app.update(Event::Reply(Epoch(1), Reply::Unreachable { failure, retry_at }));
    let scene = app.scene();
    assert_eq!((rows(&scene).len(), scene.stale_since), (4, Some(NOW)));
    assert!(scene.title.right[0].text.contains("next try in 4s"), "{:?}", scene.title);
    assert_eq!(keys(&mut app, "<ctrl-r>"), [Effect::Retry(Epoch(1))]);
    assert_eq!(keys(&mut app, ":ctx other<enter>").len(), 1);
}

#[test]
fn a_context_left_alone_is_closed_and_opens_anew() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, ":ctx other<enter>");
    let later = app.update(Event::Tick(NOW.plus_seconds(301)));
    assert!(later.contains(&Effect::Disconnect(Epoch(1))), "{later:?}");
    let back = keys(&mut app, ":ctx shop<enter>");
    assert_eq!(back, [Effect::Connect { context: Arc::from("shop"), epoch: Epoch(3), terminal: false }]);
}

#[test]
fn a_selection_that_vanishes_gives_way_to_its_neighbour() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, ":po<enter>jj");
    assert_eq!(selected(&app.scene()), "api-1");
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(record("default/aaa"))])));
    let gone = Change::Delete(ObjectRef::new(POD, "prod", "api-1"));
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![gone])));
    assert_eq!(selected(&app.scene()), "api-2");
}

#[test]
fn forbidden_kinds_are_watched_where_they_may_be_read() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, ":po<enter>");
    let readable = vec![(POD, event::Readable::In(vec![Arc::from("dev")]))];
    let effects = app.update(Event::Reply(Epoch(1), Reply::Readable(readable)));
    assert_eq!(
        effects,
        [Effect::Watch(Epoch(1), Scope::namespace(POD, "dev")), Effect::Unwatch(Epoch(1), Scope::all(POD))]
    );
}

/// What the program begins with, in contexts `shop` and `other`; `other` names the namespace `dev` as its own.
fn begin(change: impl FnOnce(&mut Start)) -> App {
    let mut start = Start {
        context: Some(Arc::from("other")),
        own_namespaces: BTreeMap::from([(Arc::from("other"), Arc::from("dev"))]),
        ..Start::on(&["shop", "other"], NOW, Size { width: 80, height: 24 })
    };
    change(&mut start);
    App::start(start).0
}

#[test]
fn a_context_begins_with_the_namespace_that_it_names() {
    let namespaces = |app: &App| app.session().unwrap().namespaces.text().clone();
    let mut own = begin(|_| {});
    assert_eq!(namespaces(&own), "dev");
    keys(&mut own, ":po<enter>0");
    assert_eq!(namespaces(&own), "all namespaces");
    let given = begin(|start| start.namespaces = BTreeSet::from([Arc::from("prod")]));
    assert_eq!(namespaces(&given), "prod");
    let mut later = begin(|start| start.context = Some(Arc::from("shop")));
    assert_eq!(namespaces(&later), "all namespaces");
    keys(&mut later, ":ctx other<enter>");
    assert_eq!(namespaces(&later), "dev");
    let all = begin(|start| start.own_namespaces = BTreeMap::new());
    assert_eq!(namespaces(&all), "all namespaces");
}

fn on_home(app: &App) -> Option<screen::HomeRow> {
    match app.session().unwrap().screen() {
        screen::Screen::Home(home) => home.selected.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_reach_every_part_of_home() {
    use screen::HomeRow::{Namespace, Problem, Rollout};
    let mut app = app((160, 50), SHOP);
    let mut rollout = record("prod/shop Progressing");
    rollout.key.kind = crate::kinds::DEPLOYMENT;
    rollout.digest.health = Some(Health::Progressing);
    let facts = crate::kinds::deployment::DeploymentFacts::default();
    rollout.digest.facts = crate::kinds::Facts::Deployment(Box::new(facts));
    let deployment = rollout.key.clone();
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(rollout)])));
    keys(&mut app, "<tab>");
    assert_eq!(on_home(&app), Some(Namespace(Arc::from("default"))));
    keys(&mut app, "<tab>");
    assert_eq!(on_home(&app), Some(Rollout(deployment.clone())));
    keys(&mut app, "<tab>");
    assert_eq!(on_home(&app), Some(Problem(ObjectRef::new(POD, "dev", "web-2"))));
    keys(&mut app, "<tab>j<enter>");
    assert_eq!(rows(&app.scene()), ["web-1", "web-2"]);
    keys(&mut app, "H<tab><enter>");
    let detail = format!("{:?}", app.session().unwrap().screen());
    assert!(detail.contains("Rollout") && detail.contains(&*deployment.name), "{detail}");
}

/// The catalog of a server with one custom kind, `virtualservices`.
fn with_custom() -> Catalog {
    let found = crate::kinds::catalog::Discovered {
        group: "example.com".into(),
        version: "v1".into(),
        kind: "VirtualService".into(),
        plural: "virtualservices".into(),
        singular: "virtualservice".into(),
        short_names: vec!["vs".into()],
        namespaced: true,
        verbs: vec!["list".into(), "watch".into()],
        parts: Vec::new(),
    };
    Catalog::builtin().discovered(&[found], &[])
}

#[test]
fn columns_of_a_custom_kind_are_read_once_before_its_watch() {
    let mut app = app((80, 24), SHOP);
    let mut catalog = with_custom();
    let id = catalog.find("vs").unwrap().id;
    app.update(Event::Reply(Epoch(1), Reply::Discovered(Box::new(catalog.clone()))));
    let opened = keys(&mut app, ":vs<enter>");
    assert_eq!(opened, [Effect::Columns(Epoch(1), id)]);
    assert!(keys(&mut app, "/shop<enter>").is_empty());
    let columns = vec![crate::kinds::Column::NAME, crate::kinds::Column::text("HOSTS", 0)];
    catalog.set_columns(id, columns, crate::kinds::Decoder::Table);
    let known = app.update(Event::Reply(Epoch(1), Reply::Columns(id, Box::new(catalog.clone()))));
    assert_eq!(known, [Effect::Watch(Epoch(1), Scope::all(id))]);
    let mut record = record("dev/shop shop.example.com");
    record.key.kind = id;
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(record)])));
    let scene = format!("{:?}", app.scene().main);
    assert!(scene.contains("HOSTS") && scene.contains("shop.example.com"), "{scene}");
    app.update(Event::Reply(Epoch(1), Reply::Discovered(Box::new(catalog))));
    assert!(keys(&mut app, "<esc>H:vs<enter>").is_empty());
}

#[test]
fn a_text_is_searched_and_the_place_is_told() {
    let at = |app: &App| app.scene().title.left.last().unwrap().text.clone();
    let mut app = app((80, 24), SHOP);
    keys(&mut app, "?/NAMESPACE");
    assert!(matches!(&app.scene().message, scene::Message::Prompt { note, .. } if note.starts_with("1 of ")));
    keys(&mut app, "<enter>n");
    assert!(at(&app).starts_with("2 of "), "{}", at(&app));
    keys(&mut app, "NN");
    let all = at(&app);
    let (place, of) = all.split_once(" of ").unwrap();
    assert_eq!(place, of);
    let scene = app.scene();
    let Content::Text(pane) = &scene.main.content else { panic!("no text") };
    let marked = pane.lines.iter().flat_map(|line| &line.spans).any(|span| span.role == crate::view::line::Role::Match);
    assert!(marked);
    keys(&mut app, "<esc>");
    assert_eq!(at(&app), "help");
    keys(&mut app, "n");
    assert!(message(&app.scene()).starts_with("nothing is searched for"));
    keys(&mut app, "<esc>");
    assert!(matches!(app.scene().main.content, Content::Home(_)));
}

fn click(app: &mut App, action: event::MouseAction, y: u16) {
    app.update(Event::Input(Input::Mouse { action, x: 5, y }));
}

#[test]
fn a_click_chooses_in_lists_and_offers() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, "<f3>");
    click(&mut app, event::MouseAction::Click, 4);
    click(&mut app, event::MouseAction::DoubleClick, 4);
    assert_eq!(app.session().unwrap().namespaces.text(), "dev");
    keys(&mut app, "H:deploy");
    let area = app.panes().choices;
    click(&mut app, event::MouseAction::Click, area.y);
    assert!(app.prompt().is_none());
    assert!(matches!(app.session().unwrap().screen(), screen::Screen::Table(_)));
}

#[test]
fn wide_screens_show_the_detail_beside_the_table() {
    let mut app = app((160, 50), SHOP);
    keys(&mut app, ":po<enter>j");
    let scene = app.scene();
    assert!(matches!(&scene.side.unwrap().content, Content::Detail(pane) if pane.detail.title == "pod/web-2"));
    keys(&mut app, "<tab>");
    let scene = app.scene();
    assert_eq!((scene.main.focused, scene.side.unwrap().focused), (false, true));
    keys(&mut app, "<tab>");
    assert!(app.scene().main.focused);
}

#[test]
fn every_key_of_the_list_reads_as_a_chord_and_no_two_collide() {
    let keys = Keys::new(&Settings::default());
    for command in command::COMMANDS {
        for key in command.keys {
            let chord = key.parse().unwrap();
            for place in command.when {
                let meant: Vec<_> = keys.commands(chord, *place).filter(|one| one.when.contains(place)).collect();
                assert!(meant.iter().any(|one| one.name == command.name), "{key} in {place:?}");
                // Actions share keys: which one is meant depends on the object.
                let others = meant.iter().map(|one| one.name).filter(|name| acts::find(name).is_none());
                assert!(others.collect::<BTreeSet<_>>().len() <= 1, "{key} in {place:?}");
            }
        }
    }
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn chords() -> impl Strategy<Value = String> {
        let known: Vec<String> = command::COMMANDS.iter().flat_map(|c| c.keys).map(|k| (*k).to_owned()).collect();
        let known = known.into_iter().filter(|key| key != "<ctrl-c>").collect::<Vec<_>>();
        prop_oneof![
            4 => proptest::sample::select(known),
            1 => "[a-z/!:<>= ]".prop_filter("<", |text| text != "<"),
            1 => Just(":po<enter>".to_owned()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_keys_at_any_size_panic(
            script in proptest::collection::vec(chords(), 0..40),
            width in 0..200_u16,
            height in 0..60_u16,
            click in (0..200_u16, 0..60_u16),
        ) {
            let mut app = app((width, height), SHOP);
            for text in script {
                keys(&mut app, &text);
                let scene = app.scene();
                let inside = |area: layout::Area| area.right() <= width && area.bottom() <= height;
                prop_assert!(inside(scene.main.area) && inside(scene.panes.hints) && inside(scene.panes.message));
                prop_assert!(scene.side.is_none_or(|pane| inside(pane.area)));
            }
            let (x, y) = click;
            app.update(Event::Input(Input::Mouse { action: event::MouseAction::DoubleClick, x, y }));
            app.update(Event::Input(Input::Paste("a\nb\u{202e}".to_owned())));
            app.update(Event::Input(Input::Resize { width: 0, height: 0 }));
            let _ = app.scene();
        }
    }
}

#[test]
fn help_tells_of_every_command() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, "?");
    let lines = app.text_lines(app.session().unwrap());
    let lines: Vec<String> = lines.iter().map(crate::view::line::Line::plain).collect();
    for command in crate::app::command::COMMANDS {
        let is_told = lines.iter().any(|line| line.contains(command.help) && line.ends_with(command.name));
        assert!(is_told, "{}", command.name);
    }
}
