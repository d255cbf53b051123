//! Shells, commands, attaching, debugging and copying, through a real API server into containers whose commands run on
//! this machine: what was confirmed is opened, once, into the pod that was seen, and the server's own log shows no more.

use std::time::Duration;

use kplumb::app::settings::Settings;
use serde_json::{Value, json};

use crate::acts::{keeper, writes};
use crate::control_plane::ControlPlane;
use crate::control_plane::audit::Entry;
use crate::program::Program;

fn pod(plane: &ControlPlane, namespace: &str, name: &str) {
    plane.apply(&format!(
        "
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{containers: [{{name: app, image: 'example.test/app:1'}}]}}
"
    ));
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    plane.wait_for("a pod that runs", || plane.json(&path)["status"]["phase"] == "Running");
}

/// A program of a user who may do everything, with the cursor on a pod of a namespace of its own.
fn begin(user: &str, namespace: &str, mode: &str) -> (&'static ControlPlane, Program) {
    let plane = ControlPlane::shared();
    plane.namespace(namespace);
    pod(plane, namespace, "web-0");
    let kubeconfig = keeper(plane, user);
    let policy = format!("[[policy]]\nmatch = {{ context = \"{user}\" }}\nmode = \"{mode}\"\n");
    let mut program = Program::start(&kubeconfig, &policy, Settings::default());
    program.until("live");
    program.keys(&format!(":pods {namespace}<enter>/web-0<enter>"));
    program.until("1 shown");
    (plane, program)
}

/// What a user opened, each request once.
fn opened(plane: &ControlPlane, user: &str) -> Vec<Entry> {
    let mut entries = plane.audit_of(user);
    entries.retain(|entry| ["exec", "attach", "portforward"].contains(&&*entry.subresource));
    entries.retain(|entry| entry.stage == "ResponseStarted" || entry.stage == "ResponseComplete");
    entries.dedup_by(|a, b| a.uri == b.uri);
    entries
}

fn confirm(program: &mut Program, seen: &str) {
    program.until(seen);
    program.until("undo     ");
    program.run(Duration::from_millis(400));
    program.keys("y");
}

#[test]
fn a_shell_runs_commands_and_its_end_and_the_request_are_on_record() {
    let (plane, mut program) = begin("sheller", "visit-shell", "operate");
    let terminal = program.terminal();
    program.keys("s");
    confirm(&mut program, "a shell opens in container app");
    program.until_shown(&terminal, "leaves --");
    // Keys of the first moment are not for the shell.
    terminal.types(b"echo too-soon\r");
    program.run(Duration::from_millis(400));
    terminal.types(b"echo he''llo\r");
    program.until_shown(&terminal, "hello");
    // This kubelet may lose what was printed just before the end.
    terminal.types(b"exit 0\r");
    program.until("exec pod/web-0: ended, exit 0 after");
    assert!(!terminal.text().contains("too-soon"));
    let record = program.record();
    assert_eq!(record.breaks, Vec::<String>::new());
    let [intent, result] = record.entries.as_slice() else { panic!("{:#?}", record.entries) };
    assert_eq!((&intent["action"], &intent["user"]), (&json!("exec"), &json!("sheller")));
    assert_eq!((&result["outcome"], &result["exit_code"]), (&json!("done"), &json!(0)));
    plane.wait_for("the request in the audit log", || !opened(plane, "sheller").is_empty());
    let uris: Vec<String> = opened(plane, "sheller").into_iter().map(|entry| entry.uri).collect();
    assert_eq!(uris, [intent["target"].as_str().unwrap()], "exactly what was confirmed");
    assert!(writes(plane, "sheller").is_empty());
}

#[test]
fn a_command_is_read_before_one_goes_back_and_its_failure_is_told() {
    let (_, mut program) = begin("commander", "visit-command", "operate");
    let terminal = program.terminal();
    program.keys(":exec app -- sh -c 'exit 3'<enter>");
    confirm(&mut program, "the command runs in container app");
    program.until_shown(&terminal, "any key goes back");
    // This kubelet gives the code in words only.
    assert!(terminal.text().contains("exit status 3"), "{}", terminal.text());
    terminal.types(b" ");
    program.until("exec pod/web-0: ended");
    assert!(program.record().entries[1]["cause"].as_str().unwrap().contains("exit status 3"));
}

