//! Ports that are forwarded: asked for, tried, confirmed, listed, moved on and closed.

use super::*;
use crate::app::consult::Told;
use crate::app::forward::{self, State};
use crate::app::mutation::Confirmed;
use crate::app::screen::Screen;
use crate::kinds::{POD, SERVICE};

const SHOP: &str = "[[policy]]\nmatch = {}\nmode = \"operate\"\n";

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "dev", "uid": format!("uid-{name}"), "labels": {"app": "web"}},
        "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
}

fn record(kind: crate::kinds::KindId, name: &str, uid: &str) -> Record {
    let meta = Meta { uid: uid.into(), resource_version: "7".into(), ..Meta::default() };
    Record { key: ObjectRef::new(kind, "dev", name), meta, digest: Digest::default() }
}

fn put(app: &mut App, kind: crate::kinds::KindId, records: Vec<Record>) -> Vec<Effect> {
    let changes = vec![Change::Replace(Scope::all(kind), records), Change::Sync(Scope::all(kind), Sync::Live)];
    app.update(Event::Reply(Epoch(1), Reply::Cluster(changes)))
}

/// An app on the Service dev/web, under this policy.
fn on_service(policy: &str, asked: Option<Mode>) -> App {
    let mut app = acting(policy, asked);
    put(&mut app, SERVICE, vec![record(SERVICE, "web", "s1")]);
    put(&mut app, POD, vec![record(POD, "a", "uid-a"), record(POD, "b", "uid-b")]);
    keys(&mut app, ":svc<enter>");
    app
}

fn consulted(app: &mut App, effects: &[Effect]) -> u64 {
    let number = effects.iter().find_map(|effect| match effect {
        Effect::Consult(_, number, _) => Some(*number),
        _ => None,
    });
    let object = json!({"metadata": {"name": "web", "namespace": "dev", "uid": "s1", "resourceVersion": "7"}, "spec": {
        "selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}});
    let told = Told { object, lists: vec![vec![pod("b"), pod("a")]], ..Told::default() };
    app.update(Event::Reply(Epoch(1), Reply::Consulted(number.unwrap(), Ok(Box::new(told)))));
    later(app, 300_000);
    number.unwrap()
}

fn tried(effects: &[Effect]) -> Option<u16> {
    effects.iter().find_map(|effect| if let Effect::TryPort(_, _, port) = effect { Some(*port) } else { None })
}

fn answer(app: &mut App, number: u64, said: Result<u16, (String, Option<u16>)>) {
    app.update(Event::Reply(Epoch(1), Reply::Port(number, said)));
    later(app, 300_000);
}

fn begun(effects: &[Effect]) -> Option<(u64, &Confirmed)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Forward(_, id, confirmed) => Some((*id, &**confirmed)),
        _ => None,
    })
}

fn closed(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::CloseForward(..))).count()
}

fn told(id: u64, state: State, pod: Option<&str>, moves: u64) -> forward::Told {
    forward::Told {
        id,
        context: "shop".into(),
        state,
        pod: pod.map(|name| (name.into(), format!("uid-{name}").into())),
        port: pod.map(|_| 8080),
        moves,
        connections: (2, 5),
        bytes: (812, 1_400_000),
        error: None,
    }
}

fn tell(app: &mut App, told: forward::Told) -> Vec<Effect> {
    app.update(Event::Reply(Epoch(1), Reply::Forwarded(Box::new(told))))
}

/// An app with the Service forwarded to 127.0.0.1:8080, open to pod a.
fn open() -> (App, u64) {
    let mut app = on_service(OPERATE, None);
    let effects = keys(&mut app, "F");
    let number = consulted(&mut app, &effects);
    assert_eq!(tried(&keys(&mut app, "<enter>")), Some(8080));
    answer(&mut app, number, Ok(8080));
    let id = begun(&keys(&mut app, "y")).unwrap().0;
    tell(&mut app, told(id, State::Open, Some("a"), 0));
    (app, id)
}

fn list(app: &App) -> Vec<String> {
    let entries = app.forward_entries();
    entries.into_iter().map(|entry| format!("{}  {}", entry.text, entry.detail)).collect()
}

