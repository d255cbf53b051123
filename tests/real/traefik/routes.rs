//! Traefik's own routes: rules, priorities, middlewares, weights, other namespaces.

use super::{Door, Scene};

/// An IngressRoute of namespace shop.
pub fn route(name: &str, annotations: &str, more: &str, routes: &[String]) -> String {
    format!(
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: {name}, namespace: shop, annotations: {{{annotations}}}}}\nspec:\n{more}  routes:\n{}",
        routes.concat()
    )
}

/// One rule with its other fields as YAML, to one Service.
pub fn rule(text: &str, more: &str, services: &str) -> String {
    let quoted = text.replace('\'', "''");
    format!("  - kind: Rule\n    match: '{quoted}'\n{more}    services: [{services}]\n")
}

fn middleware(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

pub const WEB: &str = "{name: web, port: 80}";
pub const API: &str = "{name: api, port: 80}";

/// Fills the scene.
pub fn fill(scene: &mut Scene) {
    scene.yaml.push(route("ready-route", "", "", &[rule("Host(`ready-route.example`)", "", WEB)]));
    let alone = "kubernetes.io/ingress.class: alone";
    scene.yaml.push(route("ready-alone-route", alone, "", &[rule("Host(`ready-alone-route.example`)", "", WEB)]));
    rules(scene);
    middlewares(scene);
    backends(scene);
    doors(scene);
}

/// Rules, and what is asked of each.
const RULES: &[(&str, &[&str])] = &[
    ("Host(`r0.example`)", &["http://r0.example/", "http://R0.example/a%2Fb/../c", "http://x.r0.example/"]),
    (
        "Host(`r1.example`) && PathPrefix(`/api`)",
        &["http://r1.example/api", "http://r1.example/apix", "http://r1.example/"],
    ),
    (
        "Host(`r2.example`) && Path(`/api`)",
        &["http://r2.example/api", "http://r2.example/api/", "http://r2.example//api"],
    ),
    (
        "Host(`r3.example`) && PathRegexp(`^/v[0-9]+$`)",
        &["http://r3.example/v1", "http://r3.example/v1/", "http://r3.example/va"],
    ),
    (
        "HostRegexp(`^[a-z]+\\.r4\\.example$`)",
        &["http://a.r4.example/", "http://a1.r4.example/", "http://A.r4.example/"],
    ),
    ("HostRegexp(`r5`) && !PathPrefix(`/no`)", &["http://r5.example/yes", "http://r5.example/no/x", "http://xr5x/yes"]),
    (
        "Host(`r6.example`) && Header(`X-Beta`, `1`)",
        &["http://r6.example/ --header 'x-beta: 1'", "http://r6.example/ --header 'X-Beta: 2'", "http://r6.example/"],
    ),
    (
        "Host(`r7.example`) && HeaderRegexp(`X-Beta`, `^[0-9]+`)",
        &["http://r7.example/ --header 'X-Beta: 12a'", "http://r7.example/ --header 'X-Beta: a'"],
    ),
    (
        "Host(`r8.example`) && Query(`v`, `1`)",
        &["http://r8.example/?v=1", "http://r8.example/?v=2&v=1", "http://r8.example/?V=1", "http://r8.example/?v=%31"],
    ),
    ("Host(`r9.example`) && Query(`v`)", &["http://r9.example/?v", "http://r9.example/?v=1", "http://r9.example/?v="]),
    (
        "Host(`r10.example`) && QueryRegexp(`v`, `^[0-9]$`)",
        &["http://r10.example/?v=7", "http://r10.example/?v=77", "http://r10.example/"],
    ),
    ("Host(`r11.example`) && Method(`POST`)", &["http://r11.example/ --method POST", "http://r11.example/"]),
    ("Host(`r12.example`) && ClientIP(`10.9.0.0/16`)", &["http://r12.example/"]),
    ("Host(`r13.example`) && ClientIP(`192.0.2.0/24`)", &["http://r13.example/"]),
    (
        "(Host(`r14.example`) || Host(`r14b.example`)) && !(PathPrefix(`/a`) || Method(`PUT`))",
        &[
            "http://r14.example/",
            "http://r14b.example/a",
            "http://r14b.example/b --method PUT",
            "http://r14b.example/b",
        ],
    ),
    ("Host(`r15.example`, `r15b.example`)", &["http://r15.example/", "http://r15b.example/"]),
    ("Host(`r16.example`) && Headers(`X`, `1`)", &["http://r16.example/ --header 'X: 1'"]),
    ("HOST(`r17.example`) && pathprefix(`/api`)", &["http://r17.example/api"]),
    ("Host(\"r18.example\") && Path(\"/a\")", &["http://r18.example/a"]),
    ("Host(`r19.example`) && Path(`a`)", &["http://r19.example/a"]),
    ("Host(`r20.example`) && PathRegexp(`[`)", &["http://r20.example/["]),
    ("Host(`r21.example`) && (PathPrefix(`/a`)", &["http://r21.example/a"]),
    ("Host(`r22.example`) && PathPrefix(`/a b`)", &["http://r22.example/a%20b/c", "http://r22.example/a+b"]),
    ("Host(`r23.example`) && PathPrefix(`/a/b`)", &["http://r23.example/a%2Fb", "http://r23.example/a/./b"]),
    ("Host(`r24.example.`)", &["http://r24.example/", "http://r24.example./"]),
    ("!Host(`r25.example`) && PathPrefix(`/r25`)", &["http://r25.example/r25", "http://q.example/r25"]),
];

/// Rules as version 2 wrote them, and what is asked of each.
const OLD_RULES: &[(&str, &[&str])] = &[
    ("Host(`v0.example`, `V0b.example`)", &["http://v0.example/", "http://v0b.example/x", "http://v0c.example/"]),
    (
        "HostRegexp(`{sub:[a-z]+}.v1.example`)",
        &["http://a.v1.example/", "http://A.v1.example/", "http://a1.v1.example/", "http://a.b.v1.example/"],
    ),
    ("HostRegexp(`{sub}.v2.example`, `v2.example`)", &["http://v2.example/", "http://a-1.v2.example/"]),
    (
        "Host(`v3.example`) && PathPrefix(`/a/{id:[0-9]+}`, `/b`)",
        &["http://v3.example/a/12", "http://v3.example/a/x", "http://v3.example/bc", "http://v3.example/a/1x/y"],
    ),
    (
        "Host(`v4.example`) && Path(`/a/{id}/c`)",
        &["http://v4.example/a/b/c", "http://v4.example/a/b/d/c", "http://v4.example/a/b/c/"],
    ),
    (
        "Host(`v5.example`) && Headers(`X-Beta`, `1`)",
        &["http://v5.example/ --header 'x-beta: 1'", "http://v5.example/ --header 'X-Beta: 2'", "http://v5.example/"],
    ),
    (
        "Host(`v6.example`) && HeadersRegexp(`X-Beta`, `^[0-9]$`)",
        &["http://v6.example/ --header 'X-Beta: 1'", "http://v6.example/ --header 'X-Beta: 12'"],
    ),
    (
        "Host(`v7.example`) && Query(`v=1`)",
        &["http://v7.example/?v=1", "http://v7.example/?v=2&v=1", "http://v7.example/?v=1&v=2", "http://v7.example/"],
    ),
    ("Host(`v8.example`) && Query(`v=`)", &["http://v8.example/?v=7", "http://v8.example/?v", "http://v8.example/"]),
    ("Host(`v9.example`) && Method(`put`, `GET`)", &["http://v9.example/", "http://v9.example/ --method POST"]),
    ("Host(`v10.example`) && PathRegexp(`^/a`)", &["http://v10.example/a"]),
    ("Host(`v11.example`) && Path(`/{}`)", &["http://v11.example/a"]),
    ("Host(`v12.example`) && Query(`v`)", &["http://v12.example/?v=1"]),
];

/// Middlewares by their names, without `m-`.
const MIDDLEWARES: &[(&str, &str)] = &[
    ("strip", "{stripPrefix: {prefixes: [/api, /a]}}"),
    ("stripall", "{stripPrefix: {prefixes: [/]}}"),
    ("stripre", "{stripPrefixRegex: {regex: ['/[a-z]+/[0-9]+', '/x']}}"),
    ("add", "{addPrefix: {prefix: /v1}}"),
    ("path", "{replacePath: {path: /fixed}}"),
    ("pathre", "{replacePathRegex: {regex: '^/api/(.*)$', replacement: '/new/$1'}}"),
    ("pathre1", "{replacePathRegex: {regex: '^/api/(.*)', replacement: '/$1x'}}"),
    ("pathre2", "{replacePathRegex: {regex: '/', replacement: '/z/'}}"),
    ("https", "{redirectScheme: {scheme: https}}"),
    ("forever", "{redirectScheme: {scheme: https, permanent: true}}"),
    ("port", "{redirectScheme: {scheme: https, port: '8443'}}"),
    ("port443", "{redirectScheme: {scheme: https, port: '443'}}"),
    ("http", "{redirectScheme: {scheme: http}}"),
    (
        "www",
        "{redirectRegex: {regex: '^http://([^/]+)/api/(.*)', replacement: 'https://www.$1/${2}', permanent: true}}",
    ),
    ("here", "{redirectRegex: {regex: '.*/api(.*)', replacement: '/there$1'}}"),
    ("same", "{redirectRegex: {regex: '(.*)', replacement: '$1'}}"),
    ("allow", "{ipAllowList: {sourceRange: [10.9.0.0/16]}}"),
    ("deny", "{ipAllowList: {sourceRange: [192.0.2.0/24]}}"),
    ("auth", "{basicAuth: {secret: users}}"),
    ("authgone", "{basicAuth: {secret: gone}}"),
    ("headers", "{headers: {customRequestHeaders: {X-A: '1'}}}"),
    ("compress", "{compress: {}}"),
    ("chain", "{chain: {middlewares: [{name: m-strip}, {name: m-add}]}}"),
    ("chaingone", "{chain: {middlewares: [{name: m-strip}, {name: m-gone}]}}"),
    ("badre", "{replacePathRegex: {regex: '[', replacement: /}}"),
    ("two", "{addPrefix: {prefix: /v1}, stripPrefix: {prefixes: [/a]}}"),
];

fn rules(scene: &mut Scene) {
    for (at, (text, lines)) in RULES.iter().enumerate() {
        scene.add(Door::Main, &route(&format!("r{at}"), "", "", &[rule(text, "", WEB)]), lines);
    }
    for (at, (text, lines)) in OLD_RULES.iter().enumerate() {
        let yaml = route(&format!("v{at}"), "", "", &[rule(text, "    syntax: v2\n", WEB)]);
        scene.add(Door::Main, &yaml, lines);
    }
    let prior = |priority: i32| format!("    priority: {priority}\n");
    let pair = [
        rule("Host(`rp.example`)", &prior(100), WEB),
        rule("Host(`rp.example`) && PathPrefix(`/api`)", "", API),
        rule("Host(`rp.example`) && PathPrefix(`/a`)", &prior(200), "{name: deep, port: 80}"),
        rule("Host(`rp.example`) && PathPrefix(`/api/low`)", &prior(-1), API),
        rule("Host(`rq.example`) && PathPrefix(`/api`)", "", API),
        rule("Host(`rq.example`) && Path(`/api/x`)", "", WEB),
        rule("Host(`rq.example`) && PathPrefix(`/api/x/y`)", &prior(1), "{name: deep, port: 80}"),
    ];
    let lines = [
        "http://rp.example/api",
        "http://rp.example/a",
        "http://rp.example/",
        "http://rp.example/api/low",
        "http://rq.example/api",
        "http://rq.example/api/x",
        "http://rq.example/api/x/y",
    ];
    scene.add(Door::Main, &route("rp", "", "", &pair), &lines);
}

fn middlewares(scene: &mut Scene) {
    let objects: Vec<String> = MIDDLEWARES.iter().map(|(name, spec)| middleware(&format!("m-{name}"), spec)).collect();
    scene.yaml.extend(objects);
    let mut chains: Vec<Vec<&str>> = MIDDLEWARES.iter().map(|(name, _)| vec![*name]).collect();
    chains.extend([
        vec!["strip", "add"],
        vec!["add", "strip"],
        vec!["stripall", "add"],
        vec!["strip", "https"],
        vec!["auth", "https"],
        vec!["https", "auth"],
        vec!["deny", "auth"],
        vec!["path", "www"],
        vec!["chain", "pathre2"],
        vec!["gone"],
        vec!["deny", "gone"],
        vec!["path", "strip", "add"],
    ]);
    for (at, chain) in chains.iter().enumerate() {
        let host = format!("m{at}.example");
        let names: Vec<String> = chain.iter().map(|name| format!("{{name: m-{name}}}")).collect();
        let more = format!("    middlewares: [{}]\n", names.join(", "));
        let yaml = route(&format!("m{at}"), "", "", &[rule(&format!("Host(`{host}`)"), &more, API)]);
        let about: Vec<String> = MIDDLEWARES
            .iter()
            .filter(|(name, _)| chain.contains(name))
            .map(|(name, spec)| format!("---\n{}", middleware(&format!("m-{name}"), spec)))
            .collect();
        let lines: Vec<String> = ["/api/x?q=1", "/api", "/ab/12/c", "/x"]
            .iter()
            .map(|path| format!("http://{host}{path}"))
            .chain([format!("http://{host}/api/y --method POST")])
            .collect();
        // The manifests of middlewares are created once; here they are told with each route.
        let begin = scene.asks.len();
        scene.add(Door::Main, &yaml, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        for ask in &mut scene.asks[begin..] {
            ask.manifests.push_str(&about.concat());
        }
    }
}

fn backends(scene: &mut Scene) {
    let cases: &[&str] = &[
        "{name: gone, port: 80}",
        "{name: none, port: 80}",
        "{name: empty, port: 80}",
        "{name: unsaid, port: 80}",
        "{name: leaving, port: 80}",
        "{name: half, port: 80}",
        "{name: api, port: alt}",
        "{name: api, port: 8080}",
        "{name: api, port: nope}",
        "{name: web, port: 80, passHostHeader: false}",
        "{name: native, port: 8080, nativeLB: true}",
        "{name: abroad, namespace: other, port: 80}",
        "{name: ext, port: 80}",
        "{name: extbare, port: 80}",
        "{name: deaf, port: 80}",
        "{name: noslice, port: 80}",
        "",
        "{name: web, port: 80, weight: 0}",
        "{name: web, port: 80, weight: 1}, {name: api, port: 80, weight: 3}",
        "{name: web, port: 80, weight: 0}, {name: api, port: 80, weight: 3}",
        "{name: web, port: 80, weight: 0}, {name: api, port: 80, weight: 0}",
        "{name: web, port: 80}, {name: api, port: 80}",
        "{name: web, port: 80}, {name: gone, port: 80}",
        "{name: web, port: 80}, {name: none, port: 80}",
        "{name: web, port: 80, weight: 1}, {name: none, port: 80, weight: 0}",
        "{name: web, port: 80}, {name: deaf, port: 80}",
    ];
    let alone = "kubernetes.io/ingress.class: alone";
    for (at, services) in cases.iter().enumerate() {
        for (door, name, notes) in [(Door::Main, "s", ""), (Door::Alone, "sa", alone)] {
            let host = format!("{name}{at}.example");
            let own = rule(&format!("Host(`{host}`) && PathPrefix(`/api`)"), "", services);
            let other =
                rule(&format!("Host(`{host}`) && PathPrefix(`/`)"), "    priority: 1\n", "{name: deep, port: 80}");
            let routes = if at % 2 == 0 { vec![own, other] } else { vec![own] };
            let yaml = route(&format!("{name}{at}"), notes, "", &routes);
            scene.add(door, &yaml, &[&format!("http://{host}/api"), &format!("http://{host}/")]);
        }
    }
}

fn doors(scene: &mut Scene) {
    let own = |host: &str| vec![rule(&format!("Host(`{host}`)"), "", WEB)];
    let cases: &[(&str, &str)] = &[
        ("e0.example", "  entryPoints: [web]\n"),
        ("e1.example", "  entryPoints: [websecure]\n"),
        ("e2.example", "  entryPoints: [websecure]\n  tls: {}\n"),
        ("e3.example", "  tls: {}\n"),
        ("rtls.example", "  entryPoints: [websecure]\n  tls: {secretName: route-tls}\n"),
        ("e5.example", "  entryPoints: [web, websecure]\n  tls: {secretName: gone}\n"),
        ("e6.example", "  entryPoints: [gate]\n"),
        ("e7.example", "  entryPoints: [WEB]\n"),
    ];
    for (host, more) in cases {
        let yaml = route(&host.replace('.', "-"), "", more, &own(host));
        scene.add(Door::Main, &yaml, &[&format!("http://{host}/"), &format!("https://{host}/")]);
    }
}
