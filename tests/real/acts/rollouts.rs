//! Rollouts of Argo on a real server without Argo's controller: what is written is what kubectl-argo-rollouts writes, by the
//! path of the status where the server has one. And several rollouts that are taken back at once.

use std::time::Duration;

use kplumb::app::settings::Settings;
use serde_json::{Value, json};

use super::twins::{OURS, THEIRS, confirm, deployments, observed, select};
use super::{deployment, keeper, writes};
use crate::control_plane::{ControlPlane, Crds, Settings as Plane};
use crate::program::Program;

const STATUS: &str = r#"{"status": {"phase": "Paused", "observedGeneration": "1", "currentStepIndex": 1, "controllerPause": true,
    "currentPodHash": "new", "stableRS": "old", "pauseConditions": [{"reason": "CanaryPauseStep"}]}}"#;

fn rollouts(namespace: &str) -> String {
    format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts")
}

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": image}]}})
}

/// A canary at its first pause, with the ReplicaSets of both revisions.
fn canary(plane: &ControlPlane, namespace: &str, name: &str, has_status: bool) {
    let steps = json!([{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}]);
    let spec = json!({"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template("app:2"),
        "strategy": {"canary": {"steps": steps}}});
    let mut object =
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": name}, "spec": spec});
    let status: Value = serde_json::from_str(STATUS).unwrap();
    object["status"] = status["status"].clone();
    let made = plane.create(&rollouts(namespace), &object);
    if has_status {
        plane.patch_status(&format!("{}/{name}", rollouts(namespace)), &status);
    }
    for (number, hash, image) in [("8", "old", "app:1"), ("9", "new", "app:2")] {
        let owner = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": name, "uid": made["metadata"]["uid"], "controller": true}]);
        let labels = json!({"app": "web", "rollouts-pod-template-hash": hash});
        let mut template = template(image);
        template["metadata"]["labels"] = labels.clone();
        let metadata = json!({"name": format!("{name}-{hash}"), "labels": labels, "ownerReferences": owner,
            "annotations": {"rollout.argoproj.io/revision": number}});
        let spec = json!({"replicas": 0, "selector": {"matchLabels": labels}, "template": template});
        let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec});
        plane.create(&format!("/apis/apps/v1/namespaces/{namespace}/replicasets"), &set);
    }
}

/// An object, its status too, without what makes it another than its twin.
fn plain(plane: &ControlPlane, namespace: &str, name: &str) -> Value {
    let mut object = plane.json(&format!("{}/{name}", rollouts(namespace)));
    let metadata = object["metadata"].as_object_mut().unwrap();
    for own in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "name"] {
        metadata.remove(own);
    }
    object
}

/// What a user wrote to our twin, by the path behind its name.
fn parts(plane: &ControlPlane, user: &str) -> Vec<String> {
    let path = format!("{}/{OURS}", rollouts("argo"));
    let part = |uri: &str| uri.trim_start_matches(&path).trim_end_matches("?fieldManager=kplumb").to_owned();
    writes(plane, user).iter().inspect(|entry| assert_eq!(entry.code, 200)).map(|entry| part(&entry.uri)).collect()
}

fn operator(plane: &ControlPlane, user: &str) -> Program {
    let kubeconfig = keeper(plane, user);
    let policy = format!("[[policy]]\nmatch = {{ context = \"{user}\" }}\nmode = \"operate\"\n");
    let mut program = Program::start(&kubeconfig, &policy, Settings::default());
    program.until("live");
    program
}