#[test]
fn who_observes_opens_nothing() {
    let (plane, mut program) = begin("onlooker", "visit-observe", "observe");
    for line in ["s", ":attach<enter>", ":debug<enter>", ":copy-out /etc/hosts<enter>", ":exec app -- env<enter>"] {
        program.keys(line);
        program.run(Duration::from_millis(400));
        program.keys("y<tab><enter><esc>");
    }
    assert!(program.record().entries.is_empty());
    plane.wait_for("what it read in the audit log", || !plane.audit_of("onlooker").is_empty());
    assert!(opened(plane, "onlooker").is_empty() && writes(plane, "onlooker").is_empty());
}

#[test]
fn a_pod_of_the_same_name_that_is_another_one_is_not_entered() {
    let (plane, mut program) = begin("stranger", "visit-other", "operate");
    program.keys("s");
    program.until("a shell opens in container app");
    plane.kubectl(&["-n", "visit-other", "delete", "pod", "web-0", "--force", "--grace-period=0"]);
    pod(plane, "visit-other", "web-0");
    program.run(Duration::from_millis(400));
    program.keys("y");
    program.until("another pod is called web-0 now");
    assert!(opened(plane, "stranger").is_empty() && program.record().entries.is_empty());
}

#[test]
fn a_process_is_attached_to_and_left() {
    let (plane, mut program) = begin("attacher", "visit-attach", "operate");
    let terminal = program.terminal();
    program.keys(":attach<enter>");
    confirm(&mut program, "the process goes on");
    program.until_shown(&terminal, "ctrl-c leaves");
    program.run(Duration::from_millis(400));
    plane.log("app", "2026-11-20T18:01:03.000000000Z", "a line for who attached");
    program.until_shown(&terminal, "a line for who attached");
    terminal.types(&[0x1d, 0x1d]);
    program.until("attach pod/web-0: left after");
}

#[test]
fn the_debugging_container_is_kubectls_own() {
    let (plane, mut program) = begin("debugger", "visit-debug", "operate");
    pod(plane, "visit-debug", "twin-0");
    program.keys(":debug<enter>");
    program.until("image container: ");
    program.run(Duration::from_millis(400));
    program.keys("<enter>");
    confirm(&mut program, "stays in the pod until the pod ends");
    let path = "/api/v1/namespaces/visit-debug/pods";
    let added = |name: &str| plane.json(&format!("{path}/{name}"))["spec"]["ephemeralContainers"].clone();
    plane.wait_for("the container in the spec", || added("web-0").is_array());
    // No kubelet starts it here: it is waited for until that is stopped, and stays.
    program.until("it waits for its kubelet");
    program.keys(":halt<enter>");
    program.until("look at the object before you try again");
    let theirs = ["-n", "visit-debug", "debug", "twin-0", "-it", "--image=busybox", "--target=app", "--attach=false"];
    plane.kubectl(&theirs);
    let plain = |name: &str| -> Value {
        let mut container = added(name)[0].clone();
        container.as_object_mut().unwrap().remove("name");
        container
    };
    assert_eq!(plain("web-0"), plain("twin-0"));
    assert!(opened(plane, "debugger").is_empty());
    let uris: Vec<String> =
        writes(plane, "debugger").into_iter().map(|entry| format!("{} {}", entry.verb, entry.uri)).collect();
    assert_eq!(uris, [format!("patch {path}/web-0/ephemeralcontainers?fieldManager=kplumb")]);
}

#[test]
fn files_come_out_by_the_containers_own_tar() {
    let (_, mut program) = begin("copier", "visit-copy", "operate");
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("log");
    std::fs::create_dir_all(from.join("deep")).unwrap();
    std::fs::write(from.join("deep/a.log"), vec![b'x'; 300_000]).unwrap();
    std::fs::write(from.join("b.log"), "hello\n").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", from.join("out")).unwrap();
    let to = folder.path().join("copied");
    let line = format!(":copy-out {} {}<enter>", from.display(), to.display());
    program.keys(&line);
    confirm(&mut program, "tar runs in container app");
    program.until("1 link or device left out");
    assert_eq!(std::fs::read(to.join("deep/a.log")).unwrap(), vec![b'x'; 300_000]);
    assert_eq!(std::fs::read_to_string(to.join("b.log")).unwrap(), "hello\n");
    assert!(std::fs::symlink_metadata(to.join("out")).is_err());
    // A folder that is there is copied into, as cp does it; what is in it is not written over.
    program.keys(&line);
    confirm(&mut program, "tar runs in container app");
    program.until("copied/log:");
    program.keys(&line);
    confirm(&mut program, "tar runs in container app");
    program.until("is there already");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no half of it stays");
    program.keys(&format!(":copy-out {}/nothing {}/x<enter>", from.display(), folder.path().display()));
    confirm(&mut program, "tar runs in container app");
    program.until("nothing was kept: tar ended with");
}
