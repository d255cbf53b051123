//! Faults of names, and of the CDN before the cluster.

use super::cluster;
use super::{ask, codes, hop};
use crate::view::trace::entrance::is_elsewhere;
use crate::view::trace::hop::{HopKind, Status};
use crate::view::trace::outcome::{Outcome, Trace, Verdict};
use crate::view::trace::plan::Door;
use crate::view::trace::request::Request;
use crate::view::trace::verdict::of_hops;
use crate::view::trace::world::Answered;

const SHOP: &str = "https://shop.example.com/";

#[test]
fn each_fault_of_a_name_is_found_by_what_dns_says() {
    let shop = cluster::shop();
    for (dns, wanted) in [
        ("shop.example.com=203.0.113.20", &[][..]),
        ("shop.example.com=NXDOMAIN", &["DNS-NXDOMAIN"]),
        ("shop.example.com=NODATA", &["DNS-NODATA"]),
        ("shop.example.com=SERVFAIL", &[]),
        ("shop.example.com=a.example.com a.example.com=NXDOMAIN", &["DNS-CNAME-DANGLING"]),
        ("shop.example.com=a.example.com a.example.com=NODATA", &["DNS-NODATA"]),
        ("shop.example.com=a.example.com a.example.com=shop.example.com", &["DNS-LOOP"]),
        ("shop.example.com=shop.example.com", &["DNS-LOOP"]),
        ("shop.example.com=192.0.2.1", &["DNS-WRONG-LB"]),
        ("shop.example.com=10.9.9.9", &["DNS-WRONG-LB", "DNS-PRIVATE"]),
        ("shop.example.com=203.0.113.20 shop.example.com=192.0.2.1", &["DNS-PARTIAL"]),
        ("shop.example.com=203.0.113.20 shop.example.com=2001:db8::1", &["DNS-AAAA-DEAD"]),
        ("*.example.com=203.0.113.20", &[]),
        ("*.shop.example.com=203.0.113.20", &["DNS-WILDCARD-GAP"]),
        ("*.example.com=203.0.113.20 a.shop.example.com=203.0.113.20", &["DNS-WILDCARD-GAP"]),
        ("shop.example.com=104.16.1.1", &["CDN-HIDDEN"]),
        ("shop.example.com=d1.cloudfront.net", &["CDN-HIDDEN"]),
    ] {
        assert_eq!(ask(&shop, SHOP).dns(dns).codes(), wanted, "{dns}");
    }
}

#[test]
fn chains_end_where_resolvers_give_up() {
    let chain: Vec<String> = (0..14).map(|n| format!("a{n}.example.com=a{}.example.com", n + 1)).collect();
    let dns = format!("shop.example.com=a0.example.com {}", chain.join(" "));
    assert_eq!(ask(&cluster::shop(), SHOP).dns(&dns).codes(), ["DNS-LOOP"]);
}

#[test]
fn a_private_name_that_a_public_server_does_not_know_is_unknown() {
    let yaml = cluster::shop().replace("shop.example.com", "shop.test");
    ask(&yaml, "http://shop.test/").dns("shop.test=NXDOMAIN").check(|_, entrance| {
        assert_eq!((entrance.hops[0].status(), codes(&entrance).len()), (Status::Unknown, 0));
    });
}

#[test]
fn a_load_balancer_known_by_a_dead_name_cannot_be_compared() {
    let yaml = cluster::shop_with("", "", "{hostname: k.free4.chat}", &[]);
    let dns = "*.k.free4.chat=203.0.113.10 shop.example.com=203.0.113.10";
    ask(&yaml, SHOP).dns(dns).check(|_, entrance| {
        assert_eq!(codes(&entrance), ["DNS-STATUS-HOSTNAME"]);
        assert_eq!(hop(&entrance, HopKind::LoadBalancer).unwrap().status(), Status::Warn);
    });
    let alive = "k.free4.chat=203.0.113.10 shop.example.com=203.0.113.10";
    assert!(ask(&yaml, SHOP).dns(alive).codes().is_empty());
    assert!(ask(&yaml, SHOP).dns("shop.example.com=k.free4.chat k.free4.chat=203.0.113.10").codes().is_empty());
    let asked = cluster::shop_with(
        ", annotations: {service.beta.kubernetes.io/do-loadbalancer-hostname: k.free4.chat}",
        "",
        "",
        &[],
    );
    assert_eq!(ask(&asked, SHOP).files(None).dns(dns).codes(), ["DNS-STATUS-HOSTNAME"]);
}

#[test]
fn the_text_beside_a_record_says_who_owns_it() {
    let owner = |object: &str| format!("heritage=external-dns,external-dns/owner=prod,external-dns/resource={object}");
    let ask = |object| {
        ask(&cluster::shop(), SHOP).dns("shop.example.com=203.0.113.20").text("a-shop.example.com", &owner(object))
    };
    assert_eq!(ask("ingress/old/shop").codes(), ["DNS-EXTDNS-OWNER"]);
    assert!(ask("ingress/shop/shop").codes().is_empty());
    assert!(ask("service/edge/nginx").codes().is_empty());
}

#[test]
fn external_dns_that_reads_other_annotations_never_publishes_the_name() {
    let ingress = cluster::shop().replace(
        "metadata: {name: shop, namespace: shop}",
        "metadata: {name: shop, namespace: shop, annotations: {external-dns.alpha.kubernetes.io/hostname: shop.example.com}}",
    );
    let external = |flags: &str| {
        let template = format!(
            "{{containers: [{{name: a, image: 'registry.k8s.io/external-dns/external-dns:v0.19.0', args: [{flags}]}}]}}"
        );
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: x, namespace: dns}}\nspec: {{template: {{spec: {template}}}}}\n"
        )
    };
    for (flags, wanted) in [
        ("'--source=ingress'", &[][..]),
        ("'--annotation-prefix=corp.example/'", &["DNS-EXTDNS-OWNER"]),
        ("'--ingress-class=other'", &["DNS-EXTDNS-OWNER"]),
        ("'--ingress-class=nginx'", &[]),
    ] {
        assert_eq!(ask(&cluster::of(&[&ingress, &external(flags)]), SHOP).codes(), wanted, "{flags}");
    }
}

