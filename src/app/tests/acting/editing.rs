//! An object in the user's editor: what opens, what comes back, and that no text is lost.

use super::*;
use crate::app::consult::Told;
use crate::app::draft::{Draft, Edited};
use crate::app::mutation::{PatchStyle, Write};
use crate::kinds::SECRET;

const FILE: &str = "/tmp/kplumb-edit-1-0/deployment-web.yaml";

fn web(version: &str, replicas: i64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": replicas},
        "metadata": {"name": "web", "namespace": "dev", "uid": "u1", "resourceVersion": version}})
}

fn consulted(app: &mut App, effects: &[Effect], object: Value) -> Vec<Effect> {
    let number = effects.iter().find_map(|e| if let Effect::Consult(_, number, _) = e { Some(*number) } else { None });
    let told = Told { object, ..Told::default() };
    app.update(Event::Reply(Epoch(1), Reply::Consulted(number.expect("a look"), Ok(Box::new(told)))))
}

fn draft(effects: &[Effect]) -> (u64, Draft) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Edit(_, number, draft) => Some((*number, (**draft).clone())),
        _ => None,
    });
    found.expect("an editor")
}

fn opened(app: &mut App) -> (u64, Draft) {
    let effects = keys(app, "e");
    draft(&consulted(app, &effects, web("7", 2)))
}

/// The editor has ended with another text, of which the reader made this.
fn came(
    app: &mut App,
    (number, draft): &(u64, Draft),
    text: &str,
    read: Result<Value, (usize, String)>,
) -> Vec<Effect> {
    let edited = Edited::Text { path: FILE.into(), text: text.into(), is_same: text == draft.text, read };
    app.update(Event::Reply(Epoch(1), Reply::Edited(*number, edited)))
}

fn edited(app: &mut App, opened: &(u64, Draft), replicas: i64) -> Vec<Effect> {
    let text = opened.1.text.replace("replicas: 2", &format!("replicas: {replicas}"));
    came(app, opened, &text, Ok(crate::app::acts::edit::shown(&web("", replicas))))
}

fn answered(app: &mut App, number: u64, before: Value, after: Value) {
    let preview = Preview { before, after, warnings: Vec::new() };
    app.update(Event::Reply(Epoch(1), Reply::Previewed(number, Ok(Box::new(preview)))));
    later(app, 300_000);
}

fn refused(app: &mut App, number: u64, why: Refused) {
    app.update(Event::Reply(Epoch(1), Reply::Previewed(number, Err(why))));
    later(app, 300_000);
}

fn discarded(effects: &[Effect]) -> bool {
    effects.contains(&Effect::Discard(FILE.to_owned()))
}

/// An app in which the change from 2 to 3 replicas can be answered.
fn at_the_question() -> App {
    let mut app = acting(OPERATE, None);
    let opened = opened(&mut app);
    let number = rehearsal(&edited(&mut app, &opened, 3));
    answered(&mut app, number, web("9", 2), web("9", 3));
    app
}

