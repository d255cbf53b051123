//! The program beside a bare socket and kubectl, on a real control plane with 10,000 running pods (two containers, twelve
//! variables each, 50 nodes): time to the first rows and to all of them, CPU, memory, the cost of being idle, the time
//! from a change to the screen, and 5,000 pods deleted at once. Takes some minutes, most of them to make the pods.
//!
//! `tests/cluster/build && cargo bench --features real --bench cluster` (`-- 2000` for so many pods)
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

#[allow(unused_imports)]
#[path = "../tests/real"]
mod real {
    pub mod control_plane;
}
mod terminal;

use real::control_plane::{ControlPlane, Request, STILL, Settings, program, until};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use terminal::Terminal;

/// Namespaces with a tenth of the half that is not in `crowd`.
const TEAMS: usize = 10;
const ROUNDS: usize = 3;
const IDLE: Duration = Duration::from_secs(20);
const CHANGES: usize = 100;

fn main() {
    let pods = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    // One worker needs longer for the deletion than the server allows a request to take.
    let server_flags = &["--delete-collection-workers=8"];
    let plane = ControlPlane::start(&Settings { nodes: 50, server_flags, ..Settings::default() });
    crowd(&plane, pods);
    let pods = pods + 1;
    bare(&plane);
    kubectl(&plane);
    let kubeconfig = plane.kubeconfig("viewer").display().to_string();
    let home = plane.folder().display().to_string();
    let start = || {
        let program = Path::new(env!("CARGO_BIN_EXE_kplumb"));
        let variables = [("HOME", home.as_str()), ("XDG_CONFIG_HOME", &home), ("XDG_STATE_HOME", &home)];
        Terminal::start(program, &["pods", "-A", "--kubeconfig", &kubeconfig], &variables)
    };
    let mut terminal = start();
    for round in 0..ROUNDS {
        if round > 0 {
            terminal = start();
        }
        first_load(&terminal, pods);
    }
    idle(&plane, &terminal);
    changes(&plane, &terminal);
    delete_the_crowd(&plane, &terminal, pods);
}

/// Makes the pods: half of them in one namespace, the rest in ten, by Deployments, and one in front of all others.
fn crowd(plane: &ControlPlane, pods: usize) {
    let began = Instant::now();
    let half = pods / 2;
    let teams = (0..TEAMS).map(|n| (format!("team-{n}"), half / TEAMS));
    for (namespace, replicas) in teams.chain([("crowd".to_owned(), pods - half / TEAMS * TEAMS)]) {
        plane.namespace(&namespace);
        plane.create(&format!("/apis/apps/v1/namespaces/{namespace}/deployments"), &deployment(replicas));
    }
    plane.namespace("a-first");
    let spec = json!({"nodeName": "node-0", "containers": [{"name": "app", "image": "example.test/app:1"}]});
    let first = json!({"metadata": {"name": "first", "annotations": {STILL: ""}}, "spec": spec});
    plane.create("/api/v1/namespaces/a-first/pods", &first);
    let ready = || {
        let list = plane.json("/apis/apps/v1/deployments");
        let ready =
            list["items"].as_array().into_iter().flatten().filter_map(|d| d["status"]["readyReplicas"].as_u64());
        ready.sum::<u64>() == pods as u64
    };
    let is_done = until(Duration::from_secs(1_800), || {
        std::thread::sleep(Duration::from_secs(2));
        ready()
    });
    assert!(is_done, "the pods do not become ready");
    println!("{pods} pods made in {:.0?}", began.elapsed());
}

fn deployment(replicas: usize) -> Value {
    let labels = json!({"app.kubernetes.io/name": "storefront", "app.kubernetes.io/part-of": "shop"});
    json!({
        "metadata": {"name": "storefront"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": {"prometheus.io/scrape": "true"}},
                "spec": {
                    "containers": [container("app", 8080), container("proxy", 8081)],
                    "volumes": [{"name": "settings", "configMap": {"name": "storefront-settings"}}],
                },
            },
        },
    })
}

