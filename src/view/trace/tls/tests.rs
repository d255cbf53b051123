//! Which certificate is served, and what is told of it; every fault has a case of its own in `tests/trace`.

#![allow(clippy::unwrap_used)]

use crate::kinds::{Catalog, INGRESS, ObjectRef, SECRET};
use crate::manifests::{read, records, shift};
use crate::model::{Change, Cluster, Scope, Select, Sync};
use crate::view::trace::fault::{Finding, Severity, tl};
use crate::view::trace::fixture;
use crate::view::trace::hop::{Confidence, Hop, Status};
use crate::view::trace::outcome::{Served, ServedBy};
use crate::view::trace::plan::{Fallback, TlsEnd, TlsPlan};
use crate::view::trace::tls;
use crate::view::trace::world::{Answers, Handshake, Probes, World};
use crate::wire::Timestamp;
use std::path::Path;
use std::sync::Arc;

const INGRESS_YAML: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, creationTimestamp: '2026-02-01T00:00:00Z', annotations: {cert-manager.io/cluster-issuer: le}}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules: [{host: shop.example.com}]
";

/// A Secret of the TLS type; its certificate is minted by these annotations.
fn secret(name: &str, annotations: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: shop, annotations: {{{annotations}}}}}\ntype: kubernetes.io/tls\n"
    )
}

fn good(name: &str, host: &str) -> String {
    secret(name, &format!("kplumb.dev/tls-names: '{host}', kplumb.dev/tls-not-after: 80d"))
}

/// What the stage before hands over for an Ingress that names these Secrets.
fn plan(secrets: &[&str]) -> TlsPlan {
    TlsPlan {
        name: "shop.example.com".to_owned(),
        rule_host: None,
        owner: Some(ObjectRef::new(INGRESS, "shop", "web")),
        field: ".spec.tls[0].secretName".to_owned(),
        secrets: secrets.iter().map(|name| (Arc::from("shop"), Arc::from(*name))).collect(),
        tried: Vec::new(),
        end: TlsEnd::Controller,
        fallback: Fallback::Own("CN=Fake", &["ingress.local"]),
        findings: Vec::new(),
    }
}

fn codes(hop: &Hop) -> Vec<(&'static str, Severity)> {
    hop.findings.iter().map(|finding| (finding.code(), finding.severity)).collect()
}

fn served(plan: &TlsPlan, yaml: &str) -> (Hop, Option<Served>) {
    fixture::world(&format!("{INGRESS_YAML}{yaml}"), |world| tls::serve(world, plan))
}

#[test]
fn a_good_certificate_is_served_without_a_word() {
    let (hop, served) = served(&plan(&["shop-tls"]), &good("shop-tls", "shop.example.com"));
    assert_eq!((hop.status(), hop.confidence, codes(&hop)), (Status::Ok, Confidence::Proven, Vec::new()));
    assert_eq!(hop.object, Some(ObjectRef::new(SECRET, "shop", "shop-tls")));
    let served = served.unwrap();
    assert_eq!((served.by, served.subject.as_str()), (ServedBy::Secret, "CN=shop.example.com"));
    assert_eq!(served.names, ["shop.example.com"]);
    assert_eq!(served.not_after, Timestamp::parse("2027-02-08T10:42:07Z"));
}

#[test]
fn of_several_secrets_the_one_that_fits_is_served() {
    let yaml = good("a-tls", "www.example.com") + &good("b-tls", "*.example.com");
    let (hop, served) = served(&plan(&["gone-tls", "a-tls", "b-tls"]), &yaml);
    assert_eq!(codes(&hop), []);
    assert_eq!(served.unwrap().secret, Some((Arc::from("shop"), Arc::from("b-tls"))));
}

#[test]
fn a_certificate_for_the_name_alone_is_not_shown_where_the_rule_is_a_wildcard() {
    let of = |names: &str| {
        let plan = TlsPlan { rule_host: Some("*.example.com".to_owned()), ..plan(&["shop-tls"]) };
        let (hop, served) = served(&plan, &good("shop-tls", names));
        (hop.findings.first().map(Finding::message), served.unwrap().by)
    };
    assert_eq!(of("*.example.com"), (None, ServedBy::Secret));
    let (said, by) = of("shop.example.com");
    assert!(said.unwrap().contains("is for shop.example.com, not for *.example.com"));
    assert_eq!(by, ServedBy::Default);
}

