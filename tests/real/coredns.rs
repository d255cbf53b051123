//! What CoreDNS really says of names in the cluster against what kplumb says of requests from there: Services with and
//! without an address of their own, pods by name, chains and circles of ExternalNames, names that search lists complete.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;

use kplumb::view::trace::outcome::Outcome;
use kplumb::view::trace::request::line;
use serde_json::{Value, json};

use crate::control_plane::{ControlPlane, Process, Request};
use crate::room;
use crate::room::dns::{self, Reply};
use crate::room::model::Model;
use crate::room::place::{self, End, leaving, ready, unready};

/// Where the server listens.
const SERVER: &str = "10.9.0.53:53";

/// Who asks, which name, and which port is dialled.
type Question = (&'static str, String, u16);

#[test]
fn coredns_answers_as_predicted() {
    room::inside("coredns::coredns_answers_as_predicted", || {
        let plane = place::plane();
        for name in ["shop", "other", "default"] {
            place::namespace(&plane, name);
        }
        let mut questions = services(&plane);
        questions.extend(bridges(&plane));
        place::service(&plane, ("default", "sentinel"), &[("http", 80, 8080)], &[ready("10.9.2.99")]);
        let server = start(&plane);
        plane.wait_for("CoreDNS", || {
            dns::ask(SERVER, "sentinel.default.svc.cluster.local").is_ok_and(|reply| !reply.addresses.is_empty())
        });
        let model = room::model::read(&plane);
        let differences: Vec<String> =
            questions.iter().filter_map(|question| compare(&plane, &model, question)).collect();
        drop(server);
        let count = differences.len();
        assert!(count == 0, "{count} of {} differ:\n{}", questions.len(), differences.join("\n"));
        println!("{} names, no difference", questions.len());
    });
}

fn start(plane: &ControlPlane) -> Process {
    let file = plane.folder().join("Corefile");
    let kubeconfig = plane.kubeconfig("admin");
    let text = format!(
        ".:53 {{\n  bind 10.9.0.53\n  errors\n  kubernetes cluster.local {{\n    kubeconfig {}\n    pods insecure\n  }}\n}}\n",
        kubeconfig.display()
    );
    fs::write(&file, text).expect("the folder can be written");
    Process::start(plane.folder(), "coredns", &["-conf".to_owned(), file.display().to_string()])
}

/// One question to both.
fn compare(plane: &ControlPlane, model: &Model, (namespace, name, port): &Question) -> Option<String> {
    let real = dns::resolve(SERVER, namespace, name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = format!("http://{name}:{port}/ --from-namespace {namespace}");
    let request = line::parse(&text, &model.catalog).unwrap_or_else(|error| panic!("{text}: {}", error.0));
    let trace = model.trace(&request);
    let why = differs(plane, &real, &trace.outcome)?;
    Some(format!("{text}: {why}\n    CoreDNS: {real:?}\n    kplumb: {:?}", trace.outcome))
}

fn differs(plane: &ControlPlane, real: &Reply, outcome: &Outcome) -> Option<String> {
    let has_address = !real.addresses.is_empty();
    if matches!(outcome, Outcome::Unknown(_)) {
        // The name is the address of a pod, or leaves the cluster: nothing is claimed.
        return None;
    }
    if matches!(outcome, Outcome::DnsError(_)) {
        return has_address.then(|| "kplumb says that it does not resolve".to_owned());
    }
    if !has_address {
        return (!is_outside(outcome)).then(|| "CoreDNS gives no address".to_owned());
    }
    let Outcome::Forward(backends) = outcome else { return None };
    let backend = backends.first()?;
    let path = format!("/api/v1/namespaces/{}/services/{}", backend.namespace, backend.service);
    let own = plane.send(&Request::get(&path)).json()["spec"]["clusterIP"].as_str().unwrap_or("None").to_owned();
    let ends = backend.endpoints.iter().filter(|end| end.ready).filter_map(|end| end.address.as_deref());
    let wanted: BTreeSet<String> =
        if own == "None" { ends.map(str::to_owned).collect() } else { [own].into_iter().collect() };
    let given: BTreeSet<String> = real.addresses.iter().map(Ipv4Addr::to_string).collect();
    (wanted != given).then(|| format!("kplumb says {wanted:?}"))
}

/// Whether kplumb says that somebody outside gets it, whose name this server does not know.
fn is_outside(outcome: &Outcome) -> bool {
    let Outcome::Forward(backends) = outcome else { return false };
    let mut ends = backends.iter().flat_map(|backend| &backend.endpoints);
    ends.any(|end| end.address.as_deref().is_some_and(|address| address.parse::<Ipv4Addr>().is_err()))
}

/// A headless Service, whose endpoints may have names of their own.
fn headless(plane: &ControlPlane, name: &str, more: &Value, ends: &[(End, &str)]) {
    let mut spec = json!({"clusterIP": "None", "ports": [{"name": "http", "port": 8080}]});
    for (field, value) in more.as_object().into_iter().flatten() {
        spec[field] = value.clone();
    }
    let path = "/api/v1/namespaces/shop/services";
    plane.create(path, &json!({"metadata": {"name": name}, "spec": spec}));
    let endpoints: Vec<Value> = ends
        .iter()
        .map(|(end, hostname)| {
            let conditions = json!({"ready": end.ready, "serving": end.serving, "terminating": end.terminating});
            let host = if hostname.is_empty() { Value::Null } else { json!(hostname) };
            json!({"addresses": [end.address], "conditions": conditions, "hostname": host})
        })
        .collect();
    let slice = json!({
        "metadata": {"name": format!("{name}-1"), "labels": {
            "kubernetes.io/service-name": name, "service.kubernetes.io/headless": "",
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": endpoints,
    });
    plane.create("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", &slice);
}

fn services(plane: &ControlPlane) -> Vec<Question> {
    let http: &[(&str, u16, u16)] = &[("http", 80, 8080)];
    place::service(plane, ("shop", "web"), http, &[ready("10.9.2.1")]);
    place::service(plane, ("shop", "none"), http, &[unready("10.9.2.2")]);
    place::service(plane, ("other", "far"), http, &[ready("10.9.2.3")]);
    headless(
        plane,
        "db",
        &json!({}),
        &[(ready("10.9.2.4"), "db-0"), (ready("10.9.2.5"), "db-1"), (unready("10.9.2.6"), "db-2")],
    );
    headless(plane, "down", &json!({}), &[(unready("10.9.2.7"), "down-0")]);
    headless(plane, "void", &json!({}), &[]);
    headless(plane, "going", &json!({}), &[(leaving("10.9.2.8"), "going-0")]);
    // The endpoints controller marks them ready.
    let early = json!({"publishNotReadyAddresses": true});
    headless(plane, "early", &early, &[(End { serving: Some(false), ..ready("10.9.2.9") }, "early-0")]);
    let mut questions = Vec::new();
    for from in ["shop", "other"] {
        for name in ["web", "none", "far", "db", "down", "void", "going", "early", "gone"] {
            let port = if matches!(name, "web" | "none" | "far" | "gone") { 80 } else { 8080 };
            for form in
                ["", ".shop", ".other", ".nowhere", ".shop.svc", ".shop.svc.cluster.local", ".other.svc.cluster.local"]
            {
                questions.push((from, format!("{name}{form}"), port));
            }
        }
    }
    for name in [
        "db-0.db",
        "db-0.db.shop",
        "db-2.db.shop.svc.cluster.local",
        "db-1.db.shop.svc",
        "db-9.db.shop.svc.cluster.local",
        "down-0.down.shop.svc.cluster.local",
        "early-0.early.shop.svc.cluster.local",
        "x.web.shop.svc.cluster.local",
    ] {
        questions.push(("shop", name.to_owned(), 8080));
    }
    for name in [
        "10-9-2-1.shop.pod.cluster.local",
        "a.b.web.shop.svc.cluster.local",
        "shop.svc.cluster.local",
        "svc.cluster.local",
        "cluster.local",
        "web.shop.cluster.local",
        "web.shop.svc.cluster.example",
        "kubernetes.default",
        "kubernetes.default.svc.cluster.local",
        "WEB.Shop.svc.cluster.local",
    ] {
        questions.push(("shop", name.to_owned(), 80));
    }
    questions
}

fn bridges(plane: &ControlPlane) -> Vec<Question> {
    let mut all: Vec<(String, String)> = [
        ("to-web", "web.shop.svc.cluster.local"),
        ("to-web-dot", "web.shop.svc.cluster.local."),
        ("to-far", "far.other.svc.cluster.local"),
        ("to-db", "db.shop.svc.cluster.local"),
        ("to-down", "down.shop.svc.cluster.local"),
        ("to-none", "none.shop.svc.cluster.local"),
        ("to-gone", "gone.shop.svc.cluster.local"),
        ("to-nowhere", "web.nowhere.svc.cluster.local"),
        ("to-pod", "db-0.db.shop.svc.cluster.local"),
        ("to-short", "web"),
        ("to-short-two", "web.shop"),
        ("to-svc", "web.shop.svc"),
        ("to-outside", "www.example.com"),
        ("to-address", "10.9.2.1"),
        ("to-to-web", "to-web.shop.svc.cluster.local"),
        ("to-to-gone", "to-gone.shop.svc.cluster.local"),
        ("self", "self.shop.svc.cluster.local"),
        ("ring-a", "ring-b.shop.svc.cluster.local"),
        ("ring-b", "ring-a.shop.svc.cluster.local"),
        ("to-ring", "ring-a.shop.svc.cluster.local"),
    ]
    .into_iter()
    .map(|(name, target)| (name.to_owned(), target.to_owned()))
    .collect();
    all.push(("chain-0".to_owned(), "web.shop.svc.cluster.local".to_owned()));
    all.extend((1..14).map(|at| (format!("chain-{at}"), format!("chain-{}.shop.svc.cluster.local", at - 1))));
    for (name, target) in &all {
        let spec = json!({"type": "ExternalName", "externalName": target});
        plane.create("/api/v1/namespaces/shop/services", &json!({"metadata": {"name": name}, "spec": spec}));
    }
    let port = |name: &str| if matches!(name, "to-db" | "to-down" | "to-pod") { 8080 } else { 80 };
    let whole = |name: &String| ("shop", name.clone(), port(name));
    let far = |name: &String| ("other", format!("{name}.shop.svc.cluster.local"), port(name));
    all.iter().flat_map(|(name, _)| [whole(name), far(name)]).collect()
}
