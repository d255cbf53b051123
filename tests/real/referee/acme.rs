//! Orders and Challenges: how far a certificate of an ACME server has come.

use super::case::{Case, ago};
use serde_json::{Value, json};

const STATES: [&str; 7] = ["valid", "ready", "pending", "processing", "invalid", "expired", "errored"];

/// Why an order or a challenge stands where it stands.
const REASONS: [(&str, &str); 4] = [
    ("reasoned", "Waiting for HTTP-01 challenge propagation: wrong status code '404', expected '200'"),
    ("reason-empty", ""),
    ("reason-quoted", "acme: \"urn:ietf:params:acme:error:rateLimited\" <429> & later"),
    ("reason-lines", "first\nsecond"),
];

/// The object in every state, and with every reason.
fn stated(object: &Value) -> Vec<Case> {
    let new = |name: &str, status: Value| Case::new(name, object.clone()).status(status);
    let states = STATES.into_iter().map(|state| new(state, json!({"state": state})));
    let reasons = REASONS.into_iter().map(|(name, reason)| new(name, json!({"state": "pending", "reason": reason})));
    let rest = [
        Case::new("bare", object.clone()),
        new("reason-only", json!({"reason": "no state yet"})),
        new("ending", json!({"state": "pending"})).held().deleted(),
    ];
    states.chain(reasons).chain(rest).collect()
}

/// Every state of an Order.
pub fn orders() -> Vec<Case> {
    let order = |issuer: &str| json!({"spec": {"request": "LS0t", "issuerRef": {"name": issuer}, "dnsNames": ["shop.example.com"]}});
    let challenge = json!({"type": "http-01", "token": "t", "url": "https://acme.example.com/chall/1"});
    let authorization = json!({"url": "https://acme.example.com/authz/1", "identifier": "shop.example.com",
        "initialState": "pending", "challenges": [challenge]});
    let mut cases = stated(&order("letsencrypt"));
    cases.extend([
        Case::new("nameless-issuer", order("")),
        Case::new("authorized", order("letsencrypt"))
            .status(json!({"state": "pending", "authorizations": [authorization],
            "url": "https://acme.example.com/order/1"})),
        Case::new("failed", order("letsencrypt")).status(json!({"state": "errored", "failureTime": ago(300)})),
    ]);
    cases
}

/// Every state of a Challenge.
pub fn challenges() -> Vec<Case> {
    let challenge = |name: &str, kind: &str| {
        let url = "https://acme.example.com/1";
        json!({"spec": {"url": url, "authorizationURL": url, "dnsName": name, "type": kind, "token": "t", "key": "k",
            "wildcard": kind == "DNS-01", "issuerRef": {"name": "letsencrypt"}, "solver": {}}})
    };
    let http = || challenge("shop.example.com", "HTTP-01");
    let mut cases = stated(&http());
    cases.extend([
        Case::new("by-dns", challenge("shop.example.com", "DNS-01")),
        Case::new("presented", http()).status(json!({"state": "pending", "presented": true, "processing": true})),
        Case::new("nameless", challenge("", "HTTP-01")),
    ]);
    cases
}
