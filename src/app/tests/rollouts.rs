//! Rollouts by key: what opens them, what they ask for, what is compared, and that the selection stays on its object; in the
//! demo's shop, where one rollout cannot pull its image.

use super::*;
use crate::app::event::Failure;
use crate::app::screen::Screen;
use crate::kinds::{DEPLOYMENT, REPLICA_SET, SERVICE};
use crate::manifests::{embedded, records, shift};
use crate::view::describe;
use crate::view::logs::batch::{Batch, Mark, Stamp};
use serde_json::Value;

const KINDS: [&str; 5] = ["Namespace", "Deployment", "ReplicaSet", "Pod", "Service"];

/// The shop, as its documents have it.
fn shop(size: (u16, u16)) -> (App, Vec<crate::manifests::document::Document>) {
    let mut documents = embedded::documents("shop");
    documents.retain(|document| KINDS.contains(&document.kind()));
    shift::shift(&mut documents, "2026-11-20T10:42:07Z".parse().unwrap());
    let catalog = Catalog::builtin();
    let changes = records::records(&documents, &catalog, "default").changes(&catalog);
    let mut app = app(size, &[]);
    app.update(Event::Reply(Epoch(1), Reply::Cluster(changes)));
    (app, documents)
}

fn text(app: &App) -> String {
    let detail = page(app).detail;
    let lines: Vec<String> = describe::lines(&detail).map(|(_, line)| line.plain()).collect();
    format!("{} [{}]\n{}\n{}", detail.title, detail.word, detail.answer, lines.join("\n"))
}

fn line(app: &App) -> String {
    let pane = page(app);
    let found = describe::lines(&pane.detail).nth(pane.selected.unwrap()).map(|(_, line)| line.plain());
    found.unwrap()
}

/// Moves down to the line that holds this text.
#[track_caller]
fn go_to(app: &mut App, part: &str) {
    for _ in 0..100 {
        if line(app).contains(part) {
            return;
        }
        keys(app, "j");
    }
    panic!("no line holds {part}: {}", text(app));
}

fn fetched(effects: &[Effect]) -> Vec<ObjectRef> {
    let fetch = |effect: &Effect| match effect {
        Effect::Fetch(_, key) if key.kind == REPLICA_SET => Some(key.clone()),
        _ => None,
    };
    effects.iter().filter_map(fetch).collect()
}

fn catalog() -> ObjectRef {
    ObjectRef::new(DEPLOYMENT, "shop-prod", "catalog")
}

#[track_caller]
fn opens(app: &App, key: &ObjectRef) {
    match app.session().unwrap().screen() {
        Screen::Rollout(screen) => assert_eq!(screen.key, *key),
        other => panic!("{other:?} is no rollout"),
    }
}

#[test]
fn a_stuck_rollout_is_found_by_its_pod_by_its_name_and_in_the_list() {
    let (mut app, _) = shop((80, 24));
    keys(&mut app, ":po<enter>/catalog-77b<enter>o");
    opens(&app, &catalog());
    let told = text(&app);
    assert!(
        told.starts_with(
            "deployment/catalog [stuck]\n3 of 6 updated, 5 available (at least 5): 3 new pods cannot pull their image"
        ),
        "{told}"
    );
    assert!(told.contains("or undo to revision 17"), "{told}");
    // Three Deployments have the name: the one in trouble is meant.
    keys(&mut app, "H:rollout catalog<enter>");
    opens(&app, &catalog());
    assert!(message(&app.scene()).contains("more are called so"), "{}", message(&app.scene()));
    keys(&mut app, "H:rollout shop-staging/deploy/catalog<enter>");
    opens(&app, &ObjectRef::new(DEPLOYMENT, "shop-staging", "catalog"));
    keys(&mut app, "H:rollouts<enter>");
    assert!(text(&app).contains("shop-prod deploy/catalog"), "{}", text(&app));
    go_to(&mut app, "shop-prod deploy/catalog");
    keys(&mut app, "<enter>");
    opens(&app, &catalog());
    keys(&mut app, "<esc>");
    assert!(matches!(app.session().unwrap().screen(), Screen::Rollouts(_)));
}

