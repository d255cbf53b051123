//! Faults of the way into the cluster and of the controller behind it.

use super::cluster::{self, INGRESS, NGINX, NODE, NODE2};
use super::{ask, codes, hop};
use crate::view::trace::entrance::ending;
use crate::view::trace::fault::Severity;
use crate::view::trace::hop::HopKind;

const SHOP: &str = "https://shop.example.com/";
const ANSWER: &str = "shop.example.com=203.0.113.20";
const IP: &str = "{ip: 203.0.113.20, ipMode: VIP}";
const DO_PROXY: &str = ", annotations: {service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol: 'true'}";

#[test]
fn a_load_balancer_without_an_address_is_pending_once_time_has_passed() {
    let pending = cluster::shop_with("", "", "", &[]).replace("ingress: []", "");
    assert_eq!(ask(&pending, SHOP).codes(), ["LB-PENDING"]);
    assert!(ask(&pending, SHOP).files(None).codes().is_empty());
    let dumped = cluster::shop_with(", uid: u-1, resourceVersion: '7'", "", "", &[]).replace("ingress: []", "");
    assert_eq!(ask(&dumped, SHOP).files(None).codes(), ["LB-PENDING"], "a dump says all that there is");
    let young = pending.replace(
        "name: nginx, namespace: edge, creationTimestamp: '2026-01-01T00:00:00Z'}\nspec:\n  type",
        "name: nginx, namespace: edge, creationTimestamp: '2026-11-20T10:41:30Z'}\nspec:\n  type",
    );
    assert!(ask(&young, SHOP).codes().is_empty());
    let classy = cluster::shop_with("", "loadBalancerClass: metallb.io/x", "", &[]).replace("ingress: []", "");
    assert_eq!(ask(&classy, SHOP).codes(), ["LB-CLASS-ORPHAN"]);
    let event = "
apiVersion: v1
kind: Event
metadata: {name: e, namespace: edge}
type: Warning
reason: SyncLoadBalancerFailed
message: no quota
involvedObject: {apiVersion: v1, kind: Service, namespace: edge, name: nginx}
";
    assert_eq!(ask(&cluster::of(&[&pending, event]), SHOP).files(None).codes(), ["LB-PENDING"]);
    ask(&cluster::of(&[&pending, event]), SHOP).check(|_, entrance| {
        let hop = hop(&entrance, HopKind::LoadBalancer).unwrap();
        assert!(hop.findings[0].message().contains("SyncLoadBalancerFailed: no quota"));
        assert_eq!(ending(hop).unwrap().name(), "timeout");
    });
}

#[test]
fn ports_that_are_refused_absent_or_lead_to_nothing_are_told() {
    let refused = "{ip: 203.0.113.20, ports: [{port: 443, protocol: TCP, error: 'in use'}]}";
    for (yaml, url, wanted) in [
        (cluster::shop_with("", "", refused, &[]), SHOP, &["LB-PORT-ERROR"][..]),
        (cluster::shop_with("", "", refused, &[]), "http://shop.example.com/", &[]),
        (cluster::shop(), "https://shop.example.com:8443/", &["LB-PORT-ABSENT"]),
        (cluster::shop().replace("targetPort: https", "targetPort: tls"), SHOP, &["LB-TARGETPORT"]),
        (cluster::shop().replace("targetPort: https", "targetPort: tls"), "http://shop.example.com/", &[]),
    ] {
        ask(&yaml, url).dns(ANSWER).check(|_, entrance| {
            assert_eq!(codes(&entrance), wanted, "{url}");
            let hop = hop(&entrance, HopKind::LoadBalancer).unwrap();
            assert_eq!(ending(hop).map(|outcome| outcome.name()), wanted.first().map(|_| "refused"));
        });
    }
}