#[test]
fn each_action_leaves_a_rollout_as_its_kubectl_plugin_does() {
    let plane = ControlPlane::shared();
    plane.install(Crds::Path);
    plane.namespace("argo");
    for name in [OURS, THEIRS] {
        canary(plane, "argo", name, true);
    }
    let mut program = operator(plane, "argonaut");
    let path = format!("{}/{THEIRS}", rollouts("argo"));
    let same = || assert_eq!(plain(plane, "argo", OURS), plain(plane, "argo", THEIRS));
    let status = |body: Value| {
        plane.patch_status(&path, &json!({"status": body}));
        same();
    };
    let spec = |body: Value| {
        plane.patch(&path, &json!({"spec": body}));
        same();
    };
    select(&mut program, "ro", "argo", OURS);
    program.keys("b");
    confirm(&mut program, "step 2 of 3 (pause) is over, and step 3 of 3 (setWeight 50) comes", "y");
    program.until("promote rollout/twin-a in argo: done");
    status(json!({"pauseConditions": null}));
    program.keys("x");
    confirm(&mut program, "all requests go to revision 8 again", "y");
    program.until("done; z: retry it from its first step");
    status(json!({"abort": true}));
    program.keys("x");
    confirm(&mut program, "argo rollouts retry rollout twin-a", "y");
    program.until("retry-rollout rollout/twin-a in argo: done; z: abort it");
    status(json!({"abort": false}));
    program.keys("B");
    confirm(&mut program, "type twin-a", "twin-a<enter>");
    program.until("done; z: undo to revision 8");
    status(json!({"promoteFull": true}));
    program.keys("p");
    confirm(&mut program, "argo rollouts pause twin-a", "y");
    program.until("done; z: resume");
    spec(json!({"paused": true}));
    // Paused by hand, and no pause of its own: the step and the spec, in this order.
    program.keys("b");
    confirm(&mut program, "somebody paused it: that ends, too", "y");
    program.until("promote rollout/twin-a in argo: done");
    plane.patch_status(&path, &json!({"status": {"pauseConditions": null, "currentStepIndex": 2}}));
    spec(json!({"paused": false}));
    program.keys("r");
    confirm(&mut program, "argo rollouts restart twin-a", "y");
    program.until("restart rollout/twin-a in argo: done");
    spec(json!({"restartAt": plain(plane, "argo", OURS)["spec"]["restartAt"]}));
    program.keys(":image app=app:3<enter>");
    confirm(&mut program, "argo rollouts set image twin-a app=app:3", "y");
    program.until("done; z: image back to app=app:2");
    let mut whole = plane.json(&path);
    whole["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:3");
    spec(whole["spec"].clone());
    program.keys(":undo 8<enter>");
    confirm(&mut program, "revision 9 → revision 8", "y");
    program.until("done; z: undo to revision 9");
    let sets = "/apis/apps/v1/namespaces/argo/replicasets/twin-b-old";
    let mut kept = plane.json(sets)["spec"]["template"].clone();
    kept["metadata"]["labels"].as_object_mut().unwrap().remove("rollouts-pod-template-hash");
    spec(json!({"template": kept}));
    assert_eq!(parts(plane, "argonaut"), ["/status", "/status", "/status", "/status", "", "/status", "", "", "", ""]);
    assert_eq!(program.record().breaks, Vec::<String>::new());
}

#[test]
fn a_status_without_a_path_is_written_with_the_object() {
    let plane = ControlPlane::start(&Plane { controllers: false, ..Plane::default() });
    plane.install(Crds::Path);
    let parts = r#"[{"op": "remove", "path": "/spec/versions/0/subresources"}]"#;
    plane.kubectl(&["patch", "crd", "rollouts.argoproj.io", "--type", "json", "-p", parts]);
    plane.create("/api/v1/namespaces", &json!({"metadata": {"name": "old"}}));
    plane.wait_for("the definition to change", || {
        let list = plane.json("/apis/argoproj.io/v1alpha1");
        list["resources"].as_array().unwrap().iter().all(|one| one["name"] != "rollouts/status")
    });
    canary(&plane, "old", OURS, false);
    let mut program = operator(&plane, "veteran");
    select(&mut program, "ro", "old", OURS);
    program.keys("x");
    confirm(&mut program, ".status.abort", "y");
    program.until("done; z: retry it from its first step");
    assert_eq!(plain(&plane, "old", OURS)["status"]["abort"], true);
    let entries = writes(&plane, "veteran");
    assert_eq!(entries.len(), 1);
    assert!(entries[0].uri.ends_with("/rollouts/twin-a?fieldManager=kplumb"), "{}", entries[0].uri);
}