#[test]
fn what_clients_are_shown_instead_depends_on_the_controller() {
    let others = good("shop-tls", "www.example.com") + &good("default-tls", "*.example.com");
    let (hop, own) = served(&plan(&["shop-tls"]), &others);
    assert_eq!((codes(&hop)[0], own.unwrap().by), (("TL-SAN", Severity::Broken), ServedBy::Default));
    let by = |fallback: Fallback| served(&TlsPlan { fallback, ..plan(&["shop-tls"]) }, &others).1.unwrap();
    let default = by(by_default("default-tls"));
    assert_eq!((default.by, default.names), (ServedBy::Default, vec!["*.example.com".to_owned()]));
    // A Gateway has nothing else to show.
    assert_eq!(by(Fallback::Reject).names, ["www.example.com"]);
}

#[test]
fn without_anything_to_show_the_handshake_fails() {
    let plan = TlsPlan { fallback: Fallback::Reject, ..plan(&["shop-tls"]) };
    let (hop, served) = served(&plan, "");
    assert_eq!(
        tls::failure(&hop, served.as_ref()).unwrap(),
        "there is no certificate for shop.example.com, so the handshake fails"
    );
    assert!(hop.findings[0].message().ends_with("the handshake fails"));
}

#[test]
fn a_default_certificate_that_is_good_for_the_name_is_enough() {
    let none = || Finding::of(&tl::TL_NONE).word("host", "shop.example.com").word("hint", "").word("consequence", "no");
    let with = |fallback: Fallback| TlsPlan { fallback, findings: vec![none()], ..plan(&[]) };
    let (hop, _) = served(&with(Fallback::Own("CN=Fake", &[])), "");
    assert_eq!(codes(&hop), [("TL-NONE", Severity::Warn)]);
    let (hop, _) = served(&with(by_default("default-tls")), &good("default-tls", "*.example.com"));
    assert_eq!(codes(&hop), [("TL-NONE", Severity::Info)]);
    // Where the Secret is not there the controller falls back on its own.
    let (hop, shown) = served(&with(by_default("gone-tls")), &good("default-tls", "*.example.com"));
    assert_eq!(codes(&hop), [("TL-SECRET-MISSING", Severity::Broken), ("TL-NONE", Severity::Warn)]);
    assert!(hop.findings[0].message().starts_with("the controller names Secret shop/gone-tls for shop.example.com"));
    assert_eq!(shown.map(|shown| (shown.subject, shown.secret)), Some(("CN=Fake".to_owned(), None)));
}

/// A default certificate that the controller was given, and its own.
fn by_default(secret: &str) -> Fallback {
    Fallback::Secret(Arc::from("shop"), Arc::from(secret), Box::new(Fallback::Own("CN=Fake", &[])))
}

/// A cluster of which only this is known of Secrets.
fn half_known(sync: Change, check: impl FnOnce(&World)) {
    let (mut documents, _) = read::text(Path::new("x.yaml"), INGRESS_YAML);
    shift::shift(&mut documents, fixture::NOW.parse().unwrap());
    let catalog = Catalog::builtin();
    let mut cluster = Cluster::default();
    for change in records::records(&documents, &catalog, "default").changes(&catalog) {
        if !matches!(&change, Change::Sync(scope, _) if scope.kind == SECRET) {
            cluster.apply(change);
        }
    }
    cluster.apply(sync);
    let (answers, probes) = (Answers::new(), Probes::default());
    check(&World::new(&cluster, &catalog, Timestamp::parse(fixture::NOW).unwrap(), (&answers, &probes)));
}

#[test]
fn a_secret_that_may_not_be_read_is_unknown_and_never_a_fault() {
    half_known(Change::Sync(Scope::all(SECRET), Sync::Forbidden), |world| {
        let (hop, served) = tls::serve(world, &plan(&["shop-tls"]));
        assert_eq!((hop.status(), served.unwrap().by), (Status::Unknown, ServedBy::Unknown));
        assert_eq!(hop.summary, "Secret shop/shop-tls serves shop.example.com, but you may not list secrets");
    });
    half_known(Change::Sync(Scope::all(SECRET), Sync::Closed), |world| {
        assert_eq!(tls::serve(world, &plan(&["shop-tls"])).0.status(), Status::Unknown);
        let (hop, served) = tls::serve(world, &TlsPlan { fallback: by_default("default-tls"), ..plan(&[]) });
        assert_eq!((hop.status(), served.unwrap().by), (Status::Unknown, ServedBy::Unknown));
    });
}

