//! Ingresses: hosts, paths, priorities, default backends, Services that are not there, annotations, TLS, classes.

use super::{Door, Scene};

/// An Ingress: its name, its class, annotations, and what stands below `spec`.
fn ingress(name: &str, class: &str, annotations: &[(&str, &str)], spec: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!("\n  ingressClassName: {class}") };
    let notes: Vec<String> = annotations.iter().map(|(name, value)| format!("{name}: '{value}'")).collect();
    let notes = notes.join(", ");
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: shop, annotations: {{{notes}}}}}\nspec:{class}\n{spec}"
    )
}

/// A rule: host, and paths as `TYPE PATH SERVICE[:PORT]`; without a port number 80.
fn rule(host: &str, paths: &[&str]) -> String {
    let start = if host.is_empty() { "  - http:".to_owned() } else { format!("  - host: '{host}'\n    http:") };
    let mut text = format!("{start}\n      paths:\n");
    for path in paths {
        let words: Vec<&str> = path.split(' ').collect();
        let (service, port) = words[2].split_once(':').unwrap_or((words[2], "80"));
        let field = if port.parse::<u16>().is_ok() { "number" } else { "name" };
        let value = if words[1] == "-" { String::new() } else { format!("path: '{}', ", words[1]) };
        let line = format!(
            "      - {{{value}pathType: {}, backend: {{service: {{name: {service}, port: {{{field}: {port}}}}}}}}}\n",
            words[0]
        );
        text.push_str(&line);
    }
    text
}

fn rules(all: &[String]) -> String {
    format!("  rules:\n{}", all.concat())
}

const MAIN: Door = Door::Main;
const ALONE: Door = Door::Alone;

/// Fills the scene.
pub fn fill(scene: &mut Scene) {
    classes(scene);
    paths(scene);
    hosts(scene);
    backends(scene);
    defaults(scene);
    annotations(scene);
    tls(scene);
}

fn classes(scene: &mut Scene) {
    let class = |name: &str, controller: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {name}}}\nspec: {{controller: {controller}}}"
        )
    };
    let traefik = "traefik.io/ingress-controller";
    for (name, controller) in [("main", traefik), ("alone", traefik), ("else", "example.com/else")] {
        scene.yaml.push(class(name, controller));
    }
    for (name, class, host) in [
        ("ready-ingress", "main", "ready-ingress.example"),
        ("ready-alone-ingress", "alone", "ready-alone-ingress.example"),
    ] {
        scene.yaml.push(ingress(name, class, &[], &rules(&[rule(host, &["Prefix / web"])])));
    }
    for (name, class) in [("c-alone", "alone"), ("c-else", "else"), ("c-none", ""), ("c-gone", "gone")] {
        let host = format!("{name}.example");
        let yaml = ingress(name, class, &[], &rules(&[rule(&host, &["Prefix / web"])]));
        let url = format!("http://{host}/");
        scene.add(MAIN, &yaml, &[&url]);
        scene.add(ALONE, &yaml, &[&url]);
    }
    for (name, value) in [("c-noted", "main"), ("c-noted-else", "else"), ("c-noted-traefik", "traefik")] {
        let host = format!("{name}.example");
        let notes = [("kubernetes.io/ingress.class", value)];
        let yaml = ingress(name, "", &notes, &rules(&[rule(&host, &["Prefix / web"])]));
        scene.add(MAIN, &yaml, &[&format!("http://{host}/")]);
    }
}

/// Paths that are asked of every set.
const ASKED: &[&str] = &[
    "/",
    "/x",
    "/api",
    "/api/",
    "/apix",
    "/api/x",
    "/api/exact",
    "/api/exact/",
    "/api/exact/x",
    "/API",
    "/impl",
    "/implx",
    "//api//x",
    "/a/../api/x",
    "/api/./x",
    "/api/..",
    "/api%2Fx",
    "/%61pi",
    "/api/a%20b",
    "/api?q=1",
    "/api/x?q=1;r=2",
    "/api/%E4%BD%A0",
    "/api/x//",
];

