//! The reference systems: what their request paths come to, on a cluster that holds their objects and on their manifests.
//! How they are told is a picture of each: `tests/paths/snapshots`.

use crate::ground::{CATALOG, Ground, NOW, broken, picture, reaches};
use kplumb::kinds::{KindId, POD, Record, SERVICE};
use kplumb::manifests::document::Document;
use kplumb::view::reverse::ways;
use kplumb::view::trace::follow::follow;
use kplumb::view::trace::hop::{HopKind, Status};
use kplumb::view::trace::outcome::{Outcome, ServedBy, Trace, Verdict};
use kplumb::view::trace::request::{Request, Vantage};
use kplumb::view::trace::verdict;
use kplumb::view::trace::world::{Answer, Answers, Lookup, World};
use serde_json::json;
use std::process::Command;
use std::sync::Arc;

/// One of the demo's clusters as it is.
fn demo(context: &str) -> Ground {
    Ground::demo(context, |_| true)
}

/// Follows a URL in a cluster and in the manifests of it.
fn both(context: &str, url: &str, check: impl Fn(&World, &Trace)) {
    let ground = demo(context);
    for world in [ground.world(), ground.files()] {
        let trace = follow(&world, &Request::get(url).unwrap());
        check(&world, &trace);
    }
}

/// The answer in one line: the verdict, the headline's code, and what the client gets.
fn answer(trace: &Trace) -> String {
    let code = verdict::headline(trace).map_or("-", |finding| finding.code());
    let end = match &trace.outcome {
        Outcome::Forward(backends) => {
            let one = |backend: &kplumb::view::trace::outcome::Backend| {
                let status = backend.status.map_or(String::new(), |status| format!(" = {status}"));
                format!("{}/{}:{} {}{status}", backend.namespace, backend.service, backend.port, backend.path)
            };
            backends.iter().map(one).collect::<Vec<_>>().join(" + ")
        }
        Outcome::Redirect { status, location } => format!("{status} {location}"),
        Outcome::Respond { status, by } => format!("{status} by {by}"),
        outcome => outcome.name().to_owned(),
    };
    format!("{} {code} {end}", trace.verdict.name())
}

/// The codes on the path and, behind a bar, beside it.
fn codes(trace: &Trace) -> String {
    let path: Vec<&str> =
        trace.hops.iter().flat_map(|hop| &hop.findings).map(kplumb::view::trace::fault::Finding::code).collect();
    let side: Vec<&str> = trace.side.iter().map(kplumb::view::trace::fault::Finding::code).collect();
    format!("{} | {}", path.join(" "), side.join(" "))
}

fn status(trace: &Trace, kind: HopKind) -> Option<Status> {
    trace.hops.iter().find(|hop| hop.kind == kind).map(kplumb::view::trace::hop::Hop::status)
}

/// The first object of a kind in a namespace whose name begins so.
fn only(ground: &Ground, kind: KindId, namespace: &str, part: &str) -> Arc<Record> {
    let mut found = ground.cluster.in_namespace(kind, namespace);
    found.find(|record| record.key.name.starts_with(part)).unwrap().clone()
}

/// The ways to an object: kind and address, and by which objects.
fn listed(world: &World, record: &Record) -> Vec<String> {
    let found = ways(world, record).entrances;
    let line = |entrance: &kplumb::view::reverse::Entrance| {
        let via: Vec<&str> = entrance.via.iter().map(|key| &*key.name).collect();
        format!("{} {} {}", entrance.kind.name(), entrance.url, via.join(","))
    };
    found.iter().map(line).collect()
}

