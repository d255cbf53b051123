//! What Traefik really answers against what kplumb says it will: status, backend, path and host that the backend sees,
//! where a redirect leads, which certificate is shown. Ingresses, Traefik's own routes, and the Gateway API.

mod gates;
mod ingresses;
mod layers;
mod routes;
mod verdict;

use std::net::TcpStream;

use kplumb::kinds::{GATEWAY, ObjectRef, SERVICE};
use kplumb::view::trace::request::{Request, line};
use serde_json::json;

use crate::control_plane::{ControlPlane, Crds, Process};
use crate::room;
use crate::room::place::{self, leaving, ready, unready, unsaid};

/// By which door a request enters.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Door {
    /// The Traefik of class main.
    Main,
    /// The Traefik of class alone, which has everything allowed.
    Alone,
    /// A Gateway of the first one, in namespace gates.
    Gate(&'static str),
}

/// One request, with the manifests that it is about.
struct Ask {
    manifests: String,
    door: Door,
    line: String,
}

/// Manifests and requests.
#[derive(Default)]
struct Scene {
    yaml: Vec<String>,
    asks: Vec<Ask>,
}

impl Scene {
    /// Adds manifests, and the requests that are about them.
    fn add(&mut self, door: Door, yaml: &str, lines: &[&str]) {
        self.yaml.push(yaml.to_owned());
        let ask = |line: &&str| Ask { manifests: yaml.to_owned(), door, line: (*line).to_owned() };
        self.asks.extend(lines.iter().map(ask));
    }
}

/// Where the two Traefiks listen.
const MAIN: &str = "10.9.0.2";
const ALONE: &str = "10.9.0.3";

const OPTIONS: &[&str] = &[
    "--entryPoints.gate.address=IP:8000",
    "--entryPoints.gatesecure.address=IP:8443",
    "--entryPoints.web.address=IP:80",
    "--entryPoints.web.asDefault=true",
    "--entryPoints.websecure.address=IP:443",
    "--entryPoints.websecure.asDefault=true",
    "--global.checkNewVersion=false",
    "--log.level=ERROR",
    "--providers.providersThrottleDuration=100ms",
];

const OF_MAIN: &[&str] = &[
    "--providers.kubernetesIngress.ingressClass=main",
    "--providers.kubernetesCRD=true",
    "--providers.kubernetesGateway=true",
    "--providers.kubernetesGateway.statusAddress.ip=10.9.0.2",
];

const OF_ALONE: &[&str] = &[
    "--providers.kubernetesIngress.ingressClass=alone",
    "--providers.kubernetesIngress.allowEmptyServices=true",
    "--providers.kubernetesIngress.allowExternalNameServices=true",
    "--providers.kubernetesIngress.strictPrefixMatching=true",
    "--providers.kubernetesCRD.ingressClass=alone",
    "--providers.kubernetesCRD.allowCrossNamespace=true",
    "--providers.kubernetesCRD.allowEmptyServices=true",
    "--providers.kubernetesCRD.allowExternalNameServices=true",
];

#[test]
fn traefik_answers_as_predicted() {
    room::inside("traefik::traefik_answers_as_predicted", || {
        let plane = place::plane();
        plane.install(Crds::GatewayApi);
        plane.install(Crds::Traefik);
        room::echo::listen();
        for name in ["shop", "other", "gates", "traefik", "default"] {
            place::namespace(&plane, name);
        }
        services(&plane);
        secrets(&plane);
        let mut scene = Scene::default();
        ingresses::fill(&mut scene);
        routes::fill(&mut scene);
        layers::fill(&mut scene);
        gates::fill(&mut scene);
        plane.apply(&scene.yaml.join("\n---\n"));
        let main = traefik(&plane, "main", MAIN, OF_MAIN);
        let alone = traefik(&plane, "alone", ALONE, OF_ALONE);
        settle(&plane, &scene);
        let model = room::model::read(&plane);
        let (mut differences, mut open) = (Vec::new(), 0);
        for ask in &scene.asks {
            let request = request(ask, &model.catalog);
            match verdict::compare(&model, &request, address(ask.door)) {
                Ok(foreseen) => open += usize::from(!foreseen),
                Err(why) => {
                    differences.push(format!("{}\n  by {:?}: {why}\n{}", ask.line, ask.door, indented(&ask.manifests)));
                }
            }
        }
        drop((main, alone));
        let count = differences.len();
        assert!(count == 0, "{count} of {} differ:\n{}", scene.asks.len(), differences.join("\n"));
        println!("{} requests, {open} left to chance, no difference", scene.asks.len());
        assert!(open < 10, "{open} answers were left open");
    });
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

fn address(door: Door) -> &'static str {
    if door == Door::Alone { ALONE } else { MAIN }
}

