//! Each action beside kubectl: one does it to an object, the other to its twin, and both objects say the same afterwards.

use std::time::Duration;

use kplumb::app::settings::Settings;
use serde_json::{Value, json};

use super::keeper;
use crate::control_plane::ControlPlane;
use crate::program::Program;

pub(super) const OURS: &str = "twin-a";
pub(super) const THEIRS: &str = "twin-b";

/// A program of a user who may do everything in a namespace of its own.
pub(super) fn begin(namespace: &str) -> (&'static ControlPlane, Program) {
    let plane = ControlPlane::shared();
    plane.namespace(namespace);
    let kubeconfig = keeper(plane, "twin");
    let policy = "[[policy]]\nmatch = { context = \"twin\" }\nmode = \"operate\"\n";
    let mut program = Program::start(&kubeconfig, policy, Settings::default());
    program.until("live");
    (plane, program)
}

/// Puts the cursor on one object of a kind.
pub(super) fn select(program: &mut Program, kind: &str, namespace: &str, name: &str) {
    program.keys(&format!("<esc><esc><esc><esc>:{kind} {namespace}<enter>/{name}<enter>"));
    program.until("1 shown");
}

/// Waits for the question, and says yes to it.
pub(super) fn confirm(program: &mut Program, seen: &str, answer: &str) {
    program.until(seen);
    program.until("undo     ");
    program.run(Duration::from_millis(400));
    program.answer(answer);
}

/// Says what an action asks for.
fn say(program: &mut Program, asked: &str, text: &str) {
    program.until(asked);
    program.run(Duration::from_millis(400));
    program.keys(&format!("<ctrl-u>{text}<enter>"));
}

/// An object without what makes it another than its twin.
fn plain(plane: &ControlPlane, path: &str, name: &str) -> Value {
    let mut object = plane.json(&format!("{path}/{name}"));
    object.as_object_mut().unwrap().remove("status");
    let metadata = object["metadata"].as_object_mut().unwrap();
    for own in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
        metadata.remove(own);
    }
    serde_json::from_str(&object.to_string().replace(name, "twin")).unwrap()
}

#[track_caller]
pub(super) fn same(plane: &ControlPlane, path: &str) {
    assert_eq!(plain(plane, path, OURS), plain(plane, path, THEIRS));
}

fn workload(plane: &ControlPlane, namespace: &str, kind: &str, name: &str, image: &str) {
    let replicas = if kind == "DaemonSet" { "" } else { "\n  replicas: 2" };
    let service = if kind == "StatefulSet" { format!("\n  serviceName: {name}") } else { String::new() };
    plane.apply(&format!(
        "
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}}}
spec:{replicas}{service}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: '{image}'}}]}}
"
    ));
}

pub(super) fn deployments(namespace: &str) -> String {
    format!("/apis/apps/v1/namespaces/{namespace}/deployments")
}

pub(super) fn both(plane: &ControlPlane, namespace: &str, kind: &str) {
    for name in [OURS, THEIRS] {
        workload(plane, namespace, kind, name, "example.test/app:1");
    }
}

/// Waits until the controller has taken in the newest spec, and replaced the pods of a StatefulSet or DaemonSet.
pub(super) fn observed(plane: &ControlPlane, path: &str) {
    for name in [OURS, THEIRS] {
        plane.wait_for("the controller", || {
            let object = plane.json(&format!("{path}/{name}"));
            let (status, all) = (&object["status"], &object["status"]["desiredNumberScheduled"]);
            status["observedGeneration"] == object["metadata"]["generation"]
                && status["currentRevision"] == status["updateRevision"]
                && [&status["updatedNumberScheduled"], &status["numberAvailable"]] == [all, all]
        });
    }
}

