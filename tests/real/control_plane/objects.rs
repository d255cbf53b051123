//! Objects of the control plane: created, patched, applied, installed.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{ControlPlane, Request, Response, process};

/// Pods and nodes with this annotation are left alone by kwok: the test writes their status.
pub const STILL: &str = "kplumb.dev/still";

/// Definitions of custom resources that can be installed and removed.
#[derive(Clone, Copy)]
pub enum Crds {
    CertManager,
    GatewayApi,
    /// Traefik's own.
    Traefik,
    /// The rest of the request path: Traefik, external-dns, network plugins, Istio; Argo Rollouts.
    Path,
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

impl Crds {
    fn file(self) -> std::path::PathBuf {
        match self {
            Crds::CertManager => process::program("crds/cert-manager.yaml"),
            Crds::GatewayApi => process::program("crds/gateway-api.yaml"),
            Crds::Traefik => process::program("crds/traefik.yaml"),
            Crds::Path => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/control_plane/path.yaml"),
        }
    }

    fn probe(self) -> &'static str {
        match self {
            Crds::CertManager => "/apis/cert-manager.io/v1/certificates",
            Crds::GatewayApi => "/apis/gateway.networking.k8s.io/v1/httproutes",
            Crds::Traefik => "/apis/traefik.io/v1alpha1/ingressroutes",
            Crds::Path => "/apis/traefik.io/v1alpha1/middlewares",
        }
    }

    /// How the groups of its kinds end.
    fn groups(self) -> &'static [&'static str] {
        match self {
            Crds::CertManager => &["cert-manager.io"],
            Crds::GatewayApi => &["gateway.networking.k8s.io"],
            Crds::Traefik => &["traefik.io"],
            Crds::Path => &[
                "externaldns.k8s.io",
                "traefik.io",
                "gateway.networking.x-k8s.io",
                "policy.networking.k8s.io",
                "cilium.io",
                "crd.projectcalico.org",
                "security.istio.io",
                "argoproj.io",
            ],
        }
    }
}

impl ControlPlane {
    /// Reads a path as admin; panics unless the server says 2xx.
    pub fn get(&self, path: &str, accept: &str) -> Response {
        self.send(&Request::get(path).accept(accept)).ok(path)
    }

    /// Reads an object or a list as JSON.
    pub fn json(&self, path: &str) -> Value {
        self.get(path, "application/json").json()
    }

    /// Creates an object in the collection at `path` and returns what the server made of it.
    pub fn create(&self, path: &str, object: &Value) -> Value {
        self.send(&Request::post(path, object.to_string().as_bytes())).ok(path).json()
    }

    /// Deletes the object, or the whole collection, at `path`.
    pub fn delete(&self, path: &str) {
        self.send(&Request::new("DELETE", path)).ok(path);
    }

    /// Merges `change` into the object at `path`.
    pub fn patch(&self, path: &str, change: &Value) -> Value {
        let body = change.to_string();
        let request = Request::new("PATCH", path).body("application/merge-patch+json", body.as_bytes());
        self.send(&request).ok(path).json()
    }

    /// Merges `{"status": …}` into the status of the object at `path`, as a kubelet would.
    pub fn patch_status(&self, path: &str, change: &Value) -> Value {
        self.patch(&format!("{path}/status"), change)
    }

    /// Creates a namespace that pods can be created in.
    pub fn namespace(&self, name: &str) {
        self.create("/api/v1/namespaces", &json!({"metadata": {"name": name}}));
        let account = format!("/api/v1/namespaces/{name}/serviceaccounts/default");
        self.wait_for(&account, || self.send(&Request::get(&account)).status == 200);
    }

    /// Creates nodes `PREFIX-0` and following, and waits until kwok has made them ready.
    pub fn nodes(&self, prefix: &str, count: usize) {
        for n in 0..count {
            let name = format!("{prefix}-{n}");
            let labels =
                json!({"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": format!("zone-{}", n % 3)});
            let spec = json!({"podCIDR": format!("10.244.{n}.0/24"), "podCIDRs": [format!("10.244.{n}.0/24")]});
            self.create("/api/v1/nodes", &json!({"metadata": {"name": name, "labels": labels}, "spec": spec}));
        }
        for n in 0..count {
            let path = format!("/api/v1/nodes/{prefix}-{n}");
            self.wait_for(&path, || condition(&self.json(&path), "Ready"));
        }
    }

