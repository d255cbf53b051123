//! `kplumb logs` on the control plane while everything goes wrong: connections are cut every second and silenced, nodes are
//! lost, the API server is killed, logs are rotated, containers restarted, 20 pods rolled. What was written must come once,
//! and what the kubelet has no more must be told.
//!
//! `KPLUMB_SOAK=60` goes on for so many minutes with faults by chance; `KPLUMB_SEED` chooses another chance.
//! `KPLUMB_PEERS=1` prints a table of what kubectl and stern make of the same faults.

mod judge;
mod merge;
pub mod peers;
pub mod source;

use crate::control_plane::{ControlPlane, STILL, Settings, until};
use crate::proxy::Proxy;
use judge::Judge;
use peers::{Peer, Tool};
use serde_json::{Value, json};
use source::Source;
use std::env;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// Containers with a pod of their own, and the one that 20 pods share.
const ALONE: [&str; 5] = ["log-0", "log-1", "log-2", "log-3", "log-4"];
const SHARED: &str = "log-5";
/// The container that writes lines of a megabyte.
const LONG: &str = "log-4";
const PODS: usize = 20;
/// A kubelet rotates logs at 10 MiB; the shared one is read twenty times as often.
const LARGE: u64 = 10 << 20;
const LARGE_SHARED: u64 = 1 << 20;

/// Everything that a run is made of.
struct Storm {
    plane: ControlPlane,
    /// Between us and the API server.
    proxy: Proxy,
    /// Between the API server and its nodes.
    nodes: Proxy,
    judge: Judge,
    /// Other readers that listen, too.
    peers: Vec<Peer>,
    sources: Vec<Arc<Mutex<Source>>>,
    /// Whether connections are cut every second.
    cuts: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
    images: u32,
    chance: Chance,
    /// How long is waited for lines.
    patience: Duration,
    /// Whether it goes on by chance.
    is_long: bool,
}