fn container(name: &str, port: u16) -> Value {
    let variables = (0..12).map(|n| {
        let value = format!("tcp://storefront-database-{n}.data.svc.cluster.local:5432/storefront");
        json!({"name": format!("STOREFRONT_DATABASE_ADDRESS_{n}"), "value": value})
    });
    json!({
        "name": name, "image": format!("registry.example.test/shop/storefront-{name}:2.14.3"),
        "env": variables.collect::<Vec<_>>(),
        "ports": [{"name": "http", "containerPort": port}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
        "volumeMounts": [{"name": "settings", "mountPath": "/etc/storefront"}],
    })
}

/// The least that the server needs to hand the pods over.
fn bare(plane: &ControlPlane) {
    for (what, media_type, encoding) in
        [("protobuf, gzip", "application/vnd.kubernetes.protobuf", "gzip"), ("JSON", "application/json", "identity")]
    {
        let request = Request::get("/api/v1/pods").accept(media_type).with("accept-encoding", encoding);
        let request = request.by("admin");
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let answer = plane.connect().unwrap().send(&request).unwrap().ok("the list");
            let size = answer.body.len() as f64 / 1e6;
            println!("bare socket, list of pods as {what}: {:.2?}, {size:.1} MB", began.elapsed());
        }
    }
}

fn kubectl(plane: &ControlPlane) {
    let kubeconfig = plane.kubeconfig("admin");
    for _ in 0..2 {
        let began = Instant::now();
        let mut command = Command::new(program("kubectl"));
        command.env("KUBECONFIG", &kubeconfig).args(["get", "pods", "-A"]).stdout(Stdio::null());
        assert!(command.status().unwrap().success());
        println!("kubectl get pods -A: {:.2?}", began.elapsed());
    }
}

fn first_load(terminal: &Terminal, pods: usize) {
    let frame = terminal.until("frame", |text| !text.trim().is_empty());
    let rows = terminal.until("rows", |text| text.contains("Running"));
    let complete = terminal.until("all pods", |text| counts(text, pods));
    let process = Process(terminal.process());
    println!(
        "kplumb pods -A: first frame {frame:.0?}, first rows {rows:.0?}, complete {complete:.1?}, CPU {:.2?}, {}",
        process.cpu(),
        process.memory()
    );
}

/// Whether the first line says that it is live with so many, however it writes numbers: while it is listed, the number
/// there is what the server promised.
fn counts(text: &str, pods: usize) -> bool {
    if !text.lines().next().unwrap_or("").contains("live") {
        return false;
    }
    let line: String = text.lines().next().unwrap_or("").chars().filter(|c| !matches!(c, ',' | '\u{202f}')).collect();
    line.split(|c: char| !c.is_ascii_digit()).any(|number| number == pods.to_string())
}

fn idle(plane: &ControlPlane, terminal: &Terminal) {
    let process = Process(terminal.process());
    std::thread::sleep(Duration::from_secs(10));
    let (cpu, bytes, asked) = (process.cpu(), terminal.bytes(), plane.audit_of("viewer").len());
    std::thread::sleep(IDLE);
    let share = process.cpu().saturating_sub(cpu).as_secs_f64() / IDLE.as_secs_f64() * 100.0;
    let written = terminal.bytes() - bytes;
    println!("idle for {IDLE:?}: {share:.2} % of a core, {written} bytes to the terminal, {}", process.memory());
    for entry in plane.audit_of("viewer").iter().skip(asked) {
        println!("  asked meanwhile: {} {} ({})", entry.verb, entry.uri, entry.stage);
    }
}