/// The request of a line, by its door.
fn request(ask: &Ask, catalog: &kplumb::kinds::Catalog) -> Request {
    let mut request = line::parse(&ask.line, catalog).unwrap_or_else(|error| panic!("{}: {}", ask.line, error.0));
    request.client = "10.9.0.1".parse().ok();
    request.via = Some(match ask.door {
        Door::Main => ObjectRef::new(SERVICE, "traefik", "main"),
        Door::Alone => ObjectRef::new(SERVICE, "traefik", "alone"),
        Door::Gate(name) => ObjectRef::new(GATEWAY, "gates", name),
    });
    request
}

/// The Services of all scenes; their pods are addresses of the room.
fn services(plane: &ControlPlane) {
    let http: &[(&str, u16, u16)] = &[("http", 80, 8080)];
    let two: &[(&str, u16, u16)] = &[("http", 80, 8080), ("alt", 8081, 8081)];
    let plain: &[(&str, u16, u16)] = &[("", 80, 9090)];
    place::service(plane, ("shop", "web"), http, &[ready("10.9.1.1")]);
    place::service(plane, ("shop", "api"), two, &[ready("10.9.1.2")]);
    place::service(plane, ("shop", "deep"), plain, &[ready("10.9.1.3")]);
    place::service(plane, ("shop", "none"), http, &[unready("10.9.1.4")]);
    place::service(plane, ("shop", "empty"), http, &[]);
    place::service(plane, ("shop", "unsaid"), http, &[unsaid("10.9.1.5")]);
    place::service(plane, ("shop", "leaving"), http, &[leaving("10.9.1.6")]);
    place::service(plane, ("shop", "mixed"), http, &[ready("10.9.1.7"), unready("10.9.1.8")]);
    place::service(plane, ("shop", "half"), http, &[ready("10.9.1.9"), leaving("10.9.1.10")]);
    place::service(plane, ("shop", "hostless"), http, &[ready("10.9.1.11")]);
    place::service(plane, ("other", "abroad"), http, &[ready("10.9.1.12")]);
    place::service(plane, ("other", "granted"), http, &[ready("10.9.1.13")]);
    // Nobody listens there.
    place::service(plane, ("shop", "deaf"), &[("http", 80, verdict::DEAF)], &[ready("10.9.1.14")]);
    let path = "/api/v1/namespaces/shop/services";
    let ports = json!([{"name": "http", "port": 80, "targetPort": 8080}]);
    plane.create(path, &json!({"metadata": {"name": "noslice"}, "spec": {"ports": ports}}));
    let native = json!({"traefik.ingress.kubernetes.io/service.nativelb": "true"});
    let spec = json!({"ports": [{"name": "http", "port": 8080}], "clusterIP": verdict::NATIVE});
    plane.create(path, &json!({"metadata": {"name": "native", "annotations": native}, "spec": spec}));
    place::slice(plane, ("shop", "native"), &[("http", 8080, 8080)], &[ready("10.9.1.15")]);
    let annotations =
        json!({"metadata": {"annotations": {"traefik.ingress.kubernetes.io/service.passhostheader": "false"}}});
    plane.patch(&format!("{path}/hostless"), &annotations);
    for (name, ports) in [("ext", ports), ("extbare", json!(null))] {
        let spec = json!({"type": "ExternalName", "externalName": "outside.invalid", "ports": ports});
        plane.create(path, &json!({"metadata": {"name": name}, "spec": spec}));
    }
}