#[test]
fn the_selection_in_the_list_stays_with_its_rollout_while_others_come_and_go() {
    let (mut app, documents) = shop((80, 24));
    keys(&mut app, ":rollouts<enter>");
    go_to(&mut app, "shop-prod deploy/catalog");
    // Another one is stuck in the same way, and its name comes first.
    let is_stuck =
        |value: &Value| value["metadata"]["name"] == "catalog" && value["metadata"]["namespace"] == "shop-prod";
    let found = documents.iter().find(|document| document.kind() == "Deployment" && is_stuck(&document.value));
    let mut other = found.unwrap().value.clone();
    (other["metadata"]["name"], other["metadata"]["uid"]) = ("aardvark".into(), "uid-aardvark".into());
    let record = Catalog::builtin().get(DEPLOYMENT).unwrap().decoder.read_value(DEPLOYMENT, &other).unwrap();
    let key = record.key.clone();
    let above = |app: &App| {
        let text = text(app);
        text.find("deploy/aardvark").is_some_and(|other| other < text.find("deploy/catalog").unwrap())
    };
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(record)])));
    assert!(above(&app) && line(&app).contains("shop-prod deploy/catalog"), "{}: {}", line(&app), text(&app));
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Delete(key)])));
    assert!(!above(&app) && line(&app).contains("shop-prod deploy/catalog"), "{}: {}", line(&app), text(&app));
}

#[test]
fn what_does_not_roll_out_says_so() {
    let (mut app, _) = shop((80, 24));
    keys(&mut app, ":ns shop-prod<enter>:svc<enter>o");
    assert!(message(&app.scene()).contains("does not roll out: :rollouts lists"), "{}", message(&app.scene()));
    keys(&mut app, ":rollout nobody<enter>");
    assert_eq!(message(&app.scene()), "nothing that rolls out is called nobody");
    assert!(!matches!(app.session().unwrap().screen(), Screen::Rollout(_)));
    assert!(0 < app.session().unwrap().cluster.count(SERVICE));
}

#[test]
fn two_templates_are_fetched_once_and_compared() {
    let (mut app, documents) = shop((160, 50));
    let wanted = fetched(&keys(&mut app, ":rollout shop-prod/catalog<enter>"));
    let names: Vec<&str> = wanted.iter().map(|key| &*key.name).collect();
    assert_eq!(names, ["catalog-6c4d9f8b75", "catalog-77b6d5c9f8"]);
    assert!(text(&app).contains("image of catalog"), "images are known without asking: {}", text(&app));
    for key in &wanted {
        let is_it = |value: &&Value| value["kind"] == "ReplicaSet" && value["metadata"]["name"] == *key.name;
        let object = documents.iter().map(|document| &document.value).find(is_it).unwrap().clone();
        app.update(Event::Reply(Epoch(1), Reply::Fetched(key.clone(), Ok(Arc::new(object)))));
    }
    assert!(text(&app).contains("spec.containers.catalog.image"), "{}", text(&app));
    assert!(fetched(&keys(&mut app, "jjh<esc>")).is_empty());
    assert!(fetched(&keys(&mut app, "]")).is_empty(), "they are still here");
}

#[test]
fn templates_that_cannot_be_read_say_why_and_are_asked_for_again_next_time() {
    let (mut app, _) = shop((160, 50));
    let wanted = fetched(&keys(&mut app, ":rollout shop-prod/catalog<enter>"));
    for key in &wanted {
        let failure =
            Failure { what: "get of replicasets failed".into(), cause: "403 Forbidden".into(), remedy: String::new() };
        app.update(Event::Reply(Epoch(1), Reply::Fetched(key.clone(), Err(failure))));
    }
    assert!(
        text(&app).contains("the templates cannot be read: get of replicasets failed: 403 Forbidden"),
        "{}",
        text(&app)
    );
    assert_eq!(fetched(&keys(&mut app, "H:rollout shop-prod/catalog<enter>")).len(), 2);
}

#[test]
fn chosen_revisions_are_compared_instead() {
    let (mut app, _) = shop((160, 50));
    keys(&mut app, ":rollout shop-prod/catalog<enter>h");
    let told = text(&app);
    assert!(
        told.contains("from 17 (v2.3.0) to 18 (v2.3.1)") && told.contains("held by  replicaset/catalog-59f8d6b7c4"),
        "{told}"
    );
    go_to(&mut app, " 16  v2.2.9");
    let wanted = fetched(&keys(&mut app, "<space>"));
    assert_eq!(wanted, [ObjectRef::new(REPLICA_SET, "shop-prod", "catalog-59f8d6b7c4")]);
    assert!(text(&app).contains("from 16 (v2.2.9) to 18 (v2.3.1)"), "{}", text(&app));
    assert!(line(&app).trim_start().starts_with("•16"), "{}", line(&app));
    keys(&mut app, "<space>");
    assert!(text(&app).contains("from 17 (v2.3.0) to 18 (v2.3.1)"), "{}", text(&app));
    keys(&mut app, "G<space>");
    assert_eq!(message(&app.scene()), "a revision is chosen on its own line");
}

