//! What Traefik's own routes lean on: TraefikServices, TLSOptions, and routes below others.

use super::routes::{API, WEB, route, rule};
use super::{Door, Scene};

const ALONE: &str = "kubernetes.io/ingress.class: alone";
const DEEP: &str = "{name: deep, port: 80}";

fn object(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

/// Fills the scene.
pub fn fill(scene: &mut Scene) {
    shares(scene);
    options(scene);
    disagreements(scene);
    trees(scene);
    transports(scene);
}

/// How a backend is connected to: by a ServersTransport of this or another name.
const TRANSPORTS: &[&str] = &[
    "serversTransport: idle",
    "serversTransport: lost",
    "serversTransport: far",
    "serversTransport: shop-idle@kubernetescrd",
    "serversTransport: shop-lost@kubernetescrd",
    "serversTransport: shop-a-dotted@kubernetescrd",
    "serversTransport: a.dotted",
    "serversTransport: default@internal",
];

/// ServersTransports that are there and that are not, and routes whose parents are gone.
fn transports(scene: &mut Scene) {
    for name in ["idle", "a.dotted"] {
        scene.yaml.push(object("ServersTransport", name, "{maxIdleConnsPerHost: 2}"));
    }
    let far = object("ServersTransport", "far", "{insecureSkipVerify: true}");
    scene.yaml.push(far.replace("namespace: shop", "namespace: other"));
    for (at, transport) in TRANSPORTS.iter().enumerate() {
        for (door, kind, notes) in [(Door::Main, "sm", ""), (Door::Alone, "sa", ALONE)] {
            let host = format!("{kind}{at}.example");
            let own = format!("{{name: web, port: 80, {transport}}}");
            // Alone: of several, Traefik names each by Service and port, and another route's wins.
            let routes = [
                rule(&format!("Host(`{host}`) && PathPrefix(`/api`)"), "", &own),
                rule(&format!("Host(`{host}`) && Path(`/api/y`)"), "    priority: 1\n", DEEP),
            ];
            let lines = [format!("http://{host}/api/x"), format!("http://{host}/api/y")];
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            scene.add(door, &route(&format!("{kind}{at}"), notes, "", &routes), &lines);
        }
    }
    let below = rule("Host(`orphan.example`)", "", WEB);
    let yaml = route("orphan", "", "  parentRefs: [{name: gone}]\n", &[below]);
    scene.add(Door::Main, &yaml, &["http://orphan.example/"]);
}

/// TraefikServices; `$` stands for the name of the case.
const SHARES: &[&str] = &[
    "{weighted: {services: [{name: web, port: 80}, {name: api, port: 80, weight: 2}]}}",
    "{weighted: {services: [{name: web, port: 80, weight: 0}, {name: api, port: 80}]}}",
    "{weighted: {services: [{name: web, port: 80, weight: 0}]}}",
    "{weighted: {services: []}}",
    "{weighted: {services: [{name: web, port: 80}, {name: gone, port: 80}]}}",
    "{weighted: {services: [{name: web, port: 80}, {name: gone, port: 80, weight: 0}]}}",
    "{weighted: {services: [{name: web, port: 80}, {name: none, port: 80}]}}",
    "{weighted: {services: [{name: web, port: 80}, {name: leaving, port: 80}]}}",
    "{weighted: {services: [{name: web, port: 80}, {name: abroad, namespace: other, port: 80}]}}",
    "{weighted: {services: [{name: web, port: 80}, {name: lost, kind: TraefikService}]}}",
    "{weighted: {services: [{name: deep, port: 80}, {name: even, kind: TraefikService}]}}",
    "{weighted: {services: [{name: deep, port: 80}, {name: idle, kind: TraefikService}]}}",
    "{weighted: {services: [{name: copied, kind: TraefikService}, {name: even, kind: TraefikService, weight: 0}]}}",
    "{weighted: {services: [{name: native, port: 8080, nativeLB: true}]}}",
    "{weighted: {services: [{name: hostless, port: 80, passHostHeader: false}]}}",
    "{weighted: {services: [{name: ext, port: 80}]}}",
    "{weighted: {services: [{name: web, port: nope}]}}",
    "{mirroring: {name: web, port: 80, mirrors: [{name: api, port: 80, percent: 50}]}}",
    "{mirroring: {name: web, port: 80, mirrors: [{name: gone, port: 80, percent: 50}]}}",
    "{mirroring: {name: web, port: 80, mirrors: [{name: none, port: 80, percent: 50}]}}",
    "{mirroring: {name: web, port: 80, mirrors: [{name: deaf, port: 80, percent: 100}]}}",
    "{mirroring: {name: web, port: 80, mirrors: [{name: api, port: 80, percent: 101}]}}",
    "{mirroring: {name: web, port: 80}}",
    "{mirroring: {name: gone, port: 80, mirrors: [{name: api, port: 80, percent: 1}]}}",
    "{mirroring: {name: even, kind: TraefikService, mirrors: [{name: deep, port: 80, percent: 10}]}}",
    "{highestRandomWeight: {services: [{name: web, port: 80}]}}",
    "{highestRandomWeight: {services: [{name: web, port: 80}, {name: gone, port: 80}]}}",
    "{}",
];

fn shares(scene: &mut Scene) {
    let even = "{weighted: {services: [{name: web, port: 80}, {name: api, port: 80}]}}";
    let copied = "{mirroring: {name: web, port: 80, mirrors: [{name: deep, port: 80, percent: 10}]}}";
    let idle = "{weighted: {services: [{name: web, port: 80, weight: 0}]}}";
    for (name, spec) in [("even", even), ("copied", copied), ("idle", idle)] {
        scene.yaml.push(object("TraefikService", name, spec));
    }
    for (at, spec) in SHARES.iter().enumerate() {
        let service = object("TraefikService", &format!("t{at}"), spec);
        scene.yaml.push(service.clone());
        for (door, kind, notes) in [(Door::Main, "tm", ""), (Door::Alone, "ta", ALONE)] {
            let host = format!("{kind}{at}.example");
            let named = format!("{{name: t{at}, kind: TraefikService}}");
            let both = if at % 4 == 0 { format!("{named}, {DEEP}") } else { named };
            let own = rule(&format!("Host(`{host}`) && PathPrefix(`/api`)"), "", &both);
            let other = rule(&format!("Host(`{host}`)"), "    priority: 1\n", DEEP);
            let routes = if at % 2 == 0 { vec![own] } else { vec![own, other] };
            let begin = scene.asks.len();
            scene.add(door, &route(&format!("{kind}{at}"), notes, "", &routes), &[&format!("http://{host}/api/x")]);
            for ask in &mut scene.asks[begin..] {
                ask.manifests.push_str("---\n");
                ask.manifests.push_str(&service);
            }
        }
    }
}

/// TLSOptions by their names.
const OPTIONS: &[(&str, &str)] = &[
    ("plain", "{}"),
    ("any", "{clientAuth: {clientAuthType: RequireAnyClientCert}}"),
    ("signed", "{clientAuth: {secretNames: [client-ca], clientAuthType: RequireAndVerifyClientCert}}"),
    ("ca", "{clientAuth: {secretNames: [client-ca]}}"),
    ("given", "{clientAuth: {secretNames: [client-ca], clientAuthType: VerifyClientCertIfGiven}}"),
    ("wish", "{clientAuth: {clientAuthType: RequestClientCert}}"),
    ("never", "{clientAuth: {secretNames: [client-ca], clientAuthType: NoClientCert}}"),
    ("noca", "{clientAuth: {clientAuthType: RequireAndVerifyClientCert}}"),
    ("goneca", "{clientAuth: {secretNames: [gone], clientAuthType: VerifyClientCertIfGiven}}"),
    ("halfca", "{clientAuth: {secretNames: [gone, users, client-ca], clientAuthType: VerifyClientCertIfGiven}}"),
    ("new", "{minVersion: VersionTLS13}"),
    ("old", "{maxVersion: VersionTLS12}"),
    ("ancient", "{maxVersion: VersionTLS11}"),
    ("crossed", "{minVersion: VersionTLS13, maxVersion: VersionTLS12}"),
    ("strict", "{sniStrict: true}"),
];

fn options(scene: &mut Scene) {
    let mut named: Vec<(String, String)> = Vec::new();
    for (name, spec) in OPTIONS {
        scene.yaml.push(object("TLSOption", name, spec));
        named.push(((*name).to_owned(), format!("{{options: {{name: {name}}}}}")));
    }
    // Two that want to be the default: neither is.
    let default = object("TLSOption", "default", "{clientAuth: {clientAuthType: RequireAnyClientCert}}");
    scene.yaml.push(default.replace("namespace: shop", "namespace: other"));
    scene.yaml.push(default);
    scene
        .yaml
        .push(object("TLSOption", "far", "{maxVersion: VersionTLS12}").replace("namespace: shop", "namespace: other"));
    for (name, tls) in [
        ("unnamed", "{}"),
        ("gone", "{options: {name: gone}}"),
        ("default", "{options: {name: default}}"),
        ("far", "{options: {name: far, namespace: other}}"),
        ("at", "{options: {name: shop-any@kubernetescrd}}"),
        ("athome", "{options: {name: shop-any@kubernetescrd, namespace: shop}}"),
    ] {
        named.push((name.to_owned(), tls.to_owned()));
    }
    for (name, tls) in &named {
        for (door, kind, notes) in [(Door::Main, "om", ""), (Door::Alone, "oa", ALONE)] {
            let host = format!("{kind}-{name}.example");
            let own = rule(&format!("Host(`{host}`)"), "", WEB);
            let yaml = route(&format!("{kind}-{name}"), notes, &format!("  tls: {tls}\n"), &[own]);
            scene.add(door, &yaml, &[&format!("https://{host}/"), &format!("https://{host}/ --sni om-any.example")]);
        }
    }
    let strict = rule("Host(`strict.example`)", "", WEB);
    let more = "  tls: {secretName: strict-tls, options: {name: strict}}\n";
    scene.add(Door::Main, &route("strict", "", more, &[strict]), &["https://strict.example/"]);
}

/// Routes of one host that name different TLSOptions.
fn disagreements(scene: &mut Scene) {
    let lost = "{name: lost, kind: TraefikService}";
    for (at, (own, other, services)) in [
        ("{options: {name: any}}", "{options: {name: any}}", API),
        ("{options: {name: any}}", "{}", API),
        ("{options: {name: any}}", "{options: {name: new}}", API),
        ("{options: {name: any}}", "{options: {name: gone}}", API),
        // Traefik does not take in the first of these, but the second.
        ("{options: {name: any}}", "{}", "{name: gone, port: 80}"),
        ("{options: {name: any}}", "{}", lost),
        ("{}", "{options: {name: any}}", "{name: gone, port: 80}"),
        ("{}", "{options: {name: any}}", lost),
    ]
    .into_iter()
    .enumerate()
    {
        let host = format!("d{at}.example");
        let tls = |tls: &str| format!("  tls: {tls}\n");
        let one = route(&format!("d{at}-own"), "", &tls(own), &[rule(&format!("Host(`{host}`)"), "", WEB)]);
        let text = format!("Host(`{host}`) && PathPrefix(`/api`)");
        let two = route(&format!("d{at}-other"), "", &tls(other), &[rule(&text, "", services)]);
        let lines = [
            format!("https://{host}/"),
            format!("https://{host}/api"),
            format!("https://{host}/ --sni om-any.example"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        scene.add(Door::Main, &format!("{one}---\n{two}"), &lines);
    }
    let notes = "traefik.ingress.kubernetes.io/router.tls: 'true', traefik.ingress.kubernetes.io/router.tls.options: ";
    for (at, name) in
        ["shop-any@kubernetescrd", "shop-new@kubernetescrd", "shop-gone@kubernetescrd", "default"].iter().enumerate()
    {
        let yaml = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: oi{at}, namespace: shop, annotations: {{{notes}{name}}}}}\nspec:\n  ingressClassName: main\n  rules: [{{host: oi{at}.example, http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}}}]\n"
        );
        scene.add(Door::Main, &yaml, &[&format!("https://oi{at}.example/")]);
    }
}