/// Certificates, and a password: `user` with `secret`.
fn secrets(plane: &ControlPlane) {
    for (namespace, name, host) in [
        ("shop", "a-tls", "tls.example"),
        ("shop", "route-tls", "rtls.example"),
        ("shop", "strict-tls", "strict.example"),
        ("gates", "gate-tls", "gate.example"),
    ] {
        let identity = plane.certificate(host);
        let object = json!({
            "metadata": {"name": name}, "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": identity.certificate, "tls.key": identity.key},
        });
        plane.create(&format!("/api/v1/namespaces/{namespace}/secrets"), &object);
    }
    let authority = json!({"metadata": {"name": "client-ca"}, "stringData": {"ca.crt": plane.certificate("ca.example").certificate}});
    plane.create("/api/v1/namespaces/shop/secrets", &authority);
    let users =
        json!({"metadata": {"name": "users"}, "stringData": {"users": "user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}});
    plane.create("/api/v1/namespaces/shop/secrets", &users);
}

/// A Traefik that runs, and the objects that show it in the cluster.
fn traefik(plane: &ControlPlane, name: &str, ip: &str, options: &[&str]) -> Process {
    let own: Vec<String> = OPTIONS.iter().chain(options).map(|option| option.replace("IP", ip)).collect();
    let labels = json!({"app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": name});
    let container = json!({"name": "traefik", "image": "traefik:v3.6.1", "args": own});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container]}});
    let spec = json!({"replicas": 1, "selector": {"matchLabels": labels}, "template": template});
    plane.create("/apis/apps/v1/namespaces/traefik/deployments", &json!({"metadata": {"name": name}, "spec": spec}));
    place::pod(plane, ("traefik", &format!("{name}-1")), &labels, &container, ip);
    let doors = [("web", 80), ("websecure", 443), ("gate", 8000), ("gatesecure", 8443)];
    let ports: Vec<_> =
        doors.iter().map(|(name, port)| json!({"name": name, "port": port, "targetPort": port})).collect();
    let services = "/api/v1/namespaces/traefik/services";
    let spec = json!({"type": "LoadBalancer", "selector": labels, "ports": ports});
    plane.create(services, &json!({"metadata": {"name": name}, "spec": spec}));
    let balancer = json!({"status": {"loadBalancer": {"ingress": [{"ip": ip}]}}});
    plane.patch_status(&format!("{services}/{name}"), &balancer);
    let doors: Vec<(&str, u16, u16)> = doors.iter().map(|(name, port)| (*name, *port, *port)).collect();
    let end = place::End { address: if ip == MAIN { MAIN } else { ALONE }, ..ready(MAIN) };
    place::slice(plane, ("traefik", name), &doors, &[end]);
    let mut flags = own;
    for provider in ["kubernetesIngress", "kubernetesCRD", "kubernetesGateway"] {
        if options.iter().any(|option| option.contains(provider)) {
            flags.extend(plane.credentials().map(|(flag, value)| format!("--providers.{provider}.{flag}={value}")));
        }
    }
    Process::start_as(plane.folder(), &format!("traefik-{name}"), "traefik", &flags)
}

/// Waits until each provider of each Traefik has told what it knows.
fn settle(plane: &ControlPlane, scene: &Scene) {
    assert!(!scene.asks.is_empty(), "nothing to ask");
    for (address, port, host) in [
        (MAIN, 80, "ready-ingress.example"),
        (MAIN, 80, "ready-route.example"),
        (MAIN, 8000, "ready-gate.example"),
        (ALONE, 80, "ready-alone-ingress.example"),
        (ALONE, 80, "ready-alone-route.example"),
    ] {
        let request = Request::get(&format!("http://{host}:{port}/")).expect("a URL");
        plane.wait_for(host, || {
            TcpStream::connect((address, port)).is_ok() && room::http::ask(address, &request).status == 200
        });
    }
}