    /// Runs kubectl as admin and returns its output; panics with its complaint.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.kubectl_with(arguments, "")
    }

    /// Applies YAML documents on the server's side.
    pub fn apply(&self, yaml: &str) {
        self.kubectl_with(&["apply", "--server-side", "--force-conflicts", "-f", "-"], yaml);
    }

    /// Installs definitions, and waits until their resources are served.
    pub fn install(&self, crds: Crds) {
        let file = crds.file().display().to_string();
        self.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &file]);
        // Until a kind's storage has started, the server answers 429.
        let is_served = |path: &String| self.send(&Request::get(path)).status == 200;
        self.wait_for(crds.probe(), || {
            let paths: Vec<String> = self.definitions(crds).iter().map(first_page).collect();
            self.send(&Request::get(crds.probe())).status == 200 && paths.iter().all(is_served)
        });
    }

    /// Removes definitions with everything that was made by them.
    pub fn remove(&self, crds: Crds) {
        let file = crds.file().display().to_string();
        self.kubectl(&["delete", "--ignore-not-found", "--wait=false", "-f", &file]);
        let mut nudge = 0;
        self.wait_for("the definitions to be gone", || {
            nudge += 1;
            let left = self.definitions(crds);
            // A definition that is deleted while its storage still starts is not tried again by the server before it changes.
            for definition in left.iter().filter(|item| has_failed_to_end(item)) {
                let change = json!({"metadata": {"annotations": {"kplumb.dev/nudge": nudge.to_string()}}}).to_string();
                let path = format!("{DEFINITIONS}/{}", definition["metadata"]["name"].as_str().unwrap_or_default());
                let request = Request::new("PATCH", &path).body("application/merge-patch+json", change.as_bytes());
                self.send(&request);
            }
            left.is_empty() && self.send(&Request::get(crds.probe())).status == 404
        });
    }

    fn definitions(&self, crds: Crds) -> Vec<Value> {
        let is_of = |group: &str| crds.groups().iter().any(|end| group.ends_with(end));
        let list = self.json(DEFINITIONS);
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().filter(|item| is_of(item["spec"]["group"].as_str().unwrap_or_default())).collect()
    }

    fn kubectl_with(&self, arguments: &[&str], input: &str) -> String {
        let said = self.kubectl_tries(arguments, input);
        said.unwrap_or_else(|complaint| panic!("kubectl {}: {complaint}", arguments.join(" ")))
    }

    /// Runs kubectl as admin; the error is its complaint.
    pub fn kubectl_tries(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        self.kubectl_edits(arguments, input, Path::new("false"))
    }

    /// The same, with a script as its user's editor.
    pub fn kubectl_edits(&self, arguments: &[&str], input: &str, editor: &Path) -> Result<String, String> {
        let mut child = Command::new(process::program("kubectl"))
            .env("KUBECONFIG", self.kubeconfig("admin"))
            .env("KUBE_EDITOR", format!("sh {}", editor.display()))
            .env("KUBECACHEDIR", self.folder().join("kubectl"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        child.stdin.take().expect("a piped stdin").write_all(input.as_bytes()).expect("kubectl reads");
        let output = child.wait_with_output().expect("kubectl ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

fn first_page(definition: &Value) -> String {
    let spec = &definition["spec"];
    let versions = spec["versions"].as_array().into_iter().flatten();
    let served = versions.into_iter().find(|version| version["served"] == true).map_or(&Value::Null, |v| &v["name"]);
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("/apis/{}/{}/{}?limit=1", word(&spec["group"]), word(served), word(&spec["names"]["plural"]))
}

fn has_failed_to_end(definition: &Value) -> bool {
    let conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|condition| condition["reason"] == "InstanceDeletionFailed")
}

/// Whether an object's condition is true.
pub fn condition(object: &Value, name: &str) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == name && condition["status"] == "True")
}
