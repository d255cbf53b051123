//! A real control plane as a fixture. All of it is blocking and panics with words, because a
//! test is its only caller; call it from a plain `#[test]`, or from a thread.
//!
//! ```ignore
//! let plane = ControlPlane::shared();                  // one for the test binary: leave it alive
//! plane.namespace("shop");                             // every test its own namespace
//! plane.create("/api/v1/namespaces/shop/pods", &json!({..}));   // or plane.apply("kind: Pod …")
//! plane.patch_status("/api/v1/namespaces/shop/pods/web", &json!({"status": {"phase": "Failed"}}));
//! let table = plane.get("/api/v1/namespaces/shop/pods", "application/json;as=Table;v=v1;g=meta.k8s.io");
//! let bytes = plane.get("/api/v1/pods", "application/vnd.kubernetes.protobuf").body;
//! let path = plane.kubeconfig("viewer");               // admin, viewer, or one of access::USERS, without rights
//! let right = plane.grant("dev", &Rule { namespace: Some("shop"), group: "", resources: &["pods"], verbs: &["list"] });
//! plane.revoke(&right);
//! assert!(plane.audit().iter().all(|entry| entry.user != "viewer" || entry.is_read()));
//!
//! let own = ControlPlane::start(&Settings::default()); // a test that breaks the server has its own
//! own.kill_server();                                   // or stop_server, which waits for the process
//! own.start_server();                                  // returns once /readyz says 200
//! own.compact();
//! ```
//!
//! kwok runs a pod as soon as the scheduler has given it a node, unless the pod has the
//! annotation [`STILL`]: then its status is the test's to write. Containers named in
//! `kubelet::LOGGED` have a log, written with [`ControlPlane::log`].
//!
//! Every process ends when its `Process` is dropped, and also when this process dies in any
//! way, because each one is tied to a pipe that only we hold open.

mod access;
pub mod audit;
mod authority;
mod http;
mod kubelet;
mod objects;
pub mod process;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use authority::Authority;

pub use access::Rule;
pub use http::{Connection, Request, Response};
pub use objects::{Crds, STILL};
pub use process::{Process, program};

/// What a control plane is started with.
pub struct Settings {
    /// More flags for kube-apiserver, such as `--min-request-timeout=2` for short watches.
    pub server_flags: &'static [&'static str],
    /// Whether controllers, scheduler and kwok run beside the API server.
    pub controllers: bool,
    /// How many nodes there are from the start; they need `controllers`.
    pub nodes: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { server_flags: &[], controllers: true, nodes: 2 }
    }
}

/// A running control plane; everything of it ends with this value.
pub struct ControlPlane {
    folder: PathBuf,
    ports: Ports,
    authority: Authority,
    server_flags: &'static [&'static str],
    server: Mutex<Option<Process>>,
    others: Vec<Process>,
}

struct Ports {
    etcd: u16,
    etcd_peers: u16,
    server: u16,
    controllers: u16,
    scheduler: u16,
    kubelet: u16,
}