/// Numbers by chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// What goes wrong, by its name.
type Fault = (&'static str, fn(&mut Storm));

const FAULTS: [Fault; 10] = [
    ("rotation", Storm::rotate),
    ("two rotations", Storm::rotate_twice),
    ("rotation unseen", Storm::rotate_unseen),
    ("restart", Storm::restart),
    ("restart unseen", Storm::restart_unseen),
    ("crash loop", Storm::crash),
    ("API server", Storm::kill_server),
    ("node", Storm::lose_node),
    ("rollout", Storm::roll),
    ("silence", Storm::silence),
];

/// Without `KPLUMB_PEERS` only that all are counted alike while nothing goes wrong; with it as many rounds of every fault.
#[test]
fn other_readers_are_counted_by_the_same_rule() {
    let rounds = env::var("KPLUMB_PEERS").ok().and_then(|text| text.parse().ok()).unwrap_or_default();
    peers::compare(rounds);
}

#[test]
fn no_line_is_lost_and_none_comes_twice_whatever_goes_wrong() {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (minutes, seed) = (number("KPLUMB_SOAK").unwrap_or_default(), number("KPLUMB_SEED").unwrap_or(1));
    let begin = Instant::now();
    let end = begin + Duration::from_secs(60 * minutes);
    let mut storm = Storm::begin(seed | 1, &[], true);
    let wrong = |storm: &mut Storm, (name, fault): Fault| {
        println!("{:6.1} s: {name}", begin.elapsed().as_secs_f64());
        fault(storm);
    };
    let mut rest = FAULTS.to_vec();
    while !rest.is_empty() {
        let next = rest.remove(storm.chance.below(rest.len()));
        wrong(&mut storm, next);
    }
    // Who shares two cores with others for an hour may have to wait.
    if 0 < minutes {
        (storm.patience, storm.is_long) = (Duration::from_secs(300), true);
    }
    while Instant::now() < end {
        storm.rotate_large();
        let next = FAULTS[storm.chance.below(FAULTS.len())];
        wrong(&mut storm, next);
    }
    storm.end();
}

impl Storm {
    fn begin(seed: u64, tools: &[Tool], has_cuts: bool) -> Storm {
        let plane = ControlPlane::start(&Settings::default());
        plane.namespace("storm");
        let proxy = Proxy::before(&plane);
        let nodes = Proxy::start(plane.kubelet_port());
        for container in ALONE {
            still_pod(&plane, "storm", container, container);
        }
        plane.apply(SERVICE);
        plane.apply(&deployment(0));
        plane.wait_for("20 pods", || rolled(&plane, 0));
        let source = |container: &&str| {
            let (now, before) = (plane.log_file(container), plane.previous_log_file(container));
            Arc::new(Mutex::new(Source::new(now, before, *container == LONG)))
        };
        let sources: Vec<_> = ALONE.iter().chain([&SHARED]).map(source).collect();
        let (cuts, is_over) = (Arc::new(AtomicBool::new(has_cuts)), Arc::new(AtomicBool::new(false)));
        let kubeconfig = proxied(&plane, &proxy);
        let judge = Judge::start(&kubeconfig, &["-n", "storm"], LONG);
        let peers = tools.iter().map(|tool| Peer::start(*tool, kubeconfig.clone())).collect();
        let storm = Storm {
            plane,
            proxy,
            nodes,
            judge,
            peers,
            sources,
            cuts,
            is_over,
            images: 0,
            chance: Chance(seed),
            patience: Duration::from_secs(60),
            is_long: false,
        };
        storm.lead_to_nodes();
        until(peers::PATIENCE, || storm.peers.iter().all(Peer::is_open));
        storm.write_on();
        storm.catch_up();
        storm.cut_on();
        storm
    }

    /// The API server reaches its nodes by way of the proxy.
    fn lead_to_nodes(&self) {
        let change = json!({"status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": self.nodes.port}}}});
        for node in ["node-0", "node-1"] {
            self.plane.patch_status(&format!("/api/v1/nodes/{node}"), &change);
        }
    }

    /// Every container writes, some lines at a time.
    fn write_on(&self) {
        let (sources, is_over) = (self.sources.clone(), Arc::clone(&self.is_over));
        thread::spawn(move || {
            while !is_over.load(Ordering::SeqCst) {
                for (index, source) in sources.iter().enumerate() {
                    source.lock().unwrap().write(if index < ALONE.len() { 3 } else { 1 });
                }
                thread::park_timeout(Duration::from_millis(30));
            }
        });
    }

    /// Connections are cut every second, and every third second those to the nodes.
    fn cut_on(&self) {
        let (proxy, nodes) = (self.proxy.clone(), self.nodes.clone());
        let (cuts, is_over) = (Arc::clone(&self.cuts), Arc::clone(&self.is_over));
        thread::spawn(move || {
            for second in 1.. {
                thread::park_timeout(Duration::from_secs(1));
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                match cuts.load(Ordering::SeqCst) {
                    true if second % 3 == 0 => nodes.cut(),
                    true => proxy.cut(),
                    false => {}
                }
            }
        });
    }

    fn source(&self, index: usize) -> MutexGuard<'_, Source> {
        self.sources[index].lock().unwrap()
    }

    fn name(index: usize) -> String {
        format!("{0}/{0}", ALONE[index])
    }

    /// Waits until what is written now has come.
    fn catch_up(&self) {
        for index in 0..ALONE.len() {
            let (instance, next) = {
                let source = self.source(index);
                (source.instance, source.next)
            };
            let name = Self::name(index);
            self.wait_for(&name, instance, next);
        }
    }

    fn wait_for(&self, name: &str, instance: u32, next: u64) {
        let has_come = until(self.patience, || self.judge.has(name, instance, next));
        assert!(has_come, "{:?} was not enough for {instance}:{next}; {}", self.patience, self.judge.tell(name));
    }

    /// Nothing but cuts.
    fn cut_for_a_while(&mut self) {
        let enough = self.proxy.cuts() + self.nodes.cuts() + 40;
        self.plane.wait_for("some cuts", || enough <= self.proxy.cuts() + self.nodes.cuts());
        self.catch_up();
    }

    /// A log is rotated after all of it has been read.
    fn rotate(&mut self) {
        self.rotate_read(2);
        self.catch_up();
    }

    /// Logs that have grown large are rotated once they are read, the shared one when all pods have read it.
    fn rotate_large(&mut self) {
        for index in 0..self.sources.len() {
            let limit = if index < ALONE.len() { LARGE } else { LARGE_SHARED };
            if limit < self.source(index).size() {
                println!("          {} bytes are rotated", self.source(index).size());
                self.rotate_read(index);
            }
        }
    }

    fn rotate_read(&self, index: usize) {
        self.cuts.store(false, Ordering::SeqCst);
        let readers = if index < ALONE.len() { vec![Self::name(index)] } else { self.web_pods() };
        let mut source = self.source(index);
        for name in readers {
            self.wait_for(&name, source.instance, source.next);
            let has_come = |peer: &Peer| peer.has(&name, source.instance, source.next);
            until(peers::PATIENCE, || self.peers.iter().all(has_come));
        }
        source.rotate();
        drop(source);
        self.catch_up();
        self.cuts.store(true, Ordering::SeqCst);
    }

    /// A log is rotated twice at once: the kubelet sends what the newest file begins with for each of the two.
    fn rotate_twice(&mut self) {
        self.cuts.store(false, Ordering::SeqCst);
        {
            let mut source = self.source(2);
            self.wait_for(&Self::name(2), source.instance, source.next);
            source.rotate();
            source.rotate();
            source.write(3);
        }
        self.catch_up();
        self.cuts.store(true, Ordering::SeqCst);
    }

    /// A log is rotated while nobody can read it: what was in it is gone.
    fn rotate_unseen(&mut self) {
        let before = self.judge.of(&Self::name(3)).told;
        self.proxy.refuse();
        {
            let mut source = self.source(3);
            source.write(50);
            source.rotate();
            source.write(50);
        }
        self.proxy.heal();
        self.catch_up();
        let told = self.judge.of(&Self::name(3)).told - before;
        assert!(50 <= told, "{told} lines were told to be missing");
    }

    /// A container restarts, and the server says so before anybody can read on.
    fn restart(&mut self) {
        self.cuts.store(false, Ordering::SeqCst);
        self.proxy.refuse();
        self.restart_source(20, 1);
        self.tell_restart();
        self.proxy.heal();
        self.catch_up();
        // On a machine that is busy for an hour the watch may bring the exit code after the mark has waited 5 s for it.
        let exit = self.judge.exit(&Self::name(1));
        assert!(exit == Some(137) || exit.is_none() && self.is_long, "{exit:?}: {}", self.judge.tell(&Self::name(1)));
        self.cuts.store(true, Ordering::SeqCst);
    }

    /// A container restarts, and its new log can be read before the server says so.
    fn restart_unseen(&mut self) {
        self.proxy.refuse();
        self.restart_source(100, 100);
        self.proxy.heal();
        let (name, instance) = (Self::name(1), self.source(1).instance);
        self.wait_for(&name, instance, 100);
        self.tell_restart();
        self.catch_up();
    }

    /// A container restarts twice: the end of the first instance is gone, that of the second is not.
    fn crash(&mut self) {
        let before = self.judge.of(&Self::name(1)).told;
        self.proxy.refuse();
        self.restart_source(20, 30);
        self.restart_source(10, 1);
        self.tell_restart();
        self.proxy.heal();
        self.catch_up();
        let told = self.judge.of(&Self::name(1)).told - before;
        assert_ne!(told, 0, "the end of an instance that nobody has any more was not told");
    }

    /// Nodes are not reached for a moment; the API server ends their logs as if they were read to the end.
    fn lose_node(&mut self) {
        self.lead_to_nodes();
        self.nodes.refuse();
        for index in 0..ALONE.len() {
            self.source(index).write(2_000);
        }
        self.nodes.heal();
        self.catch_up();
    }

    /// A stream of a kubelet ends with its container; ours must not live to see the new file.
    fn restart_source(&self, before: u64, after: u64) {
        let mut source = self.source(1);
        source.write(before);
        source.restart();
        source.write(after);
    }

    fn tell_restart(&self) {
        let count = self.source(1).instance;
        self.plane.patch_status("/api/v1/namespaces/storm/pods/log-1", &running("log-1", count));
    }

    /// The API server dies and comes back.
    fn kill_server(&mut self) {
        self.plane.kill_server();
        self.plane.start_server();
        self.catch_up();
    }

    /// 20 pods make place for 20 others.
    fn roll(&mut self) {
        self.images += 1;
        self.plane.apply(&deployment(self.images));
        let (plane, image) = (&self.plane, self.images);
        plane.wait_for("the rollout", || rolled(plane, image));
        let next = self.source(ALONE.len()).next;
        for name in self.web_pods() {
            self.wait_for(&name, 0, next);
        }
        self.catch_up();
    }

    /// The pods of the present image, as the judge calls their streams.
    fn web_pods(&self) -> Vec<String> {
        let selector = format!("/api/v1/namespaces/storm/pods?labelSelector=image%3Di{}", self.images);
        let name = |pod: &Value| format!("{}/{SHARED}", pod["metadata"]["name"].as_str().unwrap());
        self.plane.json(&selector)["items"].as_array().unwrap().iter().map(name).collect()
    }

    /// Connections stay open and bring nothing.
    fn silence(&mut self) {
        self.cuts.store(false, Ordering::SeqCst);
        self.catch_up();
        self.proxy.silence();
        for index in 0..ALONE.len() {
            self.source(index).write(10);
        }
        self.catch_up();
        // The watches have no other way to notice soon.
        self.proxy.cut();
        self.cuts.store(true, Ordering::SeqCst);
        self.catch_up();
    }

    fn end(mut self) {
        self.cuts.store(false, Ordering::SeqCst);
        self.is_over.store(true, Ordering::SeqCst);
        self.catch_up();
        let restarts = u64::from(self.source(1).instance);
        until(self.patience, || self.judge.of(&Self::name(1)).restarts == restarts);
        assert!(self.judge.runs(), "kplumb has ended");
        let code = self.judge.interrupt();
        let sum = self.judge.sum();
        let cuts = self.proxy.cuts() + self.nodes.cuts();
        println!("{} streams, {cuts} connections cut, {sum:#?}", self.judge.streams());
        assert_eq!((sum.lost, sum.doubled, sum.wrong), (0, 0, 0), "lost, doubled, wrong: {:#?}", sum.words);
        let told = self.judge.of(&Self::name(1)).restarts;
        assert_eq!(told, restarts, "restarts told, and restarts: {}", self.judge.tell(&Self::name(1)));
        assert_eq!(code, Some(130));
        assert!(PODS * (1 + usize::from(0 < self.images)) <= self.judge.streams());
    }
}

