//! Between question, yes and answer everything may go wrong: the server dies, the object changes or is another one, a rule
//! of admission appears, a right is withdrawn. Nothing is written that was not meant, and what is said is what happened.

use std::time::Duration;

use kplumb::app::settings::Settings;
use serde_json::{Value, json};

use super::scissors::{Cut, Scissors};
use super::{deployment, keeper, template, writes};
use crate::control_plane::{ControlPlane, Request, Rule, STILL, Settings as Plane};
use crate::program::Program;

const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

fn policy(context: &str) -> String {
    format!("[[policy]]\nmatch = {{ context = \"{context}\" }}\nmode = \"operate\"\n")
}

/// Puts the cursor on one object.
fn select(program: &mut Program, kind: &str, namespace: &str, name: &str) {
    program.keys(&format!("<esc><esc><esc><esc>:{kind} {namespace}<enter>/{name}<enter>"));
    program.until("1 shown");
}

/// Asks for an action and waits until its question can be answered.
fn ask(program: &mut Program, key: &str, seen: &str) {
    program.keys(key);
    program.until(seen);
    program.until("undo     ");
    program.run(Duration::from_millis(400));
}

fn restarted(plane: &ControlPlane, namespace: &str, name: &str) -> bool {
    template(plane, namespace, name)["annotations"][RESTARTED].is_string()
}

/// Intents and results, each with what it says.
#[track_caller]
fn told(program: &Program) -> Vec<String> {
    let record = program.record();
    assert_eq!(record.breaks, Vec::<String>::new());
    let word = |entry: &Value| {
        let words = if entry["phase"] == "intent" { ["verb", "name"] } else { ["outcome", "shown"] };
        words.map(|word| entry[word].to_string()).join(" ").replace('"', "")
    };
    record.entries.iter().map(word).collect()
}

#[test]
fn a_lost_answer_is_looked_up_once_the_server_is_back() {
    let plane = ControlPlane::start(&Plane { controllers: false, ..Plane::default() });
    for name in ["arrives", "is-lost"] {
        deployment(&plane, "default", name);
    }
    keeper(&plane, "keeper");
    let scissors = Scissors::start(&plane);
    let kubeconfig = scissors.kubeconfig(&plane, "keeper");
    let mut program = Program::start(&kubeconfig, &policy("keeper"), Settings::default());
    let cases = [("arrives", Cut::After, "shows the change"), ("is-lost", Cut::Before, "does not show the change")];
    for (count, (name, cut, said)) in cases.into_iter().enumerate() {
        program.until("live");
        select(&mut program, "deploy", "default", name);
        ask(&mut program, "r", "restartedAt");
        scissors.cut(cut);
        program.keys("y");
        program.until("the answer was lost");
        scissors.has_cut(count + 1);
        // The server itself dies as well: what became of it is not known before it is back.
        plane.kill_server();
        scissors.open();
        program.run(Duration::from_secs(3));
        let screen = program.screen();
        assert!(!screen.contains("show the change") && !screen.contains("shows the change"), "assumed:\n{screen}");
        assert_eq!(told(&program).len(), 2 * count + 1, "no result is on record yet");
        plane.start_server();
        program.until(said);
        assert_eq!(restarted(&plane, "default", name), cut == Cut::After);
    }
    let expected = ["patch arrives", "unknown true", "patch is-lost", "unknown false"];
    assert_eq!(told(&program), expected);
    let uris: Vec<String> = writes(&plane, "keeper").into_iter().map(|entry| entry.uri).collect();
    let path = "/apis/apps/v1/namespaces/default/deployments/arrives?fieldManager=kplumb";
    assert_eq!(uris, [path], "each was sent once, and the second never came through");
}

/// A pod that nothing changes but the test.
fn pod(plane: &ControlPlane, namespace: &str, name: &str) -> String {
    let containers = json!([{"name": "app", "image": "example.test/app:1"}]);
    let metadata = json!({"name": name, "annotations": {STILL: "true"}});
    let made = plane.create(
        &format!("/api/v1/namespaces/{namespace}/pods"),
        &json!({"metadata": metadata, "spec": {"containers": containers}}),
    );
    made["metadata"]["uid"].as_str().unwrap().to_owned()
}

/// Another pod of the same name.
fn again(plane: &ControlPlane, namespace: &str, name: &str) -> String {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    plane.delete(&format!("{path}?gracePeriodSeconds=0"));
    plane.wait_for("the pod to be gone", || plane.send(&Request::get(&path)).status == 404);
    pod(plane, namespace, name)
}

#[test]
fn another_pod_of_the_same_name_is_not_touched() {
    let plane = ControlPlane::shared();
    plane.namespace("acts-twice");
    pod(plane, "acts-twice", "web-0");
    keeper(plane, "recreator");
    let scissors = Scissors::start(plane);
    let kubeconfig = scissors.kubeconfig(plane, "recreator");
    let mut program = Program::start(&kubeconfig, &policy("recreator"), Settings::default());
    program.until("live");
    let path = "/api/v1/namespaces/acts-twice/pods/web-0";
    for (line, answer) in [(":delete<enter>", "web-0<enter>"), (":evict<enter>", "y")] {
        select(&mut program, "pods", "acts-twice", "web-0");
        ask(&mut program, line, "same as");
        let uid = again(plane, "acts-twice", "web-0");
        program.keys(answer);
        program.until("changed meanwhile");
        let now = plane.json(path);
        assert_eq!((&now["metadata"]["uid"], now["metadata"].get("deletionTimestamp")), (&json!(uid), None), "{line}");
        program.keys("<esc><esc>");
        program.run(Duration::from_millis(500));
    }
    assert_eq!(told(&program), ["delete web-0", "conflict null", "create web-0", "conflict null"]);
    // The row itself is old: the watch brings nothing any more.
    select(&mut program, "pods", "acts-twice", "web-0");
    scissors.silence(true);
    let uid = again(plane, "acts-twice", "web-0");
    program.keys(":delete<enter>");
    program.until("another object is called web-0 now");
    program.run(Duration::from_millis(400));
    program.keys("web-0<enter>y");
    assert_eq!(plane.json(path)["metadata"]["uid"], uid);
    assert_eq!(told(&program).len(), 4, "it did not come to a question");
}