#[test]
fn the_watch_of_tls_secrets_or_of_one_tells_that_it_is_missing() {
    let typed = Scope { kind: SECRET, namespace: None, select: Select::Type("kubernetes.io/tls") };
    let single = Scope { kind: SECRET, namespace: Some("shop".into()), select: Select::Name("shop-tls".into()) };
    for scope in [typed, single] {
        half_known(Change::Sync(scope, Sync::Live), |world| {
            let (hop, _) = tls::serve(world, &plan(&["shop-tls"]));
            assert_eq!(codes(&hop)[0], ("TL-SECRET-MISSING", Severity::Broken));
        });
    }
}

#[test]
fn a_secret_that_no_file_holds_is_taken_to_be_good() {
    fixture::files(INGRESS_YAML, |world| {
        let (hop, served) = tls::serve(world, &plan(&["shop-tls"]));
        assert_eq!((hop.status(), hop.confidence), (Status::Ok, Confidence::Inferred));
        assert_eq!(served.unwrap().by, ServedBy::Secret);
    });
    let by_hand = INGRESS_YAML.replace("cert-manager.io/cluster-issuer: le", "a: b");
    fixture::files(&format!("{by_hand}{}", good("other-tls", "a.example.com")), |world| {
        assert_eq!(codes(&tls::serve(world, &plan(&["shop-tls"])).0), [("TL-SECRET-MISSING", Severity::Broken)]);
    });
}

#[test]
fn what_ends_before_the_cluster_or_in_the_pods_is_told_by_a_probe_only() {
    let seen =
        Handshake { subject: "CN=edge".to_owned(), names: vec!["shop.example.com".to_owned()], ..Handshake::default() };
    let (cluster, catalog, answers) = (Cluster::default(), Catalog::builtin(), Answers::new());
    let mut probes = Probes::default();
    for (is_probed, confidence, subject) in [(false, Confidence::NeedsProbe, ""), (true, Confidence::Proven, "CN=edge")]
    {
        if is_probed {
            probes.tls.insert("shop.example.com:443".to_owned(), seen.clone());
        }
        let world = World::new(&cluster, &catalog, Timestamp::parse(fixture::NOW).unwrap(), (&answers, &probes));
        let (hop, served) = tls::serve(&world, &tls::in_pods("shop.example.com"));
        let served = served.unwrap();
        assert_eq!((hop.confidence, served.by, served.subject.as_str()), (confidence, ServedBy::Passthrough, subject));
        let at_balancer = TlsPlan { end: TlsEnd::LoadBalancer(None), ..tls::in_pods("shop.example.com") };
        assert_eq!(codes(&tls::serve(&world, &at_balancer).0), [("TL-CDN-OFF", Severity::Info)]);
    }
}

/// A Certificate for the Secret, with this status.
fn certificate(status: &str) -> String {
    format!(
        "---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: shop-tls, namespace: shop, uid: c1}}\nspec: {{secretName: shop-tls, dnsNames: [shop.example.com], issuerRef: {{kind: ClusterIssuer, name: le}}}}\nstatus: {status}\n"
    )
}

const READY: &str = "conditions: [{type: Ready, status: 'True', reason: Ready}]";