#[test]
fn a_room_of_free4chat_is_reached_across_its_bridge() {
    both("free4chat", "https://api.k.free4.chat/room", |_, trace| {
        let page = picture(trace);
        assert_eq!(answer(trace), "warn DNS-STATUS-HOSTNAME free4chat/apifree4chat:80 /room", "{page}");
        let Outcome::Forward(backends) = &trace.outcome else { panic!("{page}") };
        assert_eq!(backends[0].via, [(Arc::from("default"), Arc::from("apifree4chat"))]);
        assert_eq!(backends[0].endpoints.iter().map(|endpoint| endpoint.port).collect::<Vec<_>>(), [8888]);
        let dns = &trace.hops[0];
        assert!(dns.status() == Status::Ok && dns.summary.contains("*.k.free4.chat"), "{page}");
        for kind in [HopKind::Controller, HopKind::Tls, HopKind::Rule, HopKind::ExternalName, HopKind::Service] {
            assert_eq!(status(trace, kind), Some(Status::Ok), "{kind:?}\n{page}");
        }
        assert!(codes(trace).contains("PO-NO-READINESS") && !codes(trace).contains("LB-PROXY-UNKNOWN"), "{page}");
        let served = trace.tls.as_ref().unwrap();
        assert_eq!((served.by, served.names.first().map(String::as_str)), (ServedBy::Secret, Some("api.k.free4.chat")));
    });
    both("free4chat", "http://api.k.free4.chat/room?a=b", |_, trace| {
        assert_eq!(answer(trace), "warn DNS-STATUS-HOSTNAME 308 https://api.k.free4.chat/room?a=b");
        let end = trace.then.as_ref().unwrap();
        assert_eq!(answer(end), "warn DNS-STATUS-HOSTNAME free4chat/apifree4chat:80 /room?a=b");
    });
}

#[test]
fn an_alias_of_free4chat_arrives_and_no_rule_knows_it() {
    both("free4chat", "https://api.free4.chat/", |_, trace| {
        let page = picture(trace);
        assert!(answer(trace).starts_with("broken DNS-CNAME-HOST 404 by "), "{page}");
        let message = verdict::headline(trace).unwrap().message();
        assert!(message.contains("api.free4.chat") && message.contains("api.k.free4.chat"), "{message}");
        assert!(verdict::headline(trace).unwrap().fix().join("\n").contains("server-alias=api.free4.chat"), "{page}");
        let served = trace.tls.as_ref().unwrap();
        assert_eq!(served.by, ServedBy::Default);
        assert!(served.subject.contains("Kubernetes Ingress Controller Fake Certificate"), "{}", served.subject);
    });
}

#[test]
fn free4chats_pod_knows_the_one_url_that_reaches_it() {
    let ground = demo("free4chat");
    for world in [ground.world(), ground.files()] {
        let pod = only(&ground, POD, "free4chat", "apifree4chat");
        assert_eq!(
            listed(&world, &pod),
            [
                "ingress https://api.k.free4.chat/* api-free4chat-ingress,apifree4chat,apifree4chat",
                "service http://apifree4chat.default.svc:80 apifree4chat,apifree4chat",
                "service http://apifree4chat.free4chat.svc:80 apifree4chat",
            ]
        );
    }
}

/// The manifests of free4chat's repository at one commit.
struct Commit {
    host: &'static str,
    service: &'static str,
    /// Where Service and Deployment of that name are.
    namespace: &'static str,
    port: u16,
    has_balancer: bool,
    has_bridge: bool,
}

impl Commit {
    fn yaml(&self) -> String {
        let Self { host, service, namespace, port, .. } = self;
        let mut text = format!(
            "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: api-free4chat-ingress
  annotations: {{kubernetes.io/ingress.class: nginx, cert-manager.io/cluster-issuer: letsencrypt-prod}}
spec:
  tls: [{{hosts: [{host}], secretName: api-free4chat-tls}}]
  rules: [{{host: {host}, http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}]}}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {service}, namespace: {namespace}}}
spec: {{ports: [{{port: 80, targetPort: {port}}}], selector: {{app: {service}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {service}, namespace: {namespace}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {service}}}}}
  template:
    metadata: {{labels: {{app: {service}}}}}
    spec: {{containers: [{{name: echo, image: example/api:1, ports: [{{containerPort: {port}}}]}}]}}
