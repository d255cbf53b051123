//! Which revision comes back, by which patch, and when none does.

use super::*;
use crate::app::acts::tests::subject;
use crate::kinds::KindId;

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": image}]}})
}

fn owner() -> Value {
    json!([{"kind": "Any", "name": "web", "uid": "u1", "controller": true}])
}

fn set(number: &str, image: &str) -> Value {
    let mut template = template(image);
    template["metadata"]["labels"]["pod-template-hash"] = json!(format!("h{number}"));
    let annotations = json!({"deployment.kubernetes.io/revision": number, "team": format!("t{number}")});
    json!({"metadata": {"annotations": annotations, "ownerReferences": owner()}, "spec": {"template": template}})
}

fn deployment() -> Subject {
    let annotations = json!({"deployment.kubernetes.io/revision": "9", "since": "then"});
    let object =
        json!({"metadata": {"uid": "u1", "annotations": annotations}, "spec": {"template": template("web:9")}});
    let stranger = json!({"metadata": {"annotations": {"deployment.kubernetes.io/revision": "8"}}, "spec": {}});
    let lists = vec![vec![set("9", "web:9"), set("10", "web:9"), stranger, set("2", "web:2"), set("7", "web:7")]];
    Subject { lists, ..subject(DEPLOYMENT, object) }
}

fn to(argument: &str, subject: Subject) -> Subject {
    Subject { argument: argument.to_owned(), ..subject }
}

#[test]
fn the_revision_before_the_newest_comes_back_by_number_and_not_by_spelling() {
    let mut subject = deployment();
    subject.lists[0].remove(1);
    let Write::Patch { style: PatchStyle::Json, body, .. } = write(&subject).unwrap().write else { panic!("a patch") };
    assert_eq!(body[0], json!({"op": "replace", "path": "/spec/template", "value": template("web:7")}));
    let kept = json!({"deployment.kubernetes.io/revision": "9", "team": "t7"});
    assert_eq!(body[1]["value"], kept, "its own number stays, what came since goes");
    assert_eq!(caution(&subject), ["annotations that came after that revision go: since"]);
    assert_eq!(effects(&subject), ["revision 9 → revision 7, which gets a new number", "image web:9 → web:7"]);
}

#[test]
fn a_chosen_revision_comes_back_and_the_way_back_is_the_present_one() {
    let subject = to("2", deployment());
    assert_eq!(wanted(&subject).unwrap().number, 2);
    assert!(UNDO.line(&subject).ends_with("rollout undo deployment/web --to-revision=2"));
    assert_eq!((UNDO.undo)(&subject).way.unwrap().argument, "10");
}

#[test]
fn what_kubectl_refuses_is_refused_in_its_words() {
    let refused = |subject: &Subject| wanted(subject).unwrap_err();
    assert!(refused(&deployment()).starts_with("skipped rollback (current template already matches revision 9)"));
    assert!(refused(&to("5", deployment())).starts_with("unable to find specified revision 5 in history"));
    let mut alone = deployment();
    alone.lists[0].truncate(1);
    let first = "its template is the first one that is known; image or edit sets another";
    assert_eq!(refused(&alone), format!("no rollout history found for deployment \"web\": {first}"));
    alone.object["spec"]["revisionHistoryLimit"] = json!(0);
    assert!(refused(&alone).contains("its revisionHistoryLimit is 0"));
    let mut paused = deployment();
    paused.object["spec"]["paused"] = json!(true);
    assert!(refused(&paused).starts_with("you cannot rollback a paused deployment"));
    assert!(refused(&subject(STATEFUL_SET, json!({}))).starts_with("no last revision to roll back to: "));
}

fn ordered(kind: KindId) -> Subject {
    let data = |image: &str| {
        let mut template = template(image);
        template["$patch"] = json!("replace");
        json!({"spec": {"template": template}})
    };
    let revision = |number: i64, image: &str| json!({"metadata": {"ownerReferences": owner()}, "revision": number, "data": data(image)});
    let pod = json!({"metadata": {"name": "web-1", "labels": {"controller-revision-hash": "new"}}, "status": {}});
    let object = json!({"metadata": {"uid": "u1"}, "spec": {"template": template("web:2")}, "status": {"updateRevision": "new"}});
    let lists = vec![vec![revision(2, "web:2"), revision(1, "web:1")], vec![pod]];
    Subject { lists, ..subject(kind, object) }
}

#[test]
fn a_controller_revision_is_sent_as_it_is_kept() {
    for kind in [STATEFUL_SET, DAEMON_SET] {
        let subject = ordered(kind);
        let Write::Patch { style, body, .. } = write(&subject).unwrap().write else { panic!("a patch") };
        assert_eq!(style, PatchStyle::Strategic);
        assert_eq!(body, subject.lists[0][1]["data"]);
        assert_eq!((UNDO.undo)(&subject).way.unwrap().argument, "2");
        assert!(wanted(&to("2", subject)).unwrap_err().starts_with("skipped rollback"));
    }
}

#[test]
fn a_pod_that_blocks_the_way_back_is_named() {
    assert!(caution(&ordered(STATEFUL_SET))[0].contains("delete pod/web-1 afterwards"));
    assert_eq!(caution(&ordered(DAEMON_SET)), Vec::<String>::new());
    let mut parallel = ordered(STATEFUL_SET);
    parallel.object["spec"]["podManagementPolicy"] = json!("Parallel");
    assert_eq!(caution(&parallel), Vec::<String>::new());
}

#[test]
fn of_a_rollout_the_template_alone_comes_back_as_its_plugin_sends_it() {
    let set = |number: &str, hash: &str, image: &str| {
        let mut template = template(image);
        template["metadata"]["labels"]["rollouts-pod-template-hash"] = json!(hash);
        let annotations = json!({crate::kinds::rollout::REVISION: number});
        let labels = json!({"rollouts-pod-template-hash": hash});
        json!({"metadata": {"annotations": annotations, "labels": labels, "ownerReferences": owner()}, "spec": {"template": template}})
    };
    let object = json!({"metadata": {"uid": "u1"}, "spec": {"template": template("web:9"), "paused": true},
        "status": {"currentPodHash": "i"}});
    let lists = vec![vec![set("8", "h", "web:8"), set("9", "i", "web:9"), set("3", "c", "web:3")]];
    let rollout = Subject { lists, ..subject(ROLLOUT, object) };
    let Write::Patch { style: PatchStyle::Json, body, .. } = write(&rollout).unwrap().write else { panic!("a patch") };
    assert_eq!(body, json!([{"op": "replace", "path": "/spec/template", "value": template("web:8")}]));
    assert_eq!((UNDO.undo)(&rollout).way.unwrap().argument, "9");
    assert!(
        UNDO.line(&to("3", rollout.clone())).starts_with("kubectl argo rollouts undo web --to-revision=3 --context")
    );
    assert!(wanted(&to("9", rollout.clone())).unwrap_err().starts_with("skipped rollback"));
    let mut alone = rollout;
    alone.lists[0].truncate(1);
    assert!(wanted(&alone).unwrap_err().starts_with(r#"no revision found for rollout "web": "#));
}