#[test]
fn scale_pause_resume_and_image_do_what_kubectl_does() {
    let (plane, mut program) = begin("twins-a");
    both(plane, "twins-a", "Deployment");
    let path = deployments("twins-a");
    observed(plane, &path);
    let theirs = |line: &[&str]| {
        let mut all = vec!["-n", "twins-a"];
        all.extend(line);
        plane.kubectl(&all);
        observed(plane, &path);
        same(plane, &path);
    };
    select(&mut program, "deploy", "twins-a", OURS);
    program.keys("s");
    say(&mut program, "replicas (now 2)", "3");
    confirm(&mut program, "--current-replicas=2 --replicas=3", "y");
    program.until("done; z: scale back to 2");
    theirs(&["scale", "deployment", THEIRS, "--replicas=3"]);
    program.keys("p");
    confirm(&mut program, "rollout pause", "y");
    program.until("done; z: resume");
    theirs(&["rollout", "pause", &format!("deployment/{THEIRS}")]);
    program.keys(":pause<enter>");
    program.until(r#"deployments.apps "twin-a" is already paused"#);
    program.keys("<esc>p");
    confirm(&mut program, "rollout resume", "y");
    program.until("done; z: pause");
    theirs(&["rollout", "resume", &format!("deployment/{THEIRS}")]);
    program.keys("i");
    say(&mut program, "container=image", "nobody=example.test/app:2");
    program.until(r#"unable to find container named "nobody""#);
    program.keys("<ctrl-u>app=example.test/app:2<enter>");
    confirm(&mut program, "example.test/app:1 → example.test/app:2", "y");
    program.until("done; z: image back to app=example.test/app:1");
    theirs(&["set", "image", &format!("deployment/{THEIRS}"), "app=example.test/app:2"]);
    // What this run did is taken back, the last thing first.
    program.keys("z");
    confirm(&mut program, "example.test/app:2 → example.test/app:1", "y");
    program.until("done; the way back: image back to app=example.test/app:2");
    // While the pods are replaced every write of the status is a change, and the question would be asked again.
    plane.wait_for("the end of the rollout", || {
        let status = &plane.json(&format!("{path}/{OURS}"))["status"];
        [&status["replicas"], &status["updatedReplicas"], &status["availableReplicas"]] == [3, 3, 3]
    });
    program.keys("z");
    confirm(&mut program, "rollout pause", "y");
    program.until("pause deployment/twin-a in twins-a: done");
    plane.wait_for("the pause", || plane.json(&format!("{path}/{OURS}"))["spec"]["paused"] == true);
    assert_eq!(program.record().breaks, Vec::<String>::new());
}

#[test]
fn an_undo_brings_back_what_kubectl_brings_back() {
    let (plane, mut program) = begin("twins-b");
    both(plane, "twins-b", "Deployment");
    let path = deployments("twins-b");
    observed(plane, &path);
    let revision = |name: &str, number: &str| {
        plane.wait_for("a revision", || {
            plane.json(&format!("{path}/{name}"))["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
                == number
        });
    };
    for name in [OURS, THEIRS] {
        revision(name, "1");
        let object = format!("deployment/{name}");
        plane.kubectl(&["-n", "twins-b", "annotate", &object, "kubernetes.io/change-cause=first"]);
        observed(plane, &path);
        plane.kubectl(&["-n", "twins-b", "set", "image", &object, "app=example.test/app:2"]);
        revision(name, "2");
        plane.kubectl(&[
            "-n",
            "twins-b",
            "annotate",
            &object,
            "since=then",
            "kubernetes.io/change-cause=second",
            "--overwrite",
        ]);
        // A rollout that is stuck: the pods of this image never get ready.
        plane.kubectl(&["-n", "twins-b", "set", "image", &object, "app=example.test/app:3"]);
        revision(name, "3");
    }
    select(&mut program, "deploy", "twins-b", OURS);
    program.keys("u");
    confirm(&mut program, "revision 3 → revision 2", "y");
    program.until("done; z: undo to revision 3");
    plane.kubectl(&["-n", "twins-b", "rollout", "undo", &format!("deployment/{THEIRS}")]);
    for name in [OURS, THEIRS] {
        revision(name, "4");
    }
    same(plane, &path);
    program.keys(":undo 1<enter>");
    confirm(&mut program, "--to-revision=1", "y");
    program.until("done; z: undo to revision 4");
    plane.kubectl(&["-n", "twins-b", "rollout", "undo", &format!("deployment/{THEIRS}"), "--to-revision=1"]);
    for name in [OURS, THEIRS] {
        revision(name, "5");
    }
    same(plane, &path);
    program.keys(":undo 1<enter>");
    program.until("unable to find specified revision 1 in history: there are 3, 4, 5");
}

#[test]
fn ordered_workloads_go_back_by_their_controller_revisions() {
    let (plane, mut program) = begin("twins-c");
    for (kind, table, plural) in [("StatefulSet", "sts", "statefulsets"), ("DaemonSet", "ds", "daemonsets")] {
        both(plane, "twins-c", kind);
        let path = format!("/apis/apps/v1/namespaces/twins-c/{plural}");
        observed(plane, &path);
        for name in [OURS, THEIRS] {
            plane.kubectl(&["-n", "twins-c", "set", "image", &format!("{plural}/{name}"), "app=example.test/app:2"]);
        }
        observed(plane, &path);
        select(&mut program, table, "twins-c", OURS);
        program.keys("u");
        confirm(&mut program, "revision 2 → revision 1", "y");
        program.until("done; z: undo to revision 2");
        plane.kubectl(&["-n", "twins-c", "rollout", "undo", &format!("{plural}/{THEIRS}")]);
        observed(plane, &path);
        same(plane, &path);
    }
    select(&mut program, "sts", "twins-c", OURS);
    program.keys(":partition<enter>");
    say(&mut program, "first pod that may change (now 0, 2 pods)", "2");
    confirm(&mut program, "no pod gets a new template", "y");
    program.until("done; z: partition back to 0");
    let partition = r#"{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}"#;
    plane.kubectl(&["-n", "twins-c", "patch", &format!("statefulset/{THEIRS}"), "-p", partition]);
    same(plane, "/apis/apps/v1/namespaces/twins-c/statefulsets");
}

#[test]
fn a_cron_job_waits_goes_on_and_runs_now() {
    let (plane, mut program) = begin("twins-d");
    for name in [OURS, THEIRS] {
        plane.apply(&format!(
            "
apiVersion: batch/v1
kind: CronJob
metadata: {{name: {name}, namespace: twins-d}}
spec:
  schedule: '0 4 1 1 *'
  jobTemplate:
    metadata: {{labels: {{team: a}}, annotations: {{why: backup}}}}
    spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: app, image: 'example.test/app:1'}}]}}}}}}