"
        );
        if self.has_balancer {
            text.push_str(
                "
---
apiVersion: v1
kind: Service
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
  labels: {app.kubernetes.io/name: ingress-nginx, app.kubernetes.io/version: 0.34.1}
  annotations:
    service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol: 'true'
    service.beta.kubernetes.io/do-loadbalancer-hostname: k.free4.chat
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app.kubernetes.io/name: ingress-nginx}
  ports: [{name: http, port: 80, targetPort: http}, {name: https, port: 443, targetPort: https}]
",
            );
        }
        if self.has_bridge {
            text.push_str(
                "
---
apiVersion: v1
kind: Service
metadata: {name: apifree4chat}
spec: {type: ExternalName, externalName: apifree4chat.free4chat.svc.cluster.local}
",
            );
        }
        text
    }

    fn ground(&self) -> Ground {
        let address = || Answer::Address("203.0.113.10".parse().unwrap());
        let alias = Lookup::Found(vec![Answer::Alias("api.k.free4.chat".to_owned())]);
        let dns = [("*.k.free4.chat".to_owned(), Lookup::Found(vec![address()])), ("api.free4.chat".to_owned(), alias)];
        Ground::manifests(&self.yaml()).dns(Answers::from(dns))
    }
}

/// free4chat's way to an API in another namespace, commit by commit.
const COMMITS: [Commit; 5] = [
    Commit {
        host: "api.free4.chat",
        service: "echo",
        namespace: "default",
        port: 5678,
        has_balancer: false,
        has_bridge: false,
    },
    Commit {
        host: "api.free4.chat",
        service: "apifree4chat",
        namespace: "free4chat",
        port: 8888,
        has_balancer: false,
        has_bridge: false,
    },
    Commit {
        host: "api.k.free4.chat",
        service: "apifree4chat",
        namespace: "free4chat",
        port: 8888,
        has_balancer: false,
        has_bridge: false,
    },
    Commit {
        host: "api.k.free4.chat",
        service: "apifree4chat",
        namespace: "free4chat",
        port: 8888,
        has_balancer: true,
        has_bridge: false,
    },
    Commit {
        host: "api.k.free4.chat",
        service: "apifree4chat",
        namespace: "free4chat",
        port: 8888,
        has_balancer: true,
        has_bridge: true,
    },
];

#[test]
fn the_commits_of_free4chat_break_and_mend_it_as_they_did() {
    let told = |url: &str| -> Vec<String> {
        COMMITS
            .iter()
            .map(|commit| follow(&commit.ground().files(), &Request::get(url).unwrap()))
            .map(|t| answer(&t))
            .collect()
    };
    assert_eq!(
        told("https://api.free4.chat/"),
        [
            "warn PO-NO-READINESS default/echo:80 /",
            "broken SV-OTHER-NS 503 by ingress-nginx",
            "broken DNS-CNAME-HOST 404 by ingress-nginx's default backend",
            "broken DNS-CNAME-HOST 404 by ingress-nginx's default backend",
            "broken DNS-CNAME-HOST 404 by ingress-nginx's default backend",
        ]
    );
    assert_eq!(
        told("https://api.k.free4.chat/")[2..],
        [
            "broken SV-OTHER-NS 503 by ingress-nginx",
            "broken SV-OTHER-NS 503 by ingress-nginx",
            "warn DNS-STATUS-HOSTNAME free4chat/apifree4chat:80 /",
        ]
    );
}

#[test]
fn free4chat_without_its_bridge_is_broken_in_a_cluster_too() {
    let is_bridge = |document: &Document| {
        document.kind() == "Service" && document.namespace() == "default" && document.name() == "apifree4chat"
    };
    let ground = Ground::demo("free4chat", |document| !is_bridge(document));
    let trace = ground.get("https://api.k.free4.chat/room");
    assert_eq!(answer(&trace), "broken SV-OTHER-NS 503 by ingress-nginx", "{}", picture(&trace));
    let pod = only(&ground, POD, "free4chat", "apifree4chat");
    assert_eq!(listed(&ground.world(), &pod), ["service http://apifree4chat.free4chat.svc:80 apifree4chat"]);
}

