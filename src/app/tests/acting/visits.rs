//! What is opened into a pod: asked for, shown, confirmed, and bound to one pod.

use super::*;
use crate::app::consult::Told;
use crate::app::right::Verdict;
use crate::app::visit::{Visit, Visited, Work};
use crate::kinds::POD;

/// An app with one pod, under this policy.
fn visiting(policy: &str, asked: Option<Mode>) -> App {
    let mut app = acting(policy, asked);
    let key = ObjectRef::new(POD, "dev", "web-0");
    let meta = Meta { uid: Arc::from("p1"), resource_version: Arc::from("7"), ..Meta::default() };
    let pod = Record { key, meta, digest: Digest::default() };
    let changes = vec![Change::Replace(Scope::all(POD), vec![pod]), Change::Sync(Scope::all(POD), Sync::Live)];
    app.update(Event::Reply(Epoch(1), Reply::Cluster(changes)));
    keys(&mut app, ":pods<enter>");
    app
}

fn pod(containers: &[&str]) -> Value {
    let specs: Vec<Value> = containers.iter().map(|name| json!({"name": name, "image": "shop/app:1"})).collect();
    let statuses: Vec<Value> = containers.iter().map(|name| json!({"name": name, "state": {"running": {}}})).collect();
    json!({
        "kind": "Pod", "metadata": {"uid": "p1", "resourceVersion": "9"}, "spec": {"containers": specs},
        "status": {"phase": "Running", "containerStatuses": statuses},
    })
}

/// Answers what the action has to know.
fn told(app: &mut App, effects: &[Effect], object: &Value, denied: &[&str]) {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Consult(_, number, inquiry) => Some((*number, inquiry.rights())),
        _ => None,
    });
    let (number, rights) = asked.expect("an inquiry");
    assert!(!rights.is_empty(), "what no rehearsal tells is asked before");
    let verdict = |right: &crate::app::right::Right| {
        let is_denied = denied.contains(&right.verb);
        if is_denied { Verdict::Denied(String::new()) } else { Verdict::Allowed }
    };
    let rights = rights.into_iter().map(|right| (right.clone(), verdict(&right))).collect();
    let told = Told { object: object.clone(), rights, ..Told::default() };
    app.update(Event::Reply(Epoch(1), Reply::Consulted(number, Ok(Box::new(told)))));
    later(app, 300_000);
}

fn visits(effects: &[Effect]) -> Vec<&Visit> {
    effects
        .iter()
        .filter_map(|effect| if let Effect::Visit(_, visit) = effect { Some(&**visit) } else { None })
        .collect()
}

