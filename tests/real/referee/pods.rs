//! The states of a pod: from gated to evicted, through everything that init containers, sidecars and crashes can do.

mod state;

use super::case::{Case, ago};
use serde_json::{Value, json};
use state::{Container, condition, container, phase};

/// Every state.
pub fn cases() -> Vec<Case> {
    [waiting(), running(), crashed(), pulled(), initializing(), sidecars(), ended(), deleted(), gated(), placed()]
        .into_iter()
        .flatten()
        .collect()
}

/// A pod of some containers, on a node unless `node` is empty.
fn pod(node: &str, containers: &[&str], init: &[&str]) -> Value {
    let of = |names: &[&str]| -> Vec<Value> {
        names
            .iter()
            .map(|name| match name.strip_prefix('+') {
                Some(sidecar) => json!({"name": sidecar, "image": "shop/sidecar:1", "restartPolicy": "Always"}),
                None => json!({"name": name, "image": format!("shop/{name}:v2.3.1"),
                    "resources": {"limits": {"memory": "128Mi", "cpu": "500m"}}}),
            })
            .collect()
    };
    let mut spec = json!({"containers": of(containers), "initContainers": of(init)});
    if !node.is_empty() {
        spec["nodeName"] = node.into();
    }
    json!({"metadata": {"labels": {"app": "web"}}, "spec": spec})
}

/// A pod of one container on a node, in this phase, with this status of its container.
fn one(name: &str, phase_name: &str, app: Container) -> Case {
    Case::new(name, pod("worker-1", &["app"], &[])).status(phase(phase_name, &[], &[app]))
}

fn with(mut object: Value, path: &str, field: &str, value: Value) -> Value {
    object.pointer_mut(path).expect("a part of the pod")[field] = value;
    object
}

fn waiting() -> Vec<Case> {
    let scheduler = "0/3 nodes are available: 1 node(s) had untolerated taint {dedicated: db}, 2 Insufficient memory. \
        preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
    let unschedulable =
        json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": scheduler});
    vec![
        Case::new("bare", pod("", &["app"], &[])),
        Case::new("unschedulable", pod("", &["app"], &[]))
            .status(json!({"phase": "Pending", "conditions": [unschedulable]})),
        one("creating", "Pending", container("app").waiting("ContainerCreating", "")),
        one("waiting-without-reason", "Pending", container("app").waiting("", "")),
        Case::new("unreported", pod("worker-1", &["app", "log"], &[])).status(json!({"phase": "Pending"})),
        Case::new("nominated", pod("", &["app"], &[]))
            .status(json!({"phase": "Pending", "nominatedNodeName": "worker-9"})),
        one(
            "config-error",
            "Pending",
            container("app").waiting("CreateContainerConfigError", "secret \"orders-db\" not found"),
        ),
        one("run-error", "Running", container("app").waiting("RunContainerError", "failed to start: no such file")),
    ]
}

fn running() -> Vec<Case> {
    let ready = |containers: &[Container]| {
        let mut status = phase("Running", &[], containers);
        status["conditions"] = json!([condition("Ready", "True", ""), condition("Initialized", "True", "")]);
        status
    };
    vec![
        Case::new("ready", pod("worker-1", &["app"], &[])).status(ready(&[container("app").running(600).ready()])),
        one("unready", "Running", container("app").running(600)),
        Case::new("one-of-two", pod("worker-1", &["app", "log"], &[])).status(phase(
            "Running",
            &[],
            &[container("app").running(60).ready(), container("log").running(60)],
        )),
        one("starting", "Running", container("app").running(5).started(false)),
        Case::new("restarted", pod("worker-1", &["app"], &[])).status(ready(&[container("app")
            .running(60)
            .ready()
            .restarts(3)
            .last(1, "Error", 300)])),
        Case::new("restarted-long-ago", pod("worker-1", &["app"], &[])).status(ready(&[container("app")
            .running(60)
            .ready()
            .restarts(12)
            .last(1, "Error", 3 * 86_400 + 7)])),
        one("restarts-without-date", "Running", container("app").running(60).ready().restarts(4)),
        one("a-date-without-restarts", "Running", container("app").running(60).ready().last(0, "Completed", 50)),
        Case::new("two-dates", pod("worker-1", &["app", "log"], &[])).status(phase(
            "Running",
            &[],
            &[
                container("app").running(60).ready().restarts(1).last(1, "Error", 9000),
                container("log").running(60).ready().restarts(1).last(1, "Error", 400),
            ],
        )),
        Case::new("one-done-and-ready", pod("worker-1", &["app", "log"], &[]))
            .status(ready(&[container("app").running(60).ready(), container("log").exited(0, "Completed")])),
        Case::new("one-done-not-ready", pod("worker-1", &["app", "log"], &[])).status(phase(
            "Running",
            &[],
            &[container("app").running(60).ready(), container("log").exited(0, "Completed")],
        )),
        Case::new("done-and-error", pod("worker-1", &["app", "log"], &[])).status(phase(
            "Running",
            &[],
            &[container("app").exited(0, "Completed"), container("log").exited(2, "Error")],
        )),
        one("done-will-restart", "Running", container("app").exited(0, "Completed")),
        Case::new("debugged", pod("worker-1", &["app"], &[])).status(ready(&[container("app").running(60).ready()])),
    ]
}

