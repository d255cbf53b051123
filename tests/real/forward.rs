//! Ports that are forwarded through a real API server: bytes, the next pod, and exactly the requests that were confirmed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use kplumb::app::settings::Settings;
use serde_json::Value;

use crate::acts::{keeper, writes};
use crate::control_plane::ControlPlane;
use crate::control_plane::audit::Entry;
use crate::program::Program;

fn deployment(plane: &ControlPlane, namespace: &str) {
    plane.namespace(namespace);
    plane.apply(&format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: boat, namespace: {namespace}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: boat}}}}
  template:
    metadata: {{labels: {{app: boat}}}}
    spec:
      containers: [{{name: app, image: 'example.test/app:1', ports: [{{name: http, containerPort: 8080}}]}}]
"
    ));
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/boat");
    plane.wait_for("two pods that are ready", || plane.json(&path)["status"]["readyReplicas"] == 2);
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A megabyte of bytes that look like chance, the same every time.
fn megabyte(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..131_072).flat_map(|_| next().to_le_bytes()).collect()
}

/// Sends bytes to the port; what comes back.
fn echoed(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let sent = bytes.to_vec();
    let writing = std::thread::spawn(move || writer.write_all(&sent).unwrap());
    let mut back = vec![0; bytes.len()];
    stream.read_exact(&mut back).unwrap();
    writing.join().unwrap();
    back
}

fn channels(plane: &ControlPlane, user: &str) -> Vec<Entry> {
    let mut entries = plane.audit_of(user);
    entries.retain(|entry| entry.subresource == "portforward" && entry.stage == "ResponseComplete");
    entries
}

/// The pod that the list of forwards names.
fn pod_on(screen: &str) -> String {
    let (_, rest) = screen.split_once("in ferry  pod/").unwrap_or_else(|| panic!("no pod on screen:\n{screen}"));
    rest.split(':').next().unwrap().to_owned()
}

fn forwarding(kubeconfig: &Path, user: &str, namespace: &str, port: u16) -> Program {
    let policy = format!("[[policy]]\nmatch = {{ context = \"{user}\" }}\nmode = \"operate\"\n");
    let mut program = Program::start(kubeconfig, &policy, Settings::default());
    program.until("boat");
    program.keys(&format!("/ns:{namespace}<enter>:forward {port}:http<enter>"));
    program.until("goes to the next ready pod");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nothing listens before the yes");
    program.run(Duration::from_millis(400));
    program.keys("y");
    program.until("1 forward");
    program
}

#[test]
fn bytes_come_back_as_they_were_and_the_next_pod_takes_over() {
    let plane = ControlPlane::shared();
    deployment(plane, "ferry");
    let kubeconfig = keeper(plane, "ferryman");
    let port = free_port();
    let mut program = forwarding(&kubeconfig, "ferryman", "ferry", port);
    program.keys(":forwards<enter>");
    program.until("in ferry  pod/boat-");
    assert!(channels(plane, "ferryman").is_empty(), "no channel before somebody comes in");
    let first = pod_on(&program.screen());
    let bytes = megabyte(0x9E37_79B9_7F4A_7C15);
    assert!(echoed(port, &bytes) == bytes, "what comes back is what was sent");
    program.until("1.0 MB out  1.0 MB in");
    plane.delete(&format!("/api/v1/namespaces/ferry/pods/{first}"));
    program.until("moved once");
    let second = pod_on(&program.screen());
    assert_ne!(first, second);
    let bytes = megabyte(7);
    assert!(echoed(port, &bytes) == bytes, "by the next pod, too");
    plane.wait_for("both channels in the audit log", || 2 <= channels(plane, "ferryman").len());
    let asked: Vec<String> = channels(plane, "ferryman").into_iter().map(|e| format!("{} {}", e.verb, e.uri)).collect();
    let path = |pod: &str| format!("get /api/v1/namespaces/ferry/pods/{pod}/portforward?ports=8080");
    assert_eq!(asked, [path(&first), path(&second)]);
    assert!(writes(plane, "ferryman").is_empty(), "{:?}", writes(plane, "ferryman"));
    program.keys("x");
    program.until("ended: it was closed");
    plane.wait_for("the end on record", || program.record().entries.iter().any(|entry| entry["phase"] == "result"));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
    let record = program.record();
    assert_eq!(record.breaks, Vec::<String>::new());
    let told: Vec<(&str, &Value)> = record.entries.iter().map(|e| (e["phase"].as_str().unwrap(), &e["pod"])).collect();
    let pods = [Value::from(first), Value::from(second)];
    assert_eq!(told, [("intent", &Value::Null), ("pod", &pods[0]), ("pod", &pods[1]), ("result", &Value::Null)]);
    let result = &record.entries[3];
    assert_eq!((&result["moves"], &result["connections"]), (&1.into(), &2.into()));
    let twice = Value::from(2 << 20);
    assert_eq!((&result["bytes_sent"], &result["bytes_received"]), (&twice, &twice));
}

#[test]
fn who_observes_opens_nothing() {
    let plane = ControlPlane::shared();
    deployment(plane, "shore");
    let kubeconfig = keeper(plane, "bystander");
    let policy = "[[policy]]\nmatch = { context = \"bystander\" }\nmode = \"observe\"\n";
    let mut program = Program::start(&kubeconfig, policy, Settings::default());
    program.until("boat");
    let port = free_port();
    program.keys(&format!("/ns:shore<enter>:forward {port}:http<enter>y<enter><tab><enter>F"));
    program.run(Duration::from_secs(1));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(program.record().entries.is_empty());
    assert!(plane.audit_of("bystander").iter().all(|entry| entry.subresource != "portforward"));
}