impl ControlPlane {
    /// The one that most tests share: use a namespace of your own, and do not stop it.
    pub fn shared() -> &'static ControlPlane {
        static SHARED: LazyLock<ControlPlane> = LazyLock::new(|| ControlPlane::start(&Settings::default()));
        &SHARED
    }

    /// Starts a control plane of its own, in about five seconds.
    pub fn start(settings: &Settings) -> ControlPlane {
        let folder = process::folder();
        let mut plane = ControlPlane {
            others: vec![process::janitor(&folder)],
            ports: free_ports(),
            authority: Authority::new(),
            server_flags: settings.server_flags,
            server: Mutex::new(None),
            folder,
        };
        plane.write_files();
        plane.others.push(plane.start_etcd());
        plane.start_server();
        if settings.controllers {
            plane.others.extend([plane.start_controllers(), plane.start_scheduler(), plane.start_kubelet()]);
            plane.wait_for("the default service account", || {
                plane.send(&Request::get("/api/v1/namespaces/default/serviceaccounts/default")).status == 200
            });
            plane.nodes("node", settings.nodes);
        }
        plane
    }

    /// The folder that holds the state, the logs of the processes and all files of this instance.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the API server listens.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.server)
    }

    /// The port of the kubelet of all nodes.
    pub fn kubelet_port(&self) -> u16 {
        self.ports.kubelet
    }

    /// Ends the API server as an administrator would, and waits until it is gone.
    pub fn stop_server(&self) {
        self.server().take().expect("the API server runs").stop();
    }

    /// Kills the API server as a crash would, and waits until it is gone.
    pub fn kill_server(&self) {
        self.server().take().expect("the API server runs").kill();
    }

    /// Starts the API server on its old port and its old state; returns when it is ready.
    pub fn start_server(&self) {
        self.launch_server();
        self.wait_for("/readyz", || self.send(&Request::get("/readyz")).status == 200);
    }

    /// Starts the API server without waiting for it.
    pub fn launch_server(&self) {
        let server = self.spawn_server();
        let old = self.server().replace(server);
        assert!(old.is_none(), "the API server already runs");
    }

    /// Ends the API server and starts it again: every resourceVersion from before is gone.
    pub fn restart_server(&self) {
        self.stop_server();
        self.start_server();
    }

    /// Compacts etcd at its current revision. (The API server's watch cache keeps what it has:
    /// for a 410 restart the server.)
    pub fn compact(&self) {
        let mut etcd = Connection::plain(self.ports.etcd);
        let range = etcd.send(&Request::post("/v3/kv/range", br#"{"key":"AA=="}"#)).expect("etcd answers").json();
        let revision = range["header"]["revision"].as_str().expect("a revision").to_owned();
        let body = format!(r#"{{"revision":"{revision}","physical":true}}"#);
        let answer = etcd.send(&Request::post("/v3/kv/compaction", body.as_bytes())).expect("etcd answers");
        assert_eq!(answer.status, 200, "compaction: {}", answer.text());
    }

    /// A connection to the API server that verifies its certificate and is kept open.
    pub fn connect(&self) -> std::io::Result<Connection> {
        Connection::tls(self.ports.server, self.authority.trust())
    }

    /// What a client has to trust to speak to the API server.
    pub fn trust(&self) -> std::sync::Arc<rustls::ClientConfig> {
        self.authority.trust()
    }

    /// Sends one request, as admin unless it names its own token; status 0 when there is no server.
    pub fn send(&self, request: &Request) -> Response {
        let request = match request.header("authorization") {
            Some(_) => request.clone(),
            None => request.clone().bearer(&access::token("admin")),
        };
        self.connect()
            .and_then(|mut connection| connection.send(&request))
            .unwrap_or_else(|error| Response::none(&error))
    }

    /// Waits until `done`, or panics with `what` and the ends of all logs after a minute.
    pub fn wait_for(&self, what: &str, mut done: impl FnMut() -> bool) {
        let is_done = until(Duration::from_secs(60), || {
            let server = self.server();
            let ended = server.iter().chain(&self.others).find_map(Process::ended);
            assert!(ended.is_none(), "{} has ended\n{}", ended.unwrap_or_default(), process::last_lines(&self.folder));
            drop(server);
            done()
        });
        assert!(is_done, "waited a minute for {what}\n{}", process::last_lines(&self.folder));
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.server.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn flag(&self, flag: &str, name: &str) -> String {
        format!("--{flag}={}", self.path(name).display())
    }

    fn write_files(&self) {
        let authority = &self.authority;
        for (name, text) in [
            ("ca.crt", &authority.certificate()),
            ("server.crt", &authority.server.certificate),
            ("server.key", &authority.server.key),
            ("accounts.key", &authority.accounts_key()),
            ("accounts.pub", &authority.accounts_public_key()),
            ("tokens.csv", &access::token_rows()),
            ("audit-policy.yaml", &audit::POLICY.to_owned()),
            ("kwok.yaml", &kubelet::configuration(&self.folder)),
        ] {
            fs::write(self.path(name), text).unwrap_or_else(|error| panic!("cannot write {name}: {error}"));
        }
    }

    fn start_etcd(&self) -> Process {
        let (clients, peers) = (self.ports.etcd, self.ports.etcd_peers);
        let flags = [
            self.flag("data-dir", "etcd"),
            format!("--listen-client-urls=http://127.0.0.1:{clients}"),
            format!("--advertise-client-urls=http://127.0.0.1:{clients}"),
            format!("--listen-peer-urls=http://127.0.0.1:{peers}"),
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
        ];
        Process::start(&self.folder, "etcd", &flags)
    }

    fn spawn_server(&self) -> Process {
        let mut flags = vec![
            format!("--etcd-servers=http://127.0.0.1:{}", self.ports.etcd),
            format!("--secure-port={}", self.ports.server),
            self.flag("tls-cert-file", "server.crt"),
            self.flag("tls-private-key-file", "server.key"),
            self.flag("client-ca-file", "ca.crt"),
            self.flag("token-auth-file", "tokens.csv"),
            self.flag("service-account-key-file", "accounts.pub"),
            self.flag("service-account-signing-key-file", "accounts.key"),
            format!("--service-account-issuer={}", access::ISSUER),
            self.flag("audit-policy-file", "audit-policy.yaml"),
            self.flag("audit-log-path", "audit.log"),
            self.flag("cert-dir", "certificates"),
        ];
        flags.extend(SERVER_FLAGS.iter().chain(self.server_flags).map(|flag| (*flag).to_owned()));
        Process::start(&self.folder, "kube-apiserver", &flags)
    }

    fn start_controllers(&self) -> Process {
        let kubeconfig = self.kubeconfig("system:kube-controller-manager");
        let flags = [
            format!("--kubeconfig={}", kubeconfig.display()),
            self.flag("service-account-private-key-file", "accounts.key"),
            self.flag("root-ca-file", "ca.crt"),
            format!("--secure-port={}", self.ports.controllers),
            "--bind-address=127.0.0.1".to_owned(),
            "--leader-elect=false".to_owned(),
            "--kube-api-qps=500".to_owned(),
            "--kube-api-burst=1000".to_owned(),
        ];
        Process::start(&self.folder, "kube-controller-manager", &flags)
    }

    fn start_scheduler(&self) -> Process {
        let kubeconfig = self.kubeconfig("system:kube-scheduler");
        let configuration = serde_json::json!({
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "leaderElection": {"leaderElect": false},
            "clientConnection": {"kubeconfig": kubeconfig, "qps": 500, "burst": 1000},
        });
        fs::write(self.path("scheduler.yaml"), configuration.to_string()).expect("the folder can be written");
        let flags = [
            self.flag("config", "scheduler.yaml"),
            format!("--secure-port={}", self.ports.scheduler),
            "--bind-address=127.0.0.1".to_owned(),
        ];
        Process::start(&self.folder, "kube-scheduler", &flags)
    }

    fn start_kubelet(&self) -> Process {
        let (kubeconfig, port) = (self.kubeconfig("kwok"), self.ports.kubelet);
        let flags = [
            format!("--kubeconfig={}", kubeconfig.display()),
            self.flag("config", "kwok.yaml"),
            "--manage-all-nodes=true".to_owned(),
            "--node-lease-duration-seconds=40".to_owned(),
            "--node-ip=127.0.0.1".to_owned(),
            format!("--node-port={port}"),
            format!("--server-address=127.0.0.1:{port}"),
            self.flag("tls-cert-file", "server.crt"),
            self.flag("tls-private-key-file", "server.key"),
        ];
        Process::start(&self.folder, "kwok", &flags)
    }
}

const SERVER_FLAGS: &[&str] = &[
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    // EndpointSlices refuse loopback addresses: do not try to publish ours.
    "--endpoint-reconciler-type=none",
    "--authorization-mode=RBAC",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--kubelet-preferred-address-types=InternalIP",
    "--allow-privileged=true",
];

/// Asks again until `done` or until the time is over; says which.
pub fn until(time: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + time;
    loop {
        if done() {
            return true;
        }
        if end < Instant::now() {
            return false;
        }
        // Other processes are asked here, and they send no signal that could be awaited.
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Ports below those that the system gives to outgoing connections, so that none is taken
/// between now and the start of its process.
fn free_ports() -> Ports {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 1_000).expect("below 1,000") * 12;
    let mut free = std::iter::repeat_with(|| 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let mut port = || free.next().expect("a free port");
    Ports { etcd: port(), etcd_peers: port(), server: port(), controllers: port(), scheduler: port(), kubelet: port() }
}
