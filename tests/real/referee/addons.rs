//! Kinds of Traefik and external-dns, whose server prints nothing but name and age.

use super::case::Case;
use serde_json::{Value, json};

fn of(name: &str, spec: Value) -> Case {
    Case::new(name, json!({"spec": spec}))
}

fn route(name: &str, rule: &str, tls: Value) -> Case {
    let services = json!([{"name": "web", "port": 80}, {"name": "web-next", "port": "http", "weight": 1}]);
    let routes = json!([{"match": rule, "priority": 7, "middlewares": [{"name": "strip"}], "services": services}]);
    of(name, json!({"entryPoints": ["websecure"], "routes": routes, "tls": tls}))
}

/// States of an IngressRoute.
pub fn ingress_routes() -> Vec<Case> {
    vec![
        of("bare", json!({"routes": []})),
        route("plain", "Host(`a.example.com`)", Value::Null),
        route("tls", "Host(`a.example.com`) && PathPrefix(`/api`)", json!({"secretName": "a-tls"})),
        route("ending", "PathPrefix(`/`)", json!({})).held().deleted(),
    ]
}

/// States of an IngressRouteTCP.
pub fn ingress_routes_tcp() -> Vec<Case> {
    vec![
        of("bare", json!({"routes": []})),
        route("plain", "HostSNI(`*`)", Value::Null),
        route("passthrough", "HostSNI(`db.example.com`)", json!({"passthrough": true})),
        route("ending", "HostSNI(`*`)", json!({})).held().deleted(),
    ]
}

/// States of a Middleware.
pub fn middlewares() -> Vec<Case> {
    vec![
        of("bare", json!({})),
        of("redirect", json!({"redirectScheme": {"scheme": "https", "permanent": true}})),
        of("chain", json!({"chain": {"middlewares": [{"name": "redirect"}]}})),
        of("ending", json!({"compress": {}})).held().deleted(),
    ]
}

/// States of a TraefikService.
pub fn traefik_services() -> Vec<Case> {
    let backend = || json!({"name": "web", "port": 80});
    vec![
        of("bare", json!({})),
        of("split", json!({"weighted": {"services": [backend()]}})),
        of("copied", json!({"mirroring": {"name": "web", "port": 80, "mirrors": [backend()]}})),
        of("ending", json!({"weighted": {"services": [backend()]}})).held().deleted(),
    ]
}

/// States of a TLSOption.
pub fn tls_options() -> Vec<Case> {
    vec![
        of("bare", json!({})),
        of("new", json!({"minVersion": "VersionTLS13"})),
        of("mutual", json!({"clientAuth": {"secretNames": ["ca"], "clientAuthType": "RequireAndVerifyClientCert"}})),
        of("ending", json!({"sniStrict": true})).held().deleted(),
    ]
}

/// States of a ServersTransport.
pub fn servers_transports() -> Vec<Case> {
    vec![
        of("bare", json!({})),
        of("named", json!({"serverName": "web.internal", "rootCAs": [{"secret": "ca"}, {"configMap": "bundle"}]})),
        of("open", json!({"insecureSkipVerify": true})),
        of("ending", json!({"certificatesSecrets": ["client"]})).held().deleted(),
    ]
}

/// States of a TLSStore.
pub fn tls_stores() -> Vec<Case> {
    let domain = json!({"main": "example.com", "sans": ["*.example.com"]});
    vec![
        of("bare", json!({})),
        of("default", json!({"defaultCertificate": {"secretName": "wild"}, "certificates": [{"secretName": "a"}]})),
        of("asked", json!({"defaultGeneratedCert": {"resolver": "le", "domain": domain}})),
        of("ending", json!({"certificates": [{"secretName": "a"}]})).held().deleted(),
    ]
}