/// Waits until the controller has nothing more to say of a Deployment of one pod: whatever it says changes the object.
fn rolled_out(plane: &ControlPlane, path: &str) {
    plane.wait_for("the rollout's end", || {
        let object = plane.json(path);
        let status = &object["status"];
        let conditions = status["conditions"].as_array().into_iter().flatten();
        let is_done = conditions.clone().any(|condition| condition["reason"] == "NewReplicaSetAvailable");
        let counts = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];
        status["observedGeneration"] == object["metadata"]["generation"]
            && is_done
            && counts.iter().all(|count| status[*count] == 1)
            && status["unavailableReplicas"].is_null()
    });
}

#[test]
fn several_rollouts_are_taken_back_by_one_yes_until_the_first_failure() {
    let plane = ControlPlane::shared();
    plane.namespace("undo-many");
    let path = deployments("undo-many");
    let names = ["alone", OURS, THEIRS];
    for name in names {
        deployment(plane, "undo-many", name);
    }
    let revision = |name: &str, number: &str| {
        plane.wait_for("a revision", || {
            let annotations = plane.json(&format!("{path}/{name}"))["metadata"]["annotations"].clone();
            annotations["deployment.kubernetes.io/revision"] == number
        });
    };
    for name in &names[1..] {
        revision(name, "1");
        plane.kubectl(&["-n", "undo-many", "set", "image", &format!("deployment/{name}"), "app=example.test/app:2"]);
        revision(name, "2");
    }
    revision("alone", "1");
    observed(plane, &path);
    let mut program = operator(plane, "undoer");
    program.keys("<esc><esc><esc><esc>:deploy undo-many<enter>");
    program.until("twin-b");
    program.keys("g<space><space><space>z");
    program.until("undo 2 of 3 objects");
    program.until("no rollout history found for deployment \"alone\"");
    program.until("example.test/app:2 → example.test/app:1");
    program.run(Duration::from_millis(400));
    program.keys("y");
    program.until("undo 2 of 3 objects: done");
    let image = |name: &str| {
        plane.json(&format!("{path}/{name}"))["spec"]["template"]["spec"]["containers"][0]["image"].clone()
    };
    assert_eq!(names.map(image), ["example.test/app:1"; 3].map(Value::from));
    let verbs: Vec<String> =
        writes(plane, "undoer").iter().map(|entry| format!("{} {}", entry.verb, entry.code)).collect();
    assert_eq!(verbs, ["patch 200", "patch 200"]);
    // The second one changes between question and yes: what was before it is done, what is behind it is not.
    for name in &names[1..] {
        revision(name, "3");
    }
    plane.kubectl(&["-n", "undo-many", "set", "image", "deployment/alone", "app=example.test/app:2"]);
    revision("alone", "2");
    for name in names {
        rolled_out(plane, &format!("{path}/{name}"));
    }
    program.keys("g<space><space><space>z");
    program.until("undo 3 objects");
    program.run(Duration::from_millis(400));
    plane.patch(&format!("{path}/{OURS}"), &json!({"metadata": {"labels": {"touched": "yes"}}}));
    program.keys("y");
    program.until("1 of 3 steps done");
    assert_eq!(names.map(image), ["example.test/app:1"; 3].map(Value::from));
    let outcomes: Vec<Value> =
        program.record().entries.iter().filter(|e| e["phase"] == "result").map(|e| e["outcome"].clone()).collect();
    assert_eq!(outcomes, ["done", "done", "done", "conflict"]);
}
