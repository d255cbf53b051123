//! `kplumb trace` and `kplumb check` as CI jobs and scripts meet them: streams, exit codes, and the keys of the JSON.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const NOW: &str = "2026-11-20T10:42:07Z";

/// A Service behind an Ingress, as a repository of manifests holds them.
const SHOP: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}], readinessProbe: {httpGet: {port: 8080}}}]}
";

fn kplumb(arguments: &[&str], stdin: &str) -> Output {
    let folder = std::env::temp_dir().join("kplumb-no-config");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kplumb"));
    command.args(arguments).args(["--now", NOW]);
    command.env_remove("KUBECONFIG").env_remove("KUBERNETES_SERVICE_HOST");
    command.env("XDG_CONFIG_HOME", &folder).env("HOME", &folder).env("LANG", "C.UTF-8");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn set(words: &str) -> BTreeSet<&str> {
    words.split_whitespace().collect()
}

#[test]
fn a_trace_has_the_keys_of_the_contract() {
    let output = kplumb(&["trace", "http://shop.example.com/cart?x=1", "-f", "-", "-o", "json"], SHOP);
    let trace = json(&output);
    assert_eq!(trace["schema"], "kplumb.trace/v1");
    assert_eq!(keys(&trace), set("schema request verdict outcome then tls headline hops side"));
    assert_eq!(keys(&trace["request"]), set("method scheme host port path query headers sni vantage"));
    assert_eq!(trace["request"]["query"], "x=1");
    for hop in trace["hops"].as_array().unwrap() {
        assert_eq!(keys(hop), set("kind status confidence ref summary faults"));
    }
}

#[test]
fn what_is_sent_stands_in_the_request() {
    let arguments = [
        "trace",
        "https://a.example.com/",
        "-f",
        "-",
        "-o",
        "json",
        "--method",
        "post",
        "--header",
        "Host: b.example.com",
        "--header",
        "X-Beta: 1",
        "--header",
        "X-Beta: 2",
        "--sni",
        "c.example.com",
        "--from-pod",
        "shop/web-0",
    ];
    let request = json(&kplumb(&arguments, SHOP))["request"].clone();
    assert_eq!((&request["method"], &request["sni"]), (&"POST".into(), &"c.example.com".into()));
    assert_eq!(request["headers"], serde_json::json!({"Host": "b.example.com", "X-Beta": "1, 2"}));
    assert_eq!(request["vantage"], "pod/shop/web-0");
}

#[test]
fn one_bad_document_is_named_and_hides_nothing() {
    let text =
        format!("{SHOP}---\nkind: Service\n  bad: indent\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{}}\n");
    let output = kplumb(&["check", "-f", "-", "-o", "json"], &text);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    let errors = stderr(&output);
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(!errors.contains(" at line "), "the only line told is the file's: {errors}");
    assert!(errors.starts_with("kplumb: -:") && errors.contains("(document 4): "), "{errors}");
    assert!(errors.contains("(document 5): ConfigMap: it has no name"), "{errors}");
    let check = json(&output);
    assert_eq!(keys(&check), set("schema summary routes"));
    assert_eq!(keys(&check["summary"]), set("ok warn broken unknown"));
    assert_eq!(keys(&check["routes"][0]), set("target url verdict headline"));
    assert_eq!(check["routes"][0]["url"], "http://shop.example.com/");
    assert_eq!(check["routes"][0]["target"]["kind"], "Ingress");
}

#[test]
fn a_field_of_a_wrong_type_is_named_and_nothing_is_guessed() {
    let wrong = SHOP.replace("number: 80", "number: '80'");
    let checked = kplumb(&["check", "-f", "-"], &wrong);
    assert_eq!(checked.status.code(), Some(2), "{}", stdout(&checked));
    let told = stderr(&checked);
    let place =
        "kplumb: -:2 (document 1): Ingress shop/shop: .spec.rules[0].http.paths[0].backend.service.port.number: ";
    assert!(told.starts_with(place), "{told}");
    assert!(told.contains("expected a whole number, not the string \"80\""), "{told}");
    for (wrong, url) in [
        (wrong, "http://shop.example.com/"),
        (SHOP.replace("replicas: 2", "replicas: '2'"), "http://shop.example.com/"),
        (SHOP.replace("[{port: 80,", "[{port: '80',"), "http://shop.example.com/"),
        (SHOP.replace("networking.k8s.io/v1", "networking.k8s.io/v1beta1"), "http://shop.example.com/"),
    ] {
        let traced = kplumb(&["trace", url, "-f", "-", "-o", "json"], &wrong);
        assert_eq!(traced.status.code(), Some(2), "{wrong}{}", stdout(&traced));
        assert_eq!(json(&traced)["verdict"], "unknown", "{wrong}{}", stdout(&traced));
    }
    // What takes the request all the same is followed.
    let other = SHOP.replace("number: 80", "number: '80'").replace("name: shop,", "name: other,");
    let traced = kplumb(&["trace", "http://shop.example.com/", "-f", "-", "-o", "json"], &format!("{SHOP}---{other}"));
    assert_eq!(
        (traced.status.code(), &json(&traced)["verdict"]),
        (Some(2), &Value::from("warn")),
        "{}",
        stdout(&traced)
    );
}

#[test]
fn connections_that_are_passed_on_unread_are_checked_too() {
    let tcp = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: shop}
spec: {gatewayClassName: eg, listeners: [{name: pg, port: 5432, protocol: TCP}]}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: db, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: gone, port: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: shop}
spec: {selector: {app: other}, ports: [{port: 80}]}
";
    let checked = kplumb(&["check", "-f", "-", "-o", "json"], tcp);
    assert_eq!(checked.status.code(), Some(1), "{}", stdout(&checked));
    let routes = &json(&checked)["routes"];
    assert_eq!((&routes[0]["url"], &routes[0]["verdict"]), (&"tcp://any-host.invalid:5432".into(), &"broken".into()));
}