#[test]
fn source_ranges_keep_clients_out() {
    let yaml = cluster::shop_with("", "loadBalancerSourceRanges: [198.51.100.0/24]", IP, &[]);
    for (client, wanted) in
        [("198.51.100.7", &[][..]), ("192.0.2.1", &["LB-SOURCE-RANGES"]), ("", &["LB-SOURCE-RANGES"])]
    {
        let mut ask = ask(&yaml, SHOP).dns(ANSWER);
        ask.request.client = client.parse().ok();
        assert_eq!(ask.codes(), wanted, "{client}");
    }
    assert_eq!(ask(&yaml, SHOP).dns("shop.example.com=104.16.1.1").codes(), ["CDN-HIDDEN", "LB-SOURCE-RANGES"]);
    assert!(
        ask(&cluster::shop_with("", "loadBalancerSourceRanges: [0.0.0.0/0]", IP, &[]), SHOP)
            .dns(ANSWER)
            .codes()
            .is_empty()
    );
}

#[test]
fn traffic_that_stays_on_its_node_needs_a_pod_there() {
    let local = |more: &[&str]| cluster::shop_with("", "externalTrafficPolicy: Local", IP, more);
    assert!(ask(&local(&[]), SHOP).dns(ANSWER).codes().is_empty());
    ask(&local(&[NODE2]), SHOP).dns(ANSWER).check(|_, entrance| {
        assert_eq!(codes(&entrance), ["LB-LOCAL-NO-EP"]);
        let finding = &hop(&entrance, HopKind::LoadBalancer).unwrap().findings[0];
        assert_eq!(finding.severity, Severity::Warn);
        assert!(finding.message().starts_with("1 of 2 nodes"));
    });
    let nobody = local(&[]).replace(
        "{type: Ready, status: 'True'}]}\n\n---\n\napiVersion: v1\nkind: Service",
        "{type: Ready, status: 'False'}]}\n\n---\n\napiVersion: v1\nkind: Service",
    );
    ask(&nobody, SHOP).dns(ANSWER).check(|_, entrance| {
        assert_eq!(codes(&entrance), ["LB-NO-ENDPOINT", "LB-LOCAL-NO-EP"]);
        let hop = hop(&entrance, HopKind::LoadBalancer).unwrap();
        assert!(hop.findings.iter().all(|finding| finding.severity == Severity::Broken));
    });
}

#[test]
fn a_controller_without_pods_takes_nothing() {
    let yaml = cluster::of(&[NODE, NGINX, &cluster::balancer("", "", IP), INGRESS]);
    assert_eq!(ask(&yaml, SHOP).dns(ANSWER).codes(), ["LB-NO-ENDPOINT"]);
    assert!(ask(&yaml, SHOP).dns(ANSWER).files(None).codes().is_empty());
}

#[test]
fn both_ends_must_agree_on_the_proxy_protocol() {
    let on = cluster::options("use-proxy-protocol: 'true'");
    let off = cluster::options("use-gzip: 'true'");
    for (metadata, options, wanted) in [
        (DO_PROXY, Some(&on), &[][..]),
        ("", Some(&on), &["LB-PROXY-MISSING"]),
        (DO_PROXY, Some(&off), &["LB-PROXY-EXTRA"]),
        (DO_PROXY, None, &["LB-PROXY-EXTRA"]),
        ("", Some(&off), &[]),
        ("", None, &[]),
    ] {
        let more: Vec<&str> = options.into_iter().map(String::as_str).collect();
        let yaml = cluster::shop_with(metadata, "", IP, &more);
        assert_eq!(ask(&yaml, SHOP).dns(ANSWER).codes(), wanted, "{metadata} {options:?}");
    }
    let unread = cluster::shop_with(DO_PROXY, "", IP, &[]);
    assert_eq!(ask(&unread, SHOP).dns(ANSWER).files(None).codes(), ["LB-PROXY-UNKNOWN"]);
}

#[test]
fn callers_in_the_cluster_go_past_a_load_balancer_that_adds_the_proxy_header() {
    let on = cluster::options("use-proxy-protocol: 'true'");
    let yaml = |status: &str| cluster::shop_with(DO_PROXY, "", status, &[&on]);
    assert_eq!(ask(&yaml(IP), SHOP).dns(ANSWER).within("shop").codes(), ["LB-HAIRPIN"]);
    for status in ["{ip: 203.0.113.20, ipMode: Proxy}", "{hostname: lb.example.com}"] {
        let dns = format!("{ANSWER} lb.example.com=203.0.113.20");
        assert!(ask(&yaml(status), SHOP).dns(&dns).within("shop").codes().is_empty(), "{status}");
    }
}

