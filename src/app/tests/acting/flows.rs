//! Actions that read first, ask for something, and can be taken back.

use super::*;
use crate::app::consult::Told;
use crate::app::mutation::{PatchStyle, Way, Write};

/// The inquiry that is to be made, by its number.
fn inquiry(effects: &[Effect]) -> u64 {
    effects
        .iter()
        .find_map(|effect| if let Effect::Consult(_, number, _) = effect { Some(*number) } else { None })
        .expect("an inquiry")
}

fn rehearsed(effects: &[Effect]) -> Write {
    effects
        .iter()
        .find_map(
            |effect| if let Effect::Preview(_, _, mutation) = effect { Some(mutation.write.clone()) } else { None },
        )
        .expect("a rehearsal")
}

/// Answers an inquiry; what the app wants then.
fn told(app: &mut App, number: u64, object: &Value, lists: Vec<Vec<Value>>) -> Vec<Effect> {
    let told = Told { object: object.clone(), lists, ..Told::default() };
    let effects = app.update(Event::Reply(Epoch(1), Reply::Consulted(number, Ok(Box::new(told)))));
    later(app, 300_000);
    effects
}

fn input(app: &App) -> Option<(String, String)> {
    app.scene().dialog.and_then(|pane| pane.input).map(|typed| (typed.label, typed.text))
}

fn replicas(version: &str, replicas: u32) -> Value {
    object(version, &json!({"replicas": replicas}))
}

/// An app that asks how many replicas dev/web is to have; it has two.
fn scaling(policy: &str) -> (App, u64) {
    let mut app = acting(policy, None);
    let number = inquiry(&keys(&mut app, "s"));
    assert!(told(&mut app, number, &replicas("9", 2), Vec::new()).is_empty());
    assert_eq!(input(&app), Some(("replicas (now 2): ".to_owned(), String::new())));
    (app, number)
}

fn done(app: &mut App, effects: &[Effect]) {
    let note = writes(effects)[0].note.clone();
    let done = Done {
        context: note.context,
        action: note.action,
        object: note.object,
        warnings: Vec::new(),
        undo: note.undo,
        back: Box::new(note.back),
    };
    app.update(Event::Reply(Epoch(1), Reply::Done(done)));
}

#[test]
fn a_number_is_asked_for_rehearsed_and_taken_back() {
    let (mut app, number) = scaling(OPERATE);
    assert!(keys(&mut app, "2<enter>").is_empty());
    assert!(dialog(&app).contains("it has 2 replicas already"));
    let effects = keys(&mut app, "<backspace>5<enter>");
    assert_eq!(rehearsed(&effects), Write::Scale { replicas: 5 });
    preview(&mut app, number, &replicas("10", 2));
    later(&mut app, 300_000);
    for part in
        ["--current-replicas=2 --replicas=5", "3 pods begin: 2 → 5", ".spec.replicas\n  - 2\n  + 5", "scale back to 2"]
    {
        assert!(dialog(&app).contains(part), "{part} is not in:\n{}", dialog(&app));
    }
    let effects = keys(&mut app, "y");
    assert_eq!(writes(&effects)[0].mutation().unwrap().resource_version.as_deref(), Some("10"));
    done(&mut app, &effects);
    assert!(message(&app.scene()).ends_with("done; z: scale back to 2"));
    // `z` says the number itself, and what was taken back is not taken back again.
    let again = inquiry(&keys(&mut app, "z"));
    assert_eq!(rehearsed(&told(&mut app, again, &replicas("11", 5), Vec::new())), Write::Scale { replicas: 2 });
    preview(&mut app, again, &replicas("11", 5));
    later(&mut app, 300_000);
    let effects = keys(&mut app, "y");
    done(&mut app, &effects);
    assert!(app.deeds.ways.is_empty());
}

#[test]
fn what_was_said_in_the_palette_is_not_asked_again() {
    let mut app = acting(OPERATE, None);
    let number = inquiry(&keys(&mut app, ":scale 4<enter>"));
    assert_eq!(rehearsed(&told(&mut app, number, &replicas("9", 2), Vec::new())), Write::Scale { replicas: 4 });
    let mut app = acting(OPERATE, None);
    let number = inquiry(&keys(&mut app, ":scale many<enter>"));
    assert!(told(&mut app, number, &replicas("9", 2), Vec::new()).is_empty());
    assert_eq!(input(&app).unwrap().1, "many");
    assert!(dialog(&app).contains("a number of replicas"));
}