#[test]
fn a_shell_is_shown_and_opened_into_the_pod_that_was_seen() {
    let mut app = visiting(OPERATE, None);
    let effects = keys(&mut app, "s");
    told(&mut app, &effects, &pod(&["app"]), &[]);
    let text = dialog(&app);
    for part in [
        "exec pod/web-0 in dev",
        "kubectl --context shop -n dev exec -it web-0 -c app -- sh -c",
        "a shell opens in container app",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let effects = keys(&mut app, "y");
    let visit = visits(&effects);
    assert_eq!(visit.len(), 1);
    let session = visit[0].channel.session().unwrap();
    assert_eq!((&*session.namespace, &*session.pod, &*session.uid, session.channel), ("dev", "web-0", "p1", "exec"));
    assert!(visit[0].first.is_none() && matches!(visit[0].errand.work, Work::Shell(_)));
    assert!(writes(&effects).is_empty() && app.scene().dialog.is_none());
    assert!(visits(&keys(&mut app, "y<enter>")).is_empty(), "one yes, one shell");
}

#[test]
fn cancel_is_the_default_of_a_shell_too() {
    let mut app = visiting(OPERATE, None);
    let effects = keys(&mut app, "s");
    told(&mut app, &effects, &pod(&["app"]), &[]);
    assert!(visits(&keys(&mut app, "<enter>")).is_empty());
    assert!(app.scene().dialog.is_none());
}

#[test]
fn several_containers_are_asked_for_and_a_command_may_follow() {
    let mut app = visiting(OPERATE, None);
    let effects = keys(&mut app, "s");
    told(&mut app, &effects, &pod(&["app", "proxy"]), &[]);
    assert!(dialog(&app).contains("proxy            runs"), "{}", dialog(&app));
    keys(&mut app, "<ctrl-u>nothing<enter>");
    assert!(dialog(&app).contains("there is no container nothing"));
    keys(&mut app, "<ctrl-u>proxy -- ls /tmp<enter>");
    later(&mut app, 300_000);
    let effects = keys(&mut app, "y");
    let visit = visits(&effects);
    assert_eq!(visit[0].errand.container, "proxy");
    assert_eq!(visit[0].errand.work, Work::Command(vec!["ls".to_owned(), "/tmp".to_owned()]));
}

#[test]
fn the_palette_names_container_and_command_at_once() {
    let mut app = visiting(OPERATE, None);
    let effects = keys(&mut app, ":exec app -- env<enter>");
    told(&mut app, &effects, &pod(&["app", "proxy"]), &[]);
    let effects = keys(&mut app, "y");
    assert_eq!(visits(&effects)[0].errand.work, Work::Command(vec!["env".to_owned()]));
}

#[test]
fn who_observes_or_is_denied_opens_nothing() {
    for line in ["s", ":attach<enter>", ":debug<enter>", ":copy-out /etc/hosts<enter>", ":exec app -- env<enter>"] {
        for (policy, asked) in [
            (OPERATE.to_owned(), Some(Mode::Observe)),
            (OPERATE.replace("operate", "observe"), None),
            (OPERATE.replace("operate", "preview"), None),
            (format!("{OPERATE}deny = [\"exec\"]\n"), None),
        ] {
            let mut app = visiting(&policy, asked);
            let effects = keys(&mut app, line);
            if effects.iter().any(|effect| matches!(effect, Effect::Consult(..))) {
                told(&mut app, &effects, &pod(&["app"]), &[]);
            }
            let mut effects = keys(&mut app, "<enter>");
            later(&mut app, 300_000);
            effects.extend(keys(&mut app, "y<tab><enter>"));
            assert!(visits(&effects).is_empty(), "{line} under {policy}");
        }
    }
}

#[test]
fn a_right_that_is_missing_is_told_before_anything_is_opened() {
    let mut app = visiting(OPERATE, None);
    let effects = keys(&mut app, "s");
    told(&mut app, &effects, &pod(&["app"]), &["get"]);
    assert!(dialog(&app).contains("you may not get pods/exec in dev"), "{}", dialog(&app));
    assert!(visits(&keys(&mut app, "y<tab><enter>")).is_empty());
}

#[test]
fn a_debugging_container_is_added_by_the_same_yes_and_stays() {
    let mut app = visiting(OPERATE, None);
    let effects = keys(&mut app, ":debug<enter>");
    told(&mut app, &effects, &pod(&["app"]), &[]);
    keys(&mut app, "<enter>");
    later(&mut app, 300_000);
    let text = dialog(&app);
    assert!(
        text.contains("stays in the pod until the pod ends") && text.contains("--image=busybox --target=app"),
        "{text}"
    );
    let effects = keys(&mut app, "y");
    let visit = visits(&effects)[0];
    let first = visit.first.as_ref().unwrap().mutation().unwrap();
    assert_eq!((first.subresource(), first.uid.as_deref()), (Some("ephemeralcontainers"), Some("p1")));
    assert_eq!(visit.channel.session().unwrap().channel, "attach");
    assert!(visit.errand.container.starts_with("debugger-"));
}

#[test]
fn the_end_of_a_shell_is_told() {
    let mut app = visiting(OPERATE, None);
    let visited = Visited {
        context: "shop".into(),
        action: "exec",
        object: "pod/web-0 in dev".into(),
        text: "ended, exit 0 after 12 s".into(),
        is_failure: false,
    };
    app.update(Event::Reply(Epoch(77), Reply::Visited(visited)));
    assert_eq!(message(&app.scene()), "exec pod/web-0: ended, exit 0 after 12 s");
}