#[test]
fn mydemo_is_rewritten_as_nginx_does_it() {
    for (path, seen) in [
        ("/mydemo", "/"),
        ("/mydemo/", "/"),
        ("/mydemo/health", "/health"),
        ("/MyDemo/health", "/health"),
        ("/mydemo//health", "/health"),
        ("//mydemo/health", "/health"),
        ("/mydemo/health?x=1", "/health?x=1"),
        ("/mydemo/a%2Fb", "/a/b"),
    ] {
        both("mydemo", &format!("http://apigateway.test{path}"), |_, trace| {
            let page = picture(trace);
            assert_eq!(answer(trace), format!("warn PO-NO-READINESS dev/svc-mydemo:80 {seen}"), "{path}\n{page}");
            let Outcome::Forward(backends) = &trace.outcome else { panic!("{page}") };
            assert_eq!(backends[0].endpoints.iter().map(|e| (e.ready, e.port)).collect::<Vec<_>>(), [(true, 5000); 2]);
            assert!(trace.tls.is_none() && codes(trace).contains("CTL-ADM-PATHTYPE"), "{page}");
        });
    }
    for path in ["/mydemofoo", "/x/mydemo/health", "/health", "/", "/mydemo/../health"] {
        both("mydemo", &format!("http://apigateway.test{path}"), |_, trace| {
            assert!(matches!(&trace.outcome, Outcome::Respond { status: 404, .. }), "{path}\n{}", picture(trace));
            assert_eq!(trace.verdict, Verdict::Broken);
        });
    }
}

#[test]
fn mydemos_circle_lies_beside_its_path() {
    both("mydemo", "http://apigateway.test/mydemo/health", |_, trace| {
        let circle = trace.side.iter().find(|finding| finding.code() == "EN-CYCLE").unwrap();
        assert_eq!((circle.severity.name(), &*circle.words["service"]), ("info", "apigateway"));
        assert!(circle.fix().join("\n").contains("kubectl -n dev delete svc apigateway"), "{:?}", circle.fix());
        assert!(!trace.hops.iter().any(|hop| hop.kind == HopKind::ExternalName));
    });
    let ground = demo("mydemo");
    for world in [ground.world(), ground.files()] {
        for pod in ground.pods().iter().filter(|pod| pod.key.name.starts_with("mydemo-")) {
            assert_eq!(
                listed(&world, pod),
                [
                    "ingress http://apigateway.test/mydemo* apigateway,svc-mydemo",
                    "node_port http://192.168.49.2:32098 svc-mydemo",
                    "service http://svc-mydemo.dev.svc:80 svc-mydemo",
                ]
            );
        }
    }
}

#[test]
fn a_circle_on_the_path_ends_it() {
    let demo_with = |backend: &str, more: &[serde_json::Value]| {
        let backend = backend.to_owned();
        let ground = Ground::demo_with("mydemo", more, move |document| {
            if document.kind() == "Ingress" {
                document.value["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = json!(backend);
            }
        });
        [follow(&ground.world(), &get()), follow(&ground.files(), &get())]
    };
    let bridge = |namespace: &str, name: &str, to: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
            "spec": {"type": "ExternalName", "externalName": to}})
    };
    let pair = [bridge("dev", "a", "b.dev.svc.cluster.local"), bridge("dev", "b", "a.dev.svc.cluster.local")];
    // The circle is named where it begins, not where one came from.
    let tail = [bridge("dev", "tail", "apigateway.dev.svc.cluster.local")];
    for (backend, more, named) in
        [("apigateway", &[][..], "apigateway"), ("a", &pair, "a"), ("tail", &tail, "apigateway")]
    {
        for trace in demo_with(backend, more) {
            let page = picture(&trace);
            assert_eq!(answer(&trace), "broken EN-CYCLE 503 by ingress-nginx", "{page}");
            assert_eq!(&*verdict::headline(&trace).unwrap().words["service"], named, "{page}");
        }
    }
    let ground = demo("mydemo");
    let mut inside = Request::get("http://apigateway.dev/").unwrap();
    inside.vantage = Vantage::Namespace(Arc::from("dev"));
    let trace = follow(&ground.world(), &inside);
    assert_eq!(answer(&trace), "broken EN-CYCLE dns_error", "{}", picture(&trace));
}

fn get() -> Request {
    Request::get("http://apigateway.test/mydemo/health").unwrap()
}

