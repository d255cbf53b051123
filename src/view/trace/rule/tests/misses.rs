//! Hosts that no rule lists, and Ingresses that nobody serves.

use super::*;

#[test]
fn who_misses_a_host_is_led_to_an_ingress_that_could_have_it() {
    let fix = |yaml: &str, url: &str| {
        fixture::world(&format!("{CLASS}{yaml}"), |world| {
            let decision = decide(world, &controller(Flavour::Nginx), &get(url));
            let mut findings = decision.hops.iter().flat_map(|hop| &hop.findings);
            let miss = findings.find(|finding| finding.code() == "RT-HOST-MISS").unwrap();
            (miss.message(), miss.fix().pop().unwrap())
        })
    };
    let near = ingress("far", 1, "", "other.org", &["Prefix / web"], "")
        + &ingress("beside", 2, "", "shop.example.com", &["Prefix / web"], "")
        + &ingress("typo", 3, "", "admim.example.com", &["Prefix / web"], "");
    let (_, edit) = fix(&near, "http://admin.example.com/");
    assert_eq!(edit, "kubectl -n shop edit ingress typo");
    let (message, edit) = fix(&near, "http://pay.example.com/");
    assert!(edit.ends_with("edit ingress beside") && message.contains("(closest: shop.example.com)"), "{message}");
    let unserved = near.clone()
        + &ingress("own", 4, "", "admin.example.com", &["Prefix / web"], "")
            .replace("ClassName: nginx", "ClassName: other");
    let (message, edit) = fix(&unserved, "http://admin.example.com/");
    assert!(
        edit.ends_with("edit ingress own") && message.contains("Ingress shop/own does, and is not served"),
        "{message}"
    );
    let (message, create) = fix(&near, "http://www.elsewhere.net/");
    assert_eq!(create, "kubectl create ingress www --class=nginx --rule='www.elsewhere.net/*=SERVICE:PORT'");
    assert!(message.contains("lists www.elsewhere.net, nor one near it, so"), "{message}");
}

#[test]
fn an_ingress_that_nobody_serves_says_why() {
    let one = ingress("web", 1, "", "a.example", &["Prefix / web"], "");
    let classless = one.replace("  ingressClassName: nginx\n", "");
    assert_eq!(nginx(&classless, "http://a.example/"), "404 CTL-NO-CLASS RT-HOST-MISS");
    let gone = one.replace("ingressClassName: nginx", "ingressClassName: ngnix");
    assert_eq!(nginx(&gone, "http://a.example/"), "404 CTL-CLASS-MISSING RT-HOST-MISS");
    let other = one.replace("ingressClassName: nginx", "ingressClassName: other");
    assert_eq!(nginx(&other, "http://a.example/"), "404 CTL-CLASS-FOREIGN RT-HOST-MISS");
}
