//! From a key to a confirmed write: what is asked, what is shown, and what never happens without a yes.

use super::*;
use crate::app::effect::Weaker;
use crate::app::mutation::{Done, Preview, Refused, Undone};
use crate::app::policy::Policy;
use crate::kinds::DEPLOYMENT;
use serde_json::{Value, json};

mod again;
mod argo;
mod editing;
mod effects;
mod flows;
mod forwards;
mod giving;
mod many;
mod visits;

const OPERATE: &str = "[[policy]]\nmatch = { context = \"shop\" }\nmode = \"operate\"\n";

/// An app with one Deployment, under this policy.
fn acting(policy: &str, asked: Option<Mode>) -> App {
    let start = Start {
        mode: asked,
        policy: Policy::parse(policy, "policy.toml"),
        ..Start::on(&["shop", "other"], NOW, Size { width: 120, height: 40 })
    };
    let (mut app, _) = App::start(start);
    connect(&mut app, 1);
    let key = ObjectRef::new(DEPLOYMENT, "dev", "web");
    let meta = Meta { uid: Arc::from("u1"), resource_version: Arc::from("7"), ..Meta::default() };
    let web = Record { key, meta, digest: Digest::default() };
    let changes =
        vec![Change::Replace(Scope::all(DEPLOYMENT), vec![web]), Change::Sync(Scope::all(DEPLOYMENT), Sync::Live)];
    app.update(Event::Reply(Epoch(1), Reply::Cluster(changes)));
    keys(&mut app, ":deploy<enter>");
    app
}

fn connect(app: &mut App, epoch: u64) -> Vec<Effect> {
    let connected = Connected {
        catalog: Catalog::builtin(),
        version: "v1.36.3".into(),
        server: "https://shop:6443".into(),
        user: None,
        cluster_uid: Some("u-shop".into()),
    };
    app.update(Event::Reply(Epoch(epoch), Reply::Connected(Box::new(connected))))
}

/// The write that is to be rehearsed, by its number.
fn rehearsal(effects: &[Effect]) -> u64 {
    effects
        .iter()
        .find_map(|effect| if let Effect::Preview(_, number, _) = effect { Some(*number) } else { None })
        .expect("a rehearsal")
}

fn object(version: &str, more: &Value) -> Value {
    json!({"kind": "Deployment", "metadata": {"uid": "u1", "resourceVersion": version}, "spec": more})
}

