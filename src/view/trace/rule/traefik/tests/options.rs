//! TLSOptions.

use super::{answer, route};

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
