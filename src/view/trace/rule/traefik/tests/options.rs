//! TLSOptions, and what an entry point says of TLS.

use super::{SERVICES, answer, route};
use crate::view::trace::fault::Finding;
use crate::view::trace::fixture;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::follow;
use crate::view::trace::hop::HopKind;
use crate::view::trace::request::Request;

const WEB: &str = "services: [{name: web, port: 80}]";

fn option(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

fn under(tls: &str) -> String {
    route("Host(`a.example`)", WEB).replace("entryPoints: [web]", &format!("entryPoints: [websecure]\n  tls: {tls}"))
}

const STRICT: &str = "{options: {name: strict}}";
const CA: &str =
    "---\napiVersion: v1\nkind: Secret\nmetadata: {name: client-ca, namespace: shop}\ndata: {ca.crt: eA==}\n";

fn over_tls(yaml: &str) -> String {
    answer(yaml, "https://a.example/").split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn a_client_without_the_certificate_that_is_required_is_refused() {
    for (auth, expected) in [
        ("{clientAuthType: RequireAnyClientCert}", "TlsError"),
        ("{secretNames: [client-ca], clientAuthType: RequireAndVerifyClientCert}", "TlsError"),
        ("{secretNames: [client-ca]}", "TlsError"),
        ("{secretNames: [client-ca], clientAuthType: VerifyClientCertIfGiven}", "web /"),
        ("{clientAuthType: RequestClientCert}", "web /"),
        // Without an authority Traefik cannot make it, and closes connections.
        ("{secretNames: [gone], clientAuthType: VerifyClientCertIfGiven}", "TlsError"),
        ("{clientAuthType: RequireAndVerifyClientCert}", "TlsError"),
    ] {
        let strict = option("shop", "strict", &format!("{{clientAuth: {auth}}}"));
        assert_eq!(over_tls(&format!("{CA}{strict}{}", under(STRICT))), expected, "{auth}");
    }
}

#[test]
fn versions_that_nobody_speaks_refuse_everybody() {
    for (versions, expected) in [
        ("{minVersion: VersionTLS13}", "web /"),
        ("{maxVersion: VersionTLS12}", "web /"),
        ("{maxVersion: VersionTLS11}", "TlsError"),
        ("{minVersion: VersionTLS13, maxVersion: VersionTLS12}", "TlsError"),
    ] {
        assert_eq!(
            over_tls(&format!("{}{}", option("shop", "strict", versions), under(STRICT))),
            expected,
            "{versions}"
        );
    }
}

#[test]
fn without_a_certificate_for_the_name_a_strict_one_ends_the_handshake() {
    let strict = option("shop", "strict", "{sniStrict: true}");
    assert_eq!(over_tls(&format!("{strict}{}", under(STRICT))), "TlsError");
    assert_eq!(over_tls(&format!("{}{}", option("shop", "strict", "{}"), under(STRICT))), "web /");
}

#[test]
fn the_one_called_default_holds_for_all_unless_there_are_two() {
    let default =
        |namespace: &str| option(namespace, "default", "{clientAuth: {clientAuthType: RequireAnyClientCert}}");
    assert_eq!(over_tls(&format!("{}{}", default("far"), under("{}"))), "TlsError");
    assert_eq!(over_tls(&format!("{}{}{}", default("far"), default("shop"), under("{}"))), "web /");
    // By its name it cannot be found.
    let named = under("{options: {name: default}}");
    assert_eq!(over_tls(&format!("{}{named}", default("shop"))), "TlsError");
}

#[test]
fn routes_of_one_host_that_differ_go_by_the_default() {
    let strict = option("shop", "strict", "{clientAuth: {clientAuthType: RequireAnyClientCert}}");
    let other = route("Host(`a.example`) && PathPrefix(`/api`)", "services: [{name: api, port: 80}]")
        .replace("entryPoints: [web]", "entryPoints: [websecure]\n  tls: {}");
    assert_eq!(over_tls(&format!("{strict}{}{other}", under(STRICT))), "web /");
    // Of another route of the host it holds too.
    let agreed = other.replace("tls: {}", "tls: {options: {name: strict}}");
    assert_eq!(over_tls(&format!("{strict}{}{agreed}", under(STRICT))), "TlsError");
}

/// The hop of TLS and its codes for `https://a.example/`, behind a Traefik that runs with these arguments.
fn shown(arguments: &str, yaml: &str) -> (String, String) {
    let traefik = format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: traefik, namespace: traefik}}\nspec: {{selector: {{matchLabels: {{app: traefik}}}}, \
         template: {{metadata: {{labels: {{app: traefik}}}}, spec: {{containers: [{{name: traefik, image: 'traefik:v3.6.1', args: [{arguments}], \
         ports: [{{containerPort: 8443, name: websecure}}]}}]}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: traefik, namespace: traefik}}\n\
         spec: {{type: LoadBalancer, selector: {{app: traefik}}, ports: [{{name: websecure, port: 443, targetPort: websecure}}]}}\n\
         status: {{loadBalancer: {{ingress: [{{ip: 203.0.113.30}}]}}}}\n"
    );
    let request = Request::get("https://a.example/").unwrap();
    fixture::files_of(&format!("{SERVICES}{yaml}{traefik}"), Some(Flavour::Traefik), |world| {
        let trace = follow::follow(world, &request);
        let hop = trace.hops.iter().find(|hop| hop.kind == HopKind::Tls).unwrap();
        let codes: Vec<&str> = hop.findings.iter().map(Finding::code).collect();
        (hop.summary.clone(), codes.join(" "))
    })
}

#[test]
fn a_resolver_of_the_entry_point_gets_the_certificate_where_the_route_has_no_tls_of_its_own() {
    let plain =
        "'--entrypoints.websecure.address=:8443', '--providers.kubernetescrd', '--entrypoints.websecure.http.tls=true'";
    let issued = format!("{plain}, '--entryPoints.websecure.http.tls.certResolver=le'");
    let silent = route("Host(`a.example`)", WEB).replace("entryPoints: [web]", "entryPoints: [websecure]");
    let (summary, codes) = shown(plain, &silent);
    assert!(summary.contains("TRAEFIK DEFAULT CERT") && codes == "TL-NONE", "{summary} {codes}");
    let (summary, codes) = shown(&issued, &silent);
    assert!(summary.contains("is not among the objects") && codes.is_empty(), "{summary} {codes}");
    // What the route says of TLS stands for all that the entry point says.
    let (summary, _) = shown(&issued, &under("{}"));
    assert!(summary.contains("TRAEFIK DEFAULT CERT"), "{summary}");
}