#[test]
fn a_service_is_asked_for_its_port_shown_and_begun_by_a_yes() {
    let mut app = on_service(OPERATE, None);
    let effects = keys(&mut app, "F");
    let number = consulted(&mut app, &effects);
    let typed = app.scene().dialog.unwrap().input.unwrap();
    assert_eq!((typed.label.as_str(), typed.text.as_str()), ("[local:]remote port: ", "8080:80"));
    assert!(dialog(&app).contains("80 (http) → http of the pod"));
    let effects = keys(&mut app, "<enter>");
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Preview(..))), "nothing is rehearsed");
    answer(&mut app, number, Ok(8080));
    for part in [
        "kubectl --context shop -n dev port-forward --address 127.0.0.1 service/web 8080:80",
        "http://127.0.0.1:8080 leads to port 8080 of pod/a",
        "goes to the next ready pod when this one goes, until it is closed or an hour has passed",
        "x in :forwards closes it",
    ] {
        assert!(dialog(&app).contains(part), "{part} is not in:\n{}", dialog(&app));
    }
    let effects = keys(&mut app, "y");
    let (_, confirmed) = begun(&effects).unwrap();
    let forward = confirmed.forwarded().unwrap();
    assert_eq!((forward.local, forward.remote.as_str(), &*forward.uid), (8080, "80", "s1"));
    assert!(confirmed.mutation().is_none() && confirmed.plan().is_empty());
    assert!(begun(&keys(&mut app, "y<enter>")).is_none(), "one yes, one forward");
}

#[test]
fn a_port_that_is_taken_is_asked_for_again_with_the_next_free_one() {
    let mut app = on_service(OPERATE, None);
    let effects = keys(&mut app, ":forward 9000:http<enter>");
    let number = consulted(&mut app, &effects);
    answer(&mut app, number, Err(("port 9000 is in use on this machine; 9001 is free".into(), Some(9001))));
    // The name of the port is kept as it was said.
    assert!(dialog(&app).contains("port 9000 is in use on this machine; 9001 is free"));
    assert_eq!(app.scene().dialog.unwrap().input.unwrap().text, "9001:http");
    assert_eq!(tried(&keys(&mut app, "<enter>")), Some(9001));
    answer(&mut app, number, Ok(9001));
    assert_eq!(begun(&keys(&mut app, "y")).unwrap().1.forwarded().unwrap().local, 9001);
}

#[test]
fn any_free_port_is_the_one_that_was_shown() {
    let mut app = on_service(OPERATE, None);
    let effects = keys(&mut app, ":forward :80<enter>");
    let number = consulted(&mut app, &effects);
    answer(&mut app, number, Ok(43210));
    assert!(dialog(&app).contains("service/web 43210:80"));
    assert_eq!(begun(&keys(&mut app, "y")).unwrap().1.forwarded().unwrap().local, 43210);
}

#[test]
fn nothing_is_forwarded_where_it_may_not_be() {
    let mut app = on_service(OPERATE, Some(Mode::Observe));
    let effects = keys(&mut app, "F");
    assert!(effects.is_empty() && message(&app.scene()).contains("--read-only"), "{effects:?}");
    let mut app = on_service("[[policy]]\nmatch = {}\nmode = \"operate\"\ndeny = [\"forward\"]\n", None);
    assert!(keys(&mut app, "F").is_empty() && message(&app.scene()).contains("the policy denies it"));
    // The policy may say it as kubectl does.
    let mut app = on_service("[[policy]]\nmatch = {}\nmode = \"operate\"\ndeny = [\"port-forward\"]\n", None);
    let effects = keys(&mut app, "F");
    let number = consulted(&mut app, &effects);
    keys(&mut app, "<enter>");
    answer(&mut app, number, Ok(8080));
    assert!(dialog(&app).contains("port-forward: the policy denies it here"), "{}", dialog(&app));
    assert!(begun(&keys(&mut app, "y<tab><enter>")).is_none());
    let mut app = on_service("[[policy]]\nmatch = {}\nmode = \"preview\"\n", None);
    let effects = keys(&mut app, "F");
    let number = consulted(&mut app, &effects);
    keys(&mut app, "<enter>");
    answer(&mut app, number, Ok(8080));
    assert!(begun(&keys(&mut app, "y<tab><enter>")).is_none(), "preview opens nothing");
}