#[test]
fn the_shops_five_broken_urls_have_one_cause_each() {
    for (url, wanted) in [
        ("https://shop.example.com/checkout", "broken SV-SELECTOR-NONE 503 by ingress-nginx"),
        ("https://shop.example.com/api/orders", "broken SV-NAMED-PORT 503 by ingress-nginx"),
        ("https://admin.example.com/", "broken CTL-CLASS-FOREIGN 404 by ingress-nginx's default backend"),
        ("https://img.example.com/", "broken NP-INGRESS-DENY 504 by ingress-nginx"),
    ] {
        both("shop", url, |_, trace| assert_eq!(answer(trace), wanted, "{url}\n{}", picture(trace)));
    }
    both("shop", "https://pay.example.com/", |_, trace| {
        let page = picture(trace);
        // Who does not mind the certificate reaches the payments.
        assert_eq!(answer(trace), "broken CM-CH-CLASS shop-prod/payments:80 /", "{page}");
        assert!(broken(trace).contains("TL-SECRET-MISSING"), "{page}");
        assert_eq!(trace.tls.as_ref().unwrap().by, ServedBy::Default);
    });
}

#[test]
fn the_shops_pods_know_what_does_not_reach_them() {
    let ground = demo("shop");
    let world = ground.world();
    for (namespace, pod, url, verdict) in [
        ("shop-media", "images-", "https://img.example.com/*", Some(Verdict::Broken)),
        ("shop-prod", "payments-green-", "https://pay.example.com/*", Some(Verdict::Broken)),
        ("shop-prod", "orders-5", "https://shop.example.com/api/orders*", Some(Verdict::Broken)),
    ] {
        let pod = only(&ground, POD, namespace, pod);
        let found = ways(&world, &pod).entrances;
        let way = found.iter().find(|entrance| entrance.url == url);
        let way = way.unwrap_or_else(|| panic!("{url} is not told of {:?}: {found:#?}", pod.key));
        assert_eq!((way.verdict, &way.shadowed_by), (verdict, &None), "{url}");
    }
    // Nobody is selected: the Service still knows by which URL it is asked.
    let checkout = only(&ground, SERVICE, "shop-prod", "checkout");
    assert!(
        listed(&world, &checkout).iter().any(|line| line.starts_with("ingress https://shop.example.com/checkout*"))
    );
}

#[test]
fn the_shops_good_urls_reach_pods() {
    let ground = demo("shop");
    for url in ["https://shop.example.com/", "https://www.example.com/", "https://next.example.com/cart"] {
        for world in [ground.world(), ground.files()] {
            let trace = follow(&world, &Request::get(url).unwrap());
            let page = picture(&trace);
            assert!(Verdict::Unknown < trace.verdict, "{page}");
            assert!(ground.pods().iter().any(|pod| reaches(&trace, pod)), "{page}");
        }
    }
}

/// The traces of which there are pictures: a name, a context, a URL.
const PICTURES: [(&str, &str, &str); 11] = [
    ("free4chat_room", "free4chat", "https://api.k.free4.chat/room"),
    ("free4chat_alias", "free4chat", "https://api.free4.chat/"),
    ("mydemo_health", "mydemo", "http://apigateway.test/mydemo/health?x=1"),
    ("shop_checkout", "shop", "https://shop.example.com/checkout"),
    ("shop_orders", "shop", "https://shop.example.com/api/orders"),
    ("shop_pay", "shop", "https://pay.example.com/"),
    ("shop_admin", "shop", "https://admin.example.com/"),
    ("shop_images", "shop", "https://img.example.com/"),
    ("shop_canary", "shop", "https://api.example.com/v1/recommendations"),
    ("shop_gateway", "shop", "https://next.example.com/cart"),
    ("shop_redirect", "shop", "http://shop.example.com/cart"),
];

#[test]
fn traces_are_told_as_in_their_pictures() {
    for (name, context, url) in PICTURES {
        let trace = demo(context).get(url);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, kplumb::view::trace::text::lines(&trace, &CATALOG).join("\n"));
        });
    }
}

#[test]
fn the_program_writes_traces_as_in_their_pictures() {
    let folder = std::env::temp_dir().join("kplumb-no-config");
    for (name, context, url) in PICTURES {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kplumb"));
        command.args(["trace", url, "--demo", "--context", context, "-o", "json", "--now", NOW]);
        command.env_remove("KUBECONFIG").env_remove("KUBERNETES_SERVICE_HOST");
        command.env("XDG_CONFIG_HOME", &folder).env("HOME", &folder).env("LANG", "C.UTF-8");
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{name}_json"), text);
        });
    }
}
