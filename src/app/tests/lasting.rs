//! What stays on screen while the world behind it changes: outages, filters that go, objects that vanish.

use super::*;
use crate::view;
use serde_json::json;

fn picked(scene: &Scene) -> Vec<(Option<Health>, String)> {
    match &scene.main.content {
        Content::Picker(pane) => pane.entries.iter().map(|entry| (entry.health, entry.detail.clone())).collect(),
        other => panic!("{other:?} is no list"),
    }
}

#[test]
fn the_contexts_list_tells_that_another_context_is_out_of_reach() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, ":ctx other<enter><f2>");
    assert_eq!(picked(&app.scene())[0], (Some(Health::Ready), "v1.36.3  demo".to_owned()));
    app.take_redraw();
    let stale = |kind| {
        let sync = Sync::Stale { reason: Arc::from("the server does not answer"), since: NOW };
        Change::Sync(Scope::all(kind), sync)
    };
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![stale(POD)])));
    assert_eq!(picked(&app.scene())[0].0, Some(Health::Ready), "namespaces are still followed");
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![stale(NAMESPACE)])));
    assert!(app.take_redraw());
    app.update(Event::Tick(NOW.plus_seconds(7)));
    let scene = app.scene();
    assert_eq!(picked(&scene)[0], (Some(Health::Failed), "unreachable for 7s: the server does not answer".to_owned()));
    assert_eq!(scene.next_change, Some(NOW.plus_seconds(8)));
}

#[test]
fn a_first_view_that_only_the_server_knows_waits_for_its_answer() {
    let mut app = begin(|start| start.view = Some("vs".to_owned()));
    assert_eq!(message(&app.scene()), "None");
    let connected = Connected {
        catalog: with_custom(),
        version: "v1.36.3".into(),
        server: "s".into(),
        user: None,
        cluster_uid: None,
    };
    app.update(Event::Reply(Epoch(1), Reply::Connected(Box::new(connected))));
    assert!(matches!(app.session().unwrap().screen(), screen::Screen::Table(_)), "{:?}", message(&app.scene()));
    let mut app = begin(|start| start.view = Some("nonsense".to_owned()));
    let connected = Connected {
        catalog: with_custom(),
        version: "v1.36.3".into(),
        server: "s".into(),
        user: None,
        cluster_uid: None,
    };
    app.update(Event::Reply(Epoch(1), Reply::Connected(Box::new(connected))));
    assert_eq!(message(&app.scene()), "nothing is called nonsense");
}

#[test]
fn a_filter_that_goes_leaves_the_selection_where_it_is() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, ":po<enter>/api<enter>");
    assert_eq!(selected(&app.scene()), "api-1");
    keys(&mut app, "<esc>");
    assert_eq!((rows(&app.scene()).len(), selected(&app.scene())), (4, "api-1".to_owned()));
}

#[test]
fn the_yaml_of_an_object_that_vanished_says_so_and_stays() {
    let mut app = app((80, 24), SHOP);
    keys(&mut app, ":po<enter>/web-1<enter>y");
    let text = |app: &App| match app.scene().main.content {
        Content::Text(pane) => pane.lines.iter().map(view::line::Line::plain).collect::<Vec<_>>(),
        other => panic!("{other:?} is no text"),
    };
    assert_eq!(text(&app), ["fetching the object"]);
    let pod = ObjectRef::new(POD, "dev", "web-1");
    app.update(Event::Tick(NOW.plus_seconds(1)));
    let gone = Change::Delete(pod.clone());
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![gone])));
    assert_eq!(text(&app), ["pod/web-1 is gone"]);
    let value = Arc::new(json!({"kind": "Pod"}));
    app.update(Event::Reply(Epoch(1), Reply::Fetched(pod, Ok(value))));
    assert_eq!(text(&app), ["pod/web-1 is gone", "this is how it was last", "kind: Pod"]);
    let after = app.update(Event::Tick(NOW.plus_seconds(20)));
    assert!(!after.iter().any(|effect| matches!(effect, Effect::Fetch(..))), "{after:?}");
}
