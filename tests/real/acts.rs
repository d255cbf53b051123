//! Actions on a real server, beside kubectl: what changes is what kubectl changes, and the server's own log shows exactly
//! what was confirmed.

mod customs;
mod edited;
mod faults;
mod rollouts;
mod scissors;
mod twins;
mod webhook;

use std::time::Duration;

use kplumb::app::settings::Settings;
use serde_json::{Value, json};

use crate::control_plane::audit::Entry;
use crate::control_plane::{ControlPlane, Rule};
use crate::program::Program;
use crate::proxy::Proxy;

/// Gives a user every right and returns his kubeconfig.
pub fn keeper(plane: &ControlPlane, user: &str) -> std::path::PathBuf {
    plane.grant(user, &Rule { namespace: None, group: "*", resources: &["*"], verbs: &["*"] });
    plane.kubeconfig(user)
}

/// What a user wrote, without rehearsals, each request once.
pub fn writes(plane: &ControlPlane, user: &str) -> Vec<Entry> {
    let mut entries = plane.audit_of(user);
    entries.retain(|entry| !entry.is_read() && entry.stage == "ResponseComplete" && !entry.uri.contains("dryRun=All"));
    entries
}

pub fn deployment(plane: &ControlPlane, namespace: &str, name: &str) {
    plane.apply(&format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: 'example.test/app:1'}}]}}
"
    ));
}

pub fn template(plane: &ControlPlane, namespace: &str, name: &str) -> Value {
    plane.json(&format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}"))["spec"]["template"]["metadata"]
        .clone()
}

#[test]
fn a_restart_does_what_kubectl_does_and_nothing_else() {
    let plane = ControlPlane::shared();
    plane.namespace("acts");
    for name in ["by-kplumb", "by-kubectl"] {
        deployment(plane, "acts", name);
    }
    let kubeconfig = keeper(plane, "keeper");
    let mut program = Program::start(&kubeconfig, "", Settings::default());
    program.until("by-kplumb");
    // The cluster is unknown: nothing may be written until that was answered.
    program.keys("/by-kplumb<enter>r");
    program.until("May I operate this cluster from here?");
    program.run(Duration::from_millis(400));
    program.keys("keeper<enter>");
    program.until("press the key again");
    assert!(writes(plane, "keeper").is_empty());
    program.keys("r");
    program.until("restartedAt");
    assert_eq!(template(plane, "acts", "by-kplumb").get("annotations"), None, "a rehearsal changes nothing");
    program.run(Duration::from_millis(400));
    program.keys("y");
    program.until("restart deployment/by-kplumb in acts: done");
    plane.kubectl(&["-n", "acts", "rollout", "restart", "deployment/by-kubectl"]);
    let keys = |name| -> Vec<String> {
        let metadata = template(plane, "acts", name);
        metadata["annotations"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys("by-kplumb"), keys("by-kubectl"));
    plane.wait_for("the write in the audit log", || !writes(plane, "keeper").is_empty());
    let uris: Vec<String> =
        writes(plane, "keeper").into_iter().map(|e| format!("{} {} {}", e.verb, e.uri, e.code)).collect();
    assert_eq!(uris, ["patch /apis/apps/v1/namespaces/acts/deployments/by-kplumb?fieldManager=kplumb 200"]);
    let record = program.record();
    assert_eq!(record.breaks, Vec::<String>::new());
    let told: Vec<_> =
        record.entries.iter().map(|e| (e["phase"].clone(), e["outcome"].clone(), e["user"].clone())).collect();
    assert_eq!(told, [("intent".into(), Value::Null, "keeper".into()), ("result".into(), "done".into(), Value::Null)]);
    let uid = plane.json("/api/v1/namespaces/kube-system")["metadata"]["uid"].as_str().unwrap().to_owned();
    assert!(program.policy().contains(&uid), "{}", program.policy());
}

/// A program that asks about a restart of web in a namespace of its own, by way of a proxy.
fn asking(user: &str, namespace: &str) -> (&'static ControlPlane, Proxy, Program) {
    let plane = ControlPlane::shared();
    plane.namespace(namespace);
    deployment(plane, namespace, "web");
    keeper(plane, user);
    let proxy = Proxy::before(plane);
    let server = json!({"server": proxy.url()});
    let token = json!({"token": format!("token-of-{user}")});
    let kubeconfig = plane.kubeconfig_with(user, &server, &token, None);
    let policy = format!("[[policy]]\nmatch = {{ context = \"{user}\" }}\nmode = \"operate\"\n");
    let mut program = Program::start(&kubeconfig, &policy, Settings::default());
    program.until(namespace);
    program.keys(&format!("/ns:{namespace}<enter>r"));
    program.until("restartedAt");
    program.run(Duration::from_millis(400));
    (plane, proxy, program)
}

fn touch(plane: &ControlPlane, namespace: &str) {
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/web");
    plane.patch(&path, &json!({"metadata": {"labels": {"touched": "yes"}}}));
}

#[test]
fn what_changed_while_it_was_asked_about_is_rehearsed_again_before_anything_is_sent() {
    let (plane, _proxy, mut program) = asking("ops-seen", "acts-seen");
    touch(plane, "acts-seen");
    program.run(Duration::from_millis(400));
    program.keys("y");
    program.until("restart deployment/web in acts-seen: done");
    let object = plane.json("/apis/apps/v1/namespaces/acts-seen/deployments/web");
    assert_eq!(object["metadata"]["labels"]["touched"], "yes");
    assert!(template(plane, "acts-seen", "web").get("annotations").is_some());
    assert_eq!(writes(plane, "ops-seen").len(), 1);
}

#[test]
fn what_changed_unseen_is_refused_asked_again_and_never_sent_again_by_itself() {
    let (plane, proxy, mut program) = asking("ops-late", "acts-late");
    // The watch hears nothing from here on; a new connection does.
    proxy.silence();
    touch(plane, "acts-late");
    program.keys("y");
    program.until("it changed meanwhile: this is what would be done now");
    assert_eq!(template(plane, "acts-late", "web").get("annotations"), None);
    assert_eq!(program.record().entries[1]["outcome"], "conflict");
    program.run(Duration::from_millis(400));
    program.keys("y");
    program.until("restart deployment/web in acts-late: done");
    let codes: Vec<u64> = writes(plane, "ops-late").iter().map(|entry| entry.code).collect();
    assert_eq!(codes, [409, 200]);
}
