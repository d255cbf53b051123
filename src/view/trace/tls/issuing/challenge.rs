//! The proof of a name that an ACME server asks for, and why it fails: told from what cert-manager says of it.

use crate::kinds::challenge::ChallengeFacts;
use crate::kinds::issuer::Method;
use crate::kinds::{CHALLENGE, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Fault, Finding, cm};
use crate::view::trace::tls::issuing::refusal::refusal;
use crate::view::trace::tls::issuing::{age, issuer, solver};
use crate::view::trace::tls::place::{Place, said};
use std::sync::Arc;

/// How long a TXT record may take to spread, in seconds.
const SPREADING: i64 = 600;

/// What keeps the challenges of an Order from being answered, the one for the traced name first.
pub fn trouble(place: &Place, order: &Record) -> Vec<Finding> {
    let mut challenges = place.world.children(order, CHALLENGE);
    challenges.sort_by_key(|record| {
        let is_other = facts::challenge(record).is_none_or(|facts| !facts.name.eq_ignore_ascii_case(&place.plan.name));
        (is_other, record.key.name.clone())
    });
    let mut all = challenges.into_iter().map(|record| judge(place, record));
    all.find(|findings| !findings.is_empty()).unwrap_or_default()
}

fn judge(place: &Place, record: &Arc<Record>) -> Vec<Finding> {
    let Some(facts) = facts::challenge(record) else { return Vec::new() };
    if *facts.state == *"valid" {
        return Vec::new();
    }
    let object = format!("challenge {}", record.key.name);
    let refused = facts.reason.as_deref().and_then(|reason| refusal(place, &object, reason));
    if let Some(finding) = refused {
        return vec![words(place, record, facts, finding)];
    }
    match &*facts.method {
        "DNS-01" => by_dns(place, record, facts).into_iter().collect(),
        _ => by_http(place, record, facts),
    }
}

/// The words that every finding about a challenge has, and what cert-manager says of it.
fn words(place: &Place, record: &Record, facts: &ChallengeFacts, finding: Finding) -> Finding {
    let finding = issuer::words(finding, &facts.issuer).word("host", &facts.name).word("challenge", &record.key.name);
    let reason = facts.reason.as_deref().unwrap_or("");
    let why = if reason.is_empty() { format!("its state is {}", facts.state) } else { said(reason) };
    let finding = if finding.words.contains_key("why") { finding } else { finding.word("why", why) };
    let finding = finding.word("token", &facts.token).word("namespace", place.namespace);
    let finding =
        finding.word("solver", if facts.solver.method == Method::HttpGateway { "httproute" } else { "ingress" });
    match reason {
        "" => finding.proof(record, ".status.state", &facts.state),
        reason => finding.proof(record, ".status.reason", said(reason)),
    }
}

fn has_failed(facts: &ChallengeFacts) -> bool {
    matches!(&*facts.state, "invalid" | "expired" | "errored")
}

fn by_dns(place: &Place, record: &Arc<Record>, facts: &ChallengeFacts) -> Option<Finding> {
    let reason = facts.reason.as_deref().unwrap_or("");
    let spreads = reason.contains("not yet propagated") || reason.is_empty();
    let is_young = age(place.world, record).is_some_and(|age| age < SPREADING);
    // A record of DNS takes its time: a short silence is none.
    if !has_failed(facts) && spreads && (is_young || reason.is_empty()) {
        return None;
    }
    Some(words(place, record, facts, place.begin(&cm::CM_DNS01)))
}

fn by_http(place: &Place, record: &Arc<Record>, facts: &ChallengeFacts) -> Vec<Finding> {
    let reason = facts.reason.as_deref().unwrap_or("");
    let told = fault(reason).map(|fault| place.begin(fault));
    let deeper = match &told {
        Some(finding) if std::ptr::eq(finding.fault, &raw const cm::CM_CH_EXACT) => None,
        _ => solver::class(place, record, facts).or_else(|| solver::pod(place, record, facts)),
    };
    deeper.into_iter().chain(told).map(|finding| words(place, record, facts, finding)).collect()
}

/// Words of a reason, in lower case, and what they mean; the first row that fits counts.
const REASONS: &[(&[&str], &Fault)] = &[
    (&["cannot be used with pathtype", "invalid paths"], &cm::CM_CH_EXACT),
    (
        &["redirect", "code '301'", "code '302'", "code '307'", "code '308'", "get \"https://", "x509"],
        &cm::CM_CH_REDIRECT,
    ),
    (&["no such host", "nxdomain", "dns problem", "server misbehaving", "no valid a records"], &cm::CM_CH_DNS),
    (
        &[
            "timeout",
            "timed out",
            "deadline exceeded",
            "refused",
            "reset by peer",
            "eof",
            "no route to host",
            "unreachable",
        ],
        &cm::CM_CH_TIMEOUT,
    ),
    (&["wrong status code", "did not get expected response", "invalid response", "unauthorized"], &cm::CM_CH_404),
];

fn fault(reason: &str) -> Option<&'static Fault> {
    let lower = reason.to_lowercase();
    REASONS.iter().find(|(words, _)| words.iter().any(|word| lower.contains(word))).map(|(_, fault)| *fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cert_manager_says_tells_the_fault() {
        for (reason, code) in [
            ("Waiting for HTTP-01 challenge propagation: wrong status code '404', expected '200'", Some("CM-CH-404")),
            (
                "Waiting for HTTP-01 challenge propagation: wrong status code '308', expected '200'",
                Some("CM-CH-REDIRECT"),
            ),
            (
                "did not get expected response when querying endpoint, expected \"a.b\" but got: <html>",
                Some("CM-CH-404"),
            ),
            (
                "failed to perform self check GET request 'http://a/x': Get \"http://a/x\": dial tcp: lookup a on 10.96.0.10:53: no such host",
                Some("CM-CH-DNS"),
            ),
            ("Get \"http://a/x\": dial tcp 203.0.113.10:80: i/o timeout", Some("CM-CH-TIMEOUT")),
            ("Get \"http://a/x\": dial tcp 203.0.113.10:80: connect: connection refused", Some("CM-CH-TIMEOUT")),
            ("Get \"https://a/x\": remote error: tls: internal error", Some("CM-CH-REDIRECT")),
            ("path /.well-known/acme-challenge/a.b cannot be used with pathType Exact", Some("CM-CH-EXACT")),
            ("DNS problem: NXDOMAIN looking up A for a", Some("CM-CH-DNS")),
            ("", None),
        ] {
            assert_eq!(fault(reason).map(|fault| fault.code), code, "{reason}");
        }
    }
}
