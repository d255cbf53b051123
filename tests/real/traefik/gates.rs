//! The Gateway API: matches, precedence, filters, weights, references that cannot be used, listeners.

use super::{Door, Scene};

fn gateway(name: &str, listeners: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: gates}}\nspec:\n  gatewayClassName: traefik\n  listeners:\n{listeners}"
    )
}

/// A listener for routes of every namespace.
fn listener(name: &str, port: u16, host: &str, more: &str) -> String {
    let protocol = if more.is_empty() { "HTTP" } else { "HTTPS" };
    let host = if host.is_empty() { String::new() } else { format!("hostname: '{host}', ") };
    format!(
        "  - {{name: {name}, port: {port}, protocol: {protocol}, {host}{more}allowedRoutes: {{namespaces: {{from: All}}}}}}\n"
    )
}

fn route(name: &str, parent: &str, hosts: &[&str], rules: &[String]) -> String {
    let hosts = if hosts.is_empty() { String::new() } else { format!("  hostnames: ['{}']\n", hosts.join("', '")) };
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  parentRefs: [{parent}]\n{hosts}  rules:\n{}",
        rules.concat()
    )
}

/// A rule: its matches, its filters, its backends, each as YAML in brackets; empty for none.
fn rule(matches: &str, filters: &str, backends: &str) -> String {
    let field =
        |name: &str, value: &str| if value.is_empty() { String::new() } else { format!("    {name}: [{value}]\n") };
    let text = format!("{}{}{}", field("matches", matches), field("filters", filters), field("backendRefs", backends));
    format!("  -{}", text.strip_prefix("   ").unwrap_or(" {}\n"))
}

fn prefix(path: &str) -> String {
    format!("{{path: {{type: PathPrefix, value: '{path}'}}}}")
}

fn exact(path: &str) -> String {
    format!("{{path: {{type: Exact, value: '{path}'}}}}")
}

fn regex(path: &str) -> String {
    format!("{{path: {{type: RegularExpression, value: '{path}'}}}}")
}

const WEB: &str = "{name: web, port: 80}";
const API: &str = "{name: api, port: 80}";
const DEEP: &str = "{name: deep, port: 80}";
const PLAIN: &str = "{name: plain, namespace: gates}";
const DOOR: Door = Door::Gate("plain");

/// Fills the scene.
pub fn fill(scene: &mut Scene) {
    scene.yaml.push(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: traefik}\nspec: {controllerName: traefik.io/gateway-controller}"
            .to_owned(),
    );
    scene.yaml.push(gateway("plain", &listener("any", 8000, "", "")));
    scene.yaml.push(route("g-ready", PLAIN, &["ready-gate.example"], &[rule("", "", WEB)]));
    matches(scene);
    precedence(scene);
    filters(scene);
    backends(scene);
    listeners(scene);
}

