//! Where HAProxy, GKE, ALB and controllers that nobody knows differ: a case for each cell that is known of them.

use super::*;
use crate::view::trace::plan::{LegEnd, TlsEnd};

const TECH: &str = "haproxy.org/ingress-controller/haproxy";
const HAPROXY: &str = "haproxy-ingress.github.io/controller";

/// The start of what becomes of a request to a.example: the Service, or the answer.
fn start(name: &str, paths: &[&str], asked: &str) -> String {
    let yaml = ingress("web", 1, "", "a.example", paths, "");
    by(name, &yaml, &format!("http://a.example{asked}"))
}

fn by(name: &str, yaml: &str, url: &str) -> String {
    let yaml = format!("{CLASS}{}", classed(Flavour::of_controller(name), yaml));
    fixture::world(&yaml.replace("k8s.io/ingress-nginx", name), |world| {
        let own = Controller { name: Arc::from(name), ..controller(Flavour::of_controller(name)) };
        match decide(world, &own, &get(url)).action {
            Action::Forward(arms) => match &arms[0].target {
                ArmTarget::Service { name, .. } => name.to_string(),
                ArmTarget::Nowhere => "nowhere".to_owned(),
            },
            Action::End(Outcome::Redirect { status, location }) => format!("{status} {location}"),
            Action::End(Outcome::Respond { status, by }) => format!("{status} {by}"),
            other => format!("{other:?}"),
        }
    })
}

#[test]
fn paths_are_matched_as_each_controller_does() {
    let (gce, alb, other) = ("k8s.io/ingress-gce", "ingress.k8s.aws/alb", "example.com/unknown");
    for name in [TECH, HAPROXY, gce, alb, other] {
        // Prefix goes by elements, and a slash at its end says nothing.
        assert_eq!(start(name, &["Prefix /foo a"], "/foo/x"), "a", "{name}");
        assert_eq!(start(name, &["Prefix /foo/ a"], "/foo"), "a", "{name}");
        assert!(start(name, &["Prefix /foo a"], "/foobar").starts_with("404"), "{name}");
        assert!(start(name, &["Exact /foo a"], "/foo/").starts_with("404"), "{name}");
        assert_eq!(start(name, &["Prefix /foo a", "Prefix /foo/bar b"], "/foo/bar/x"), "b", "{name}");
        assert_eq!(start(name, &["Prefix /foo a", "Exact /foo b"], "/foo"), "b", "{name}");
    }
    // ImplementationSpecific.
    for (name, rule, asked, takes) in [
        (TECH, "/foo", "/foobar", true),
        (TECH, "/foo/", "/foo", true),
        (TECH, "/foo", "/FOO", false),
        (HAPROXY, "/foo", "/FOObar", true),
        (gce, "/foo", "/foo/x", false),
        (gce, "/foo/*", "/foo/x", true),
        (alb, "/foo", "/foo/x", false),
        (alb, "/f?o*", "/fooooo", true),
        (other, "/foo", "/foo/x", true),
        (other, "/foo", "/foobar", false),
    ] {
        let found = start(name, &[&format!("ImplementationSpecific {rule} a")], asked);
        assert_eq!(found == "a", takes, "{name} {rule} {asked}: {found}");
    }
}

#[test]
fn rules_are_asked_in_the_order_of_each_controller() {
    let paths = ["ImplementationSpecific /foo/bar a", "Prefix /foo b"];
    // By type at the HAProxy Ingress, by length at haproxytech's.
    assert_eq!(start(HAPROXY, &paths, "/foo/bar/x"), "b");
    assert_eq!(start(TECH, &paths, "/foo/bar/x"), "a");
    assert_eq!(start(TECH, &["Prefix /foo a", "ImplementationSpecific /foo/b b"], "/foo"), "a");
    // An ALB has one list, in which a rule for every host may come first.
    let both = ingress("web", 1, "", "a.example", &["Prefix / own"], "");
    let rule = "  rules:\n  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: any, port: {number: 80}}}}]}\n";
    let both = both.replace("  rules:\n", rule);
    assert_eq!(by("ingress.k8s.aws/alb", &both, "http://a.example/"), "any");
    assert_eq!(by("example.com/unknown", &both, "http://a.example/"), "own");
}

