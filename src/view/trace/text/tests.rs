//! Traces made by hand, as text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::kinds::{INGRESS, ObjectRef, SERVICE};
use crate::view::trace::fault::rt;
use crate::view::trace::hop::{HopKind, Standing};
use crate::view::trace::outcome::Verdict;
use crate::view::trace::request::Request;
use std::collections::BTreeSet;
use std::sync::Arc;

fn trace(outcome: Outcome, hops: Vec<Hop>) -> Trace {
    Trace {
        request: Request::get("https://shop.example.com/cart").unwrap(),
        verdict: verdict::of_hops(&hops),
        outcome,
        hops,
        side: Vec::new(),
        tls: None,
        then: None,
        reads: BTreeSet::new(),
    }
}

fn text(trace: &Trace) -> String {
    lines(trace, &Catalog::builtin()).join("\n")
}

#[test]
fn a_broken_hop_is_open_and_the_client_stands_first() {
    let key = ObjectRef::new(INGRESS, "shop", "web");
    let finding = Finding::of(&rt::RT_REDIRECT_LOOP)
        .word("url", "https://shop.example.com/cart")
        .word("shape", "itself")
        .fact(Some(key.clone()), ".spec.rules[0].host", "shop.example.com");
    let hops = vec![
        Hop::unknown(HopKind::Dns, "no answer for shop.example.com is known"),
        Hop::new(HopKind::Rule, "Ingress shop/web, path /").at(&key),
        Hop::new(HopKind::Filter, "redirects").with(finding),
        Hop { standing: Standing::NotReached, ..Hop::new(HopKind::Service, "shop/web") },
    ];
    let broken = trace(Outcome::Redirect { status: 302, location: "https://shop.example.com/cart".to_owned() }, hops);
    assert_eq!(
        text(&broken),
        "GET https://shop.example.com/cart
broken   The client gets 302 to https://shop.example.com/cart.
         RT-REDIRECT-LOOP: https://shop.example.com/cart redirects to itself, for ever: clients give up with too many redirects

unknown  DNS           no answer for shop.example.com is known
ok       rule          Ingress shop/web, path /
broken   filter        redirects
         E RT-REDIRECT-LOOP: https://shop.example.com/cart redirects to itself, for ever: clients give up with too many redirects
           Ingress shop/web .spec.rules[0].host = shop.example.com
-        Service       shop/web"
    );
}

#[test]
fn shares_and_endpoints_stand_behind_the_hops_and_nothing_acts_on_a_terminal() {
    let endpoint = Endpoint {
        address: Some(Arc::from("2001:db8::5")),
        port: 8080,
        ready: true,
        pod: Some((Arc::from("shop"), Arc::from("web-1"))),
        node: None,
    };
    let backend = |share, status| Backend {
        namespace: Arc::from("shop"),
        service: Arc::from("web"),
        port: 80,
        share,
        path: "/cart".to_owned(),
        host: "shop.example.com".to_owned(),
        status,
        via: vec![(Arc::from("edge"), Arc::from("alias"))],
        endpoints: vec![endpoint.clone()],
    };
    let hop = Hop::new(HopKind::Service, "shop/web \u{1b}[31mred").at(&ObjectRef::new(SERVICE, "shop", "web"));
    let shared = trace(Outcome::Forward(vec![backend(0.8, None), backend(0.2, Some(503))]), vec![hop]);
    let text = text(&shared);
    assert!(!text.contains('\u{1b}'), "{text}");
    assert_eq!(shared.verdict, Verdict::Ok);
    let tail: Vec<&str> = text.lines().skip(4).collect();
    assert_eq!(
        tail,
        [
            "->       backend       80 % edge/alias → shop/web:80 sees /cart as shop.example.com",
            "         ready [2001:db8::5]:8080 pod shop/web-1",
            "->       backend       20 % edge/alias → shop/web:80 sees /cart as shop.example.com, answered 503",
            "         ready [2001:db8::5]:8080 pod shop/web-1",
        ]
    );
}

#[test]
fn a_narrow_terminal_breaks_lines_but_no_commands() {
    let lines = vec![
        "ok       rule          Ingress shop/web, path /cart (Prefix) leads to Service shop/web".to_owned(),
        "           $ kubectl -n shop patch ingress web --type=json -p a-very-long-patch".to_owned(),
    ];
    let folded = folded(lines.clone(), 40);
    assert_eq!(folded.last(), lines.last());
    for line in &folded[..folded.len() - 1] {
        assert!(fit::width(line) <= 43, "{line}");
    }
    assert!(folded[1].starts_with("             ") && 3 <= folded.len(), "{folded:?}");
    assert_eq!(super::folded(lines.clone(), 200), lines);
}

#[test]
fn packets_have_neither_method_nor_path() {
    let yaml = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: net}
spec: {gatewayClassName: any, listeners: [{name: dns, port: 53, protocol: UDP}]}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: UDPRoute
metadata: {name: dns, namespace: net}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: dns, port: 53}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: dns, namespace: net}
spec: {selector: {app: dns}, ports: [{port: 53, protocol: UDP}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: dns, namespace: net}
spec: {replicas: 1, selector: {matchLabels: {app: dns}}, template: {metadata: {labels: {app: dns}}, spec: {containers: [{name: dns, image: 'dns:1', ports: [{containerPort: 53, protocol: UDP}]}]}}}
";
    let request = Request::get("udp://dns.example.com").unwrap();
    let told =
        crate::view::trace::fixture::files(yaml, |world| text(&crate::view::trace::follow::follow(world, &request)));
    assert!(told.starts_with("udp://dns.example.com:53\n"), "{told}");
    assert!(told.contains("What is sent reaches Service net/dns:53, 1 endpoint ready."), "{told}");
    assert!(!told.contains("sees"), "{told}");
}