/// A Deployment with a ready pod in a namespace of its own, and where it is.
fn web(namespace: &str) -> (&'static ControlPlane, String) {
    let plane = ControlPlane::shared();
    plane.namespace(namespace);
    deployment(plane, namespace, "web");
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/web");
    plane.wait_for("the controller", || plane.json(&path)["status"]["readyReplicas"] == 1);
    (plane, path)
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_written_over() {
    let (plane, path) = &web("acts-race");
    let image = |to: &str| {
        let containers = json!([{"name": "app", "image": to}]);
        plane.patch(path, &json!({"spec": {"template": {"spec": {"containers": containers}}}}));
        plane.wait_for("the rollout", || {
            let now = plane.json(path);
            let (status, seen) = (&now["status"], &now["status"]["observedGeneration"]);
            *seen == now["metadata"]["generation"]
                && status["updatedReplicas"] == 1
                && status["readyReplicas"] == 1
                && status["replicas"] == 1
        });
    };
    image("example.test/app:2");
    let kubeconfig = keeper(plane, "racer");
    let mut program = Program::start(&kubeconfig, &policy("racer"), Settings::default());
    program.until("live");
    let cases = [
        (":scale 3<enter>", "--replicas=3", "y"),
        (":undo<enter>", "rollout undo", "y"),
        (":image app=example.test/app:7<enter>", "app:7", "y"),
        (":delete<enter>", "same as", "web<enter>"),
    ];
    for (count, (line, seen, answer)) in cases.into_iter().enumerate() {
        select(&mut program, "deploy", "acts-race", "web");
        ask(&mut program, line, seen);
        plane.patch(path, &json!({"metadata": {"labels": {"touched": count.to_string()}}}));
        let before = plane.json(path);
        program.keys(answer);
        program.until("changed meanwhile");
        let after = plane.json(path);
        assert_eq!(
            (&before["spec"], &before["metadata"]["uid"]),
            (&after["spec"], &after["metadata"]["uid"]),
            "{line}"
        );
        assert_eq!(after["metadata"].get("deletionTimestamp"), None);
        program.keys("<esc><esc><esc>");
        program.run(Duration::from_millis(500));
    }
    let outcomes: Vec<String> = told(&program).into_iter().skip(1).step_by(2).collect();
    assert_eq!(outcomes, ["conflict null"; 4]);
}

/// A rule of admission for one namespace: nobody restarts anything there.
fn forbid(plane: &ControlPlane, namespace: &str) {
    plane.apply(&format!(
        "
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {namespace}}}
spec:
  matchConstraints:
    resourceRules: [{{apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [deployments]}}]
  validations:
  - expression: '!has(object.spec.template.metadata.annotations)'
    message: no restarts before the weekend
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {namespace}}}
spec:
  policyName: {namespace}
  validationActions: [Deny]
  matchResources: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}}}
"
    ));
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/web?dryRun=All");
    let body = json!({"spec": {"template": {"metadata": {"annotations": {"probe": "yes"}}}}}).to_string();
    let probe = Request::new("PATCH", &path).body("application/merge-patch+json", body.as_bytes());
    plane.wait_for("the rule to be in force", || plane.send(&probe).text().contains("before the weekend"));
}

#[test]
fn a_rule_of_admission_is_told_at_the_rehearsal_and_at_the_answer() {
    let (plane, _) = &web("acts-rule");
    let kubeconfig = keeper(plane, "guest-operator");
    let mut program = Program::start(&kubeconfig, &policy("guest-operator"), Settings::default());
    program.until("live");
    select(&mut program, "deploy", "acts-rule", "web");
    ask(&mut program, "r", "restartedAt");
    forbid(plane, "acts-rule");
    program.keys("y");
    program.until("nothing was changed: admission says no");
    program.until("no restarts before the weekend");
    assert_eq!(told(&program), ["patch web", "denied null"]);
    program.keys("r");
    program.until("no restarts before the weekend");
    program.run(Duration::from_millis(400));
    program.keys("y");
    program.keys("<esc>");
    program.run(Duration::from_millis(500));
    assert!(!restarted(plane, "acts-rule", "web"));
    assert_eq!(told(&program).len(), 2, "what was refused at the rehearsal is not sent");
}

#[test]
fn a_right_that_was_withdrawn_is_told_and_on_record() {
    let (plane, _) = &web("acts-right");
    let looks = Rule { namespace: None, group: "*", resources: &["*"], verbs: &["get", "list", "watch"] };
    plane.grant("withdrawn", &looks);
    let patches = Rule { namespace: Some("acts-right"), group: "apps", resources: &["deployments"], verbs: &["patch"] };
    let right = plane.grant("withdrawn", &patches);
    let mut program = Program::start(&plane.kubeconfig("withdrawn"), &policy("withdrawn"), Settings::default());
    program.until("live");
    select(&mut program, "deploy", "acts-right", "web");
    ask(&mut program, "r", "restartedAt");
    plane.revoke(&right);
    program.keys("y");
    program.until("nothing was changed: ask for the right");
    assert!(!restarted(plane, "acts-right", "web"));
    assert_eq!(told(&program), ["patch web", "forbidden null"]);
    plane.wait_for("the refusal in the audit log", || writes(plane, "withdrawn").iter().any(|entry| entry.code == 403));
}