#[test]
fn the_list_says_how_each_stands_and_the_title_how_many_are_open() {
    let (mut app, id) = open();
    assert!(app.scene().title.right.iter().any(|span| span.text == "1 forward"));
    let line =
        "http://127.0.0.1:8080  open  service/web:80 in dev  pod/a:8080  2 connections  812 B out  1.4 MB in  0s";
    assert_eq!(list(&app), [line]);
    let failed = forward::Told { error: Some("connection refused".into()), ..told(id, State::Open, Some("b"), 1) };
    tell(&mut app, failed);
    assert!(message(&app.scene()).contains("leads to pod/b now"));
    assert!(list(&app)[0].contains("open  last error: connection refused  service/web:80"), "{:?}", list(&app));
    assert!(list(&app)[0].contains("pod/b:8080  moved once"), "{:?}", list(&app));
    let effects = keys(&mut app, ":forwards<enter>y");
    assert!(effects.iter().any(|e| matches!(e, Effect::Copy { text, .. } if text == "http://127.0.0.1:8080")));
    keys(&mut app, "<enter>");
    assert!(matches!(app.session().unwrap().screen(), Screen::Detail(detail) if &*detail.key.name == "web"));
    assert_eq!(closed(&keys(&mut app, "<esc>x")), 1);
    assert!(app.scene().title.right.iter().all(|span| !span.text.contains("forward")));
    assert!(list(&app)[0].contains("ended: it was closed"));
    // What was under way changes nothing of that, and one more press takes it off the list.
    tell(&mut app, told(id, State::Open, Some("b"), 1));
    assert!(list(&app)[0].contains("ended"));
    assert_eq!(closed(&keys(&mut app, "<ctrl-d>")), 0);
    assert!(list(&app).is_empty());
}

#[test]
fn a_pod_that_goes_is_left_once_and_the_next_one_is_told() {
    let (mut app, id) = open();
    let moves = |effects: &[Effect]| -> Vec<(u64, String)> {
        let moved = effects.iter().filter_map(|effect| match effect {
            Effect::MoveForward(id, uid) => Some((*id, uid.to_string())),
            _ => None,
        });
        moved.collect()
    };
    let mut going = record(POD, "a", "uid-a");
    going.meta.deleted = Some(NOW);
    let effects = app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(going)])));
    assert_eq!(moves(&effects), [(id, "uid-a".to_owned())], "it is on its way out");
    let gone = Change::Delete(ObjectRef::new(POD, "dev", "a"));
    assert!(moves(&app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![gone])))).is_empty(), "told already");
    tell(&mut app, told(id, State::Open, Some("b"), 1));
    let effects = put(&mut app, POD, vec![record(POD, "b", "another")]);
    assert_eq!(moves(&effects), [(id, "uid-b".to_owned())], "another pod has its name");
}

#[test]
fn all_are_closed_when_another_context_is_opened_and_when_the_program_ends() {
    let (mut app, _) = open();
    let effects = keys(&mut app, ":ctx other<enter>");
    assert_eq!(closed(&effects), 1);
    assert!(message(&app.scene()).contains("the forwarded port was closed: another context was opened"));
    let (mut app, _) = open();
    let effects = keys(&mut app, "<ctrl-c>");
    assert_eq!(closed(&effects), 1);
    assert_eq!(effects.last(), Some(&Effect::Quit), "closed before");
}

#[test]
fn marked_objects_are_not_forwarded_together() {
    let mut app = on_service(SHOP, None);
    put(&mut app, SERVICE, vec![record(SERVICE, "web", "s1"), record(SERVICE, "db", "s2")]);
    let effects = keys(&mut app, "<space><space>F");
    assert!(effects.is_empty() && message(&app.scene()).contains("one port at a time"), "{effects:?}");
}
