//! From a key to what moves a Rollout of Argo along: each key asks first, and one yes is one plan.

use super::flows::inquiry;
use super::*;
use crate::app::consult::Told;
use crate::app::mutation::{PatchStyle, Write};
use crate::app::right::{Right, Verdict};
use crate::kinds::ROLLOUT;
use crate::kinds::rollout::{REVISION, RolloutFacts};

/// An app with a canary that waits at its second step, on its row.
fn waiting(aborted: bool) -> App {
    let mut app = acting(OPERATE, None);
    let facts = RolloutFacts {
        aborted,
        current_hash: Some("b".into()),
        stable_hash: Some("a".into()),
        ..RolloutFacts::default()
    };
    let key = ObjectRef::new(ROLLOUT, "dev", "web");
    let meta = Meta { uid: Arc::from("u1"), resource_version: Arc::from("7"), ..Meta::default() };
    let digest = Digest { facts: crate::kinds::Facts::Rollout(Box::new(facts)), ..Digest::default() };
    let web = Record { key, meta, digest };
    let changes = vec![Change::Replace(Scope::all(ROLLOUT), vec![web]), Change::Sync(Scope::all(ROLLOUT), Sync::Live)];
    app.update(Event::Reply(Epoch(1), Reply::Cluster(changes)));
    keys(&mut app, ":ro<enter>");
    app
}

fn canary(version: &str, paused: bool, aborted: bool) -> Value {
    let steps = json!([{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}]);
    json!({"kind": "Rollout", "metadata": {"uid": "u1", "resourceVersion": version, "generation": 1},
        "spec": {"paused": paused, "strategy": {"canary": {"steps": steps}}},
        "status": {"currentPodHash": "b", "stableRS": "a", "currentStepIndex": 1, "abort": aborted,
            "observedGeneration": "1", "pauseConditions": [{"reason": "CanaryPauseStep"}]}})
}

fn sets() -> Vec<Value> {
    let owner = json!([{"kind": "Rollout", "uid": "u1", "controller": true}]);
    let set = |number: &str, hash: &str| {
        let labels = json!({"rollouts-pod-template-hash": hash});
        json!({"metadata": {"annotations": {REVISION: number}, "labels": labels, "ownerReferences": owner}})
    };
    vec![set("8", "a"), set("9", "b")]
}

/// Presses keys and answers what is read and rehearsed; the write that was rehearsed.
fn asked(app: &mut App, pressed: &str, object: &Value) -> Write {
    let number = inquiry(&keys(app, pressed));
    let told = Told { object: object.clone(), lists: vec![sets()], ..Told::default() };
    let effects = app.update(Event::Reply(Epoch(1), Reply::Consulted(number, Ok(Box::new(told)))));
    let preview = effects.iter().find_map(|effect| match effect {
        Effect::Preview(_, number, mutation) => Some((*number, mutation.write.clone())),
        _ => None,
    });
    let (number, write) = preview.unwrap_or_else(|| panic!("{}", dialog(app)));
    let mut after = object.clone();
    if let Write::Patch { body, .. } = &write {
        crate::app::merge::lay_over(&mut after, body);
    }
    let preview = Preview { before: object.clone(), after, warnings: Vec::new() };
    app.update(Event::Reply(Epoch(1), Reply::Previewed(number, Ok(Box::new(preview)))));
    later(app, 300_000);
    write
}

fn status(body: &Value) -> Write {
    Write::Patch { style: PatchStyle::Merge, subresource: Some("status"), body: json!({"status": body}) }
}

#[test]
fn a_key_promotes_and_what_was_paused_by_hand_goes_on_by_the_same_yes() {
    let mut app = waiting(false);
    assert_eq!(asked(&mut app, "b", &canary("9", true, false)), status(&json!({"pauseConditions": null})));
    for part in [
        "promote rollout/web in dev",
        "kubectl argo rollouts promote web --context shop -n dev",
        "step 2 of 3 (pause) is over, and step 3 of 3 (setWeight 50) comes",
        ".status.pauseConditions",
        "somebody paused it: that ends, too",
        "abort goes back to revision 8",
    ] {
        assert!(dialog(&app).contains(part), "{part} is not in:\n{}", dialog(&app));
    }
    let effects = keys(&mut app, "y");
    let plan = writes(&effects)[0].plan();
    let versions: Vec<_> = plan.iter().map(|one| (one.subresource(), one.resource_version.as_deref())).collect();
    // The first write makes another version: the second one holds to the object alone.
    assert_eq!(versions, [(Some("status"), Some("9")), (None, None)]);
    assert!(plan.iter().all(|one| one.uid.as_deref() == Some("u1")));
}

#[test]
fn one_key_aborts_and_begins_again_whichever_can_be() {
    let mut app = waiting(false);
    assert_eq!(asked(&mut app, "x", &canary("9", false, false)), status(&json!({"abort": true})));
    assert!(dialog(&app).contains("all requests go to revision 8 again"), "{}", dialog(&app));
    let effects = keys(&mut app, "y");
    assert_eq!(writes(&effects)[0].note.back.way.as_ref().unwrap().act, "retry-rollout");
    let mut app = waiting(true);
    assert_eq!(asked(&mut app, "x", &canary("9", false, true)), status(&json!({"abort": false})));
    assert!(dialog(&app).starts_with("retry-rollout rollout/web in dev"));
    assert_eq!(writes(&keys(&mut app, "y"))[0].note.back.way.as_ref().unwrap().act, "abort");
}

#[test]
fn full_promotion_wants_the_name_typed() {
    let mut app = waiting(false);
    assert_eq!(asked(&mut app, "B", &canary("9", false, false)), status(&json!({"promoteFull": true})));
    assert!(writes(&keys(&mut app, "y<enter>")).is_empty());
    assert_eq!(writes(&keys(&mut app, "<ctrl-u>web<enter>")).len(), 1);
}

#[test]
fn what_may_not_be_written_is_said_before_anything_is_asked() {
    let mut app = waiting(false);
    let number = inquiry(&keys(&mut app, ":promote<enter>"));
    let right = Right::on("patch", "status", &ObjectRef::new(ROLLOUT, "dev", "web"));
    let rights = vec![(right, Verdict::Denied("no role".to_owned()))];
    let told = Told { object: canary("9", false, false), lists: vec![sets()], rights };
    let effects = app.update(Event::Reply(Epoch(1), Reply::Consulted(number, Ok(Box::new(told)))));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Preview(..))));
    assert!(dialog(&app).contains("you may not patch rollouts.argoproj.io/status: no role"), "{}", dialog(&app));
}