/// A kubeconfig of somebody who may read, by way of the proxy.
fn proxied(plane: &ControlPlane, proxy: &Proxy) -> PathBuf {
    plane.kubeconfig("viewer");
    let server = json!({"server": format!("https://127.0.0.1:{}", proxy.port)});
    plane.kubeconfig_with("viewer", &server, &json!({"token": "token-of-viewer"}), None)
}

/// A pod whose status is ours to write: it runs, in a container with an id.
pub fn still_pod(plane: &ControlPlane, namespace: &str, name: &str, container: &str) {
    let pod = json!({
        "metadata": {"name": name, "labels": {"storm": "yes", "alone": "yes"}, "annotations": {STILL: "true"}},
        "spec": {"containers": [{"name": container, "image": "example.test/app:1"}]},
    });
    let path = format!("/api/v1/namespaces/{namespace}/pods");
    plane.create(&path, &pod);
    let path = format!("{path}/{name}");
    plane.wait_for("a node for the pod", || plane.json(&path)["spec"]["nodeName"].is_string());
    plane.patch_status(&path, &running(container, 0));
}

fn running(name: &str, restarts: u32) -> Value {
    let last = if restarts == 0 {
        json!({})
    } else {
        json!({"terminated": {"exitCode": 137, "reason": "OOMKilled", "containerID": format!("containerd://{}", restarts - 1)}})
    };
    json!({"status": {"phase": "Running", "containerStatuses": [{
        "name": name, "ready": true, "started": true, "restartCount": restarts, "image": "example.test/app:1", "imageID": "",
        "containerID": format!("containerd://{restarts}"), "state": {"running": {"startedAt": "2026-11-20T10:00:00Z"}},
        "lastState": last,
    }]}})
}

/// For readers that follow what a Service selects.
const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: alone, namespace: storm}
spec: {selector: {alone: 'yes'}, ports: [{port: 80}]}
";

fn deployment(image: u32) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: storm}}
spec:
  replicas: {PODS}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web, storm: 'yes', image: i{image}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{{name: {SHARED}, image: 'example.test/app:{image}'}}]
"
    )
}

/// Whether all pods are of this image, and no other is left.
fn rolled(plane: &ControlPlane, image: u32) -> bool {
    let list = plane.json("/api/v1/namespaces/storm/pods?labelSelector=app%3Dweb");
    let pods = list["items"].as_array().unwrap();
    let is_new = |pod: &Value| pod["metadata"]["labels"]["image"] == format!("i{image}").as_str();
    pods.len() == PODS && pods.iter().all(|pod| is_new(pod) && pod["status"]["phase"] == "Running")
}