#[test]
fn nothing_left_wants_the_name_and_can_be_denied() {
    let (mut app, number) = scaling(OPERATE);
    keys(&mut app, "0<enter>");
    preview(&mut app, number, &replicas("9", 2));
    later(&mut app, 300_000);
    assert!(writes(&keys(&mut app, "y<enter>")).is_empty());
    assert_eq!(writes(&keys(&mut app, "<ctrl-u>web<enter>")).len(), 1);
    let (mut app, number) = scaling(&format!("{OPERATE}deny = [\"scale_to_zero\"]\n"));
    keys(&mut app, "0<enter>");
    preview(&mut app, number, &replicas("9", 2));
    later(&mut app, 300_000);
    assert!(dialog(&app).contains("the policy denies it here"));
    assert!(writes(&keys(&mut app, "y<tab><enter>web<enter>")).is_empty());
}

#[test]
fn what_was_computed_on_an_older_object_is_computed_again() {
    let container = |image: &str| json!({"template": {"spec": {"containers": [{"name": "app", "image": image}]}}});
    let set = |number: &str, image: &str| {
        json!({"metadata": {"annotations": {"deployment.kubernetes.io/revision": number},
            "ownerReferences": [{"uid": "u1", "controller": true}]}, "spec": container(image)})
    };
    let mut app = acting(OPERATE, None);
    let number = inquiry(&keys(&mut app, "u"));
    let lists = vec![vec![set("1", "a:1"), set("2", "a:2")]];
    let mut now = object("9", &container("a:2"));
    now["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "2"});
    let first = rehearsed(&told(&mut app, number, &now, lists));
    assert!(matches!(&first, Write::Patch { style: PatchStyle::Json, .. }));
    // Its controller writes the number down meanwhile: the annotations that come back are others.
    now["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!("3");
    let after = now.clone();
    let said = Preview { before: now.clone(), after, warnings: vec![] };
    let effects = app.update(Event::Reply(Epoch(1), Reply::Previewed(number, Ok(Box::new(said)))));
    let second = rehearsed(&effects);
    assert_ne!(first, second);
    let said = Preview { before: now.clone(), after: now, warnings: vec![] };
    app.update(Event::Reply(Epoch(1), Reply::Previewed(number, Ok(Box::new(said)))));
    later(&mut app, 300_000);
    assert_eq!(writes(&keys(&mut app, "y"))[0].mutation().unwrap().write, second);
}

#[test]
fn an_object_that_never_rests_is_left_alone() {
    let mut app = acting(OPERATE, None);
    let number = inquiry(&keys(&mut app, ":image app=a:9<enter>"));
    let now = |image: &str, other: &str| {
        let containers = json!([{"name": "app", "image": image}, {"name": other, "image": "b"}]);
        object("9", &json!({"template": {"spec": {"containers": containers}}}))
    };
    told(&mut app, number, &now("a:1", "x"), Vec::new());
    // The container vanishes: what was said cannot be written any more.
    preview(&mut app, number, &object("10", &json!({"template": {"spec": {"containers": []}}})));
    later(&mut app, 300_000);
    assert!(dialog(&app).contains("unable to find container named"));
    assert!(writes(&keys(&mut app, "y<tab><enter>")).is_empty());
}

#[test]
fn an_image_is_edited_where_it_stands_and_may_be_pasted() {
    let mut app = acting(OPERATE, None);
    let number = inquiry(&keys(&mut app, "i"));
    let now = object("9", &json!({"template": {"spec": {"containers": [{"name": "app", "image": "shop/web:1"}]}}}));
    told(&mut app, number, &now, Vec::new());
    assert_eq!(input(&app).unwrap().1, "app=shop/web:1");
    keys(&mut app, "<ctrl-u>");
    app.update(Event::Input(Input::Paste("shop/web:2\n".into())));
    let effects = keys(&mut app, "<enter>");
    let Write::Patch { body, .. } = rehearsed(&effects) else { panic!("a patch") };
    assert_eq!(body["spec"]["template"]["spec"]["containers"], json!([{"name": "app", "image": "shop/web:2"}]));
}

#[test]
fn a_deletion_wants_the_name_and_keeps_the_manifest() {
    let mut app = acting(OPERATE, None);
    let number = inquiry(&keys(&mut app, "<ctrl-d>"));
    let now = replicas("9", 2);
    assert!(matches!(rehearsed(&told(&mut app, number, &now, Vec::new())), Write::Delete { .. }));
    let said = Preview { before: now.clone(), after: Value::Null, warnings: vec![] };
    app.update(Event::Reply(Epoch(1), Reply::Previewed(number, Ok(Box::new(said)))));
    later(&mut app, 300_000);
    assert!(!dialog(&app).contains("nothing would change"), "{}", dialog(&app));
    let effects = keys(&mut app, "web<enter>");
    let way = writes(&effects)[0].note.back.way.clone().unwrap();
    assert_eq!(way.act, "recreate");
    done(&mut app, &effects);
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Delete(ObjectRef::new(DEPLOYMENT, "dev", "web"))])));
    let Write::Create { body } = rehearsed(&keys(&mut app, "z")) else { panic!("a new object") };
    assert_eq!(body["spec"]["replicas"], 2);
    assert_eq!(body["metadata"].get("uid"), None);
}