#[test]
fn tls_that_ends_at_the_load_balancer_is_told() {
    for (annotation, url, wanted) in [
        ("aws-load-balancer-ssl-cert: arn", SHOP, &["LB-FWD-CERT"][..]),
        ("aws-load-balancer-ssl-cert: arn", "http://shop.example.com/", &[]),
        ("do-loadbalancer-protocol: https", SHOP, &["LB-FWD-CERT"]),
        ("do-loadbalancer-protocol: tcp", SHOP, &[]),
    ] {
        let metadata = format!(", annotations: {{service.beta.kubernetes.io/{annotation}}}");
        let yaml = cluster::shop_with(&metadata, "", IP, &[]);
        assert_eq!(ask(&yaml, url).dns(ANSWER).codes(), wanted, "{annotation} {url}");
    }
}

#[test]
fn several_ways_in_are_named_where_dns_does_not_choose() {
    let other = cluster::balancer("", "", "{ip: 203.0.113.9}")
        .replace("name: nginx, namespace: edge", "name: second, namespace: edge");
    let yaml = cluster::of(&[&cluster::shop(), &other]);
    assert_eq!(ask(&yaml, SHOP).codes(), ["LB-SEVERAL"]);
    assert!(ask(&yaml, SHOP).dns(ANSWER).codes().is_empty());
}

#[test]
fn what_is_known_against_the_controller_itself_is_told() {
    ask(&cluster::shop(), SHOP).dns(ANSWER).check(|_, entrance| {
        let hop = hop(&entrance, HopKind::Controller).unwrap();
        assert_eq!((hop.findings[0].code(), hop.findings[0].severity), ("CTL-RETIRED", Severity::Info));
    });
    let reload = |kind: &str| {
        format!(
            "apiVersion: v1\nkind: Event\nmetadata: {{name: e, namespace: edge}}\ntype: {kind}\nreason: RELOAD\nmessage: nginx -t failed\nlastTimestamp: '2026-11-20T10:00:00Z'\ninvolvedObject: {{apiVersion: v1, kind: Pod, namespace: edge, name: nginx-1}}\n"
        )
    };
    let with = |more: &str| cluster::of(&[&cluster::shop(), more]);
    assert_eq!(ask(&with(&reload("Warning")), SHOP).dns(ANSWER).codes(), ["CTL-RELOAD-STALE"]);
    assert!(ask(&with(&reload("Normal")), SHOP).dns(ANSWER).codes().is_empty());
    let class = |name: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {name}, annotations: {{ingressclass.kubernetes.io/is-default-class: 'true'}}}}\nspec: {{controller: a/b}}\n"
        )
    };
    assert!(ask(&with(&class("a")), SHOP).dns(ANSWER).codes().is_empty());
    let two = cluster::of(&[&class("a"), &class("b")]);
    assert_eq!(ask(&with(&two), SHOP).dns(ANSWER).codes(), ["CTL-TWO-DEFAULTS"]);
}

#[test]
fn an_admission_webhook_without_pods_is_told() {
    let hook = "
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: admission}
webhooks:
- name: v
  clientConfig: {caBundle: c29tZQ==, service: {namespace: edge, name: hook}}
  rules: [{apiGroups: [networking.k8s.io], apiVersions: [v1], operations: [CREATE], resources: [ingresses]}]
";
    let service = |selector: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: hook, namespace: edge}}\nspec: {{selector: {selector}, ports: [{{port: 443}}]}}\n"
        )
    };
    for (service, wanted) in [
        (service("{app: nginx}"), &[][..]),
        (service("{app: other}"), &["CTL-WEBHOOK-DOWN"]),
        (String::new(), &["CTL-WEBHOOK-DOWN"]),
    ] {
        let yaml = cluster::of(&[&cluster::shop(), hook, &service]);
        assert_eq!(ask(&yaml, SHOP).dns(ANSWER).codes(), wanted, "{service}");
    }
}