fn crashed() -> Vec<Case> {
    let loops = || container("app").waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container=app");
    vec![
        one("crash-loop", "Running", loops().restarts(6).last(1, "Error", 31)),
        one("crash-loop-out-of-memory", "Running", loops().restarts(6).last(137, "OOMKilled", 31)),
        one("crash-loop-segfault", "Running", loops().restarts(2).last(139, "Error", 100)),
        one("crash-loop-signal", "Running", loops().restarts(2).last_signal(11, 100)),
        one("crash-loop-unknown", "Running", loops()),
        one("error", "Running", container("app").exited(1, "Error").restarts(1).last(1, "Error", 20)),
        one("out-of-memory", "Running", container("app").exited(137, "OOMKilled")),
        one("exit-code", "Running", container("app").exited(2, "")),
        one("signal", "Running", container("app").signalled(9)),
        one("cannot-run", "Running", container("app").exited(128, "ContainerCannotRun")),
        Case::new("one-crashes", pod("worker-1", &["app", "log"], &[])).status(phase(
            "Running",
            &[],
            &[loops().restarts(8).last(1, "Error", 40), container("log").running(600).ready()],
        )),
        Case::new("the-other-crashes", pod("worker-1", &["log", "app"], &[])).status(phase(
            "Running",
            &[],
            &[container("log").running(600).ready(), loops().restarts(8).last(1, "Error", 40)],
        )),
    ]
}

fn pulled() -> Vec<Case> {
    let missing = "rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/shop/app:v2.3.1\": \
        failed to resolve reference \"docker.io/shop/app:v2.3.1\": docker.io/shop/app:v2.3.1: not found";
    let denied = "Back-off pulling image \"shop/app:v2.3.1\": ErrImagePull: failed to authorize: unexpected status \
        from GET request to https://auth.example.com/token: 401 Unauthorized";
    vec![
        one("image-missing", "Pending", container("app").waiting("ErrImagePull", missing)),
        one("image-denied", "Pending", container("app").waiting("ImagePullBackOff", denied)),
        one("image-name", "Pending", container("app").waiting("InvalidImageName", "couldn't parse image name")),
        one(
            "image-never",
            "Pending",
            container("app").waiting("ErrImageNeverPull", "image is not present with pull policy of Never"),
        ),
    ]
}

fn initializing() -> Vec<Case> {
    let init = |name: &str, containers: &[Container]| {
        let status = phase("Pending", containers, &[container("app").waiting("PodInitializing", "")]);
        Case::new(name, pod("worker-1", &["app"], &["migrate", "seed"])).status(status)
    };
    let done = || container("migrate").exited(0, "Completed");
    let initialized = |name: &str, containers: &[Container], app: Container| {
        let mut status = phase("Running", containers, &[app]);
        status["conditions"] = json!([condition("Initialized", "True", "")]);
        Case::new(name, pod("worker-1", &["app"], &["migrate", "seed"])).status(status)
    };
    vec![
        init("init-first", &[container("migrate").running(3), container("seed").waiting("PodInitializing", "")]),
        init("init-second", &[done(), container("seed").running(3)]),
        init("init-waits", &[container("migrate").waiting("PodInitializing", "")]),
        init("init-image", &[done(), container("seed").waiting("ImagePullBackOff", "Back-off pulling image \"x\"")]),
        init(
            "init-crash-loop",
            &[container("migrate").waiting("CrashLoopBackOff", "").restarts(3).last(1, "Error", 70)],
        ),
        init("init-error", &[container("migrate").exited(1, "Error").restarts(2).last(1, "Error", 200)]),
        init("init-exit-code", &[container("migrate").exited(3, "")]),
        init("init-signal", &[container("migrate").signalled(15)]),
        init("init-done", &[done(), container("seed").exited(0, "Completed").restarts(2).last(1, "Error", 200)]),
        initialized("init-restarts-forgotten", &[done().restarts(5).last(1, "Error", 90)], container("app").running(9)),
        initialized("init-again", &[container("migrate").running(3)], container("app").running(600).ready()),
        initialized("init-fails-later", &[container("migrate").exited(1, "Error")], container("app").waiting("", "")),
    ]
}