fn preview(app: &mut App, number: u64, before: &Value) {
    let after =
        object("8", &json!({"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}));
    let preview = Preview { before: before.clone(), after, warnings: vec!["beware".into()] };
    app.update(Event::Reply(Epoch(1), Reply::Previewed(number, Ok(Box::new(preview)))));
}

fn later(app: &mut App, micros: i64) {
    let now = Timestamp(app.now().0 + micros);
    app.update(Event::Tick(now));
}

fn dialog(app: &App) -> String {
    let Some(pane) = app.scene().dialog else { return String::new() };
    let lines: Vec<String> = pane.lines.iter().map(crate::view::line::Line::plain).collect();
    format!("{}\n{}", pane.title, lines.join("\n"))
}

fn writes(effects: &[Effect]) -> Vec<&crate::app::mutation::Confirmed> {
    effects.iter().filter_map(|effect| if let Effect::Mutate(_, yes) = effect { Some(&**yes) } else { None }).collect()
}

/// An app whose restart of dev/web is rehearsed and can be answered.
fn asked() -> App {
    let mut app = acting(OPERATE, None);
    let number = rehearsal(&keys(&mut app, "r"));
    preview(&mut app, number, &object("9", &json!({"replicas": 2})));
    later(&mut app, 300_000);
    app
}

#[test]
fn a_restart_is_rehearsed_shown_and_done_as_it_was_shown() {
    let mut app = asked();
    let text = dialog(&app);
    for part in [
        "restart deployment/web in dev",
        "kubectl --context shop -n dev rollout restart deployment/web",
        r#".spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]"#,
        "beware",
        "a restart cannot be taken back",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let effects = keys(&mut app, "y");
    let yes = writes(&effects);
    assert_eq!(yes.len(), 1);
    let mutation = yes[0].mutation().unwrap();
    assert_eq!(mutation.uid.as_deref(), Some("u1"));
    assert_eq!(mutation.resource_version.as_deref(), Some("9"), "the version that was rehearsed");
    assert!(app.scene().dialog.is_none());
    assert!(writes(&keys(&mut app, "y<enter>")).is_empty(), "one yes, one write");
}

#[test]
fn cancel_is_the_default_and_enter_presses_it() {
    let mut app = asked();
    assert!(writes(&keys(&mut app, "<enter>")).is_empty());
    assert!(app.scene().dialog.is_none());
    let mut app = asked();
    assert_eq!(writes(&keys(&mut app, "<tab><enter>")).len(), 1);
    let mut app = asked();
    assert!(writes(&keys(&mut app, "<tab><tab><enter>")).is_empty());
    let mut app = asked();
    assert!(writes(&keys(&mut app, "<esc>y")).is_empty());
}

#[test]
fn keys_of_the_first_moment_are_not_heard() {
    let mut app = acting(OPERATE, None);
    let number = rehearsal(&keys(&mut app, "r"));
    later(&mut app, 5_000_000);
    assert!(writes(&keys(&mut app, "y<tab><enter>r")).is_empty(), "nothing to answer yet");
    let mut app = acting(OPERATE, None);
    let again = rehearsal(&keys(&mut app, "r"));
    assert_eq!(number, again);
    preview(&mut app, again, &object("9", &json!({})));
    later(&mut app, 299_999);
    assert!(writes(&keys(&mut app, "y<tab><enter>")).is_empty());
    later(&mut app, 1);
    assert_eq!(writes(&keys(&mut app, "y")).len(), 1);
}

#[test]
fn what_cannot_have_been_seen_is_not_done() {
    let mut app = asked();
    app.update(Event::Input(Input::Resize { width: 80, height: 6 }));
    assert!(writes(&keys(&mut app, "y")).is_empty());
    assert!(message(&app.scene()).contains("too small"));
    app.update(Event::Input(Input::Resize { width: 80, height: 24 }));
    assert_eq!(writes(&keys(&mut app, "y")).len(), 1);
}

#[test]
fn a_paused_deployment_cannot_be_restarted() {
    let mut app = acting(OPERATE, None);
    let number = rehearsal(&keys(&mut app, "r"));
    preview(&mut app, number, &object("9", &json!({"paused": true})));
    later(&mut app, 400_000);
    assert!(dialog(&app).contains("can't restart paused deployment"));
    assert!(writes(&keys(&mut app, "y<tab><enter>")).is_empty());
}

#[test]
fn a_policy_may_want_the_name_typed_and_may_deny() {
    let mut app = acting(&format!("{OPERATE}confirm = {{ restart = \"type-name\" }}\n"), None);
    let number = rehearsal(&keys(&mut app, "r"));
    preview(&mut app, number, &object("9", &json!({})));
    later(&mut app, 400_000);
    assert!(writes(&keys(&mut app, "y<enter>")).is_empty());
    assert!(writes(&keys(&mut app, "<backspace>wex<enter>")).is_empty());
    assert_eq!(writes(&keys(&mut app, "<backspace>b<enter>")).len(), 1);
    let mut app = acting(&format!("{OPERATE}deny = [\"restart\"]\n"), None);
    assert!(keys(&mut app, "r").is_empty());
    assert!(message(&app.scene()).contains("the policy denies it"));
}

#[test]
fn an_unknown_cluster_is_asked_about_once_and_remembered_by_its_uid() {
    let mut app = acting("", None);
    assert_eq!(app.scene().title.left[1].text, "observe");
    assert!(keys(&mut app, "r").is_empty());
    assert!(dialog(&app).contains("May I operate this cluster from here?"));
    later(&mut app, 400_000);
    assert!(keys(&mut app, "<enter>").is_empty(), "it has to be typed");
    let effects = keys(&mut app, "shop<enter>");
    let remembered = effects.iter().find_map(|effect| match effect {
        Effect::Remember(answer) => Some((answer.cluster_uid.clone(), answer.before)),
        _ => None,
    });
    assert_eq!(remembered, Some(("u-shop".to_owned(), None)));
    assert_eq!(app.scene().title.left[1].text, "operate");
    rehearsal(&keys(&mut app, "r"));
}

#[test]
fn flags_only_tighten() {
    let mut app = acting(OPERATE, Some(Mode::Observe));
    assert!(keys(&mut app, "r").is_empty());
    assert!(message(&app.scene()).contains("--read-only"));
    assert!(app.scene().dialog.is_none());
    let app = acting("", Some(Mode::Operate));
    assert_eq!(app.scene().title.left[1].text, "observe");
    assert!(message(&app.scene()).starts_with("observe mode: operate was asked for"));
}

#[test]
fn preview_shows_and_does_nothing() {
    let mut app = acting(&OPERATE.replace("\"operate\"", "\"preview\""), None);
    let number = rehearsal(&keys(&mut app, "r"));
    preview(&mut app, number, &object("9", &json!({})));
    later(&mut app, 400_000);
    assert!(dialog(&app).contains("preview mode: nothing is done"));
    assert!(writes(&keys(&mut app, "y<tab><enter>")).is_empty());
}

#[test]
fn more_is_allowed_for_a_while_with_a_reason_and_not_in_another_context() {
    let rule = "[[policy]]\nmatch = { context = \"shop\" }\nmode = \"observe\"\nelevate = { ttl = \"10m\" }\n";
    let elevated = || {
        let mut app = acting(rule, None);
        keys(&mut app, "r");
        later(&mut app, 400_000);
        keys(&mut app, "INC-7<enter>shop<enter>");
        assert!(app.scene().title.left[1].text.starts_with("operate for"), "{:?}", app.scene().title);
        app
    };
    let mut app = elevated();
    later(&mut app, 600_000_000);
    assert_eq!(app.scene().title.left[1].text, "observe");
    let mut app = elevated();
    keys(&mut app, ":ctx other<enter>:ctx shop<enter>");
    assert_eq!(app.scene().title.left[1].text, "observe");
    let mut app = elevated();
    let number = rehearsal(&keys(&mut app, "r"));
    preview(&mut app, number, &object("9", &json!({})));
    later(&mut app, 400_000);
    assert_eq!(writes(&keys(&mut app, "y"))[0].note.reason.as_deref(), Some("INC-7"));
}

#[test]
fn what_became_of_a_write_is_told_in_whatever_context_one_is() {
    let mut app = asked();
    keys(&mut app, "y:ctx other<enter>");
    let undo = "a restart cannot be taken back".to_owned();
    let done = Done {
        context: "shop".into(),
        action: "restart",
        object: "deployment/web in dev".into(),
        warnings: vec![],
        undo,
        back: Box::default(),
    };
    app.update(Event::Reply(Epoch(99), Reply::Done(done)));
    assert_eq!(message(&app.scene()), "shop: restart deployment/web in dev: done; a restart cannot be taken back");
    let why = Refused::Unknown { how: "no answer within 30 s".into(), shown: None };
    let undone =
        Undone { context: "shop".into(), action: "restart", object: "deployment/web in dev".into(), why, after: 0 };
    app.update(Event::Reply(Epoch(99), Reply::Failed(undone)));
    assert!(message(&app.scene()).contains("it may have been done"));
}

#[test]
fn a_dialog_takes_the_keys_and_is_dropped_with_its_context() {
    let mut app = asked();
    keys(&mut app, "j:");
    assert!(app.scene().dialog.is_some() && app.prompt().is_none());
    app.update(Event::Input(Input::Paste("web".into())));
    assert!(app.scene().dialog.is_some());
}

/// The first words of a server that knows us.
fn greeted(app: &mut App, epoch: u64) -> Vec<Effect> {
    let connected = Connected {
        catalog: Catalog::builtin(),
        version: "v1.36.3".into(),
        server: "https://shop:6443".into(),
        user: Some("jane".into()),
        cluster_uid: Some("u-shop".into()),
    };
    app.update(Event::Reply(Epoch(epoch), Reply::Connected(Box::new(connected))))
}

fn title(app: &App) -> String {
    app.scene().title.left.iter().map(|span| span.text.clone()).collect::<Vec<_>>().join("  ")
}

#[test]
fn fewer_rights_are_found_out_before_anything_is_looked_at() {
    let text = "[[policy]]\nmatch = { context = \"shop\" }\nmode = \"observe\"\nread_only_group = \"readers\"\n";
    let begin = || {
        let policy = Policy::parse(text, "policy.toml");
        let (mut app, _) = App::start(Start { policy, ..Start::on(&["shop"], NOW, Size { width: 120, height: 40 }) });
        let weaker = Weaker { user: "jane".into(), group: "readers".into() };
        assert_eq!(greeted(&mut app, 1), [Effect::Weaken(Epoch(1), weaker.clone())]);
        (app, weaker)
    };
    let (mut app, weaker) = begin();
    let effects = app.update(Event::Reply(Epoch(1), Reply::Weakened(Ok(()))));
    let [Effect::Disconnect(Epoch(1)), Effect::ConnectAs { epoch, weaker: by, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*by, weaker);
    let epoch = *epoch;
    let effects = greeted(&mut app, epoch.0);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Weaken(..))), "{effects:?}");
    assert!(!title(&app).contains("server-enforced"), "not before the server has said so");
    app.update(Event::Reply(epoch, Reply::Enforced(Ok(()))));
    assert!(title(&app).contains("observe (server-enforced)"), "{}", title(&app));
    let (mut app, _) = begin();
    app.update(Event::Reply(Epoch(1), Reply::Weakened(Err("it may not list pods".into()))));
    assert!(message(&app.scene()).contains("not as a member of readers: it may not list pods"));
    app.update(Event::Reply(Epoch(1), Reply::Enforced(Err("patch pods in dev".into()))));
    assert!(title(&app).contains("observe (client guard)"), "{}", title(&app));
}

#[test]
fn of_a_plan_that_stopped_in_the_middle_nobody_says_that_nothing_was_changed() {
    let undone = |after| Undone {
        context: "shop".into(),
        action: "drain",
        object: "node/one".into(),
        why: Refused::Budget("the budget says no".into()),
        after,
    };
    assert_eq!(undone(0).remedy(), "nothing was changed: a disruption budget holds the pod");
    assert_eq!(undone(3).remedy(), "the rest was not done: a disruption budget holds the pod");
}