/// States of a ManagedCertificate.
pub fn managed_certificates() -> Vec<Case> {
    const STATES: [&str; 10] = [
        "Active",
        "Provisioning",
        "ProvisioningFailed",
        "ProvisioningFailedPermanently",
        "FailedNotVisible",
        "FailedCaaChecking",
        "FailedCaaForbidden",
        "FailedRateLimited",
        "RenewalFailed",
        "SomethingNew",
    ];
    let domains = || json!({"domains": ["example.com"]});
    let state =
        |state: &str| json!({"certificateStatus": state, "domainStatus": [{"domain": "example.com", "status": state}]});
    let each = STATES.iter().map(|name| of(&name.to_lowercase(), domains()).status(state(name)));
    let rest = vec![
        of("bare", json!({})),
        of("unsaid", domains()),
        of("empty", domains()).status(json!({"certificateStatus": ""})),
        of("several", json!({"domains": ["a.example.com", "b.example.com"]})).status(state("Provisioning")),
        of("ending", domains()).status(state("Active")).held().deleted(),
    ];
    each.chain(rest).collect()
}

/// States of a FrontendConfig.
pub fn frontend_configs() -> Vec<Case> {
    vec![
        of("bare", json!({})),
        of("secure", json!({"redirectToHttps": {"enabled": true}})),
        of("odd", json!({"redirectToHttps": {"enabled": false, "responseCodeName": "NONE"}})),
        of("ending", json!({"sslPolicy": "modern"})).held().deleted(),
    ]
}

/// States of a BackendConfig.
pub fn backend_configs() -> Vec<Case> {
    vec![
        of("bare", json!({})),
        of("known", json!({"iap": {"enabled": true}})),
        of("checked", json!({"healthCheck": {"requestPath": "/up", "port": 8080}})),
        of("ending", json!({"timeoutSec": 40})).held().deleted(),
    ]
}

/// States of an IngressClassParams.
pub fn ingress_class_params() -> Vec<Case> {
    let labels = |team: &str| json!({"matchLabels": {"team": team}});
    vec![
        of("bare", json!({})),
        of("grouped", json!({"group": {"name": "team"}})),
        of("nameless", json!({"group": {"name": ""}})),
        of("internal", json!({"scheme": "internal"})),
        of("public", json!({"scheme": "internet-facing"})),
        of("four", json!({"ipAddressType": "ipv4"})),
        of("both-families", json!({"ipAddressType": "dualstack"})),
        of("private", json!({"ipAddressType": "dualstack-without-public-ipv4"})),
        of("whole", json!({"group": {"name": "all"}, "scheme": "internal", "ipAddressType": "ipv4"})),
        of("certified", json!({"certificateArn": ["arn:aws:acm:eu-central-1:1:certificate/x"], "sslPolicy": "strict"})),
        of("redirecting", json!({"sslRedirectPort": "443", "scheme": "internet-facing"})),
        of("by-pods", json!({"targetType": "ip", "group": {"name": "pods"}})),
        of("by-nodes", json!({"targetType": "instance"})),
        of("selecting", json!({"namespaceSelector": labels("a"), "scheme": "internal"})),
        of("open", json!({"namespaceSelector": {}, "inboundCIDRs": ["10.0.0.0/8"]})),
        of("tagged", json!({"tags": [{"key": "team", "value": "a"}], "group": {"name": "tagged"}})),
        of("ending", json!({"group": {"name": "old"}, "scheme": "internal"})).held().deleted(),
    ]
}

/// States of a DNSEndpoint.
pub fn dns_endpoints() -> Vec<Case> {
    let record =
        || json!([{"dnsName": "a.example.com", "recordType": "A", "recordTTL": 60, "targets": ["203.0.113.7"]}]);
    vec![
        of("bare", json!({})),
        of("fresh", json!({"endpoints": record()})),
        of("seen", json!({"endpoints": record()})).status(json!({"observedGeneration": 1})),
        of("ending", json!({"endpoints": record()})).held().deleted(),
    ]
}