fn paths(scene: &mut Scene) {
    let sets: &[(&str, &[&str])] = &[
        ("all", &["Prefix / web", "Prefix /api api", "Exact /api/exact deep", "ImplementationSpecific /impl deep"]),
        ("few", &["Prefix /api api", "Exact /x deep"]),
        ("slash", &["Prefix /api/ api", "Exact /impl deep"]),
        ("bare", &["ImplementationSpecific - web", "Exact /api api"]),
        ("exact", &["Exact / web", "Exact /api/ api", "Exact /api deep"]),
        ("long", &["Prefix /api api", "Prefix /api/exact deep", "Prefix /ap web"]),
    ];
    for (name, paths) in sets {
        for (door, class) in [(MAIN, "main"), (ALONE, "alone")] {
            let host = format!("p-{name}.example");
            let yaml = ingress(&format!("p-{name}-{class}"), class, &[], &rules(&[rule(&host, paths)]));
            let lines: Vec<String> = ASKED.iter().map(|path| format!("'http://{host}{path}'")).collect();
            scene.add(door, &yaml, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
    let nowhere = rule("", &["Prefix /anywhere web", "Exact /anyone api"]);
    let yaml = ingress("p-hostless", "main", &[], &rules(&[nowhere]));
    let lines = [
        "http://whoever.example/anywhere",
        "http://p-all.example/anywhere/x",
        "http://10.9.0.2/anyone",
        "http://p-few.example/anyone",
        "http://whoever.example/",
    ];
    scene.add(MAIN, &yaml, &lines);
}

fn hosts(scene: &mut Scene) {
    let wild = rule("*.w.example", &["Prefix / web"]);
    let own = rule("x.w.example", &["Prefix /only api"]);
    let yaml = ingress("h-wild", "main", &[], &rules(&[wild, own]));
    let lines = [
        "http://a.w.example/",
        "http://A.W.Example/y",
        "http://a.b.w.example/",
        "http://w.example/",
        "http://x.w.example/only/1",
        "http://x.w.example/other",
        "http://a_b.w.example/",
        "http://a.w.example/ --header 'Host: x.w.example'",
        "http://a.w.example./",
        "http://a.w.example/ --header 'Host: a.w.example:8080'",
    ];
    scene.add(MAIN, &yaml, &lines);
    let first = ingress("h-first", "main", &[], &rules(&[rule("h.example", &["Prefix /a web"])]));
    let second = ingress("h-second", "main", &[], &rules(&[rule("h.example", &["Prefix /a/b api", "Exact /c deep"])]));
    let both = format!("{first}\n---\n{second}");
    scene.add(MAIN, &both, &["http://h.example/a", "http://h.example/a/b", "http://h.example/c", "http://h.example/d"]);
    let first = ingress("h-twin-1", "main", &[], &rules(&[rule("twin.example", &["Prefix / web"])]));
    let second = ingress("h-twin-2", "main", &[], &rules(&[rule("twin.example", &["Prefix / api"])]));
    scene.add(MAIN, &format!("{first}\n---\n{second}"), &["http://twin.example/"]);
}

fn backends(scene: &mut Scene) {
    let targets = [
        "none",
        "empty",
        "unsaid",
        "leaving",
        "mixed",
        "half",
        "noslice",
        "ext",
        "extbare",
        "gone",
        "native:8080",
        "hostless",
        "deaf",
        "api:8081",
        "api:alt",
        "api:http",
        "api:9999",
        "api:8080",
        "api:nope",
        "deep:80",
        "deep:9090",
    ];
    for (at, target) in targets.iter().enumerate() {
        for (door, class) in [(MAIN, "main"), (ALONE, "alone")] {
            let host = format!("b{at}.example");
            let paths = [format!("Prefix / {target}")];
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let yaml = ingress(&format!("b{at}-{class}"), class, &[], &rules(&[rule(&host, &paths)]));
            scene.add(door, &yaml, &[&format!("http://{host}/x")]);
        }
        // Another router is there where this one is left out.
        let host = format!("bb{at}.example");
        let api = format!("Prefix /api {target}");
        let yaml = ingress(&format!("bb{at}"), "main", &[], &rules(&[rule(&host, &["Prefix / web", &api])]));
        scene.add(MAIN, &yaml, &[&format!("http://{host}/api"), &format!("http://{host}/")]);
    }
    let resource = "  rules:\n  - host: res.example\n    http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {resource: {apiGroup: example.com, kind: Bucket, name: b}}}\n";
    scene.add(MAIN, &ingress("b-resource", "main", &[], resource), &["http://res.example/"]);
    let bare = "  rules:\n  - host: nohttp.example\n";
    scene.add(MAIN, &ingress("b-nohttp", "main", &[], bare), &["http://nohttp.example/"]);
}

fn defaults(scene: &mut Scene) {
    let backend = "  defaultBackend: {service: {name: deep, port: {number: 80}}}\n";
    let yaml = ingress("d-alone", "alone", &[], backend);
    let lines = ["http://nobody.example/", "http://p-few.example/nothing", "http://nobody.example/a/b?c=d"];
    scene.add(ALONE, &yaml, &lines);
    let both = format!("{backend}{}", rules(&[rule("def.example", &["Prefix /a web"])]));
    let yaml = ingress("d-both", "main", &[], &both);
    scene.add(MAIN, &yaml, &["http://def.example/a", "http://def.example/b", "http://nobody.example/"]);
}

fn annotations(scene: &mut Scene) {
    let middleware = |name: &str, spec: &str| {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n---\n"
        )
    };
    let note = "traefik.ingress.kubernetes.io/router.";
    let name = |field: &str| format!("{note}{field}");
    let strip = middleware("i-strip", "{stripPrefix: {prefixes: [/api]}}");
    let cases: &[(&str, &[(&str, &str)], &[&str], &[&str])] = &[
        ("prio", &[("priority", "1000")], &["Prefix / web"], &["/api", "/"]),
        ("badprio", &[("priority", "high")], &["Prefix / web"], &["/"]),
        ("zero", &[("priority", "0")], &["Prefix / web"], &["/"]),
        (
            "strip",
            &[("middlewares", "shop-i-strip@kubernetescrd")],
            &["Prefix /api api"],
            &["/api/x", "/api", "/apix", "/api/?q=1"],
        ),
        ("gone", &[("middlewares", "shop-gone@kubernetescrd")], &["Prefix / web"], &["/"]),
        ("short", &[("middlewares", "i-strip")], &["Prefix / web"], &["/"]),
        (
            "regex",
            &[("pathmatcher", "PathRegexp")],
            &["ImplementationSpecific /v[0-9]+/x web"],
            &["/v1/x", "/v12/xy", "/a/v1/x", "/vx"],
        ),
        (
            "exactly",
            &[("pathmatcher", "Path")],
            &["ImplementationSpecific /v web", "Prefix /w api"],
            &["/v", "/v/", "/w/x"],
        ),
        ("odd", &[("pathmatcher", "Magic")], &["ImplementationSpecific /v web"], &["/v"]),
        ("secure", &[("entrypoints", "websecure")], &["Prefix / web"], &["/"]),
        ("insecure", &[("entrypoints", "web")], &["Prefix / web"], &["/"]),
        ("nowhere", &[("entrypoints", "nowhere")], &["Prefix / web"], &["/"]),
        ("tls", &[("tls", "true")], &["Prefix / web"], &["/"]),
        ("notls", &[("tls", "false")], &["Prefix / web"], &["/"]),
        ("both", &[("tls", "true"), ("entrypoints", "web,websecure")], &["Prefix / web"], &["/"]),
    ];
    scene.yaml.push(strip.trim_end_matches("---\n").to_owned());
    for (key, notes, paths, asked) in cases {
        let host = format!("n-{key}.example");
        let notes: Vec<(String, &str)> = notes.iter().map(|(field, value)| (name(field), *value)).collect();
        let notes: Vec<(&str, &str)> = notes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let yaml = ingress(&format!("n-{key}"), "main", &notes, &rules(&[rule(&host, paths)]));
        let more = ingress(&format!("n-{key}-api"), "main", &[], &rules(&[rule(&host, &["Prefix /api/deep deep"])]));
        let yaml = if *key == "prio" { format!("{yaml}\n---\n{more}") } else { yaml };
        let mut lines: Vec<String> = asked.iter().map(|path| format!("http://{host}{path}")).collect();
        lines.extend(asked.iter().map(|path| format!("https://{host}{path}")));
        lines.push(format!("http://{host}/api/deep"));
        scene.add(MAIN, &yaml, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

fn tls(scene: &mut Scene) {
    let on = [("traefik.ingress.kubernetes.io/router.tls", "true")];
    let with = |host: &str, secret: &str| {
        format!("  tls:\n  - {{hosts: [{host}], secretName: {secret}}}\n{}", rules(&[rule(host, &["Prefix / web"])]))
    };
    let yaml = ingress("t-own", "main", &on, &with("tls.example", "a-tls"));
    scene.add(
        MAIN,
        &yaml,
        &["https://tls.example/", "http://tls.example/", "https://tls.example/ --sni other.example"],
    );
    let yaml = ingress("t-off", "main", &[], &with("tlsoff.example", "a-tls"));
    scene.add(MAIN, &yaml, &["https://tlsoff.example/", "http://tlsoff.example/"]);
    let yaml = ingress("t-gone", "main", &on, &with("tlsgone.example", "gone"));
    scene.add(MAIN, &yaml, &["https://tlsgone.example/", "http://tlsgone.example/"]);
}