"
        ));
    }
    let path = "/apis/batch/v1/namespaces/twins-d/cronjobs";
    select(&mut program, "cronjobs", "twins-d", OURS);
    program.keys("p");
    confirm(&mut program, "no Jobs are made any more", "y");
    program.until("done; z: resume it");
    plane.kubectl(&["-n", "twins-d", "patch", &format!("cronjob/{THEIRS}"), "-p", r#"{"spec":{"suspend":true}}"#]);
    same(plane, path);
    program.keys(":resume-cronjob<enter>");
    confirm(&mut program, "Jobs are made again by 0 4 1 1 *", "y");
    program.until("done; z: suspend it");
    plane.kubectl(&["-n", "twins-d", "patch", &format!("cronjob/{THEIRS}"), "-p", r#"{"spec":{"suspend":false}}"#]);
    same(plane, path);
    program.keys(&format!(":trigger {OURS}-now<enter>"));
    confirm(&mut program, "create job twin-a-now --from=cronjob/twin-a", "y");
    program.until("done; z: delete job/twin-a-now");
    plane.kubectl(&["-n", "twins-d", "create", "job", &format!("{THEIRS}-now"), &format!("--from=cronjob/{THEIRS}")]);
    let job = |name: &str| {
        let job = plane.json(&format!("/apis/batch/v1/namespaces/twins-d/jobs/{name}-now"));
        let owner = job["metadata"]["ownerReferences"][0].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let annotations = job["metadata"]["annotations"].clone();
        (owner, annotations, job["metadata"]["labels"]["team"].clone(), job["spec"]["template"]["spec"].clone())
    };
    assert_eq!(job(OURS), job(THEIRS));
}

#[test]
fn a_node_is_closed_and_opened() {
    let (plane, mut program) = begin("twins-e");
    plane.nodes("twin-node", 2);
    let (ours, theirs) = ("twin-node-0", "twin-node-1");
    let spec = |name: &str| plane.json(&format!("/api/v1/nodes/{name}"))["spec"]["unschedulable"].clone();
    program.keys(&format!("<esc><esc><esc><esc>:nodes<enter>/{ours}<enter>"));
    program.until("1 shown");
    program.keys("C");
    confirm(&mut program, "no new pod is put there", "y");
    program.until("done; z: uncordon");
    plane.kubectl(&["cordon", theirs]);
    assert_eq!((spec(ours), spec(theirs)), (json!(true), json!(true)));
    program.keys(":cordon<enter>");
    program.until("node/twin-node-0 already cordoned");
    program.keys("<esc>:uncordon<enter>");
    confirm(&mut program, "new pods may be put there again", "y");
    program.until("done; z: cordon");
    plane.kubectl(&["uncordon", theirs]);
    assert_eq!((spec(ours), spec(theirs)), (Value::Null, Value::Null));
}

fn pod(plane: &ControlPlane, namespace: &str, name: &str, labels: &str) {
    plane.apply(&format!(
        "
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{{labels}}}}}
spec: {{containers: [{{name: app, image: 'example.test/app:1'}}]}}
"
    ));
    plane.wait_for("a ready pod", || {
        let pod = plane.json(&format!("/api/v1/namespaces/{namespace}/pods/{name}"));
        let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
    });
}