fn sidecars() -> Vec<Case> {
    let case = |name: &str, init: &[Container], app: Container| {
        Case::new(name, pod("worker-1", &["app"], &["+proxy", "migrate"])).status(phase("Running", init, &[app]))
    };
    let proxy = || container("proxy").running(300).started(true);
    let done = || container("migrate").exited(0, "Completed");
    vec![
        case("sidecar-ready", &[proxy().ready(), done()], container("app").running(60).ready()),
        case("sidecar-unready", &[proxy(), done()], container("app").running(60).ready()),
        case("sidecar-not-started", &[container("proxy").running(2).started(false)], container("app").waiting("", "")),
        case(
            "sidecar-started-init-runs",
            &[proxy().ready(), container("migrate").running(2)],
            container("app").waiting("PodInitializing", ""),
        ),
        case(
            "sidecar-restarted",
            &[proxy().ready().restarts(2).last(1, "Error", 150), done().restarts(7)],
            container("app").running(60).ready().restarts(1),
        ),
        case(
            "sidecar-crash-loop",
            &[container("proxy").waiting("CrashLoopBackOff", "").restarts(4).last(2, "Error", 15)],
            container("app").waiting("PodInitializing", ""),
        ),
        case(
            "sidecar-ended",
            &[container("proxy").exited(0, "Completed"), done()],
            container("app").exited(0, "Completed"),
        ),
        case(
            "sidecar-killed",
            &[container("proxy").exited(137, "Error").started(false), done()],
            container("app").exited(0, "Completed"),
        ),
    ]
}

fn ended() -> Vec<Case> {
    let whole = |name: &str, status: Value| Case::new(name, pod("worker-1", &["app"], &[])).status(status);
    let evicted = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 51Mi. Container app was using 240Mi.";
    let mut gone = phase("Failed", &[], &[container("app").exited(137, "Error")]);
    gone["reason"] = "DeadlineExceeded".into();
    gone["message"] = "Pod was active on the node longer than the specified deadline".into();
    vec![
        one("succeeded", "Succeeded", container("app").exited(0, "Completed")),
        whole("succeeded-bare", json!({"phase": "Succeeded"})),
        one("failed", "Failed", container("app").exited(1, "Error")),
        one("failed-exit-code", "Failed", container("app").exited(64, "")),
        whole("failed-bare", json!({"phase": "Failed"})),
        whole("evicted", json!({"phase": "Failed", "reason": "Evicted", "message": evicted})),
        whole(
            "preempted",
            json!({"phase": "Failed", "reason": "Preempting", "message": "Preempted in order to admit critical pod"}),
        ),
        whole("deadline", gone),
        whole("unknown", json!({"phase": "Unknown"})),
        whole(
            "node-lost",
            json!({"phase": "Running", "reason": "NodeLost", "message": "Node worker-1 which was running pod is unresponsive"}),
        ),
    ]
}

fn deleted() -> Vec<Case> {
    let held = |node: &str| with(pod(node, &["app"], &[]), "/metadata", "finalizers", json!(["kplumb.dev/hold"]));
    let running = || phase("Running", &[], &[container("app").running(60).ready()]);
    let mut lost = running();
    lost["reason"] = "NodeLost".into();
    vec![
        Case::new("terminating", pod("worker-1", &["app"], &[])).status(running()).deleted(),
        Case::new("terminating-held", held("worker-1")).status(running()).deleted(),
        Case::new("terminating-pending", held("")).deleted(),
        Case::new("terminating-crash-loop", held("worker-1"))
            .status(phase(
                "Running",
                &[],
                &[container("app").waiting("CrashLoopBackOff", "").restarts(2).last(1, "Error", 9)],
            ))
            .deleted(),
        Case::new("terminating-succeeded", held("worker-1"))
            .status(phase("Succeeded", &[], &[container("app").exited(0, "Completed")]))
            .deleted(),
        Case::new("terminating-failed", held("worker-1"))
            .status(phase("Failed", &[], &[container("app").exited(1, "Error")]))
            .deleted(),
        Case::new("terminating-node-lost", held("worker-1")).status(lost).deleted(),
    ]
}

