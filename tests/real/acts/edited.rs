//! `edit` and `apply` beside kubectl: the same editor and the same file make the same objects; what others did meanwhile,
//! or own, is never written over.

use std::path::Path;
use std::time::Duration;

use kplumb::app::settings::Settings;
use serde_json::{Value, json};

use super::twins::{OURS, THEIRS, begin, both, confirm, deployments, observed, same, select};
use super::writes;
use crate::control_plane::{ControlPlane, Crds, Rule};
use crate::program::Program;

/// Waits until nothing changes by itself any more: a rollout that goes on would meet what is edited.
fn settled(plane: &ControlPlane, path: &str) {
    observed(plane, path);
    for name in [OURS, THEIRS] {
        plane.wait_for("the pods", || {
            let object = plane.json(&format!("{path}/{name}"));
            let (status, all) = (&object["status"], &object["spec"]["replicas"]);
            let is_through = |one: &Value| one["type"] == "Progressing" && one["reason"] == "NewReplicaSetAvailable";
            [&status["replicas"], &status["updatedReplicas"], &status["availableReplicas"]] == [all, all, all]
                && status["conditions"].as_array().is_some_and(|conditions| conditions.iter().any(is_through))
        });
    }
}

/// What kubectl makes of the same editor.
fn kubectl_edits(plane: &ControlPlane, namespace: &str, object: &str, editor: &Path) {
    plane.kubectl_edits(&["-n", namespace, "edit", object], "", editor).unwrap();
}

#[test]
fn an_editor_makes_of_an_object_what_it_makes_of_it_with_kubectl() {
    let (plane, mut program) = begin("edited-a");
    both(plane, "edited-a", "Deployment");
    let path = deployments("edited-a");
    settled(plane, &path);
    // A field that changes, one that comes, one that goes, and a container of a list.
    for script in [
        "sed -i -e 's/  replicas: 2/  replicas: 3/' -e 's/^  progressDeadlineSeconds: .*/  minReadySeconds: 1/' \"$1\"\n",
        "sed -i -e 's#image: .*#image: example.test/app:7#' -e 's/^  minReadySeconds: 1$//' \"$1\"\n",
        "sed -i -e 's/^      containers:$/      containers:\\n      - {name: more, image: \"example.test\\/more:1\"}/' \"$1\"\n",
    ] {
        let editor = program.edits_by(script);
        select(&mut program, "deploy", "edited-a", OURS);
        program.keys("e");
        confirm(&mut program, "edit deployment/twin-a", "y");
        program.until("edit deployment/twin-a in edited-a: done");
        kubectl_edits(plane, "edited-a", &format!("deployment/{THEIRS}"), &editor);
        settled(plane, &path);
        same(plane, &path);
    }
    program.keys("z");
    confirm(&mut program, "containers", "y");
    program.until("edit deployment/twin-a in edited-a: done");
    let containers = plane.json(&format!("{path}/{OURS}"))["spec"]["template"]["spec"]["containers"].clone();
    assert_eq!(containers.as_array().map(Vec::len), Some(1), "{containers}");
}

#[test]
fn custom_resources_are_edited_too() {
    let (plane, mut program) = begin("edited-b");
    plane.install(Crds::CertManager);
    for name in [OURS, THEIRS] {
        plane.apply(&format!(
            "
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {{name: {name}, namespace: edited-b}}
spec: {{selfSigned: {{crlDistributionPoints: ['http://a.test/']}}}}
"
        ));
    }
    let editor = program.edits_by("sed -i 's#http://a.test/#http://b.test/#' \"$1\"\n");
    select(&mut program, "issuers", "edited-b", OURS);
    program.keys("e");
    confirm(&mut program, "nobody was asked what would come of it", "y");
    program.until("edit issuer/twin-a in edited-b: done");
    kubectl_edits(plane, "edited-b", &format!("issuers.cert-manager.io/{THEIRS}"), &editor);
    same(plane, "/apis/cert-manager.io/v1/namespaces/edited-b/issuers");
}