#[test]
fn an_answer_of_dns_that_nobody_gave_fails_no_check() {
    let code = |yaml: &str| kplumb(&["check", "-f", "-", "--fail-on", "warn"], yaml).status.code();
    assert_eq!(code(SHOP), Some(0));
    let odd = SHOP.replace("ports: [{containerPort: 8080}]", "ports: [{containerPort: 9090}]");
    assert_eq!(code(&odd), Some(1));
}

#[test]
fn a_template_that_was_not_rendered_is_called_one() {
    let output =
        kplumb(&["check", "-f", "-"], "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\n");
    assert!(stderr(&output).contains("it looks like a template: render it first"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn objects_are_followed_by_their_names() {
    let traces = json(&kplumb(&["trace", "ingress/shop", "-n", "shop", "-f", "-", "-o", "json"], SHOP));
    assert_eq!(traces["schema"], "kplumb.traces/v1");
    assert_eq!(traces["traces"][0]["request"]["host"], "shop.example.com");
    let inside = json(&kplumb(&["trace", "svc/web", "-f", "-", "-o", "json"], SHOP));
    assert_eq!(inside["traces"][0]["request"]["host"], "web.shop.svc");
    assert_eq!(inside["traces"][0]["request"]["vantage"], "namespace/shop");
    let routes = json(&kplumb(&["trace", "svc/web", "--routes", "-f", "-", "-o", "json"], SHOP));
    assert_eq!(routes["traces"][0]["request"]["host"], "shop.example.com");
    let ways = json(&kplumb(&["trace", "deploy/web", "-f", "-", "-o", "json"], SHOP));
    assert_eq!(ways["schema"], "kplumb.reverse/v1");
    let urls: Vec<&str> =
        ways["entrances"].as_array().unwrap().iter().map(|way| way["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["http://shop.example.com/*", "http://web.shop.svc:80"]);
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_would_be_right() {
    for (arguments, wanted) in [
        (&["trace", "ftp://a/", "-f", "-"][..], "only http, https and udp"),
        (&["trace", "ingress/gone", "-n", "shop", "-f", "-"], "Ingress shop/gone was not found"),
        (&["trace", "namespace/shop", "-f", "-"], "not found"),
        (&["trace", "http://a/", "-f", "-", "--dns", "nonsense"], "shop.example.com=203.0.113.10"),
        (&["trace", "http://a/", "-f", "-", "--client-ip", "nobody"], "--client-ip nobody"),
        (&["trace", "http://a/", "-f", "-", "--via", "nothing"], "Kind/namespace/name"),
        (&["trace", "http://a/", "-f", "/no/such/folder"], "/no/such/folder"),
        (&["trace", "http://a/"], "--demo"),
        (&["check", "--demo", "-f", "-"], "cannot be used with"),
    ] {
        let output = kplumb(arguments, SHOP);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(wanted), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn the_demos_files_are_read_as_of_now_with_their_certificates() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/free4chat");
    let good = json(&kplumb(&["trace", "https://api.k.free4.chat/room", "-f", folder, "-o", "json"], ""));
    assert_eq!((&good["verdict"], &good["tls"]["served"]), (&"warn".into(), &"secret".into()), "{good}");
    let output = kplumb(&["trace", "https://api.free4.chat/", "-f", folder], "");
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    let says = "no rule lists api.free4.chat: a CNAME does not change the Host header; it would work as https://api.k.free4.chat/";
    assert!(text.contains("DNS-CNAME-HOST: api.free4.chat reaches the cluster") && text.contains(says), "{text}");
    let (_, next) = text.split_once("the request ends here; what would come next:").expect("the end of the request");
    assert!(next.contains("Service free4chat/apifree4chat"), "{text}");
}

#[test]
fn a_controller_that_nobody_knows_is_called_none() {
    let broken = SHOP.replace("selector: {app: web}, ports", "selector: {app: wbe}, ports");
    let text = stdout(&kplumb(&["trace", "http://shop.example.com/", "-f", "-"], &broken));
    // What is wrong is sure, and what is answered then is not.
    assert!(text.contains("SV-SELECTOR-NONE") && text.contains("503 is usual"), "{text}");
    assert!(text.contains("a controller that keeps to the specification is assumed"), "{text}");
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    let said = |arguments: &[&str]| {
        let output = kplumb(arguments, SHOP);
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        stderr(&output)
    };
    let near = said(&["trace", "ingress/shpo", "-n", "shop", "-f", "-"]);
    assert!(near.contains("Ingress shop/shpo was not found (closest: shop/shop)"), "{near}");
    let source = said(&["trace", "https://shop.example.com/", "--demo", "--from-pod", "shop-prod/cart"]);
    assert!(source.contains("there is no pod shop-prod/cart to send from (closest: cart-"), "{source}");
}

#[test]
fn the_demo_is_checked_like_any_cluster() {
    let output = kplumb(&["check", "--demo", "-n", "shop-staging", "-o", "json"], "");
    let check = json(&output);
    let routes = check["routes"].as_array().unwrap();
    assert!(!routes.is_empty() && stderr(&output).is_empty(), "{}", stderr(&output));
    assert!(routes.iter().all(|route| route["target"]["namespace"] == "shop-staging"), "{check}");
}

#[test]
fn a_route_that_another_one_owns_is_broken_though_its_address_answers() {
    let second = SHOP.split("---").next().unwrap().replace("name: shop, namespace", "name: again, namespace");
    let text = format!("{SHOP}---{second}").replace("spec:\n  rules", "spec:\n  ingressClassName: nginx\n  rules");
    let output = kplumb(&["check", "-f", "-", "-o", "json", "--controller", "ingress-nginx"], &text);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let check = json(&output);
    let routes = check["routes"].as_array().unwrap();
    let told: Vec<_> =
        routes.iter().map(|route| (route["target"]["name"].as_str(), &route["headline"]["code"])).collect();
    // Of one age the later name is older, as ingress-nginx sorts.
    assert_eq!(told[0], (Some("again"), &Value::from("CTL-DUP-PATH")));
    assert_eq!(check["summary"]["broken"], 1);
}