#[test]
fn the_selection_stays_on_its_pod_while_others_come_and_go() {
    let (mut app, _) = shop((160, 50));
    keys(&mut app, "H:rollout catalog<enter>");
    go_to(&mut app, "catalog-77b6d5c9f8-xq2dz");
    let first = page(&app)
        .detail
        .sections
        .iter()
        .flat_map(|s| &s.lines)
        .find_map(|l| l.link.clone().filter(|k| k.kind == POD))
        .unwrap();
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Delete(first)])));
    assert!(line(&app).contains("catalog-77b6d5c9f8-xq2dz"), "{}", line(&app));
}

#[test]
fn logs_are_those_of_the_pod_or_else_of_everything_new() {
    let (mut app, _) = shop((160, 50));
    keys(&mut app, "H:rollout catalog<enter>");
    go_to(&mut app, "catalog-77b6d5c9f8-xq2dz");
    keys(&mut app, "l");
    assert!(
        matches!(app.session().unwrap().screen(), Screen::Logs(logs) if logs.title == "shop-prod pod/catalog-77b6d5c9f8-xq2dz")
    );
    keys(&mut app, "<esc>Gl");
    assert!(
        matches!(app.session().unwrap().screen(), Screen::Logs(logs) if logs.title == "shop-prod replicaset/catalog-77b6d5c9f8")
    );
}

#[test]
fn home_leads_from_a_rollout_to_its_page() {
    let (mut app, _) = shop((160, 50));
    for _ in 0..200 {
        if matches!(app.session().unwrap().screen(), Screen::Home(home) if matches!(home.selected, Some(crate::app::screen::HomeRow::Rollout(_))))
        {
            break;
        }
        keys(&mut app, "j");
    }
    keys(&mut app, "<enter>");
    assert!(matches!(app.session().unwrap().screen(), Screen::Rollout(_)), "{:?}", app.session().unwrap().screen());
}

#[test]
fn an_undo_on_the_rollout_screen_means_the_revision_of_the_line() {
    let (mut app, _) = shop((120, 40));
    app.policy = Policy::demo();
    app.judge();
    keys(&mut app, "H:rollout catalog<enter>");
    go_to(&mut app, "16");
    let effects = keys(&mut app, "u");
    let about = effects.iter().find_map(|effect| match effect {
        Effect::Consult(_, number, inquiry) => Some((*number, inquiry.target.key.clone())),
        _ => None,
    });
    let (number, key) = about.expect("an inquiry");
    assert_eq!(&*key.name, "catalog");
    let told = crate::app::consult::Told::default();
    app.update(Event::Reply(Epoch(1), Reply::Consulted(number, Ok(Box::new(told)))));
    let dialog = app.scene().dialog.unwrap();
    let lines: Vec<String> = dialog.lines.iter().map(crate::view::line::Line::plain).collect();
    assert!(lines.iter().any(|line| line.contains("--to-revision=16")), "{lines:#?}");
}

#[test]
fn the_last_lines_of_new_pods_stand_on_the_page_while_it_is_shown() {
    let (mut app, _) = shop((80, 24));
    let effects = keys(&mut app, ":rollout shop-prod/catalog<enter>");
    let read = effects.iter().find_map(|effect| match effect {
        Effect::Logs(_, ticket, streams) => Some((*ticket, streams.clone())),
        _ => None,
    });
    let (ticket, streams) = read.expect("the pods are listened to");
    assert!((1..=3).contains(&streams.len()), "{streams:?}");
    assert!(streams.iter().all(|stream| stream.wanted.pod.name.starts_with("catalog-77b6d5c9f8")), "{streams:?}");
    assert!(!text(&app).contains("cannot find its database"));
    let mut batch = Batch::default();
    batch.line(Some(Stamp(NOW.0 * 1_000)), b"cannot find its database");
    batch.mark(Mark::Waits(Arc::from("told above already")));
    app.update(Event::Logs(Epoch(1), ticket, vec![(streams[0].source, batch)]));
    app.update(Event::Tick(NOW.plus_seconds(5)));
    assert!(text(&app).contains("cannot find its database"), "{}", text(&app));
    assert!(!text(&app).contains("told above already"), "{}", text(&app));
    go_to(&mut app, "cannot find its database");
    let effects = keys(&mut app, "l");
    let ends = |effect: &Effect| matches!(effect, Effect::Logs(_, of, none) if *of == ticket && none.is_empty());
    assert!(effects.iter().any(ends), "{effects:?}");
    assert!(matches!(app.session().unwrap().screen(), Screen::Logs(_)));
}
