//! What is wrong with a certificate that is served: its dates, who signed it, and the chain behind it.

use crate::kinds::Record;
use crate::kinds::secret::{Certified, TlsFacts};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, tl};
use crate::view::trace::plan::Fallback;
use crate::view::trace::tls::issuing::{Managed, better_issuer};
use crate::view::trace::tls::names::{self, Cover};
use crate::view::trace::tls::place::{Place, consequence, said, span};
use crate::wire::Timestamp;
use std::sync::Arc;

/// A certificate that ends sooner is near its end, in seconds: 21 days.
const SOON: i64 = 21 * 86_400;

/// Everything that is wrong with the certificate of a Secret, whatever it is for.
pub fn judge(place: &Place, record: &Record, tls: &TlsFacts, managed: &Managed) -> Vec<Finding> {
    let Some(leaf) = tls.chain.first() else { return Vec::new() };
    let found = [dates(place, record, leaf, managed), trust(place, record, tls), chain(place, record, tls, managed)];
    found.into_iter().flatten().map(|finding| place.named(managed.words(finding))).collect()
}

/// A certificate that is for other names.
pub fn wrong_names(place: &Place, record: &Record, leaf: &Certified, cover: &Cover, managed: &Managed) -> Finding {
    let names = if leaf.names.is_empty() { "no name at all".to_owned() } else { leaf.names.join(", ") };
    let finding = match cover {
        Cover::TooDeep(wildcard) => place.begin(&tl::TL_WILDCARD_DEPTH).word("wildcard", wildcard),
        Cover::Yes | Cover::No => place.begin(&tl::TL_SAN).word("names", said(&names)),
    };
    let told = match &place.plan.fallback {
        Fallback::Reject | Fallback::Unknown => "clients refuse it".to_owned(),
        fallback => consequence(fallback),
    };
    // Where the name of the handshake is among them, the host of the rules is not.
    let plan = place.plan;
    let host = plan.rule_host.as_ref().filter(|_| names::cover(&leaf.names, &plan.name) == Cover::Yes);
    let finding = match host {
        Some(host) => finding.word("host", host),
        None => finding,
    };
    let finding = managed.names(finding, host.unwrap_or(&plan.name)).word("consequence", told);
    place.named(finding.proof(record, ".data[\"tls.crt\"]", names))
}

fn dates(place: &Place, record: &Record, leaf: &Certified, managed: &Managed) -> Option<Finding> {
    let now = place.world.now.seconds();
    let proof = |finding: Finding, what: &str, at: Timestamp| {
        finding.word("date", at.rfc3339()).proof(record, ".data[\"tls.crt\"]", format!("{what} {}", at.rfc3339()))
    };
    let left = leaf.not_after.seconds() - now;
    if left < 0 {
        let finding = place.begin(&tl::TL_EXPIRED).word("since", span(left));
        return Some(proof(finding, "notAfter", leaf.not_after));
    }
    let wait = leaf.not_before.seconds() - now;
    if 0 < wait {
        let finding = place.begin(&tl::TL_NOTYET).word("until", span(wait));
        return Some(proof(finding, "notBefore", leaf.not_before));
    }
    let renewal = managed.certificate().and_then(|certificate| facts::certificate(certificate)?.renewal);
    let hint = match renewal.map(Timestamp::seconds) {
        // Its renewal is still to come: a certificate with a short life is always near its end.
        Some(at) if now < at => return None,
        Some(at) => format!(" ({} after its time of renewal)", span(now - at)),
        None if SOON <= left => return None,
        None => String::new(),
    };
    let finding = place.begin(&tl::TL_SOON).word("until", span(left)).word("hint", hint);
    Some(proof(finding, "notAfter", leaf.not_after))
}

fn trust(place: &Place, record: &Record, tls: &TlsFacts) -> Option<Finding> {
    let leaf = tls.chain.first()?;
    let proof = |finding: Finding| finding.proof(record, ".data[\"tls.crt\"]", format!("issuer {}", leaf.issuer));
    if let Some(staging) = staging(&tls.chain) {
        let finding = better_issuer(place, place.begin(&tl::TL_STAGING).word("issuer", staging));
        return Some(proof(finding));
    }
    // The temporary certificate that cert-manager makes while it waits is trusted by nobody either.
    if leaf.is_self_signed || leaf.issuer.contains("cert-manager.local") {
        let finding = better_issuer(place, place.begin(&tl::TL_SELF).word("subject", &leaf.subject));
        return Some(proof(finding));
    }
    None
}

/// The issuer that is for trials, of the leaf or of a link behind it: what follows a link that it did not issue is no part
/// of the chain.
fn staging(chain: &[Certified]) -> Option<&Arc<str>> {
    let linked = chain.windows(2).take_while(|pair| pair[0].issuer == pair[1].subject).map(|pair| &pair[1]);
    chain.first().into_iter().chain(linked).map(|link| &link.issuer).find(|issuer| is_staging(issuer))
}

fn is_staging(issuer: &str) -> bool {
    issuer.contains("(STAGING)") || issuer.contains("Fake LE")
}

/// What stands behind the leaf. The chain of a private authority ends with it: whoever trusts it knows it.
fn chain(place: &Place, record: &Record, tls: &TlsFacts, managed: &Managed) -> Option<Finding> {
    let leaf = tls.chain.first()?;
    let secret = facts::secret(record)?;
    let is_private = managed.is_private || secret.keys.iter().any(|entry| *entry.name == *"ca.crt" && 0 < entry.size);
    let what = match tls.chain.len() {
        _ if !tls.is_ordered => "holds its certificates out of order: each must be followed by the one of its issuer",
        1 if !leaf.is_self_signed && !is_private => {
            "holds only the certificate itself, without the intermediate of its issuer"
        }
        _ => return None,
    };
    let finding = place.begin(&tl::TL_CHAIN).word("what", what).word("issuer", &leaf.issuer);
    let subjects: Vec<&str> = tls.chain.iter().map(|link| &*link.subject).collect();
    Some(finding.proof(record, ".data[\"tls.crt\"]", said(&subjects.join(" → "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(subject: &str, issuer: &str) -> Certified {
        let at = Timestamp::from_seconds(0);
        Certified {
            subject: subject.into(),
            issuer: issuer.into(),
            names: Box::default(),
            not_before: at,
            not_after: at,
            is_self_signed: false,
            is_ca: false,
        }
    }

    #[test]
    fn only_what_issued_the_leaf_makes_it_one_for_trials() {
        let other = link("CN=(STAGING) Pear", "CN=(STAGING) Root");
        let told = |chain: &[Certified]| staging(chain).map(ToString::to_string);
        assert_eq!(told(&[link("CN=shop", "CN=R11"), other.clone()]), None);
        assert_eq!(told(&[link("CN=shop", "CN=(STAGING) Pear"), other.clone()]).as_deref(), Some("CN=(STAGING) Pear"));
        let between = link("CN=R11", "CN=(STAGING) Pear");
        assert_eq!(told(&[link("CN=shop", "CN=R11"), between, other]).as_deref(), Some("CN=(STAGING) Pear"));
    }
}