#[test]
fn a_short_life_with_its_renewal_ahead_is_no_end() {
    let short = secret(
        "shop-tls",
        "kplumb.dev/tls-names: shop.example.com, kplumb.dev/tls-not-before: -4d, kplumb.dev/tls-not-after: 3d",
    );
    let issuer = format!(
        "---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {{name: le}}\nspec: {{acme: {{server: https://acme.example}}}}\nstatus: {{{READY}}}\n"
    );
    let ahead = certificate(&format!("{{renewalTime: '2026-11-21T10:00:00Z', {READY}}}")) + &issuer;
    assert_eq!(codes(&served(&plan(&["shop-tls"]), &(short.clone() + &ahead)).0), []);
    assert_eq!(codes(&served(&plan(&["shop-tls"]), &short).0), [("TL-SOON", Severity::Warn)]);
    let past = certificate(&format!("{{renewalTime: '2026-11-19T10:00:00Z', {READY}}}")) + &issuer;
    let (hop, _) = served(&plan(&["shop-tls"]), &(short + &past));
    assert_eq!(codes(&hop), [("TL-SOON", Severity::Warn), ("CM-RENEW-STUCK", Severity::Warn)]);
}

#[test]
fn a_renewal_that_fails_is_a_risk_while_the_certificate_is_good() {
    let status = "{failedIssuanceAttempts: 1, lastFailureTime: '2026-11-20T10:00:00Z', conditions: [{type: Ready, status: 'True'}]}";
    let yaml = good("shop-tls", "shop.example.com") + &certificate(status);
    let (hop, _) = served(&plan(&["shop-tls"]), &yaml);
    assert_eq!(codes(&hop), [("CM-ISSUER-MISSING", Severity::Warn), ("CM-BACKOFF", Severity::Warn)]);
    let (hop, _) = served(&plan(&["shop-tls"]), &certificate(status));
    assert_eq!(codes(&hop)[..2], [("TL-SECRET-MISSING", Severity::Broken), ("CM-ISSUER-MISSING", Severity::Broken)]);
}

#[test]
fn a_private_authority_needs_no_chain() {
    let leaf = secret(
        "shop-tls",
        "kplumb.dev/tls-names: shop.example.com, kplumb.dev/tls-not-after: 80d, kplumb.dev/tls-chain: leaf",
    );
    assert_eq!(codes(&served(&plan(&["shop-tls"]), &leaf).0), [("TL-CHAIN", Severity::Warn)]);
    let issuer = "---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: le}\nspec: {ca: {secretName: root}}\nstatus: {conditions: [{type: Ready, status: 'True'}]}\n";
    let yaml = leaf + issuer + &certificate(&format!("{{{READY}}}"));
    assert_eq!(codes(&served(&plan(&["shop-tls"]), &yaml).0), []);
}

#[test]
fn odd_objects_are_told_without_a_panic() {
    let odd = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: shop-tls, namespace: shop}\n";
    for name in ["", ".", "shop.example.com", "*.example.com", "2001:db8::1", "bücher.example", "xn--"] {
        for secrets in [&[][..], &["shop-tls"], &["", "shop-tls"]] {
            let plan = TlsPlan { name: name.to_owned(), field: String::new(), owner: None, ..plan(secrets) };
            for yaml in ["", odd, &good("shop-tls", "a.example.com"), &certificate("{}")] {
                let (hop, _) = served(&plan, yaml);
                assert!(hop.findings.iter().all(|finding| !finding.message().contains('?')), "{:?}", hop.findings);
            }
        }
    }
}

#[test]
fn a_secret_that_is_tried_only_is_served_where_it_fits() {
    let unlisted = || Finding::of(&tl::TL_HOST_NOT_IN_TLS).word("host", "shop.example.com").word("consequence", "no");
    let tried = vec![(Arc::from("shop"), Arc::from("other-tls"))];
    let plan = TlsPlan { tried, findings: vec![unlisted()], ..plan(&[]) };
    let (hop, shown) = served(&plan, &good("other-tls", "*.example.com"));
    assert_eq!(codes(&hop), [("TL-HOST-NOT-IN-TLS", Severity::Info)]);
    assert!(hop.findings[0].message().ends_with("are shown Secret shop/other-tls all the same, which is good for it"));
    assert_eq!(shown.unwrap().by, ServedBy::Secret);
    // What it is named for is not the matter here.
    for yaml in [good("other-tls", "a.example.org"), String::new()] {
        let (hop, shown) = served(&plan, &yaml);
        assert_eq!(codes(&hop), [("TL-HOST-NOT-IN-TLS", Severity::Broken)]);
        assert_eq!(shown.unwrap().by, ServedBy::Default);
    }
    half_known(Change::Sync(Scope::all(SECRET), Sync::Forbidden), |world| {
        let (hop, shown) = tls::serve(world, &plan);
        assert_eq!((hop.status(), shown.unwrap().by), (Status::Unknown, ServedBy::Unknown));
        assert_eq!(codes(&hop), [("TL-HOST-NOT-IN-TLS", Severity::Warn)]);
    });
}

