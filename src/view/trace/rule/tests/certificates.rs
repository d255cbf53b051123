//! Which Secret of an Ingress is named for a host, and which ones are only tried.

use super::*;
use crate::kinds::CONFIG_MAP;
use crate::view::trace::fault::Severity;
use crate::view::trace::plan::{Fallback, TlsPlan};

fn planned(flavour: Flavour, yaml: &str, url: &str) -> TlsPlan {
    fixture::world(&format!("{CLASS}{yaml}"), |world| decide(world, &controller(flavour), &get(url)).tls.unwrap())
}

fn names(secrets: &[(Arc<str>, Arc<str>)]) -> Vec<&str> {
    secrets.iter().map(|(_, name)| &**name).collect()
}

fn codes(plan: &TlsPlan) -> Vec<&'static str> {
    plan.findings.iter().map(Finding::code).collect()
}

fn web(tls: &str) -> String {
    ingress("web", 1, "", "a.example", &["Prefix / web"], tls)
}

#[test]
fn an_entry_without_hosts_is_for_every_host() {
    let plan =
        planned(Flavour::Nginx, &web("  tls: [{hosts: [b.example], secretName: b}, {secretName: all}]\n"), HTTPS);
    assert_eq!((names(&plan.secrets), names(&plan.tried), codes(&plan)), (vec!["all"], vec!["b"], vec![]));
    assert_eq!(plan.field, ".spec.tls[1].secretName");
}

#[test]
fn secrets_of_other_hosts_are_tried() {
    let yaml = web("  tls: [{hosts: [b.example], secretName: b}]\n")
        + &ingress("far", 2, "", "c.example", &["Prefix / web"], "  tls: [{hosts: [c.example], secretName: c}]\n");
    let plan = planned(Flavour::Nginx, &yaml, HTTPS);
    assert_eq!((names(&plan.secrets), names(&plan.tried)), (vec![], vec!["b"]));
    assert_eq!(codes(&plan), ["TL-HOST-NOT-IN-TLS"]);
    assert!(plan.findings[0].fix().pop().unwrap().contains("/spec/tls/0/hosts/-"));
    // Traefik has one store for all.
    assert_eq!(names(&planned(Flavour::Traefik, &yaml, HTTPS).tried), ["b", "c"]);
}

#[test]
fn an_entry_without_a_secret_leaves_the_default_certificate() {
    let entry = "  tls: [{hosts: [a.example]}]\n";
    let plan = planned(Flavour::Nginx, &web(entry), HTTPS);
    assert_eq!(codes(&plan), ["TL-NONE"]);
    assert!(
        plan.findings[0].fix().iter().any(|line| line.contains(r#""path":"/spec/tls/0/secretName","value":"a-tls""#))
    );
    assert!(plan.findings[0].message().contains("entry 0 of Ingress shop/web names none"));
    // Traefik gets it from an ACME server where it was told to.
    let issued = "traefik.ingress.kubernetes.io/router.tls.certresolver: le";
    for tls in [entry, "  tls: [{hosts: [b.example]}]\n", ""] {
        let plan = planned(Flavour::Traefik, &ingress("web", 1, issued, "a.example", &["Prefix / web"], tls), HTTPS);
        assert_eq!((codes(&plan), plan.fallback), (vec![], Fallback::Unknown), "{tls}");
    }
}

#[test]
fn an_entry_is_added_beside_the_others() {
    let fix = |plan: &TlsPlan| plan.findings[0].fix().into_iter().find(|line| line.contains("patch")).unwrap();
    let none = planned(Flavour::Nginx, &web(""), HTTPS);
    assert!(
        fix(&none).ends_with(
            r#"-p '[{"op":"add","path":"/spec/tls","value":[{"hosts":["a.example"],"secretName":"a-tls"}]}]'"#
        )
    );
    let hostless =
        planned(Flavour::Nginx, &web("  tls: [{secretName: all}]\n").replace("host: 'a.example'", "x: y"), HTTPS);
    assert_eq!((names(&hostless.secrets), codes(&hostless)), (vec![], vec!["TL-NONE"]));
    assert!(hostless.findings[0].fix().iter().all(|line| !line.contains("patch")));
}

#[test]
fn nginx_refuses_handshakes_of_strangers_only() {
    let config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: i}\ndata: {ssl-reject-handshake: 'true'}\n";
    fixture::world(&format!("{CLASS}{}{config}", web("")), |world| {
        let record = world.of(CONFIG_MAP).next().unwrap();
        let controller =
            Controller { settings: Settings::Known(Some(Arc::clone(record))), ..controller(Flavour::Nginx) };
        let plan = |url: &str| decide(world, &controller, &get(url)).tls.unwrap();
        assert!(matches!(plan(HTTPS).fallback, Fallback::Own(..)));
        let is_told = |finding: &Finding| (finding.code(), finding.severity) == ("TL-NONE", Severity::Broken);
        let strange = plan("https://b.example/").fallback;
        assert!(matches!(&strange, Fallback::Refuse(finding) if is_told(finding)), "{strange:?}");
    });
}

const HTTPS: &str = "https://a.example/";
