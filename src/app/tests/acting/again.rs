//! An object that changes while it is asked about, or just after the yes.

use super::flows::{inquiry, replicas, scaling, told};
use super::*;

/// The watch tells of another version of dev/web, perhaps of another object of that name.
fn changes(app: &mut App, uid: &str, version: &str) {
    let key = ObjectRef::new(DEPLOYMENT, "dev", "web");
    let meta = Meta { uid: Arc::from(uid), resource_version: Arc::from(version), ..Meta::default() };
    let web = Record { key, meta, digest: Digest::default() };
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(web)])));
}

/// A question: from two replicas to five.
fn five() -> (App, u64) {
    let (mut app, number) = scaling(OPERATE);
    let effects = keys(&mut app, "5<enter>");
    assert_eq!(rehearsal(&effects), number);
    preview(&mut app, number, &replicas("9", 2));
    later(&mut app, 300_000);
    (app, number)
}

fn conflict(app: &mut App) -> Vec<Effect> {
    let why = Refused::Conflict("the object has been modified".into());
    let undone =
        Undone { context: "shop".into(), action: "scale", object: "deployment/web in dev".into(), why, after: 0 };
    app.update(Event::Reply(Epoch(1), Reply::Failed(undone)))
}

fn version(effects: &[Effect]) -> Option<Arc<str>> {
    writes(effects).first().and_then(|yes| yes.mutation().unwrap().resource_version.clone())
}

#[test]
fn what_still_is_what_was_agreed_to_needs_one_yes() {
    let (mut app, number) = five();
    changes(&mut app, "u1", "12");
    let effects = keys(&mut app, "y");
    assert!(writes(&effects).is_empty(), "it is looked at again first");
    assert_eq!(inquiry(&effects), number);
    assert_eq!(rehearsal(&told(&mut app, number, &replicas("12", 2), Vec::new())), number);
    let after = object("13", &json!({}));
    let preview = Preview { before: replicas("12", 2), after, warnings: vec!["beware".into()] };
    let effects = app.update(Event::Reply(Epoch(1), Reply::Previewed(number, Ok(Box::new(preview)))));
    assert_eq!(version(&effects).as_deref(), Some("12"));
    assert!(app.scene().dialog.is_none());
}

#[test]
fn what_is_another_question_now_is_asked_again() {
    let (mut app, number) = five();
    changes(&mut app, "u1", "12");
    keys(&mut app, "y");
    told(&mut app, number, &replicas("12", 3), Vec::new());
    preview(&mut app, number, &replicas("12", 3));
    assert!(dialog(&app).contains("it changed meanwhile"), "{}", dialog(&app));
    assert!(dialog(&app).contains("--current-replicas=3 --replicas=5"), "{}", dialog(&app));
    later(&mut app, 300_000);
    assert_eq!(version(&keys(&mut app, "y")).as_deref(), Some("12"));
}

#[test]
fn an_older_version_in_the_model_asks_nothing() {
    let (mut app, _) = five();
    changes(&mut app, "u1", "8");
    assert_eq!(version(&keys(&mut app, "y")).as_deref(), Some("9"));
}

#[test]
fn a_conflict_at_the_answer_is_asked_again_and_never_sent_again() {
    let (mut app, _) = five();
    assert_eq!(version(&keys(&mut app, "y")).as_deref(), Some("9"));
    let effects = conflict(&mut app);
    assert!(writes(&effects).is_empty());
    let number = inquiry(&effects);
    let effects = told(&mut app, number, &replicas("14", 2), Vec::new());
    assert_eq!(rehearsal(&effects), number, "what was said is not asked for again");
    preview(&mut app, number, &replicas("14", 2));
    later(&mut app, 300_000);
    assert!(dialog(&app).contains("it changed meanwhile"), "{}", dialog(&app));
    assert_eq!(version(&keys(&mut app, "y")).as_deref(), Some("14"));
}

#[test]
fn another_object_of_the_name_is_not_asked_about() {
    let (mut app, _) = five();
    keys(&mut app, "y");
    changes(&mut app, "u2", "20");
    assert!(conflict(&mut app).is_empty());
    assert!(app.scene().dialog.is_none());
    assert!(message(&app.scene()).contains("it changed meanwhile"));
}

#[test]
fn esc_while_it_is_looked_at_again_takes_the_yes_back() {
    let (mut app, number) = five();
    changes(&mut app, "u1", "12");
    keys(&mut app, "y<esc>");
    assert!(told(&mut app, number, &replicas("12", 2), Vec::new()).is_empty());
    assert!(app.scene().dialog.is_none());
}

#[test]
fn a_conflict_at_the_rehearsal_is_read_and_rehearsed_again_until_it_never_rests() {
    let mut app = acting(OPERATE, None);
    let number = rehearsal(&keys(&mut app, "r"));
    let conflict = || Reply::Previewed(number, Err(Refused::Conflict("the object has been modified".into())));
    let mut tries = 1;
    loop {
        let effects = app.update(Event::Reply(Epoch(1), conflict()));
        if effects.is_empty() {
            break;
        }
        assert_eq!(inquiry(&effects), number);
        let effects = told(&mut app, number, &replicas("12", 2), Vec::new());
        assert_eq!(rehearsal(&effects), number);
        tries += 1;
    }
    assert_eq!(tries, 3);
    assert!(dialog(&app).contains("the object has been modified"), "{}", dialog(&app));
}