#[test]
fn a_key_means_the_action_that_the_object_can_have() {
    let mut app = acting(OPERATE, None);
    let hints = |app: &App| app.scene().hints.iter().map(|hint| hint.command).collect::<Vec<_>>();
    assert!(hints(&app).contains(&"pause") && !hints(&app).contains(&"resume"), "{:?}", hints(&app));
    assert!(!hints(&app).contains(&"cordon"));
    let paused = crate::kinds::deployment::DeploymentFacts { paused: true, ..Default::default() };
    let key = ObjectRef::new(DEPLOYMENT, "dev", "web");
    let meta = Meta { uid: Arc::from("u1"), resource_version: Arc::from("8"), ..Meta::default() };
    let digest = Digest { facts: crate::kinds::Facts::Deployment(Box::new(paused)), ..Digest::default() };
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(Record { key, meta, digest })])));
    assert!(hints(&app).contains(&"resume"));
    let number = rehearsal(&keys(&mut app, "p"));
    preview(&mut app, number, &object("9", &json!({"paused": true})));
    assert!(dialog(&app).starts_with("resume deployment/web in dev"), "{}", dialog(&app));
    keys(&mut app, "<esc>:cordon<enter>");
    assert!(message(&app.scene()).contains("cordon is for nodes"));
}

#[test]
fn nothing_to_take_back_says_so_and_a_rollout_can_be() {
    let mut app = acting(OPERATE, None);
    inquiry(&keys(&mut app, "z"));
    assert!(dialog(&app).starts_with("undo deployment/web"));
    keys(&mut app, "<esc>:ns<enter>z");
    let way = Way { act: "scale", key: ObjectRef::new(DEPLOYMENT, "dev", "gone"), argument: "1".into() };
    app.deeds.ways.push(("shop".into(), way));
    keys(&mut app, "<esc>z");
    assert!(message(&app.scene()).contains("gone is gone"));
}

#[test]
fn who_owns_the_object_is_said_before() {
    let (mut app, number) = scaling(OPERATE);
    keys(&mut app, "3<enter>");
    let mut now = replicas("9", 2);
    now["metadata"]["annotations"] = json!({"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:dev/web"});
    preview(&mut app, number, &now);
    assert!(dialog(&app).contains("Argo CD applies it from Git"));
}

#[test]
fn the_demo_may_be_operated_and_says_what_it_is() {
    let grant = Policy::demo().decide("shop", "demo", None);
    assert_eq!((grant.mode, grant.is_embedded), (Mode::Operate, true));
}

fn deployment(app: &mut App, version: &str, health: Health, reason: &str) {
    let key = ObjectRef::new(DEPLOYMENT, "dev", "web");
    let meta = Meta { uid: Arc::from("u1"), resource_version: Arc::from(version), ..Meta::default() };
    let digest = Digest { health: Some(health), reason: Some(Arc::from(reason)), ..Digest::default() };
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![Change::Apply(Record { key, meta, digest })])));
}

#[test]
fn a_rollout_that_was_begun_is_told_of_once_it_is_through_or_stuck() {
    let begun = || {
        let mut app = asked();
        let effects = keys(&mut app, "y");
        done(&mut app, &effects);
        // The model may still show the version that the action was done to.
        deployment(&mut app, "9", Health::Ready, "");
        assert!(message(&app.scene()).contains("done"));
        deployment(&mut app, "10", Health::Progressing, "");
        later(&mut app, 42_000_000);
        app
    };
    let mut app = begun();
    deployment(&mut app, "11", Health::Ready, "");
    assert_eq!(message(&app.scene()), "deployment/web in dev: restart is through after 42s");
    let mut app = begun();
    deployment(&mut app, "11", Health::Failed, "ProgressDeadlineExceeded");
    assert!(message(&app.scene()).contains("stuck after 42s: ProgressDeadlineExceeded"));
}