#[test]
fn a_certificate_among_files_is_believed_about_its_secret() {
    const MISSING: &str = "conditions: [{type: Ready, status: 'False', reason: DoesNotExist, message: gone}]";
    let broken = [("TL-SECRET-MISSING", Severity::Broken)];
    let other = good("other-tls", "a.example.com");
    for (certificate, others, expected) in [
        (certificate(&format!("{{{MISSING}}}")), "", &broken[..]),
        (certificate(&format!("{{{MISSING}}}")), other.as_str(), &broken[..]),
        (certificate(&format!("{{{READY}}}")), other.as_str(), &[][..]),
        (certificate("{}"), other.as_str(), &[][..]),
        // The Ingress asks for it.
        (String::new(), other.as_str(), &[][..]),
    ] {
        fixture::files(&format!("{INGRESS_YAML}{certificate}{others}"), |world| {
            let (hop, _) = tls::serve(world, &plan(&["shop-tls"]));
            assert_eq!(codes(&hop), expected, "{certificate} {others}");
        });
    }
    let issuer = "---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: other}\nspec: {ca: {secretName: root}}\n";
    fixture::files(&format!("{INGRESS_YAML}{}{issuer}", certificate("{}")), |world| {
        let found = codes(&tls::serve(world, &plan(&["shop-tls"])).0);
        assert_eq!(found, [("TL-SECRET-MISSING", Severity::Broken), ("CM-ISSUER-MISSING", Severity::Broken)]);
    });
}

#[test]
fn hosts_beside_that_have_tls_and_no_rule_are_told() {
    let hosts = |world: &World| {
        let found = tls::beside(world, &plan(&["shop-tls"]));
        found.iter().map(|finding| finding.words["host"].clone()).collect::<Vec<_>>()
    };
    let yaml = INGRESS_YAML.replace("[shop.example.com]", "[shop.example.com, '*.example.com', old.example.com]");
    fixture::world(&yaml, |world| assert_eq!(hosts(world), ["old.example.com"]));
    let other = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: old, namespace: shop}\nspec: {rules: [{host: old.example.com}]}\n";
    fixture::world(&format!("{yaml}{other}"), |world| assert!(hosts(world).is_empty()));
}

#[test]
fn of_two_certificates_the_one_for_another_name_moves() {
    let other =
        certificate("{}").replace("name: shop-tls, namespace", "name: a-tls, namespace").replace("[shop.ex", "[a.ex");
    let yaml = good("shop-tls", "shop.example.com") + &certificate("{}") + &other;
    let (hop, _) = served(&plan(&["shop-tls"]), &yaml);
    let shared = hop.findings.iter().find(|finding| finding.code() == "CM-SECRET-SHARED").unwrap();
    assert!(shared.fix()[1].contains("patch certificate a-tls"), "{:?}", shared.fix());
    assert!(shared.fix()[1].ends_with("'{\"spec\":{\"secretName\":\"a-tls\"}}'"));
}

#[test]
fn a_secret_that_no_server_takes_says_why_it_cannot_be_read() {
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: shop-tls, namespace: shop}\ntype: kubernetes.io/tls\ndata: {tls.crt: 'no base64!'}\n";
    let (documents, _) = read::text(Path::new("x.yaml"), &format!("{INGRESS_YAML}{secret}"));
    let (catalog, mut cluster) = (Catalog::builtin(), Cluster::default());
    for change in records::records(&documents, &catalog, "default").changes(&catalog) {
        cluster.apply(change);
    }
    let (answers, probes) = (Answers::new(), Probes::default());
    let now = Timestamp::parse("2026-11-20T10:42:07Z").unwrap();
    let world = World::new(&cluster, &catalog, now, (&answers, &probes));
    let (hop, _) = tls::serve(&world, &plan(&["shop-tls"]));
    assert!(hop.summary.ends_with("it cannot be read: .data['tls.crt'] is no base64"), "{}", hop.summary);
}