#[test]
fn plain_requests_are_sent_to_https_as_each_controller_does() {
    let tls = "  tls: [{hosts: [a.example], secretName: a}]\n";
    let says = |name: &str, annotations: &str, tls: &str| {
        by(name, &ingress("web", 1, annotations, "a.example", &["Prefix / web"], tls), "http://a.example/x?y=1")
    };
    for name in [TECH, HAPROXY] {
        assert_eq!(says(name, "", tls), "302 https://a.example/x?y=1");
        assert_eq!(says(name, "", ""), "web");
    }
    assert_eq!(says(TECH, "haproxy.org/ssl-redirect: 'false'", tls), "web");
    assert_eq!(says(TECH, "haproxy.org/ssl-redirect-code: '301'", tls), "301 https://a.example/x?y=1");
    assert_eq!(says(HAPROXY, "haproxy.org/ssl-redirect: 'false'", tls), "302 https://a.example/x?y=1");
    let alb = "ingress.k8s.aws/alb";
    assert_eq!(says(alb, "", tls), "web");
    let redirect = |port: u16| {
        let ports = format!("'[{{\"HTTP\":80}},{{\"HTTPS\":{port}}}]'");
        let name = "alb.ingress.kubernetes.io";
        says(alb, &format!("{name}/ssl-redirect: '{port}', {name}/listen-ports: {ports}"), "")
    };
    assert_eq!(redirect(443), "301 https://a.example/x?y=1");
    assert_eq!(redirect(8443), "301 https://a.example:8443/x?y=1");
    assert_eq!(says("k8s.io/ingress-gce", "", tls), "web");
}

#[test]
fn another_host_header_is_followed_where_it_can_be_read() {
    let seen = |name: &str, annotations: &str| {
        let yaml = ingress("web", 1, annotations, "a.example", &["Prefix / web"], "");
        let yaml = format!("{CLASS}{}", classed(Flavour::of_controller(name), &yaml));
        fixture::world(&yaml.replace("k8s.io/ingress-nginx", name), |world| {
            let own = Controller { name: Arc::from(name), ..controller(Flavour::of_controller(name)) };
            match decide(world, &own, &get("http://a.example/")).action {
                Action::Forward(arms) => arms[0].host.clone(),
                other => format!("{other:?}"),
            }
        })
    };
    assert_eq!(seen(TECH, "haproxy.org/set-host: b.example"), "b.example");
    assert_eq!(seen(TECH, "haproxy.com/set-host: b.example"), "b.example");
    assert_eq!(seen(TECH, "haproxy.org/set-host: '%[path]'"), "a.example");
    assert_eq!(seen(HAPROXY, "haproxy.org/set-host: b.example"), "a.example");
}

#[test]
fn what_a_missing_backend_is_answered_with_is_claimed_only_where_it_is_known() {
    for (flavour, service, endpoints) in [
        (Flavour::Haproxy, Some(404), Some(503)),
        (Flavour::Gce, None, None),
        (Flavour::Alb, Some(503), None),
        (Flavour::Spec, None, None),
    ] {
        assert_eq!(LegEnd::NoService.answer(flavour), service, "{flavour:?}");
        assert_eq!(LegEnd::NoEndpoints.answer(flavour), endpoints, "{flavour:?}");
    }
}

#[test]
fn haproxys_leave_out_a_path_whose_service_or_port_is_missing() {
    let service = |name: &str, port: u16| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{selector: {{app: {name}}}, ports: [{{port: {port}}}]}}\n"
        )
    };
    let (web, odd) = (service("web", 80), service("api", 8080));
    let paths = ["Prefix / web", "Prefix /api api"];
    for name in [TECH, HAPROXY] {
        for there in [web.clone(), format!("{web}{odd}")] {
            let yaml = format!("{}{there}", ingress("web", 1, "", "a.example", &paths, ""));
            assert_eq!(by(name, &yaml, "http://a.example/api/x"), "web", "{name}");
        }
        let yaml = format!("{}{web}{}", ingress("web", 1, "", "a.example", &paths, ""), service("api", 80));
        assert_eq!(by(name, &yaml, "http://a.example/api/x"), "api", "{name}");
        // Nothing else takes it: the one that is left out is told.
        let yaml = format!("{}{web}", ingress("web", 1, "", "a.example", &["Prefix /api api"], ""));
        assert_eq!(by(name, &yaml, "http://a.example/api/x"), "api", "{name}");
        let default = "  defaultBackend: {service: {name: web, port: {number: 80}}}\n";
        let yaml = format!("{}{web}", ingress("web", 1, "", "a.example", &["Prefix /api api"], default));
        assert_eq!(by(name, &yaml, "http://a.example/api/x"), "web", "{name}");
    }
    // Others keep the path.
    let yaml = format!("{}{web}", ingress("web", 1, "", "a.example", &paths, ""));
    assert_eq!(by("example.com/unknown", &yaml, "http://a.example/api/x"), "api");
}