#[test]
fn who_changes_it_while_it_is_edited_is_not_written_over() {
    let (plane, mut program) = begin("edited-c");
    both(plane, "edited-c", "Deployment");
    let path = deployments("edited-c");
    settled(plane, &path);
    // The editor's own user scales it meanwhile: another field first, then the same one.
    let kubeconfig = plane.kubeconfig("admin").display().to_string();
    let kubectl = crate::control_plane::process::program("kubectl").display().to_string();
    let meanwhile = |change: &str, edit: &str| {
        format!("'{kubectl}' --kubeconfig '{kubeconfig}' -n edited-c {change} >/dev/null\nsed -i '{edit}' \"$1\"\n")
    };
    program.edits_by(&meanwhile("scale deployment/twin-a --replicas=4", "s#image: .*#image: example.test/app:2#"));
    select(&mut program, "deploy", "edited-c", OURS);
    program.keys("e");
    confirm(&mut program, "somebody else changed it meanwhile (.spec.replicas)", "y");
    program.until("edit deployment/twin-a in edited-c: done");
    let spec = plane.json(&format!("{path}/{OURS}"))["spec"].clone();
    assert_eq!(
        (&spec["replicas"], &spec["template"]["spec"]["containers"][0]["image"]),
        (&json!(4), &json!("example.test/app:2"))
    );
    program.edits_by(&meanwhile("scale deployment/twin-a --replicas=5", "s/replicas: .*/replicas: 1/"));
    select(&mut program, "deploy", "edited-c", OURS);
    program.keys("e");
    program.until(".spec.replicas: yours 1, now 5");
    program.run(Duration::from_millis(400));
    // The editor opens with the newest object; left as it is, nothing is changed, and the text is told.
    program.edits_by("cat \"$1\" >\"$0.seen\"\n");
    program.keys("y");
    program.until("nothing was changed");
    let seen = std::fs::read_to_string(program.edits_by("").with_extension("seen")).unwrap();
    assert!(seen.contains("replicas: 5") && seen.contains("# ! your text is in "), "{seen}");
    let kept = seen.lines().find_map(|line| line.strip_prefix("# ! your text is in ")).unwrap();
    assert!(std::fs::read_to_string(kept).unwrap().contains("replicas: 1"));
    std::fs::remove_dir_all(Path::new(kept).parent().unwrap()).unwrap();
    assert_eq!(plane.json(&format!("{path}/{OURS}"))["spec"]["replicas"], 5);
}

#[test]
fn what_the_server_refuses_is_told_in_its_words() {
    let (plane, mut program) = begin("edited-d");
    both(plane, "edited-d", "Deployment");
    let path = deployments("edited-d");
    settled(plane, &path);
    for (edit, words) in [
        ("s/replicas: .*/replicas: -1/", " -1: "),
        ("s/replicas: .*/replica: 3/", "spec.replica\""),
        ("s/      app: twin-a/      app: other/", "immutable"),
    ] {
        program.edits_by(&format!("sed -i '{edit}' \"$1\"\n"));
        select(&mut program, "deploy", "edited-d", OURS);
        program.keys("e");
        program.until(words);
        program.until("edit again");
        program.keys("<esc>");
        program.until("your text is in ");
    }
    plane.grant("reader", &Rule { namespace: None, group: "*", resources: &["*"], verbs: &["get", "list", "watch"] });
    let policy = "[[policy]]\nmatch = { context = \"reader\" }\nmode = \"operate\"\n";
    let mut reader = Program::start(&plane.kubeconfig("reader"), policy, Settings::default());
    reader.until("live");
    reader.edits_by("sed -i 's/replicas: .*/replicas: 9/' \"$1\"\n");
    select(&mut reader, "deploy", "edited-d", OURS);
    reader.keys("e");
    reader.until("403");
    assert!(writes(plane, "reader").is_empty());
    assert_eq!(plane.json(&format!("{path}/{OURS}"))["spec"]["replicas"], 2);
}

fn file(name: &str, image: &str) -> String {
    format!(
        "apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}, namespace: applied}}
data: {{a: '1'}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: applied}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: '{image}'}}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {name}, namespace: applied}}
spec: {{maxReplicas: 3, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}}}
"
    )
}

#[test]
fn a_file_makes_the_same_objects_as_with_kubectl_and_nothing_is_forced() {
    let (plane, mut program) = begin("applied");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    for (image, verdict) in [("example.test/app:1", "is created"), ("example.test/app:2", "changes in 1 field")] {
        let ours = write("ours.yaml", &file(OURS, image));
        let theirs = write("theirs.yaml", &file(THEIRS, image));
        program.keys(&format!("<esc><esc>:apply {ours}<enter>"));
        confirm(&mut program, verdict, "y");
        program.until("apply 3 objects: done");
        plane.kubectl(&["apply", "--server-side", "-f", &theirs]);
        observed(plane, &deployments("applied"));
        same(plane, &deployments("applied"));
        same(plane, "/api/v1/namespaces/applied/configmaps");
        same(plane, "/apis/autoscaling/v2/namespaces/applied/horizontalpodautoscalers");
    }
    // What kubectl applied is kubectl's.
    let foreign = write("foreign.yaml", &file(THEIRS, "example.test/app:3"));
    program.keys(&format!("<esc><esc>:apply {foreign}<enter>"));
    program.until("apply 2 of 3 objects");
    program.until("with \"kubectl\"");
    program.keys("<esc>");
    let image = plane.json(&format!("{}/{THEIRS}", deployments("applied")))["spec"]["template"]["spec"]["containers"]
        [0]["image"]
        .clone();
    assert_eq!(image, "example.test/app:2");
}