/// From a status patch, from its event in a watch that is read beside the program, and from its answer, to the screen.
fn changes(plane: &ControlPlane, terminal: &Terminal) {
    let path = "/api/v1/namespaces/a-first/pods/first/status";
    let (watch, events) = events(plane, "a-first", "");
    // The first event is the pod as it is.
    events.recv().unwrap();
    let mut server = plane.connect().unwrap();
    let (mut whole, mut seen, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..CHANGES {
        let word = format!("Change{n:03}");
        let body = json!({"status": {"phase": "Failed", "reason": word}}).to_string();
        let request = Request::new("PATCH", path).body("application/merge-patch+json", body.as_bytes()).by("admin");
        let sent = Instant::now();
        server.send(&request).unwrap().ok("the patch");
        let answered = Instant::now();
        terminal.until(&word, |text| text.contains(&word));
        let shown = Instant::now();
        let event = events.iter().find(|(_, line)| line.contains(&word)).unwrap().0;
        whole.push(shown - sent);
        seen.push(shown.saturating_duration_since(event));
        behind.push(shown - answered);
    }
    drop(watch);
    for (what, times) in [("sending the patch", &mut whole), ("its event", &mut seen), ("its answer", &mut behind)] {
        times.sort_unstable();
        let (half, most) = (times[CHANGES / 2], times[CHANGES * 99 / 100]);
        println!("change to screen, from {what}: median {half:.1?}, p99 {most:.1?}");
    }
}

/// Ends a process with itself.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What kubectl prints of a watch of one namespace, each line with the time at which it came.
fn events(plane: &ControlPlane, namespace: &str, from: &str) -> (Ended, Receiver<(Instant, String)>) {
    let mut command = Command::new(program("kubectl"));
    command.env("KUBECONFIG", plane.kubeconfig("admin"));
    let path = format!("/api/v1/namespaces/{namespace}/pods?watch=1&resourceVersion={from}");
    command.args(["get", "--raw", &path]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, events) = channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            drop(sender.send((Instant::now(), line)));
        }
    });
    (Ended(child), events)
}

fn delete_the_crowd(plane: &ControlPlane, terminal: &Terminal, pods: usize) {
    let left = (pods - 1) / 2 / TEAMS * TEAMS + 1;
    let orphan = br#"{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Orphan"}"#;
    for resource in ["deployments", "replicasets"] {
        let path = format!("/apis/apps/v1/namespaces/crowd/{resource}");
        plane.send(&Request::new("DELETE", &path).body("application/json", orphan)).ok(&path);
        plane.wait_for("the owners to go", || plane.json(&path)["items"].as_array().is_some_and(Vec::is_empty));
    }
    let list = plane.json("/api/v1/namespaces/crowd/pods?limit=1");
    let (watch, events) = events(plane, "crowd", list["metadata"]["resourceVersion"].as_str().unwrap());
    let gone = std::thread::spawn(move || {
        let deleted = events.iter().filter(|(_, line)| line.starts_with(r#"{"type":"DELETED""#));
        deleted.take(pods - left).last().map(|(at, _)| at)
    });
    let process = Process(terminal.process());
    let (began, cpu) = (Instant::now(), process.cpu());
    let now = br#"{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0}"#;
    let path = "/api/v1/namespaces/crowd/pods";
    plane.send(&Request::new("DELETE", path).body("application/json", now)).ok(path);
    let answered = Instant::now();
    terminal.until("the deletion", |text| counts(text, left));
    let shown = Instant::now();
    let last = gone.join().unwrap().unwrap();
    drop(watch);
    println!(
        "{} pods deleted at once: the server needed {:.1?}, and {:.1?} to say so of the last one; the screen was true \
         {:.1?} after both; CPU {:.2?}, {}",
        pods - left,
        answered - began,
        last.saturating_duration_since(began),
        shown.saturating_duration_since(answered.max(last)),
        process.cpu().saturating_sub(cpu),
        process.memory()
    );
}

/// A running program, as the system sees it.
struct Process(u32);

impl Process {
    /// What it has spent so far, in hundredths of a second as Linux counts.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().map(|at| fields[*at].parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// What it holds now, and held at most.
    fn memory(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0 / 1e6
        };
        format!("{:.1} MB resident, {:.1} at most", field("VmRSS:"), field("VmHWM:"))
    }
}
