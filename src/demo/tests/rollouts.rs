//! Argo's canary on the virtual clock: its steps, and what each write of kubectl-argo-rollouts makes of it.

use super::writes::{JSON, MERGE, PODS, cluster_with, done, send};
use super::*;

const ROLLOUTS: &str = "/apis/argoproj.io/v1alpha1/namespaces/dev/rollouts";

fn definition() -> Value {
    let names = json!({"kind": "Rollout", "listKind": "RolloutList", "plural": "rollouts", "singular": "rollout"});
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version =
        json!({"name": "v1alpha1", "served": true, "storage": true, "schema": schema, "subresources": {"status": {}}});
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "rollouts.argoproj.io"},
        "spec": {"group": "argoproj.io", "names": names, "scope": "Namespaced", "versions": [version]}})
}

/// A canary that runs image 1 everywhere.
fn canary() -> Demo {
    let demo = cluster_with(vec![definition()]);
    let template =
        json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "web:1"}]}});
    let steps = json!([{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "1m"}}]);
    let spec = json!({"replicas": 4, "selector": {"matchLabels": {"app": "web"}}, "template": template,
        "strategy": {"canary": {"steps": steps}}});
    let rollout = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "web", "annotations": {}}, "spec": spec});
    done(send(&demo, "POST", ROLLOUTS, JSON, &rollout));
    demo.advance(NOW.plus_seconds(30));
    assert_eq!(status(&demo)["phase"], "Healthy", "{}", status(&demo));
    demo
}

fn status(demo: &Demo) -> Value {
    get(demo, &format!("{ROLLOUTS}/web"))["status"].clone()
}

fn patch(demo: &Demo, part: &str, body: &Value) {
    done(send(demo, "PATCH", &format!("{ROLLOUTS}/web{part}"), MERGE, body));
}

fn images(demo: &Demo) -> Vec<String> {
    let list = get(demo, PODS);
    let alive = list["items"].as_array().unwrap().iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    let mut all: Vec<String> =
        alive.map(|pod| pod["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

/// Image 2, at the pause behind the first step.
fn under_way() -> Demo {
    let demo = canary();
    let body = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:2"}]}}}});
    patch(&demo, "", &body);
    demo.advance(NOW.plus_seconds(60));
    let status = status(&demo);
    assert_eq!((&status["phase"], &status["currentStepIndex"]), (&json!("Paused"), &json!(1)), "{status}");
    assert_eq!(images(&demo), ["web:1", "web:1", "web:1", "web:2"]);
    demo
}

#[test]
fn a_promoted_canary_goes_on_through_its_steps_and_becomes_the_good_one() {
    let demo = under_way();
    patch(&demo, "/status", &json!({"status": {"pauseConditions": null}}));
    demo.advance(NOW.plus_seconds(90));
    assert_eq!(status(&demo)["currentStepIndex"], 3);
    assert_eq!(images(&demo), ["web:1", "web:1", "web:2", "web:2"]);
    demo.advance(NOW.plus_seconds(300));
    let status = status(&demo);
    assert_eq!((&status["phase"], &status["currentPodHash"]), (&json!("Healthy"), &status["stableRS"]), "{status}");
    assert_eq!(images(&demo), ["web:2"; 4]);
}

#[test]
fn full_promotion_waits_for_nothing() {
    let demo = under_way();
    patch(&demo, "/status", &json!({"status": {"promoteFull": true}}));
    demo.advance(NOW.plus_seconds(120));
    assert_eq!((&status(&demo)["phase"], images(&demo)), (&json!("Healthy"), vec!["web:2".to_owned(); 4]));
    assert_eq!(status(&demo).get("promoteFull"), None);
}

#[test]
fn an_aborted_canary_is_gone_until_it_is_tried_again() {
    let demo = under_way();
    patch(&demo, "/status", &json!({"status": {"abort": true}}));
    demo.advance(NOW.plus_seconds(120));
    let aborted = status(&demo);
    assert_eq!(aborted["message"], "RolloutAborted: Rollout aborted update to revision 2");
    assert_eq!((&aborted["phase"], images(&demo)), (&json!("Degraded"), vec!["web:1".to_owned(); 4]));
    patch(&demo, "/status", &json!({"status": {"abort": false}}));
    demo.advance(NOW.plus_seconds(180));
    assert_eq!((&status(&demo)["phase"], &status(&demo)["currentStepIndex"]), (&json!("Paused"), &json!(1)));
    // The old template is the good one at once: there is no step on the way back.
    patch(&demo, "", &json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:1"}]}}}}));
    demo.advance(NOW.plus_seconds(240));
    assert_eq!((&status(&demo)["phase"], images(&demo)), (&json!("Healthy"), vec!["web:1".to_owned(); 4]));
    assert_eq!(get(&demo, &format!("{ROLLOUTS}/web"))["metadata"]["annotations"]["rollout.argoproj.io/revision"], "3");
}

#[test]
fn a_paused_canary_stays_and_a_restarted_one_gets_other_pods() {
    let demo = under_way();
    patch(&demo, "", &json!({"spec": {"paused": true}}));
    patch(&demo, "/status", &json!({"status": {"pauseConditions": null}}));
    demo.advance(NOW.plus_seconds(120));
    assert_eq!((&status(&demo)["message"], &status(&demo)["currentStepIndex"]), (&json!("manually paused"), &json!(1)));
    let pods = get(&demo, PODS);
    let before = names(&pods);
    patch(&demo, "", &json!({"spec": {"paused": false, "restartAt": clock(&demo)}}));
    demo.advance(NOW.plus_seconds(600));
    assert!(names(&get(&demo, PODS)).iter().all(|name| !before.contains(name)));
    assert_eq!(status(&demo)["phase"], "Healthy", "it was promoted meanwhile");
}

fn clock(demo: &Demo) -> String {
    Timestamp::from_seconds(demo.now().seconds()).rfc3339()
}