#[test]
fn certificates_of_clouds_are_not_looked_for_in_secrets() {
    let tls = "  tls: [{hosts: [a.example], secretName: a}]\n";
    for (flavour, annotations, is_cloud) in [
        (Flavour::Alb, "alb.ingress.kubernetes.io/certificate-arn: arn", true),
        (Flavour::Gce, "", false),
        (Flavour::Gce, "networking.gke.io/managed-certificates: a", true),
        (Flavour::Haproxy, "", false),
        (Flavour::Spec, "", false),
    ] {
        let yaml = ingress("web", 1, annotations, "a.example", &["Prefix / web"], tls);
        let end = fixture::world(&format!("{CLASS}{}", classed(flavour, &yaml)), |world| {
            decide(world, &controller(flavour), &get("https://a.example/")).tls.unwrap().end
        });
        assert_eq!(end == TlsEnd::LoadBalancer(None), is_cloud, "{flavour:?} {annotations}");
    }
}

#[test]
fn haproxytech_takes_what_has_no_class_unless_it_was_told_one() {
    let yaml = ingress("web", 1, "", "a.example", &["Prefix / web"], "").replace("  ingressClassName: nginx\n", "");
    for (name, flags, takes) in [
        (TECH, &[][..], true),
        (TECH, &["--ingress.class=haproxy"], false),
        (TECH, &["--ingress.class=haproxy", "--empty-ingress-class"], true),
        (HAPROXY, &[], false),
        (HAPROXY, &["--watch-ingress-without-class"], true),
    ] {
        let flags = Some(flags.iter().map(|flag| Arc::from(*flag)).collect());
        let own = Controller { name: Arc::from(name), flags, ..controller(Flavour::Haproxy) };
        let found = fixture::world(&format!("{CLASS}{yaml}"), |world| {
            matches!(decide(world, &own, &get("http://a.example/")).action, Action::Forward(_))
        });
        assert_eq!(found, takes, "{name} {:?}", own.flags);
    }
}

/// Which Ingresses GKE takes, by annotation and field.
#[test]
fn gke_goes_by_the_annotation_and_leaves_what_names_a_class_in_the_field_only() {
    let gke = "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: gce}\nspec: {controller: k8s.io/ingress-gce}\n";
    for (annotation, field, takes, code) in [
        ("", "", true, ""),
        ("gce", "", true, ""),
        ("gce-internal", "", true, ""),
        ("gce-regional-external", "nginx", true, ""),
        ("gce-multi-cluster", "", false, "CTL-CLASS-ANNOT"),
        ("", "gce", false, "CTL-CLASS-FIELD"),
        ("", "missing", false, "CTL-CLASS-FIELD"),
        // nginx serves it.
        ("", "nginx", false, "CTL-CLASS-FOREIGN"),
    ] {
        let note =
            if annotation.is_empty() { String::new() } else { format!("kubernetes.io/ingress.class: {annotation}") };
        let class = if field.is_empty() { String::new() } else { format!("  ingressClassName: {field}\n") };
        let yaml =
            ingress("web", 1, &note, "a.example", &["Prefix / web"], "").replace("  ingressClassName: nginx\n", &class);
        fixture::world(&format!("{CLASS}{gke}{yaml}"), |world| {
            let own = Controller { name: Arc::from("k8s.io/ingress-gce"), ..controller(Flavour::Gce) };
            let decision = decide(world, &own, &get("http://a.example/"));
            assert_eq!(matches!(decision.action, Action::Forward(_)), takes, "{annotation} {field}");
            let first = decision.hops.iter().flat_map(|hop| &hop.findings).map(Finding::code).next();
            assert_eq!(first.unwrap_or(""), code, "{annotation} {field}");
        });
    }
}