#[test]
fn a_budget_holds_a_pod_until_it_allows_its_eviction() {
    let (plane, mut program) = begin("twins-f");
    pod(plane, "twins-f", "web-1", "app: web");
    plane.apply(
        "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: twins-f}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
",
    );
    let budget = "/apis/policy/v1/namespaces/twins-f/poddisruptionbudgets/web";
    plane.wait_for("the budget", || plane.json(budget)["status"]["currentHealthy"] == 1);
    select(&mut program, "pods", "twins-f", "web-1");
    program.keys("E");
    program.until("The disruption budget web needs 1");
    program.until("healthy pods and has 1 currently");
    program.keys("<esc>");
    pod(plane, "twins-f", "web-2", "app: web");
    plane.wait_for("the budget", || plane.json(budget)["status"]["disruptionsAllowed"] == 1);
    program.keys("E");
    confirm(&mut program, "no controller owns it", "y");
    program.until("evict pod/web-1 in twins-f: done");
    plane.wait_for("the pod to leave", || {
        let pods = plane.json("/api/v1/namespaces/twins-f/pods");
        pods["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|pod| pod["metadata"]["name"] != "web-1" || pod["metadata"]["deletionTimestamp"].is_string())
    });
}

#[test]
fn a_deletion_takes_exactly_the_object_that_was_seen() {
    let (plane, mut program) = begin("twins-g");
    both(plane, "twins-g", "Deployment");
    let path = deployments("twins-g");
    observed(plane, &path);
    select(&mut program, "deploy", "twins-g", OURS);
    program.keys("<ctrl-d>");
    confirm(&mut program, "delete deployment/twin-a in twins-g", "y<enter>");
    program.until("type twin-a to go on");
    // Another one takes its place before the answer.
    plane.kubectl(&["-n", "twins-g", "delete", "deployment", OURS]);
    workload(plane, "twins-g", "Deployment", OURS, "example.test/app:9");
    program.keys("<ctrl-u>twin-a<enter>");
    program.until("delete deployment/twin-a in twins-g: ");
    program.run(Duration::from_millis(500));
    let there = plane.json(&format!("{path}/{OURS}"));
    assert_eq!(there["metadata"]["deletionTimestamp"], Value::Null, "{}", program.screen());
    assert_eq!(there["spec"]["template"]["spec"]["containers"][0]["image"], "example.test/app:9");
    select(&mut program, "deploy", "twins-g", OURS);
    program.keys(":delete orphan<enter>");
    confirm(&mut program, "--cascade=orphan", "twin-a<enter>");
    program.until("done; z: make it again");
    plane.wait_for("the orphan", || {
        let sets = plane.json("/apis/apps/v1/namespaces/twins-g/replicasets?labelSelector=app%3Dtwin-a");
        sets["items"].as_array().unwrap().iter().any(|set| set["metadata"]["ownerReferences"].is_null())
    });
    plane.wait_for("its end", || !plane.json(&path).to_string().contains("\"name\":\"twin-a\""));
    program.keys("z");
    confirm(&mut program, "it is made again as it was", "y");
    program.until("recreate deployment/twin-a in twins-g: done");
    let image = plane.json(&format!("{path}/{OURS}"))["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    assert_eq!(image, "example.test/app:9");
}

#[test]
fn a_service_is_switched_and_a_canary_weighed() {
    let (plane, mut program) = begin("twins-h");
    pod(plane, "twins-h", "blue", "app: web, version: blue");
    pod(plane, "twins-h", "green", "app: web, version: green");
    for name in [OURS, THEIRS] {
        plane.apply(&format!(
            "
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: twins-h}}
spec: {{clusterIP: None, selector: {{app: web, version: blue}}, ports: [{{port: 80}}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  namespace: twins-h
  annotations: {{nginx.ingress.kubernetes.io/canary: 'true', nginx.ingress.kubernetes.io/canary-weight: '20'}}
spec: {{defaultBackend: {{service: {{name: {name}, port: {{number: 80}}}}}}}}
"
        ));
    }
    select(&mut program, "svc", "twins-h", OURS);
    program.keys("b");
    program.until("version=green  1 ready pod");
    program.run(Duration::from_millis(400));
    program.keys("<enter>");
    confirm(&mut program, "1 pod → 1 pod", "y");
    program.until("done; z: switch back to version=blue");
    let selector = r#"{"spec":{"selector":{"version":"green"}}}"#;
    plane.kubectl(&["-n", "twins-h", "patch", &format!("service/{THEIRS}"), "-p", selector]);
    same(plane, "/api/v1/namespaces/twins-h/services");
    select(&mut program, "ingresses", "twins-h", OURS);
    program.keys("W");
    say(&mut program, "canary weight of 100 (now 20)", "50");
    confirm(&mut program, "the canary gets 50 % of the requests, now 20 %", "y");
    program.until("done; z: weight back to 20");
    let weight = "nginx.ingress.kubernetes.io/canary-weight=50";
    plane.kubectl(&["-n", "twins-h", "annotate", "--overwrite", &format!("ingress/{THEIRS}"), weight]);
    same(plane, "/apis/networking.k8s.io/v1/namespaces/twins-h/ingresses");
}

#[test]
fn a_drain_waits_for_budgets_and_leaves_an_empty_node() {
    let (plane, mut program) = begin("twins-i");
    plane.nodes("drained", 1);
    for name in ["web-1", "web-2"] {
        plane.apply(&format!(
            "
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: twins-i, labels: {{app: web}}}}
spec: {{nodeName: drained-0, containers: [{{name: app, image: 'example.test/app:1'}}]}}
"
        ));
    }
    plane.apply(
        "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: twins-i}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
",
    );
    let budget = "/apis/policy/v1/namespaces/twins-i/poddisruptionbudgets/web";
    plane.wait_for("the budget", || plane.json(budget)["status"]["disruptionsAllowed"] == 1);
    program.keys("<esc><esc><esc><esc>:nodes<enter>/drained-0<enter>");
    program.until("1 shown");
    program.keys("D");
    program.until("no controller makes it again: :drain force");
    program.keys("<esc>:drain force<enter>");
    confirm(&mut program, "budget web allows 1 now", "drained-0<enter>");
    program.until("web-2 is held back");
    assert_eq!(plane.json("/api/v1/nodes/drained-0")["spec"]["unschedulable"], true);
    plane.kubectl(&["-n", "twins-i", "delete", "pdb", "web"]);
    program.until("drain node/drained-0: done");
    let left = plane.json("/api/v1/namespaces/twins-i/pods");
    assert_eq!(left["items"].as_array().unwrap().len(), 0);
    // What kubectl would do more: nothing.
    plane.kubectl(&["drain", "drained-0", "--ignore-daemonsets", "--timeout=5s"]);
    program.keys("z");
    confirm(&mut program, "new pods may be put there again", "y");
    program.until("uncordon node/drained-0: done");
    let record = program.record();
    assert_eq!(record.breaks, Vec::<String>::new());
    let outcomes: Vec<&str> = record.entries.iter().filter_map(|entry| entry["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["done", "done", "done", "done"], "one cordon, two evictions, one uncordon");
}

#[test]
fn one_action_on_what_is_marked_stops_at_the_first_failure() {
    let (plane, mut program) = begin("twins-j");
    both(plane, "twins-j", "Deployment");
    workload(plane, "twins-j", "Deployment", "twin-c", "example.test/app:1");
    let path = deployments("twins-j");
    observed(plane, &path);
    plane.kubectl(&["-n", "twins-j", "rollout", "pause", "deployment/twin-b"]);
    select(&mut program, "deploy", "twins-j", "twin-c");
    program.keys("/<ctrl-u>twin<enter>");
    program.until("3 shown");
    program.keys("g<space><space><space>r");
    program.until("restart 2 of 3 objects");
    program.until("can't restart paused deployment");
    program.run(Duration::from_millis(400));
    // The first of them is another one by the time of the answer: the second is not touched.
    plane.kubectl(&["-n", "twins-j", "delete", "deployment", "twin-a"]);
    workload(plane, "twins-j", "Deployment", "twin-a", "example.test/app:1");
    program.keys("y");
    program.until("0 of 2 steps done");
    for name in ["twin-a", "twin-b", "twin-c"] {
        let annotations = &plane.json(&format!("{path}/{name}"))["spec"]["template"]["metadata"]["annotations"];
        assert_eq!(annotations["kubectl.kubernetes.io/restartedAt"], Value::Null, "{name}");
    }
}