#[test]
fn what_a_cdn_answers_of_its_own_is_told() {
    let ray = ("cf-ray".to_owned(), "8a".to_owned());
    let location = |url: &str| ("location".to_owned(), url.to_owned());
    for (status, headers, wanted) in [
        (200, vec![ray.clone()], &["CDN-HIDDEN"][..]),
        (522, vec![ray.clone()], &["CDN-HIDDEN", "CDN-52X"]),
        (526, vec![ray.clone()], &["CDN-HIDDEN", "CDN-525-526"]),
        (301, vec![ray.clone(), location(SHOP)], &["CDN-HIDDEN", "CDN-FLEX-LOOP"]),
        (301, vec![ray.clone(), location("https://www.example.com/")], &["CDN-HIDDEN"]),
        (522, vec![], &[]),
    ] {
        let mut ask = ask(&cluster::shop(), SHOP).dns("shop.example.com=203.0.113.20");
        ask.probes.http.insert(SHOP.to_owned(), Answered { status, headers });
        assert_eq!(ask.codes(), wanted, "{status}");
    }
}

#[test]
fn a_cdn_that_can_only_speak_http_to_a_cluster_that_wants_https_loops() {
    let clear = ", {name: https, port: 443, targetPort: https, nodePort: 30443}";
    let yaml = cluster::shop().replace(clear, "");
    assert_eq!(ask(&yaml, SHOP).dns("shop.example.com=104.16.1.1").codes(), ["CDN-HIDDEN", "CDN-FLEX-LOOP"]);
    let trusting = cluster::of(&[&yaml, &cluster::options("use-forwarded-headers: 'true'")]);
    assert_eq!(ask(&trusting, SHOP).dns("shop.example.com=104.16.1.1").codes(), ["CDN-HIDDEN"]);
}

fn zone(records: &str) -> String {
    format!(
        "apiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata: {{name: zone, namespace: dns}}\nspec: {{endpoints: [{records}]}}\n"
    )
}

#[test]
fn objects_that_ask_for_records_answer_as_dns_would() {
    let record = |name: &str, kind: &str, target: &str| {
        format!("{{dnsName: '{name}', recordType: {kind}, targets: ['{target}']}}")
    };
    let text = "heritage=external-dns,external-dns/owner=x,external-dns/resource=ingress/old/shop";
    for (records, wanted) in [
        (record("Shop.example.com.", "A", "203.0.113.20"), &[][..]),
        (record("*.example.com", "A", "203.0.113.20"), &[]),
        (record("shop.example.com", "CNAME", "a.example.com.") + ", " + &record("a.example.com", "A", "192.0.2.9"), &["DNS-WRONG-LB"]),
        (record("*.shop.example.com", "A", "203.0.113.20"), &["DNS-WILDCARD-GAP"]),
        (record("shop.example.com", "A", "203.0.113.20") + ", " + &record("shop.example.com", "TXT", text), &["DNS-EXTDNS-OWNER"]),
        (record("other.example.com", "A", "192.0.2.9"), &[]),
        ("{dnsName: shop.example.com, recordType: A, targets: [203.0.113.20], providerSpecific: [{name: external-dns.alpha.kubernetes.io/cloudflare-proxied, value: 'true'}]}".to_owned(), &["CDN-HIDDEN"]),
    ] {
        ask(&cluster::of(&[&cluster::shop(), &zone(&records)]), SHOP).check(|_, entrance| {
            assert_eq!(codes(&entrance), wanted, "{records}");
        });
    }
}

#[test]
fn behind_a_router_addresses_differ_and_prove_nothing() {
    let yaml = cluster::shop_with("", "", "{ip: 192.168.1.240}", &[]);
    for (dns, wanted) in [("198.51.100.7", &[][..]), ("192.168.1.9", &["DNS-WRONG-LB", "DNS-PRIVATE"])] {
        assert_eq!(ask(&yaml, SHOP).dns(&format!("shop.example.com={dns}")).codes(), wanted, "{dns}");
    }
}

#[test]
fn a_redirect_to_a_host_that_nobody_speaks_for_leaves_the_cluster() {
    for (url, wanted) in [("https://login.example.org/", true), (SHOP, false)] {
        ask(&cluster::shop(), url).check(|world, entrance| {
            let trace = Trace {
                request: Request::get(url).unwrap(),
                verdict: Verdict::Ok,
                outcome: Outcome::Respond { status: 404, by: String::new() },
                hops: entrance.hops,
                side: Vec::new(),
                tls: None,
                then: None,
                reads: world.take_reads(),
            };
            assert_eq!(is_elsewhere(&trace), wanted, "{url}");
        });
    }
}

#[test]
fn a_way_that_is_not_known_is_no_mere_warning() {
    let elsewhere = ask(&cluster::shop(), "https://login.example.org/").dns("login.example.org=192.0.2.9");
    elsewhere.check(|_, entrance| {
        assert!(matches!(entrance.door, Door::Closed(Outcome::Unknown(_))));
        assert_eq!(of_hops(&entrance.hops), Verdict::Unknown);
    });
    let nothing = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    ask(nothing, SHOP).check(|_, entrance| {
        assert!(matches!(entrance.door, Door::Closed(Outcome::Unknown(_))));
        assert_eq!(of_hops(&entrance.hops), Verdict::Unknown);
    });
}