fn gated() -> Vec<Case> {
    let gates = json!([{"conditionType": "shop.example.com/registered"}, {"conditionType": "shop.example.com/warm"}]);
    let gate = |name: &str, conditions: Value| {
        let mut status = phase("Running", &[], &[container("app").running(60).ready()]);
        status["conditions"] = conditions;
        let pod = with(pod("worker-1", &["app"], &[]), "/spec", "readinessGates", gates.clone());
        Case::new(name, pod).status(status)
    };
    let unready = condition("Ready", "False", "ReadinessGatesNotReady");
    let scheduling = json!([{"name": "example.com/quota"}, {"name": "example.com/review"}]);
    vec![
        Case::new("scheduling-gated", with(pod("", &["app"], &[]), "/spec", "schedulingGates", scheduling)),
        gate(
            "gates-open",
            json!([
                condition("shop.example.com/registered", "True", ""),
                condition("shop.example.com/warm", "True", ""),
                condition("Ready", "True", "")
            ]),
        ),
        gate(
            "gate-closed",
            json!([
                condition("shop.example.com/registered", "True", ""),
                condition("shop.example.com/warm", "False", ""),
                unready.clone()
            ]),
        ),
        gate("gates-unreported", json!([unready])),
    ]
}

fn placed() -> Vec<Case> {
    let at = |name: &str, addresses: Value| {
        let mut status = phase("Running", &[], &[container("app").running(60).ready()]);
        status["podIPs"] = addresses;
        Case::new(name, pod("worker-1", &["app"], &[])).status(status)
    };
    let mut older = phase("Running", &[], &[container("app").running(60).ready()]);
    older["podIP"] = "10.244.1.9".into();
    let mut host = with(pod("worker-1", &["app"], &[]), "/spec", "hostNetwork", json!(true));
    host["spec"]["containers"][0]["ports"] = json!([{"containerPort": 9100, "name": "metrics"}]);
    vec![
        at("dual-stack", json!([{"ip": "10.244.1.7"}, {"ip": "fd00:10:244:1::7"}])),
        at("ipv6", json!([{"ip": "fd00:10:244:1::8"}])),
        Case::new("one-address", pod("worker-1", &["app"], &[])).status(older),
        Case::new("host-network", host).status(phase("Running", &[], &[container("app").running(60).ready()])),
        Case::new("mounting", mounting()).status(phase("Running", &[], &[container("app").running(60).ready()])),
        Case::new("started", pod("worker-1", &["app"], &[])).status(json!({"phase": "Running", "startTime": ago(77)})),
    ]
}

/// A pod that names other objects in every way there is.
fn mounting() -> Value {
    let mut pod = pod("worker-1", &["app"], &["migrate"]);
    pod["spec"]["imagePullSecrets"] = json!([{"name": "registry"}]);
    pod["spec"]["initContainers"][0]["envFrom"] = json!([{"secretRef": {"name": "orders-db"}}]);
    pod["spec"]["containers"][0]["envFrom"] = json!([{"prefix": "A_", "configMapRef": {"name": "orders-config"}}]);
    pod["spec"]["containers"][0]["ports"] =
        json!([{"containerPort": 8080, "name": "http"}, {"containerPort": 53, "name": "dns", "protocol": "UDP"}]);
    pod["spec"]["containers"][0]["env"] = json!([
        {"name": "PLAIN", "value": "1"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "orders-password", "key": "password"}}},
        {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "orders-mode", "key": "mode"}}},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    ]);
    pod["spec"]["volumes"] = json!([
        {"name": "tls", "secret": {"secretName": "orders-tls"}},
        {"name": "files", "configMap": {"name": "orders-files"}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "orders-data"}},
        {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}}}}}},
        {"name": "mixed", "projected": {"sources": [{"secret": {"name": "orders-key"}},
            {"configMap": {"name": "orders-ca"}}, {"serviceAccountToken": {"path": "token"}}]}},
        {"name": "empty", "emptyDir": {}},
    ]);
    pod
}