#[test]
fn what_was_edited_is_rehearsed_shown_and_written_as_a_patch() {
    let mut app = acting(OPERATE, None);
    let opened = opened(&mut app);
    assert_eq!(opened.1.name, "deployment-web.yaml");
    assert!(opened.1.text.starts_with("# deployment/web in dev, context shop\n"), "{}", opened.1.text);
    assert!(opened.1.text.ends_with("spec:\n  replicas: 2\n"), "{}", opened.1.text);
    assert!(writes(&keys(&mut app, "y<enter>")).is_empty(), "it is in the editor");
    let number = rehearsal(&edited(&mut app, &opened, 3));
    answered(&mut app, number, web("9", 2), web("9", 3));
    let text = dialog(&app);
    for part in ["kubectl --context shop -n dev edit deployment/web", "replicas: 2 → 3", ".spec.replicas", "- 2", "+ 3"]
    {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let effects = keys(&mut app, "y");
    let mutation = writes(&effects)[0].mutation().unwrap();
    let body = json!({"spec": {"replicas": 3}});
    assert_eq!(mutation.write, Write::Patch { style: PatchStyle::Merge, subresource: None, body });
    assert_eq!((mutation.uid.as_deref(), mutation.resource_version.as_deref()), (Some("u1"), Some("9")));
    assert!(!discarded(&effects), "nobody knows yet whether it was done");
}

#[test]
fn a_text_without_a_change_is_no_question() {
    for text in [None, Some("# nothing\n\n")] {
        let mut app = acting(OPERATE, None);
        let opened = opened(&mut app);
        let text = text.unwrap_or(&opened.1.text).to_owned();
        let effects = came(&mut app, &opened, &text, Err((1, "there are 0".into())));
        assert!(discarded(&effects) && app.scene().dialog.is_none());
        assert!(message(&app.scene()).contains("edit deployment/web in dev: nothing was changed"));
    }
}

#[test]
fn a_mistake_opens_again_with_the_text_and_its_line() {
    let mut app = acting(OPERATE, None);
    let opened = opened(&mut app);
    let text = opened.1.text.replace("replicas: 2", "replicas: [");
    let wrong = text.lines().position(|line| line.contains('[')).unwrap() + 1;
    let effects = came(&mut app, &opened, &text, Err((wrong, "a list does not end".into())));
    let again = draft(&effects);
    assert_eq!(again.1.replaces.as_deref(), Some(FILE));
    let line = again.1.text.lines().position(|line| line.contains("replicas: [")).unwrap() + 1;
    assert!(again.1.text.contains(&format!("# ! line {line}: a list does not end\n")), "{}", again.1.text);
    assert_eq!(again.1.text.matches("context shop").count(), 1, "our own words stand there once");
    // Who gives up then keeps the text.
    let effects = came(&mut app, &again, &again.1.text, Err((line, "a list does not end".into())));
    assert!(!discarded(&effects) && message(&app.scene()).contains(FILE));
}

#[test]
fn what_the_server_refuses_can_be_edited_again() {
    let mut app = acting(OPERATE, None);
    let opened = opened(&mut app);
    let number = rehearsal(&edited(&mut app, &opened, -1));
    refused(&mut app, number, Refused::Invalid("422: spec.replicas: must be 0 or more".into()));
    let pane = app.scene().dialog.unwrap();
    assert_eq!(pane.buttons[1].text, "y  edit again");
    let again = draft(&keys(&mut app, "y"));
    assert!(
        again.1.text.contains("# ! 422: spec.replicas: must be 0 or more") && again.1.text.contains("replicas: -1")
    );
    let number = rehearsal(&edited(&mut app, &(again.0, opened.1), 4));
    refused(&mut app, number, Refused::Forbidden("403".into()));
    keys(&mut app, "<esc>");
    assert!(message(&app.scene()).contains(&format!("your text is in {FILE}")));
}

#[test]
fn the_file_goes_when_it_was_done_and_stays_when_it_was_not() {
    let done = |back: &crate::app::mutation::Confirmed| Done {
        context: "shop".into(),
        action: "edit",
        object: "deployment/web in dev".into(),
        warnings: Vec::new(),
        undo: back.note.undo.clone(),
        back: Box::new(back.note.back.clone()),
    };
    let mut app = at_the_question();
    let effects = keys(&mut app, "y");
    let done = done(writes(&effects)[0]);
    assert!(discarded(&app.update(Event::Reply(Epoch(1), Reply::Done(done)))));
    // And it is taken back by the same action, without an editor.
    let effects = keys(&mut app, "z");
    let effects = consulted(&mut app, &effects, web("10", 3));
    let Some(Effect::Preview(_, _, mutation)) = effects.first() else { panic!("{effects:?}") };
    let Write::Patch { body, .. } = &mutation.write else { panic!("a patch") };
    assert_eq!(*body, json!({"spec": {"replicas": 2}}));
    let mut app = at_the_question();
    keys(&mut app, "y");
    let why = Refused::Denied("the webhook says no".into());
    let undone =
        Undone { context: "shop".into(), action: "edit", object: "deployment/web in dev".into(), why, after: 0 };
    assert!(!discarded(&app.update(Event::Reply(Epoch(1), Reply::Failed(undone)))));
    assert!(message(&app.scene()).contains(FILE));
}

#[test]
fn a_change_that_met_another_version_is_asked_for_again() {
    let mut app = at_the_question();
    keys(&mut app, "y");
    let why = Refused::Conflict("the object has been modified".into());
    let undone =
        Undone { context: "shop".into(), action: "edit", object: "deployment/web in dev".into(), why, after: 0 };
    let effects = app.update(Event::Reply(Epoch(1), Reply::Failed(undone)));
    let mut newer = web("12", 2);
    newer["spec"]["paused"] = json!(true);
    let number = rehearsal(&consulted(&mut app, &effects, newer.clone()));
    let mut after = newer.clone();
    after["spec"]["replicas"] = json!(3);
    answered(&mut app, number, newer, after);
    let text = dialog(&app);
    assert!(text.contains("somebody else changed it meanwhile (.spec.paused)"), "{text}");
    assert!(text.contains("it met another version: this is the same change on the newest one"), "{text}");
    let effects = keys(&mut app, "y");
    assert_eq!(writes(&effects)[0].mutation().unwrap().resource_version.as_deref(), Some("12"));
}

#[test]
fn fields_that_another_one_changed_are_shown_and_never_written_over() {
    let mut app = acting(OPERATE, None);
    let opened = opened(&mut app);
    let number = rehearsal(&edited(&mut app, &opened, 3));
    answered(&mut app, number, web("12", 5), web("12", 3));
    let text = dialog(&app);
    assert!(text.contains("somebody else changed the same fields: .spec.replicas: yours 3, now 5"), "{text}");
    let again = draft(&keys(&mut app, "y"));
    assert_eq!(again.1.replaces, None, "the text that was typed stays where it is");
    assert!(again.1.text.contains(FILE) && again.1.text.ends_with("replicas: 5\n"), "{}", again.1.text);
}

#[test]
fn a_secret_is_shown_only_where_the_policy_lets_it() {
    for (more, opens) in [("", true), ("deny = [\"secrets:reveal\"]\n", false)] {
        let mut app = acting(&format!("{OPERATE}{more}"), None);
        let key = ObjectRef::new(SECRET, "dev", "db");
        let meta = Meta { uid: Arc::from("u2"), resource_version: Arc::from("7"), ..Meta::default() };
        let changes = vec![
            Change::Replace(Scope::all(SECRET), vec![Record { key, meta, digest: Digest::default() }]),
            Change::Sync(Scope::all(SECRET), Sync::Live),
        ];
        app.update(Event::Reply(Epoch(1), Reply::Cluster(changes)));
        let effects = keys(&mut app, ":secrets<enter>e");
        let object = json!({"kind": "Secret", "metadata": {"name": "db", "uid": "u2"}, "data": {"a": "b2xk"}});
        let effects = consulted(&mut app, &effects, object);
        if opens {
            assert!(draft(&effects).1.text.contains("a: b2xk"));
        } else {
            assert!(effects.is_empty() && dialog(&app).contains("secrets:reveal"), "{}", dialog(&app));
        }
    }
}

#[test]
fn a_mode_without_writes_opens_nothing_or_does_nothing() {
    let mut app = acting("", None);
    assert!(!keys(&mut app, "e").iter().any(|effect| matches!(effect, Effect::Edit(..) | Effect::Consult(..))));
    assert!(dialog(&app).contains("May I operate this cluster from here?"));
    let mut app = acting(OPERATE, Some(Mode::Preview));
    let opened = opened(&mut app);
    let number = rehearsal(&edited(&mut app, &opened, 3));
    answered(&mut app, number, web("9", 2), web("9", 3));
    assert!(dialog(&app).contains("preview mode: nothing is done"));
    assert!(writes(&keys(&mut app, "y<tab><enter>")).is_empty());
}

#[test]
fn an_answer_that_nobody_waits_for_keeps_its_text() {
    let mut app = acting(OPERATE, None);
    let opened = opened(&mut app);
    keys(&mut app, "<esc>");
    let text = format!("{}more: 1\n", opened.1.text);
    assert!(!discarded(&came(&mut app, &opened, &text, Ok(json!({})))));
    assert!(message(&app.scene()).contains(FILE));
    assert!(discarded(&came(&mut app, &opened, &opened.1.text.clone(), Ok(json!({})))));
}