fn matches(scene: &mut Scene) {
    let asked =
        ["/", "/api", "/api/", "/apix", "/api/x", "/API", "//api", "/api/../b", "/api%2Fx", "/v1", "/v1/x", "/xv1"];
    let cases: &[(&str, String)] = &[
        ("prefix", prefix("/api")),
        ("slash", prefix("/api/")),
        ("exact", exact("/api")),
        ("root", prefix("/")),
        ("regex", regex("/v[0-9]")),
        ("anchored", regex("^/v[0-9]$")),
        ("two", format!("{}, {}", exact("/v1"), prefix("/api"))),
        ("none", String::new()),
    ];
    for (name, text) in cases {
        let host = format!("gm-{name}.example");
        let yaml = route(&format!("gm-{name}"), PLAIN, &[&host], &[rule(text, "", WEB)]);
        let lines: Vec<String> = asked.iter().map(|path| format!("http://{host}:8000{path}")).collect();
        scene.add(DOOR, &yaml, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let cases: &[(&str, &str, &[&str])] = &[
        ("method", "{method: POST}", &["/ --method POST", "/"]),
        (
            "header",
            "{headers: [{name: X-Beta, value: '1'}]}",
            &["/ --header 'x-beta: 1'", "/ --header 'X-Beta: 12'", "/"],
        ),
        (
            "headers",
            "{headers: [{name: X-A, value: '1'}, {name: X-B, value: '2'}]}",
            &["/ --header 'X-A: 1'", "/ --header 'X-A: 1' --header 'X-B: 2'"],
        ),
        (
            "headerre",
            "{headers: [{type: RegularExpression, name: X-A, value: '[0-9]'}]}",
            &["/ --header 'X-A: 1'", "/ --header 'X-A: a1b'", "/ --header 'X-A: a'"],
        ),
        ("query", "{queryParams: [{name: v, value: '1'}]}", &["/?v=1", "/?v=2&v=1", "/?v=2", "/?v=%31", "/"]),
        (
            "queryre",
            "{queryParams: [{type: RegularExpression, name: v, value: '[0-9]'}]}",
            &["/?v=1", "/?v=a1", "/?v=a"],
        ),
    ];
    for (name, text, asked) in cases {
        let host = format!("gx-{name}.example");
        let yaml = route(&format!("gx-{name}"), PLAIN, &[&host], &[rule(text, "", WEB)]);
        let lines: Vec<String> = asked.iter().map(|path| format!("http://{host}:8000{path}")).collect();
        scene.add(DOOR, &yaml, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

fn precedence(scene: &mut Scene) {
    let rules = [
        rule(&prefix("/"), "", WEB),
        rule(&prefix("/api"), "", API),
        rule(&exact("/api/x"), "", DEEP),
        rule("{path: {type: PathPrefix, value: /api/long}, method: POST}", "", WEB),
        rule("{path: {type: PathPrefix, value: /api}, headers: [{name: X-A, value: '1'}]}", "", DEEP),
        rule("{path: {type: PathPrefix, value: /api}, queryParams: [{name: v, value: '1'}]}", "", WEB),
        rule(&regex("/api/[a-z]+"), "", DEEP),
        rule(&prefix("/same"), "", WEB),
        rule(&prefix("/same"), "", API),
    ];
    let yaml = route("gp-one", PLAIN, &["gp.example"], &rules);
    let lines = [
        "http://gp.example:8000/",
        "http://gp.example:8000/api",
        "http://gp.example:8000/api/x",
        "http://gp.example:8000/api/long --method POST",
        "http://gp.example:8000/api/long",
        "http://gp.example:8000/api --header 'X-A: 1'",
        "http://gp.example:8000/api?v=1",
        "http://gp.example:8000/api?v=1 --header 'X-A: 1'",
        "http://gp.example:8000/api/abc",
        "http://gp.example:8000/same",
    ];
    scene.add(DOOR, &yaml, &lines);
    let wild = route(
        "gp-wild",
        PLAIN,
        &["*.gw.example"],
        &[rule(&exact("/exact"), "", API), rule(&prefix("/long/path"), "", API)],
    );
    let own =
        route("gp-own", PLAIN, &["a.gw.example"], &[rule(&prefix("/"), "", WEB), rule(&prefix("/long"), "", DEEP)]);
    let lines = [
        "http://a.gw.example:8000/",
        "http://a.gw.example:8000/exact",
        "http://a.gw.example:8000/long/path",
        "http://b.gw.example:8000/exact",
        "http://b.gw.example:8000/",
        "http://c.b.gw.example:8000/exact",
        "http://gw.example:8000/exact",
    ];
    scene.add(DOOR, &format!("{wild}---\n{own}"), &lines);
    let one = route("gp-tie-1", PLAIN, &["tie.example"], &[rule(&prefix("/"), "", WEB)]);
    let two = route("gp-tie-2", PLAIN, &["tie.example"], &[rule(&prefix("/"), "", API)]);
    scene.add(DOOR, &format!("{one}---\n{two}"), &["http://tie.example:8000/"]);
}

fn filters(scene: &mut Scene) {
    let rewrite = |path: &str| format!("{{type: URLRewrite, urlRewrite: {{{path}}}}}");
    let redirect = |fields: &str| format!("{{type: RequestRedirect, requestRedirect: {{{fields}}}}}");
    let full = "path: {type: ReplaceFullPath, replaceFullPath: /full}";
    let part = |to: &str| format!("path: {{type: ReplacePrefixMatch, replacePrefixMatch: '{to}'}}");
    let with_prefix: Vec<(String, &str)> = vec![
        (rewrite(full), WEB),
        (rewrite(&part("/new")), WEB),
        (rewrite(&part("/new/")), WEB),
        (rewrite(&part("/")), WEB),
        (rewrite(&part("")), WEB),
        (rewrite("hostname: inner.example"), WEB),
        (rewrite(&format!("hostname: inner.example, {}", part("/new"))), WEB),
        (redirect("scheme: https"), ""),
        (redirect("scheme: https, port: 8443"), ""),
        (redirect("hostname: there.example"), ""),
        (redirect("port: 9999, statusCode: 301"), ""),
        (redirect(full), ""),
        (redirect(&part("/new")), ""),
        (redirect(&format!("scheme: https, hostname: there.example, statusCode: 301, {}", part("/"))), ""),
        (redirect("scheme: http"), ""),
        ("{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-A, value: '1'}]}}".to_owned(), WEB),
        ("{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [X-A]}}".to_owned(), WEB),
        ("{type: RequestMirror, requestMirror: {backendRef: {name: api, port: 80}}}".to_owned(), WEB),
        ("{type: ExtensionRef, extensionRef: {group: traefik.io, kind: Middleware, name: m-add}}".to_owned(), WEB),
        ("{type: ExtensionRef, extensionRef: {group: traefik.io, kind: Middleware, name: m-nope}}".to_owned(), WEB),
        ("{type: ExtensionRef, extensionRef: {group: example.com, kind: Other, name: x}}".to_owned(), WEB),
    ];
    for (at, (filter, backend)) in with_prefix.iter().enumerate() {
        let host = format!("gf{at}.example");
        let yaml = route(&format!("gf{at}"), PLAIN, &[&host], &[rule(&prefix("/api"), filter, backend)]);
        let lines: Vec<String> =
            ["/api", "/api/", "/api/x?q=1", "/api/x/"].iter().map(|path| format!("http://{host}:8000{path}")).collect();
        scene.add(DOOR, &yaml, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let slash = route("gf-slash", PLAIN, &["gfs.example"], &[rule(&prefix("/api/"), &rewrite(&part("/new")), WEB)]);
    let lines = ["http://gfs.example:8000/api", "http://gfs.example:8000/api/", "http://gfs.example:8000/api/x"];
    scene.add(DOOR, &slash, &lines);
    let of_backend = "{name: web, port: 80, filters: [{type: URLRewrite, urlRewrite: {hostname: b.example}}]}";
    let yaml = route("gf-backend", PLAIN, &["gfb.example"], &[rule("", "", of_backend)]);
    scene.add(DOOR, &yaml, &["http://gfb.example:8000/"]);
}

fn backends(scene: &mut Scene) {
    let grant = "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: from-shop, namespace: other}\nspec:\n  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]\n  to: [{group: '', kind: Service, name: granted}]";
    scene.yaml.push(grant.to_owned());
    let cases: &[&str] = &[
        "{name: gone, port: 80}",
        "{name: none, port: 80}",
        "{name: empty, port: 80}",
        "{name: unsaid, port: 80}",
        "{name: leaving, port: 80}",
        "{name: half, port: 80}",
        "{name: noslice, port: 80}",
        "{name: ext, port: 80}",
        "{name: deaf, port: 80}",
        "{name: api, port: 8081}",
        "{name: api, port: 8080}",
        "{name: abroad, namespace: other, port: 80}",
        "{name: granted, namespace: other, port: 80}",
        "{name: native, port: 8080}",
        "",
        "{name: web, port: 80, weight: 0}",
        "{name: web, port: 80, weight: 0}, {name: api, port: 80, weight: 0}",
        "{name: web, port: 80, weight: 1}, {name: api, port: 80, weight: 3}",
        "{name: web, port: 80, weight: 0}, {name: api, port: 80, weight: 3}",
        "{name: web, port: 80}, {name: gone, port: 80}",
        "{name: web, port: 80}, {name: none, port: 80}",
        "{name: web, port: 80}, {name: abroad, namespace: other, port: 80}",
        "{name: x, kind: Bucket, group: example.com}",
    ];
    for (at, backend) in cases.iter().enumerate() {
        let host = format!("gb{at}.example");
        let yaml =
            route(&format!("gb{at}"), PLAIN, &[&host], &[rule(&prefix("/api"), "", backend), rule("", "", DEEP)]);
        scene.add(DOOR, &yaml, &[&format!("http://{host}:8000/api"), &format!("http://{host}:8000/")]);
    }
}

fn listeners(scene: &mut Scene) {
    let both = [
        listener("own", 8000, "a.gl.example", ""),
        listener("wild", 8000, "*.gl.example", ""),
        listener("odd", 7999, "odd.example", ""),
    ];
    scene.yaml.push(gateway("hosts", &both.concat()));
    let hosts = "{name: hosts, namespace: gates}";
    let section = |name: &str| format!("{{name: hosts, namespace: gates, sectionName: {name}}}");
    let own = route("gl-own", &section("own"), &[], &[rule(&prefix("/own"), "", WEB)]);
    let wild = route("gl-wild", &section("wild"), &[], &[rule(&prefix("/"), "", API)]);
    let part = route("gl-part", hosts, &["b.gl.example", "outside.example"], &[rule(&prefix("/part"), "", DEEP)]);
    let lines = [
        "http://a.gl.example:8000/own",
        "http://a.gl.example:8000/other",
        "http://c.gl.example:8000/own",
        "http://b.gl.example:8000/part",
        "http://outside.example:8000/part",
        "http://gl.example:8000/",
    ];
    scene.add(Door::Gate("hosts"), &format!("{own}---\n{wild}---\n{part}"), &lines);
    let missed = route("gl-missed", &section("nope"), &["missed.gl.example"], &[rule("", "", DEEP)]);
    scene.add(Door::Gate("hosts"), &missed, &["http://missed.gl.example:8000/"]);
    let same = "  - {name: same, port: 8000, protocol: HTTP, hostname: same.example}\n";
    scene.yaml.push(gateway("same", same));
    let kept = route("gl-kept", "{name: same, namespace: gates}", &[], &[rule("", "", DEEP)]);
    scene.add(Door::Gate("same"), &kept, &["http://same.example:8000/"]);
    let tls = "tls: {certificateRefs: [{group: '', kind: Secret, name: NAME}]}, ";
    let secure = [
        listener("good", 8443, "gate.example", &tls.replace("NAME", "gate-tls")),
        listener("bad", 8443, "bad.example", &tls.replace("NAME", "gone")),
    ];
    scene.yaml.push(gateway("secure", &secure.concat()));
    let secure = "{name: secure, namespace: gates}";
    let good = route("gl-good", secure, &["gate.example", "bad.example"], &[rule("", "", WEB)]);
    let lines = [
        "https://gate.example:8443/",
        "https://gate.example:8443/x --header 'Host: bad.example'",
        "https://other.example:8443/",
        "https://bad.example:8443/",
    ];
    scene.add(Door::Gate("secure"), &good, &lines);
}
