//! Each patch beside what kubectl-argo-rollouts sends in the same state, and when there is nothing to send.

use super::*;
use crate::app::acts::tests::subject;

fn set(number: &str, hash: &str) -> Value {
    let owner = json!([{"kind": "Rollout", "name": "web", "uid": "u1", "controller": true}]);
    let metadata = json!({"annotations": {crate::kinds::rollout::REVISION: number}, "ownerReferences": owner,
        "labels": {"rollouts-pod-template-hash": hash}});
    json!({"metadata": metadata, "spec": {"template": {"spec": {"containers": [{"image": format!("a:{number}")}]}}}})
}

/// A canary at the second of four steps, a pause.
fn canary(spec: &Value, status: &Value) -> Subject {
    let steps = json!([{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"analysis": {}}]);
    let mut object = json!({"metadata": {"uid": "u1", "generation": 3},
        "spec": {"strategy": {"canary": {"steps": steps}}},
        "status": {"currentPodHash": "b", "stableRS": "a", "currentStepIndex": 1, "observedGeneration": "3"}});
    for (place, more) in [("spec", spec), ("status", status)] {
        object[place].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    Subject { lists: vec![vec![set("8", "a"), set("9", "b")]], ..subject(ROLLOUT, object) }
}

fn held() -> Value {
    json!({"pauseConditions": [{"reason": "CanaryPauseStep"}], "controllerPause": true})
}

/// The requests of a promotion: path and body.
fn sent(subject: &Subject) -> Vec<(Option<&'static str>, Value)> {
    let all = std::iter::once((PROMOTE.write)(subject).unwrap()).chain((PROMOTE.more)(subject));
    let read = |mutation: Mutation| match mutation.write {
        Write::Patch { style: PatchStyle::Merge, subresource, body } => (subresource, body),
        other => panic!("{other:?}"),
    };
    all.map(read).collect()
}

#[test]
fn a_promotion_is_what_kubectl_argo_rollouts_sends_in_each_state() {
    let none = json!({});
    let paused = json!({"paused": true});
    let cleared = (Some("status"), json!({"status": {"pauseConditions": null}}));
    let unpaused = (None, json!({"spec": {"paused": false}}));
    let next = |index: u8| (Some("status"), json!({"status": {"pauseConditions": null, "currentStepIndex": index}}));
    assert_eq!(
        sent(&canary(&none, &held())),
        std::slice::from_ref(&cleared),
        "a pause is cleared, and no step is skipped"
    );
    assert_eq!(sent(&canary(&paused, &held())), [cleared, unpaused.clone()], "the status goes first");
    assert_eq!(sent(&canary(&none, &json!({"currentStepIndex": 3}))), [next(4)], "in the middle of an analysis");
    assert_eq!(sent(&canary(&paused, &json!({"currentStepIndex": 4}))), [next(4), unpaused.clone()]);
    let mut unclear = held();
    unclear["canary"] = json!({"currentStepAnalysisRunStatus": {"status": "Inconclusive"}});
    let body = json!({"status": {"pauseConditions": null, "controllerPause": false, "currentStepIndex": 2}});
    assert_eq!(sent(&canary(&none, &unclear)), [(Some("status"), body)]);
    let mut both = canary(&paused, &held());
    both.object["spec"]["strategy"] = json!({"blueGreen": {"activeService": "web"}});
    both.object["status"]["pauseConditions"] = Value::Null;
    assert_eq!(sent(&both), [unpaused]);
}

#[test]
fn without_a_path_of_its_own_the_status_goes_with_the_object() {
    let old = |spec: &Value, status: &Value| {
        let mut subject = canary(spec, status);
        subject.target.has_status = false;
        subject
    };
    let one = json!({"spec": {"paused": false}, "status": {"pauseConditions": null}});
    assert_eq!(sent(&old(&json!({"paused": true}), &held())), [(None, one)]);
    let aborted = (ABORT.write)(&old(&json!({}), &json!({}))).unwrap();
    assert_eq!((aborted.subresource(), aborted.verb()), (None, "patch"));
}

#[test]
fn the_other_ones_write_one_word_of_the_status() {
    let subject = canary(&json!({}), &held());
    for (act, word) in [
        (&PROMOTE_FULL, json!({"promoteFull": true})),
        (&ABORT, json!({"abort": true})),
        (&RETRY, json!({"abort": false})),
    ] {
        let Write::Patch { body, subresource: Some("status"), .. } = (act.write)(&subject).unwrap().write else {
            panic!("a patch of the status")
        };
        assert_eq!(body, json!({"status": word}));
    }
    let line = |act: &Act| act.line(&subject);
    assert_eq!(line(&PROMOTE), "kubectl argo rollouts promote web --context shop -n shop");
    assert_eq!(line(&PROMOTE_FULL), "kubectl argo rollouts promote web --full --context shop -n shop");
    assert_eq!(line(&RETRY), "kubectl argo rollouts retry rollout web --context shop -n shop");
}

#[test]
fn what_would_change_nothing_is_refused() {
    let through = canary(&json!({}), &json!({"currentStepIndex": 4, "stableRS": "b"}));
    for act in [&PROMOTE, &PROMOTE_FULL, &ABORT, &RETRY] {
        assert!((act.refuse)(&through).is_some(), "{}", act.name);
    }
    let aborted = canary(&json!({}), &json!({"abort": true}));
    assert_eq!((ABORT.refuse)(&aborted).unwrap(), r#"rollouts.argoproj.io "web" is aborted already"#);
    assert_eq!((RETRY.refuse)(&aborted), None);
    assert!((PROMOTE.caution)(&aborted)[0].contains("retry-rollout begins its steps again"));
    let right = Right::on("patch", "status", &aborted.target.key);
    let may_not = Subject { rights: vec![(right, Verdict::Denied(String::new()))], ..canary(&json!({}), &held()) };
    assert_eq!((PROMOTE.refuse)(&may_not).unwrap(), "you may not patch rollouts.argoproj.io/status");
}

#[test]
fn what_comes_of_it_names_steps_and_revisions() {
    let subject = canary(&json!({}), &held());
    assert_eq!((PROMOTE.effects)(&subject), ["step 2 of 4 (pause) is over, and step 3 of 4 (setWeight 50) comes"]);
    assert!((PROMOTE_FULL.effects)(&subject)[0].starts_with("every pod becomes one of revision 9"));
    assert_eq!((ABORT.effects)(&subject)[0], "all requests go to revision 8 again, and the pods of revision 9 go");
    assert_eq!((PROMOTE_FULL.undo)(&subject).way.unwrap().argument, "8");
    assert_eq!((ABORT.undo)(&subject).way.unwrap().act, "retry-rollout");
    assert_eq!((RETRY.undo)(&subject).way.unwrap().act, "abort");
    assert_eq!(
        (PROMOTE.undo)(&subject),
        Undo { words: "a step does not come back; abort goes back to revision 8".to_owned(), way: None }
    );
    let unseen = canary(&json!({}), &json!({"observedGeneration": "2"}));
    assert!((ABORT.caution)(&unseen)[0].contains("has not seen the last change"));
}