/// A tree of routes: what stands above and below, by the names of the case, and what is asked.
struct Tree {
    more: &'static str,
    services: &'static str,
    below: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

/// Each route below: its parents, what it says beside, its rule, its Services. `$` stands for the name of the case.
const TREES: &[Tree] = &[
    Tree { more: "", services: "", below: &[] },
    Tree { more: "", services: "", below: &[("{name: $}", "", "PathPrefix(`/api`)", WEB)] },
    Tree { more: "", services: DEEP, below: &[("{name: $}", "", "PathPrefix(`/api`)", WEB)] },
    Tree {
        more: "    middlewares: [{name: m-strip}]\n",
        services: "",
        below: &[
            ("{name: $}", "", "PathPrefix(`/api`)", WEB),
            ("{name: $}", "", "PathPrefix(`/x`)", API),
            ("{name: $}", "", "Path(`/`)", DEEP),
        ],
    },
    Tree {
        more: "    middlewares: [{name: m-stripall}]\n",
        services: "",
        below: &[("{name: $}", "", "PathPrefix(`/`)", WEB)],
    },
    Tree {
        more: "    middlewares: [{name: m-https}]\n",
        services: "",
        below: &[("{name: $}", "", "PathPrefix(`/`)", WEB)],
    },
    Tree {
        more: "    middlewares: [{name: m-auth}]\n",
        services: "",
        below: &[("{name: $}", "", "PathPrefix(`/api`)", WEB)],
    },
    Tree {
        more: "    middlewares: [{name: m-gone}]\n",
        services: "",
        below: &[("{name: $}", "", "PathPrefix(`/api`)", WEB)],
    },
    Tree { more: "", services: "", below: &[("{name: $}", "  entryPoints: [web]\n", "PathPrefix(`/`)", WEB)] },
    Tree { more: "", services: "", below: &[("{name: $}", "  tls: {}\n", "PathPrefix(`/`)", WEB)] },
    Tree { more: "", services: "", below: &[("{name: $}, {name: gone}", "", "PathPrefix(`/`)", WEB)] },
    Tree { more: "", services: DEEP, below: &[("{name: $}, {name: gone}", "", "PathPrefix(`/`)", WEB)] },
    Tree {
        more: "",
        services: "",
        below: &[("{name: $}, {name: ready-route, namespace: other}", "", "PathPrefix(`/`)", WEB)],
    },
    Tree { more: "", services: "", below: &[("{name: $}", "", "PathPrefix(`/`)", "{name: gone, port: 80}")] },
    Tree {
        more: "",
        services: "",
        below: &[
            ("{name: $}", "", "PathPrefix(`/`)", WEB),
            ("{name: $}", "", "PathPrefix(`/api`)", "{name: gone, port: 80}"),
            ("{name: $}", "", "PathPrefix(`/api/`)", "{name: lost, kind: TraefikService}"),
            ("{name: $}", "", "PathPrefix(`/x`)", "{name: even, kind: TraefikService}"),
        ],
    },
    Tree {
        more: "",
        services: "",
        below: &[("{name: $}", "", "PathPrefix(`/`)", ""), ("{name: $-0}", "", "PathPrefix(`/api`)", API)],
    },
    Tree {
        more: "",
        services: "",
        below: &[("{name: $}", "", "PathPrefix(`/`)", WEB), ("{name: $-0}", "", "PathPrefix(`/api`)", API)],
    },
    Tree {
        more: "",
        services: "",
        below: &[("{name: $}, {name: $-1}", "", "PathPrefix(`/`)", ""), ("{name: $-0}", "", "PathPrefix(`/api`)", "")],
    },
    Tree {
        more: "",
        services: "",
        below: &[
            ("{name: $}, {name: $-1}", "", "PathPrefix(`/`)", ""),
            ("{name: $-0}", "", "PathPrefix(`/api`)", ""),
            ("{name: $-0}", "", "PathPrefix(`/x`)", WEB),
        ],
    },
    Tree {
        more: "",
        services: "",
        below: &[("{name: $-1}", "", "PathPrefix(`/`)", WEB), ("{name: $-0}", "", "PathPrefix(`/`)", "")],
    },
    Tree {
        more: "",
        services: "",
        below: &[("{name: $}", "", "PathPrefix(`/a", WEB), ("{name: $}", "", "Header(`X-A`, `1`)", API)],
    },
    Tree { more: "", services: "", below: &[("{name: $}, {name: half}", "", "PathPrefix(`/`)", WEB)] },
    Tree { more: "", services: "", below: &[("{name: $}, {name: elsewhere}", "", "PathPrefix(`/`)", WEB)] },
];

fn trees(scene: &mut Scene) {
    // A parent of which Traefik takes in one route only, and one of another class.
    let half = [
        rule("Host(`half.example`)", "", WEB),
        rule("Host(`half.example`) && Path(`/x`)", "", "{name: gone, port: 80}"),
    ];
    scene.yaml.push(route("half", "", "", &half));
    scene.yaml.push(route(
        "elsewhere",
        "kubernetes.io/ingress.class: third",
        "",
        &[rule("Host(`third.example`)", "", WEB)],
    ));
    for (at, tree) in TREES.iter().enumerate() {
        let (name, host) = (format!("p{at}"), format!("p{at}.example"));
        let rule_of = |text: &str, more: &str, services: &str| match services {
            "" => rule(text, more, "").replace("    services: []\n", ""),
            services => rule(text, more, services),
        };
        let own = rule_of(&format!("Host(`{host}`)"), &format!("    priority: 50\n{}", tree.more), tree.services);
        let mut yaml = vec![route(&name, "", "  entryPoints: [web]\n", &[own])];
        for (child, (parents, more, text, services)) in tree.below.iter().enumerate() {
            let more = format!("  parentRefs: [{}]\n{more}", parents.replace('$', &name));
            yaml.push(route(&format!("{name}-{child}"), "", &more, &[rule_of(text, "", services)]));
        }
        if at % 2 == 1 {
            // Who takes over where the tree is left out.
            let last = rule(&format!("Host(`{host}`) && PathPrefix(`/`)"), "    priority: 1\n", DEEP);
            yaml.push(route(&format!("{name}-last"), "", "  entryPoints: [web]\n", &[last]));
        }
        let lines = ["/", "/api/x", "/x", "/a/api", "/y --header 'X-A: 1'"].map(|path| format!("http://{host}{path}"));
        scene.add(Door::Main, &yaml.join("---\n"), &lines.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
